/// Reads the signal records of one lead after the other. Used on one connection, by one thread.
public final class RecordCursor {
  private let rows: Statement
  private let pack: Int64
  @exclusivity(unchecked) private var hasRow = false

  /// A cursor over the records in a pack.
  public init(_ database: LeadDatabase, pack: Int64) throws(DatabaseError) {
    self.pack = pack
    rows = try database.connection.prepare(
      "SELECT lead_id, body FROM signal_state WHERE pack_id = ?1 AND lead_id BETWEEN ?2 AND ?3 ORDER BY lead_id")
  }

  /// Begins with the leads whose numbers lie in a range.
  public func begin(leads: ClosedRange<Int64>) throws(DatabaseError) {
    finish()
    try rows.bind(1, pack)
    try rows.bind(2, leads.lowerBound)
    try rows.bind(3, leads.upperBound)
    hasRow = try rows.step()
  }

  /// Lets go of what was begun, so that others can write.
  public func finish() {
    rows.reset()
    hasRow = false
  }

  /// The lead at hand; nil at the end.
  public var lead: Int64? { hasRow ? rows.integer(0) : nil }

  /// Goes to the next record.
  public func next() throws(DatabaseError) { hasRow = try rows.step() }

  /// Calls `body` with the record of the lead at hand.
  public func withRecord<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    try rows.withBytes(1, body)
  }

  /// Goes forward to a lead; false where it has no record.
  public func advance(to lead: Int64) throws(DatabaseError) -> Bool {
    while hasRow, rows.integer(0) < lead { hasRow = try rows.step() }
    return hasRow && rows.integer(0) == lead
  }
}

/// Reads the stored scores of one lead after the other. Used on one connection, by one thread.
public final class ScoreCursor {
  private let rows: Statement
  private let model: Int64
  @exclusivity(unchecked) private var hasRow = false

  /// A cursor over the scores of a model.
  public init(_ database: LeadDatabase, model: Int64) throws(DatabaseError) {
    self.model = model
    rows = try database.connection.prepare(
      """
      SELECT lead_id, version, score, stage, rule_stage, entered_stage_at, grade, scored_at, next_change_at, groups, rules
      FROM lead_score WHERE model_id = ?1 AND lead_id BETWEEN ?2 AND ?3 ORDER BY lead_id
      """)
  }

  /// Begins with the leads whose numbers lie in a range.
  public func begin(leads: ClosedRange<Int64>) throws(DatabaseError) {
    finish()
    try rows.bind(1, model)
    try rows.bind(2, leads.lowerBound)
    try rows.bind(3, leads.upperBound)
    hasRow = try rows.step()
  }

  /// Lets go of what was begun, so that others can write.
  public func finish() {
    rows.reset()
    hasRow = false
  }

  /// Goes forward to a lead; nil where it has no score.
  public func state(of lead: Int64) throws(DatabaseError) -> ScoreState? {
    while hasRow, rows.integer(0) < lead { hasRow = try rows.step() }
    guard hasRow, rows.integer(0) == lead else { return nil }
    return ScoreTable.state(rows)
  }

  /// Calls `body` with the JSON texts of groups and rules, as they are stored, of the lead at hand.
  public func withPoints<Result>(
    _ body: (_ groups: UnsafeBufferPointer<UInt8>, _ rules: UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    rows.withBytes(9) { groups in rows.withBytes(10) { body(groups, $0) } }
  }
}
