internal import LeadStore
internal import ScoreEngine

/// Two versions of rules to compare on all leads of a model: what each thread needs to know, and nothing that is one
/// thread's alone.
struct RuleComparison: Sendable {
  let model: Int64
  /// The number of the active version.
  let version: Int
  let before: CompiledRules
  let after: CompiledRules
  let asOf: Int64
  /// The number of the stored pack and its signals.
  let pack: Int64
  let stored: [SignalDefinition]
  /// What the other rules ask and no active version asked.
  let missing: [SignalDefinition]
  /// The signals that the other rules ask for, by their places in `stored` and `missing`.
  let slots: [Int]
  /// Whether stored scores are those as of `asOf` where nothing falls due until then.
  let isForward: Bool

  init(_ session: ScoringSession, _ model: ActiveModel, with other: CompiledRules, asOf: Int64) throws {
    self.model = model.row.id
    version = model.version.number
    before = model.rules
    after = other
    self.asOf = asOf
    pack = session.pack.id
    stored = session.pack.definitions
    let known = Set(stored)
    missing = other.signals.filter { !known.contains($0) }
    var positions: [SignalDefinition: Int] = [:]
    for (slot, definition) in (stored + missing).enumerated() { positions[definition] = slot }
    slots = other.signals.compactMap { positions[$0] }
    isForward = try session.database.models.lastEvaluation().map { $0 <= asOf } ?? true
  }
}

/// Evaluates one lead after the other under the active rules and under others as of an instant, and stores nothing. One
/// thread's, on one connection, within one read transaction.
///
/// Signals that the active rules ask for are not looked for again: where the others ask nothing new, no event is read,
/// and where they ask of attributes alone, none either. Where nothing fell due since a lead was scored, its stored score
/// is what the active rules give.
final class LeadComparer {
  let comparison: RuleComparison
  let database: LeadDatabase
  let reader: ScoredLeadReader
  private let stored: UnsafePointer<StoredScore>
  private let before: LeadEvaluator
  private let after: LeadEvaluator
  private let finder: SignalFinder?
  /// Events up to this instant are not looked for.
  private let oldestEvent: Int64
  /// What is asked of the record of a lead that is not evaluated under the active rules; nil for all of it.
  private let reach: EventReach?
  private let asksJudgement: Bool
  @exclusivity(unchecked) private var record: SignalRecord
  @exclusivity(unchecked) private var found: SignalRecord
  // By the reader's number of a stage: its position among those of the other rules, -1 for one not asked for yet.
  @exclusivity(unchecked) private var positions: [Int] = []
  private let beforeTexts: OutcomeTexts
  private let afterTexts: OutcomeTexts

  // MARK: The lead at hand

  /// Scores in hundredths; stages and grades by the reader's numbers.
  @exclusivity(unchecked) private(set) var scoreBefore: Int64 = 0
  @exclusivity(unchecked) private(set) var stageBefore = 0
  @exclusivity(unchecked) private(set) var gradeBefore = 0
  /// The rules that give points before, each once, where they were stored; nil where the lead was evaluated.
  @exclusivity(unchecked) private(set) var givenBefore: UnsafeBufferPointer<GivenPoints>?
  @exclusivity(unchecked) private(set) var scoreAfter: Int64 = 0
  @exclusivity(unchecked) private(set) var stageAfter = 0
  @exclusivity(unchecked) private(set) var gradeAfter = 0
  @exclusivity(unchecked) private var judgement = Judgement.none

  var lead: Int64 { stored.pointee.lead }
  /// The points of all rules before, of a lead that was evaluated.
  var pointsEvaluatedBefore: UnsafeBufferPointer<Int64> { before.rulePointsInPlace }
  let pointsAfter: UnsafeBufferPointer<Int64>
  /// When anything may change next under the other rules; `Int64.max` for never.
  @exclusivity(unchecked) private(set) var nextChangeAfter = Int64.max
  /// A hash of what the other rules see of the lead's facts.
  var facts: UInt64 { FixedHash.facts(record, slots: comparison.slots, judgement) }

  var isChanged: Bool { scoreBefore != scoreAfter || stageBefore != stageAfter || gradeBefore != gradeAfter }

  /// - Parameter wantsFacts: whether ``facts`` is asked for, which takes all events, not those alone that may matter now.
  init(_ comparison: RuleComparison, on database: LeadDatabase, wantsFacts: Bool) throws {
    self.comparison = comparison
    self.database = database
    let definitions = comparison.stored + comparison.missing
    guard let before = LeadEvaluator(rules: comparison.before, pack: definitions),
      let after = LeadEvaluator(rules: comparison.after, pack: definitions)
    else { throw StoreError.damaged("the list of signals; run `leadscore score --all`") }
    self.before = before
    self.after = after
    var facts: ScoredLeadReader.Facts = []
    if comparison.missing.isEmpty {
      finder = nil
    } else {
      let finder = SignalFinder(
        pack: SignalPack(id: 0, definitions: comparison.missing),
        dictionary: try PropertyDictionary(database, gate: Gate()))
      if finder.asksForEvents { facts.insert(.events) }
      if finder.asksForAttributes { facts.insert(.attributes) }
      self.finder = finder
    }
    oldestEvent =
      wantsFacts ? Int64.min : comparison.after.eventsMatter(of: Set(comparison.missing), asOf: comparison.asOf)
    reach = wantsFacts ? nil : comparison.after.reach(asOf: comparison.asOf, pack: definitions)
    reader = try ScoredLeadReader(
      database, model: comparison.model, pack: comparison.pack, ruleCount: comparison.before.ruleNames.count,
      facts: facts, eventsAfter: oldestEvent)
    stored = reader.score
    asksJudgement = try !database.judgements.isEmpty()
    record = SignalRecord(kinds: definitions.map(\.kind))
    found = SignalRecord(kinds: comparison.missing.map(\.kind))
    pointsAfter = after.rulePointsInPlace
    beforeTexts = OutcomeTexts(before)
    afterTexts = OutcomeTexts(after)
  }

  /// Begins with the leads whose numbers lie in a range.
  func begin(leads: ClosedRange<Int64>) throws { try reader.begin(leads: leads) }

  /// Compares the next lead; false where there is none.
  func next() throws -> Bool {
    guard try reader.next() else { return false }
    givenBefore = isStoredScoreCurrent ? reader.given : nil
    guard try readRecord() else {
      let key = try database.leads.row(id: stored.pointee.lead)?.key ?? ""
      throw StoreError.damaged("the signal state of lead '\(key)'; run `leadscore score --all`")
    }
    let asOf = comparison.asOf
    // Not one that says nothing: its references would be counted for every lead.
    let judgement = asksJudgement ? try readJudgement() : nil
    let stage: Int
    if givenBefore != nil {
      scoreBefore = stored.pointee.score
      stageBefore = stored.pointee.stage
      gradeBefore = stored.pointee.grade
      stage = position(ofStage: stored.pointee.ruleStage)
    } else {
      stage = evaluateBefore(judgement)
    }
    after.evaluate(record, at: asOf, currentStage: stage, judgement: judgement)
    let outcome = after.outcome
    scoreAfter = outcome.score
    nextChangeAfter = outcome.nextChange
    stageAfter = afterTexts.stage(outcome, { reader.number($0) })
    gradeAfter = afterTexts.grade(outcome, { reader.number($0) })
    return true
  }

  @inline(never)
  private func readJudgement() throws -> Judgement {
    judgement = try database.judgement(model: comparison.model, lead: stored.pointee.lead)
    return judgement
  }

  private var isStoredScoreCurrent: Bool {
    comparison.isForward && stored.pointee.version == comparison.version
      && stored.pointee.nextChange > comparison.asOf
  }

  private func readRecord() throws -> Bool {
    let storedCount = comparison.stored.count
    guard let bytes = try reader.record() else { return false }
    let behind = reader.readableBehindRecord
    // Two calls, since a choice between the reach and none would be counted as one more reference.
    let isRecord =
      givenBefore == nil
      ? record.unpack(bytes, slots: storedCount, readable: behind)
      : record.unpack(bytes, slots: storedCount, readable: behind, reach: reach)
    guard isRecord else { return false }
    guard let finder else { return true }
    finder.reset()
    if finder.asksForEvents { try reader.forEachPage { try finder.add(page: $0, firstAt: $1, after: oldestEvent) } }
    if finder.asksForAttributes {
      guard let attributes = try reader.attributeText() else { return false }
      finder.fill(&found, createdAt: record.createdAt, previous: nil, attributesJSON: attributes)
    } else {
      finder.fill(&found, createdAt: record.createdAt, previous: nil, attributesJSON: nil)
    }
    for slot in comparison.missing.indices { record.append(slot: slot, of: found) }
    return true
  }

  /// Evaluates the lead under the active rules, first at each instant that fell due, as the clock would do it; returns
  /// the position of its stage among those of the other rules.
  private func evaluateBefore(_ judgement: Judgement?) -> Int {
    // Asking for a stage may give it a number, so that comes first.
    let storedStage = stored.pointee.ruleStage
    var stage = before.position(ofStage: reader.texts.text(storedStage))
    var due = stored.pointee.nextChange
    while due <= comparison.asOf {
      before.evaluate(record, at: due, currentStage: stage, judgement: judgement)
      stage = max(before.ruleStage, 0)
      due = before.nextChange
    }
    before.evaluate(
      record, at: comparison.asOf, currentStage: stage, judgement: judgement)
    let outcome = before.outcome
    scoreBefore = outcome.score
    stageBefore = beforeTexts.stage(outcome, { reader.number($0) })
    gradeBefore = beforeTexts.grade(outcome, { reader.number($0) })
    return after.position(ofStage: before.ruleStageName)
  }

  /// The position, among the stages of the other rules, of a stage with one of the reader's numbers.
  private func position(ofStage number: Int) -> Int {
    while positions.count <= number {
      positions.append(after.position(ofStage: reader.texts.text(positions.count)))
    }
    return positions[number]
  }

  // MARK: In words

  private var allPointsBefore: [Int64] {
    guard let givenBefore else { return before.rulePoints }
    var points = [Int64](repeating: 0, count: comparison.before.ruleNames.count)
    for given in givenBefore { points[given.position] = given.points }
    return points
  }

  /// The lead at hand as it moves, with the rules whose points differ, or all that give any.
  func move(reasons limit: Int, all: Bool = false) throws -> PreviewReport.Move {
    var points: [String: (Int64, Int64)] = [:]
    for (id, value) in zip(comparison.before.ruleNames, allPointsBefore) { points[id, default: (0, 0)].0 = value }
    for (id, value) in zip(comparison.after.ruleNames, pointsAfter) { points[id, default: (0, 0)].1 = value }
    let reasons = points.filter { $0.value.0 != $0.value.1 || (all && $0.value.0 != 0) }
      .map { PreviewReport.Reason(rule: $0.key, before: $0.value.0, after: $0.value.1) }
      .sorted { (($0.after - $0.before).magnitude, $1.rule) > (($1.after - $1.before).magnitude, $0.rule) }
    let texts = reader.texts
    return PreviewReport.Move(
      key: try database.leads.row(id: lead)?.key ?? "", before: scoreBefore, after: scoreAfter,
      stageBefore: texts.text(stageBefore), stageAfter: texts.text(stageAfter),
      gradeBefore: texts.text(gradeBefore), gradeAfter: texts.text(gradeAfter),
      reasons: Array(reasons.prefix(limit)))
  }
}

extension LeadDatabase {
  /// What people said about a lead.
  func judgement(model: Int64, lead: Int64) throws -> Judgement {
    let tracks = try judgements.fastTracks(model: model, lead: lead)
    let adjustments = try judgements.adjustments(lead: lead)
    guard !tracks.isEmpty || !adjustments.isEmpty else { return .none }
    return Judgement(
      adjustments: adjustments.map { Adjustment(points: $0.points, from: $0.from, until: $0.until) },
      fastTracks: tracks.map { FastTrack(stage: $0.stage, from: $0.from, until: $0.until) })
  }
}
