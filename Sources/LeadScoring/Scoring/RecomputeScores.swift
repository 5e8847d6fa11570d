internal import LeadStore
internal import ScoreEngine

/// What a full recomputation found.
public struct RecomputeReport: Sendable, Equatable {
  /// A lead whose stored state was not what the facts say.
  public struct Difference: Sendable, Equatable {
    public var key: String
    public var model: String
    /// Hundredths; nil for a lead that had no score.
    public var before: Int64?
    /// Hundredths.
    public var after: Int64
    public var stageBefore: String?
    public var stageAfter: String?
  }

  /// Leads looked at.
  public var leads: Int64 = 0
  /// Leads that differed in score, groups, rules, stage or grade.
  public var differences: [Difference] = []
  /// Leads whose signal state differed.
  public var signalDifferences: Int64 = 0
}

extension ScoringSession {
  /// Recomputes every lead as of an instant from the facts alone, stores what differs and reports it.
  ///
  /// - Throws: ``ScoringError/backInTime(asked:last:)``, `DatabaseError`.
  /// - Complexity: O(leads + events).
  public func recompute(asOf: Int64) throws -> RecomputeReport {
    try write(bulk: true) {
      try checkClock(asOf)
      let isReplaced = pack.id == 0
      if isReplaced { try replacePack() }
      var report = RecomputeReport()
      let (greatest, origin) = (try database.leads.greatestID(), RecordingOrigin(recordedAt: clock()))
      try RescorePass.run(
        self, adds: .few,
        { try RecomputeWorker(self, $0, asOf: asOf, origin: origin, isPackNew: isReplaced) },
        store: { part in
          report.leads += part.written.leads
          report.signalDifferences += part.signalDifferences
          report.differences += part.differences
          // Records that stand beside a damaged block would hide it from those who look a lead up, not from passes.
          try database.signals.rewrite(blocks: part.damagedBlocks)
          try part.written.records.write(to: database, pack: pack.id)
          try database.write(part.written.scores)
          onProgress?(
            Progress(
              label: "Recomputing", unit: "leads", done: min(part.lastLead, greatest), total: greatest,
              items: report.leads))
        })
      if report.leads > 0 { for model in models { try database.models.setEvaluated(model.row.id, at: asOf) } }
      return report
    }
  }

  /// Takes a new, empty pack in the place of one that does not fit the active rules.
  private func replacePack() throws {
    let old = try database.signals.currentPack()
    _ = try SignalPack.add(pack.definitions, to: database)
    if let old { try database.signals.removePack(old.id) }
    try reload()
  }
}

/// What came of recomputing a piece.
private struct RecomputePart: Sendable {
  /// The number of the piece's last lead, or a greater one.
  let lastLead: Int64
  var written = RescorePart()
  var differences: [RecomputeReport.Difference] = []
  var signalDifferences: Int64 = 0
  /// Blocks of records that cannot be read.
  var damagedBlocks: [Int64] = []
}

/// Recomputes leads from their facts and holds them against what is stored.
private final class RecomputeWorker: RescoreWorker {
  private let tools: RescoreTools
  private let asOf: Int64
  private let finder: SignalFinder
  private let facts: FactReader
  private let stored: RecordCursor?
  private let checks: [StoredScoreCheck]
  @exclusivity(unchecked) private var record: SignalRecord
  @exclusivity(unchecked) private var storedRecord: SignalRecord
  @exclusivity(unchecked) private var packed: [UInt8] = []
  // The points of groups and rules before, as they are stored.
  @exclusivity(unchecked) private var groups: [UInt8] = []
  @exclusivity(unchecked) private var rules: [UInt8] = []

  /// - Parameter isPackNew: whether nothing is stored that the records could be held against.
  init(
    _ session: ScoringSession, _ database: LeadDatabase, asOf: Int64, origin: RecordingOrigin, isPackNew: Bool
  ) throws {
    self.asOf = asOf
    tools = try RescoreTools(session, database, models: session.models, origin: origin)
    finder = SignalFinder(pack: session.pack, dictionary: try PropertyDictionary(database, gate: Gate()))
    facts = try FactReader(database, events: finder.asksForEvents)
    stored = isPackNew ? nil : try RecordCursor(database, pack: session.pack.id, skipsDamaged: true)
    record = SignalRecord(kinds: session.pack.kinds)
    storedRecord = SignalRecord(kinds: session.pack.kinds)
    checks = tools.models.indices.map { [tools] in StoredScoreCheck(tools.models[$0], tools.cursor($0), asOf: asOf) }
  }

  func work(on leads: ClosedRange<Int64>) throws -> RecomputePart {
    var part = RecomputePart(lastLead: leads.upperBound)
    try tools.begin(leads)
    try stored?.begin(leads: leads)
    try facts.begin(leads: leads)
    defer {
      tools.finish()
      stored?.finish()
      facts.finish()
    }
    while let lead = try facts.nextLead() {
      finder.reset()
      if finder.asksForEvents { try facts.forEachPage { try finder.add(page: $0, firstAt: $1) } }
      finder.fill(&record, createdAt: facts.createdAt, previous: nil, attributesJSON: facts.attributes)
      part.written.leads += 1
      let stored = try isStored(lead)
      if !stored.isPacked { part.written.records.add(packed: packed, lead: lead) }
      if !stored.isSame { part.signalDifferences += 1 }
      for model in tools.models.indices {
        let judgement = try tools.judgement(model, lead)
        if try checks[model].isCurrent(lead, record, judgement) { continue }
        try score(model, lead, judgement, &part)
      }
    }
    if let stored {
      while stored.lead != nil { try stored.next() }
      part.damagedBlocks = stored.damagedBlocks
    }
    part.written.counts = tools.kernel.counts
    return part
  }

  /// Whether what is stored of a lead says the same as the record, and whether it is packed in the same way; where not,
  /// the record is packed.
  private func isStored(_ lead: Int64) throws -> (isSame: Bool, isPacked: Bool) {
    let bytes = try stored.flatMap { try $0.advance(to: lead) ? $0.bytes : nil }
    if let bytes, record.isPacked(as: bytes, in: &storedRecord) { return (true, true) }
    packed.removeAll(keepingCapacity: true)
    record.pack(into: &packed)
    guard let bytes else { return (false, false) }
    if packed.elementsEqual(bytes) { return (true, true) }
    // Packed by an earlier program.
    return (storedRecord.unpack(bytes) && storedRecord.isEqual(to: record), false)
  }

  private func score(_ number: Int, _ lead: Int64, _ judgement: Judgement, _ part: inout RecomputePart) throws {
    let (model, kernel) = (tools.models[number], tools.kernel)
    let stored = try tools.cursor(number).state(of: lead)
    var before = stored
    groups.removeAll(keepingCapacity: true)
    rules.removeAll(keepingCapacity: true)
    if let known = stored {
      if let due = known.nextChangeAt, due <= asOf {
        kernel.counts.rescored += 1
        before = kernel.advance(
          model, lead: lead, known, judgement, record, through: asOf, into: &part.written.scores, stores: false)
        model.evaluator.appendGroups(to: &groups)
        model.evaluator.appendRules(to: &rules)
      } else {
        tools.cursor(number).withPoints {
          groups.append(contentsOf: $0)
          rules.append(contentsOf: $1)
        }
      }
    }
    let state = kernel.evaluate(
      model, lead: lead, before: before, judgement: judgement, record: record, at: asOf,
      cause: before == nil ? .import : .recompute, into: &part.written.scores)
    let arePointsSame = part.written.scores.withLastPoints {
      $0.elementsEqual(self.groups) && $1.elementsEqual(self.rules)
    }
    let isSame =
      before?.score == state.score && before?.stage == state.stage && before?.grade == state.grade
      && arePointsSame == true
    if isSame, stored == state { part.written.scores.removeLast() }
    if !isSame {
      part.differences.append(
        RecomputeReport.Difference(
          key: try tools.database.leads.row(id: lead)?.key ?? "", model: model.row.name, before: before?.score,
          after: state.score, stageBefore: before?.stage, stageAfter: state.stage))
    }
  }
}
