internal import LeadStore
internal import ScoreEngine

/// How the signals of a pack come from those of the pack before and from the facts.
struct PackChange: Sendable {
  let old: Int64
  let oldDefinitions: [SignalDefinition]
  /// What the pack before lacks.
  let missing: [SignalDefinition]
  /// For each slot of the new pack, where its findings come from.
  let sources: [(old: Int?, found: Int?)]

  init(from old: SignalPack, to new: SignalPack) {
    self.old = old.id
    oldDefinitions = old.definitions
    var oldSlots: [SignalDefinition: Int] = [:]
    for (slot, definition) in old.definitions.enumerated() { oldSlots[definition] = slot }
    let missing = new.definitions.filter { oldSlots[$0] == nil }
    var foundSlots: [SignalDefinition: Int] = [:]
    for (slot, definition) in missing.enumerated() { foundSlots[definition] = slot }
    self.missing = missing
    sources = new.definitions.map { (old: oldSlots[$0], found: foundSlots[$0]) }
  }
}

/// What came of scoring a piece by other rules.
struct RuleChangePart: Sendable {
  var written = RescorePart()
  var changed: Int64 = 0
  var up: Int64 = 0
  var down: Int64 = 0
  var moves: [(move: ApplyReport.StageMove, count: Int64)] = []
  /// What a plan is held against, by lead.
  var hashes: [(lead: Int64, result: UInt64, facts: UInt64)] = []

  fileprivate mutating func count(_ before: ScoreState?, _ after: ScoreState) {
    written.leads += 1
    // A lead's first stage under a model is no change of its stage.
    guard let before else {
      changed += 1
      return
    }
    if let index = moves.firstIndex(where: { $0.move.from == before.stage && $0.move.to == after.stage }) {
      moves[index].count += 1
    } else {
      moves.append((ApplyReport.StageMove(from: before.stage, to: after.stage), 1))
    }
    if before.score < after.score { up += 1 }
    if before.score > after.score { down += 1 }
    if before.score != after.score || before.stage != after.stage || before.grade != after.grade { changed += 1 }
  }
}

/// Scores leads by the rules that became active, from their stored records; what these lack is looked for in the facts.
final class RuleChangeWorker: RescoreWorker {
  private let tools: RescoreTools
  private let asOf: Int64
  private let change: PackChange?
  private let records: RecordCursor
  private let facts: FactReader?
  private let finder: SignalFinder
  private let slots: [Int]
  private let wantsHashes: Bool
  @exclusivity(unchecked) private var stored: SignalRecord
  @exclusivity(unchecked) private var found: SignalRecord
  @exclusivity(unchecked) private var record: SignalRecord

  /// - Parameters:
  ///   - change: nil where the pack is the same as before.
  ///   - wantsHashes: whether there is a plan.
  init(
    _ session: ScoringSession, _ database: LeadDatabase, model: ActiveModel, asOf: Int64, change: PackChange?,
    origin: RecordingOrigin, wantsHashes: Bool
  ) throws {
    self.asOf = asOf
    self.change = change
    self.wantsHashes = wantsHashes
    tools = try RescoreTools(
      session, database, models: [model], origin: origin)
    records = try RecordCursor(database, pack: change?.old ?? session.pack.id)
    finder = SignalFinder(
      pack: SignalPack(id: 0, definitions: change?.missing ?? []),
      dictionary: try PropertyDictionary(database, gate: Gate()))
    facts = change == nil ? nil : try FactReader(database, events: finder.asksForEvents)
    var positions: [SignalDefinition: Int] = [:]
    for (slot, definition) in session.pack.definitions.enumerated() { positions[definition] = slot }
    slots = model.rules.signals.compactMap { positions[$0] }
    stored = SignalRecord(kinds: (change?.oldDefinitions ?? session.pack.definitions).map(\.kind))
    found = SignalRecord(kinds: finder.pack.kinds)
    record = SignalRecord(kinds: session.pack.kinds)
  }

  func work(on leads: ClosedRange<Int64>) throws -> RuleChangePart {
    var part = RuleChangePart()
    try tools.begin(leads)
    try records.begin(leads: leads)
    try facts?.begin(leads: leads)
    defer {
      tools.finish()
      records.finish()
      facts?.finish()
    }
    if let facts, let change {
      while try facts.next() {
        try assemble(facts, change)
        part.written.records.add(record, lead: facts.lead)
        try score(facts.lead, record, &part)
      }
    } else {
      while let lead = records.lead {
        try unpack(lead)
        try score(lead, stored, &part)
        try records.next()
      }
    }
    part.written.counts = tools.kernel.counts
    return part
  }

  private func unpack(_ lead: Int64) throws {
    guard stored.unpack(records.bytes, readable: records.readableBehind) else {
      throw StoreError.damaged("the signal state of lead \(lead); run `leadscore score --all`")
    }
  }

  /// Fills the record with what the pack before found and what is found now.
  private func assemble(_ facts: FactReader, _ change: PackChange) throws {
    let lead = facts.lead
    if change.old != 0, !change.oldDefinitions.isEmpty {
      guard try records.advance(to: lead) else {
        throw StoreError.damaged("the signal state of lead \(lead); run `leadscore score --all`")
      }
      try unpack(lead)
    }
    if !change.missing.isEmpty {
      finder.reset()
      if finder.asksForEvents { try facts.forEachPage { try finder.add(page: $0, firstAt: $1) } }
      facts.withAttributes {
        finder.fill(&found, createdAt: facts.createdAt, previous: nil, attributesJSON: $0)
      }
    }
    record.reset(createdAt: facts.createdAt)
    for source in change.sources {
      if let slot = source.old {
        record.append(slot: slot, of: stored)
      } else if let slot = source.found {
        record.append(slot: slot, of: found)
      }
    }
  }

  private func score(_ lead: Int64, _ record: SignalRecord, _ part: inout RuleChangePart) throws {
    let model = tools.models[0]
    let before = try tools.cursor(0).state(of: lead)
    let judgement = try tools.judgement(0, lead)
    tools.kernel.evaluate(
      model, lead: lead, before: before, judgement: judgement, record: record, at: asOf, cause: .rules,
      into: &part.written.scores)
    guard let after = part.written.scores.withLast({ state, _, _ in state }) else { return }
    part.count(before, after)
    if wantsHashes {
      part.hashes.append(
        (
          lead, FixedHash.result(score: after.score, stage: after.stage, grade: after.grade),
          FixedHash.facts(record, slots: slots, judgement)
        ))
    }
  }
}
