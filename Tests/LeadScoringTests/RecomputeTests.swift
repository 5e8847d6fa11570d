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

  @Test("records that an earlier program packed are packed anew, and count as right; wrong ones do not")
  func earlierRecords() throws {
    let folder = try ScratchFolder()
    let session = try session(folder)
    let asOf = RecomputeTests.asOf
    let views = [asOf - 5_000_001, asOf - 4_000_000, asOf - 1000]
    try session.append(views.map { NewEvent(key: "ann", type: "view", occurredAt: $0) }, asOf: asOf)
    _ = try session.recompute(asOf: asOf)
    let lead = try #require(try session.database.leads.id(key: "ann"))
    let pack = session.pack
    func stored() throws -> [UInt8] {
      var bytes: [UInt8] = []
      _ = try session.database.signals.withState(pack: pack.id, lead: lead) { bytes = Array($0) }
      return bytes
    }
    let columns = try stored()
    #expect(columns.starts(with: [0x82, 0]))
    var record = SignalRecord(kinds: pack.kinds)
    let isRecord = columns.withUnsafeBufferPointer { record.unpack($0) }
    #expect(isRecord)
    // Slot by slot, milliseconds, as such records were once.
    func packed(_ instants: [Int64]) -> [UInt8] {
      var bytes: [UInt8] = []
      func append(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
          bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
          rest >>= 7
        }
        bytes.append(UInt8(rest))
      }
      append(UInt64(record.createdAt) << 1)
      for (slot, kind) in pack.kinds.enumerated() {
        guard !record.slot(slot).isEmpty else {
          append(kind == .timeline && record.timeline(slot).initial ? 1 : 0)
          continue
        }
        append(UInt64(instants.count))
        append(UInt64(instants[0]) << 1)
        for (before, after) in zip(instants, instants.dropFirst()) { append(UInt64(after - before)) }
      }
      return bytes
    }
    for (instants, rebuilt) in [(views, Int64(0)), (Array(views.dropLast()), 1)] {
      try session.write {
        try packed(instants).withUnsafeBytes { try session.database.signals.put(pack: pack.id, lead: lead, $0) }
      }
      #expect(try stored() != columns)
      let report = try session.recompute(asOf: asOf)
      #expect(report.signalDifferences == rebuilt && report.differences.isEmpty)
      #expect(try stored() == columns)
    }
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
