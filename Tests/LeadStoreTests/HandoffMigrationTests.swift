import LeadStore
import Testing

@Suite("From a database without a ledger")
struct HandoffMigrationTests {
  /// What was there stays, and judgements get the stage that the history shows before them.
  @Test("batches and judgements of before")
  func upgrade() throws {
    let folder = try TestFolder()
    let connection = try Connection(path: folder.file("leads.db"), mode: .create)
    try Migrator(migrations: Array(Migration.all.prefix(1))).migrate(connection, now: { 1 }, program: "1")
    try connection.execute(
      """
      INSERT INTO model (id, name, created_at) VALUES (1, 'main', 0), (2, 'edu', 0);
      INSERT INTO lead VALUES (1, 'ann', NULL, 0, 0, '{}');
      INSERT INTO score_history
        (id, model_id, lead_id, at, recorded_at, after, stage_before, stage_after, cause, version)
      VALUES (1, 1, 1, 0, 10, 0, NULL, 'nurture', 'import', 1), (2, 1, 1, 5, 20, 0, 'nurture', 'mql', 'event', 3),
        (3, 1, 1, 5, 20, 0, 'mql', 'sql', 'fast-track', 3), (4, 2, 1, 5, 30, 0, NULL, 'cold', 'import', 7);
      INSERT INTO fast_track (id, model_id, lead_id, stage, from_at, person, reason, recorded_at)
        VALUES (1, 1, 1, 'sql', 5, 'kim', 'r', 20);
      INSERT INTO adjustment (id, lead_id, points, from_at, person, reason, recorded_at)
        VALUES (1, 1, 5, 5, 'kim', 'r', 15), (2, 1, 5, 5, 'kim', 'r', 40);
      INSERT INTO handoff_batch VALUES (1, 1, 'crm', 1, 5, 5, NULL, '["key"]');
      INSERT INTO handoff VALUES (1, 'crm', 3, 1, '{"key":"ann"}');
      """)
    try Migrator().migrate(connection, now: { 2 }, program: "2")
    #expect(
      try connection.rows(
        "SELECT kind, judgement_id, model_id, stage, version FROM judged_stage ORDER BY 1, 2, 3", columns: 5) == [
          ["adjustment", "1", "1", "nurture", "1"], ["adjustment", "2", "1", "sql", "3"],
          ["adjustment", "2", "2", "cold", "7"], ["fast-track", "1", "1", "mql", "3"],
        ])
    #expect(
      try connection.rows("SELECT batch, key, stage, confirmed_at FROM v_handoffs", columns: 4) == [
        ["1", "ann", "sql", nil]
      ])
    #expect(try connection.text("PRAGMA integrity_check") == "ok")
  }
}
