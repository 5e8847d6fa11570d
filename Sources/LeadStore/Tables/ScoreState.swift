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

/// Scores and rows of history to be written, of many leads, in buffers that are used again.
public struct ScoreBatch: Sendable {
  struct Score: Sendable {
    var model: Int64
    var lead: Int64
    var state: ScoreState
    /// Where its line stands, and in it the texts of groups and rules.
    var line: Range<Int>
    var groups: Range<Int>
    var rules: Range<Int>
  }

  private(set) var scores: [Score] = []
  private(set) var history: [HistoryRow] = []
  private(set) var bytes: [UInt8] = []

  /// Nothing to be written.
  public init() {}

  /// Whether nothing is to be written.
  public var isEmpty: Bool { scores.isEmpty && history.isEmpty }

  /// Forgets everything.
  public mutating func removeAll() {
    scores.removeAll(keepingCapacity: true)
    history.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
  }

  /// Adds a score, which takes the place of a stored one.
  ///
  /// - Parameters:
  ///   - groups: appends a JSON array, hundredths by position in the version's layout.
  ///   - rules: appends a JSON array of pairs: position in the version's layout, hundredths.
  public mutating func add(
    model: Int64, lead: Int64, _ state: ScoreState, groups: (inout [UInt8]) -> Void, rules: (inout [UInt8]) -> Void
  ) {
    let start = bytes.count
    let places = ScoreLine.append(lead: lead, state, to: &bytes, groups: groups, rules: rules)
    scores.append(
      Score(
        model: model, lead: lead, state: state, line: start..<bytes.count, groups: places.groups, rules: places.rules))
  }

  /// Takes the score added last away.
  public mutating func removeLast() {
    guard let last = scores.popLast() else { return }
    bytes.removeLast(bytes.count - last.line.lowerBound)
  }

  /// Calls `body` with the state added last and the JSON texts of its groups and rules.
  public func withLast<Result>(
    _ body: (ScoreState, _ groups: UnsafeBufferPointer<UInt8>, _ rules: UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result? {
    guard let last = scores.last else { return nil }
    return bytes.withUnsafeBufferPointer { bytes in
      body(
        last.state, UnsafeBufferPointer(rebasing: bytes[last.groups]), UnsafeBufferPointer(rebasing: bytes[last.rules]))
    }
  }

  /// Takes the score added last away where it says what a stored row says.
  public mutating func removeLast(ifEqualTo row: ScoreRow) {
    guard let last = scores.last, last.model == row.model, last.lead == row.lead, last.state == row.state,
      bytes[last.groups].elementsEqual(row.groups.utf8), bytes[last.rules].elementsEqual(row.rules.utf8)
    else { return }
    removeLast()
  }

  /// Adds a row of history.
  public mutating func add(_ row: HistoryRow) { history.append(row) }
}

extension LeadDatabase {
  /// Writes scores and rows of history.
  public func write(_ batch: borrowing ScoreBatch) throws {
    try scores.put(batch)
    try history.append(batch.history)
  }
}
