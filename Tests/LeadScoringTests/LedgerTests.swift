import Foundation
import LeadScoring
import LeadStore
import RuleFile
import ScoreEngine
import Testing

@testable import TestSupport

/// Randomised explanations and reconstructions: at any instant and under any version, a ledger adds up to what the slow
/// reference evaluator says, and a reconstructed history is the reference's.
@Suite struct LedgerTests {
  /// How many histories a run goes through; more by LEADSCORE_SEEDS.
  static let seedCount = ProcessInfo.processInfo.environment["LEADSCORE_SEEDS"].flatMap { UInt64($0) } ?? 36
  static let chunk: UInt64 = 10

  /// Seeds that once showed a fault.
  static let keptSeeds: [UInt64] = []

  @Test(arguments: Array(stride(from: 0, to: seedCount, by: Int(chunk))))
  func ledgersAddUpToTheReference(_ first: UInt64) throws {
    for seed in first..<min(first + LedgerTests.chunk, LedgerTests.seedCount) { try LedgerRun(seed: seed).run() }
  }

  @Test(arguments: keptSeeds)
  func faultsOnceFoundStayMended(_ seed: UInt64) throws { try LedgerRun(seed: seed).run() }

  /// Where no fact came later, the past is explained as it was recorded: version, score, grade, and the stage with all
  /// that `keep`, other rules and fast-tracks did to it.
  @Test(arguments: Array(stride(from: 0, to: seedCount, by: Int(chunk))))
  func thePastIsExplainedAsItWasRecorded(_ first: UInt64) throws {
    for seed in first..<min(first + LedgerTests.chunk, LedgerTests.seedCount) { try QuietPast(seed: seed).run() }
  }
}

/// One random history, explained at random instants under all of its versions.
private final class LedgerRun {
  private let seed: UInt64
  private let world: RandomDatabase
  private var random: SplitMix64
  private var documents: [Int: ReferenceDocument] = [:]

  init(seed: UInt64) throws {
    self.seed = seed
    random = SplitMix64(seed: seed &+ 99_991)
    let history = try RandomCase(seed: seed)
    world = try RandomDatabase(seed: seed, first: history.steps[0])
    for step in history.steps.dropFirst() { try world.perform(step) }
    // A version that nobody ever applied.
    if let active = world.documents[world.active] {
      _ = try world.add(RandomMutation.changed(active, keeping: world.namedStages, using: &random))
    }
    for (number, tree) in world.documents { documents[number] = try ReferenceDocument(tree) }
  }

  func run() throws {
    let asOf = world.now
    try world.session.bringUpToDate(to: asOf)
    let before = try world.contents()
    for (number, document) in documents.sorted(by: { $0.key < $1.key }) {
      let horizon = asOf + Int64(random.int(0...40)) * RefInstant.day
      var found: [String: [HistoryRow]] = [:]
      try world.session.reconstructHistory(key: nil, model: "main", version: number, through: horizon) { row, key in
        found[ReferenceWorld.normalized(key), default: []].append(row)
      }
      for key in world.reference.keys {
        let expected = world.reference.replay(key, under: document, version: number, through: horizon)
        let comparesStage = world.namedStages.isSubset(of: document.stages.map(\.id))
        let rows = compare(found[key] ?? [], expected, comparesStage, "seed \(seed) version \(number) \(key)")
        guard random.chance(25), let rows else { continue }
        try explain(key, number, document, rows, through: horizon, comparesStage)
      }
    }
    try checkStanding()
    #expect(try world.contents() == before, "seed \(seed): looking changed the database")
  }

  /// Compares a lead's reconstructed rows; nil where they differ.
  private func compare(
    _ rows: [HistoryRow], _ expected: [RefHistoryRow], _ comparesStage: Bool, _ place: String
  ) -> [HistoryRow]? {
    guard comparesStage else {
      // A fast-track to a stage that the document lacks is shown by one and not by the other.
      return rows
    }
    let found = rows.map {
      RefHistoryRow(
        key: expected.first?.key ?? "", at: $0.at, before: $0.before.map(Int.init), after: Int($0.after),
        stageBefore: $0.stageBefore, stageAfter: $0.stageAfter, gradeAfter: $0.gradeAfter, cause: "",
        version: $0.version)
    }
    if found == expected { return rows }
    let index = zip(found, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset
    let at = index ?? min(found.count, expected.count)
    Issue.record(
      """
      \(place): row \(at) of the reconstruction is \(at < found.count ? "\(found[at])" : "none"), \
      expected \(at < expected.count ? "\(expected[at])" : "none")
      """)
    return nil
  }

  private func explain(
    _ key: String, _ number: Int, _ document: ReferenceDocument, _ rows: [HistoryRow], through horizon: Int64,
    _ comparesStage: Bool
  ) throws {
    let created = world.reference.createdAt(key) ?? 0
    var instants = [created - RefInstant.day, created, world.now, horizon]
    instants.append(created + Int64(random.int(0...Int(max(1, horizon - created)))))
    if let row = rows.randomElement(using: &random) { instants += [row.at, row.at - 1] }
    let instant = random.pick(instants)
    let place = "seed \(seed) version \(number) \(key) at \(Instant(milliseconds: instant))"
    let explanation = try world.session.explain(key, model: "main", asOf: instant, version: number)
    explanation.expectSums(place)
    let expected = world.reference.score(key, under: document, version: number, at: instant)
    #expect(explanation.standing == expected, "\(place)")
    // The reconstruction says the same at every instant, and nothing changes between its rows.
    if instant >= created, instant <= horizon {
      let row = rows.last { $0.at <= instant }
      #expect(
        row?.after == explanation.score && row?.gradeAfter == explanation.grade, "\(place): \(String(describing: row))")
      #expect(row?.stageAfter == explanation.reconstructedStage, "\(place)")
      if explanation.isPast { #expect(row?.stageAfter == explanation.stage, "\(place)") }
      let next = rows.first { $0.at > instant }
      if let next, comparesStage {
        #expect(explanation.next.map { $0.at <= next.at } ?? false, "\(place): next is \(String(describing: next))")
      }
    }
    if random.chance(50) {
      // As people ask, without naming a version.
      let plain = try world.session.explain(key, model: "main", asOf: instant)
      plain.expectSums(place + " by the active rules")
      let under = try #require(documents[plain.version])
      #expect(
        plain.standing == world.reference.score(key, under: under, version: plain.version, at: instant), "\(place)")
      if instant == world.now { #expect(plain.stage == world.reference.result(key)?.stage, "\(place)") }
    }
  }

  /// Rows of history join up and end at what is stored; the list of all leads as of an instant is made of them.
  private func checkStanding() throws {
    let session = world.session
    var newest: [String: HistoryRow] = [:]
    var all: [String: [HistoryRow]] = [:]
    try session.forEachHistoryRow(key: nil, model: "main", filter: HistoryFilter()) { row, key in
      all[key, default: []].append(row)
    }
    for (key, rows) in all {
      #expect(rows.first?.before == nil && rows.first?.stageBefore == nil, "seed \(seed): \(key)")
      for (row, next) in zip(rows, rows.dropFirst()) {
        #expect(row.after == next.before && row.stageAfter == next.stageBefore, "seed \(seed): \(key) does not join up")
        #expect(row.at <= next.at, "seed \(seed): \(key) goes back")
      }
      newest[key] = rows.last
    }
    try session.forEachLead(LeadQuery(), model: "main") { lead in
      let row = newest[lead.key]
      #expect(row?.after == lead.score && row?.stageAfter == lead.stage && row?.gradeAfter == lead.grade, "\(lead.key)")
    }
    let instants = all.values.flatMap { $0 }.map(\.at)
    for instant in [random.pick(instants), random.pick(instants) - 1] {
      var listed: [String: ScoredLead] = [:]
      try session.forEachLead(LeadQuery(), model: "main", at: instant) { listed[$0.key] = $0 }
      for (key, rows) in all {
        let row = rows.last { $0.at <= instant }
        let entered = rows.last { $0.at <= instant && ($0.before == nil || $0.stageBefore != $0.stageAfter) }
        let lead = listed.removeValue(forKey: key)
        #expect(lead?.score == row?.after && lead?.stage == row?.stageAfter && lead?.grade == row?.gradeAfter)
        #expect(lead?.scoredAt == row?.at && lead?.version == row?.version)
        #expect(lead?.enteredStageAt == entered?.at, "seed \(seed): \(key)")
        #expect(try session.historyRow(key: key, model: "main", at: instant)?.row == row)
      }
      #expect(listed.isEmpty, "seed \(seed): leads that had no score")
    }
  }
}

/// One random history in which all facts come first; then only rules, fast-tracks and the clock change anything.
private final class QuietPast {
  private let seed: UInt64
  private let world: RandomDatabase
  private var random: SplitMix64
  private let start: Int64

  init(seed: UInt64) throws {
    self.seed = seed
    random = SplitMix64(seed: seed &+ 31_337)
    let steps = try RandomCase(seed: seed).steps
    world = try RandomDatabase(seed: seed, first: steps[0])
    for step in steps[1...2] { try world.perform(step) }
    start = world.now
    for step in steps.dropFirst(3) {
      switch step {
      case .importLeads, .importEvents, .addAdjustment: continue
      case .advance(let to): try world.session.bringUpToDate(to: to)
      default: break
      }
      // A lead of an import that was left out.
      do { try world.perform(step) } catch ScoringError.unknownLead {}
    }
    try world.session.bringUpToDate(to: world.now)
  }

  func run() throws {
    for key in world.reference.keys {
      var rows: [HistoryRow] = []
      try world.session.forEachHistoryRow(key: key, model: "main", filter: HistoryFilter()) { row, _ in
        rows.append(row)
      }
      var instants = [start, start + Int64(random.int(0...Int(max(1, world.now - start))))]
      if let row = rows.randomElement(using: &random) { instants += [row.at, row.at + 1, row.at - 1] }
      let instant = random.pick(instants)
      guard instant >= start, instant <= world.now, let row = rows.last(where: { $0.at <= instant }) else { continue }
      let place = "seed \(seed) \(key) at \(Instant(milliseconds: instant))"
      let explanation = try world.session.explain(key, model: "main", asOf: instant)
      #expect(explanation.score == row.after && explanation.grade == row.gradeAfter, "\(place): \(row)")
      #expect(explanation.stage == row.stageAfter, "\(place): \(row)")
      if explanation.isPast, let recorded = explanation.recorded {
        #expect(recorded.score == row.after && recorded.stage == row.stageAfter && recorded.since == row.at, "\(place)")
      }
    }
  }
}

extension Explanation {
  /// All of it but the stage, as the reference has it.
  fileprivate var standing: RefResult {
    var points = Dictionary(uniqueKeysWithValues: rules.map { ($0.rule.id, Int($0.points)) })
    points[RuleDocument.adjustmentRule] = Int(adjustment)
    return RefResult(
      score: Int(score), groups: Dictionary(uniqueKeysWithValues: groups.map { ($0.name, Int($0.points)) }),
      rules: points.filter { $0.value != 0 }, stage: nil, grade: grade, version: version)
  }
}
