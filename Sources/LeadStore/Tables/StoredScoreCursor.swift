/// Goes over what is stored of the scores of a model's leads, with small numbers for texts. Used on one connection, by one
/// thread.
public final class StoredScoreCursor {
  private let lines: ScoreTextCursor
  private let current: UnsafeMutablePointer<StoredScore>
  /// The stages and grades met so far, by the numbers that this cursor gives them.
  @exclusivity(unchecked) public private(set) var texts = TextNumbers()

  /// The score at hand, in place; that of no lead where there is none.
  public let score: UnsafePointer<StoredScore>
  /// The number of the lead at hand; greater than all others at the end.
  @exclusivity(unchecked) public private(set) var lead = Int64.max

  /// The line at hand, until the next one is asked for.
  var text: UnsafeBufferPointer<UInt8>? { lines.text }

  /// A cursor over the scores of a model.
  public init(_ database: LeadDatabase, model: Int64) throws(DatabaseError) {
    lines = try ScoreTextCursor(database.connection, model: model)
    current = .allocate(capacity: 1)
    current.initialize(to: StoredScore())
    score = UnsafePointer(current)
  }

  deinit { current.deallocate() }

  /// Begins with the leads whose numbers lie in a range: goes to the first score.
  public func begin(leads: ClosedRange<Int64>) throws {
    try lines.begin(leads: leads)
    try read()
  }

  /// Lets go of what was begun, so that the transaction can end.
  public func finish() {
    lines.finish()
    lead = Int64.max
  }

  /// Goes to the next score.
  public func next() throws {
    try lines.next()
    try read()
  }

  private func read() throws {
    guard let text = lines.text, let base = text.baseAddress else {
      lead = Int64.max
      current.pointee = StoredScore()
      return
    }
    let limit = lines.readableEnd ?? base + text.count
    if let line = QuickScoreLine(base, limit: limit, &texts, given: nil), line.end == base + text.count {
      current.pointee = StoredScore(line)
    } else {
      guard let line = ScoreLine(text) else { throw ScoreLines.damaged }
      current.pointee = try StoredScore(line, &texts)
    }
    lead = current.pointee.lead
  }

  /// The number that this cursor gives to a stage or a grade; 0 for none.
  public func number(_ text: String?) -> Int { texts.number(text) }
}
