import Testing

@testable import LeadStore

@Suite("The cache of statements")
struct StatementCacheTests {
  private let folder: TestFolder
  private let connection: Connection

  init() throws {
    folder = try TestFolder()
    connection = try Connection(path: folder.file("plain.db"), mode: .create)
    try connection.execute(
      "CREATE TABLE item (id INTEGER PRIMARY KEY, parent INTEGER); INSERT INTO item VALUES (1, 0), (2, 0), (3, 1), (4, 1)"
    )
  }

  private let children = "SELECT id FROM item WHERE parent = ?1 ORDER BY id"

  @Test("the same text can be used while it runs, any number of times over")
  func nested() throws {
    var visited: [[Int64]] = []
    for _ in 1...3 {
      var path: [Int64] = []
      try connection.forEachRow(children, [0]) { outer in
        try connection.forEachRow(children, [outer.integer(0)]) { inner in
          try connection.forEachRow(children, [0]) { innermost in
            path += [outer.integer(0), inner.integer(0), innermost.integer(0)]
          }
        }
      }
      visited.append(path)
    }
    #expect(visited == Array(repeating: [1, 3, 1, 1, 3, 2, 1, 4, 1, 1, 4, 2], count: 3))
  }

  @Test("a body that throws leaves its statement ready")
  func throwing() throws {
    #expect(throws: TestFault()) { try connection.forEachRow(children, [0]) { _ in throw TestFault() } }
    var seen: [Int64] = []
    try connection.forEachRow(children, [0]) { seen.append($0.integer(0)) }
    #expect(seen == [1, 2])
    // A statement that still ran would hold a snapshot open.
    try connection.execute("PRAGMA journal_mode = WAL")
  }

  @Test("a statement left at its first row holds nothing open")
  func firstRow() throws {
    #expect(try connection.integer("SELECT id FROM item") != nil)
    try connection.execute("DROP TABLE item")
  }

  @Test("a statement survives a change of the layout")
  func layoutChange() throws {
    #expect(try connection.rows("SELECT * FROM item WHERE id = 1", columns: 2) == [["1", "0"]])
    try connection.execute("ALTER TABLE item ADD COLUMN name TEXT DEFAULT 'new'")
    #expect(try connection.rows("SELECT * FROM item WHERE id = 1", columns: 3) == [["1", "0", "new"]])
  }

  private func statement(_ number: Int) throws -> CachedStatement {
    CachedStatement(try connection.prepare("SELECT \(number)"))
  }

  @Test("it is bounded, and what was unused for longest goes first")
  func bounded() throws {
    var cache = StatementCache(capacity: 3)
    for number in 1...3 { cache.insert(try statement(number), for: "SELECT \(number)") }
    #expect(cache.statement(for: "SELECT 1") != nil)
    cache.insert(try statement(4), for: "SELECT 4")
    #expect(cache.count == 3)
    #expect(cache.statement(for: "SELECT 2") == nil)
    for number in [1, 3, 4] { #expect(cache.statement(for: "SELECT \(number)") != nil) }
    for number in 5...100 {
      cache.insert(try statement(number), for: "SELECT \(number)")
      #expect(cache.count == 3)
    }
    cache.removeAll()
    #expect(cache.count == 0)
  }

  @Test("a statement that runs is not lent twice, and works on when it is put out")
  func evictedWhileRunning() throws {
    var seen: [Int64] = []
    try connection.forEachRow(children, [0]) { row in
      seen.append(row.integer(0))
      // More texts than the cache has room for.
      for number in 1...200 {
        let found = try connection.integer("SELECT \(number)")
        #expect(found == Int64(number))
      }
    }
    #expect(seen == [1, 2])
  }

  @Test("a cached statement does not remember the values of its last use")
  func forgetsValues() throws {
    #expect(try connection.text("SELECT coalesce(?1, 'none')", "somebody's secret") == "somebody's secret")
    let found = try connection.text("SELECT coalesce(?1, 'none')")
    #expect(found == "none")
  }
}
