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

extension ScoreRow {
  /// The row without the points of groups and rules.
  public var state: ScoreState {
    ScoreState(
      version: version, score: score, stage: stage, ruleStage: ruleStage, enteredStageAt: enteredStageAt, grade: grade,
      scoredAt: scoredAt, nextChangeAt: nextChangeAt)
  }
}

/// Scores and rows of history to be written, of many leads, in buffers that are used again.
public struct ScoreBatch: Sendable {
  struct Score: Sendable {
    var model: Int64
    var lead: Int64
    var state: ScoreState
    /// Where the texts of groups and rules stand.
    var groups: Int
    var rules: Int
    var end: Int
    /// Whether it takes the place of a stored one.
    var isStored: Bool
  }

  private(set) var scores: [Score] = []
  private(set) var history: [HistoryRow] = []
  private(set) var bytes: [UInt8] = []

  /// Nothing to be written.
  public init() {}

  /// Forgets everything.
  public mutating func removeAll() {
    scores.removeAll(keepingCapacity: true)
    history.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
  }

  /// Adds a score.
  ///
  /// - Parameters:
  ///   - isStored: whether it takes the place of a stored one.
  ///   - groups: appends a JSON array, hundredths by position in the version's layout.
  ///   - rules: appends a JSON array of pairs: position in the version's layout, hundredths.
  public mutating func add(
    model: Int64, lead: Int64, _ state: ScoreState, isStored: Bool, groups: (inout [UInt8]) -> Void,
    rules: (inout [UInt8]) -> Void
  ) {
    let start = bytes.count
    groups(&bytes)
    let middle = bytes.count
    rules(&bytes)
    scores.append(
      Score(model: model, lead: lead, state: state, groups: start, rules: middle, end: bytes.count, isStored: isStored))
  }

  /// Takes the score added last away.
  public mutating func removeLast() {
    guard let last = scores.popLast() else { return }
    bytes.removeLast(bytes.count - last.groups)
  }

  /// Calls `body` with the state added last and the JSON texts of its groups and rules.
  public func withLast<Result>(
    _ body: (ScoreState, _ groups: UnsafeBufferPointer<UInt8>, _ rules: UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result? {
    guard let last = scores.last else { return nil }
    return bytes.withUnsafeBufferPointer { bytes in
      body(
        last.state, UnsafeBufferPointer(rebasing: bytes[last.groups..<last.rules]),
        UnsafeBufferPointer(rebasing: bytes[last.rules..<last.end]))
    }
  }

  /// Takes the score added last away where it says what a stored row says.
  public mutating func removeLast(ifEqualTo row: ScoreRow) {
    guard let last = scores.last, last.model == row.model, last.lead == row.lead, last.state == row.state,
      bytes[last.groups..<last.rules].elementsEqual(row.groups.utf8),
      bytes[last.rules..<last.end].elementsEqual(row.rules.utf8)
    else { return }
    removeLast()
  }

  /// Adds a row of history.
  public mutating func add(_ row: HistoryRow) { history.append(row) }
}

extension LeadDatabase {
  /// Writes scores and rows of history.
  public func write(_ batch: borrowing ScoreBatch) throws {
    try batch.bytes.withUnsafeBytes { bytes in
      for score in batch.scores {
        try scores.put(
          score, groups: UnsafeRawBufferPointer(rebasing: bytes[score.groups..<score.rules]),
          rules: UnsafeRawBufferPointer(rebasing: bytes[score.rules..<score.end]))
      }
    }
    for row in batch.history { try history.append(row) }
  }
}
