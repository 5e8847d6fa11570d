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

  /// Adds what another run did.
  mutating func add(_ other: ScoringCounts) {
    rescored += other.rescored
    changed += other.changed
    stageChanges += other.stageChanges
  }
}

/// What all rows of history have in common that one piece of work adds.
struct RecordingOrigin: Sendable {
  /// The clock, in milliseconds since 1970.
  var recordedAt: Int64
  /// What their causes refer to: the import's number, the version's.
  var reference: String?
}

/// Evaluates leads one after the other and says what is to be stored. Knows no database, so that several can work beside
/// a writer; each is used by one thread at a time.
final class ScoreKernel {
  private let origin: RecordingOrigin
  /// What was done so far.
  @exclusivity(unchecked) var counts = ScoringCounts()

  /// A kernel that has done nothing yet.
  init(_ origin: RecordingOrigin) {
    self.origin = origin
  }

  /// Scores a lead with new facts under one model: first as of each instant that fell due under the old facts, then as of
  /// `asOf` under the new ones.
  ///
  /// - Parameters:
  ///   - before: the stored score; nil for a lead never scored.
  ///   - previous: the record of the facts of before; of no meaning for a new lead.
  ///   - cause: why, for a lead scored before; a lead's first row has the cause `import`.
  func score(
    _ model: ActiveModel, lead: Int64, before: ScoreState?, judgement: Judgement, previous: borrowing SignalRecord,
    isNew: Bool = false, record: borrowing SignalRecord, at asOf: Int64, cause: Cause, into batch: inout ScoreBatch
  ) {
    var state = before
    if !isNew, let known = before, let due = known.nextChangeAt, due <= asOf {
      state = advance(model, lead: lead, known, judgement, previous, through: asOf, into: &batch, stores: false)
    }
    evaluate(
      model, lead: lead, before: state, judgement: judgement, record: record, at: asOf,
      cause: before == nil ? .import : cause, into: &batch)
  }

  /// Evaluates a lead as of an instant.
  ///
  /// - Parameter before: the score so far, brought to the instant under the facts of before; nil for a lead never scored.
  /// - Returns: what is added to the batch.
  @discardableResult
  func evaluate(
    _ model: ActiveModel, lead: Int64, before: ScoreState?, judgement: Judgement, record: borrowing SignalRecord,
    at instant: Int64, cause: Cause, into batch: inout ScoreBatch
  ) -> ScoreState {
    let evaluator = model.evaluator
    evaluator.evaluate(
      record, at: instant, currentStage: evaluator.position(ofStage: before?.ruleStage), judgement: judgement)
    let state = state(model, after: before, instant)
    addHistory(model, lead, before, state, cause, origin.reference, &batch)
    add(model, lead, state, &batch)
    return state
  }

  /// Brings a lead, whose facts have not changed, to an instant: it is evaluated at every instant in between at which
  /// something may change.
  ///
  /// - Parameter stores: whether the last state is to be stored; the caller goes on from it otherwise.
  @discardableResult
  func advance(
    _ model: ActiveModel, lead: Int64, _ before: ScoreState, _ judgement: Judgement,
    _ record: borrowing SignalRecord, through asOf: Int64, into batch: inout ScoreBatch, stores: Bool = true
  ) -> ScoreState {
    let evaluator = model.evaluator
    var current = before
    while let due = current.nextChangeAt, due <= asOf {
      evaluator.evaluate(
        record, at: due, currentStage: evaluator.position(ofStage: current.ruleStage), judgement: judgement)
      let next = state(model, after: current, due)
      addHistory(model, lead, current, next, .time, nil, &batch)
      current = next
    }
    if stores, current != before { add(model, lead, current, &batch) }
    return current
  }

  /// The evaluator's result.
  private func state(_ model: ActiveModel, after before: ScoreState?, _ instant: Int64) -> ScoreState {
    let evaluator = model.evaluator
    let stage = evaluator.stage
    return ScoreState(
      version: model.version.number, score: evaluator.score, stage: stage, ruleStage: evaluator.ruleStageName,
      enteredStageAt: before.map { $0.stage == stage ? $0.enteredStageAt : instant } ?? instant,
      grade: evaluator.grade, scoredAt: instant,
      nextChangeAt: evaluator.nextChange == Int64.max ? nil : evaluator.nextChange)
  }

  /// Adds the evaluator's result to what is to be stored.
  private func add(_ model: ActiveModel, _ lead: Int64, _ state: ScoreState, _ batch: inout ScoreBatch) {
    batch.add(model: model.row.id, lead: lead, state, pointsCapacity: model.points.capacity) {
      model.points.write(to: $0)
    }
  }

  private func addHistory(
    _ model: ActiveModel, _ lead: Int64, _ before: ScoreState?, _ after: ScoreState, _ cause: Cause,
    _ reference: String?, _ batch: inout ScoreBatch
  ) {
    if let before {
      guard before.score != after.score || before.stage != after.stage || before.grade != after.grade else { return }
      if before.stage != after.stage { counts.stageChanges += 1 }
    }
    counts.changed += 1
    batch.addChange(
      model: model.row.id, lead: lead, from: before, to: after, recordedAt: origin.recordedAt, cause: cause,
      reference: reference)
  }
}
