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
  /// What is yet to be written, in order of the blocks.
  @exclusivity(unchecked) private var gathered: [Noted] = []
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
    if let index = place(ofGathered: id) { return gathered[index].instant }
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
      try gather(instant, block: id)
    } else {
      try write(instant, block: id, before: storedInstant(block: id))
    }
  }

  /// The same, where ``instant(block:)`` gave `before`.
  func set(_ instant: Int64, block id: Int64, before: Int64?) throws {
    if isGathering, before != instant {
      try gather(instant, block: id)
    } else {
      try write(instant, block: id, before: before)
    }
  }

  private func gather(_ instant: Int64, block id: Int64) throws {
    if let index = place(ofGathered: id) {
      gathered[index].instant = instant
    } else {
      if let last = gathered.last, last.id > id { try writeGathered() }
      gathered.append(Noted(id: id, instant: instant))
    }
  }

  private func place(ofGathered id: Int64) -> Int? {
    guard let last = gathered.last, last.id >= id else { return nil }
    var range = gathered.indices
    while !range.isEmpty {
      let middle = (range.lowerBound + range.upperBound) / 2
      if gathered[middle].id == id { return middle }
      range = gathered[middle].id < id ? (middle + 1)..<range.upperBound : range.lowerBound..<middle
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
      gathered = []
    }
    let result = try body()
    try writeGathered()
    return result
  }

  private func writeGathered() throws {
    if try isMostGathered() {
      try writeAll()
    } else {
      for noted in gathered { try write(noted.instant, block: noted.id, before: storedInstant(block: noted.id)) }
    }
    gathered.removeAll(keepingCapacity: true)
  }

  /// Whether what is gathered is so much of the table that to write all of it anew costs less.
  private func isMostGathered() throws -> Bool {
    guard connection.isWritable, gathered.count >= DueBlocks.manyBlocks else { return false }
    let stored = try connection.firstRow("SELECT count(*) FROM score_due") { $0.integer(0) } ?? 0
    return Int64(gathered.count) * 2 >= stored
  }

  /// Writes the whole table anew: emptied as a whole and filled in its order, it and its index take a fraction of the time
  /// that a change here and there takes.
  private func writeAll() throws {
    var all: [Noted] = []
    var next = 0
    try connection.forEachRow("SELECT id, next_change_at FROM score_due ORDER BY id") { row in
      let stored = Noted(id: row.integer(0), instant: row.integer(1))
      while next < gathered.count, gathered[next].id < stored.id {
        all.append(gathered[next])
        next += 1
      }
      if next == gathered.count || gathered[next].id != stored.id { all.append(stored) }
    }
    all += gathered[next...]
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
