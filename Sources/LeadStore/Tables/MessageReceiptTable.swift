/// All SQL of `message_receipt`.
public final class MessageReceiptTable {
  private let connection: Connection

  init(_ connection: Connection) {
    self.connection = connection
  }

  /// When a message was first received, in milliseconds since 1970: `now` where it was not before, which is recorded.
  public func firstReceived(digest: String, now: Int64) throws -> Int64 {
    let known = try connection.firstRow("SELECT received_at FROM message_receipt WHERE digest = ?1", [digest]) {
      $0.integer(0)
    }
    if let known { return known }
    try connection.run("INSERT INTO message_receipt (digest, received_at) VALUES (?1, ?2)", digest, now)
    return now
  }
}
