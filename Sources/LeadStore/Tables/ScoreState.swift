/// A lead's stored score under one model as far as scoring goes on from it: without the points of groups and rules.
public struct ScoreState: Sendable, Equatable {
  /// The number of the rule version.
  public var version: Int
  /// Hundredths.
  public var score: Int64
  /// The stage shown.
  public var stage: String?
  /// The stage that the rules alone give.
  public var ruleStage: String?
  /// When the stage shown was entered, in milliseconds since 1970.
  public var enteredStageAt: Int64
  public var grade: String?
  /// The instant of the last evaluation.
  public var scoredAt: Int64
  /// The earliest instant at which anything may change.
  public var nextChangeAt: Int64?

  /// A state.
  public init(
    version: Int, score: Int64, stage: String?, ruleStage: String?, enteredStageAt: Int64, grade: String?,
    scoredAt: Int64, nextChangeAt: Int64?
  ) {
    self.version = version
    self.score = score
    self.stage = stage
    self.ruleStage = ruleStage
    self.enteredStageAt = enteredStageAt
    self.grade = grade
    self.scoredAt = scoredAt
    self.nextChangeAt = nextChangeAt
  }
}
