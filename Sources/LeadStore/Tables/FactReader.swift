/// Reads the facts of one lead after the other, side by side: its row and its events; none of a lead that was merged
/// into another, which has them. Used on one connection, by one thread, within one transaction.
public final class FactReader {
  private let leads: Statement
  private let pages: EventPageCursor?
  /// The number of the lead at hand.
  @exclusivity(unchecked) public private(set) var lead: Int64 = 0

  /// A reader.
  ///
  /// - Parameter events: whether events are read, too.
  public init(_ database: LeadDatabase, events: Bool = true) throws(DatabaseError) {
    let connection = database.connection
    // Most databases have no merged leads, and to look for each lead takes longer than to read it. Whether there are any
    // is asked once in each run of the statement, which so sees one state of the file.
    leads = try connection.prepare(
      """
      SELECT id, created_at, attributes FROM lead
      WHERE id BETWEEN ?1 AND ?2
        AND (NOT EXISTS (SELECT 1 FROM lead_member)
          OR NOT EXISTS (SELECT 1 FROM lead_member WHERE lead_id = lead.id AND root_id <> lead.id))
      ORDER BY id
      """)
    pages = events ? try EventPageCursor(connection) : nil
  }

  /// Begins with the leads whose numbers lie in a range.
  public func begin(leads range: ClosedRange<Int64>) throws(DatabaseError) {
    finish()
    try leads.bind(1, range.lowerBound)
    try leads.bind(2, range.upperBound)
    try pages?.begin(leads: range)
  }

  /// Lets go of what was begun, so that the transaction can end.
  public func finish() {
    leads.reset()
    pages?.finish()
  }

  /// Goes to the next lead; false where there is none.
  public func next() throws(DatabaseError) -> Bool {
    guard try leads.step() else { return false }
    lead = leads.integer(0)
    return true
  }

  /// Goes to the next lead and gives its number; nil where there is none.
  public func nextLead() throws(DatabaseError) -> Int64? { try next() ? lead : nil }

  /// When the lead at hand was created, in milliseconds since 1970.
  public var createdAt: Int64 { leads.integer(1) }

  /// The attributes of the lead at hand, a JSON object, until the next lead is asked for.
  public var attributes: UnsafeBufferPointer<UInt8> { leads.withBytes(2) { $0 } }

  /// Calls `body` with the attributes of the lead at hand, a JSON object.
  public func withAttributes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    try leads.withBytes(2, body)
  }

  /// Calls `body` with each page of events of the lead at hand, in order.
  public func forEachPage(_ body: (_ text: UnsafeBufferPointer<UInt8>, _ firstAt: Int64) throws -> Void) throws {
    try pages?.forEachPage(of: lead, body)
  }
}
