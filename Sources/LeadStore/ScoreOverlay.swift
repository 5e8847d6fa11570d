/// Temporary views that stand before the tables of scores, history and recent changes and take what is written to them,
/// so that all other code works on a database that it cannot write to.
enum ScoreOverlay {
  // A temporary name goes before one of the file: https://sqlite.org/lang_naming.html
  static let sql = """
    CREATE TEMP TABLE overlay_score (id INTEGER PRIMARY KEY, body);
    CREATE TEMP TABLE overlay_due (id INTEGER PRIMARY KEY, next_change_at);
    CREATE TEMP TABLE overlay_history AS SELECT * FROM main.recent_history WHERE 0;
    CREATE TEMP VIEW recent_change AS
      SELECT id, first_at, last_at, count, body FROM main.recent_change
      WHERE NOT EXISTS (SELECT 1 FROM overlay_score AS mine WHERE mine.id = main.recent_change.id)
      UNION ALL SELECT id, NULL, NULL, NULL, body FROM overlay_score;
    CREATE TEMP TRIGGER overlay_score_insert INSTEAD OF INSERT ON recent_change
    BEGIN
      INSERT OR REPLACE INTO overlay_score VALUES (new.id, new.body);
    END;
    CREATE TEMP VIEW score_due AS
      SELECT id, next_change_at FROM main.score_due
      WHERE NOT EXISTS (SELECT 1 FROM overlay_due AS mine WHERE mine.id = main.score_due.id)
      UNION ALL SELECT id, next_change_at FROM overlay_due;
    CREATE TEMP TRIGGER overlay_due_insert INSTEAD OF INSERT ON score_due
    BEGIN
      INSERT OR REPLACE INTO overlay_due VALUES (new.id, new.next_change_at);
    END;
    CREATE TEMP VIEW recent_history AS
      SELECT * FROM main.recent_history UNION ALL SELECT * FROM overlay_history;
    CREATE TEMP TRIGGER overlay_history_insert INSTEAD OF INSERT ON recent_history
    BEGIN
      INSERT INTO overlay_history
      VALUES (
        new.id, new.model_id, new.lead_id, new.at, new.recorded_at, new.before, new.after, new.stage_before, new.stage_after,
        new.grade_after, new.cause, new.cause_ref, new.version);
    END;
    CREATE TEMP VIEW model AS SELECT * FROM main.model;
    CREATE TEMP TRIGGER overlay_model_update INSTEAD OF UPDATE ON model
    BEGIN
      SELECT 1;
    END;
    """
}
