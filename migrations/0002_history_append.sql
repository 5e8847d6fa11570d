-- A trigger that may abort makes SQLite keep a statement journal for every row that is added: it took three quarters of
-- the time of an import. One that fails does not, and undoes as much: nothing, since it comes before the row.

DROP TRIGGER score_history_is_added_to;

-- REPLACE would take a row's place without a DELETE that a trigger sees.
CREATE TRIGGER score_history_is_added_to BEFORE INSERT ON score_history
WHEN EXISTS (SELECT 1 FROM score_history WHERE id = new.id)
BEGIN
  SELECT raise(FAIL, 'score history is append-only');
END;

-- An index ends with the row's id anyway.
DROP INDEX score_history_by_lead;
CREATE INDEX score_history_by_lead ON score_history (lead_id, model_id);
