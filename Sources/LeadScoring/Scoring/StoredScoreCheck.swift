internal import LeadStore
internal import ScoreEngine

/// Sees whether stored scores are what an evaluation as of an instant gives, and nothing fell due since: without making
/// texts of numbers, for the many leads of which nothing differs.
final class StoredScoreCheck {
  private let model: ActiveModel
  private let cursor: ScoreCursor
  private let asOf: Int64
  private let outcomeTexts: OutcomeTexts
  @exclusivity(unchecked) private var texts = TextNumbers()
  @exclusivity(unchecked) private var stored = StoredScore()
  // By the number of a stage: its position in the rules.
  @exclusivity(unchecked) private var positions: [Int] = []

  init(_ model: ActiveModel, _ cursor: ScoreCursor, asOf: Int64) {
    self.model = model
    self.cursor = cursor
    self.asOf = asOf
    outcomeTexts = OutcomeTexts(model.evaluator)
  }

  /// Whether all that is stored of a lead's score is what its record gives as of the instant. Leads are asked for in order.
  func isCurrent(_ lead: Int64, _ record: borrowing SignalRecord, _ judgement: Judgement) throws -> Bool {
    guard try cursor.take(lead, into: &stored, &texts), stored.scoredAt == asOf, stored.nextChange > asOf,
      stored.version == model.version.number
    else { return false }
    let evaluator = model.evaluator
    evaluator.evaluate(record, at: asOf, currentStage: position(ofStage: stored.ruleStage), judgement: judgement)
    let outcome = evaluator.outcome
    return outcome.score == stored.score && outcome.nextChange == stored.nextChange
      && outcomeTexts.stage(outcome) { texts.number($0) } == stored.stage
      && outcomeTexts.ruleStage(outcome) { texts.number($0) } == stored.ruleStage
      && outcomeTexts.grade(outcome) { texts.number($0) } == stored.grade
      && evaluator.isGroups(cursor.groups) && evaluator.isRules(cursor.rules)
  }

  private func position(ofStage number: Int) -> Int {
    while positions.count <= number { positions.append(model.evaluator.position(ofStage: texts.text(positions.count))) }
    return positions[number]
  }
}
