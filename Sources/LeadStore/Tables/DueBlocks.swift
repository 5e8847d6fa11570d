/// All SQL of `score_due`: when to look at a block of leads again.
final class DueBlocks {
  /// When a block is due whose leads never are.
  static let never = Int64.max

  private let connection: Connection
  private let find: Statement
  private let insert: Statement
  private let update: Statement

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
    try find.bind(1, id)
    defer { find.reset() }
    return try find.step() ? find.integer(0) : nil
  }

  /// Notes when to look at a block. Writes nothing where that is known.
  func set(_ instant: Int64, block id: Int64) throws(DatabaseError) {
    try set(instant, block: id, before: self.instant(block: id))
  }

  /// The same, where ``instant(block:)`` gave `before`.
  func set(_ instant: Int64, block id: Int64, before: Int64?) throws(DatabaseError) {
    guard before != instant else { return }
    if before == nil { try DueBlocks.run(insert, id, instant) } else { try DueBlocks.run(update, id, instant) }
  }

  private static func run(_ statement: borrowing Statement, _ id: Int64, _ instant: Int64) throws(DatabaseError) {
    try statement.bind(1, id)
    try statement.bind(2, instant)
    try statement.run()
  }

  /// Calls `body` with each block of a model that is to be looked at by an instant, until it returns false.
  func forEachBlock(by instant: Int64, model: Int64, _ body: (Int64) throws -> Bool) throws {
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
