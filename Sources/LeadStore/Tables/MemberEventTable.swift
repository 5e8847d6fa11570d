/// All SQL of `member_event_page`: the events that came under the own key of a lead of a merged group.
public final class MemberEventTable {
  private let connection: Connection

  init(_ connection: Connection) {
    self.connection = connection
  }

  /// Calls `body` for each event of a member, in order of arrival; within a page, of instants.
  ///
  /// - Throws: ``DatabaseError``; ``StoreError/damaged(_:)``; what `body` throws.
  public func forEachEvent(
    lead: Int64, _ body: (_ instant: Int64, _ tail: UnsafeBufferPointer<UInt8>) throws -> Void
  ) throws {
    try connection.forEachRow(
      "SELECT first_at, body FROM member_event_page WHERE lead_id = ?1 ORDER BY id", [lead]
    ) { row in
      let firstAt = row.integer(0)
      try row.withBytes(1) { try EventPage.forEachEvent(in: $0, firstAt: firstAt, body) }
    }
  }

  /// Adds some events of a batch, which its member does not have yet, after all others.
  public func append(_ batch: EventBatch, _ indices: [Int], lead: Int64) throws {
    var page: EventPage?
    for index in indices {
      let instant = batch.instant(index)
      try batch.withTail(index) { tail in
        if let full = page, full.body.count + tail.count > EventPage.fullSize {
          try insert(full, lead)
          page = nil
        }
        if page == nil { page = EventPage(startingAt: instant, id: 0) }
        page?.append(at: instant, tail: tail)
      }
    }
    if let page { try insert(page, lead) }
  }

  /// Removes all events of a member.
  public func remove(lead: Int64) throws {
    try connection.run("DELETE FROM member_event_page WHERE lead_id = ?1", lead)
  }

  private func insert(_ page: EventPage, _ lead: Int64) throws {
    try connection.run(
      "INSERT INTO member_event_page (lead_id, first_at, last_at, count, body) VALUES (?1, ?2, ?3, ?4, ?5)", lead,
      page.firstAt, page.lastAt, page.count, String(decoding: page.body, as: UTF8.self))
  }
}
