import Testing

@testable import LeadStore

@Suite("Transactions")
struct TransactionTests {
  private let folder: TestFolder
  private let connection: Connection
  private let second: Connection

  init() throws {
    folder = try TestFolder()
    connection = try Connection(path: folder.file("plain.db"), mode: .create)
    try connection.execute("PRAGMA journal_mode = WAL; CREATE TABLE item (id INTEGER PRIMARY KEY)")
    second = try Connection(path: folder.file("plain.db"), mode: .readWrite, busyTimeout: 0)
  }

  private var stored: Int64? { get throws { try second.integer("SELECT count(*) FROM item") } }

  @Test("what a write transaction did is there for others, and its result comes back")
  func commits() throws {
    let result = try connection.write {
      try connection.run("INSERT INTO item VALUES (1)")
      #expect(connection.isInTransaction)
      #expect(try stored == 0)
      return "done"
    }
    #expect(result == "done")
    #expect(!connection.isInTransaction)
    #expect(try stored == 1)
  }

  @Test("an error undoes all of it and is passed on")
  func rollsBack() throws {
    #expect(throws: TestFault()) {
      try connection.write {
        try connection.run("INSERT INTO item VALUES (1)")
        throw TestFault()
      }
    }
    #expect(!connection.isInTransaction)
    #expect(try connection.integer("SELECT count(*) FROM item") == 0)
    try connection.write { try connection.run("INSERT INTO item VALUES (2)") }
    #expect(try stored == 1)
  }

  @Test("the error that made SQLite roll back by itself is the one that is passed on")
  func rolledBackAlready() throws {
    let error = try databaseError {
      try connection.write {
        try connection.run("INSERT INTO item VALUES (1)")
        try connection.run("INSERT OR ROLLBACK INTO item VALUES (1)")
      }
    }
    #expect(error?.kind == .constraint)
    #expect(!connection.isInTransaction)
    #expect(try stored == 0)
    try connection.write { try connection.run("INSERT INTO item VALUES (1)") }
    #expect(try stored == 1)
  }

  @Test("a full file undoes all of it")
  func full() throws {
    try connection.execute("CREATE TABLE big (body TEXT); PRAGMA max_page_count = 8")
    let error = try databaseError {
      try connection.write {
        try connection.run("INSERT INTO item VALUES (1)")
        for _ in 1...100 { try connection.run("INSERT INTO big VALUES (zeroblob(4000))") }
      }
    }
    #expect(error?.kind == .full)
    #expect(!connection.isInTransaction)
    #expect(try stored == 0)
    #expect(try connection.integer("SELECT count(*) FROM big") == 0)
  }

  @Test("a transaction inside another one is refused and undoes both")
  func nested() throws {
    let error = try databaseError {
      try connection.write {
        try connection.run("INSERT INTO item VALUES (1)")
        try connection.write {}
      }
    }
    #expect(error?.kind == .other)
    #expect(!connection.isInTransaction)
    #expect(try stored == 0)
  }

  @Test("a constraint that waits for the commit undoes all of it")
  func deferred() throws {
    try connection.execute("CREATE TABLE child (item INTEGER REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED)")
    let error = try databaseError {
      try connection.write {
        try connection.run("INSERT INTO item VALUES (1)")
        try connection.run("INSERT INTO child VALUES (2)")
      }
    }
    #expect(error?.kind == .constraint)
    #expect(!connection.isInTransaction)
    #expect(try stored == 0)
  }

  @Test("write and undo gives the result and leaves nothing")
  func writeAndUndo() throws {
    try connection.write { try connection.run("INSERT INTO item VALUES (1)") }
    let counted = try connection.writeAndUndo {
      try connection.run("DELETE FROM item")
      try connection.run("INSERT INTO item VALUES (2), (3), (4)")
      return try connection.integer("SELECT count(*) FROM item")
    }
    #expect(counted == 3)
    #expect(!connection.isInTransaction)
    #expect(try connection.rows("SELECT id FROM item", columns: 1) == [["1"]])
    #expect(throws: TestFault()) {
      try connection.writeAndUndo {
        try connection.run("DELETE FROM item")
        throw TestFault()
      }
    }
    #expect(!connection.isInTransaction)
    #expect(try stored == 1)
  }

  @Test("reading sees one state, whatever others write")
  func snapshot() throws {
    let counts = try connection.read {
      let before = try connection.integer("SELECT count(*) FROM item")
      try second.write { try second.run("INSERT INTO item VALUES (1)") }
      // Reading within reading is the same snapshot.
      let after = try connection.read { try connection.integer("SELECT count(*) FROM item") }
      return [before, after]
    }
    #expect(counts == [0, 0])
    #expect(!connection.isInTransaction)
    #expect(try connection.integer("SELECT count(*) FROM item") == 1)
    #expect(throws: TestFault()) { try connection.read { throw TestFault() } }
    #expect(!connection.isInTransaction)
  }

  @Test("rows changed and the newest row are known")
  func changes() throws {
    try connection.run("INSERT INTO item VALUES (41), (42)")
    #expect(connection.lastInsertedRow == 42)
    #expect(connection.changes == 2)
    try connection.run("DELETE FROM item WHERE id > 100")
    #expect(connection.changes == 0)
  }
}
