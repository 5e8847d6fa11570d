/// A statement on loan from the cache.
final class CachedStatement {
  let statement: Statement
  /// False while it runs, so that a nested use of the same text gets a statement of its own.
  var isFree = true
  var lastUse: UInt64 = 0

  init(_ statement: consuming Statement) {
    self.statement = statement
  }
}

/// Prepared statements by their text, at most `capacity`; the one unused for longest goes first.
struct StatementCache {
  private var statements: [String: CachedStatement] = [:]
  private var clock: UInt64 = 0
  let capacity: Int

  init(capacity: Int) {
    self.capacity = capacity
  }

  var count: Int { statements.count }

  mutating func statement(for sql: String) -> CachedStatement? {
    guard let cached = statements[sql], cached.isFree else { return nil }
    clock += 1
    cached.lastUse = clock
    return cached
  }

  mutating func insert(_ cached: CachedStatement, for sql: String) {
    if statements.count >= capacity, let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse }) {
      statements[oldest.key] = nil
    }
    clock += 1
    cached.lastUse = clock
    statements[sql] = cached
  }

  mutating func removeAll() {
    statements.removeAll()
  }
}
