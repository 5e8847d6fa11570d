-- The first layout: facts, rules, derived state, scores and what happened to them.
--
-- Instants are integers: milliseconds since 1970-01-01T00:00:00Z. Points are integers: hundredths of a point.
-- The views at the end show both as people write them.

-- Facts ---------------------------------------------------------------------------------------------------------

CREATE TABLE lead (
  id               INTEGER PRIMARY KEY,
  key              TEXT    NOT NULL UNIQUE CHECK (length(key) > 0), -- trimmed, NFC, lower-cased
  key_as_given     TEXT,                                            -- where the spelling first seen differs from key
  created_at       INTEGER NOT NULL,
  created_is_given INTEGER NOT NULL CHECK (created_is_given IN (0, 1)), -- 0: the instant at which it was first seen
  attributes       TEXT    NOT NULL                                 -- a JSON object
) STRICT;

-- The ids are in the order first seen, which is the order of an export's columns.
CREATE TABLE attribute_name (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE event_type (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE property_name (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- Property values that recur, stored once. Long values, and those of a property that has too many different ones,
-- stand in the pages themselves.
CREATE TABLE property (
  id      INTEGER PRIMARY KEY,
  name_id INTEGER NOT NULL REFERENCES property_name (id),
  value   TEXT    NOT NULL, -- JSON: "text", 12.5, true, ["a","b"]
  UNIQUE (name_id, value)
) STRICT;

-- The events of a lead, in order of their instant and, where equal, of their arrival, in pages of bounded size.
-- id is lead_id * 1048576 + the page's number within the lead, so pages lie in the file in the order of leads.
-- body is a JSON array with an array for each event:
--   [milliseconds after first_at, event_type id, then in any number: the source's id as text if it gave one,
--    a property id, or ["name", value] for a property that is not interned]
CREATE TABLE event_page (
  id       INTEGER PRIMARY KEY,
  first_at INTEGER NOT NULL,
  last_at  INTEGER NOT NULL CHECK (last_at >= first_at),
  count    INTEGER NOT NULL CHECK (count > 0),
  body     TEXT    NOT NULL
) STRICT;

CREATE TABLE import_run (
  id            INTEGER PRIMARY KEY,
  kind          TEXT    NOT NULL CHECK (kind IN ('leads', 'events')),
  file          TEXT    NOT NULL,
  as_of         INTEGER NOT NULL,
  recorded_at   INTEGER NOT NULL,
  read          INTEGER NOT NULL,
  created       INTEGER NOT NULL,
  leads_created INTEGER NOT NULL,
  updated       INTEGER NOT NULL,
  unchanged     INTEGER NOT NULL,
  duplicates    INTEGER NOT NULL,
  rejected      INTEGER NOT NULL
) STRICT;

-- Rules ---------------------------------------------------------------------------------------------------------

CREATE TABLE model (
  id           INTEGER PRIMARY KEY,
  name         TEXT    NOT NULL UNIQUE,
  created_at   INTEGER NOT NULL,
  evaluated_at INTEGER -- the latest instant as of which any lead was evaluated
) STRICT;

CREATE TABLE rule_version (
  id         INTEGER PRIMARY KEY,
  model_id   INTEGER NOT NULL REFERENCES model (id),
  number     INTEGER NOT NULL CHECK (number >= 1),
  name       TEXT,
  document   TEXT    NOT NULL, -- as it was written, comments and all
  digest     TEXT    NOT NULL, -- SHA-256 of the document's canonical form
  layout     TEXT    NOT NULL, -- JSON: {"groups": [...], "rules": [...], "stages": [...]}, what stored positions mean
  created_at INTEGER NOT NULL,
  author     TEXT,
  note       TEXT,
  UNIQUE (model_id, number),
  UNIQUE (model_id, digest)
) STRICT;

CREATE TABLE approval (
  id          INTEGER PRIMARY KEY,
  version_id  INTEGER NOT NULL REFERENCES rule_version (id),
  digest      TEXT    NOT NULL,
  role        TEXT    NOT NULL,
  person      TEXT    NOT NULL,
  recorded_at INTEGER NOT NULL
) STRICT;

-- What a preview found, kept so that exactly that can be applied later.
CREATE TABLE plan (
  id              INTEGER PRIMARY KEY AUTOINCREMENT, -- people agree on a number; it never stands for another plan
  model_id        INTEGER NOT NULL REFERENCES model (id),
  format          INTEGER NOT NULL, -- of plan_block and summary
  program         TEXT    NOT NULL,
  version_id      INTEGER REFERENCES rule_version (id), -- NULL for a document that was not a version yet
  document_digest TEXT    NOT NULL,
  document        TEXT    NOT NULL,
  base_version_id INTEGER NOT NULL REFERENCES rule_version (id),
  as_of           INTEGER NOT NULL,
  recorded_at     INTEGER NOT NULL,
  leads           INTEGER NOT NULL,
  guards          TEXT    NOT NULL, -- JSON: how much applying it may do
  digest          TEXT    NOT NULL, -- a hash over the results of all leads
  summary         TEXT    NOT NULL  -- JSON, as `rules preview --format json` prints it
) STRICT;

-- The results and the facts that a plan saw, as two 64-bit hashes for each of 4,096 leads from first_lead on; zeros
-- where there was no lead.
CREATE TABLE plan_block (
  plan_id    INTEGER NOT NULL REFERENCES plan (id) ON DELETE CASCADE,
  first_lead INTEGER NOT NULL,
  hashes     BLOB    NOT NULL,
  PRIMARY KEY (plan_id, first_lead)
) STRICT;

-- The newest activation of a model names its active version.
CREATE TABLE activation (
  id          INTEGER PRIMARY KEY,
  model_id    INTEGER NOT NULL REFERENCES model (id),
  version_id  INTEGER NOT NULL REFERENCES rule_version (id),
  as_of       INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  person      TEXT,
  plan_id     INTEGER REFERENCES plan (id) ON DELETE SET NULL,
  kind        TEXT    NOT NULL CHECK (kind IN ('apply', 'rollback'))
) STRICT;

CREATE INDEX activation_by_model ON activation (model_id, id);

-- Derived state: can be dropped and rebuilt from the facts ------------------------------------------------------

-- A question about raw facts, shared by every rule, version and model that asks it.
CREATE TABLE signal (
  id         INTEGER PRIMARY KEY,
  definition TEXT NOT NULL UNIQUE
) STRICT;

-- The signals whose findings stand together in one record a lead, in this order.
CREATE TABLE signal_pack (
  id      INTEGER PRIMARY KEY,
  signals TEXT NOT NULL -- a JSON array of signal ids
) STRICT;

CREATE TABLE signal_state (
  pack_id INTEGER NOT NULL REFERENCES signal_pack (id),
  lead_id INTEGER NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
  body    BLOB    NOT NULL,
  PRIMARY KEY (pack_id, lead_id)
) STRICT, WITHOUT ROWID;

-- Scores --------------------------------------------------------------------------------------------------------

CREATE TABLE lead_score (
  model_id         INTEGER NOT NULL REFERENCES model (id),
  lead_id          INTEGER NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
  version          INTEGER NOT NULL,
  score            INTEGER NOT NULL,
  stage            TEXT,             -- the stage shown
  rule_stage       TEXT,             -- the stage that the rules alone give
  entered_stage_at INTEGER NOT NULL, -- when the stage shown was entered
  grade            TEXT,
  groups           TEXT    NOT NULL, -- a JSON array: the score of each group, in the order of the version's layout
  rules            TEXT    NOT NULL, -- a JSON array of pairs: position in the layout, points; those other than 0
  scored_at        INTEGER NOT NULL,
  next_change_at   INTEGER,
  PRIMARY KEY (model_id, lead_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX lead_score_due ON lead_score (model_id, next_change_at) WHERE next_change_at IS NOT NULL;

CREATE TABLE score_history (
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
  cause        TEXT    NOT NULL CHECK (cause IN ('import', 'event', 'attributes', 'time', 'rules', 'fast-track', 'recompute')),
  cause_ref    TEXT,
  version      INTEGER NOT NULL
) STRICT;

CREATE INDEX score_history_by_lead ON score_history (lead_id, model_id, id);
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

-- REPLACE would take a row's place without a DELETE that a trigger sees.
CREATE TRIGGER score_history_is_added_to BEFORE INSERT ON score_history
WHEN EXISTS (SELECT 1 FROM score_history WHERE id = new.id)
BEGIN
  SELECT raise(ABORT, 'score history is append-only');
END;

CREATE TRIGGER rule_version_is_added_to BEFORE INSERT ON rule_version
WHEN EXISTS (
  SELECT 1 FROM rule_version
  WHERE id = new.id OR (model_id = new.model_id AND (number = new.number OR digest = new.digest)))
BEGIN
  SELECT raise(ABORT, 'rule versions are immutable');
END;

CREATE TRIGGER rule_version_is_immutable BEFORE UPDATE ON rule_version
BEGIN
  SELECT raise(ABORT, 'rule versions are immutable');
END;

CREATE TRIGGER rule_version_is_kept BEFORE DELETE ON rule_version
BEGIN
  SELECT raise(ABORT, 'rule versions are immutable');
END;

-- People's judgement --------------------------------------------------------------------------------------------

CREATE TABLE fast_track (
  id          INTEGER PRIMARY KEY,
  model_id    INTEGER NOT NULL REFERENCES model (id),
  lead_id     INTEGER NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
  stage       TEXT    NOT NULL,
  from_at     INTEGER NOT NULL,
  until_at    INTEGER, -- set also when it is lifted
  person      TEXT    NOT NULL,
  reason      TEXT    NOT NULL,
  recorded_at INTEGER NOT NULL,
  lifted_by   TEXT,
  lifted_at   INTEGER
) STRICT;

CREATE INDEX fast_track_by_lead ON fast_track (lead_id, model_id);

CREATE TABLE adjustment (
  id          INTEGER PRIMARY KEY,
  lead_id     INTEGER NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
  points      INTEGER NOT NULL,
  from_at     INTEGER NOT NULL,
  until_at    INTEGER,
  person      TEXT    NOT NULL,
  reason      TEXT    NOT NULL,
  recorded_at INTEGER NOT NULL,
  lifted_by   TEXT,
  lifted_at   INTEGER
) STRICT;

CREATE INDEX adjustment_by_lead ON adjustment (lead_id);

-- Handing over --------------------------------------------------------------------------------------------------

CREATE TABLE handoff_batch (
  id           INTEGER PRIMARY KEY,
  model_id     INTEGER NOT NULL REFERENCES model (id),
  consumer     TEXT    NOT NULL,
  number       INTEGER NOT NULL CHECK (number >= 1),
  as_of        INTEGER NOT NULL,
  recorded_at  INTEGER NOT NULL,
  confirmed_at INTEGER,
  options      TEXT    NOT NULL, -- JSON: what is needed to write the same file again
  UNIQUE (model_id, consumer, number)
) STRICT;

-- An entry into a stage is the row of score_history that records it; no consumer gets one twice.
CREATE TABLE handoff (
  batch_id   INTEGER NOT NULL REFERENCES handoff_batch (id),
  consumer   TEXT    NOT NULL,
  history_id INTEGER NOT NULL REFERENCES score_history (id) ON DELETE CASCADE,
  lead_id    INTEGER NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
  row        TEXT    NOT NULL, -- JSON: the lead as it was handed over
  PRIMARY KEY (consumer, history_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX handoff_by_batch ON handoff (batch_id);
CREATE INDEX handoff_by_lead ON handoff (lead_id);

CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Views for people ----------------------------------------------------------------------------------------------

CREATE VIEW v_leads AS
SELECT lead.id AS lead_id,
       coalesce(lead.key_as_given, lead.key) AS key,
       strftime('%Y-%m-%dT%H:%M:%fZ', lead.created_at / 1000.0, 'unixepoch') AS created_at,
       lead.attributes
FROM lead;

CREATE VIEW v_events AS
SELECT lead.id AS lead_id,
       coalesce(lead.key_as_given, lead.key) AS key,
       event_type.name AS type,
       strftime('%Y-%m-%dT%H:%M:%fZ', (page.first_at + json_extract(event.value, '$[0]')) / 1000.0, 'unixepoch')
         AS occurred_at,
       (SELECT part.value FROM json_each(event.value) AS part WHERE part.type = 'text') AS id,
       (SELECT json_group_object(
                 CASE part.type WHEN 'array' THEN part.value ->> '$[0]' ELSE property_name.name END,
                 json(CASE part.type WHEN 'array' THEN part.value -> '$[1]' ELSE property.value END))
        FROM json_each(event.value) AS part
        LEFT JOIN property ON part.type = 'integer' AND property.id = part.value
        LEFT JOIN property_name ON property_name.id = property.name_id
        WHERE part.key >= 2 AND part.type IN ('integer', 'array')) AS properties
FROM event_page AS page
JOIN lead ON lead.id = page.id / 1048576
JOIN json_each(page.body) AS event
JOIN event_type ON event_type.id = json_extract(event.value, '$[1]');

CREATE VIEW v_versions AS
SELECT model.name AS model,
       rule_version.number AS version,
       rule_version.name,
       rule_version.id = (SELECT version_id FROM activation
                          WHERE activation.model_id = model.id ORDER BY activation.id DESC LIMIT 1) AS is_active,
       strftime('%Y-%m-%dT%H:%M:%fZ', rule_version.created_at / 1000.0, 'unixepoch') AS created_at,
       rule_version.author,
       rule_version.note,
       rule_version.digest,
       rule_version.document
FROM rule_version
JOIN model ON model.id = rule_version.model_id;

CREATE VIEW v_scores AS
SELECT model.name AS model,
       coalesce(lead.key_as_given, lead.key) AS key,
       lead_score.score / 100.0 AS score,
       lead_score.stage,
       lead_score.grade,
       (SELECT json_group_object(rule_version.layout ->> ('$.groups[' || part.key || ']'), part.value / 100.0)
        FROM json_each(lead_score.groups) AS part) AS groups,
       (SELECT json_group_object(rule_version.layout ->> ('$.rules[' || position.value || ']'), points.value / 100.0)
        FROM json_each(lead_score.rules) AS position
        JOIN json_each(lead_score.rules) AS points ON points.key = position.key + 1
        WHERE position.key % 2 = 0) AS rules,
       lead_score.version,
       strftime('%Y-%m-%dT%H:%M:%fZ', lead_score.scored_at / 1000.0, 'unixepoch') AS scored_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', lead_score.next_change_at / 1000.0, 'unixepoch') AS next_change_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', lead_score.entered_stage_at / 1000.0, 'unixepoch') AS entered_stage_at
FROM lead_score
JOIN lead ON lead.id = lead_score.lead_id
JOIN model ON model.id = lead_score.model_id
JOIN rule_version ON rule_version.model_id = lead_score.model_id AND rule_version.number = lead_score.version;

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
