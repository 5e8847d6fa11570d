import Testing

@testable import LeadStore

/// A write of many rows goes through larger pieces of the files than SQLite's own; what it leaves must not tell.
@Suite("Bulk writes")
struct BulkWriteTests {
  private let folder: TestFolder
  private let connection: Connection

  init() throws {
    folder = try TestFolder()
    connection = try BulkWriteTests.open(folder.file("bulk.db"), .create)
  }

  /// With so few pages in memory that most are written before the commit, and some are read and written again.
  private static func open(_ path: String, _ mode: Connection.Mode) throws -> Connection {
    let connection = try Connection(path: path, mode: mode, busyTimeout: 0)
    try connection.execute("PRAGMA cache_size = 20")
    if mode == .create {
      try connection.execute(
        """
        PRAGMA journal_mode = WAL;
        CREATE TABLE item (id INTEGER PRIMARY KEY, number INTEGER, body TEXT);
        CREATE INDEX item_by_number ON item (number);
        """)
    }
    return connection
  }

  /// Adds rows in order, with entries of the index all over it, and changes some that were added long before.
  private func fill(_ connection: Connection, _ ids: ClosedRange<Int>) throws {
    for id in ids {
      let number = id * 7919 % 10_007
      try connection.run(
        "INSERT INTO item VALUES (?1, ?2, ?3)", id, number, String(repeating: "\(number) ", count: 1 + number % 60))
      if id % 50 == 0 {
        try connection.run(
          "UPDATE item SET number = -number WHERE id = ?1", ids.lowerBound + number % (id - ids.lowerBound + 1))
      }
    }
  }

  private func rows(_ connection: Connection) throws -> [String] {
    var rows: [String] = []
    try connection.forEachRow("SELECT id || ' ' || number || ' ' || body FROM item ORDER BY number, id") {
      rows.append($0.text(0))
    }
    return rows
  }

  private func isWhole(_ connection: Connection) throws -> Bool {
    try connection.firstRow("PRAGMA integrity_check") { $0.text(0) } == "ok"
  }

  @Test("leave what ordinary writes leave, again and again on one connection")
  func same() throws {
    let other = try BulkWriteTests.open(folder.file("plain.db"), .create)
    for ids in [1...4000, 4001...4001, 4002...9000] {
      try connection.bulkWrite { try fill(connection, ids) }
      try other.write { try fill(other, ids) }
      #expect(try isWhole(connection))
      #expect(try rows(connection) == rows(other))
    }
    try connection.write { try connection.run("DELETE FROM item WHERE id % 3 = 0") }
    try other.write { try other.run("DELETE FROM item WHERE id % 3 = 0") }
    #expect(try isWhole(connection))
    #expect(try rows(connection) == rows(other))
  }

  @Test("leave constraints to who writes, and check them again afterwards, also after one that fails")
  func constraints() throws {
    try connection.execute(
      "CREATE TABLE part (item INTEGER REFERENCES item, name TEXT NOT NULL CHECK (length(name) > 0)) STRICT")
    func add(_ item: Int, _ name: String?) throws { try connection.run("INSERT INTO part VALUES (?1, ?2)", item, name) }
    try connection.bulkWrite { try add(77, "") }
    for isFailing in [false, true] {
      try? connection.bulkWrite { if isFailing { throw TestFault() } }
      #expect(throws: DatabaseError.self) { try add(1, "wheel") }
      try connection.run("INSERT OR IGNORE INTO item VALUES (1, 1, '')")
      #expect(throws: DatabaseError.self) { try add(1, "") }
      try add(1, "wheel")
      try connection.run("DELETE FROM part")
      try connection.run("DELETE FROM item")
    }
    // What a column holds is checked always.
    #expect(throws: DatabaseError.self) { try connection.bulkWrite { try add(1, nil) } }
  }

  @Test("show others nothing before the commit and everything after it")
  func snapshots() throws {
    try connection.bulkWrite { try fill(connection, 1...2000) }
    let before = try rows(connection)
    let reader = try BulkWriteTests.open(folder.file("bulk.db"), .readOnly)
    let late = try BulkWriteTests.open(folder.file("bulk.db"), .readOnly)
    try reader.execute("BEGIN")
    #expect(try rows(reader) == before)
    try connection.bulkWrite {
      try fill(connection, 2001...8000)
      #expect(try rows(late) == before)
      #expect(try rows(connection).count == 8000)
    }
    // The log cannot be copied as long as somebody reads the old state.
    #expect(try rows(reader) == before)
    #expect(try rows(late).count == 8000)
    try reader.execute("COMMIT")
    try connection.bulkWrite { try fill(connection, 8001...9000) }
    #expect(try rows(reader) == rows(connection))
    #expect(try isWhole(reader))
  }

  @Test("are in the files when they are committed, whatever becomes of the process")
  func crash() throws {
    let reader = try BulkWriteTests.open(folder.file("bulk.db"), .readOnly)
    // As long as a reader holds it back, everything stands in the log alone.
    try reader.execute("BEGIN")
    _ = try rows(reader)
    try connection.bulkWrite { try fill(connection, 1...6000) }
    for suffix in ["", "-wal"] {
      try writeFile(fileBytes(folder.file("bulk.db" + suffix)), to: folder.file("copy.db" + suffix))
    }
    let copy = try BulkWriteTests.open(folder.file("copy.db"), .readWrite)
    #expect(try isWhole(copy))
    #expect(try rows(copy) == rows(connection))
  }

  @Test("are undone as a whole")
  func undone() throws {
    try connection.bulkWrite { try fill(connection, 1...2000) }
    let before = try rows(connection)
    #expect(throws: TestFault()) {
      try connection.bulkWrite {
        try fill(connection, 2001...7000)
        throw TestFault()
      }
    }
    #expect(try rows(connection) == before)
    try connection.bulkWrite(undo: true) { try fill(connection, 2001...7000) }
    #expect(try rows(connection) == before)
    #expect(try isWhole(connection))
    try connection.bulkWrite { try fill(connection, 2001...5000) }
    let reader = try BulkWriteTests.open(folder.file("bulk.db"), .readOnly)
    #expect(try rows(reader).count == 5000)
    #expect(try isWhole(reader))
  }

  /// SQLite undoes a transaction by itself after some errors; what it had written lies where the next one writes.
  @Test("leave alone what others write once they are undone", arguments: [300, 2000, 9000])
  func undoneAndWritten(_ count: Int) throws {
    try connection.bulkWrite { try fill(connection, 1...2000) }
    let other = try BulkWriteTests.open(folder.file("bulk.db"), .readWrite)
    #expect(throws: TestFault()) {
      try connection.bulkWrite {
        try fill(connection, 2001...(2000 + count))
        try connection.execute("ROLLBACK")
        try other.write { try fill(other, 2001...2600) }
        throw TestFault()
      }
    }
    #expect(try isWhole(other))
    #expect(try rows(connection).count == 2600)
    try other.execute("PRAGMA wal_checkpoint")
    #expect(try isWhole(connection))
    // Nobody keeps a lock.
    try other.bulkWrite { try fill(other, 2601...5000) }
    try connection.write { try fill(connection, 5001...5100) }
    #expect(try rows(other) == rows(connection))
  }

  @Test("sync before others may read, or are written as they come", arguments: ["OFF", "NORMAL", "FULL", "EXTRA"])
  func synchronous(_ setting: String) throws {
    try connection.execute("PRAGMA synchronous = \(setting)")
    let reader = try BulkWriteTests.open(folder.file("bulk.db"), .readOnly)
    try connection.bulkWrite { try fill(connection, 1...3000) }
    #expect(try rows(reader) == rows(connection))
  }

  @Test("are read by who would map a part of the file, which then is not mapped")
  func mapped() throws {
    try connection.bulkWrite { try fill(connection, 1...3000) }
    let before = try rows(connection)
    let size: Int64 = 1 << 16
    try connection.bulkWrite {
      #expect(try connection.readMapped(size: size) { try rows(connection) } == before)
      try fill(connection, 3001...5000)
      #expect(try connection.readMapped(size: size) { try rows(connection) }.count == 5000)
    }
    let after = try rows(connection)
    let read = try connection.read {
      try connection.readMapped(size: size) {
        // The inner one leaves the map to the outer one.
        #expect(try connection.readMapped(size: size) { try rows(connection) } == after)
        #expect(!connection.mayReadPagesAhead)
        return try rows(connection)
      }
    }
    #expect(read == after)
    #expect(connection.mayReadPagesAhead)
    #expect(try isWhole(connection))
  }
}
