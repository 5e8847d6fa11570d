import LeadStore
import Testing

@Suite("History in runs")
struct HistoryRunTests {
  /// Rows are added in every way that there is; what is asked for equals what a plain array says.
  @Test("what was added is found again, however it stands", arguments: 1...6)
  func random(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let folder = try TestFolder()
    let database = try LeadDatabase.make(in: folder)
    let models = try ["main", "other"].map { try database.addModel($0).model }
    let leads = Int64(1)...60
    for lead in leads { try database.addLead(lead, "lead-\(lead)") }
    var rows: [HistoryRow] = []
    for _ in 0..<12 {
      let way = Int.random(in: 0...3, using: &random)
      var new = (0..<Int.random(in: 1...300, using: &random)).map { _ in row(models, leads, &random) }
      // Runs in order of leads, and some that are not.
      if way != 3 { new.sort { $0.lead < $1.lead } }
      try database.connection.write {
        switch way {
        case 0: for row in new { try database.history.append(row) }
        case 1: try database.history.append(new)
        default:
          try database.history.addMany {
            try database.history.append(Array(new.prefix(40)))
            try database.history.append(Array(new.dropFirst(40)))
          }
        }
        if Int.random(in: 0...3, using: &random) == 0 { try database.history.foldRecent() }
      }
      for (index, row) in new.enumerated() {
        var stored = row
        stored.id = Int64(rows.count + index + 1)
        new[index] = stored
      }
      rows += new
    }
    try compare(database, models, leads, rows, &random)
    // Of an erased lead nothing is left, and all else stays.
    let erased = Int64.random(in: leads, using: &random)
    try database.connection.write { try database.connection.run("DELETE FROM lead WHERE id = ?1", erased) }
    rows.removeAll { $0.lead == erased }
    try compare(database, models, leads, rows, &random)
    // As people see it.
    try database.connection.execute("PRAGMA trusted_schema = ON")
    let columns = """
      SELECT id, model_id, lead_id, at, recorded_at, before, after, stage_before, stage_after, grade_after, cause,
        cause_ref, version
      FROM score_history ORDER BY id
      """
    #expect(
      try database.connection.rows(columns, columns: 13)
        == rows.map { row in
          [
            "\(row.id)", "\(row.model)", "\(row.lead)", "\(row.at)", "\(row.recordedAt)", row.before.map { "\($0)" },
            "\(row.after)", row.stageBefore, row.stageAfter, row.gradeAfter, row.cause.rawValue, row.causeReference,
            "\(row.version)",
          ]
        })
    #expect(try database.connection.text("PRAGMA integrity_check") == "ok")
  }

  private func row(_ models: [Int64], _ leads: ClosedRange<Int64>, _ random: inout SeededRandom) -> HistoryRow {
    func one<Value>(_ values: [Value]) -> Value { values[Int.random(in: 0..<values.count, using: &random)] }
    let stages = [nil, "new", "mql", #"a "quoted" \ stage"#, "ü\n"]
    return HistoryRow(
      model: one(models), lead: Int64.random(in: leads, using: &random), at: Int64.random(in: -50...50, using: &random),
      recordedAt: one([0, 1_700_000_000_000, -5]), before: one([nil, 0, -4505, 123_456_789]),
      after: one([0, -1, 10_000, 1 << 60]), stageBefore: one(stages), stageAfter: one(stages),
      gradeAfter: one([nil, "A1"]), cause: one(Cause.allCases), causeReference: one([nil, "7", ""]),
      version: one([1, 2, 1000]))
  }

  private func compare(
    _ database: LeadDatabase, _ models: [Int64], _ leads: ClosedRange<Int64>, _ rows: [HistoryRow],
    _ random: inout SeededRandom
  ) throws {
    #expect(try database.history.count() == Int64(rows.count))
    for model in models {
      for lead in leads {
        let instant = Int64.random(in: -60...60, using: &random)
        #expect(
          try database.history.row(model: model, lead: lead, at: instant)
            == rows.last { $0.model == model && $0.lead == lead && $0.at <= instant })
      }
      for _ in 0..<20 {
        var filter = HistoryFilter()
        var expected = rows.filter { $0.model == model }
        if Bool.random(using: &random) {
          let lead = Int64.random(in: leads, using: &random)
          filter.lead = lead
          expected.removeAll { $0.lead != lead }
        } else {
          expected.sort { ($0.at, $0.id) < ($1.at, $1.id) }
        }
        if Bool.random(using: &random) {
          let since = Int64.random(in: -60...60, using: &random)
          filter.since = since
          expected.removeAll { $0.at < since }
        }
        if Bool.random(using: &random) {
          let until = Int64.random(in: -60...60, using: &random)
          filter.until = until
          expected.removeAll { $0.at > until }
        }
        if Bool.random(using: &random) {
          filter.causes = [.event, .rules]
          expected.removeAll { $0.cause != .event && $0.cause != .rules }
        }
        if Bool.random(using: &random) {
          filter.onlyStageChanges = true
          expected.removeAll { $0.stageBefore == $0.stageAfter }
        }
        let limit = Bool.random(using: &random) ? Int.random(in: 0...30, using: &random) : -1
        if limit >= 0 { expected = Array(expected.prefix(limit)) }
        var found: [HistoryRow] = []
        try database.history.forEach(model: model, filter: filter, limit: limit) { row, key in
          #expect(key == "lead-\(row.lead)")
          found.append(row)
        }
        #expect(found == expected)
      }
    }
  }

  @Test("what single events add becomes a run when there is much of it, and numbers go on")
  func folds() throws {
    let folder = try TestFolder()
    let database = try LeadDatabase.make(in: folder)
    let (model, _) = try database.addModel()
    try database.addLead(1, "ann")
    try database.addLead(2, "bob")
    func add(_ count: Int) throws {
      try database.connection.write {
        try database.history.append(
          (0..<count).map { .sample(model: model, lead: Int64($0 % 2 + 1), at: 5, before: 1, after: Int64($0)) })
      }
    }
    try add(16_000)
    #expect(try database.connection.integer("SELECT count(*) FROM history_run") == 0)
    try add(1000)
    #expect(try database.connection.integer("SELECT count(*) FROM history_run") == 1)
    #expect(try database.connection.integer("SELECT count(*) FROM recent_history") == 0)
    try add(3)
    #expect(try database.connection.integer("SELECT min(id) FROM recent_history") == 17_001)
    #expect(try database.history.count() == 17_003)
    #expect(try database.history.row(model: model, lead: 2, at: 5)?.id == 17_002)
    // Another connection goes on with the numbers.
    let other = try LeadDatabase.open(path: database.connection.path)
    try other.connection.write { try other.history.foldRecent() }
    try other.history.append(.sample(model: model, lead: 1, at: 6, before: 1, after: 1))
    #expect(try other.history.row(model: model, lead: 1, at: 6)?.id == 17_004)
    try add(1)
    #expect(try database.history.row(model: model, lead: 1, at: 5)?.id == 17_005)
  }

  @Test("many small runs become one, so that a lead is looked for in few")
  func merges() throws {
    let folder = try TestFolder()
    let database = try LeadDatabase.make(in: folder)
    let (model, _) = try database.addModel()
    for lead in Int64(1)...3 { try database.addLead(lead, "lead-\(lead)") }
    var expected: [HistoryRow] = []
    for number in Int64(1)...100 {
      var rows = [1, 3].map { HistoryRow.sample(model: model, lead: $0, at: number, before: nil, after: number) }
      try database.connection.write { try database.history.addMany { try database.history.append(rows) } }
      for index in rows.indices { rows[index].id = Int64(expected.count + index + 1) }
      expected += rows
      #expect(try database.connection.integer("SELECT count(*) FROM history_run") ?? 99 < 16)
    }
    for (first, last) in [(Int64.min, Int64.max), (30, 35)] {
      var filter = HistoryFilter()
      (filter.since, filter.until) = (first, last)
      var found: [HistoryRow] = []
      try database.history.forEach(model: model, filter: filter) { row, _ in found.append(row) }
      #expect(found == expected.filter { (first...last).contains($0.at) })
    }
    #expect(try database.history.row(model: model, lead: 3, at: 50)?.id == 100)
    #expect(try database.connection.text("PRAGMA integrity_check") == "ok")
  }

  @Test("nothing is left of an addition that fails")
  func undone() throws {
    let folder = try TestFolder()
    let database = try LeadDatabase.make(in: folder)
    let (model, _) = try database.addModel()
    try database.addLead(1, "ann")
    try database.history.append(.sample(model: model, lead: 1, at: 1, before: nil, after: 1))
    let before = try database.connection.contents()
    #expect(throws: TestFault()) {
      try database.connection.write {
        try database.history.addMany {
          try database.history.append(.sample(model: model, lead: 1, at: 2, before: 1, after: 2))
          throw TestFault()
        }
      }
    }
    #expect(try database.connection.contents() == before)
    try database.history.append(.sample(model: model, lead: 1, at: 3, before: 1, after: 3))
    #expect(try database.history.row(model: model, lead: 1, at: 3)?.id == 2)
  }

  @Test(
    "runs are append-only",
    arguments: [
      "UPDATE history_page SET body = '[0]'", "UPDATE history_page SET heads = heads",
      "UPDATE history_page SET first_at = 0, erased = 99", "DELETE FROM history_page", "DELETE FROM history_run",
      "UPDATE history_page SET erased = 1, body = '[0' || substr(body, instr(substr(body, 3), char(10) || ',[') + 2)",
      "UPDATE history_page SET erased = 99, body = replace(body, '250', '999')",
      "UPDATE history_run SET last_at = last_at + 1",
      "INSERT OR REPLACE INTO history_page SELECT id, 1, 1, 1, NULL, '[0]', '[0]' FROM history_page",
      "INSERT INTO history_page SELECT id + 1, 1, 1, 1, NULL, heads, '[0' || char(10) || ']' FROM history_page",
      "INSERT OR REPLACE INTO history_run SELECT id, 1, 9, 9, 1, 1 FROM history_run",
      "INSERT INTO history_run VALUES (99, 1, 1, 1000000, 0, 0)",
    ])
  func appendOnly(_ sql: String) throws {
    let folder = try TestFolder()
    let database = try LeadDatabase.make(in: folder)
    let (model, _) = try database.addModel()
    try database.addLead(1, "ann")
    try database.addLead(2, "bob")
    try database.history.append(.sample(model: model, lead: 1, at: 1, before: nil, after: 250))
    try database.history.append(.sample(model: model, lead: 2, at: 1, before: nil, after: 250))
    try database.connection.write { try database.history.foldRecent() }
    let before = try database.connection.contents()
    let error = try #require(try databaseError { try database.connection.run(sql) })
    #expect(error.kind == .constraint)
    #expect(error.message.contains("append-only"))
    #expect(try database.connection.contents() == before)
  }

  /// A test lead, a robot: all rows of a lead stand in one page.
  @Test("a lead with very many rows that are all different is worked on in good time, and found again")
  func manyOfOne() throws {
    let folder = try TestFolder()
    let database = try LeadDatabase.make(in: folder)
    let (model, _) = try database.addModel()
    try database.addLead(1, "ann")
    for start in stride(from: Int64(0), to: 200_000, by: 10_000) {
      let rows = (start..<(start + 10_000)).map { number in
        var row = HistoryRow.sample(model: model, lead: 1, at: number, before: number, after: number + 1)
        row.causeReference = "\(number)"
        return row
      }
      try database.connection.write { try database.history.addMany { try database.history.append(rows) } }
    }
    var last: Int64 = -1
    var filter = HistoryFilter()
    filter.lead = 1
    try database.history.forEach(model: model, filter: filter) { row, _ in
      #expect(row.at == last + 1 && row.recordedAt == row.at + 1 && row.causeReference == "\(row.at)")
      last = row.at
    }
    #expect(last == 199_999)
  }

  @Test("a lead erased where references are not checked leaves no history, and what is left breaks nothing")
  func orphans() throws {
    let folder = try TestFolder()
    let database = try LeadDatabase.make(in: folder)
    let (model, _) = try database.addModel()
    for lead in Int64(1)...2 {
      try database.addLead(lead, "lead-\(lead)")
      try database.history.append(.sample(model: model, lead: lead, at: 1, before: nil, after: 250))
    }
    try database.connection.execute("PRAGMA foreign_keys = OFF")
    try database.connection.run("DELETE FROM lead WHERE id = 1")
    #expect(try database.connection.integer("SELECT count(*) FROM recent_history") == 1)
    try database.connection.write { try database.history.foldRecent() }
    try database.connection.execute("DROP TRIGGER lead_has_no_history")
    try database.connection.run("DELETE FROM lead WHERE id = 2")
    try database.history.forEach(model: model, filter: HistoryFilter()) { _, _ in Issue.record("a row of nobody") }
  }

  @Test("people cannot change history through the view either", arguments: [false, true])
  func view(_ isFolded: Bool) throws {
    let folder = try TestFolder()
    let database = try LeadDatabase.make(in: folder)
    let (model, _) = try database.addModel()
    try database.addLead(1, "ann")
    try database.history.append(.sample(model: model, lead: 1, at: 1, before: nil, after: 250))
    if isFolded { try database.connection.write { try database.history.foldRecent() } }
    try database.connection.execute("PRAGMA trusted_schema = ON")
    for sql in ["UPDATE score_history SET after = 1", "DELETE FROM score_history WHERE lead_id = 1"] {
      let error = try #require(try databaseError { try database.connection.run(sql) })
      #expect(error.message.contains("append-only"))
    }
    #expect(try database.connection.integer("SELECT after FROM score_history") == 250)
  }

  @Test(
    "a page that somebody damaged is named",
    arguments: [
      "body = '[0]'", "body = replace(body, ',250,', ',,')", "body = replace(body, ',1]', ',7]')", "body = ''",
      "heads = replace(heads, 'event', 'whim')", "heads = replace(heads, ',[1,', ',[')",
      "heads = '[0' || char(10) || ']'", "body = substr(body, 1, 20)",
      "heads = replace(heads, '\"A1\"]', '\"A1')",
    ])
  func damaged(_ change: String) throws {
    let folder = try TestFolder()
    let database = try LeadDatabase.make(in: folder)
    let (model, _) = try database.addModel()
    try database.addLead(1, "ann")
    for at in Int64(1)...3 {
      try database.history.append(.sample(model: model, lead: 1, at: at, before: nil, after: 250))
    }
    try database.connection.write { try database.history.foldRecent() }
    try database.connection.execute("DROP TRIGGER history_page_is_append_only")
    try database.connection.execute("UPDATE history_page SET \(change)")
    #expect(throws: StoreError.self) { _ = try database.history.count() }
  }
}
