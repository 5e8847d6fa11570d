/// Scores and rows of history to be written, of many leads, in buffers that are used again.
public struct ScoreBatch: Sendable {
  /// Without texts, of which each copy would be counted.
  struct Score: Sendable {
    var model: Int64
    var lead: Int64
    var scoredAt: Int64
    var nextChangeAt: Int64?
    /// Where its line stands.
    var line: Range<Int>
  }

  private(set) var scores: [Score] = []
  private(set) var history = HistoryBatch()
  private(set) var bytes: [UInt8] = []
  /// Where the points of the score that was added last stand, while it is there.
  private var lastPoints: Range<Int>?
  /// A line on its way; only grows.
  private var scratch: [UInt8] = []

  /// Nothing to be written.
  public init() {}

  /// Whether nothing is to be written.
  public var isEmpty: Bool { scores.isEmpty && history.isEmpty }

  /// Forgets everything.
  public mutating func removeAll() {
    scores.removeAll(keepingCapacity: true)
    history.removeAll()
    bytes.removeAll(keepingCapacity: true)
    lastPoints = nil
  }

  /// Adds a score, which takes the place of a stored one.
  ///
  /// - Parameters:
  ///   - pointsCapacity: how many bytes `points` may touch.
  ///   - points: writes two JSON arrays with a comma in between: hundredths of groups by position in the version's layout,
  ///     and pairs of a rule's position and hundredths; returns how many bytes it wrote.
  @inline(__always)
  public mutating func add(
    model: Int64, lead: Int64, _ state: ScoreState, pointsCapacity: Int,
    points: (UnsafeMutablePointer<UInt8>) -> Int
  ) {
    let capacity =
      ScoreLine.longestNumbers + JSONText.longest(state.stage) + JSONText.longest(state.ruleStage)
      + JSONText.longest(state.grade) + pointsCapacity
    if scratch.count < capacity { scratch = [UInt8](repeating: 0, count: capacity * 2) }
    let start = bytes.count
    let (count, places) = scratch.withUnsafeMutableBufferPointer { memory in
      // Never empty.
      memory.baseAddress.map { ScoreLine.write(lead: lead, state, to: $0, points: points) } ?? (0, 0..<0)
    }
    bytes.append(contentsOf: scratch[..<count])
    scores.append(
      Score(
        model: model, lead: lead, scoredAt: state.scoredAt, nextChangeAt: state.nextChangeAt,
        line: start..<bytes.count))
    lastPoints = (start + places.lowerBound)..<(start + places.upperBound)
  }

  /// The same with points that are texts.
  public mutating func add(model: Int64, lead: Int64, _ state: ScoreState, groups: String, rules: String) {
    let points = Array("\(groups),\(rules)".utf8)
    add(model: model, lead: lead, state, pointsCapacity: points.count) { target in
      points.withUnsafeBufferPointer {
        UnsafeMutableBufferPointer(start: target, count: points.count).update(fromContentsOf: $0)
      }
    }
  }

  /// Takes the score added last away.
  public mutating func removeLast() {
    guard let removed = scores.popLast() else { return }
    bytes.removeLast(bytes.count - removed.line.lowerBound)
    lastPoints = nil
  }

  /// Calls `body` with the JSON texts of groups and rules of the score that was added last, while it is there.
  public func withLastPoints<Result>(
    _ body: (_ groups: UnsafeBufferPointer<UInt8>, _ rules: UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result? {
    guard let points = lastPoints else { return nil }
    // Groups are numbers, which have no brackets.
    let end = (bytes[points].firstIndex(of: UInt8(ascii: "]")) ?? points.lowerBound) + 1
    return bytes.withUnsafeBufferPointer { bytes in
      body(
        UnsafeBufferPointer(rebasing: bytes[points.lowerBound..<end]),
        UnsafeBufferPointer(rebasing: bytes[min(end + 1, points.upperBound)..<points.upperBound]))
    }
  }

  /// Adds a row of history: how a lead's score became another one.
  ///
  /// - Parameters:
  ///   - before: nil for a lead that had none.
  ///   - after: scored at the row's instant.
  ///   - recordedAt: the clock, in milliseconds since 1970.
  ///   - reference: what the cause refers to.
  public mutating func addChange(
    model: Int64, lead: Int64, from before: ScoreState?, to after: ScoreState, recordedAt: Int64, cause: Cause,
    reference: String?
  ) {
    let head = history.number(
      version: after.version, cause, reference, stageBefore: before?.stage, stageAfter: after.stage,
      gradeAfter: after.grade)
    history.add(
      HistoryBatch.Row(
        model: model, lead: lead, at: after.scoredAt, recordedAt: recordedAt, before: before?.score,
        after: after.score, head: head))
  }
}

extension LeadDatabase {
  /// Writes scores and rows of history.
  public func write(_ batch: borrowing ScoreBatch) throws {
    try scores.put(batch)
    try history.append(batch.history)
  }
}
