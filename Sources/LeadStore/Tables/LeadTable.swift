/// A lead as it is stored.
public struct LeadRow: Sendable, Equatable {
  /// The row's number.
  public var id: Int64
  /// The key as it was first given.
  public var key: String
  /// When the lead was created, in milliseconds since 1970.
  public var createdAt: Int64
  /// Whether an import named that instant; otherwise it is when the lead was first seen.
  public var isCreatedAtGiven: Bool
  /// A JSON object.
  public var attributes: String
}

/// A lead to be added under a number of the caller's, in bytes that somebody else keeps.
public struct NewLead {
  var id: Int64
  var folded: UnsafeBufferPointer<UInt8>
  var given: String?
  var createdAt: Int64
  var isCreatedAtGiven: Bool
  var attributes: UnsafeBufferPointer<UInt8>

  /// A lead.
  ///
  /// - Parameters:
  ///   - folded: the key, trimmed and folded.
  ///   - given: the key as it was given, where that differs.
  ///   - createdAt: in milliseconds since 1970.
  ///   - attributes: a JSON object.
  public init(
    id: Int64, folded: UnsafeBufferPointer<UInt8>, given: String?, createdAt: Int64, isCreatedAtGiven: Bool,
    attributes: UnsafeBufferPointer<UInt8>
  ) {
    self.id = id
    self.folded = folded
    self.given = given
    self.createdAt = createdAt
    self.isCreatedAtGiven = isCreatedAtGiven
    self.attributes = attributes
  }
}

/// All SQL of the table `lead` and of `attribute_name`.
public final class LeadTable {
  private let connection: Connection
  private let findID: Statement
  private let insertRow: Statement
  // Made when they are first needed.
  private var insertMany: ManyRowInsertion?
  private var insertNext: ManyRowInsertion?

  // OR FAIL, since a statement of many rows that may abort needs a journal of its own.
  private static let insertion =
    "INSERT OR FAIL INTO lead (id, key, key_as_given, created_at, created_is_given, attributes)"

  // SQLite gives the number after the greatest one, and need not look for a lead that has it.
  private static let nextInsertion =
    "INSERT OR FAIL INTO lead (key, key_as_given, created_at, created_is_given, attributes)"

  init(_ connection: Connection) throws(DatabaseError) {
    self.connection = connection
    findID = try connection.prepare("SELECT id FROM lead WHERE key = ?1")
    insertRow = try connection.prepare(LeadTable.insertion + " VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
  }

  /// The number of the lead with a folded key. O(log leads).
  public func id(key: UnsafeBufferPointer<UInt8>) throws(DatabaseError) -> Int64? {
    try findID.bindText(1, UnsafeRawBufferPointer(key))
    defer { findID.reset() }
    return try findID.step() ? findID.integer(0) : nil
  }

  /// The number of the lead with a folded key. O(log leads).
  public func id(key: String) throws(DatabaseError) -> Int64? {
    try findID.bind(1, key)
    defer { findID.reset() }
    return try findID.step() ? findID.integer(0) : nil
  }

  /// Calls `body` with the number and the folded key of each lead. O(leads).
  public func forEachKey(_ body: (Int64, UnsafeBufferPointer<UInt8>) throws -> Void) throws {
    try connection.forEachRow("SELECT id, key FROM lead") { row in
      let id = row.integer(0)
      try row.withBytes(1) { try body(id, $0) }
    }
  }

  /// The greatest number that a lead can have: an import keeps so many bits of each.
  public static let greatestNumber = Int64(UInt32.max)

  /// The greatest number of any lead; 0 where there is none.
  ///
  /// - Throws: ``StoreError/leadNumber(_:)`` where somebody wrote a lead with a number that none can have.
  public func greatestID() throws -> Int64 {
    let ends = try connection.firstRow("SELECT (SELECT min(id) FROM lead), (SELECT max(id) FROM lead)") {
      ($0.optionalInteger(0), $0.optionalInteger(1))
    }
    guard let least = ends?.0, let greatest = ends?.1 else { return 0 }
    guard least > 0 else { throw StoreError.leadNumber(least) }
    guard greatest <= LeadTable.greatestNumber else { throw StoreError.leadNumber(greatest) }
    return greatest
  }

  /// Which of the pieces of so many numbers each, piece 0 from number 1 on, to go over for all leads; rising. Large gaps
  /// between leads' numbers are left out; a piece may yet have no lead.
  ///
  /// - Throws: ``StoreError/leadNumber(_:)``
  /// - Complexity: O(pieces)
  public func pieces(of size: Int64) throws -> [Int] {
    let greatest = try greatestID()
    var pieces: [Int] = []
    var next: Int64 = 1
    while next <= greatest,
      let lead = try connection.firstRow("SELECT min(id) FROM lead WHERE id >= ?1", [next], { $0.integer(0) })
    {
      let first = (lead - 1) / size
      let last = min(first + LeadTable.piecesTogether - 1, (greatest - 1) / size)
      pieces += Int(first)...Int(last)
      next = (last + 1) * size + 1
    }
    return pieces
  }

  /// To ask whether a piece has a lead costs as much as to go over some that have none.
  private static let piecesTogether: Int64 = 64

  /// A number for a new lead.
  ///
  /// - Throws: ``StoreError/leadNumber(_:)``, ``StoreError/noLeadNumber``
  public func nextID() throws -> Int64 {
    let next = try greatestID() + 1
    guard next <= LeadTable.greatestNumber else { throw StoreError.noLeadNumber }
    return next
  }

  /// How many leads there are, those merged into another not among them. O(leads).
  public func count() throws -> Int64 {
    try connection.firstRow(
      "SELECT (SELECT count(*) FROM lead) - (SELECT count(*) FROM lead_member WHERE root_id <> lead_id)"
    ) { $0.integer(0) } ?? 0
  }

  /// Adds a lead under a number of the caller's.
  ///
  /// - Parameters:
  ///   - folded: the key, trimmed and folded.
  ///   - given: the key as it was given, where that differs.
  public func insert(
    id: Int64, folded: UnsafeBufferPointer<UInt8>, given: String?, createdAt: Int64, isGiven: Bool,
    attributes: UnsafeBufferPointer<UInt8>
  ) throws(DatabaseError) {
    let lead = NewLead(
      id: id, folded: folded, given: given, createdAt: createdAt, isCreatedAtGiven: isGiven, attributes: attributes)
    try LeadTable.bind(lead, from: 1, to: insertRow)
    try insertRow.run()
  }

  /// Adds leads, in the order of their numbers. Inside a write transaction, which is to be undone where this throws.
  public func insert(_ leads: [NewLead]) throws {
    var next = 0
    if leads.count >= ManyRowInsertion.rows {
      var following = try greatestID() + 1
      while leads.count - next >= ManyRowInsertion.rows {
        let run = leads[next..<(next + ManyRowInsertion.rows)]
        let last = leads[next + ManyRowInsertion.rows - 1].id
        let areNext = leads[next].id == following && last == following + Int64(ManyRowInsertion.rows - 1)
        try insert(run, areNext: areNext)
        following = last + 1
        next += ManyRowInsertion.rows
      }
    }
    for lead in leads[next...] {
      try LeadTable.bind(lead, from: 1, to: insertRow)
      try insertRow.run()
    }
  }

  /// Adds as many leads as one run inserts.
  ///
  /// - Parameter areNext: whether their numbers are those after the greatest one.
  private func insert(_ leads: ArraySlice<NewLead>, areNext: Bool) throws(DatabaseError) {
    if areNext, insertNext == nil {
      insertNext = try ManyRowInsertion(connection, LeadTable.nextInsertion, columns: 5)
    } else if !areNext, insertMany == nil {
      insertMany = try ManyRowInsertion(connection, LeadTable.insertion, columns: 6)
    }
    guard let many = areNext ? insertNext : insertMany else { return }
    var first: Int32 = 1
    for lead in leads {
      if areNext {
        try LeadTable.bindFacts(lead, from: first, to: many.statement)
      } else {
        try LeadTable.bind(lead, from: first, to: many.statement)
      }
      first += many.columns
    }
    try many.statement.run()
  }

  private static func bind(
    _ lead: NewLead, from first: Int32, to statement: borrowing Statement
  ) throws(DatabaseError) {
    try statement.bind(first, lead.id)
    try bindFacts(lead, from: first + 1, to: statement)
  }

  /// Binds all but the number.
  private static func bindFacts(
    _ lead: NewLead, from first: Int32, to statement: borrowing Statement
  ) throws(DatabaseError) {
    try statement.bindTextInPlace(first, UnsafeRawBufferPointer(lead.folded))
    try statement.bind(first + 1, lead.given)
    try statement.bind(first + 2, lead.createdAt)
    try statement.bind(first + 3, lead.isCreatedAtGiven ? 1 : 0)
    try statement.bindTextInPlace(first + 4, UnsafeRawBufferPointer(lead.attributes))
  }

  /// Replaces a lead's attributes and creation.
  public func update(
    id: Int64, createdAt: Int64, isGiven: Bool, attributes: UnsafeBufferPointer<UInt8>
  ) throws {
    try connection.withStatement(
      "UPDATE lead SET created_at = ?2, created_is_given = ?3, attributes = ?4 WHERE id = ?1"
    ) { statement in
      try statement.bind(1, id)
      try statement.bind(2, createdAt)
      try statement.bind(3, isGiven ? 1 : 0)
      try statement.bindText(4, UnsafeRawBufferPointer(attributes))
      try statement.run()
    }
  }

  /// A lead by its number.
  public func row(id: Int64) throws -> LeadRow? {
    try connection.firstRow(LeadTable.columns + " WHERE id = ?1", [id]) { LeadTable.row($0) }
  }

  /// A lead by its folded key.
  public func row(key: String) throws -> LeadRow? {
    try connection.firstRow(LeadTable.columns + " WHERE key = ?1", [key]) { LeadTable.row($0) }
  }

  /// Calls `body` for the leads with numbers in a range, in their order; not for those merged into another.
  public func forEach(from first: Int64 = 1, through last: Int64 = Int64.max, _ body: (LeadRow) throws -> Void) throws {
    try connection.forEachRow(
      LeadTable.columns + """
         WHERE id BETWEEN ?1 AND ?2
          AND NOT EXISTS (SELECT 1 FROM lead_member WHERE lead_id = lead.id AND root_id <> lead.id)
        ORDER BY id
        """, [first, last]
    ) {
      try body(LeadTable.row($0))
    }
  }

  private static let columns =
    "SELECT id, coalesce(key_as_given, key), created_at, created_is_given, attributes FROM lead"

  private static func row(_ statement: borrowing Statement) -> LeadRow {
    LeadRow(
      id: statement.integer(0), key: statement.text(1), createdAt: statement.integer(2),
      isCreatedAtGiven: statement.integer(3) == 1, attributes: statement.text(4))
  }

  /// Keys that begin as `folded` does, for a suggestion; at most `limit`.
  public func keys(startingWith folded: String, limit: Int) throws -> [String] {
    var keys: [String] = []
    try connection.forEachRow(
      """
      SELECT coalesce(key_as_given, key) FROM lead WHERE key >= ?1 AND key < ?1 || char(1114111) AND substr(key, 1, length(?1)) = ?1
      ORDER BY key LIMIT ?2
      """, [folded, limit]
    ) { keys.append($0.text(0)) }
    return keys
  }

  // MARK: Attribute names

  /// The names of all attributes ever seen, in that order.
  public func attributeNames() throws -> [String] {
    var names: [String] = []
    try connection.forEachRow("SELECT name FROM attribute_name ORDER BY id") { names.append($0.text(0)) }
    return names
  }

  /// Adds a name after all others.
  public func addAttributeName(_ name: String) throws {
    try connection.run("INSERT OR IGNORE INTO attribute_name (name) VALUES (?1)", name)
  }
}
