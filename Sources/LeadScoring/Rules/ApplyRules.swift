internal import LeadStore
internal import ScoreEngine

/// What applying a version changed.
public struct ApplyReport: Sendable, Equatable {
  /// The version that became active, and the one before it.
  public var version: Int
  public var baseVersion: Int?
  /// Leads of the model.
  public var leads: Int64 = 0
  /// Leads whose score, stage or grade changed.
  public var changed: Int64 = 0
  public var scoresUp: Int64 = 0
  public var scoresDown: Int64 = 0
  /// How many leads were in one stage and are in another, or the same: before, after, count. Nil is no stage.
  public var stageMatrix: [StageMove: Int64] = [:]
  /// False where the version was the active one already.
  public var wasApplied = true

  /// A way from a stage to a stage.
  public struct StageMove: Hashable, Sendable {
    public var from: String?
    public var to: String?

    /// A move.
    public init(from: String?, to: String?) {
      self.from = from
      self.to = to
    }
  }

  /// Leads whose stage changed.
  public var stageChanges: Int64 {
    stageMatrix.reduce(0) { $0 + ($1.key.from == $1.key.to ? 0 : $1.value) }
  }
}

/// How many stage changes an application may make.
public enum StageChangeLimit: Sendable, Equatable {
  case count(Int64)
  /// Percent of the model's leads.
  case percent(Double)
}

/// How a version is applied.
public struct ApplyOptions: Sendable {
  /// The plan whose results must come out; nil for none.
  public var plan: Int64?
  public var guards = ChangeGuards()
  /// Who applies it, for the record.
  public var person: String?
  /// Whether everything is undone at the end.
  public var isDryRun = false

  /// The defaults.
  public init() {}
}

extension ScoringSession {
  /// Makes a version the active one and scores every lead by it, in one transaction: all or nothing.
  ///
  /// All leads are first brought to the instant under the old version, so that the history tells what the clock did from
  /// what the rules did.
  ///
  /// - Throws: ``ScoringError``; nothing has changed then.
  /// - Complexity: O(leads), and O(events) where the version asks what no active version asked.
  public func applyRules(
    _ number: Int, model name: String, asOf: Int64, options: ApplyOptions = ApplyOptions()
  ) throws -> ApplyReport {
    try write(undo: options.isDryRun, bulk: true) {
      try activate(number, model: name, asOf: asOf, kind: "apply", options: options)
    }
  }

  /// Makes the version active that was so before the one that is, by the same machinery.
  ///
  /// - Throws: ``ScoringError/nothingToRollBack(model:)`` and what ``applyRules(_:model:asOf:options:)`` throws.
  public func rollBackRules(
    model name: String, asOf: Int64, options: ApplyOptions = ApplyOptions()
  ) throws -> ApplyReport {
    try write(undo: options.isDryRun, bulk: true) {
      try activate(previousVersion(model: name), model: name, asOf: asOf, kind: "rollback", options: options)
    }
  }

  /// The version to which a rollback leads: the one under which the active one was applied.
  ///
  /// - Throws: ``ScoringError/nothingToRollBack(model:)``
  public func previousVersion(model name: String) throws -> Int {
    // Applications stack up; a rollback takes the last one off.
    var stack: [Int] = []
    for activation in try database.models.activations(model: modelRow(name).id) {
      if activation.kind == "rollback" {
        stack.removeLast(min(1, stack.count))
      } else {
        stack.append(activation.version)
      }
    }
    guard stack.count >= 2 else { throw ScoringError.nothingToRollBack(model: name) }
    return stack[stack.count - 2]
  }

  /// Makes a version the active one. Inside a write transaction.
  func activate(
    _ number: Int, model name: String, asOf: Int64, kind: String, options: ApplyOptions
  ) throws -> ApplyReport {
    try checkClock(asOf)
    let row = try modelRow(name)
    guard let version = try database.models.version(model: row.id, number: number) else {
      let greatest = try database.models.versions(model: row.id).last?.number ?? 0
      throw ScoringError.unknownVersion(number, model: name, greatest: greatest)
    }
    let base = try database.models.activeVersion(model: row.id)
    var plan = try options.plan.map { try RulePlan($0, version: version, active: base, asOf: asOf, session: self) }
    // A model's first rules replace none that anybody agreed on.
    if !options.isDryRun, base != nil { try checkApprovals(version) }
    try options.guards.checkStages(of: ScoringSession.document(of: version))
    _ = try advanceDueLeads(to: asOf)
    if base?.id == version.id {
      var report = ApplyReport(version: number, baseVersion: number)
      report.wasApplied = false
      return report
    }
    try database.models.activate(
      model: row.id, version: version.id, asOf: asOf, recordedAt: clock(), person: options.person, plan: options.plan,
      kind: kind)
    let report = try rescoreUnderNewRules(
      modelID: row.id, version: version, base: base, asOf: asOf, plan: &plan)
    try plan?.finish()
    try options.guards.check(report.stageMatrix, leads: report.leads, version: number)
    if let plan {
      try ChangeGuards(json: plan.row.guards).check(
        report.stageMatrix, leads: report.leads, version: number, whose: "the plan's ")
    }
    return report
  }

  private func rescoreUnderNewRules(
    modelID: Int64, version: RuleVersionRow, base: RuleVersionRow?, asOf: Int64,
    plan: inout RulePlan?
  ) throws -> ApplyReport {
    var compiled: [(ModelRow, RuleVersionRow, CompiledRules)] = []
    for row in try database.models.all() {
      guard let active = try database.models.activeVersion(model: row.id) else { continue }
      compiled.append((row, active, try ScoringSession.compile(active)))
    }
    let needed = SignalPack.union(compiled.map(\.2))
    let oldPack = pack
    let isSamePack = oldPack.id != 0 && Set(needed) == Set(oldPack.definitions)
    if !isSamePack { _ = try SignalPack.add(needed, to: database) }
    try reload()

    var report = ApplyReport(version: version.number, baseVersion: base?.number)
    guard let model = models.first(where: { $0.row.id == modelID }) else { return report }
    let greatest = try database.leads.greatestID()
    // Findings of signals that both packs have are carried over; only the others are looked for in the facts.
    let change = isSamePack ? nil : PackChange(from: oldPack, to: pack)
    let origin = RecordingOrigin(recordedAt: clock(), reference: String(version.number))
    let wantsHashes = plan != nil
    let spare = Channel<ComposedScores>()
    try RescorePass.run(
      self, adds: .composed, removes: isSamePack || oldPack.id == 0 ? nil : oldPack.id,
      {
        try RuleChangeWorker(
          self, $0, model: model, asOf: asOf, change: change, origin: origin, wantsHashes: wantsHashes, spare: spare)
      },
      store: { part in
        for entry in part.hashes { try plan?.check(entry.lead, result: entry.result, facts: entry.facts) }
        report.leads += part.leads
        report.changed += part.changed
        report.scoresUp += part.up
        report.scoresDown += part.down
        for (move, count) in part.moves { report.stageMatrix[move, default: 0] += count }
        try part.records.write(to: database, pack: pack.id)
        try database.write(part.scores)
        spare.put(part.scores)
        onProgress?(
          Progress(
            label: "Scoring", unit: "leads", done: min(part.scores.leads.upperBound, greatest), total: greatest,
            items: report.leads))
      })
    if report.leads > 0 { try database.models.setEvaluated(modelID, at: asOf) }
    return report
  }
}
