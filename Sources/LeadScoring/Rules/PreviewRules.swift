internal import LeadStore
internal import RecordFormats
internal import ScoreEngine

/// What a preview is to tell.
public struct PreviewOptions {
  /// How many of the largest moves.
  public var top = 20
  /// An attribute by whose values hand-offs are counted.
  public var by: String?
  /// Whether a plan is recorded.
  public var recordsPlan = true
  /// How many threads compare leads; nil for as many as the machine runs at once and the leads are worth.
  public var threads: Int?
  /// What applying the plan may do at most; kept with it.
  public var guards = ChangeGuards()
  /// The version of the program, for the plan.
  public var program = ""
  /// Makes what is kept with the plan of its report, which names the plan.
  public var summary: ((PreviewReport) -> String)?
  /// Is called with each changed lead, in the order in which leads were first seen.
  public var onChange: ((PreviewReport.Move) throws -> Void)?

  /// The defaults.
  public init() {}
}

extension ScoringSession {
  /// Evaluates other rules on the whole database as of an instant beside the active ones, and changes nothing that
  /// scores. A plan is recorded, so that exactly this can be applied later.
  ///
  /// Leads are compared on all cores, and nobody who writes is kept waiting meanwhile. Where somebody wrote, a plan would
  /// be of the past, so all is done again while nobody can.
  ///
  /// - Parameters:
  ///   - rules: the document.
  ///   - number: its version, where it is one.
  /// - Throws: ``ScoringError``, `DatabaseError`.
  /// - Complexity: O(leads), and O(events) where the rules ask of events what no active version asks.
  public func previewRules(
    _ rules: CheckedRules, number: Int?, model name: String, asOf: Int64, options: PreviewOptions = PreviewOptions()
  ) throws -> PreviewReport {
    func previewed(_ others: [LeadDatabase], _ moves: (PreviewReport.Move) throws -> Void) throws -> Preview {
      var preview = try Preview(self, rules, number: number, model: name, asOf: asOf, options)
      try preview.run(others, moves)
      return preview
    }
    let helpers = try options.threads.map { max(0, $0 - 1) } ?? helperCount()
    guard options.recordsPlan else {
      return try readInParallel(helpers) { try previewed($0) { try options.onChange?($0) } }.report
    }
    // Changes are told once it is certain which they are.
    var moves: [PreviewReport.Move] = []
    var version: Int64 = 0
    var preview = try readInParallel(helpers) { others in
      version = try database.connection.dataVersion()
      return try previewed(others) { moves.append($0) }
    }
    try write {
      if try database.connection.dataVersion() != version {
        moves = []
        preview = try previewed([]) { moves.append($0) }
      }
      try preview.recordPlan()
    }
    for move in moves { try options.onChange?(move) }
    return preview.report
  }

  /// Explains one lead under the active rules and under others: its standing, and the points of every rule that gives
  /// any under either, those that differ most first.
  ///
  /// - Throws: ``ScoringError/unknownLead(_:similar:)``
  public func previewLead(_ key: String, _ rules: CheckedRules, model name: String, asOf: Int64) throws
    -> PreviewReport.Move
  {
    try read {
      let row = try leadRow(key)
      let comparison = try RuleComparison(
        self, activeModel(name), with: CompiledRules(rules.document), asOf: asOf)
      let comparer = try LeadComparer(comparison, on: database, wantsFacts: false)
      defer { comparer.reader.finish() }
      try comparer.begin(leads: row.id...row.id)
      guard try comparer.next() else {
        throw StoreError.damaged("the score of lead '\(key)'; run `leadscore score --all`")
      }
      return try comparer.move(reasons: Int.max, all: true)
    }
  }

  /// How many threads beside the calling one a pass over all leads is worth.
  private func helperCount() throws -> Int {
    // Below so many leads another connection takes longer to open than it saves.
    let leads = try database.leads.greatestID()
    return Int(min(Int64(WorkerThread.processors), leads / (2 * PlanTable.blockSize) + 1)) - 1
  }
}

/// Gathers a preview's figures in one pass over the leads.
private struct Preview {
  private let session: ScoringSession
  private let model: ActiveModel
  private let rules: CheckedRules
  private let comparison: RuleComparison
  private let options: PreviewOptions
  private var impacts: [String: PreviewReport.RuleImpact] = [:]
  private var blocks: [(first: Int64, hashes: [UInt64])] = []
  private var digest: UInt64 = 0
  private(set) var report: PreviewReport

  init(
    _ session: ScoringSession, _ rules: CheckedRules, number: Int?, model name: String, asOf: Int64,
    _ options: PreviewOptions
  ) throws {
    try session.checkClock(asOf)
    try options.guards.checkStages(of: rules.document)
    self.session = session
    self.rules = rules
    self.options = options
    model = try session.activeModel(name)
    let other = CompiledRules(rules.document)
    comparison = try RuleComparison(session, model, with: other, asOf: asOf)
    report = PreviewReport(plan: nil, version: number, baseVersion: model.version.number, asOf: asOf)
    report.handoffStages = rules.document.stages.filter(\.isHandoff).map(\.id)
    report.stages =
      other.stageNames + model.rules.stageNames.filter { !other.stageNames.contains($0) }
    let old = Dictionary(model.rules.document.rules.map { ($0.id, $0) }) { first, _ in first }
    let ignoreChanged = model.rules.document.ignore != rules.document.ignore
    for rule in rules.document.rules {
      let change: PreviewReport.RuleImpact.Change =
        old[rule.id].map { $0 == rule && !(ignoreChanged && rule.filter != nil) ? .unchanged : .changed } ?? .added
      impacts[rule.id] = PreviewReport.RuleImpact(id: rule.id, change: change)
    }
    for id in old.keys where impacts[id] == nil { impacts[id] = PreviewReport.RuleImpact(id: id, change: .removed) }
  }

  /// Compares all leads and makes the report; calls `moves` with each changed lead where anybody wants to know. Inside a
  /// transaction.
  ///
  /// - Parameter others: connections for other threads, which read the same state.
  mutating func run(_ others: [LeadDatabase], _ moves: (PreviewReport.Move) throws -> Void) throws {
    let greatest = try session.database.leads.greatestID()
    let wishes = PreviewWorker.Wishes(
      top: options.top, by: options.by, wantsMoves: options.onChange != nil, wantsHashes: options.recordsPlan,
      handoffStages: report.handoffStages)
    let workers = try ([session.database] + others).map {
      PreviewWorker(
        try LeadComparer(comparison, on: $0, wantsFacts: wishes.wantsHashes), wishes, greatest: greatest)
    }
    var sum = PreviewPart(firstLead: 1, comparison)
    let pieces = try session.database.leads.pieces(of: PlanTable.blockSize)
    try OrderedRanges.run(pieces, workers: workers) { part in
      sum.add(part, top: options.top)
      for move in part.moves { try moves(move) }
      if !part.hashes.isEmpty { blocks.append((part.firstLead, part.hashes)) }
      session.onProgress?(
        ScoringSession.Progress(
          label: "Previewing", unit: "leads", done: min(part.firstLead + PlanTable.blockSize, greatest),
          total: greatest, items: sum.leads))
    }
    digest = sum.digest.value
    take(sum)
    if let comparer = workers.first?.comparer {
      defer { comparer.reader.finish() }
      report.top = try sum.top.leads.prefix(options.top).map { lead in
        try comparer.begin(leads: lead...lead)
        _ = try comparer.next()
        return try comparer.move(reasons: 5)
      }
    }
  }

  private mutating func take(_ sum: PreviewPart) {
    report.leads = sum.leads
    report.changed = sum.changed
    report.scoresUp = sum.scoresUp
    report.scoresDown = sum.scoresDown
    report.dueSoon = sum.dueSoon
    report.stageMatrix = sum.stageMatrix
    report.breach = options.guards.breach(of: sum.stageMatrix, leads: sum.leads)
    for (index, id) in comparison.before.ruleNames.enumerated() {
      impacts[id]?.leadsBefore += sum.before.leads[index]
      impacts[id]?.pointsBefore += sum.before.points[index]
    }
    for (index, id) in comparison.after.ruleNames.enumerated() {
      impacts[id]?.leadsAfter += sum.after.leads[index]
      impacts[id]?.pointsAfter += sum.after.points[index]
    }
    let order = rules.document.rules.map(\.id) + model.rules.document.rules.map(\.id)
    var listed: Set<String> = []
    report.rules = order.compactMap { listed.insert($0).inserted ? impacts[$0] : nil }
    var buckets: [Int64: PreviewReport.Bucket] = [:]
    func bucket(_ range: Int64, _ change: (inout PreviewReport.Bucket) -> Void) {
      let from = range * PreviewPart.bucketWidth
      change(&buckets[from, default: PreviewReport.Bucket(from: from)])
    }
    for (range, count) in sum.scoresBefore { bucket(range) { $0.before += count } }
    for (range, count) in sum.scoresAfter { bucket(range) { $0.after += count } }
    report.distribution = buckets.values.sorted { $0.from < $1.from }
    report.handoffsBy = sum.handoffsBy.map { ($0.key, $0.value.entering, $0.value.leaving) }
      .sorted { ($0.1 + $0.2, $1.0) > ($1.1 + $1.2, $0.0) }
  }

  /// Records what was found, so that exactly that can be applied. Inside a write transaction, on the state that was read.
  mutating func recordPlan() throws {
    let version = try session.database.models.version(model: model.row.id, digest: rules.digest)
    let plans = session.database.plans
    let id = try plans.add(
      PlanRow(
        model: model.row.id, format: RulePlan.format, program: options.program, version: version?.id,
        documentDigest: rules.digest, document: rules.text, baseVersion: model.version.id, asOf: report.asOf,
        recordedAt: session.clock(), leads: report.leads, guards: options.guards.json,
        digest: String(digest, radix: 16),
        summary: "{}"))
    for block in blocks { try plans.putBlock(plan: id, firstLead: block.first, block.hashes) }
    report.plan = id
    if let summary = options.summary?(report) { try plans.setSummary(id, summary) }
  }
}
