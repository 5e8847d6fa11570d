-- `cause IN (…)` with more than two values makes SQLite build a temporary table for every row that is added, which took
-- two thirds of the time of a row of history; a chain of comparisons costs next to nothing. The table is made anew, since
-- a CHECK cannot be changed: https://sqlite.org/lang_altertable.html#otheralter (foreign keys are off in a migration).

DROP VIEW v_history;
DROP VIEW v_handoffs;

CREATE TABLE score_history_next (
  id           INTEGER PRIMARY KEY,
  model_id     INTEGER NOT NULL REFERENCES model (id),
  lead_id      INTEGER NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
  at           INTEGER NOT NULL,
  recorded_at  INTEGER NOT NULL,
  before       INTEGER,
  after        INTEGER NOT NULL,
  stage_before TEXT,
  stage_after  TEXT,
  grade_after  TEXT,
  cause        TEXT    NOT NULL CHECK (
    cause = 'event' OR cause = 'time' OR cause = 'import' OR cause = 'rules' OR cause = 'attributes'
    OR cause = 'fast-track' OR cause = 'recompute'),
  cause_ref    TEXT,
  version      INTEGER NOT NULL
) STRICT;

INSERT INTO score_history_next SELECT * FROM score_history;
DROP TABLE score_history;
ALTER TABLE score_history_next RENAME TO score_history;

CREATE INDEX score_history_by_lead ON score_history (lead_id, model_id);
CREATE INDEX score_history_by_time ON score_history (at);

CREATE TRIGGER score_history_is_append_only BEFORE UPDATE ON score_history
BEGIN
  SELECT raise(ABORT, 'score history is append-only');
END;

-- Erasing a person deletes the lead first, and with it, by cascade, its history.
CREATE TRIGGER score_history_is_kept BEFORE DELETE ON score_history
WHEN EXISTS (SELECT 1 FROM lead WHERE id = old.lead_id)
BEGIN
  SELECT raise(ABORT, 'score history is append-only');
END;

-- REPLACE would take a row's place without a DELETE that a trigger sees. FAIL, since a trigger that may abort makes
-- SQLite keep a statement journal for every row.
CREATE TRIGGER score_history_is_added_to BEFORE INSERT ON score_history
WHEN EXISTS (SELECT 1 FROM score_history WHERE id = new.id)
BEGIN
  SELECT raise(FAIL, 'score history is append-only');
END;

CREATE VIEW v_history AS
SELECT score_history.id AS history_id,
       model.name AS model,
       coalesce(lead.key_as_given, lead.key) AS key,
       strftime('%Y-%m-%dT%H:%M:%fZ', score_history.at / 1000.0, 'unixepoch') AS at,
       strftime('%Y-%m-%dT%H:%M:%fZ', score_history.recorded_at / 1000.0, 'unixepoch') AS recorded_at,
       score_history.before / 100.0 AS before,
       score_history.after / 100.0 AS after,
       score_history.stage_before,
       score_history.stage_after,
       score_history.grade_after,
       score_history.cause,
       score_history.cause_ref,
       score_history.version
FROM score_history
JOIN lead ON lead.id = score_history.lead_id
JOIN model ON model.id = score_history.model_id;

-- For people: what each consumer was given.
CREATE VIEW v_handoffs AS
SELECT model.name AS model,
       handoff_batch.consumer,
       handoff_batch.number AS batch,
       coalesce(lead.key_as_given, lead.key) AS key,
       score_history.stage_after AS stage,
       strftime('%Y-%m-%dT%H:%M:%fZ', score_history.at / 1000.0, 'unixepoch') AS entered_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', handoff_batch.as_of / 1000.0, 'unixepoch') AS handed_over_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', handoff_batch.confirmed_at / 1000.0, 'unixepoch') AS confirmed_at,
       handoff_batch.confirmed_by
FROM handoff
JOIN handoff_batch ON handoff_batch.id = handoff.batch_id
JOIN model ON model.id = handoff_batch.model_id
JOIN lead ON lead.id = handoff.lead_id
JOIN score_history ON score_history.id = handoff.history_id;
