import LeadScoring

/// The changed leads of a preview that a page lists: all of them up to a limit, beyond it the weightiest. Memory is
/// bounded by the limit.
struct ChangedLeads {
  /// How many leads the page lists at most.
  let limit: Int
  /// How many there were.
  private(set) var total: Int64 = 0
  private var kept: [PreviewReport.Move] = []

  init(limit: Int = 20_000) {
    self.limit = limit
  }

  /// Takes a lead. O(log limit) on average.
  mutating func add(_ move: PreviewReport.Move) {
    total += 1
    kept.append(move)
    if kept.count >= limit * 2 + 1000 { kept = listed }
  }

  /// Stage changes first, then the largest changes of the score, then by key.
  var listed: [PreviewReport.Move] {
    Array(kept.sorted { ChangedLeads.isBefore($0, $1) }.prefix(limit))
  }

  private static func isBefore(_ one: PreviewReport.Move, _ other: PreviewReport.Move) -> Bool {
    let (moves, otherMoves) = (one.stageBefore != one.stageAfter, other.stageBefore != other.stageAfter)
    if moves != otherMoves { return moves }
    let (size, otherSize) = ((one.after - one.before).magnitude, (other.after - other.before).magnitude)
    if size != otherSize { return size > otherSize }
    return one.key < other.key
  }
}
