internal import LeadStore
internal import ScoreEngine

/// Numbers, as a reader of scores gives them to texts, for the stages and grades of an evaluator.
final class OutcomeTexts {
  private let evaluator: LeadEvaluator
  // By stage position, and by the evaluator's number of a grade; -1 for one not asked for yet.
  @exclusivity(unchecked) private var stages: [Int] = []
  @exclusivity(unchecked) private var grades: [Int] = []

  init(_ evaluator: LeadEvaluator) {
    self.evaluator = evaluator
  }

  /// The number of the stage that the last evaluation shows.
  ///
  /// - Parameter number: gives a text its number.
  @inline(__always)
  func stage(_ outcome: LeadEvaluator.Outcome, _ number: (String?) -> Int) -> Int {
    if outcome.isFastTracked { return number(evaluator.stage) }
    return stage(at: outcome.stageNumber, number)
  }

  /// The number of the stage that the rules give.
  @inline(__always)
  func ruleStage(_ outcome: LeadEvaluator.Outcome, _ number: (String?) -> Int) -> Int {
    stage(at: outcome.ruleStage, number)
  }

  @inline(__always)
  private func stage(at position: Int, _ number: (String?) -> Int) -> Int {
    guard position >= 0 else { return 0 }
    while stages.count <= position { stages.append(number(evaluator.rules.stageNames[stages.count])) }
    return stages[position]
  }

  /// The number of the grade that the last evaluation gave.
  @inline(__always)
  func grade(_ outcome: LeadEvaluator.Outcome, _ number: (String?) -> Int) -> Int {
    let grade = outcome.gradeNumber
    while grades.count <= grade { grades.append(-1) }
    if grades[grade] < 0 { grades[grade] = number(evaluator.grade) }
    return grades[grade]
  }
}
