/// A lead's stored score under one model.
public struct ScoreRow: Sendable, Equatable {
  public var model: Int64
  public var lead: Int64
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
  /// A JSON array: hundredths by position in the version's layout.
  public var groups: String
  /// A JSON array of pairs: position in the version's layout, hundredths.
  public var rules: String
  /// The instant of the last evaluation.
  public var scoredAt: Int64
  /// The earliest instant at which anything may change.
  public var nextChangeAt: Int64?

  /// A row.
  public init(
    model: Int64, lead: Int64, version: Int, score: Int64, stage: String?, ruleStage: String?, enteredStageAt: Int64,
    grade: String?, groups: String, rules: String, scoredAt: Int64, nextChangeAt: Int64?
  ) {
    self.model = model
    self.lead = lead
    self.version = version
    self.score = score
    self.stage = stage
    self.ruleStage = ruleStage
    self.enteredStageAt = enteredStageAt
    self.grade = grade
    self.groups = groups
    self.rules = rules
    self.scoredAt = scoredAt
    self.nextChangeAt = nextChangeAt
  }
}

extension ScoreRow {
  /// The row without the points of groups and rules.
  public var state: ScoreState {
    ScoreState(
      version: version, score: score, stage: stage, ruleStage: ruleStage, enteredStageAt: enteredStageAt, grade: grade,
      scoredAt: scoredAt, nextChangeAt: nextChangeAt)
  }

  /// A row of a state and the JSON arrays of points.
  init(model: Int64, lead: Int64, _ state: ScoreState, groups: String, rules: String) {
    self.init(
      model: model, lead: lead, version: state.version, score: state.score, stage: state.stage,
      ruleStage: state.ruleStage, enteredStageAt: state.enteredStageAt, grade: state.grade, groups: groups,
      rules: rules, scoredAt: state.scoredAt, nextChangeAt: state.nextChangeAt)
  }
}
