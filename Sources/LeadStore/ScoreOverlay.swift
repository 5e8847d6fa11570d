/// Temporary views that stand before the tables of scores and history and take what is written to them, so that all other
/// code works on a database that it cannot write to.
enum ScoreOverlay {
  // A temporary name goes before one of the file: https://sqlite.org/lang_naming.html
  static let sql = """
    CREATE TEMP TABLE overlay_score AS SELECT * FROM main.lead_score WHERE 0;
    CREATE UNIQUE INDEX temp.overlay_score_key ON overlay_score (model_id, lead_id);
    CREATE TEMP TABLE overlay_history AS SELECT * FROM main.score_history WHERE 0;
    CREATE TEMP VIEW lead_score AS
      SELECT * FROM main.lead_score AS stored
      WHERE NOT EXISTS (
        SELECT 1 FROM overlay_score AS mine
        WHERE mine.model_id = stored.model_id AND mine.lead_id = stored.lead_id)
      UNION ALL SELECT * FROM overlay_score;
    CREATE TEMP TRIGGER overlay_score_insert INSTEAD OF INSERT ON lead_score
    BEGIN
      INSERT OR REPLACE INTO overlay_score
      VALUES (new.model_id, new.lead_id, new.version, new.score, new.stage, new.rule_stage, new.entered_stage_at,
        new.grade, new.groups, new.rules, new.scored_at, new.next_change_at);
    END;
    CREATE TEMP VIEW score_history AS
      SELECT * FROM main.score_history UNION ALL SELECT * FROM overlay_history;
    CREATE TEMP TRIGGER overlay_history_insert INSTEAD OF INSERT ON score_history
    BEGIN
      INSERT INTO overlay_history
      VALUES (
        (SELECT coalesce(max(id), 0) FROM main.score_history) + (SELECT count(*) + 1 FROM overlay_history),
        new.model_id, new.lead_id, new.at, new.recorded_at, new.before, new.after, new.stage_before, new.stage_after,
        new.grade_after, new.cause, new.cause_ref, new.version);
    END;
    CREATE TEMP VIEW model AS SELECT * FROM main.model;
    CREATE TEMP TRIGGER overlay_model_update INSTEAD OF UPDATE ON model
    BEGIN
      SELECT 1;
    END;
    """
}
