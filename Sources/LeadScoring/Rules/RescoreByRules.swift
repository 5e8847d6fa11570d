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
  var leads: Int64 = 0
  var records = RecordBatch()
  let scores: ComposedScores
  var changed: Int64 = 0
  var up: Int64 = 0
  var down: Int64 = 0
  var moves: [(move: ApplyReport.StageMove, count: Int64)] = []
  /// What a plan is held against, by lead.
  var hashes: [(lead: Int64, result: UInt64, facts: UInt64)] = []
}

/// Scores leads by the rules that became active, from their stored records; what these lack is looked for in the facts.
final class RuleChangeWorker: RescoreWorker {
  private let database: LeadDatabase
  private let model: ActiveModel
  private let version: Int
  private let asOf: Int64
  private let change: PackChange?
  private let scores: StoredScoreCursor
  private let composer: ScoreComposer
  private let spare: Channel<ComposedScores>
  private let records: RecordCursor
  private let facts: FactReader?
  private let finder: SignalFinder
  private let asksJudgement: Bool
  private let slots: [Int]
  private let wantsHashes: Bool
  /// What is asked of stored records; nil for all of them.
  private let reach: EventReach?
  private let texts: OutcomeTexts
  // By the numbers of stages and grades: positions among the rules' stages, and hashes of their texts.
  @exclusivity(unchecked) private var positions: [Int] = []
  @exclusivity(unchecked) private var textHashes: [UInt64] = []
  @exclusivity(unchecked) private var moves: [(from: Int, to: Int, count: Int64)] = []
  @exclusivity(unchecked) private var stored: SignalRecord
  @exclusivity(unchecked) private var found: SignalRecord
  @exclusivity(unchecked) private var record: SignalRecord

  /// - Parameters:
  ///   - change: nil where the pack is the same as before.
  ///   - wantsHashes: whether there is a plan.
  ///   - spare: where what was written comes back, to be used again.
  init(
    _ session: ScoringSession, _ database: LeadDatabase, model: ActiveModel, asOf: Int64, change: PackChange?,
    origin: RecordingOrigin, wantsHashes: Bool, spare: Channel<ComposedScores>
  ) throws {
    guard let model = model.copy(pack: session.pack.definitions) else {
      throw StoreError.damaged("the list of signals; run `leadscore score --all`")
    }
    self.database = database
    self.model = model
    version = model.version.number
    self.asOf = asOf
    self.change = change
    self.spare = spare
    self.wantsHashes = wantsHashes
    scores = try StoredScoreCursor(database, model: model.row.id)
    composer = ScoreComposer(
      model: model.row.id, cursor: scores,
      origin: HistoryOrigin(
        at: asOf, recordedAt: origin.recordedAt, cause: .rules, causeReference: origin.reference,
        version: model.version.number),
      pointsCapacity: model.points.capacity)
    records = try RecordCursor(database, pack: change?.old ?? session.pack.id)
    finder = SignalFinder(
      pack: SignalPack(id: 0, definitions: change?.missing ?? []),
      dictionary: try PropertyDictionary(database, gate: Gate()))
    facts = change == nil ? nil : try FactReader(database, events: finder.asksForEvents)
    asksJudgement = try !database.judgements.isEmpty()
    var positions: [SignalDefinition: Int] = [:]
    for (slot, definition) in session.pack.definitions.enumerated() { positions[definition] = slot }
    slots = model.rules.signals.compactMap { positions[$0] }
    // Who writes records, or compares facts with a plan's, needs all of them.
    reach = change == nil && !wantsHashes ? model.rules.reach(asOf: asOf, pack: session.pack.definitions) : nil
    texts = OutcomeTexts(model.evaluator)
    stored = SignalRecord(kinds: (change?.oldDefinitions ?? session.pack.definitions).map(\.kind))
    found = SignalRecord(kinds: finder.pack.kinds)
    record = SignalRecord(kinds: session.pack.kinds)
  }

  func work(on leads: ClosedRange<Int64>) throws -> RuleChangePart {
    var part = RuleChangePart(scores: spare.takeIfAny() ?? ComposedScores())
    try scores.begin(leads: leads)
    try records.begin(leads: leads)
    try facts?.begin(leads: leads)
    defer {
      scores.finish()
      records.finish()
      facts?.finish()
    }
    composer.begin(leads: leads, into: part.scores)
    let tools = Tools(
      evaluator: model.evaluator, scores: scores, composer: composer, texts: texts, points: model.points)
    if let facts, let change {
      while try facts.next() {
        try assemble(facts, change)
        part.records.add(record, lead: facts.lead)
        try score(facts.lead, record, tools, &part)
      }
    } else {
      while let lead = records.lead {
        try unpack(lead)
        try score(lead, stored, tools, &part)
        try records.next()
      }
    }
    try composer.finish()
    for move in moves {
      let named = ApplyReport.StageMove(from: scores.texts.text(move.from), to: scores.texts.text(move.to))
      part.moves.append((named, move.count))
    }
    moves.removeAll(keepingCapacity: true)
    return part
  }

  private func unpack(_ lead: Int64) throws {
    guard stored.unpack(records.bytes, readable: records.readableBehind, reach: reach) else {
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

  /// What is needed of every lead; handed on, so that nobody has to count who has it.
  private struct Tools {
    let evaluator: LeadEvaluator
    let scores: StoredScoreCursor
    let composer: ScoreComposer
    let texts: OutcomeTexts
    let points: PointsWriter
  }

  private func score(
    _ lead: Int64, _ record: borrowing SignalRecord, _ tools: borrowing Tools, _ part: inout RuleChangePart
  ) throws {
    let (evaluator, scores) = (tools.evaluator, tools.scores)
    let isKnown = try tools.composer.advance(to: lead)
    let before = scores.score.pointee
    let judgement = asksJudgement ? try database.judgement(model: model.row.id, lead: lead) : .none
    evaluator.evaluate(
      record, at: asOf, currentStage: position(ofStage: isKnown ? before.ruleStage : 0), judgement: judgement)
    let outcome = evaluator.outcome
    let stage = tools.texts.stage(outcome) { scores.number($0) }
    let after = StoredScore(
      lead: lead, score: outcome.score, version: version,
      enteredStageAt: isKnown && before.stage == stage ? before.enteredStageAt : asOf, scoredAt: asOf,
      nextChange: outcome.nextChange, stage: stage, ruleStage: tools.texts.ruleStage(outcome) { scores.number($0) },
      grade: tools.texts.grade(outcome) { scores.number($0) })
    part.leads += 1
    if try tools.composer.put(after, isNew: !isKnown, points: { tools.points.write(to: $0) }) { part.changed += 1 }
    // A lead's first stage under a model is no change of its stage.
    if isKnown {
      count(before.stage, stage)
      part.up += before.score < after.score ? 1 : 0
      part.down += before.score > after.score ? 1 : 0
    }
    if wantsHashes {
      part.hashes.append(
        (
          lead, FixedHash.result(score: after.score, stage: hash(stage), grade: hash(after.grade)),
          FixedHash.facts(record, slots: slots, judgement)
        ))
    }
  }

  /// The position of a stage among those of the rules.
  private func position(ofStage number: Int) -> Int {
    while positions.count <= number {
      positions.append(model.evaluator.position(ofStage: scores.texts.text(positions.count)))
    }
    return positions[number]
  }

  private func hash(_ number: Int) -> UInt64 {
    while textHashes.count <= number { textHashes.append(FixedHash.text(scores.texts.text(textHashes.count))) }
    return textHashes[number]
  }

  private func count(_ from: Int, _ to: Int) {
    if let index = moves.firstIndex(where: { $0.from == from && $0.to == to }) {
      moves[index].count += 1
    } else {
      moves.append((from, to, 1))
    }
  }
}
