import Testing

@testable import LeadStore

@Suite("Hardened connections")
struct HardeningTests {
  private let folder: TestFolder
  private let database: LeadDatabase
  private var connection: Connection { database.connection }

  init() throws {
    folder = try TestFolder()
    database = try LeadDatabase.make(in: folder)
  }

  /// One connection of each way to open the file.
  private func everyConnection() throws -> [Connection] {
    let path = folder.file("leads.db")
    return [
      connection, try Connection(path: path, mode: .readOnly), try Connection(path: path, mode: .immutable),
      try LeadDatabase.openOverlay(path: path).connection,
    ]
  }

  @Test("a double-quoted word is a name, never text")
  func quotes() throws {
    for connection in try everyConnection() {
      let error = try #require(try databaseError { _ = try connection.prepare("SELECT \"nonsense\" FROM lead") })
      #expect(error.message.contains("no such column"))
      #expect(try connection.integer("SELECT count(\"key\") FROM lead") == 0)
    }
    #expect(try databaseError { try connection.execute("CREATE INDEX i ON lead (\"nonsense\")") } != nil)
  }

  @Test("foreign keys are watched, the schema is not trusted")
  func settings() throws {
    for connection in try everyConnection() {
      #expect(try connection.integer("PRAGMA foreign_keys") == 1)
      #expect(try connection.integer("PRAGMA trusted_schema") == 0)
    }
    let error = try databaseError {
      try connection.run(
        "INSERT INTO activation (model_id, version_id, as_of, recorded_at, kind) VALUES (1, 1, 0, 0, 'apply')")
    }
    #expect(error?.code == 787)
  }

  @Test("a view of the file cannot reach outside of it")
  func untrustedView() throws {
    try connection.execute("CREATE VIEW sly AS SELECT * FROM pragma_table_info('lead')")
    let error = try #require(try databaseError { _ = try connection.integer("SELECT count(*) FROM sly") })
    #expect(error.message.contains("unsafe"))
  }

  @Test("statements cannot write to the schema or the file's inner tables")
  func defensive() throws {
    try connection.execute("PRAGMA writable_schema = ON")
    #expect(try databaseError { try connection.execute("UPDATE sqlite_schema SET sql = ''") } != nil)
    try connection.execute("PRAGMA journal_mode = OFF")
    #expect(try connection.text("PRAGMA journal_mode") == "wal")
  }

  @Test("a connection for reading does not write")
  func readOnly() throws {
    let path = folder.file("leads.db")
    for mode in [Connection.Mode.readOnly, .immutable] {
      let reader = try Connection(path: path, mode: mode)
      let error = try databaseError { try reader.run("INSERT INTO attribute_name (name) VALUES ('a')") }
      #expect(error?.kind == .readOnly)
    }
  }

  @Test("no way but creating makes a file")
  func mustExist() throws {
    for mode in [Connection.Mode.readWrite, .readOnly, .immutable] {
      let error = try databaseError { _ = try Connection(path: folder.file("none.db"), mode: mode) }
      #expect(error?.kind == .cannotOpen)
    }
    #expect(!folder.files.contains("none.db"))
  }

  @Test("a file name may have any characters", arguments: ["a b?immutable=0#x%41&.db", "é 'q'.db", "file:x.db"])
  func fileNames(_ name: String) throws {
    _ = try LeadDatabase.make(in: folder, name: name)
    #expect(folder.files.contains(name))
    for mode in [Connection.Mode.readWrite, .readOnly, .immutable] {
      #expect(try LeadDatabase.open(path: folder.file(name), mode: mode).leads.count() == 0)
    }
  }
}
