import Foundation
import LeadScoring
import LeadStore
import RuleFile
import ScoreEngine
import TestSupport
import Testing

/// Randomised histories: whatever happens in whatever order, the database agrees with the slow reference evaluator.
@Suite struct RandomHistoryTests {
  /// How many histories a run compares; more by LEADSCORE_SEEDS.
  static let seedCount = ProcessInfo.processInfo.environment["LEADSCORE_SEEDS"].flatMap { UInt64($0) } ?? 2000
  static let chunk: UInt64 = 50

  /// Seeds that once showed a fault.
  static let keptSeeds: [UInt64] = []

  @Test(arguments: Array(stride(from: 0, to: seedCount, by: Int(chunk))))
  func databaseAgreesWithReference(_ first: UInt64) throws {
    for seed in first..<min(first + RandomHistoryTests.chunk, RandomHistoryTests.seedCount) {
      try HistoryComparison(seed: seed).run()
    }
  }

  @Test(arguments: keptSeeds)
  func faultsOnceFoundStayMended(_ seed: UInt64) throws {
    try HistoryComparison(seed: seed).run()
  }
}

/// One random history, done to a database and to the reference.
private struct HistoryComparison {
  let seed: UInt64
  let random: RandomCase

  init(seed: UInt64) throws {
    self.seed = seed
    random = try RandomCase(seed: seed)
  }

  func run() throws {
    let folder = try ScratchFolder()
    let path = folder.path("leads.db")
    var rendering = SplitMix64(seed: seed &+ 1_000_003)
    var reference = ReferenceWorld()
    var session: ScoringSession?
    // The reference's version number → the database's.
    var versions: [Int: Int] = [:]
    for (index, step) in random.steps.enumerated() {
      let expected = try reference.perform(step)
      let asOf = step.instant
      switch step {
      case .applyVersion(let tree, let number, _):
        let text = rendering.chance(70) ? tree.renderYAML(using: &rendering) : tree.renderJSON()
        let rules = try CheckedRules(text: text, file: "seed \(seed) step \(index)")
        if let session {
          let added = try session.addRules(rules, model: "main", author: nil, note: nil).number
          versions[number] = added
          _ = try session.applyRules(added, model: "main", asOf: asOf)
        } else {
          try DatabaseCreation.create(
            path: path, rules: rules, asOf: asOf, clock: { asOf }, program: "test", by: nil)
          versions[number] = 1
          session = try open(path)
        }
      case .importLeads(let rows, _):
        let file = try folder.write(RandomText.jsonLines(rows, using: &rendering), to: "leads.jsonl")
        let report = try #require(session).importLeads([file], asOf: asOf, options: options(index))[0]
        #expect(report.counts.rejected == 0, "seed \(seed) step \(index)")
        #expect(report.counts.created == Int64(expected?.created ?? 0), "seed \(seed) step \(index): leads created")
      case .importEvents(let rows, _):
        let file = try folder.write(RandomText.jsonLines(rows, using: &rendering), to: "events.jsonl")
        let report = try #require(session).importEvents([file], asOf: asOf, options: options(index))[0]
        #expect(report.counts.rejected == 0, "seed \(seed) step \(index)")
        #expect(report.counts.created == Int64(expected?.created ?? 0), "seed \(seed) step \(index): events created")
        #expect(report.counts.duplicates == Int64(expected?.duplicates ?? 0), "seed \(seed) step \(index): duplicates")
      case .advance:
        try #require(session).bringUpToDate(to: asOf)
      case .addAdjustment(let key, let points, let from, let until, _):
        try #require(session).addAdjustment(
          key, points: Int64(points), from: from, until: until, by: "test", reason: "test", asOf: asOf)
      case .setFastTrack(let key, let stage, let until, _):
        try #require(session).setFastTrack(
          key, stage: stage, until: until, by: "test", reason: "test", model: "main", asOf: asOf)
      case .liftFastTrack(let key, _):
        _ = try #require(session).liftFastTrack(key, by: "test", model: "main", asOf: asOf)
      }
      // A session opened afresh must find all that it needs in the file.
      if rendering.chance(20) { session = try open(path) }
      guard try compare(try #require(session), reference, versions, "seed \(seed) step \(index)") else { return }
    }
    let last = try #require(session)
    let report = try last.recompute(asOf: reference.now)
    #expect(report.differences.isEmpty && report.signalDifferences == 0, "seed \(seed): recomputation differs")
    try compareHistory(last, reference, versions)
  }

  private func open(_ path: String) throws -> ScoringSession {
    try ScoringSession(try LeadDatabase.open(path: path), clock: { 0 })
  }

  private func options(_ step: Int) -> ImportOptions {
    var options = ImportOptions()
    // Small enough that rows are spilled to sorted runs.
    if (Int(seed) + step).isMultiple(of: 3) { options.bufferSize = 256 }
    return options
  }

  /// Compares every lead; false, with the first difference reported, where one differs.
  private func compare(
    _ session: ScoringSession, _ reference: ReferenceWorld, _ versions: [Int: Int], _ place: String
  ) throws -> Bool {
    var seen = 0
    var isEqual = true
    try session.bringUpToDate(to: reference.now)
    try session.forEachLead(LeadQuery(), model: "main") { lead in
      seen += 1
      guard isEqual else { return }
      guard let expected = reference.result(lead.key) else {
        Issue.record("\(place): unknown lead \(lead.key)")
        isEqual = false
        return
      }
      let found = RefResult(
        score: Int(lead.score), groups: Dictionary(uniqueKeysWithValues: lead.groups.map { ($0.name, Int($0.points)) }),
        rules: Dictionary(uniqueKeysWithValues: lead.rules.map { ($0.id, Int($0.points)) }), stage: lead.stage,
        grade: lead.grade, version: expected.version)
      if found != expected || lead.version != versions[expected.version] {
        Issue.record("\(place): \(lead.key) is \(found) version \(lead.version), expected \(expected)")
        isEqual = false
      }
    }
    if isEqual, seen != reference.keys.count {
      Issue.record("\(place): \(seen) leads, expected \(reference.keys.count)")
      isEqual = false
    }
    return isEqual
  }

  private func compareHistory(
    _ session: ScoringSession, _ reference: ReferenceWorld, _ versions: [Int: Int]
  ) throws {
    for key in reference.keys {
      var rows: [RefHistoryRow] = []
      var previous: HistoryRow?
      try session.forEachHistoryRow(key: key, model: "main", filter: HistoryFilter()) { row, name in
        #expect(previous?.after == row.before, "seed \(seed): history of \(key) does not join up")
        #expect(previous?.stageAfter == row.stageBefore, "seed \(seed): history of \(key) does not join up")
        previous = row
        rows.append(
          RefHistoryRow(
            key: key, at: row.at, before: row.before.map(Int.init), after: Int(row.after),
            stageBefore: row.stageBefore, stageAfter: row.stageAfter, gradeAfter: row.gradeAfter,
            cause: row.cause.rawValue, version: row.version))
      }
      let expected = reference.history(of: key).map { row in
        RefHistoryRow(
          key: key, at: row.at, before: row.before, after: row.after, stageBefore: row.stageBefore,
          stageAfter: row.stageAfter, gradeAfter: row.gradeAfter, cause: row.cause,
          version: versions[row.version] ?? 0)
      }
      if rows != expected {
        let index = zip(rows, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset
        let at = index ?? min(rows.count, expected.count)
        Issue.record(
          """
          seed \(seed): history of \(key) differs at row \(at): \
          \(at < rows.count ? "\(rows[at])" : "none"), expected \(at < expected.count ? "\(expected[at])" : "none")
          """)
        return
      }
    }
  }
}
