-- What changed lately of a lead stands together: its scores, its records and its last few events in one part of one
-- table, where an event that comes alone changed a page of each of three. A row here goes before what the blocks say of
-- the lead.

-- id: the lead's number * 2^21 + what the row is:
--   the number of a page of events (below 2^20), or 2^20 + the model's number, or 2^20 + 2^19 + the pack's.
-- body: a page of events as in event_page; a line as in score_block, from bracket to bracket; a record as in signal_block.
-- The other columns are those of a page of events, and NULL elsewhere.
CREATE TABLE recent_change (
  id       INTEGER PRIMARY KEY,
  first_at INTEGER,
  last_at  INTEGER CHECK (last_at >= first_at),
  count    INTEGER CHECK (count > 0),
  body     ANY NOT NULL,
  CHECK (id & 1048576 <> 0 OR (first_at IS NOT NULL AND last_at IS NOT NULL AND count IS NOT NULL))
) STRICT;

-- Leads with numbers of more than 42 bits have all their pages in event_page.
INSERT INTO event_page (id, first_at, last_at, count, body)
SELECT id, first_at, last_at, count, body FROM recent_event_page WHERE id >> 20 > 4398046511103;

INSERT INTO recent_change (id, first_at, last_at, count, body)
SELECT ((id >> 20) << 21) | (id & 1048575) AS id, first_at, last_at, count, body FROM recent_event_page
WHERE id >> 20 <= 4398046511103
UNION ALL
SELECT ((id & 1099511627775) << 21) | 1048576 | (id >> 40), NULL, NULL, NULL, line FROM recent_score
UNION ALL
SELECT ((id & 1099511627775) << 21) | 1572864 | (id >> 40), NULL, NULL, NULL, record FROM recent_signals
ORDER BY id;

DROP TRIGGER lead_has_no_recent_changes_or_events;
DROP VIEW lead_score;
DROP TABLE recent_score;
DROP TABLE recent_signals;
DROP TABLE recent_event_page;

-- Nor may a lead that gets the number of an erased one later inherit its events.
CREATE TRIGGER lead_has_no_recent_changes_or_events BEFORE DELETE ON lead
BEGIN
  DELETE FROM event_page WHERE id BETWEEN old.id * 1048576 AND old.id * 1048576 + 1048575;
  DELETE FROM recent_change WHERE id BETWEEN old.id * 2097152 AND old.id * 2097152 + 2097151;
END;

-- Those of one lead are found by going over all of them, which are few: larger numbers go into runs.
DROP INDEX recent_history_by_lead;

-- Views for people ----------------------------------------------------------------------------------------------

-- The three kinds of rows, as they stood in tables of their own.
CREATE VIEW recent_event_page AS
SELECT ((id >> 21) << 20) | (id & 1048575) AS id, first_at, last_at, count, body
FROM recent_change WHERE id & 1048576 = 0;

CREATE VIEW recent_score AS
SELECT ((id & 524287) << 40) | (id >> 21) AS id, body AS line
FROM recent_change WHERE id & 1572864 = 1048576;

CREATE VIEW recent_signals AS
SELECT ((id & 524287) << 40) | (id >> 21) AS id, body AS record
FROM recent_change WHERE id & 1572864 = 1572864;

CREATE VIEW lead_score AS
WITH line (model_id, value) AS (
  SELECT score_block.id >> 40, entry.value
  FROM score_block JOIN json_each(score_block.body) AS entry ON entry.type = 'array'
  WHERE NOT EXISTS (
    SELECT 1 FROM recent_change
    WHERE recent_change.id = ((entry.value ->> 0) << 21) | 1048576 | (score_block.id >> 40))
  UNION ALL
  SELECT id & 524287, body FROM recent_change WHERE id & 1572864 = 1048576)
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
