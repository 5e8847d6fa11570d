/// All SQL of `event_page`, and of `recent_change` for the pages that stand beside a lead's others.
public final class EventPageTable {
  private let connection: Connection
  private let insertRow: Statement
  private let updateRow: Statement
  private let lastRow: Statement
  private let recentRow: Statement
  private let insertRecent: Statement
  private let updateRecent: Statement
  // Made when it is first needed.
  private var insertMany: ManyRowInsertion?

  private static let columns = "(id, first_at, last_at, count, body)"
  // OR FAIL, since a statement of many rows that may abort needs a journal of its own.
  private static let insertion = "INSERT OR FAIL INTO event_page \(columns)"
  private static let change = "SET first_at = ?2, last_at = ?3, count = ?4, body = ?5 WHERE id = ?1"

  init(_ connection: Connection) throws(DatabaseError) {
    self.connection = connection
    insertRow = try connection.prepare(EventPageTable.insertion + " VALUES (?1, ?2, ?3, ?4, ?5)")
    updateRow = try connection.prepare("UPDATE OR FAIL event_page \(EventPageTable.change)")
    lastRow = try connection.prepare(
      "SELECT id, first_at, last_at, count, body FROM event_page WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1")
    recentRow = try connection.prepare(
      "SELECT \(RecentRows.page), first_at, last_at, count, body FROM recent_change WHERE id BETWEEN ?1 AND ?2")
    let recentInsertion = "INSERT OR FAIL INTO recent_change \(EventPageTable.columns) VALUES (?1, ?2, ?3, ?4, ?5)"
    insertRecent = try connection.prepare(recentInsertion)
    // What is laid over a file that cannot be written to, where events never are, takes inserts alone.
    updateRecent = try connection.prepare(
      connection.isWritable ? "UPDATE OR FAIL recent_change \(EventPageTable.change)" : recentInsertion)
  }

  /// Writes pages, each in the place of the one with its id, and removes those left over.
  public func write(_ batch: borrowing PageBatch) throws {
    let rows = batch.rows
    try batch.bytes.withUnsafeBytes { bytes in
      func text(_ row: PageBatch.Row) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[row.start..<row.end])
      }
      var next = 0
      while next < rows.count {
        let row = rows[next]
        if row.isRecent {
          var recent = row
          recent.id = RecentRows.id(page: row.id)
          if row.isStored {
            try EventPageTable.run(updateRecent, recent, text(row))
          } else {
            try EventPageTable.run(insertRecent, recent, text(row))
          }
          next += 1
          continue
        }
        if row.isStored {
          try EventPageTable.run(updateRow, row, text(row))
          next += 1
          continue
        }
        let end = next + ManyRowInsertion.rows
        guard end <= rows.count, !rows[next..<end].contains(where: { $0.isStored || $0.isRecent }) else {
          try EventPageTable.run(insertRow, row, text(row))
          next += 1
          continue
        }
        let many = try insertMany ?? ManyRowInsertion(connection, EventPageTable.insertion, columns: 5)
        insertMany = many
        for place in 0..<ManyRowInsertion.rows {
          let row = rows[next + place]
          try EventPageTable.bind(row, text(row), from: Int32(place) * 5 + 1, to: many.statement)
        }
        try many.statement.run()
        next = end
      }
    }
    for ids in batch.removals {
      try connection.run("DELETE FROM event_page WHERE id BETWEEN ?1 AND ?2", ids.lowerBound, ids.upperBound)
    }
    for id in batch.recentRemovals {
      try connection.run("DELETE FROM recent_change WHERE id = ?1", RecentRows.id(page: id))
    }
  }

  /// Adds a page.
  public func insert(_ page: borrowing EventPage) throws(DatabaseError) {
    let row = PageBatch.Row(
      id: page.id, firstAt: page.firstAt, lastAt: page.lastAt, count: page.count, start: 0, end: page.body.count,
      isStored: false)
    try page.body.withUnsafeBytes { bytes in
      Result { () throws(DatabaseError) in try EventPageTable.run(insertRow, row, bytes) }
    }.get()
  }

  private static func run(
    _ statement: borrowing Statement, _ row: PageBatch.Row, _ text: UnsafeRawBufferPointer
  ) throws(DatabaseError) {
    try bind(row, text, from: 1, to: statement)
    try statement.run()
  }

  private static func bind(
    _ row: PageBatch.Row, _ text: UnsafeRawBufferPointer, from first: Int32, to statement: borrowing Statement
  ) throws(DatabaseError) {
    try statement.bind(first, row.id)
    try statement.bind(first + 1, row.firstAt)
    try statement.bind(first + 2, row.lastAt)
    try statement.bind(first + 3, Int64(row.count))
    try statement.bindTextInPlace(first + 4, text)
  }

  /// Whether there is no page at all.
  public func isEmpty() throws -> Bool {
    try connection.firstRow(
      """
      SELECT CASE WHEN EXISTS (SELECT 1 FROM event_page) THEN 0
        ELSE NOT EXISTS (SELECT 1 FROM recent_change WHERE \(RecentRows.isPage)) END
      """
    ) { $0.integer(0) == 1 } ?? true
  }

  /// The page beside a lead's others.
  public func recentPage(lead: Int64) throws(DatabaseError) -> EventPage? {
    let ids = RecentRows.pages(lead: lead)
    try recentRow.bind(1, ids.lowerBound)
    try recentRow.bind(2, ids.upperBound)
    defer { recentRow.reset() }
    guard try recentRow.step() else { return nil }
    var page = EventPageTable.page(recentRow)
    page.isRecent = true
    return page
  }

  /// The last page of a lead, but for one that stands beside the others.
  public func last(lead: Int64) throws(DatabaseError) -> EventPage? {
    try page(lead: lead, upTo: EventPage.pagesPerLead - 1)
  }

  /// The last page of a lead with a number up to `number`, but for one that stands beside the others.
  public func page(lead: Int64, upTo number: Int64) throws(DatabaseError) -> EventPage? {
    guard number >= 0 else { return nil }
    try lastRow.bind(1, lead * EventPage.pagesPerLead)
    try lastRow.bind(2, lead * EventPage.pagesPerLead + number)
    defer { lastRow.reset() }
    return try lastRow.step() ? EventPageTable.page(lastRow) : nil
  }

  /// Removes a lead's pages with numbers from `number` on.
  public func remove(lead: Int64, from number: Int64 = 0) throws {
    try connection.run(
      "DELETE FROM event_page WHERE id BETWEEN ?1 AND ?2", lead * EventPage.pagesPerLead + number,
      (lead + 1) * EventPage.pagesPerLead - 1)
    let ids = RecentRows.pages(lead: lead, from: number)
    try connection.run("DELETE FROM recent_change WHERE id BETWEEN ?1 AND ?2", ids.lowerBound, ids.upperBound)
  }

  /// Calls `body` for each event of the leads with numbers in a range, in order of lead, instant and arrival.
  ///
  /// - Throws: ``DatabaseError``; ``StoreError/damaged(_:)``; what `body` throws.
  public func forEachEvent(
    leads: ClosedRange<Int64>,
    _ body: (_ lead: Int64, _ instant: Int64, _ tail: UnsafeBufferPointer<UInt8>) throws -> Void
  ) throws {
    let pages = try EventPageCursor(connection)
    defer { pages.finish() }
    try pages.begin(leads: leads)
    while let lead = pages.lead {
      try pages.forEachPage(of: lead) { text, firstAt in
        try EventPage.forEachEvent(in: text, firstAt: firstAt) { try body(lead, $0, $1) }
      }
    }
  }

  /// How many events there are, and the first and last instant. O(pages).
  public func summary() throws -> (count: Int64, first: Int64?, last: Int64?) {
    try connection.firstRow(
      """
      SELECT coalesce(sum(count), 0), min(first_at), max(last_at)
      FROM (SELECT count, first_at, last_at FROM event_page
        UNION ALL SELECT count, first_at, last_at FROM recent_change WHERE \(RecentRows.isPage))
      """
    ) {
      ($0.integer(0), $0.optionalInteger(1), $0.optionalInteger(2))
    } ?? (0, nil, nil)
  }

  private static func page(_ statement: borrowing Statement) -> EventPage {
    EventPage(
      id: statement.integer(0), firstAt: statement.integer(1), lastAt: statement.integer(2),
      count: Int(statement.integer(3)), body: statement.withBytes(4) { Array($0) })
  }
}
