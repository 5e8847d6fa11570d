/// The SQL of `recent_change` for scores or for records: what stands of single leads beside their blocks, and goes before
/// what those say.
final class RecentChanges {
  /// What stands in the rows.
  enum Table {
    case scores
    case signals
  }

  private let connection: Connection
  private let table: Table
  private let find: Statement
  private let findLeads: Statement
  private let findMany: Statement
  private let insert: Statement
  private let update: Statement

  init(_ connection: Connection, _ table: Table) throws(DatabaseError) {
    self.connection = connection
    self.table = table
    find = try connection.prepare("SELECT body FROM recent_change WHERE id = ?1")
    // What is laid over a file that cannot be written to takes inserts alone.
    let verb = connection.isWritable ? "INSERT OR FAIL" : "INSERT OR REPLACE"
    let insertion = "\(verb) INTO recent_change (id, body) VALUES (?1, ?2)"
    insert = try connection.prepare(insertion)
    update = try connection.prepare(
      connection.isWritable ? "UPDATE OR FAIL recent_change SET body = ?2 WHERE id = ?1" : insertion)
    findLeads = try connection.prepare(
      "SELECT \(RecentRows.lead) FROM recent_change WHERE id BETWEEN ?1 AND ?2 AND \(RecentRows.isOf("?3"))")
    findMany = try RecentChanges.rows(connection)
  }

  /// A statement that gives lead and bytes of the rows that ``bind(_:_:owner:leads:)`` says, in order.
  static func rows(_ connection: Connection) throws(DatabaseError) -> Statement {
    try connection.prepare(
      """
      SELECT \(RecentRows.lead), body FROM recent_change WHERE id BETWEEN ?1 AND ?2 AND \(RecentRows.isOf("?3")) ORDER BY id
      """)
  }

  /// Has a statement of ``rows(_:)`` give the rows of an owner's leads with numbers in a range.
  static func bind(
    _ rows: borrowing Statement, _ table: Table, owner: Int64, leads: ClosedRange<Int64>
  ) throws(DatabaseError) {
    let ids = RecentRows.ids(leads)
    try rows.bind(1, ids.lowerBound)
    try rows.bind(2, ids.upperBound)
    try rows.bind(3, RecentRows.place(table, owner: owner))
  }

  /// Whether there is any row, of whatever kind.
  func isAny() throws -> Bool {
    try connection.firstRow("SELECT EXISTS (SELECT 1 FROM recent_change)") { $0.integer(0) == 1 } ?? false
  }

  /// Calls `body` with a lead's row; nil where it has none.
  func withRow<Result>(
    owner: Int64, lead: Int64, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) throws -> Result? {
    try find.bind(1, RecentRows.id(table, owner: owner, lead: lead))
    defer { find.reset() }
    return try find.step() ? try find.withBytes(0, body) : nil
  }

  /// Calls `body` with the rows of a block's leads, in order.
  func forEach(ofBlock id: Int64, _ body: (_ lead: Int64, UnsafeBufferPointer<UInt8>) throws -> Void) throws {
    try RecentChanges.bind(
      findMany, table, owner: id >> LeadBlocks.ownerShift, leads: LeadBlocks.leads(ofBlock: id))
    defer { findMany.reset() }
    while try findMany.step() {
      let lead = findMany.integer(0)
      try findMany.withBytes(1) { try body(lead, $0) }
    }
  }

  /// The leads of a block that stand beside it: a bit for the place of each.
  private func places(ofBlock id: Int64) throws -> UInt16 {
    try RecentChanges.bind(
      findLeads, table, owner: id >> LeadBlocks.ownerShift, leads: LeadBlocks.leads(ofBlock: id))
    defer { findLeads.reset() }
    var places: UInt16 = 0
    while try findLeads.step() { places |= 1 << LeadBlocks.place(of: findLeads.integer(0)) }
    return places
  }

  /// Whether some leads of a block that change may stand beside it: the places of those that do already; nil where they
  /// may not.
  ///
  /// - Parameter isAny: whether there is any row.
  func room(ofBlock id: Int64, for leads: some Collection<Int64>, isAny: Bool) throws -> UInt16? {
    let owner = id >> LeadBlocks.ownerShift
    guard leads.count < LeadBlocks.fewest,
      leads.allSatisfy({ RecentRows.id(table, owner: owner, lead: $0) >= 0 })
    else { return nil }
    let stored = isAny ? try places(ofBlock: id) : 0
    let changed = leads.reduce(into: stored) { $0 |= 1 << LeadBlocks.place(of: $1) }
    return changed.nonzeroBitCount <= LeadBlocks.fewest ? stored : nil
  }

  /// Stores a lead's row.
  ///
  /// - Parameter stored: what ``room(ofBlock:for:isAny:)`` gave.
  func put(owner: Int64, lead: Int64, _ bytes: UnsafeRawBufferPointer, stored: UInt16) throws(DatabaseError) {
    let id = RecentRows.id(table, owner: owner, lead: lead)
    if stored >> LeadBlocks.place(of: lead) & 1 == 1 {
      try run(update, id, bytes)
    } else {
      try run(insert, id, bytes)
    }
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
  func remove(ofBlock id: Int64) throws {
    try remove(owner: id >> LeadBlocks.ownerShift, LeadBlocks.leads(ofBlock: id))
  }

  /// Forgets the rows of an owner's leads with numbers in a range.
  func remove(owner: Int64, _ leads: ClosedRange<Int64>) throws {
    try connection.withStatement(
      "DELETE FROM recent_change WHERE id BETWEEN ?1 AND ?2 AND \(RecentRows.isOf("?3"))"
    ) { statement in
      try RecentChanges.bind(statement, table, owner: owner, leads: leads)
      try statement.run()
    }
  }
}
