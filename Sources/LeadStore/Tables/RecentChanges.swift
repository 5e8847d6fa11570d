/// All SQL of `recent_score` and of `recent_signals`: what stands of single leads beside their blocks, and goes before what
/// those say.
final class RecentChanges {
  /// Which of the tables.
  enum Table {
    case scores
    case signals

    fileprivate var names: (table: String, column: String) {
      switch self {
      case .scores: ("recent_score", "line")
      case .signals: ("recent_signals", "record")
      }
    }
  }

  private let connection: Connection
  private let table: Table
  private let find: Statement
  private let findMany: Statement
  private let insert: Statement
  private let update: Statement

  init(_ connection: Connection, _ table: Table) throws(DatabaseError) {
    self.connection = connection
    self.table = table
    let (name, column) = table.names
    find = try connection.prepare("SELECT \(column) FROM \(name) WHERE id = ?1")
    // What is laid over a file that cannot be written to takes inserts alone.
    let verb = connection.isWritable ? "INSERT OR FAIL" : "INSERT OR REPLACE"
    let insertion = "\(verb) INTO \(name) (id, \(column)) VALUES (?1, ?2)"
    insert = try connection.prepare(insertion)
    update = try connection.prepare(
      connection.isWritable ? "UPDATE OR FAIL \(name) SET \(column) = ?2 WHERE id = ?1" : insertion)
    findMany = try RecentChanges.rows(of: table, connection)
  }

  /// A statement that gives number and bytes of the rows from its first argument through its second, in order.
  static func rows(of table: Table, _ connection: Connection) throws(DatabaseError) -> Statement {
    let (name, column) = table.names
    return try connection.prepare("SELECT id, \(column) FROM \(name) WHERE id BETWEEN ?1 AND ?2 ORDER BY id")
  }

  /// Whether there is any row.
  func isAny() throws -> Bool {
    try connection.firstRow("SELECT EXISTS (SELECT 1 FROM \(table.names.table))") { $0.integer(0) == 1 } ?? false
  }

  /// Calls `body` with a lead's row; nil where it has none.
  func withRow<Result>(
    owner: Int64, lead: Int64, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) throws -> Result? {
    try find.bind(1, LeadBlocks.rowID(owner: owner, lead: lead))
    defer { find.reset() }
    return try find.step() ? try find.withBytes(0, body) : nil
  }

  /// Calls `body` with the rows of a block's leads, in order.
  func forEach(ofBlock id: Int64, _ body: (_ lead: Int64, UnsafeBufferPointer<UInt8>) throws -> Void) throws {
    let ids = LeadBlocks.rowIDs(ofBlock: id)
    try findMany.bind(1, ids.lowerBound)
    try findMany.bind(2, ids.upperBound)
    defer { findMany.reset() }
    while try findMany.step() {
      let lead = LeadBlocks.lead(ofRow: findMany.integer(0))
      try findMany.withBytes(1) { try body(lead, $0) }
    }
  }

  /// Whether some leads of a block that change may stand beside it.
  ///
  /// - Parameter isAny: whether there is any row.
  func isRoom(ofBlock id: Int64, for leads: some Collection<Int64>, isAny: Bool) throws -> Bool {
    guard leads.count < LeadBlocks.fewest, leads.allSatisfy({ LeadBlocks.rowID(owner: 0, lead: $0) >= 0 }) else {
      return false
    }
    guard isAny else { return true }
    var count = leads.count
    try forEach(ofBlock: id) { lead, _ in if !leads.contains(lead) { count += 1 } }
    return count <= LeadBlocks.fewest
  }

  /// Stores a lead's row in the place of the one before.
  func put(owner: Int64, lead: Int64, _ bytes: UnsafeRawBufferPointer) throws(DatabaseError) {
    let id = LeadBlocks.rowID(owner: owner, lead: lead)
    try find.bind(1, id)
    let isStored = try find.step()
    find.reset()
    if isStored { try run(update, id, bytes) } else { try run(insert, id, bytes) }
  }

  private func run(_ statement: borrowing Statement, _ id: Int64, _ bytes: UnsafeRawBufferPointer) throws(DatabaseError)
  {
    try statement.bind(1, id)
    switch table {
    case .scores: try statement.bindTextInPlace(2, bytes)
    case .signals: try statement.bindBlobInPlace(2, bytes)
    }
    try statement.run()
  }

  /// Forgets the rows of a block's leads.
  func remove(ofBlock id: Int64) throws { try remove(LeadBlocks.rowIDs(ofBlock: id)) }

  /// Forgets rows with numbers in a range.
  func remove(_ ids: ClosedRange<Int64>) throws {
    try connection.run("DELETE FROM \(table.names.table) WHERE id BETWEEN ?1 AND ?2", ids.lowerBound, ids.upperBound)
  }
}
