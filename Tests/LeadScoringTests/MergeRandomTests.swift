import Foundation
import LeadScoring
import LeadStore
import RuleFile
import ScoreEngine
import TestSupport
import Testing

/// Random histories in which leads are merged and merges taken back: under every model, the database agrees with the
/// reference evaluator on the union of the facts.
@Suite struct MergeRandomTests {
  static let seedCount =
    ProcessInfo.processInfo.environment["LEADSCORE_SEEDS"].flatMap { UInt64($0) }.map { $0 / 5 } ?? 160
  static let chunk: UInt64 = 20

  @Test(arguments: Array(stride(from: 0, to: seedCount, by: Int(chunk))))
  func databaseAgreesWithReference(_ first: UInt64) throws {
    var merges = 0
    var undone = 0
    var given = 0
    var spared = 0
    let seeds = first..<min(first + MergeRandomTests.chunk, MergeRandomTests.seedCount)
    for seed in seeds {
      let history = try MergeHistory(seed: seed)
      try history.run()
      merges += history.merges
      undone += history.undone
      given += history.past.given
      spared += history.past.spared
    }
    // A test of merges that makes none proves nothing.
    #expect(merges >= seeds.count && undone >= seeds.count / 5)
    #expect(given >= seeds.count * 5 && spared >= seeds.count / 5, "\(given) entries were given, \(spared) left out")
  }
}

/// One random history with merges, done to a database with two models and to a reference for each.
private final class MergeHistory {
  let seed: UInt64
  private let folder: ScratchFolder
  private let random: RandomCase
  private var choice: SplitMix64
  private(set) var past: MergedPast
  private var session: ScoringSession
  private var references: [String: ReferenceWorld] = [:]
  /// The reference's version number → the database's, of the model `main`.
  private var versions: [Int: Int] = [1: 1]
  private(set) var merges = 0
  private(set) var undone = 0

  init(seed: UInt64) throws {
    self.seed = seed
    random = try RandomCase(seed: seed &+ 500_000)
    choice = SplitMix64(seed: seed &+ 9_000_017)
    past = MergedPast(choice: SplitMix64(seed: seed &+ 31_000_003))
    folder = try ScratchFolder()
    guard case .applyVersion(let tree, _, let asOf)? = random.steps.first,
      case .applyVersion(let other, _, _)? = try RandomCase(seed: seed &+ 900_000).steps.first
    else { throw RandomDatabaseFault(description: "a history does not begin with rules") }
    try DatabaseCreation.create(
      path: folder.path("leads.db"), rules: CheckedRules(text: tree.renderJSON(), file: "main"), asOf: asOf,
      clock: { 0 }, program: "test", by: nil)
    session = try RandomDatabase.open(folder.path("leads.db"))
    _ = try session.addModel(
      "other", rules: CheckedRules(text: other.renderJSON(), file: "other"), asOf: asOf, by: nil)
    for (name, tree) in [("main", tree), ("other", other)] {
      var world = ReferenceWorld()
      world.applyVersion(try ReferenceDocument(tree), number: 1, at: asOf)
      references[name] = world
    }
  }

  private var main: ReferenceWorld { references["main"] ?? ReferenceWorld() }
  private var now: Int64 { main.now }

  func run() throws {
    // Time passes with merges too, so a step may be later than the history has it.
    var delay: Int64 = 0
    for (index, step) in random.steps.dropFirst().enumerated() {
      let place = "seed \(seed) step \(index)"
      try perform(step.later(by: delay), place)
      guard try compare(place) else { return }
      for attempt in 0..<choice.int(0...2) {
        delay += choice.pick([0, 0, RefInstant.hour, 3 * RefInstant.day])
        try mergeOrUndo(at: max(now, step.instant + delay))
        guard try compare("\(place) merge \(attempt)") else { return }
      }
      if choice.chance(12) { try past.look(session, keys: main.liveKeys, now: now, place) }
      try past.handOver(session, now: now)
      if choice.chance(20) { session = try RandomDatabase.open(folder.path("leads.db")) }
      if choice.chance(30) { try recompute(place) }
    }
    try repeatImports()
    try recompute("seed \(seed) end")
    while let merge = main.mergesInForce.last { try undo(merge.lead, at: now) }
    guard try compare("seed \(seed) all taken back") else { return }
    try recompute("seed \(seed) all taken back")
    try compareHistory()
    try past.look(session, keys: main.liveKeys, now: now, "seed \(seed) end")
    try past.handOver(session, now: now, toAll: true)
    try past.compareHandovers(session, "seed \(seed)")
  }

  // MARK: Steps

  private func perform(_ step: RandomStep, _ place: String) throws {
    let asOf = step.instant
    switch step {
    case .applyVersion(let tree, let number, _):
      let rules = try CheckedRules(text: tree.renderJSON(), file: place)
      let added = try session.addRules(rules, model: "main", author: nil, note: nil).number
      versions[number] = added
      // Applying what was previewed must give exactly that, whoever stands for whom.
      var options = ApplyOptions()
      options.plan = try session.previewRules(rules, number: added, model: "main", asOf: asOf).plan
      let isActive = main.results.values.first?.version == number
      _ = try session.applyRules(added, model: "main", asOf: asOf, options: isActive ? ApplyOptions() : options)
    case .importLeads(let rows, _):
      let file = try folder.write(RandomText.jsonLines(rows, using: &choice), to: "leads.jsonl")
      _ = try session.importLeads([file], asOf: asOf, options: ImportOptions())
    case .importEvents(let rows, _):
      let file = try folder.write(RandomText.jsonLines(rows, using: &choice), to: "events.jsonl")
      let counts = try session.importEvents([file], asOf: asOf, options: ImportOptions())[0].counts
      var world = main
      let expected = try world.perform(step)
      #expect(counts.created == Int64(expected?.created ?? 0), "\(place): events created")
      #expect(counts.duplicates == Int64(expected?.duplicates ?? 0), "\(place): duplicates")
    case .advance: break
    case .addAdjustment(let key, let points, let from, let until, _):
      try session.addAdjustment(
        key, points: Int64(points), from: from, until: until, by: "test", reason: "test", asOf: asOf)
    case .setFastTrack(let key, let stage, let until, _):
      try session.setFastTrack(
        key, stage: stage, until: until, by: "test", reason: "test", model: "main", asOf: asOf)
    case .liftFastTrack(let key, _): _ = try session.liftFastTrack(key, by: "test", model: "main", asOf: asOf)
    }
    try references["main"]?.perform(step)
    switch step {
    case .applyVersion, .setFastTrack, .liftFastTrack: references["other"]?.advance(to: asOf)
    default: try references["other"]?.perform(step)
    }
  }

  private func mergeOrUndo(at asOf: Int64) throws {
    let inForce = main.mergesInForce
    if !inForce.isEmpty, choice.chance(35) { return try undo(choice.pick(inForce).lead, at: asOf) }
    // Any key of a person will do, one that was merged away as well.
    let kept = choice.pick(main.keys)
    let others = main.keys.filter { main.root(of: $0) != main.root(of: kept) }
    guard !others.isEmpty else { return }
    let lost = choice.pick(others)
    let merge = try session.mergeLeads(kept, lost, by: "test", reason: "test", asOf: asOf)
    #expect(ReferenceWorld.normalized(merge.key) == main.root(of: lost), "seed \(seed)")
    for name in references.keys { references[name]?.merge(lost, into: kept, at: asOf) }
    merges += 1
  }

  private func undo(_ key: String, at asOf: Int64) throws {
    _ = try session.unmergeLead(key, by: "test", reason: nil, asOf: asOf)
    for name in references.keys { references[name]?.unmerge(key, at: asOf) }
    undone += 1
  }

  /// The newest imports once more: nothing changes.
  private func repeatImports() throws {
    try session.bringUpToDate(to: now)
    let stored = try session.database.connection.contents(without: ["import_run", "model"])
    for name in ["leads.jsonl", "events.jsonl"] where FileManager.default.fileExists(atPath: folder.path(name)) {
      let isLeads = name == "leads.jsonl"
      // A file of leads repeats an earlier state of its leads; only where it is the newest word does nothing change.
      if isLeads { continue }
      let report = try session.importEvents([folder.path(name)], asOf: now, options: ImportOptions())[0]
      #expect(report.counts.created == 0 && report.leadsRescored == 0, "seed \(seed)")
    }
    #expect(try session.database.connection.contents(without: ["import_run", "model"]) == stored, "seed \(seed)")
  }

  // MARK: Comparisons

  private func recompute(_ place: String) throws {
    let report = try session.recompute(asOf: now)
    #expect(report.differences.isEmpty && report.signalDifferences == 0, "\(place): recomputation differs")
    #expect(report.leads == Int64(main.liveKeys.count), "\(place): recomputation looks at other leads")
  }

  /// Compares every lead under every model; false, with the first difference reported, where one differs.
  private func compare(_ place: String) throws -> Bool {
    // One of them may be looked at before all are.
    if choice.chance(30) { try session.bringUpToDate(choice.pick(main.keys), to: now) }
    try session.bringUpToDate(to: now)
    for (model, reference) in references {
      var found: [String: RefResult] = [:]
      try session.forEachLead(LeadQuery(), model: model) { lead in
        found[ReferenceWorld.normalized(lead.key)] = RefResult(
          score: Int(lead.score),
          groups: Dictionary(uniqueKeysWithValues: lead.groups.map { ($0.name, Int($0.points)) }),
          rules: Dictionary(uniqueKeysWithValues: lead.rules.map { ($0.id, Int($0.points)) }), stage: lead.stage,
          grade: lead.grade, version: lead.version)
      }
      let expected = reference.results.mapValues { result in
        var result = result
        if model == "main" { result.version = versions[result.version] ?? 0 }
        return result
      }
      guard found == expected else {
        let key = Set(found.keys).union(expected.keys).sorted().first { found[$0] != expected[$0] } ?? ""
        Issue.record(
          """
          \(place), model \(model): \(key) is \(found[key].map { "\($0)" } ?? "not there"), \
          expected \(expected[key].map { "\($0)" } ?? "not there")
          """)
        return false
      }
    }
    return true
  }

  /// The history of every lead joins up, ends with its score, and is the reference's row by row.
  private func compareHistory() throws {
    for (model, reference) in references {
      for key in reference.liveKeys {
        var rows: [RefHistoryRow] = []
        var last: HistoryRow?
        try session.forEachHistoryRow(key: key, model: model, filter: HistoryFilter()) { row, _ in
          #expect(
            last?.after == row.before && last?.stageAfter == row.stageBefore, "seed \(seed): \(key) does not join up")
          last = row
          rows.append(
            RefHistoryRow(
              key: key, at: row.at, before: row.before.map(Int.init), after: Int(row.after),
              stageBefore: row.stageBefore, stageAfter: row.stageAfter, gradeAfter: row.gradeAfter,
              cause: row.cause.rawValue, version: row.version))
        }
        let lead = try session.lead(key, model: model)
        #expect(last?.after == lead.score && last?.stageAfter == lead.stage && last?.gradeAfter == lead.grade)
        let expected = reference.history(of: key).map { row in
          RefHistoryRow(
            key: key, at: row.at, before: row.before, after: row.after, stageBefore: row.stageBefore,
            stageAfter: row.stageAfter, gradeAfter: row.gradeAfter, cause: row.cause,
            version: model == "main" ? versions[row.version] ?? 0 : row.version)
        }
        guard rows == expected else {
          let index = zip(rows, expected).enumerated().first { $0.element.0 != $0.element.1 }?.offset
          let at = index ?? min(rows.count, expected.count)
          Issue.record(
            """
            seed \(seed), model \(model): history of \(key) differs at row \(at): \
            \(at < rows.count ? "\(rows[at])" : "none"), expected \(at < expected.count ? "\(expected[at])" : "none")
            """)
          return
        }
      }
    }
  }
}

extension RandomStep {
  /// The same, some milliseconds later.
  fileprivate func later(by delay: Int64) -> RandomStep {
    switch self {
    case .applyVersion(let tree, let number, let at): .applyVersion(tree, number: number, at: at + delay)
    case .importLeads(let rows, let at): .importLeads(rows, at: at + delay)
    case .importEvents(let rows, let at): .importEvents(rows, at: at + delay)
    case .advance(let at): .advance(to: at + delay)
    case .addAdjustment(let key, let points, let from, let until, let at):
      .addAdjustment(key: key, points: points, from: from, until: until, at: at + delay)
    case .setFastTrack(let key, let stage, let until, let at):
      // Its end must come after its beginning.
      .setFastTrack(key: key, stage: stage, until: until.map { $0 + delay }, at: at + delay)
    case .liftFastTrack(let key, let at): .liftFastTrack(key: key, at: at + delay)
    }
  }
}
