import LeadStore
import Testing

@Suite("Scores and records in blocks of leads")
struct LeadBlockTests {
  private let folder: TestFolder
  private let database: LeadDatabase

  init() throws {
    folder = try TestFolder()
    database = try LeadDatabase.make(in: folder)
  }

  private static let texts: [String?] = [
    nil, "", "mql", "a \"quoted\" one", "back\\slash\\", "line\nbreak\tand\u{1}", "Größe 🎯", "null", "[1,2]",
    // What one of them is stored as is another one of them.
    "\\", "\\\\", "A\"", "A\\\"",
  ]

  private func score(_ model: Int64, _ lead: Int64, _ random: inout some RandomNumberGenerator) -> ScoreRow {
    let texts = LeadBlockTests.texts
    return ScoreRow(
      model: model, lead: lead, version: .random(in: 1...9, using: &random),
      score: .random(in: -5000...5000, using: &random),
      stage: texts.randomElement(using: &random) ?? nil, ruleStage: texts.randomElement(using: &random) ?? nil,
      enteredStageAt: .random(in: -9_000_000_000...1_800_000_000_000, using: &random),
      grade: texts.randomElement(using: &random) ?? nil,
      groups: ["[]", "[5,-7,0]"].randomElement(using: &random) ?? "",
      rules: ["[]", "[0,500,3,-25]"].randomElement(using: &random) ?? "", scoredAt: .random(in: 0...99, using: &random),
      nextChangeAt: Bool.random(using: &random) ? .random(in: 0...50, using: &random) : nil)
  }

  @Test("scores that are put, replaced and looked for are those of a plain dictionary", arguments: 0..<8)
  func scores(_ seed: Int) throws {
    struct Key: Hashable {
      var model: Int64
      var lead: Int64
    }
    var random = SeededRandom(seed: UInt64(seed))
    var known: [Key: ScoreRow] = [:]
    for lead in Int64(1)...70 { try database.addLead(lead, "lead\(lead)") }
    for model in Int64(1)...2 { try database.connection.run("INSERT INTO model VALUES (?1, ?1, 0, NULL)", model) }
    for round in 0..<60 {
      func change() throws {
        var batch = ScoreBatch()
        for _ in 0..<Int.random(in: 1...(round % 3 == 0 ? 30 : 3), using: &random) {
          let row = score(.random(in: 1...2, using: &random), .random(in: 1...70, using: &random), &random)
          if round % 2 == 0 {
            try database.scores.put(row)
          } else {
            batch.add(
              model: row.model, lead: row.lead, row.state, groups: row.groups,
              rules: row.rules)
          }
          known[Key(model: row.model, lead: row.lead)] = row
        }
        try database.write(batch)
      }
      if round % 8 < 4 { try change() } else { try database.scores.putMany(change) }
      if round % 4 == 0 {
        let erased = Int64.random(in: 1...70, using: &random)
        try database.connection.run("DELETE FROM lead WHERE id = ?1", erased)
        try database.addLead(erased, "lead\(erased)")
        for model in Int64(1)...2 { known[Key(model: model, lead: erased)] = nil }
      }

      let model = Int64.random(in: 1...2, using: &random)
      let first = Int64.random(in: 1...70, using: &random)
      let range = first...(first + .random(in: 0...40, using: &random))
      var found: [ScoreRow] = []
      try database.scores.forEach(model: model, leads: range) { found.append($0) }
      #expect(found == range.compactMap { known[Key(model: model, lead: $0)] })
      let cursor = try ScoreCursor(database, model: model)
      try cursor.begin(leads: range)
      for lead in range { #expect(try cursor.state(of: lead) == known[Key(model: model, lead: lead)]?.state) }
      cursor.finish()
      #expect(try database.scores.row(model: model, lead: first) == known[Key(model: model, lead: first)])

      let instant = Int64.random(in: -1...50, using: &random)
      let due = known.values.filter { $0.model == model && ($0.nextChangeAt ?? 99) <= instant }.map(\.lead).sorted()
      if round % 5 == 0 {
        #expect(try database.scores.settledDue(model: model, by: instant, limit: 1000) == due)
        let blocks = try database.connection.integer(
          "SELECT count(*) FROM score_due WHERE next_change_at <= \(instant) AND id >> 40 = \(model)")
        #expect(blocks == Int64(Set(due.map { ($0 - 1) / 16 }).count))
      }
      #expect(try database.scores.due(model: model, by: instant, limit: 1000) == due)
      #expect(try database.scores.isAnyDue(model: model, by: instant) == !due.isEmpty)
      #expect(try database.scores.due(model: model, by: instant, limit: 3).count == min(3, due.count))
      var counts: [String?: Int64] = [:]
      for row in known.values where row.model == model { counts[row.stage, default: 0] += 1 }
      let stages = try database.scores.stageCounts(model: model)
      #expect(Dictionary(uniqueKeysWithValues: stages.map { ($0.stage, $0.count) }) == counts)
    }
    // Each filter lets through what it should, in order, however few are asked for.
    for (stage, grade) in zip(LeadBlockTests.texts, LeadBlockTests.texts.reversed()) {
      for column in [ScoreFilter.Column.score, .nextChangeAt, .key, .stage] {
        for limit in [nil, 0, 3, Int.max] as [Int?] {
          for descending in [true, false] {
            var filter = ScoreFilter()
            if let stage, column != .key { filter.stages = [stage, "mql"] }
            if Bool.random(using: &random), column != .key { filter.grade = grade }
            filter.order = [(column, descending)]
            filter.limit = limit
            try check(filter, known.values.filter { $0.model == 1 })
          }
        }
      }
    }
    // A person with plain SQL sees the same.
    try database.connection.execute("PRAGMA trusted_schema = ON")
    let rows = try database.connection.rows(
      "SELECT model_id, lead_id, score, stage, grade, groups, next_change_at FROM lead_score ORDER BY 1, 2", columns: 7)
    let expected = known.values.sorted { ($0.model, $0.lead) < ($1.model, $1.lead) }.map {
      ["\($0.model)", "\($0.lead)", "\($0.score)", $0.stage, $0.grade, $0.groups, $0.nextChangeAt.map { "\($0)" }]
    }
    #expect(rows == expected)
    let beside = try database.connection.integer("SELECT count(*) FROM recent_score") ?? 0
    #expect(beside > 0 && beside <= 4 * 2 * 5)
  }

  @Test("a few changes among many leads stand beside their blocks until enough of a block's have changed")
  func beside() throws {
    var random = SeededRandom(seed: 3)
    func beside() throws -> Int64 { try database.connection.integer("SELECT count(*) FROM recent_score") ?? 0 }
    func put(_ leads: some Sequence<Int64>) throws {
      var batch = ScoreBatch()
      for lead in leads {
        let row = score(1, lead, &random)
        batch.add(model: 1, lead: lead, row.state, groups: "[]", rules: "[]")
      }
      try database.write(batch)
    }
    func block() throws -> String? { try database.connection.text("SELECT body FROM score_block WHERE id & 255 = 0") }
    try put(1...40)
    #expect(try beside() == 0)
    let before = try block()
    for lead in [Int64(3), 9, 3, 16, 1, 9] { try put([lead]) }
    #expect(try beside() == 4)
    #expect(try block() == before)
    try put([2])
    #expect(try beside() == 0, "the fifth one brings all into the block")
    #expect(try block() != before)
    try put([5, 20])
    #expect(try beside() == 2)
    try put(6...9)
    #expect(try beside() == 1, "another block's stays")
  }

  @Test("leads whose numbers are too great for rows of their own stand in blocks, and touch nobody else's rows")
  func greatNumbers() throws {
    var random = SeededRandom(seed: 4)
    let great = Int64(1) << 40
    func beside() throws -> [Int64] {
      var leads: [Int64] = []
      try database.connection.forEachRow("SELECT id & \(great - 1) FROM recent_score ORDER BY id") {
        leads.append($0.integer(0))
      }
      return leads
    }
    var known: [ScoreRow] = []
    for lead in [1, great - 2, great - 1, great, great + 1, great + 20] {
      known.append(score(1, lead, &random))
      try database.scores.put(known[known.count - 1])
      try [UInt8(truncatingIfNeeded: lead)].withUnsafeBytes { try database.signals.put(pack: 1, lead: lead, $0) }
    }
    for row in known { #expect(try database.scores.row(model: 1, lead: row.lead) == row) }
    // The one that can have no row took the others of its block along.
    #expect(try beside() == [1])
    let last = score(1, great - 1, &random)
    try database.scores.put(last)
    try [UInt8(9)].withUnsafeBytes { try database.signals.put(pack: 1, lead: great - 1, $0) }
    #expect(try beside() == [1, great - 1])
    try database.scores.put(known[4])
    try [UInt8(1)].withUnsafeBytes { try database.signals.put(pack: 1, lead: great + 1, $0) }
    #expect(try beside() == [1, great - 1])
    #expect(try database.scores.row(model: 1, lead: great - 1) == last)
    for leads in [(great + 1)...Int64.max, Int64.min...0] {
      var found: [Int64] = []
      try database.scores.forEach(model: 1, leads: leads) { found.append($0.lead) }
      try database.signals.forEachState(pack: 1, leads: leads) { lead, _ in found.append(lead) }
      #expect(found == (leads.upperBound > 0 ? [great + 1, great + 20, great + 1, great + 20] : []))
    }
  }

  /// Lists by a filter, with a listing within each listing, and holds it against the rows.
  private func check(_ filter: ScoreFilter, _ rows: [ScoreRow]) throws {
    var found: [ScoreRow] = []
    try database.forEachScore(model: 1, filter) { listed, _ in
      found.append(listed.score)
      if found.count == 1 { try database.forEachScore(model: 2, filter) { _, _ in true } }
      return true
    }
    let admitted = rows.filter {
      (filter.stages.isEmpty || $0.stage.map(filter.stages.contains) ?? false)
        && (filter.grade == nil || $0.grade == filter.grade)
    }
    guard let (column, descending) = filter.order.first else { return }
    func rank(_ row: ScoreRow) -> (Int64, String) {
      switch column {
      case .nextChangeAt: (row.nextChangeAt ?? Int64.min, "")
      case .stage: (row.stage == nil ? 0 : 1, row.stage ?? "")
      case .key: (0, "lead\(row.lead)")
      default: (row.score, "")
      }
    }
    func isBefore(_ left: ScoreRow, _ right: ScoreRow) -> Bool {
      let (one, other) = (rank(left), rank(right))
      if one == other { return "lead\(left.lead)" < "lead\(right.lead)" }
      if one.0 != other.0 { return (one.0 < other.0) != descending }
      return Array(one.1.utf8).lexicographicallyPrecedes(Array(other.1.utf8)) != descending
    }
    #expect(found == Array(admitted.sorted(by: isBefore).prefix(filter.limit ?? Int.max)), "\(filter)")
  }

  @Test("records that are put, replaced and looked for are those of a plain dictionary", arguments: 0..<8)
  func records(_ seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    var known: [Int64: [UInt8]] = [:]
    for _ in 0..<40 {
      var leads: [(lead: Int64, end: Int)] = []
      var bytes: [UInt8] = []
      for lead in Int64(1)...70 where Int.random(in: 0..<4, using: &random) == 0 {
        let size = [0, 1, 40, 3000].randomElement(using: &random) ?? 0
        let record = (0..<size).map { _ in UInt8.random(in: 0...3, using: &random) }
        known[lead] = record
        bytes += record
        leads.append((lead, bytes.count))
      }
      try bytes.withUnsafeBytes { try database.signals.put(pack: 3, leads, $0) }
      // Another pack's stand apart.
      try bytes.withUnsafeBytes { try database.signals.put(pack: 4, lead: 1, $0) }
      try bytes.withUnsafeBytes { try database.signals.put(pack: 5, leads, $0) }

      let first = Int64.random(in: 1...70, using: &random)
      let range = first...(first + .random(in: 0...40, using: &random))
      var found: [Int64: [UInt8]] = [:]
      try database.signals.forEachState(pack: 3, leads: range) { found[$0] = Array($1) }
      #expect(found == known.filter { range.contains($0.key) })
      let cursor = try RecordCursor(database, pack: 3)
      try cursor.begin(leads: range)
      for lead in range {
        let record = try cursor.advance(to: lead) ? cursor.withRecord { Array($0) } : nil
        #expect(record == known[lead])
      }
      cursor.finish()
      var one: [UInt8]?
      #expect(try database.signals.withState(pack: 3, lead: first) { one = Array($0) } == (known[first] != nil))
      #expect(one == known[first])
    }
    var others: [Int64: [UInt8]] = [:]
    try database.signals.forEachState(pack: 5, leads: 1...70) { others[$0] = Array($1) }
    try database.signals.removePack(3)
    #expect(try !database.signals.withState(pack: 3, lead: 1) { _ in })
    #expect(try database.signals.withState(pack: 4, lead: 1) { _ in })
    #expect(others == known)
    for lead in known.keys { #expect(try database.signals.withState(pack: 5, lead: lead) { _ in }) }
  }

  @Test(
    "damaged blocks are said to be, not guessed at",
    arguments: [
      "UPDATE score_block SET body = '[0]'", "UPDATE score_block SET body = ''",
      "UPDATE score_block SET body = replace(body, ',null]', ']')", "UPDATE score_block SET body = substr(body, 1, 40)",
      "UPDATE signal_block SET ends = replace(ends, '4', '9')",
      "UPDATE signal_block SET ends = replace(ends, '0', 'x')",
    ])
  func damage(_ sql: String) throws {
    var random = SeededRandom(seed: 1)
    var batch = ScoreBatch()
    for lead in Int64(1)...4 {
      var state = score(1, lead, &random).state
      state.nextChangeAt = nil
      batch.add(model: 1, lead: lead, state, groups: "[]", rules: "[]")
    }
    try database.write(batch)
    try ([1, 2, 3, 4] as [UInt8]).withUnsafeBytes { bytes in
      try database.signals.put(pack: 1, (1...4).map { (lead: Int64($0), end: $0) }, bytes)
    }
    try database.connection.run(sql)
    #expect(database.connection.changes == 1)
    let error = #expect(throws: StoreError.self) {
      _ = try database.scores.row(model: 1, lead: 1)
      _ = try database.signals.withState(pack: 1, lead: 1) { _ in }
    }
    #expect(error.map { "\($0)".contains("damaged") } ?? false)
  }

  @Test("a file with a row a lead is brought to blocks, and what refers to its history stays")
  func migration() throws {
    let path = folder.file("older.db")
    var random = SeededRandom(seed: 7)
    var scores: [ScoreRow] = []
    var records: [Int64: [UInt8]] = [:]
    do {
      let connection = try Connection(path: path, mode: .create)
      try Migrator(migrations: Array(Migration.all.prefix(4))).migrate(connection, now: { 0 }, program: "0")
      try connection.execute(
        """
        INSERT INTO model VALUES (1, 'main', 0, NULL), (2, 'other', 0, NULL);
        INSERT INTO signal_pack VALUES (1, '[]');
        INSERT INTO handoff_batch VALUES (1, 1, 'crm', 1, 0, 0, NULL, '{}', NULL);
        """)
      for lead in Int64(1)...100 where Int.random(in: 0..<4, using: &random) > 0 {
        try connection.run("INSERT INTO lead VALUES (?1, ?2, NULL, 0, 0, '{}')", lead, "lead\(lead)")
        for model in Int64(1)...2 where Bool.random(using: &random) {
          let row = score(model, lead, &random)
          scores.append(row)
          try connection.run(
            "INSERT INTO lead_score VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)", row.model, row.lead,
            row.version, row.score, row.stage, row.ruleStage, row.enteredStageAt, row.grade, row.groups, row.rules,
            row.scoredAt, row.nextChangeAt)
        }
        if Bool.random(using: &random) {
          let record = (0..<Int.random(in: 0...50, using: &random)).map { _ in UInt8.random(in: 0...2, using: &random) }
          records[lead] = record
          try connection.withStatement("INSERT INTO signal_state VALUES (1, ?1, ?2)") { statement in
            try statement.bind(1, lead)
            try record.withUnsafeBytes { try statement.bindBlob(2, $0) }
            try statement.run()
          }
        }
        try connection.run(
          """
          INSERT INTO score_history (id, model_id, lead_id, at, recorded_at, after, cause, version)
          VALUES (?1, 1, ?1, 5, 5, 5, 'fast-track', 1)
          """, lead)
        try connection.run("INSERT INTO handoff VALUES (1, 'crm', ?1, ?1, '{}')", lead)
      }
    }
    let counts = ["score_history", "handoff"].map { "SELECT count(*), sum(lead_id) FROM \($0)" }
    let before = try counts.map { try Connection(path: path, mode: .readOnly).rows($0, columns: 2) }
    _ = try DatabaseMigration.migrate(path: path, now: { 0 }, program: "1")
    let migrated = try LeadDatabase.open(path: path)
    try migrated.connection.execute("PRAGMA trusted_schema = ON")
    #expect(try counts.map { try migrated.connection.rows($0, columns: 2) } == before)
    #expect(try migrated.connection.integer("SELECT count(*) FROM recent_history") == 0)
    for model in Int64(1)...2 {
      var found: [ScoreRow] = []
      try migrated.scores.forEach(model: model) { found.append($0) }
      #expect(found == scores.filter { $0.model == model })
      let due = scores.filter { $0.model == model && ($0.nextChangeAt ?? 99) <= 20 }.map(\.lead)
      #expect(try migrated.scores.due(model: model, by: 20, limit: 1000) == due)
    }
    var found: [Int64: [UInt8]] = [:]
    try migrated.signals.forEachState(pack: 1, leads: 1...200) { found[$0] = Array($1) }
    #expect(found == records)
    #expect(scores.count > 50 && records.count > 20)
  }
}
