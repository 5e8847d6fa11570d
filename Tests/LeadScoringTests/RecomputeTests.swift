import LeadStore
import ScoreEngine
import Testing

@testable import LeadScoring

@Suite("Full recomputation")
struct RecomputeTests {
  private static let asOf: Int64 = 1_770_000_000_000
  // Alike but for their middle, and longer than what is compared at once.
  private static let stage = "a-rather-long-stage-b-of-that-name"
  private static let other = "a-rather-long-stage-c-of-that-name"

  private func session(_ folder: ScratchFolder) throws -> ScoringSession {
    let text = """
      groups: { fit: { max: 100 } }
      rules:
        - { id: views, points: 5, every: { event: view, within: 10d } }
        - { id: big, group: fit, points: -9999999.9, if: { size: big } }
        - { id: buys, group: fit, points: 7, when: { event: buy } }
      stages:
        - { id: first }
        - { id: \(RecomputeTests.stage), enter: { score: 5 } }
        - { id: \(RecomputeTests.other), enter: { score: 1000 } }
      grade:
        - { group: score, bands: [ { at: 5, label: "A \\"one\\"" }, { label: "B\\\\" } ] }
      """
    let rules = try CheckedRules(text: text, file: "rules")
    try DatabaseCreation.create(
      path: folder.path("leads.db"), rules: rules, asOf: RecomputeTests.asOf, clock: { 0 }, program: "test", by: nil)
    return try ScoringSession(try LeadDatabase.open(path: folder.path("leads.db")), clock: { 0 })
  }

  private func rows(_ session: ScoringSession) throws -> [ScoreRow] {
    var rows: [ScoreRow] = []
    try session.database.scores.forEach(model: 1) { rows.append($0) }
    return rows
  }

  @Test("whatever is stored wrong of a score is put right, and nothing else is touched")
  func mended() throws {
    let folder = try ScratchFolder()
    let session = try session(folder)
    let asOf = RecomputeTests.asOf
    let leads = try folder.write(
      #"{"key": "big", "attributes": {"size": "big"}}"# + "\n" + #"{"key": "none"}"# + "\n", to: "leads.jsonl")
    _ = try session.importLeads([leads], asOf: asOf, options: ImportOptions())
    try session.append(
      [
        NewEvent(key: "ann", type: "view", occurredAt: asOf - 1000),
        NewEvent(key: "ann", type: "view", occurredAt: asOf - 500),
        NewEvent(key: "ann", type: "buy", occurredAt: asOf - 400),
        NewEvent(key: "big", type: "view", occurredAt: asOf - 300),
      ], asOf: asOf)
    _ = try session.recompute(asOf: asOf)
    let sound = try rows(session)
    #expect(sound.count == 3 && Set(sound.map(\.stage)).count == 2 && Set(sound.map(\.grade)).count == 2)
    #expect(sound.map(\.score).min() ?? 0 < -100_000_000)
    let changes: [(String, (inout ScoreRow) -> Void)] = [
      ("version", { $0.version += 1 }), ("score", { $0.score += 1 }), ("sign", { $0.score = 0 - $0.score - 1 }),
      ("stage", { $0.stage = $0.stage == RecomputeTests.stage ? RecomputeTests.other : RecomputeTests.stage }),
      ("no stage", { $0.stage = nil }), ("empty stage", { $0.stage = "" }),
      ("rule stage", { $0.ruleStage = $0.ruleStage == "first" ? "fist" : RecomputeTests.other }),
      ("no rule stage", { $0.ruleStage = nil }), ("grade", { $0.grade = ($0.grade ?? "") + "\\" }),
      ("other grade", { $0.grade = $0.grade?.hasPrefix("A") == true ? "B\\" : "A \"one\"" }),
      ("no grade", { $0.grade = nil }), ("groups", { $0.groups = "[1]" }), ("no groups", { $0.groups = "[]" }),
      ("rules", { $0.rules = "[0,123456]" }), ("no rules", { $0.rules = $0.rules == "[]" ? "[1,1]" : "[]" }),
      ("scored", { $0.scoredAt -= 1 }), ("next change", { $0.nextChangeAt = ($0.nextChangeAt ?? asOf) + 1 }),
      ("next change or none", { $0.nextChangeAt = $0.nextChangeAt == nil ? asOf + 5 : nil }),
    ]
    for (name, change) in changes {
      for row in sound {
        var changed = row
        change(&changed)
        #expect(changed != row, "\(name) of \(row.lead)")
        try session.write { try session.database.scores.put(changed) }
        #expect(try rows(session) != sound)
        _ = try session.recompute(asOf: asOf)
        let found = try rows(session)
        // When a stage was entered is not known from the facts.
        let expected = sound.map { row in
          var row = row
          row.enteredStageAt = found.first { $0.lead == row.lead }?.enteredStageAt ?? 0
          return row
        }
        #expect(found == expected, "\(name) of \(row.lead)")
        try session.write { for row in sound { try session.database.scores.put(row) } }
      }
    }
    #expect(try session.recompute(asOf: asOf).differences.isEmpty)
    #expect(try rows(session) == sound)
  }
}
