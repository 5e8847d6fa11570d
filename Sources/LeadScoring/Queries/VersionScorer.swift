internal import LeadStore
internal import ScoreEngine

/// A version of a model's rules, active or not, ready to score single leads from their facts.
final class VersionScorer {
  let version: RuleVersionRow
  let rules: CompiledRules
  let evaluator: LeadEvaluator
  let finder: SignalFinder

  init(_ version: RuleVersionRow, dictionary: PropertyDictionary) throws {
    self.version = version
    rules = try ScoringSession.compile(version)
    finder = SignalFinder(pack: SignalPack(id: 0, definitions: rules.signals), dictionary: dictionary)
    guard let evaluator = LeadEvaluator(rules: rules, pack: rules.signals) else {
      throw StoreError.damaged("rule version \(version.number)")
    }
    self.evaluator = evaluator
  }

  /// Scores a lead as of an instant and then of each one at which anything may change, up to and with `end`; the
  /// evaluator is left at the last of them.
  ///
  /// - Parameters:
  ///   - stage: the stage that the rules gave last; nil for a new lead.
  ///   - body: is called after each evaluation; false ends the walk.
  func walk(
    _ record: SignalRecord, _ judgement: Judgement, from start: Int64, through end: Int64, stage: String?,
    _ body: (_ instant: Int64) throws -> Bool
  ) rethrows {
    var instant = start
    var stage = evaluator.position(ofStage: stage)
    while instant <= end {
      evaluator.evaluate(record, at: instant, currentStage: stage, judgement: judgement)
      guard try body(instant) else { return }
      stage = evaluator.ruleStage
      instant = evaluator.nextChange
      if instant == Int64.max { return }
    }
  }

  /// The stage that the rules give after a walk from one instant through another.
  func stage(
    of record: SignalRecord, _ judgement: Judgement, from start: Int64, through end: Int64, stage: String?
  ) -> String? {
    walk(record, judgement, from: start, through: end, stage: stage) { _ in true }
    return evaluator.ruleStageName
  }
}

/// One lead's facts under any version of one model, as of any instant.
struct LeadReplay {
  let session: ScoringSession
  let model: ModelRow
  let lead: LeadRow
  let tracks: [FastTrackRow]
  let adjustments: [AdjustmentRow]
  let judgement: Judgement
  private let known: KnownScorers

  /// A version's rules with what its signals find of the lead.
  typealias Scored = (scorer: VersionScorer, record: SignalRecord)

  init(_ session: ScoringSession, model: ModelRow, lead: LeadRow) throws {
    self.session = session
    self.model = model
    self.lead = lead
    tracks = try session.database.judgements.fastTracks(model: model.id, lead: lead.id)
    adjustments = try session.database.judgements.adjustments(lead: lead.id)
    judgement = Judgement(
      adjustments: adjustments.map { Adjustment(points: $0.points, from: $0.from, until: $0.until) },
      fastTracks: tracks.map { FastTrack(stage: $0.stage, from: $0.from, until: $0.until) })
    known = KnownScorers()
  }

  /// - Throws: ``ScoringError/unknownVersion(_:model:greatest:)``
  func scored(_ number: Int) throws -> Scored {
    if let scored = known.byNumber[number] { return scored }
    let scorer = try session.scorer(version: number, model: model)
    var found: SignalRecord?
    try session.forEachRebuiltRecord(scorer.finder, leads: lead.id...lead.id) { _, record in found = record }
    guard let found else { throw StoreError.damaged("lead '\(lead.key)'") }
    known.byNumber[number] = (scorer, found)
    return (scorer, found)
  }

  /// The stage that a version's rules give at an instant if they were always active; nil before the lead's creation.
  func stageIfAlways(_ scored: Scored, at instant: Int64) -> String? {
    guard lead.createdAt <= instant else { return nil }
    return scored.scorer.stage(of: scored.record, judgement, from: lead.createdAt, through: instant, stage: nil)
  }

  /// The stage that the rules had given by an instant in the past, as history tells it under the versions that were
  /// active; false for `isRecorded` where history does not reach back so far.
  func stageInHistory(at instant: Int64) throws -> (stage: String?, isRecorded: Bool) {
    var rows: [HistoryRow] = []
    var filter = HistoryFilter()
    filter.lead = lead.id
    filter.until = instant
    try session.database.history.forEach(model: model.id, filter: filter) { row, _ in rows.append(row) }
    guard let last = rows.last else { return (nil, false) }
    // History has the stage shown. Where that was a person's, the one of the rules underneath is worked out from the
    // last row that was the rules' own.
    func isPersons(_ row: HistoryRow) -> Bool {
      tracks.contains { $0.from <= row.at && ($0.until.map { row.at < $0 } ?? true) }
    }
    let anchor = rows.last { !isPersons($0) }
    if let anchor, anchor.id == last.id { return (anchor.stageAfter, true) }
    let activations = try session.database.models.activations(model: model.id).filter { $0.asOf <= instant }
    var stage = anchor?.stageAfter
    var start = anchor?.at ?? rows[0].at
    var version = anchor?.version ?? rows[0].version
    for activation in activations where activation.asOf >= start {
      stage = try walked(version, from: start, through: activation.asOf, stage: stage)
      (start, version) = (activation.asOf, activation.version)
    }
    return (try walked(version, from: start, through: instant, stage: stage), true)
  }

  private func walked(_ number: Int, from start: Int64, through end: Int64, stage: String?) throws -> String? {
    let (scorer, record) = try scored(number)
    return scorer.stage(of: record, judgement, from: start, through: end, stage: stage)
  }

  private final class KnownScorers {
    var byNumber: [Int: Scored] = [:]
  }
}

extension ScoringSession {
  /// - Throws: ``ScoringError/unknownVersion(_:model:greatest:)``
  func scorer(version number: Int, model: ModelRow) throws -> VersionScorer {
    try VersionScorer(version(number, model: model.name).row, dictionary: dictionary)
  }
}

extension SignalRecord {
  /// When the events occur that any signal watches. O(numbers)
  var eventInstants: Set<Int64> {
    var instants: Set<Int64> = []
    for index in kinds.indices {
      switch kinds[index] {
      case .timeline: break
      case .instants: instants.formUnion(slot(index))
      case .datedInstants: instants.formUnion(dated(index).map(\.instant))
      }
    }
    return instants
  }
}
