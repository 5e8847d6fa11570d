import LeadStore
import Testing

@Suite("Scores beside a file that cannot be written")
struct OverlayTests {
  private let folder: TestFolder
  private let model: Int64
  private var path: String { folder.file("leads.db") }

  init() throws {
    folder = try TestFolder()
    let database = try LeadDatabase.make(in: folder)
    (model, _) = try database.addModel()
    // Four at once go into a block; one of them stands beside it, too.
    try database.putTogether((1...4).map { OverlayTests.score(model, $0, 100 * $0, next: 10 * $0) })
    try database.connection.run("DELETE FROM lead WHERE id = 4")
    try database.scores.put(OverlayTests.score(model, 3, 3, next: nil))
    try database.scores.put(OverlayTests.score(model, 3, 300, next: 30))
    for lead in Int64(1)...3 {
      try database.history.append(.sample(model: model, lead: lead, at: lead, before: nil, after: 100 * lead))
    }
    try database.models.setEvaluated(model, at: 50)
    try database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
  }

  private static func score(_ model: Int64, _ lead: Int64, _ score: Int64, next: Int64?) -> ScoreRow {
    ScoreRow(
      model: model, lead: lead, version: 1, score: score, stage: "new", ruleStage: "new", enteredStageAt: 0, grade: nil,
      groups: "[0,0]", rules: "[]", scoredAt: 0, nextChangeAt: next)
  }

  @Test("what is written is read back, and the file stays as it is to the byte")
  func writes() throws {
    let before = try fileBytes(path)
    do {
      let overlay = try LeadDatabase.openOverlay(path: path)
      try overlay.connection.write {
        let changed = OverlayTests.score(model, 2, 999, next: nil)
        try overlay.scores.put(OverlayTests.score(model, 2, 5, next: 1))
        try overlay.scores.put(changed)
        try overlay.history.append(.sample(model: model, lead: 2, at: 60, before: 200, after: 999, cause: .time))
        try overlay.history.append(.sample(model: model, lead: 2, at: 61, before: 999, after: 999, cause: .time))
        try overlay.models.setEvaluated(model, at: 70)

        #expect(try overlay.scores.row(model: model, lead: 2) == changed)
        #expect(try overlay.scores.row(model: model, lead: 1)?.score == 100)
      }
      var scores: [Int64] = []
      try overlay.scores.forEach(model: model) { scores.append($0.score) }
      #expect(scores == [100, 999, 300])
      #expect(try overlay.scores.due(model: model, by: 100, limit: 10) == [1, 3])
      #expect(try overlay.scores.stageCounts(model: model).map(\.count) == [3])
      #expect(try overlay.history.count() == 5)
      var ids: [Int64] = []
      try overlay.history.forEach(model: model, filter: HistoryFilter()) { row, key in
        ids.append(row.id)
        #expect(key == "lead-\(row.lead)")
      }
      #expect(ids == [1, 2, 3, 4, 5])
      #expect(try overlay.history.row(model: model, lead: 2, at: 100)?.at == 61)
      #expect(try overlay.history.row(model: model, lead: 2, at: 59)?.at == 2)
    }
    #expect(try fileBytes(path) == before)
    let plain = try LeadDatabase.open(path: path)
    #expect(try plain.scores.row(model: model, lead: 2)?.score == 200)
    #expect(try plain.history.count() == 3)
    #expect(try plain.models.lastEvaluation() == 50)
  }

  @Test("an error undoes what was written beside the file")
  func rollsBack() throws {
    let overlay = try LeadDatabase.openOverlay(path: path)
    #expect(throws: TestFault()) {
      try overlay.connection.write {
        try overlay.scores.put(OverlayTests.score(model, 1, 7, next: nil))
        try overlay.history.append(.sample(model: model, lead: 1, at: 60, before: 100, after: 7))
        throw TestFault()
      }
    }
    #expect(try overlay.scores.row(model: model, lead: 1)?.score == 100)
    #expect(try overlay.history.count() == 3)
  }

  @Test("facts cannot be written")
  func facts() throws {
    let overlay = try LeadDatabase.openOverlay(path: path)
    #expect(try databaseError { try overlay.addLead(9, "new") }?.kind == .readOnly)
    #expect(try databaseError { _ = try overlay.models.add("m", createdAt: 0) } != nil)
    #expect(try overlay.leads.count() == 3)
  }

  @Test("two of them know nothing of each other, and a writer goes on beside them")
  func separate() throws {
    let writer = try LeadDatabase.open(path: path, busyTimeout: 0)
    let first = try LeadDatabase.openOverlay(path: path)
    let second = try LeadDatabase.openOverlay(path: path)
    try writer.connection.write {
      try writer.addLead(4, "lead-4")
      try first.connection.write { try first.scores.put(OverlayTests.score(model, 1, 11, next: nil)) }
      try second.connection.write { try second.scores.put(OverlayTests.score(model, 1, 22, next: nil)) }
    }
    #expect(try first.scores.row(model: model, lead: 1)?.score == 11)
    #expect(try second.scores.row(model: model, lead: 1)?.score == 22)
    #expect(try writer.scores.row(model: model, lead: 1)?.score == 100)
    #expect(try first.leads.count() == 4)
  }

  @Test("a lead beside one that is laid over is seen as of the same snapshot as everything else", arguments: [2, 4])
  func neighbours(_ count: Int64) throws {
    func row(_ lead: Int64, _ score: Int64) -> ScoreRow {
      ScoreRow(
        model: 1, lead: lead, version: 1, score: score, stage: nil, ruleStage: nil, enteredStageAt: 0, grade: nil,
        groups: "[]", rules: "[]", scoredAt: 0, nextChangeAt: lead <= 2 ? 5 : nil)
    }
    let folder = try TestFolder()
    let database = try LeadDatabase.make(in: folder)
    let (model, _) = try database.addModel()
    try database.putTogether((1...count).map { row($0, 10) })
    // Two stand beside a block, four in it.
    #expect(try database.connection.integer("SELECT count(*) FROM score_block") == (count == 2 ? 0 : 1))
    let overlay = try LeadDatabase.openOverlay(path: database.connection.path)
    try overlay.connection.execute("BEGIN")
    #expect(try overlay.history.count() == 0)
    // Meanwhile another process goes on.
    try database.scores.put(row(2, 99))
    try database.history.append(.sample(model: model, lead: 2, at: 1, before: 10, after: 99))
    try overlay.connection.write { try overlay.scores.put(row(1, 20)) }
    #expect(overlay.connection.isInTransaction, "the snapshot is let go")
    #expect(try overlay.scores.row(model: 1, lead: 1)?.score == 20)
    #expect(try overlay.scores.row(model: 1, lead: 2)?.score == 10)
    #expect(try overlay.history.count() == 0)
    #expect(try overlay.scores.due(model: 1, by: 9, limit: 9) == [1, 2])
  }
}

extension LeadDatabase {
  /// Adds leads with their scores, which are put all at once.
  fileprivate func putTogether(_ rows: [ScoreRow]) throws {
    var batch = ScoreBatch()
    for row in rows {
      try addLead(row.lead, "lead-\(row.lead)")
      batch.add(
        model: row.model, lead: row.lead, row.state, groups: row.groups, rules: row.rules)
    }
    try write(batch)
  }
}
