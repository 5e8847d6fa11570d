-- Handing over as a ledger: who confirmed a batch, which entries a consumer was spared, and where the rules had a lead
-- when a person overruled them.

ALTER TABLE handoff_batch ADD COLUMN confirmed_by TEXT;

-- An entry that a consumer does not get, since it had the same lead in the same stage a short time before.
CREATE TABLE handoff_skip (
  consumer         TEXT    NOT NULL,
  history_id       INTEGER NOT NULL REFERENCES score_history (id) ON DELETE CASCADE,
  lead_id          INTEGER NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
  after_history_id INTEGER NOT NULL REFERENCES score_history (id) ON DELETE CASCADE, -- the entry that it had
  cooldown         INTEGER NOT NULL CHECK (cooldown > 0),                            -- milliseconds
  as_of            INTEGER NOT NULL,
  recorded_at      INTEGER NOT NULL,
  PRIMARY KEY (consumer, history_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX handoff_skip_by_lead ON handoff_skip (lead_id);

-- Erasing a lead looks for what refers to each row of its history.
CREATE INDEX handoff_by_history ON handoff (history_id);
CREATE INDEX handoff_skip_by_history ON handoff_skip (history_id);
CREATE INDEX handoff_skip_by_earlier ON handoff_skip (after_history_id);

-- The stage that the rules gave a lead at the moment of a person's judgement. It cannot be told later: the history has
-- the stage shown, which may be that of an earlier fast-track.
CREATE TABLE judged_stage (
  kind         TEXT    NOT NULL CHECK (kind IN ('fast-track', 'adjustment')),
  judgement_id INTEGER NOT NULL,
  model_id     INTEGER NOT NULL REFERENCES model (id),
  lead_id      INTEGER NOT NULL REFERENCES lead (id) ON DELETE CASCADE,
  stage        TEXT,             -- NULL where the rules have no stages
  version      INTEGER NOT NULL, -- of the rules
  PRIMARY KEY (kind, judgement_id, model_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX judged_stage_by_lead ON judged_stage (lead_id);

-- A lead is brought up to date before a judgement is recorded, so its row has what the rules say at that moment. A
-- disqualified lead's stage underneath is the first one; it counts as disqualified unless a person put it there.
CREATE TRIGGER fast_track_is_judged AFTER INSERT ON fast_track
BEGIN
  INSERT OR REPLACE INTO judged_stage (kind, judgement_id, model_id, lead_id, stage, version)
  SELECT 'fast-track', new.id, model_id, lead_id,
         CASE WHEN stage = 'disqualified' AND NOT EXISTS (
                SELECT 1 FROM fast_track
                WHERE lead_id = new.lead_id AND model_id = new.model_id AND stage = 'disqualified' AND id <> new.id)
              THEN stage ELSE rule_stage END,
         version
  FROM lead_score WHERE model_id = new.model_id AND lead_id = new.lead_id;
END;

CREATE TRIGGER adjustment_is_judged AFTER INSERT ON adjustment
BEGIN
  INSERT OR REPLACE INTO judged_stage (kind, judgement_id, model_id, lead_id, stage, version)
  SELECT 'adjustment', new.id, model_id, lead_id,
         CASE WHEN stage = 'disqualified' AND NOT EXISTS (
                SELECT 1 FROM fast_track
                WHERE lead_id = new.lead_id AND model_id = lead_score.model_id AND stage = 'disqualified')
              THEN stage ELSE rule_stage END,
         version
  FROM lead_score WHERE lead_id = new.lead_id;
END;

-- Judgements of before: the stage shown just before them, as near as the history can tell.
INSERT INTO judged_stage (kind, judgement_id, model_id, lead_id, stage, version)
SELECT 'fast-track', fast_track.id, history.model_id, history.lead_id, history.stage_after, history.version
FROM fast_track
JOIN score_history AS history ON history.id = (
  SELECT max(id) FROM score_history
  WHERE lead_id = fast_track.lead_id AND model_id = fast_track.model_id
    AND (recorded_at < fast_track.recorded_at OR (recorded_at = fast_track.recorded_at AND cause <> 'fast-track')));

INSERT INTO judged_stage (kind, judgement_id, model_id, lead_id, stage, version)
SELECT 'adjustment', adjustment.id, history.model_id, history.lead_id, history.stage_after, history.version
FROM adjustment
JOIN model
JOIN score_history AS history ON history.id = (
  SELECT max(id) FROM score_history
  WHERE lead_id = adjustment.lead_id AND model_id = model.id
    AND (recorded_at < adjustment.recorded_at OR (recorded_at = adjustment.recorded_at AND cause <> 'fast-track')));

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
