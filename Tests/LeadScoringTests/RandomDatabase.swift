import LeadScoring
import LeadStore
import RuleFile
import ScoreEngine
import TestSupport

/// A database and the reference evaluator, to which the same things happen.
final class RandomDatabase {
  let folder: ScratchFolder
  /// Numbers for everything that a test chooses.
  var random: SplitMix64
  private(set) var reference = ReferenceWorld()
  private(set) var session: ScoringSession
  /// The documents that were added, by version.
  private(set) var documents: [Int: RefJSON] = [:]
  /// Versions in the order in which they became active.
  private(set) var activated: [Int] = []
  /// Stages that fast-tracks named.
  private(set) var namedStages: Set<String> = []

  /// Makes the database by the first step of a history, which activates its rules.
  init(seed: UInt64, first step: RandomStep) throws {
    guard case .applyVersion(let tree, _, let instant) = step else {
      throw RandomDatabaseFault(description: "seed \(seed) does not begin with rules")
    }
    random = SplitMix64(seed: seed &+ 7_000_003)
    folder = try ScratchFolder()
    let rules = try RandomDatabase.rules(tree, &random)
    try DatabaseCreation.create(
      path: folder.path("leads.db"), rules: rules, asOf: instant, clock: { 0 }, program: "test", by: nil)
    session = try RandomDatabase.open(folder.path("leads.db"))
    reference.applyVersion(try ReferenceDocument(tree), number: 1, at: instant)
    documents[1] = tree
    activated = [1]
  }

  var now: Int64 { reference.now }
  var active: Int { activated.last ?? 0 }

  static func open(_ path: String) throws -> ScoringSession {
    try ScoringSession(try LeadDatabase.open(path: path), clock: { 0 })
  }

  func reopen() throws { session = try RandomDatabase.open(folder.path("leads.db")) }

  // MARK: Steps

  func perform(_ step: RandomStep) throws {
    let asOf = step.instant
    switch step {
    case .applyVersion(let tree, _, _):
      let number = try add(tree)
      _ = try session.applyRules(number, model: "main", asOf: asOf)
      try noteActivation(number, at: asOf)
      return
    case .importLeads(let rows, _):
      let file = try folder.write(RandomText.jsonLines(rows, using: &random), to: "leads.jsonl")
      _ = try session.importLeads([file], asOf: asOf, options: ImportOptions())
    case .importEvents(let rows, _):
      let file = try folder.write(RandomText.jsonLines(rows, using: &random), to: "events.jsonl")
      if random.chance(50) {
        var options = StreamOptions()
        options.asOf = asOf
        try session.importEventStream(file, options: options)
      } else {
        _ = try session.importEvents([file], asOf: asOf, options: ImportOptions())
      }
    case .advance:
      // The reference alone moves on: previews and applications are to meet leads that are due.
      break
    case .addAdjustment(let key, let points, let from, let until, _):
      try session.addAdjustment(
        key, points: Int64(points), from: from, until: until, by: "test", reason: "test", asOf: asOf)
    case .setFastTrack(let key, let stage, let until, _):
      namedStages.insert(stage)
      try session.setFastTrack(
        key, stage: stage, until: until, by: "test", reason: "test", model: "main", asOf: asOf)
    case .liftFastTrack(let key, _):
      _ = try session.liftFastTrack(key, by: "test", model: "main", asOf: asOf)
    }
    try reference.perform(step)
  }

  /// Adds a document as a version, or finds the one that says the same.
  func add(_ tree: RefJSON) throws -> Int { try add(try rules(tree), tree) }

  func add(_ rules: CheckedRules, _ tree: RefJSON) throws -> Int {
    let number = try session.addRules(rules, model: "main", author: nil, note: nil).number
    if documents[number] == nil { documents[number] = tree }
    return number
  }

  /// The document as somebody may have written it.
  func rules(_ tree: RefJSON) throws -> CheckedRules { try RandomDatabase.rules(tree, &random) }

  private static func rules(_ tree: RefJSON, _ random: inout SplitMix64) throws -> CheckedRules {
    try CheckedRules(text: random.chance(70) ? tree.renderYAML(using: &random) : tree.renderJSON(), file: "rules")
  }

  /// Lets the reference know that a version became active.
  func noteActivation(_ number: Int, at asOf: Int64) throws {
    guard let tree = documents[number] else {
      throw RandomDatabaseFault(description: "version \(number) was never added")
    }
    reference.applyVersion(try ReferenceDocument(tree), number: number, at: asOf)
    if active != number { activated.append(number) }
  }

  /// Lets the reference know that the last activation was taken back.
  func noteRollback(to number: Int, at asOf: Int64) throws {
    try noteActivation(number, at: asOf)
    activated.removeLast(2)
  }

  // MARK: Standings

  /// Where every lead stands in the database, by normalized key.
  func standings() throws -> [String: RefResult] {
    var found: [String: RefResult] = [:]
    try session.forEachLead(LeadQuery(), model: "main") { lead in
      found[ReferenceWorld.normalized(lead.key)] = RefResult(
        score: Int(lead.score), groups: Dictionary(uniqueKeysWithValues: lead.groups.map { ($0.name, Int($0.points)) }),
        rules: Dictionary(uniqueKeysWithValues: lead.rules.map { ($0.id, Int($0.points)) }), stage: lead.stage,
        grade: lead.grade, version: lead.version)
    }
    return found
  }

  /// All rows of all tables but some, by table: equal contents mean equal facts, rules, scores and history.
  func contents(without left: Set<String> = []) throws -> [String: [String]] {
    try session.database.connection.contents(without: left)
  }
}

struct RandomDatabaseFault: Error, CustomStringConvertible {
  let description: String
}

extension Connection {
  /// The tables that a preview may write to.
  static let planTables: Set<String> = ["plan", "plan_block", "sqlite_sequence"]

  /// The tables and their rows, each as text.
  func contents(without left: Set<String> = []) throws -> [String: [String]] {
    var tables: [String] = []
    try forEachRow("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") { tables.append($0.text(0)) }
    var contents: [String: [String]] = [:]
    for table in tables where !left.contains(table) {
      var columns: [String] = []
      try forEachRow("SELECT name FROM pragma_table_info(?1)", [table]) { columns.append($0.text(0)) }
      // quote() tells NULL, text, number and blob from each other.
      let row = columns.map { "quote(\"\($0)\")" }.joined(separator: " || ',' || ")
      var rows: [String] = []
      try forEachRow("SELECT \(row) FROM \"\(table)\" ORDER BY 1") { rows.append($0.text(0)) }
      contents[table] = rows
    }
    return contents
  }
}
