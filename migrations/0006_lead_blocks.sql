-- Scores and signal records in blocks of 16 leads with consecutive numbers: a row a lead cost more than what stood in it.
-- A block's id is the model's (the pack's) number * 2^40 + (lead's number - 1) / 16.

DROP VIEW v_scores;
DROP TRIGGER fast_track_is_judged;
DROP TRIGGER adjustment_is_judged;

-- body is a JSON array with a line of its own for each lead, in order of their numbers, after a zero that makes them alike:
--   ,[lead, version, score, stage, rule_stage, entered_stage_at, grade, groups, rules, scored_at, next_change_at]
-- groups: the score of each group, in the order of the version's layout; rules: pairs of position in the layout and
-- points, those other than 0; rule_stage: the stage that the rules alone give; entered_stage_at: when the stage shown was.
CREATE TABLE score_block (
  id             INTEGER PRIMARY KEY,
  next_change_at INTEGER, -- the earliest of its leads', or earlier where a lead was erased
  body           TEXT NOT NULL
) STRICT;

INSERT INTO score_block (id, next_change_at, body)
SELECT (model_id << 40) | number,
  (SELECT min(next_change_at) FROM lead_score AS score
   WHERE score.model_id = block.model_id AND lead_id BETWEEN 16 * number + 1 AND 16 * number + 16),
  '[0' || (SELECT group_concat(line, '') FROM (
    SELECT char(10) || ',[' || lead_id || ',' || version || ',' || score || ',' || json_quote(stage) || ',' || json_quote(rule_stage)
    || ',' || entered_stage_at || ',' || json_quote(grade) || ',' || json(groups) || ',' || json(rules) || ',' || scored_at || ','
    || coalesce(next_change_at, 'null') || ']' AS line
    FROM lead_score AS score
    WHERE score.model_id = block.model_id AND lead_id BETWEEN 16 * number + 1 AND 16 * number + 16
    ORDER BY lead_id)) || char(10) || ']'
FROM (SELECT DISTINCT model_id, (lead_id - 1) >> 4 AS number FROM lead_score) AS block;

DROP TABLE lead_score;

CREATE INDEX score_block_due ON score_block (next_change_at) WHERE next_change_at IS NOT NULL;

-- The packed records of leads, one after the other. `ends` has for each of the 16 leads the place where its record ends,
-- in ten digits; bit i of `present` says whether lead i has one.
CREATE TABLE signal_block (
  id      INTEGER PRIMARY KEY,
  present INTEGER NOT NULL,
  ends    TEXT    NOT NULL CHECK (length(ends) = 160),
  body    BLOB    NOT NULL
) STRICT;

INSERT INTO signal_block (id, present, ends, body)
WITH record AS MATERIALIZED (
  SELECT pack_id, number,
    (EXISTS (SELECT 1 FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 1)) * 1
    + (EXISTS (SELECT 1 FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 2)) * 2
    + (EXISTS (SELECT 1 FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 3)) * 4
    + (EXISTS (SELECT 1 FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 4)) * 8
    + (EXISTS (SELECT 1 FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 5)) * 16
    + (EXISTS (SELECT 1 FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 6)) * 32
    + (EXISTS (SELECT 1 FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 7)) * 64
    + (EXISTS (SELECT 1 FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 8)) * 128
    + (EXISTS (SELECT 1 FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 9)) * 256
    + (EXISTS (SELECT 1 FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 10)) * 512
    + (EXISTS (SELECT 1 FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 11)) * 1024
    + (EXISTS (SELECT 1 FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 12)) * 2048
    + (EXISTS (SELECT 1 FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 13)) * 4096
    + (EXISTS (SELECT 1 FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 14)) * 8192
    + (EXISTS (SELECT 1 FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 15)) * 16384
    + (EXISTS (SELECT 1 FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 16)) * 32768 AS present,
    coalesce((SELECT body FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 1), x'')
      AS r0,
    coalesce((SELECT body FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 2), x'')
      AS r1,
    coalesce((SELECT body FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 3), x'')
      AS r2,
    coalesce((SELECT body FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 4), x'')
      AS r3,
    coalesce((SELECT body FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 5), x'')
      AS r4,
    coalesce((SELECT body FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 6), x'')
      AS r5,
    coalesce((SELECT body FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 7), x'')
      AS r6,
    coalesce((SELECT body FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 8), x'')
      AS r7,
    coalesce((SELECT body FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 9), x'')
      AS r8,
    coalesce((SELECT body FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 10), x'')
      AS r9,
    coalesce((SELECT body FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 11), x'')
      AS r10,
    coalesce((SELECT body FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 12), x'')
      AS r11,
    coalesce((SELECT body FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 13), x'')
      AS r12,
    coalesce((SELECT body FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 14), x'')
      AS r13,
    coalesce((SELECT body FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 15), x'')
      AS r14,
    coalesce((SELECT body FROM signal_state WHERE pack_id = block.pack_id AND lead_id = 16 * number + 16), x'')
      AS r15
  FROM (SELECT DISTINCT pack_id, (lead_id - 1) >> 4 AS number FROM signal_state) AS block)
SELECT (pack_id << 40) | number, present,
  printf('%010d%010d%010d%010d%010d%010d%010d%010d%010d%010d%010d%010d%010d%010d%010d%010d',
    length(r0),
    length(r0) + length(r1),
    length(r0) + length(r1) + length(r2),
    length(r0) + length(r1) + length(r2) + length(r3),
    length(r0) + length(r1) + length(r2) + length(r3) + length(r4),
    length(r0) + length(r1) + length(r2) + length(r3) + length(r4) + length(r5),
    length(r0) + length(r1) + length(r2) + length(r3) + length(r4) + length(r5) + length(r6),
    length(r0) + length(r1) + length(r2) + length(r3) + length(r4) + length(r5) + length(r6) + length(r7),
    length(r0) + length(r1) + length(r2) + length(r3) + length(r4) + length(r5) + length(r6) + length(r7) + length(r8),
    length(r0) + length(r1) + length(r2) + length(r3) + length(r4) + length(r5) + length(r6) + length(r7) + length(r8) + length(r9),
    length(r0) + length(r1) + length(r2) + length(r3) + length(r4) + length(r5) + length(r6) + length(r7) + length(r8) + length(r9) + length(r10),
    length(r0) + length(r1) + length(r2) + length(r3) + length(r4) + length(r5) + length(r6) + length(r7) + length(r8) + length(r9) + length(r10) + length(r11),
    length(r0) + length(r1) + length(r2) + length(r3) + length(r4) + length(r5) + length(r6) + length(r7) + length(r8) + length(r9) + length(r10) + length(r11) + length(r12),
    length(r0) + length(r1) + length(r2) + length(r3) + length(r4) + length(r5) + length(r6) + length(r7) + length(r8) + length(r9) + length(r10) + length(r11) + length(r12) + length(r13),
    length(r0) + length(r1) + length(r2) + length(r3) + length(r4) + length(r5) + length(r6) + length(r7) + length(r8) + length(r9) + length(r10) + length(r11) + length(r12) + length(r13) + length(r14),
    length(r0) + length(r1) + length(r2) + length(r3) + length(r4) + length(r5) + length(r6) + length(r7) + length(r8) + length(r9) + length(r10) + length(r11) + length(r12) + length(r13) + length(r14) + length(r15)),
  CAST(r0 || r1 || r2 || r3 || r4 || r5 || r6 || r7 || r8 || r9 || r10 || r11 || r12 || r13 || r14 || r15 AS BLOB)
FROM record;

DROP TABLE signal_state;

-- Erasing a lead erases its line and its record. Without functions for JSON, which may not stand in a trigger where the
-- schema is not trusted.
CREATE TRIGGER lead_has_no_score BEFORE DELETE ON lead
BEGIN
  UPDATE score_block
  SET body = substr(body, 1, instr(body, char(10) || ',[' || old.id || ',') - 1)
    || substr(body, instr(body, char(10) || ',[' || old.id || ',')
                    + instr(substr(body, instr(body, char(10) || ',[' || old.id || ',') + 1), char(10)))
  WHERE id IN (SELECT (model.id << 40) | ((old.id - 1) >> 4) FROM model)
    AND instr(body, char(10) || ',[' || old.id || ',') > 0;
END;

CREATE TRIGGER lead_has_no_signals BEFORE DELETE ON lead
BEGIN
  UPDATE signal_block
  SET present = present & ~(1 << ((old.id - 1) & 15)),
    body = CAST(
      substr(body, 1, CAST(substr('0000000000' || ends, ((old.id - 1) & 15) * 10 + 1, 10) AS INTEGER))
      || zeroblob(CAST(substr(ends, ((old.id - 1) & 15) * 10 + 1, 10) AS INTEGER)
                  - CAST(substr('0000000000' || ends, ((old.id - 1) & 15) * 10 + 1, 10) AS INTEGER))
      || substr(body, CAST(substr(ends, ((old.id - 1) & 15) * 10 + 1, 10) AS INTEGER) + 1) AS BLOB)
  WHERE id IN (SELECT (signal_pack.id << 40) | ((old.id - 1) >> 4) FROM signal_pack)
    AND present & (1 << ((old.id - 1) & 15));
END;

-- Views for people ----------------------------------------------------------------------------------------------

CREATE VIEW lead_score AS
SELECT score_block.id >> 40 AS model_id,
       line.value ->> 0 AS lead_id,
       line.value ->> 1 AS version,
       line.value ->> 2 AS score,
       line.value ->> 3 AS stage,
       line.value ->> 4 AS rule_stage,
       line.value ->> 5 AS entered_stage_at,
       line.value ->> 6 AS grade,
       line.value -> 7 AS groups,
       line.value -> 8 AS rules,
       line.value ->> 9 AS scored_at,
       line.value ->> 10 AS next_change_at
FROM score_block JOIN json_each(score_block.body) AS line ON line.type = 'array';

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
