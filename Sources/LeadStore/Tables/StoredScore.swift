/// What is stored of a lead's score, with small numbers for its texts.
public struct StoredScore: Sendable {
  /// The number of the lead.
  public private(set) var lead: Int64 = 0
  /// The score in hundredths.
  public private(set) var score: Int64 = 0
  /// The number of the rule version.
  public private(set) var version = 0
  /// When the stage shown was entered, in milliseconds since 1970.
  public private(set) var enteredStageAt: Int64 = 0
  /// When the lead was evaluated last, in milliseconds since 1970.
  public private(set) var scoredAt: Int64 = 0
  /// When anything may change next, in milliseconds since 1970; `Int64.max` for never.
  public private(set) var nextChange = Int64.max
  /// The number of the stage shown; 0 for none.
  public private(set) var stage = 0
  /// The number of the stage that the rules give; 0 for none.
  public private(set) var ruleStage = 0
  /// The number of the grade; 0 for none.
  public private(set) var grade = 0

  /// Of no lead.
  public init() {}

  /// What an evaluation gave.
  public init(
    lead: Int64, score: Int64, version: Int, enteredStageAt: Int64, scoredAt: Int64, nextChange: Int64, stage: Int,
    ruleStage: Int, grade: Int
  ) {
    self.lead = lead
    self.score = score
    self.version = version
    self.enteredStageAt = enteredStageAt
    self.scoredAt = scoredAt
    self.nextChange = nextChange
    self.stage = stage
    self.ruleStage = ruleStage
    self.grade = grade
  }

  /// What a line says.
  ///
  /// - Throws: ``StoreError/damaged(_:)``
  @inline(__always)
  init(_ line: borrowing ScoreLine, _ texts: inout TextNumbers) throws {
    lead = line.lead
    score = line.score
    version = Int(truncatingIfNeeded: line.version)
    enteredStageAt = line.enteredStageAt
    scoredAt = line.scoredAt
    nextChange = line.nextChangeAt ?? Int64.max
    stage = try texts.number(json: line.stage, hasEscapes: line.hasEscapes)
    ruleStage = try texts.number(json: line.ruleStage, hasEscapes: line.hasEscapes)
    grade = try texts.number(json: line.grade, hasEscapes: line.hasEscapes)
  }

  /// What a line says that was read in the quick way.
  @inline(__always)
  init(_ line: QuickScoreLine) {
    lead = line.lead
    score = line.score
    version = Int(truncatingIfNeeded: line.version)
    enteredStageAt = line.enteredStageAt
    scoredAt = line.scoredAt
    nextChange = line.nextChange
    stage = line.stage
    ruleStage = line.ruleStage
    grade = line.grade
  }
}

extension ScoreCursor {
  /// Goes forward to a lead and takes what is stored of its score; false where it has none.
  public func take(_ lead: Int64, into score: inout StoredScore, _ texts: inout TextNumbers) throws -> Bool {
    while lines.isAny, lines.current.lead < lead { try lines.next() }
    guard lines.isAny, lines.current.lead == lead else { return false }
    score = try StoredScore(lines.current, &texts)
    return true
  }

  /// The JSON text of the groups' scores of the lead at hand, until another is asked for.
  public var groups: UnsafeBufferPointer<UInt8> {
    lines.isAny ? lines.current.groups : UnsafeBufferPointer(start: nil, count: 0)
  }

  /// The JSON text of the rules' points of the lead at hand, until another is asked for.
  public var rules: UnsafeBufferPointer<UInt8> {
    lines.isAny ? lines.current.rules : UnsafeBufferPointer(start: nil, count: 0)
  }
}
