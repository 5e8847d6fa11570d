/// Reads the pages of events of one lead after the other.
final class EventPageCursor {
  private let pages: Statement
  // The lead of the page that comes next; beyond all leads where there is none.
  @exclusivity(unchecked) private var pageLead = Int64.max

  init(_ connection: Connection) throws(DatabaseError) {
    pages = try connection.prepare(
      "SELECT id, first_at, body FROM event_page WHERE id BETWEEN ?1 AND ?2 ORDER BY id")
  }

  /// Begins with the leads whose numbers lie in a range.
  func begin(leads: ClosedRange<Int64>) throws(DatabaseError) {
    finish()
    let last =
      leads.upperBound >= Int64.max / EventPage.pagesPerLead - 1
      ? Int64.max : (leads.upperBound + 1) * EventPage.pagesPerLead - 1
    try pages.bind(1, leads.lowerBound * EventPage.pagesPerLead)
    try pages.bind(2, last)
    try nextPage()
  }

  /// Lets go of what was begun.
  func finish() {
    pages.reset()
    pageLead = Int64.max
  }

  private func nextPage() throws(DatabaseError) {
    pageLead = try pages.step() ? pages.integer(0) / EventPage.pagesPerLead : Int64.max
  }

  /// Calls `body` with each page of a lead, in order. Leads are asked for in order, too.
  func forEachPage(
    of lead: Int64, _ body: (_ text: UnsafeBufferPointer<UInt8>, _ firstAt: Int64) throws -> Void
  ) throws {
    while pageLead < lead { try nextPage() }
    while pageLead == lead {
      let firstAt = pages.integer(1)
      try pages.withBytes(2) { try body($0, firstAt) }
      try nextPage()
    }
  }
}
