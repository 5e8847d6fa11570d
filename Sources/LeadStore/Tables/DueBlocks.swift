/// All SQL of `score_due`: when to look at a block of leads again.
final class DueBlocks {
  /// When a block is due whose leads never are.
  static let never = Int64.max

  private let connection: Connection
  private let find: Statement
  private let insert: Statement
  private let update: Statement
  private struct Noted {
    let id: Int64
    var instant: Int64
  }

  private var isGathering = false
  /// What is yet to be written: by model, since blocks of several come by turns, in order of the blocks.
  @exclusivity(unchecked) private var gathered: [Int64: [Noted]] = [:]
  /// Fewer blocks are written one by one.
  private static let manyBlocks = 2048

  init(_ connection: Connection) throws(DatabaseError) {
    self.connection = connection
    find = try connection.prepare("SELECT next_change_at FROM score_due WHERE id = ?1")
    // What is laid over a file that cannot be written to takes inserts alone.
    let insertion =
      "INSERT OR \(connection.isWritable ? "FAIL" : "REPLACE") INTO score_due (id, next_change_at) VALUES (?1, ?2)"
    insert = try connection.prepare(insertion)
    update = try connection.prepare(
      connection.isWritable ? "UPDATE OR FAIL score_due SET next_change_at = ?2 WHERE id = ?1" : insertion)
  }

  /// When to look at a block; nil for one that nobody told of.
  func instant(block id: Int64) throws(DatabaseError) -> Int64? {
    let model = id >> LeadBlocks.ownerShift
    if let noted = gathered[model], let index = DueBlocks.place(of: id, in: noted) { return noted[index].instant }
    return try storedInstant(block: id)
  }

  private func storedInstant(block id: Int64) throws(DatabaseError) -> Int64? {
    try find.bind(1, id)
    defer { find.reset() }
    return try find.step() ? find.integer(0) : nil
  }

  /// Notes when to look at a block. Writes nothing where that is known.
  func set(_ instant: Int64, block id: Int64) throws {
    // What is gathered is looked for when it is written.
    if isGathering {
      try note(instant, block: id)
    } else {
      try write(instant, block: id, before: storedInstant(block: id))
    }
  }

  /// The same, where ``instant(block:)`` gave `before`.
  func set(_ instant: Int64, block id: Int64, before: Int64?) throws {
    guard before != instant else { return }
    if isGathering { try note(instant, block: id) } else { try write(instant, block: id, before: before) }
  }

  /// Notes what is to be written when all is gathered.
  private func note(_ instant: Int64, block id: Int64) throws {
    let model = id >> LeadBlocks.ownerShift
    if let last = gathered[model]?.last, last.id >= id {
      if let index = gathered[model].flatMap({ DueBlocks.place(of: id, in: $0) }) {
        gathered[model]?[index].instant = instant
        return
      }
      try writeGathered()
    }
    gathered[model, default: []].append(Noted(id: id, instant: instant))
  }

  /// Where a block stands among blocks in their order.
  private static func place(of id: Int64, in noted: [Noted]) -> Int? {
    var range = noted.indices
    while !range.isEmpty {
      let middle = (range.lowerBound + range.upperBound) / 2
      if noted[middle].id == id { return middle }
      range = noted[middle].id < id ? (middle + 1)..<range.upperBound : range.lowerBound..<middle
    }
    return nil
  }

  private func write(_ instant: Int64, block id: Int64, before: Int64?) throws(DatabaseError) {
    guard before != instant else { return }
    if before == nil { try DueBlocks.run(insert, id, instant) } else { try DueBlocks.run(update, id, instant) }
  }

  private static func run(_ statement: borrowing Statement, _ id: Int64, _ instant: Int64) throws(DatabaseError) {
    try statement.bind(1, id)
    try statement.bind(2, instant)
    try statement.run()
  }

  /// Lets `body` note when many blocks are due, and writes that when it has ended: of an index that is changed all over,
  /// now and then, each page would go into the log again and again between all that is written meanwhile. Inside a write
  /// transaction, which is to be undone where this throws.
  func gather<Result>(_ body: () throws -> Result) throws -> Result {
    guard !isGathering else { return try body() }
    isGathering = true
    defer {
      isGathering = false
      gathered = [:]
    }
    let result = try body()
    try writeGathered()
    return result
  }

  private func writeGathered() throws {
    guard !gathered.isEmpty else { return }
    let noted = gathered.sorted { $0.key < $1.key }.flatMap(\.value)
    gathered.removeAll(keepingCapacity: true)
    if try isMost(noted) { return try write(many: noted) }
    for noted in noted { try write(noted.instant, block: noted.id, before: storedInstant(block: noted.id)) }
  }

  /// Whether these are so many of all blocks that to read all costs less than to look for each.
  private func isMost(_ noted: [Noted]) throws -> Bool {
    guard connection.isWritable, noted.count >= DueBlocks.manyBlocks else { return false }
    let stored = try connection.firstRow("SELECT count(*) FROM score_due") { $0.integer(0) } ?? 0
    return Int64(noted.count) * 2 >= stored
  }

  /// Writes what differs from what is stored. Where that is most, the whole table is written anew: emptied as a whole and
  /// filled in its order, it and its index take a fraction of the time that changes here and there take.
  private func write(many noted: [Noted]) throws {
    var all: [Noted] = []
    var changes: [(noted: Noted, before: Int64?)] = []
    var next = 0
    func add(before: Int64?) {
      all.append(noted[next])
      if noted[next].instant != before { changes.append((noted[next], before)) }
      next += 1
    }
    try connection.forEachRow("SELECT id, next_change_at FROM score_due ORDER BY id") { row in
      let stored = Noted(id: row.integer(0), instant: row.integer(1))
      while next < noted.count, noted[next].id < stored.id { add(before: nil) }
      if next < noted.count, noted[next].id == stored.id { add(before: stored.instant) } else { all.append(stored) }
    }
    while next < noted.count { add(before: nil) }
    guard changes.count * 2 >= all.count else {
      for change in changes { try write(change.noted.instant, block: change.noted.id, before: change.before) }
      return
    }
    try writeAnew(all)
  }

  private func writeAnew(_ all: [Noted]) throws {
    try connection.execute("DELETE FROM score_due")
    let many = try ManyRowInsertion(connection, "INSERT OR FAIL INTO score_due (id, next_change_at)", columns: 2)
    var first = 0
    while all.count - first >= ManyRowInsertion.rows {
      var column: Int32 = 1
      for noted in all[first..<(first + ManyRowInsertion.rows)] {
        try many.statement.bind(column, noted.id)
        try many.statement.bind(column + 1, noted.instant)
        column += 2
      }
      try many.statement.run()
      first += ManyRowInsertion.rows
    }
    for noted in all[first...] { try DueBlocks.run(insert, noted.id, noted.instant) }
  }

  /// Calls `body` with each block of a model that is to be looked at by an instant, until it returns false.
  func forEachBlock(by instant: Int64, model: Int64, _ body: (Int64) throws -> Bool) throws {
    try writeGathered()
    let ids = LeadBlocks.ids(owner: model)
    // The plus sign keeps SQLite to the index of what is due.
    try connection.withStatement("SELECT id FROM score_due WHERE next_change_at <= ?1 AND +id BETWEEN ?2 AND ?3") {
      statement in
      try statement.bind(1, min(instant, DueBlocks.never - 1))
      try statement.bind(2, ids.lowerBound)
      try statement.bind(3, ids.upperBound)
      while try statement.step(), try body(statement.integer(0)) {}
    }
  }
}
