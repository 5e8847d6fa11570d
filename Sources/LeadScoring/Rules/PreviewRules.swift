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
  /// - Parameters:
  ///   - rules: the document.
  ///   - number: its version, where it is one.
  /// - Throws: ``ScoringError``, `DatabaseError`.
  /// - Complexity: O(leads), and O(events) where the rules ask what no active version asks.
  public func previewRules(
    _ rules: CheckedRules, number: Int?, model name: String, asOf: Int64, options: PreviewOptions = PreviewOptions()
  ) throws -> PreviewReport {
    if options.recordsPlan {
      return try write {
        var preview = try PreviewBuilder(self, rules, number: number, model: name, asOf: asOf, options)
        return try preview.run()
      }
    }
    return try database.connection.read {
      var preview = try PreviewBuilder(self, rules, number: number, model: name, asOf: asOf, options)
      return try preview.run()
    }
  }

  /// Explains one lead under the active rules and under others: its standing, and the points of every rule that gives
  /// any under either, those that differ most first.
  ///
  /// - Throws: ``ScoringError/unknownLead(_:similar:)``
  public func previewLead(_ key: String, _ rules: CheckedRules, model name: String, asOf: Int64) throws
    -> PreviewReport.Move
  {
    let model = try activeModel(name)
    let row = try leadRow(key)
    let other = CompiledRules(rules.document)
    var found: PreviewReport.Move?
    try compare(model, with: other, asOf: asOf, leads: row.id...row.id) { comparison in
      found = move(comparison, key: row.key, model.rules, other, reasons: Int.max, all: true)
    }
    guard let found else { throw StoreError.damaged("the score of lead '\(key)'; run `leadscore score --all`") }
    return found
  }

  fileprivate func move(
    _ comparison: LeadComparison, key: String, _ before: CompiledRules, _ after: CompiledRules, reasons limit: Int,
    all: Bool = false
  ) -> PreviewReport.Move {
    var points: [String: (Int64, Int64)] = [:]
    for (id, value) in zip(before.ruleNames, comparison.before.rules) { points[id, default: (0, 0)].0 = value }
    for (id, value) in zip(after.ruleNames, comparison.after.rules) { points[id, default: (0, 0)].1 = value }
    let reasons = points.filter { $0.value.0 != $0.value.1 || (all && $0.value.0 != 0) }
      .map { PreviewReport.Reason(rule: $0.key, before: $0.value.0, after: $0.value.1) }
      .sorted { (($0.after - $0.before).magnitude, $1.rule) > (($1.after - $1.before).magnitude, $0.rule) }
    return PreviewReport.Move(
      key: key, before: comparison.before.score, after: comparison.after.score, stageBefore: comparison.before.stage,
      stageAfter: comparison.after.stage, gradeBefore: comparison.before.grade, gradeAfter: comparison.after.grade,
      reasons: Array(reasons.prefix(limit)))
  }
}

/// Gathers a preview's figures in one pass over the leads.
private struct PreviewBuilder {
  private let session: ScoringSession
  private let model: ActiveModel
  private let rules: CheckedRules
  private let other: CompiledRules
  private let asOf: Int64
  private let options: PreviewOptions
  private var report: PreviewReport
  private var impacts: [String: PreviewReport.RuleImpact] = [:]
  private var buckets: [Int64: PreviewReport.Bucket] = [:]
  private var byValue: [String: (Int64, Int64)] = [:]
  private var top: [(comparison: LeadComparison, size: UInt64)] = []
  private var hashes: [UInt64] = []
  private var blockStart: Int64 = 1
  private var blocks: [(first: Int64, hashes: [UInt64])] = []
  private var digest = FixedHash()

  /// The width of a range of the distribution: ten points.
  private static let bucketWidth: Int64 = 1000

  init(
    _ session: ScoringSession, _ rules: CheckedRules, number: Int?, model name: String, asOf: Int64,
    _ options: PreviewOptions
  ) throws {
    try session.checkClock(asOf)
    try options.guards.checkStages(of: rules.document)
    self.session = session
    self.rules = rules
    self.options = options
    self.asOf = asOf
    model = try session.activeModel(name)
    other = CompiledRules(rules.document)
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

  mutating func run() throws -> PreviewReport {
    let total = try session.database.leads.count()
    // A struct cannot be changed inside an escaping closure; this one does not escape.
    try session.compare(model, with: other, asOf: asOf) { comparison in
      try add(comparison)
      session.onProgress?(
        ScoringSession.Progress(
          label: "Previewing", unit: "leads", done: report.leads, total: total, items: report.leads))
    }
    closeBlock()
    let order = rules.document.rules.map(\.id) + model.rules.document.rules.map(\.id)
    var listed: Set<String> = []
    report.rules = order.compactMap { listed.insert($0).inserted ? impacts[$0] : nil }
    report.distribution = buckets.values.sorted { $0.from < $1.from }
    report.handoffsBy = byValue.map { ($0.key, $0.value.0, $0.value.1) }
      .sorted { ($0.1 + $0.2, $1.0) > ($1.1 + $1.2, $0.0) }
    report.top = try top.sorted { ($0.size, $1.comparison.lead) > ($1.size, $0.comparison.lead) }.map {
      try move($0.comparison, reasons: 5)
    }
    if options.recordsPlan {
      let plan = try recordPlan()
      report.plan = plan
      if let summary = options.summary?(report) { try session.database.plans.setSummary(plan, summary) }
    }
    return report
  }

  private func move(_ comparison: LeadComparison, reasons: Int) throws -> PreviewReport.Move {
    let key = try session.database.leads.row(id: comparison.lead)?.key ?? ""
    return session.move(comparison, key: key, model.rules, other, reasons: reasons)
  }

  private mutating func add(_ comparison: LeadComparison) throws {
    report.leads += 1
    let (before, after) = (comparison.before, comparison.after)
    report.stageMatrix[ApplyReport.StageMove(from: before.stage, to: after.stage), default: 0] += 1
    if before.score < after.score { report.scoresUp += 1 }
    if before.score > after.score { report.scoresDown += 1 }
    for (index, points) in before.rules.enumerated() where points != 0 {
      impacts[model.rules.ruleNames[index]]?.leadsBefore += 1
      impacts[model.rules.ruleNames[index]]?.pointsBefore += points
    }
    for (index, points) in after.rules.enumerated() where points != 0 {
      impacts[other.ruleNames[index]]?.leadsAfter += 1
      impacts[other.ruleNames[index]]?.pointsAfter += points
    }
    bucket(before.score) { $0.before += 1 }
    bucket(after.score) { $0.after += 1 }
    if let due = after.nextChange, due < asOf + 7 * 86_400_000 { report.dueSoon += 1 }
    note(comparison)
    guard comparison.isChanged else { return }
    report.changed += 1
    try countHandoff(comparison)
    try options.onChange?(move(comparison, reasons: 5))
    // Stage changes come first, then the size of the move.
    let size = (after.score - before.score).magnitude + (before.stage == after.stage ? 0 : 1 << 40)
    if top.count < options.top {
      top.append((comparison, size))
    } else if let least = top.indices.min(by: { top[$0].size < top[$1].size }), top[least].size < size {
      top[least] = (comparison, size)
    }
  }

  private mutating func bucket(_ score: Int64, _ change: (inout PreviewReport.Bucket) -> Void) {
    let width = PreviewBuilder.bucketWidth
    let from = (score >= 0 ? score / width : (score - width + 1) / width) * width
    change(&buckets[from, default: PreviewReport.Bucket(from: from)])
  }

  private mutating func countHandoff(_ comparison: LeadComparison) throws {
    guard let attribute = options.by else { return }
    let wasIn = report.handoffStages.contains(comparison.before.stage ?? "")
    let isIn = report.handoffStages.contains(comparison.after.stage ?? "")
    guard wasIn != isIn else { return }
    let row = try session.database.leads.row(id: comparison.lead)
    let value = row.flatMap { AttributeSet(json: $0.attributes)[attribute]?.cellText } ?? ""
    if isIn { byValue[value, default: (0, 0)].0 += 1 } else { byValue[value, default: (0, 0)].1 += 1 }
  }

  // MARK: Plan

  private mutating func note(_ comparison: LeadComparison) {
    let size = PlanTable.blockSize
    while comparison.lead >= blockStart + size { closeBlock() }
    if hashes.isEmpty { hashes = Array(repeating: 0, count: Int(size) * 2) }
    let index = Int(comparison.lead - blockStart) * 2
    hashes[index] = comparison.result
    hashes[index + 1] = comparison.facts
    digest.combine(comparison.lead)
    digest.combine(Int64(bitPattern: comparison.result))
  }

  private mutating func closeBlock() {
    if !hashes.isEmpty { blocks.append((blockStart, hashes)) }
    hashes = []
    blockStart += PlanTable.blockSize
  }

  private func recordPlan() throws -> Int64 {
    let version = try session.database.models.version(model: model.row.id, digest: rules.digest)
    let plans = session.database.plans
    let id = try plans.add(
      PlanRow(
        model: model.row.id, format: RulePlan.format, program: options.program, version: version?.id,
        documentDigest: rules.digest, document: rules.text, baseVersion: model.version.id, asOf: asOf,
        recordedAt: session.clock(), leads: report.leads, guards: options.guards.json,
        digest: String(digest.value, radix: 16),
        summary: "{}"))
    for block in blocks { try plans.putBlock(plan: id, firstLead: block.first, block.hashes) }
    return id
  }
}
