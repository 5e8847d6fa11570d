import CSQLite
import Testing

@testable import LeadStore

@Suite("Statements")
struct StatementTests {
  private let folder: TestFolder
  private let connection: Connection

  init() throws {
    folder = try TestFolder()
    connection = try Connection(path: folder.file("plain.db"), mode: .create)
    try connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, text TEXT UNIQUE, blob BLOB) STRICT")
  }

  @Test(
    "text survives as it is",
    arguments: ["", "\0", "a\0b", "\0\0end", "é", "e\u{301}", "😀", "\u{FEFF}x", "it's \"so\"", "\r\n"])
  func text(_ text: String) throws {
    try connection.run("INSERT INTO item (text) VALUES (?1)", text)
    let read = try connection.firstRow("SELECT text, typeof(text), length(CAST(text AS BLOB)) FROM item") {
      (Array($0.text(0).utf8), $0.text(1), $0.integer(2))
    }
    #expect(read?.0 == Array(text.utf8))
    #expect(read?.1 == "text")
    #expect(read?.2 == Int64(text.utf8.count))
  }

  @Test("long text made at run time survives")
  func longText() throws {
    let text = String(repeating: "Straße\0", count: 20_000)
    try connection.run("INSERT INTO item (text) VALUES (?1)", text)
    #expect(try connection.text("SELECT text FROM item") == text)
  }

  @Test("bytes survive, none of them too", arguments: [[], [0], [0, 255, 0], Array(0...255)] as [[UInt8]])
  func blob(_ bytes: [UInt8]) throws {
    let insert = try connection.prepare("INSERT INTO item (blob) VALUES (?1)")
    try bytes.withUnsafeBytes { try insert.bindBlob(1, $0) }
    try insert.run()
    let read = try connection.firstRow("SELECT blob, typeof(blob) FROM item") { row in
      (row.withBytes(0) { Array($0) }, row.text(1))
    }
    #expect(read?.0 == bytes)
    #expect(read?.1 == "blob")
  }

  @Test("empty bytes bound as text are the empty text, not NULL")
  func emptyText() throws {
    let insert = try connection.prepare("INSERT INTO item (text) VALUES (?1)")
    try insert.bindText(1, UnsafeRawBufferPointer(start: nil, count: 0))
    try insert.run()
    #expect(try connection.text("SELECT typeof(text) FROM item") == "text")
  }

  @Test("nil is NULL and comes back as nil")
  func null() throws {
    try connection.run("INSERT INTO item (id, text) VALUES (?1, ?2)", Int64?.none, String?.none)
    let read = try connection.firstRow("SELECT text, blob, 0, '' FROM item") { row in
      (row.optionalText(0), row.optionalInteger(1), row.optionalInteger(2), row.optionalText(3))
    }
    #expect(read?.0 == nil)
    #expect(read?.1 == nil)
    #expect(read?.2 == 0)
    #expect(read?.3 == "")
  }

  @Test("integers keep all 64 bits", arguments: [Int64.min, -1, 0, 1, Int64.max])
  func integer(_ value: Int64) throws {
    #expect(try connection.integer("SELECT ?1", value) == value)
  }

  @Test("truths are 1 and 0")
  func boolean() throws {
    #expect(try connection.integer("SELECT ?1 * 10 + ?2", true, false) == 10)
  }

  @Test("bytes that are not UTF-8 are replaced, not trusted")
  func invalidText() throws {
    #expect(try connection.text("SELECT CAST(x'61ff62' AS TEXT)") == "a\u{FFFD}b")
  }

  @Test("a statement runs again with its values, or with others")
  func again() throws {
    let insert = try connection.prepare("INSERT INTO item (text) VALUES (?1 || (SELECT count(*) FROM item))")
    try insert.bind(1, "a")
    try insert.run()
    try insert.run()
    try insert.bind(1, "b")
    try insert.run()
    #expect(try connection.rows("SELECT text FROM item ORDER BY id", columns: 1) == [["a0"], ["a1"], ["b2"]])
  }

  @Test("a statement that failed can be used again")
  func afterFailure() throws {
    let insert = try connection.prepare("INSERT INTO item (text) VALUES (?1)")
    try insert.bind(1, "same")
    try insert.run()
    #expect(try databaseError { try insert.run() } != nil)
    try insert.bind(1, "other")
    try insert.run()
    #expect(try connection.integer("SELECT count(*) FROM item") == 2)
  }

  @Test("a statement outlives the connection's owner without harm")
  func outlives() throws {
    var other: Connection? = try Connection(path: folder.file("plain.db"), mode: .readWrite)
    let insert = try other?.prepare("INSERT INTO item (text) VALUES ('late')")
    other = nil
    switch consume insert {
    case .some(let statement): try statement.run()
    case nil: Issue.record("no statement")
    }
    #expect(try connection.text("SELECT text FROM item") == "late")
  }

  // MARK: Errors

  @Test("an error names the place in the statement")
  func offset() throws {
    let sql = "SELECT 'é', nope FROM item"
    let error = try #require(try databaseError { _ = try connection.prepare(sql) })
    #expect(error.sql == sql)
    // In bytes: é has two.
    #expect(error.offset == 13)
    #expect(error.message.contains("nope"))
    #expect(error.code == SQLITE_ERROR)
    #expect(error.kind == .other)
    #expect(error.description.contains(sql))
  }

  @Test("an error carries the extended code")
  func extendedCodes() throws {
    try connection.execute(
      """
      CREATE TABLE child (id INTEGER PRIMARY KEY, item INTEGER REFERENCES item (id), n INTEGER NOT NULL CHECK (n > 0));
      CREATE TRIGGER no_delete BEFORE DELETE ON child BEGIN SELECT raise(ABORT, 'kept'); END;
      INSERT INTO item (id, text) VALUES (1, 'a');
      INSERT INTO child VALUES (1, 1, 1);
      """)
    let cases: [(String, Int32)] = [
      ("INSERT INTO item (text) VALUES ('a')", 2067),  // SQLITE_CONSTRAINT_UNIQUE
      ("INSERT INTO child VALUES (1, 1, 1)", 1555),  // SQLITE_CONSTRAINT_PRIMARYKEY
      ("INSERT INTO child VALUES (2, 9, 1)", 787),  // SQLITE_CONSTRAINT_FOREIGNKEY
      ("INSERT INTO child VALUES (2, 1, NULL)", 1299),  // SQLITE_CONSTRAINT_NOTNULL
      ("INSERT INTO child VALUES (2, 1, 0)", 275),  // SQLITE_CONSTRAINT_CHECK
      ("DELETE FROM child", 1811),  // SQLITE_CONSTRAINT_TRIGGER
      ("INSERT INTO item (text) VALUES (x'00')", 3091),  // SQLITE_CONSTRAINT_DATATYPE
    ]
    for (sql, code) in cases {
      let error = try #require(try databaseError { try connection.run(sql) }, "\(sql)")
      #expect(error.code == code, "\(sql)")
      #expect(error.kind == .constraint, "\(sql)")
      #expect(error.sql == sql)
    }
  }

  @Test("an error never shows bound values")
  func noValues() throws {
    let secret = "ann@example.com"
    try connection.run("INSERT INTO item (text) VALUES (?1)", secret)
    let errors = [
      try databaseError { try connection.run("INSERT INTO item (text) VALUES (?1)", secret) },
      try databaseError { try connection.run("INSERT INTO item (id) VALUES (?1)", secret) },
      try databaseError { try connection.run("INSERT INTO item (text) VALUES (?1)", secret, secret) },
      try databaseError { try connection.run("SELECT json(?1)", secret) },
    ]
    for error in errors {
      let error = try #require(error)
      #expect(!String(describing: error).contains("ann@"))
      #expect(!String(reflecting: error).contains("ann@"))
    }
  }

  @Test("every code has its kind")
  func kinds() {
    let kinds: [(Int32, DatabaseError.Kind)] = [
      (SQLITE_BUSY, .busy), (SQLITE_BUSY | 2 << 8, .busy), (SQLITE_LOCKED, .busy),
      (SQLITE_READONLY | 8 << 8, .readOnly),
      (SQLITE_FULL, .full), (SQLITE_CANTOPEN, .cannotOpen), (SQLITE_NOTADB, .notADatabase),
      (SQLITE_CORRUPT | 1 << 8, .damaged), (SQLITE_IOERR | 3 << 8, .inputOutput), (SQLITE_CONSTRAINT, .constraint),
      (SQLITE_ERROR, .other), (SQLITE_MISUSE, .other), (SQLITE_INTERRUPT, .other),
    ]
    for (code, kind) in kinds { #expect(DatabaseError(code: code, message: "").kind == kind, "\(code)") }
  }

  @Test("a statement of no words is an error and not a crash", arguments: ["", "  ", "-- nothing"])
  func nothing(_ sql: String) throws {
    #expect(try databaseError { _ = try connection.prepare(sql) }?.sql == sql)
  }
}
