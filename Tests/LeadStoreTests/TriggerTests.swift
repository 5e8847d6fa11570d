import LeadStore
import Testing

@Suite("What the layout forbids and what follows from it")
struct TriggerTests {
  private let folder: TestFolder
  private let database: LeadDatabase
  private let model: Int64
  private var connection: Connection { database.connection }

  init() throws {
    folder = try TestFolder()
    database = try LeadDatabase.make(in: folder)
    (model, _) = try database.addModel()
    try database.addLead(1, "ann")
    try database.addLead(2, "bob")
    try database.history.append(.sample(model: model, lead: 1, at: 10, before: nil, after: 100))
    try database.history.append(.sample(model: model, lead: 1, at: 20, before: 100, after: 250))
    try database.history.append(.sample(model: model, lead: 2, at: 30, before: nil, after: 5))
  }

  private let historyColumns = "id, model_id, lead_id, at, recorded_at, after, cause, version"

  @Test(
    "history is append-only",
    arguments: [
      "UPDATE recent_history SET after = 0 WHERE id = 1",
      "UPDATE recent_history SET after = after",
      "UPDATE OR IGNORE recent_history SET at = 1",
      "DELETE FROM recent_history WHERE id = 2",
      "DELETE FROM recent_history",
      "INSERT INTO recent_history (id, model_id, lead_id, at, recorded_at, after, cause, version) "
        + "VALUES (1, 1, 1, 0, 0, 0, 'event', 1) ON CONFLICT (id) DO UPDATE SET after = 0",
    ])
  func history(_ sql: String) throws {
    let before = try connection.contents()
    let error = try #require(try databaseError { try connection.run(sql) })
    #expect(error.kind == .constraint)
    #expect(error.message.contains("append-only"))
    #expect(try connection.contents() == before)
  }

  @Test("history cannot be replaced either")
  func historyReplace() throws {
    let error = try databaseError {
      try connection.run(
        "INSERT OR REPLACE INTO recent_history (\(historyColumns)) VALUES (1, 1, 1, 0, 0, 0, 'event', 1)")
    }
    #expect(error?.kind == .constraint)
    #expect(try connection.integer("SELECT after FROM recent_history WHERE id = 1") == 100)
  }

  @Test(
    "rule versions are immutable",
    arguments: [
      "UPDATE rule_version SET note = 'x'", "UPDATE rule_version SET document = document",
      "DELETE FROM rule_version", "DELETE FROM model",
    ])
  func versions(_ sql: String) throws {
    let before = try connection.contents()
    #expect(try databaseError { try connection.run(sql) }?.kind == .constraint)
    #expect(try connection.contents() == before)
  }

  @Test("rule versions cannot be replaced either")
  func versionReplace() throws {
    let error = try databaseError {
      try connection.run(
        "INSERT OR REPLACE INTO rule_version (id, model_id, number, document, digest, layout, created_at) "
          + "VALUES (1, 1, 1, 'forged', 'd', '{}', 0)")
    }
    #expect(error?.kind == .constraint)
    #expect(try connection.text("SELECT document FROM rule_version WHERE id = 1") != "forged")
  }

  @Test("erasing a lead erases all that is derived from it and nothing of others", arguments: [false, true])
  func cascade(_ isInBlocks: Bool) throws {
    try connection.execute(
      """
      INSERT INTO signal_pack (id, signals) VALUES (1, '[]');
      INSERT INTO handoff_batch (id, model_id, consumer, number, as_of, recorded_at, options)
        VALUES (1, 1, 'crm', 1, 0, 0, '{}');
      """)
    // Few stand beside their block.
    let leads = Int64(1)...(isInBlocks ? 4 : 2)
    var batch = ScoreBatch()
    for id in leads {
      let state = ScoreState(
        version: 1, score: 1, stage: nil, ruleStage: nil, enteredStageAt: 0, grade: nil, scoredAt: 0, nextChangeAt: 5)
      batch.add(model: model, lead: id, state, groups: "[]", rules: "[]")
    }
    try database.write(batch)
    try ([1, 0, 2, 0, 3, 0, 4, 0] as [UInt8]).withUnsafeBytes { bytes in
      let ends = leads.map { (lead: $0, end: Int($0) * 2) }
      try database.signals.put(pack: 1, ends, UnsafeRawBufferPointer(rebasing: bytes[..<(leads.count * 2)]))
    }
    for (id, history) in [(Int64(1), Int64(1)), (2, 3)] {
      try connection.run("INSERT INTO handoff VALUES (1, 'crm', ?2, ?1, 'mql', 0, '{}')", id, history)
      try connection.run("INSERT INTO handoff_skip VALUES ('mailer', ?2, ?1, 'mql', 0, ?2, 5, 0, 0)", id, history)
      try connection.run(
        "INSERT INTO fast_track (model_id, lead_id, stage, from_at, person, reason, recorded_at) "
          + "VALUES (1, ?1, 'mql', 0, 'a', 'b', 0)", id)
      try connection.run(
        "INSERT INTO adjustment (lead_id, points, from_at, person, reason, recorded_at) VALUES (?1, 5, 0, 'a', 'b', 0)",
        id)
      try database.noteStage(ofFastTrack: id, model: model, lead: id)
      try database.noteStages(ofAdjustment: id, lead: id)
    }
    #expect(try connection.integer("SELECT count(*) FROM judged_stage") == 4)
    for (table, shift) in [("event_page", Int64(20)), ("recent_change", 21)] {
      for id in [Int64(1) << shift + 7, 2 << shift] {
        try connection.run("INSERT INTO \(table) VALUES (?1, 0, 0, 1, '[[0,1]]')", id)
      }
    }
    try connection.write { try connection.run("DELETE FROM lead WHERE id = 1") }
    #expect(try database.scores.row(model: model, lead: 1) == nil)
    #expect(try database.scores.row(model: model, lead: 2)?.score == 1)
    #expect(try !database.signals.withState(pack: 1, lead: 1) { _ in })
    var records: [[UInt8]] = []
    #expect(try database.signals.withState(pack: 1, lead: 2) { records.append(Array($0)) })
    #expect(records == [[2, 0]])
    let stored = try connection.text(
      isInBlocks ? "SELECT hex(body) FROM signal_block" : "SELECT group_concat(hex(record)) FROM recent_signals")
    #expect(stored == (isInBlocks ? "0000020003000400" : "0200"), "what was found stays in the file")
    #expect(try connection.integer("SELECT count(*) FROM recent_score") == (isInBlocks ? 0 : 1))
    #expect(try connection.integer("SELECT instr(body, '[1,') FROM score_block") ?? 0 == 0)
    for table in ["recent_history", "handoff", "handoff_skip", "fast_track", "adjustment", "judged_stage"] {
      #expect(
        try connection.rows("SELECT DISTINCT lead_id FROM \(table)", columns: 1) == [["2"]], "\(table)")
    }
    for table in ["event_page", "recent_event_page"] {
      #expect(try connection.rows("SELECT id >> 20 FROM \(table)", columns: 1) == [["2"]], "\(table)")
    }
    #expect(try connection.rows("PRAGMA foreign_key_check", columns: 1).isEmpty)
    // What the others keep is still protected.
    #expect(try databaseError { try connection.run("DELETE FROM recent_history") }?.kind == .constraint)
  }

  @Test("erasing a lead with a number that has no room for pages leaves the recent changes of others")
  func greatNumber() throws {
    try connection.run("INSERT INTO recent_change VALUES (?1, 0, 0, 1, '[[0,1]]')", Int64(1) << 21)
    let leads: [Int64] = [1 << 42 + 1, 1 << 43 + 1, Int64.max]
    for lead in leads {
      try connection.run("INSERT INTO lead VALUES (?1, ?2, NULL, 0, 0, '{}')", lead, "lead\(lead)")
      try connection.write { try connection.run("DELETE FROM lead WHERE id = ?1", lead) }
      #expect(try connection.integer("SELECT count(*) FROM recent_change") == 1)
    }
  }

  @Test(
    "values that cannot be are refused",
    arguments: [
      "INSERT INTO lead VALUES (9, '', NULL, 0, 0, '{}')",
      "INSERT INTO lead VALUES (9, 'ann', NULL, 0, 0, '{}')",
      "INSERT INTO lead VALUES (9, 'x', NULL, 0, 2, '{}')",
      "INSERT INTO lead VALUES (9, 'x', NULL, 'soon', 0, '{}')",
      "INSERT INTO event_page VALUES (9, 5, 4, 1, '[]')",
      "INSERT INTO event_page VALUES (9, 5, 5, 0, '[]')",
      "INSERT INTO recent_change VALUES (9, 5, 4, 1, '[]')",
      "INSERT INTO recent_change VALUES (9, 5, 5, NULL, '[]')",
      "INSERT INTO property (name_id, value) VALUES (77, '1')",
      "INSERT INTO import_run VALUES (1, 'songs', 'f', 0, 0, 0, 0, 0, 0, 0, 0, 0)",
      "INSERT INTO recent_history (id, model_id, lead_id, at, recorded_at, after, cause, version) "
        + "VALUES (9, 1, 1, 0, 0, 0, 'whim', 1)",
      "INSERT INTO activation (model_id, version_id, as_of, recorded_at, kind) VALUES (1, 1, 0, 0, 'wish')",
      "INSERT INTO activation (model_id, version_id, as_of, recorded_at, kind) VALUES (1, 99, 0, 0, 'apply')",
      "INSERT INTO rule_version (model_id, number, document, digest, layout, created_at) "
        + "VALUES (1, 2, '', 'd-main', '{}', 0)",
    ])
  func checks(_ sql: String) throws {
    #expect(try databaseError { try connection.run(sql) }?.kind == .constraint)
  }
}
