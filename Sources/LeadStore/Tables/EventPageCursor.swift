/// Reads the pages of events of one lead after the other.
final class EventPageCursor {
  private let pages: Statement
  /// Each lead's page beside the others, where it has one.
  private let recentPages: Statement
  // The leads of the pages that come next; beyond all leads where there is none.
  @exclusivity(unchecked) private var pageLead = Int64.max
  @exclusivity(unchecked) private var recentLead = Int64.max

  /// - Parameter oldest: pages whose events all occurred at this instant or earlier are passed over, but for those beside
  ///   the others.
  init(_ connection: Connection, after oldest: Int64 = Int64.min) throws(DatabaseError) {
    pages = try connection.prepare(
      oldest == Int64.min
        ? "SELECT id, first_at, body FROM event_page WHERE id BETWEEN ?1 AND ?2 ORDER BY id"
        : "SELECT id, first_at, body FROM event_page WHERE id BETWEEN ?1 AND ?2 AND last_at > ?3 ORDER BY id")
    if oldest != Int64.min { try pages.bind(3, oldest) }
    // What is laid over a file that cannot be written to has no events.
    recentPages = try connection.prepare(
      """
      SELECT \(RecentRows.lead), first_at, body FROM main.recent_change
      WHERE id BETWEEN ?1 AND ?2 AND \(RecentRows.isPage) ORDER BY id
      """)
  }

  /// The lead whose page comes next; nil at the end.
  var lead: Int64? {
    let lead = min(pageLead, recentLead)
    return lead == Int64.max ? nil : lead
  }

  /// Begins with the leads whose numbers lie in a range.
  func begin(leads: ClosedRange<Int64>) throws(DatabaseError) {
    finish()
    let last =
      leads.upperBound >= Int64.max / EventPage.pagesPerLead - 1
      ? Int64.max : (leads.upperBound + 1) * EventPage.pagesPerLead - 1
    let first = leads.lowerBound * EventPage.pagesPerLead
    // Those beside the others first: who reads no snapshot and finds none of them is to find the pages that they may
    // have gone into since.
    let recent = RecentRows.ids(leads)
    try recentPages.bind(1, recent.lowerBound)
    try recentPages.bind(2, recent.upperBound)
    try nextRecent()
    try pages.bind(1, first)
    try pages.bind(2, last)
    try nextPage()
  }

  /// Lets go of what was begun.
  func finish() {
    pages.reset()
    recentPages.reset()
    (pageLead, recentLead) = (Int64.max, Int64.max)
  }

  private func nextPage() throws(DatabaseError) {
    pageLead = try pages.step() ? pages.integer(0) / EventPage.pagesPerLead : Int64.max
  }

  private func nextRecent() throws(DatabaseError) {
    recentLead = try recentPages.step() ? recentPages.integer(0) : Int64.max
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
    while recentLead < lead { try nextRecent() }
    if recentLead == lead {
      let firstAt = recentPages.integer(1)
      try recentPages.withBytes(2) { try body($0, firstAt) }
      try nextRecent()
    }
  }
}
