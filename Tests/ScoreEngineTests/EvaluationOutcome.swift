@testable import ScoreEngine

/// All that an evaluation gives, to be compared.
struct EvaluationOutcome: Equatable {
  let score: Int64
  let points: [Int64]
  let groups: [Int64]
  let stage: String?
  let grade: String?
  let nextChange: Int64

  init(_ evaluator: LeadEvaluator, _ record: SignalRecord, at instant: Int64, stage currentStage: Int) {
    evaluator.evaluate(record, at: instant, currentStage: currentStage)
    score = evaluator.score
    points = evaluator.rulePoints
    groups = evaluator.groupScores
    stage = evaluator.stage
    grade = evaluator.grade
    nextChange = evaluator.nextChange
  }
}
