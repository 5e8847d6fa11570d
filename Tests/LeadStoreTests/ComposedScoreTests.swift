import LeadStore
import Testing

/// Scores and history that are composed come out as those that are added one by one.
@Suite("Composed scores")
struct ComposedScoreTests {
  private static let leads: Int64 = 250
  private static let at: Int64 = 1_000_000
  private static let texts: [String?] = [
    nil, "", "mql", "sql", "a \"quoted\" one", "back\\slash\\", "line\nbreak\tand\u{1}", "Größe 🎯", "null",
  ]

  private func text(_ random: inout SeededRandom) -> String? {
    ComposedScoreTests.texts.randomElement(using: &random) ?? nil
  }

  private func row(_ model: Int64, _ lead: Int64, at instant: Int64, _ random: inout SeededRandom) -> ScoreRow {
    ScoreRow(
      model: model, lead: lead, version: 1, score: [0, 5, -4505, 123_456_789].randomElement(using: &random) ?? 0,
      stage: text(&random), ruleStage: text(&random),
      enteredStageAt: .random(in: -9...1_800_000_000_000, using: &random),
      grade: text(&random), groups: "[5,-7,0]", rules: "[0,500,3,-25]", scoredAt: instant,
      nextChangeAt: random.chance(70) ? instant + Int64.random(in: 1...1_800_000_000_000, using: &random) : nil)
  }

  /// A database with scores in blocks and beside them, and leads that have none.
  private func database(_ folder: TestFolder, _ name: String, _ seed: UInt64) throws -> (LeadDatabase, Int64) {
    var random = SeededRandom(seed: seed)
    let database = try LeadDatabase.make(in: folder, name: name)
    let model = try database.addModel().model
    for lead in 1...ComposedScoreTests.leads { try database.addLead(lead, "lead\(lead)") }
    try database.connection.write {
      var batch = ScoreBatch()
      for lead in 1...ComposedScoreTests.leads where random.chance(90) {
        let row = row(model, lead, at: 5, &random)
        batch.add(
          model: model, lead: lead, row.state, groups: row.groups, rules: row.rules)
      }
      try database.write(batch)
      for _ in 0..<40 where seed % 2 == 0 {
        try database.scores.put(row(model, .random(in: 1...ComposedScoreTests.leads, using: &random), at: 6, &random))
      }
      try database.history.append(.sample(model: model, lead: 3, at: 6, before: nil, after: 100))
    }
    return (database, model)
  }

  /// The same leads get the same scores in both ways; a few leads keep what they have.
  private func compose(_ database: LeadDatabase, _ model: Int64, _ changes: [Int64: ScoreRow]) throws {
    let cursor = try StoredScoreCursor(database, model: model)
    let composer = ScoreComposer(
      model: model, cursor: cursor,
      origin: HistoryOrigin(
        at: ComposedScoreTests.at, recordedAt: 77, cause: .rules, causeReference: "7 \"", version: 1),
      pointsCapacity: 100)
    // Written after they were composed, as by another thread, in memory that is used again.
    var spare: [ComposedScores] = []
    var written: [ComposedScores] = []
    for first in stride(from: 1, through: ComposedScoreTests.leads, by: 48) {
      let leads = first...(first + 47)
      try cursor.begin(leads: leads)
      let target = spare.popLast() ?? ComposedScores()
      composer.begin(leads: leads, into: target)
      for lead in leads {
        guard let row = changes[lead] else { continue }
        let isKnown = try composer.advance(to: lead)
        _ = try composer.put(
          StoredScore(
            lead: lead, score: row.score, version: row.version, enteredStageAt: row.enteredStageAt,
            scoredAt: row.scoredAt, nextChange: row.nextChangeAt ?? Int64.max, stage: cursor.number(row.stage),
            ruleStage: cursor.number(row.ruleStage), grade: cursor.number(row.grade)),
          isNew: !isKnown
        ) { target in
          for (index, byte) in (row.groups + "," + row.rules).utf8.enumerated() { target[index] = byte }
          return row.groups.utf8.count + 1 + row.rules.utf8.count
        }
      }
      try composer.finish()
      cursor.finish()
      written.append(target)
      if written.count == 3 {
        for composed in written { try database.write(composed) }
        spare += written
        written = []
      }
    }
    for composed in written { try database.write(composed) }
  }

  private func add(_ database: LeadDatabase, _ model: Int64, _ changes: [Int64: ScoreRow]) throws {
    var batch = ScoreBatch()
    for (lead, row) in changes.sorted(by: { $0.key < $1.key }) {
      let before = try database.scores.row(model: model, lead: lead)
      batch.add(
        model: model, lead: lead, row.state, groups: row.groups, rules: row.rules)
      if let before, before.score == row.score, before.stage == row.stage, before.grade == row.grade { continue }
      batch.addChange(
        model: model, lead: lead, from: before?.state, to: row.state, recordedAt: 77, cause: .rules,
        reference: "7 \"")
    }
    try database.write(batch)
  }

  @Test("what is composed is what is added", arguments: UInt64(1)...8)
  func same(_ seed: UInt64) throws {
    let folder = try TestFolder()
    let (composed, model) = try database(folder, "composed.db", seed)
    let (added, _) = try database(folder, "added.db", seed)
    var random = SeededRandom(seed: seed + 100)
    var changes: [Int64: ScoreRow] = [:]
    for lead in 1...ComposedScoreTests.leads where random.chance(seed == 1 ? 100 : 95) {
      changes[lead] = row(model, lead, at: ComposedScoreTests.at, &random)
    }
    try composed.connection.write {
      try composed.scores.putMany { try composed.history.addMany { try compose(composed, model, changes) } }
    }
    try added.connection.write { try added.history.addMany { try add(added, model, changes) } }
    for database in [composed, added] { try database.connection.execute("PRAGMA trusted_schema = ON") }
    for (query, columns) in [
      ("SELECT * FROM lead_score ORDER BY lead_id", 12), ("SELECT * FROM score_history ORDER BY id", 13),
    ] as [(String, Int32)] {
      let expected = try added.connection.rows(query, columns: columns)
      #expect(try composed.connection.rows(query, columns: columns) == expected)
      #expect(expected.count > 150)
    }
    // All stands in blocks, each of which is due when the first of its leads is.
    #expect(try composed.connection.integer("SELECT count(*) FROM recent_score") == 0)
    #expect(
      try composed.connection.rows("SELECT id, next_change_at FROM score_due ORDER BY id", columns: 2)
        == composed.connection.rows(
          """
          SELECT (model_id << 40) | ((lead_id - 1) >> 4), coalesce(min(next_change_at), 9223372036854775807)
          FROM lead_score GROUP BY 1 ORDER BY 1
          """, columns: 2))
    #expect(try composed.connection.text("PRAGMA integrity_check") == "ok")
    // Rows that come one by one go on behind them.
    try composed.connection.write {
      try composed.history.append(.sample(model: model, lead: 1, at: ComposedScoreTests.at + 1, before: 1, after: 2))
    }
    #expect(try composed.connection.integer("SELECT max(id) - count(*) FROM score_history") == 0)
  }
}
