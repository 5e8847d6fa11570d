/// What is stored of a lead's score, with small numbers for its texts.
public struct StoredScore: Sendable {
  /// The number of the lead.
  public private(set) var lead: Int64 = 0
  /// The score in hundredths.
  public private(set) var score: Int64 = 0
  /// The number of the rule version.
  public private(set) var version = 0
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

  /// Takes what the line at hand says; false where there is none.
  ///
  /// - Throws: ``StoreError/damaged(_:)``
  @inline(__always)
  mutating func take(_ lines: ScoreLineCursor, _ texts: inout TextNumbers) throws -> Bool {
    // The line is looked at where it is: it is more than is wanted.
    guard let lead = lines.line?.lead else { return false }
    self.lead = lead
    score = lines.line?.score ?? 0
    version = Int(truncatingIfNeeded: lines.line?.version ?? 0)
    scoredAt = lines.line?.scoredAt ?? 0
    nextChange = (lines.line?.nextChangeAt ?? nil) ?? Int64.max
    let hasEscapes = lines.line?.hasEscapes ?? false
    stage = try texts.number(json: lines.line?.stage ?? nil, hasEscapes: hasEscapes)
    ruleStage = try texts.number(json: lines.line?.ruleStage ?? nil, hasEscapes: hasEscapes)
    grade = try texts.number(json: lines.line?.grade ?? nil, hasEscapes: hasEscapes)
    return true
  }
}

extension ScoreCursor {
  /// Goes forward to a lead and takes what is stored of its score; false where it has none.
  public func take(_ lead: Int64, into score: inout StoredScore, _ texts: inout TextNumbers) throws -> Bool {
    while let found = lines.line?.lead, found < lead { try lines.next() }
    guard lines.line?.lead == lead else { return false }
    return try score.take(lines, &texts)
  }

  /// The JSON text of the groups' scores of the lead at hand, until another is asked for.
  public var groups: UnsafeBufferPointer<UInt8> { lines.line?.groups ?? UnsafeBufferPointer(start: nil, count: 0) }

  /// The JSON text of the rules' points of the lead at hand, until another is asked for.
  public var rules: UnsafeBufferPointer<UInt8> { lines.line?.rules ?? UnsafeBufferPointer(start: nil, count: 0) }
}
