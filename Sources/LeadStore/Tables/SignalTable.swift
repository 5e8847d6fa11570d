/// All SQL of `signal`, `signal_pack` and `signal_state`.
public final class SignalTable {
  private let connection: Connection
  private let findState: Statement
  private let putState: Statement

  init(_ connection: Connection) throws(DatabaseError) {
    self.connection = connection
    findState = try connection.prepare("SELECT body FROM signal_state WHERE pack_id = ?1 AND lead_id = ?2")
    putState = try connection.prepare(
      "INSERT OR REPLACE INTO signal_state (pack_id, lead_id, body) VALUES (?1, ?2, ?3)")
  }

  /// The number of a definition, which is added where it is new.
  public func id(ofDefinition definition: String) throws -> Int64 {
    if let id = try connection.firstRow("SELECT id FROM signal WHERE definition = ?1", [definition], { $0.integer(0) })
    {
      return id
    }
    try connection.run("INSERT INTO signal (definition) VALUES (?1)", definition)
    return connection.lastInsertedRow
  }

  /// The newest pack, and the numbers of its signals as a JSON array.
  public func currentPack() throws -> (id: Int64, signals: String)? {
    try connection.firstRow("SELECT id, signals FROM signal_pack ORDER BY id DESC LIMIT 1") {
      ($0.integer(0), $0.text(1))
    }
  }

  /// Adds a pack; returns its number.
  public func addPack(signals: String) throws -> Int64 {
    try connection.run("INSERT INTO signal_pack (signals) VALUES (?1)", signals)
    return connection.lastInsertedRow
  }

  /// Removes a pack and all it found.
  public func removePack(_ id: Int64) throws {
    try connection.run("DELETE FROM signal_state WHERE pack_id = ?1", id)
    try connection.run("DELETE FROM signal_pack WHERE id = ?1", id)
  }

  /// Calls `body` with a lead's record; false where there is none.
  public func withState(
    pack: Int64, lead: Int64, _ body: (UnsafeBufferPointer<UInt8>) throws -> Void
  ) throws -> Bool {
    try findState.bind(1, pack)
    try findState.bind(2, lead)
    defer { findState.reset() }
    guard try findState.step() else { return false }
    try findState.withBytes(0, body)
    return true
  }

  /// Calls `body` with the records of the leads with numbers in a range, in their order.
  public func forEachState(
    pack: Int64, leads: ClosedRange<Int64>, _ body: (Int64, UnsafeBufferPointer<UInt8>) throws -> Void
  ) throws {
    try connection.forEachRow(
      "SELECT lead_id, body FROM signal_state WHERE pack_id = ?1 AND lead_id BETWEEN ?2 AND ?3 ORDER BY lead_id",
      [pack, leads.lowerBound, leads.upperBound]
    ) { row in
      let lead = row.integer(0)
      try row.withBytes(1) { try body(lead, $0) }
    }
  }

  /// Stores a lead's record in the place of the one before.
  public func put(pack: Int64, lead: Int64, _ bytes: UnsafeRawBufferPointer) throws(DatabaseError) {
    try putState.bind(1, pack)
    try putState.bind(2, lead)
    try putState.bindBlobInPlace(3, bytes)
    try putState.run()
  }
}
