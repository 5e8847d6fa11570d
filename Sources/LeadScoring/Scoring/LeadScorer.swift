internal import LeadStore
internal import ScoreEngine

/// What a scoring run did, over all models.
public struct ScoringCounts: Sendable, Equatable {
  /// Leads that were evaluated.
  public var rescored: Int64 = 0
  /// Leads whose score, stage or grade changed.
  public var changed: Int64 = 0
  /// Changes of the stage shown. A lead's first stage is none.
  public var stageChanges: Int64 = 0
}

/// Evaluates leads one after the other, stores what comes out and writes the history. Inside a write transaction.
final class LeadScorer {
  private let session: ScoringSession
  private let recordedAt: Int64
  private let asksJudgement: Bool
  /// What was done so far.
  var counts = ScoringCounts()
  /// What the cause of new rows of history refers to.
  let causeReference: String?
  // Kept for its buffers.
  @exclusivity(unchecked) private var packed: [UInt8] = []

  init(_ session: ScoringSession, reference: String? = nil) throws {
    self.session = session
    causeReference = reference
    recordedAt = session.clock()
    asksJudgement = try !session.database.judgements.isEmpty()
  }

  /// Brings a lead, whose facts have not changed, to an instant: it is evaluated at every instant in between at which
  /// something may change.
  func catchUp(_ model: ActiveModel, lead: Int64, record: SignalRecord, to asOf: Int64) throws {
    guard let row = try session.database.scores.row(model: model.row.id, lead: lead),
      let due = row.nextChangeAt, due <= asOf
    else { return }
    counts.rescored += 1
    _ = try advance(model, row, record, through: asOf, store: true)
  }

  /// Evaluates a lead as of an instant under one model and stores the result.
  ///
  /// - Parameters:
  ///   - row: the stored score, brought to the instant under the facts of before; nil for a lead never scored.
  ///   - isStored: whether `row` is what the database has.
  ///   - cause: why.
  func evaluate(
    _ model: ActiveModel, lead: Int64, row: ScoreRow?, isStored: Bool = true, record: SignalRecord,
    at instant: Int64, cause: Cause
  ) throws {
    let judgement = try self.judgement(model, lead)
    let evaluator = model.evaluator
    evaluator.evaluate(
      record, at: instant, currentStage: evaluator.position(ofStage: row?.ruleStage), judgement: judgement)
    let result = self.result(model, lead, row, instant)
    try writeHistory(row, result, cause, causeReference)
    if !isStored || row != result { try session.database.scores.put(result) }
  }

  /// Evaluates a lead with new facts under all models: first as of each instant that fell due under the old facts, then
  /// as of `asOf` under the new ones.
  ///
  /// - Parameters:
  ///   - previous: the record of the facts of before; nil for a new lead.
  ///   - cause: why, for a lead scored before; a lead's first row has the cause `import`.
  func evaluate(
    lead: Int64, previous: SignalRecord?, record: SignalRecord, at asOf: Int64, cause: Cause
  ) throws {
    counts.rescored += 1
    for model in session.models {
      var row = try previous == nil ? nil : session.database.scores.row(model: model.row.id, lead: lead)
      let stored = row
      if let known = row, let previous, let due = known.nextChangeAt, due <= asOf {
        row = try advance(model, known, previous, through: asOf, store: false)
      }
      try evaluate(
        model, lead: lead, row: row, isStored: row == stored, record: record, at: asOf,
        cause: row == nil ? .import : cause)
    }
  }

  /// Stores a lead's record.
  func store(_ record: SignalRecord, lead: Int64) throws {
    packed.removeAll(keepingCapacity: true)
    record.pack(into: &packed)
    try packed.withUnsafeBytes { try session.database.signals.put(pack: session.pack.id, lead: lead, $0) }
  }

  private func advance(
    _ model: ActiveModel, _ row: ScoreRow, _ record: SignalRecord, through asOf: Int64, store: Bool
  ) throws -> ScoreRow {
    let judgement = try self.judgement(model, row.lead)
    let evaluator = model.evaluator
    var current = row
    while let due = current.nextChangeAt, due <= asOf {
      evaluator.evaluate(
        record, at: due, currentStage: evaluator.position(ofStage: current.ruleStage), judgement: judgement)
      let result = self.result(model, row.lead, current, due)
      try writeHistory(current, result, .time, nil)
      current = result
    }
    if store, current != row { try session.database.scores.put(current) }
    return current
  }

  /// The evaluator's result as a row.
  private func result(_ model: ActiveModel, _ lead: Int64, _ before: ScoreRow?, _ instant: Int64) -> ScoreRow {
    let evaluator = model.evaluator
    let stage = evaluator.stage
    return ScoreRow(
      model: model.row.id, lead: lead, version: model.version.number, score: evaluator.score, stage: stage,
      ruleStage: evaluator.ruleStageName,
      enteredStageAt: before.map { $0.stage == stage ? $0.enteredStageAt : instant } ?? instant,
      grade: evaluator.grade, groups: evaluator.storedGroups, rules: evaluator.storedRules, scoredAt: instant,
      nextChangeAt: evaluator.nextChange == Int64.max ? nil : evaluator.nextChange)
  }

  private func writeHistory(_ before: ScoreRow?, _ after: ScoreRow, _ cause: Cause, _ reference: String?) throws {
    guard let before else {
      counts.changed += 1
      try append(nil, after, cause, reference)
      return
    }
    guard before.score != after.score || before.stage != after.stage || before.grade != after.grade else { return }
    counts.changed += 1
    if before.stage != after.stage { counts.stageChanges += 1 }
    try append(before, after, cause, reference)
  }

  private func append(_ before: ScoreRow?, _ after: ScoreRow, _ cause: Cause, _ reference: String?) throws {
    try session.database.history.append(
      HistoryRow(
        model: after.model, lead: after.lead, at: after.scoredAt, recordedAt: recordedAt, before: before?.score,
        after: after.score, stageBefore: before?.stage, stageAfter: after.stage, gradeAfter: after.grade,
        cause: cause, causeReference: reference, version: after.version))
  }

  private func judgement(_ model: ActiveModel, _ lead: Int64) throws -> Judgement {
    guard asksJudgement else { return .none }
    let tracks = try session.database.judgements.fastTracks(model: model.row.id, lead: lead)
    let adjustments = try session.database.judgements.adjustments(lead: lead)
    guard !tracks.isEmpty || !adjustments.isEmpty else { return .none }
    return Judgement(
      adjustments: adjustments.map { Adjustment(points: $0.points, from: $0.from, until: $0.until) },
      fastTracks: tracks.map { FastTrack(stage: $0.stage, from: $0.from, until: $0.until) })
  }
}

extension ScoringSession {
  /// Unpacks a lead's record; false where there is none.
  func unpack(lead: Int64, into record: inout SignalRecord) throws -> Bool {
    try database.signals.withState(pack: pack.id, lead: lead) { bytes in
      guard record.unpack(bytes) else { throw StoreError.damaged("the signal state of lead \(lead)") }
    }
  }
}
