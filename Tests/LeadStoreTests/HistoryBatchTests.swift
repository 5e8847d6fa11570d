import LeadStore
import Testing

@Suite("History in batches")
struct HistoryBatchTests {
  /// With few texts, and with so many that they are forgotten in between.
  @Test("a batch that is used again adds what it was given each time", arguments: [3, 40, 400], [false, true])
  func usedAgain(grades: Int, isRun: Bool) throws {
    var random = SeededRandom(seed: UInt64(grades))
    let folder = try TestFolder()
    let database = try LeadDatabase.make(in: folder)
    let models = try ["main", "other"].map { try database.addModel($0).model }
    for lead in Int64(1)...50 { try database.addLead(lead, "lead-\(lead)") }
    var expected: [HistoryRow] = []
    var batch = ScoreBatch()
    func state(_ random: inout SeededRandom) -> ScoreState {
      ScoreState(
        version: Int.random(in: 1...2, using: &random), score: Int64.random(in: -9...9, using: &random),
        stage: [nil, "mql", "sql"].randomElement(using: &random) ?? nil, ruleStage: nil, enteredStageAt: 0,
        grade: "G\(Int.random(in: 1...grades, using: &random))", scoredAt: Int64.random(in: 0...99, using: &random),
        nextChangeAt: nil)
    }
    func fill() throws {
      for _ in 0..<6 {
        batch.removeAll()
        for lead in Int64(1)...50 {
          // Models in turn, and several rows of some leads.
          for model in models + models.prefix(Int(lead % 2)) {
            let before = Bool.random(using: &random) ? state(&random) : nil
            let after = state(&random)
            let cause: Cause = Bool.random(using: &random) ? .event : .time
            let reference = cause == .event ? "\(expected.count / 97)" : nil
            batch.addChange(
              model: model, lead: lead, from: before, to: after, recordedAt: 7, cause: cause, reference: reference)
            var row = HistoryRow(
              model: model, lead: lead, at: after.scoredAt, recordedAt: 7, before: before?.score, after: after.score,
              stageBefore: before?.stage, stageAfter: after.stage, gradeAfter: after.grade, cause: cause,
              causeReference: reference, version: after.version)
            row.id = Int64(expected.count + 1)
            expected.append(row)
          }
        }
        try database.write(batch)
      }
    }
    try database.connection.write { try isRun ? database.history.addMany(fill) : fill() }
    for model in models {
      var found: [HistoryRow] = []
      try database.history.forEach(model: model, filter: HistoryFilter()) { row, _ in found.append(row) }
      #expect(found == expected.filter { $0.model == model }.sorted { ($0.at, $0.id) < ($1.at, $1.id) })
    }
  }
}
