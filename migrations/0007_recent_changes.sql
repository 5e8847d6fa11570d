-- What changed lately of single leads stands in small tables of its own until enough of a block's leads have changed: a
-- change of some thousand leads among a million then writes some hundred pages of the file, not one and more for each.
-- A row here goes before what the blocks say of the lead.

DROP VIEW v_scores;
DROP VIEW lead_score;

-- id: the model's number * 2^40 + the lead's; line: as in a block, from bracket to bracket.
CREATE TABLE recent_score (
  id   INTEGER PRIMARY KEY,
  line TEXT NOT NULL
) STRICT;

-- id: the pack's number * 2^40 + the lead's.
CREATE TABLE recent_signals (
  id     INTEGER PRIMARY KEY,
  record BLOB NOT NULL
) STRICT;

-- A lead's last few events: as in event_page, with the number after that of the lead's last page there.
CREATE TABLE recent_event_page (
  id       INTEGER PRIMARY KEY,
  first_at INTEGER NOT NULL,
  last_at  INTEGER NOT NULL CHECK (last_at >= first_at),
  count    INTEGER NOT NULL CHECK (count > 0),
  body     TEXT    NOT NULL
) STRICT;

-- When to look at a block again: not later than the earliest next_change_at of its leads, wherever their lines stand.
-- 9223372036854775807 stands for never. Apart from the blocks, since it changes more often than they do.
CREATE TABLE score_due (
  id             INTEGER PRIMARY KEY,
  next_change_at INTEGER NOT NULL
) STRICT;

INSERT INTO score_due (id, next_change_at)
SELECT id, next_change_at FROM score_block WHERE next_change_at IS NOT NULL;

CREATE INDEX score_due_by_time ON score_due (next_change_at);

DROP INDEX score_block_due;
ALTER TABLE score_block DROP COLUMN next_change_at;

-- Nor may a lead that gets the number of an erased one later inherit its events.
CREATE TRIGGER lead_has_no_recent_changes_or_events BEFORE DELETE ON lead
BEGIN
  DELETE FROM event_page WHERE id BETWEEN old.id * 1048576 AND old.id * 1048576 + 1048575;
  DELETE FROM recent_event_page WHERE id BETWEEN old.id * 1048576 AND old.id * 1048576 + 1048575;
  DELETE FROM recent_score WHERE id IN (SELECT (model.id << 40) | old.id FROM model);
  DELETE FROM recent_signals WHERE id IN (SELECT (signal_pack.id << 40) | old.id FROM signal_pack);
END;

-- Views for people ----------------------------------------------------------------------------------------------

CREATE VIEW lead_score AS
WITH line (model_id, value) AS (
  SELECT score_block.id >> 40, entry.value
  FROM score_block JOIN json_each(score_block.body) AS entry ON entry.type = 'array'
  WHERE NOT EXISTS (SELECT 1 FROM recent_score WHERE recent_score.id = (score_block.id >> 40 << 40) | (entry.value ->> 0))
  UNION ALL
  SELECT id >> 40, line FROM recent_score)
SELECT model_id,
       value ->> 0 AS lead_id,
       value ->> 1 AS version,
       value ->> 2 AS score,
       value ->> 3 AS stage,
       value ->> 4 AS rule_stage,
       value ->> 5 AS entered_stage_at,
       value ->> 6 AS grade,
       value -> 7 AS groups,
       value -> 8 AS rules,
       value ->> 9 AS scored_at,
       value ->> 10 AS next_change_at
FROM line;

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

DROP VIEW v_events;

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
FROM (SELECT id, first_at, body FROM event_page UNION ALL SELECT id, first_at, body FROM recent_event_page) AS page
JOIN lead ON lead.id = page.id / 1048576
JOIN json_each(page.body) AS event
JOIN event_type ON event_type.id = json_extract(event.value, '$[1]');
