-- Score history in runs: what one import, one application of rules or one recomputation adds for many leads stands
-- together, in order of the leads, some hundred rows in a page. A row with two indexes took a third of the time of applying
-- rules. What single events add waits in a table of rows until there is enough of it for a run.

DROP VIEW v_history;
DROP VIEW v_handoffs;

-- What was handed over says itself which entry into which stage it is. (Tables are not renamed, since SQLite then looks
-- into all views, where the schema is not trusted to call functions for JSON.)
CREATE TEMP TABLE handoff_before AS
SELECT batch_id, consumer, history_id, handoff.lead_id, stage_after AS stage, at, row
FROM main.handoff JOIN main.score_history ON score_history.id = history_id;

CREATE TEMP TABLE handoff_skip_before AS
SELECT consumer, history_id, handoff_skip.lead_id, stage_after AS stage, at, after_history_id, cooldown, as_of,
  handoff_skip.recorded_at
FROM main.handoff_skip JOIN main.score_history ON score_history.id = history_id;

DROP TABLE main.handoff;
DROP TABLE main.handoff_skip;

CREATE TABLE handoff (
  batch_id   INTEGER NOT NULL REFERENCES handoff_batch (id),
  consumer   TEXT    NOT NULL,
  history_id INTEGER NOT NULL, -- the row of score_history that records the entry; no consumer gets one twice
  lead_id    INTEGER NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
  stage      TEXT,
  entered_at INTEGER NOT NULL,
  row        TEXT    NOT NULL, -- JSON: the lead as it was handed over
  PRIMARY KEY (consumer, history_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE handoff_skip (
  consumer         TEXT    NOT NULL,
  history_id       INTEGER NOT NULL,
  lead_id          INTEGER NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
  stage            TEXT,
  entered_at       INTEGER NOT NULL,
  after_history_id INTEGER NOT NULL,                      -- the entry that it had
  cooldown         INTEGER NOT NULL CHECK (cooldown > 0), -- milliseconds
  as_of            INTEGER NOT NULL,
  recorded_at      INTEGER NOT NULL,
  PRIMARY KEY (consumer, history_id)
) STRICT, WITHOUT ROWID;

INSERT INTO handoff SELECT * FROM temp.handoff_before;
INSERT INTO handoff_skip SELECT * FROM temp.handoff_skip_before;
DROP TABLE temp.handoff_before;
DROP TABLE temp.handoff_skip_before;

CREATE INDEX handoff_by_batch ON handoff (batch_id);
CREATE INDEX handoff_by_lead ON handoff (lead_id);
CREATE INDEX handoff_skip_by_lead ON handoff_skip (lead_id);
CREATE INDEX handoff_skip_by_earlier ON handoff_skip (consumer, after_history_id);

-- A consumer that no longer has an entry is not spared another for its sake.
CREATE TRIGGER handoff_skip_goes_with_its_earlier_entry AFTER DELETE ON handoff
BEGIN
  DELETE FROM handoff_skip WHERE consumer = old.consumer AND after_history_id = old.history_id;
END;

-- The rows that are in no run yet. Their numbers are above those of all rows of runs.
CREATE TABLE recent_history (
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

INSERT INTO recent_history SELECT * FROM score_history;
DROP TABLE score_history;

CREATE INDEX recent_history_by_lead ON recent_history (lead_id, model_id);

-- A run's pages are those with the numbers from id * 2^40 on. Its rows are of one model, in order of leads.
CREATE TABLE history_run (
  id       INTEGER PRIMARY KEY,
  model_id INTEGER NOT NULL REFERENCES model (id),
  first_id INTEGER NOT NULL, -- the least and the greatest number of its rows
  last_id  INTEGER NOT NULL CHECK (last_id >= first_id),
  first_at INTEGER NOT NULL, -- the earliest and the latest instant
  last_at  INTEGER NOT NULL CHECK (last_at >= first_at)
) STRICT;

CREATE INDEX history_run_by_last ON history_run (last_id);

-- id: the run's number * 2^40 + the number of the first lead.
-- heads is a JSON array of what rows have in common, with a line of its own for each head, after a zero that makes them alike:
--   ,[version, cause, cause_ref, stage_before, stage_after, grade_after]
-- body likewise, with a line for each lead, in order of their numbers:
--   ,[lead, row, row, …] where a row is: id, at, recorded_at, before, after, place of its head in heads
-- lead, id, at and recorded_at are less the number of the first lead, first_id, first_at and first_recorded_at.
CREATE TABLE history_page (
  id                INTEGER PRIMARY KEY,
  first_id          INTEGER NOT NULL,
  first_at          INTEGER NOT NULL,
  first_recorded_at INTEGER NOT NULL,
  erased            INTEGER, -- the number of the lead that was erased last
  heads             TEXT NOT NULL,
  body              TEXT NOT NULL
) STRICT;

CREATE TRIGGER recent_history_is_append_only BEFORE UPDATE ON recent_history
BEGIN
  SELECT raise(ABORT, 'score history is append-only');
END;

-- A row may go when its lead has gone.
CREATE TRIGGER recent_history_is_kept BEFORE DELETE ON recent_history
WHEN EXISTS (SELECT 1 FROM lead WHERE id = old.lead_id)
BEGIN
  SELECT raise(ABORT, 'score history is append-only');
END;

-- REPLACE would take a row's place without a DELETE that a trigger sees. FAIL, since a trigger that may abort makes
-- SQLite keep a statement journal for every row.
CREATE TRIGGER recent_history_is_added_to BEFORE INSERT ON recent_history
WHEN new.id <= coalesce((SELECT max(id) FROM recent_history), (SELECT max(last_id) FROM history_run), 0)
BEGIN
  SELECT raise(FAIL, 'score history is append-only');
END;

CREATE TRIGGER history_run_is_append_only BEFORE UPDATE ON history_run
BEGIN
  SELECT raise(ABORT, 'score history is append-only');
END;

CREATE TRIGGER history_run_is_kept BEFORE DELETE ON history_run
BEGIN
  SELECT raise(ABORT, 'score history is append-only');
END;

CREATE TRIGGER history_run_is_added_to BEFORE INSERT ON history_run
WHEN EXISTS (SELECT 1 FROM history_run WHERE id = new.id)
  OR new.first_id <= (SELECT max(last_id) FROM history_run WHERE model_id = new.model_id)
BEGIN
  SELECT raise(FAIL, 'score history is append-only');
END;

-- A page may only lose the line of a lead that was erased.
CREATE TRIGGER history_page_is_append_only BEFORE UPDATE ON history_page
WHEN new.erased IS NULL OR EXISTS (SELECT 1 FROM lead WHERE id = new.erased)
  OR new.id <> old.id OR new.first_id <> old.first_id OR new.first_at <> old.first_at
  OR new.first_recorded_at <> old.first_recorded_at OR new.heads <> old.heads
  OR instr(old.body, char(10) || ',[' || (new.erased - (old.id & 1099511627775)) || ',') = 0
  OR new.body <> substr(old.body, 1, instr(old.body, char(10) || ',[' || (new.erased - (old.id & 1099511627775)) || ',') - 1)
    || substr(old.body, instr(old.body, char(10) || ',[' || (new.erased - (old.id & 1099511627775)) || ',')
      + instr(substr(old.body, instr(old.body, char(10) || ',[' || (new.erased - (old.id & 1099511627775)) || ',') + 1), char(10)))
BEGIN
  SELECT raise(ABORT, 'score history is append-only');
END;

CREATE TRIGGER history_page_is_kept BEFORE DELETE ON history_page
BEGIN
  SELECT raise(ABORT, 'score history is append-only');
END;

-- A run's own row comes after its pages.
CREATE TRIGGER history_page_is_added_to BEFORE INSERT ON history_page
WHEN EXISTS (SELECT 1 FROM history_page WHERE id = new.id)
  OR EXISTS (SELECT 1 FROM history_run WHERE id = new.id >> 40)
BEGIN
  SELECT raise(FAIL, 'score history is append-only');
END;

-- Erasing a lead erases its line in every run. Without functions for JSON, which may not stand in a trigger where the
-- schema is not trusted.
CREATE TRIGGER lead_has_no_history AFTER DELETE ON lead
BEGIN
  DELETE FROM recent_history WHERE lead_id = old.id;
  UPDATE history_page
  SET erased = old.id,
    body = substr(body, 1, instr(body, char(10) || ',[' || (old.id - (id & 1099511627775)) || ',') - 1)
      || substr(body, instr(body, char(10) || ',[' || (old.id - (id & 1099511627775)) || ',')
        + instr(substr(body, instr(body, char(10) || ',[' || (old.id - (id & 1099511627775)) || ',') + 1), char(10)))
  WHERE id IN (
      SELECT (SELECT max(id) FROM history_page WHERE id BETWEEN run.id << 40 AND (run.id << 40) + old.id)
      FROM history_run AS run)
    AND instr(body, char(10) || ',[' || (old.id - (id & 1099511627775)) || ',') > 0;
END;

-- Views for people ----------------------------------------------------------------------------------------------

-- Quick for all rows; v_history is so for those of one lead.
CREATE VIEW score_history AS
SELECT id, model_id, lead_id, at, recorded_at, before, after, stage_before, stage_after, grade_after, cause, cause_ref,
  version
FROM recent_history
UNION ALL
SELECT page.first_id + field.value,
       run.model_id,
       (page.id & 1099511627775) + (line.value ->> 0),
       page.first_at + (line.value ->> (field.key + 1)),
       page.first_recorded_at + (line.value ->> (field.key + 2)),
       line.value ->> (field.key + 3),
       line.value ->> (field.key + 4),
       head.value ->> 3,
       head.value ->> 4,
       head.value ->> 5,
       head.value ->> 1,
       head.value ->> 2,
       head.value ->> 0
FROM history_run AS run
JOIN history_page AS page ON page.id BETWEEN run.id << 40 AND (run.id << 40) + 1099511627775
JOIN json_each(page.body) AS line ON line.type = 'array'
JOIN json_each(line.value) AS field ON field.key % 6 = 1
JOIN json_each(page.heads) AS head ON head.key = line.value ->> (field.key + 5);

CREATE TRIGGER score_history_is_append_only INSTEAD OF UPDATE ON score_history
BEGIN
  SELECT raise(ABORT, 'score history is append-only');
END;

CREATE TRIGGER score_history_is_kept INSTEAD OF DELETE ON score_history
BEGIN
  SELECT raise(ABORT, 'score history is append-only');
END;

CREATE VIEW v_history AS
SELECT history.id AS history_id,
       model.name AS model,
       coalesce(lead.key_as_given, lead.key) AS key,
       strftime('%Y-%m-%dT%H:%M:%fZ', history.at / 1000.0, 'unixepoch') AS at,
       strftime('%Y-%m-%dT%H:%M:%fZ', history.recorded_at / 1000.0, 'unixepoch') AS recorded_at,
       history.before / 100.0 AS before,
       history.after / 100.0 AS after,
       history.stage_before,
       history.stage_after,
       history.grade_after,
       history.cause,
       history.cause_ref,
       history.version
FROM recent_history AS history
JOIN lead ON lead.id = history.lead_id
JOIN model ON model.id = history.model_id
UNION ALL
SELECT page.first_id + field.value,
       model.name,
       coalesce(lead.key_as_given, lead.key),
       strftime('%Y-%m-%dT%H:%M:%fZ', (page.first_at + (line.value ->> (field.key + 1))) / 1000.0, 'unixepoch'),
       strftime('%Y-%m-%dT%H:%M:%fZ', (page.first_recorded_at + (line.value ->> (field.key + 2))) / 1000.0, 'unixepoch'),
       (line.value ->> (field.key + 3)) / 100.0,
       (line.value ->> (field.key + 4)) / 100.0,
       page.heads -> (line.value ->> (field.key + 5)) ->> 3,
       page.heads -> (line.value ->> (field.key + 5)) ->> 4,
       page.heads -> (line.value ->> (field.key + 5)) ->> 5,
       page.heads -> (line.value ->> (field.key + 5)) ->> 1,
       page.heads -> (line.value ->> (field.key + 5)) ->> 2,
       page.heads -> (line.value ->> (field.key + 5)) ->> 0
FROM lead
CROSS JOIN history_run AS run
JOIN model ON model.id = run.model_id
JOIN history_page AS page
  ON page.id = (SELECT max(id) FROM history_page WHERE id BETWEEN run.id << 40 AND (run.id << 40) + lead.id)
JOIN json_each(page.body) AS line
  ON line.type = 'array' AND line.value ->> 0 = lead.id - (page.id & 1099511627775)
JOIN json_each(line.value) AS field ON field.key % 6 = 1;

-- What each consumer was given.
CREATE VIEW v_handoffs AS
SELECT model.name AS model,
       handoff_batch.consumer,
       handoff_batch.number AS batch,
       coalesce(lead.key_as_given, lead.key) AS key,
       handoff.stage,
       strftime('%Y-%m-%dT%H:%M:%fZ', handoff.entered_at / 1000.0, 'unixepoch') AS entered_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', handoff_batch.as_of / 1000.0, 'unixepoch') AS handed_over_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', handoff_batch.confirmed_at / 1000.0, 'unixepoch') AS confirmed_at,
       handoff_batch.confirmed_by
FROM handoff
JOIN handoff_batch ON handoff_batch.id = handoff.batch_id
JOIN model ON model.id = handoff_batch.model_id
JOIN lead ON lead.id = handoff.lead_id;
