import LeadStore
import Testing

/// A clock that goes on by 7 ms at each look.
private func clock(from start: Int64 = 5000) -> () -> Int64 {
  var now = start - 7
  return {
    now += 7
    return now
  }
}

@Suite("Migrations")
struct MigrationTests {
  private let folder: TestFolder
  private var path: String { folder.file("leads.db") }
  private let second = Migration(
    number: Migration.all.count + 1, name: "9002_second.sql",
    sql: "CREATE TABLE extra (id INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT; INSERT INTO extra VALUES (1, 'é');")
  private var extended: Migrator { Migrator(migrations: Migration.all + [second]) }

  init() throws {
    folder = try TestFolder()
  }

  // MARK: What is embedded

  @Test("the program holds the folder's files, byte for byte and in order")
  func embedded() throws {
    let directory = try checkout() + "/migrations"
    let names = fileNames(in: directory).filter { $0.hasSuffix(".sql") }
    #expect(!names.isEmpty)
    #expect(Migration.all.map(\.name) == names)
    for migration in Migration.all {
      #expect(try Array(migration.sql.utf8) == fileBytes(directory + "/" + migration.name), "\(migration.name)")
      #expect(migration.digest == SHA256.hexDigest(migration.sql), "\(migration.name)")
      #expect(migration.name.hasPrefix(String(repeating: "0", count: 4 - String(migration.number).count)))
    }
    #expect(Migration.all.map(\.number) == Array(1...Migration.all.count))
  }

  @Test("a new database has all of them, and says so")
  func create() throws {
    try LeadDatabase.create(path: path, now: clock(), program: "1.2.3") { _ in }
    let connection = try LeadDatabase.connect(path: path, mode: .readOnly)
    let migrator = Migrator()
    #expect(try migrator.pending(connection).isEmpty)
    let applied = try migrator.applied(connection)
    #expect(applied.map(\.number) == Migration.all.map(\.number))
    #expect(applied.map(\.name) == Migration.all.map(\.name))
    #expect(applied.map(\.digest) == Migration.all.map { SHA256.hexDigest($0.sql) })
    #expect(applied.allSatisfy { $0.program == "1.2.3" && $0.duration == 7 })
    #expect(applied.first?.appliedAt == 5000)
    #expect(try connection.integer("PRAGMA application_id") == Migrator.applicationID)
    #expect(try connection.text("PRAGMA journal_mode") == "wal")
    #expect(try connection.text("PRAGMA integrity_check") == "ok")
    #expect(try connection.rows("PRAGMA foreign_key_check", columns: 1).isEmpty)
  }

  @Test("every table is strict")
  func strict() throws {
    let database = try LeadDatabase.make(in: folder)
    let loose = try database.connection.rows(
      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict "
        + "AND name NOT LIKE 'sqlite_%' ORDER BY name", columns: 1)
    #expect(loose.isEmpty)
  }

  // MARK: Bringing a file up to date

  @Test("an older file is refused until it is migrated")
  func older() throws {
    for count in 1..<max(1, Migration.all.count) {
      let path = folder.file("\(count).db")
      let connection = try Connection(path: path, mode: .create)
      try Migrator(migrations: Array(Migration.all.prefix(count))).migrate(connection, now: clock(), program: "0")
      let pending = Migration.all.dropFirst(count).map(\.name)
      #expect(throws: StoreError.older(path: path, pending: pending)) { try LeadDatabase.open(path: path) }
      #expect(throws: StoreError.older(path: path, pending: pending)) { try LeadDatabase.openOverlay(path: path) }
      #expect(try DatabaseMigration.migrate(path: path, now: clock(), program: "1").applied == pending)
      _ = try LeadDatabase.open(path: path)
    }
    _ = try LeadDatabase.make(in: folder)
    let connection = try LeadDatabase.connect(path: path, mode: .readOnly)
    #expect(try extended.pending(connection) == [second])
  }

  @Test("migrating copies the file first, then applies what is pending and records it")
  func migrate() throws {
    try LeadDatabase.make(in: folder).addLead(1, "ann")
    let before = try fileContents(path)
    let done = try DatabaseMigration.migrate(path: path, now: clock(from: 9000), program: "2.0", migrator: extended)
    #expect(done.applied == [second.name])
    let backup = try #require(done.backup)
    #expect(backup == "\(path).before-\(Migration.all.count)")

    #expect(try fileContents(backup) == before)
    #expect(try LeadDatabase.open(path: backup).leads.row(id: 1)?.key == "ann")

    let connection = try LeadDatabase.connect(path: path, mode: .readOnly, migrator: extended)
    #expect(try connection.text("SELECT note FROM extra") == "é")
    let record = try #require(try extended.applied(connection).last)
    #expect(record.number == second.number)
    #expect(record.name == second.name)
    #expect(record.digest == SHA256.hexDigest(second.sql))
    #expect(record.appliedAt == 9000)
    #expect(record.duration == 7)
    #expect(record.program == "2.0")
  }

  @Test("a file that lacks nothing is left alone, without a copy")
  func nothingPending() throws {
    _ = try LeadDatabase.make(in: folder)
    let before = try fileBytes(path)
    let done = try DatabaseMigration.migrate(path: path, now: clock(), program: "1")
    #expect(done.applied.isEmpty)
    #expect(done.backup == nil)
    #expect(folder.files.filter { $0.contains("before") }.isEmpty)
    #expect(try fileBytes(path) == before)
  }

  @Test("a copy never takes the place of an earlier one")
  func backupNames() throws {
    _ = try LeadDatabase.make(in: folder)
    let name = "leads.db.before-\(Migration.all.count)"
    try writeFile([1], to: folder.file(name))
    try writeFile([2], to: folder.file(name + "-2"))
    let done = try DatabaseMigration.migrate(path: path, now: clock(), program: "1", migrator: extended)
    #expect(done.backup == folder.file(name + "-3"))
    #expect(try fileBytes(folder.file(name)) == [1])
    #expect(try fileBytes(folder.file(name + "-2")) == [2])
  }

  @Test("what is in the write-ahead log is in the copy")
  func backupWithLog() throws {
    let database = try LeadDatabase.make(in: folder)
    try database.addLead(1, "late")
    let done = try DatabaseMigration.migrate(path: path, now: clock(), program: "1", migrator: extended)
    #expect(try LeadDatabase.open(path: #require(done.backup)).leads.count() == 1)
  }

  // MARK: What cannot be migrated

  @Test(
    "a failing migration changes nothing",
    arguments: [
      "CREATE TABLE extra (id INTEGER) STRICT; INSERT INTO lead VALUES (1); ",
      "DELETE FROM lead; SELECT nonsense",
      "DELETE FROM lead; CREATE TABLE",
      "DELETE FROM lead; CREATE TABLE lead (id INTEGER)",
      "DELETE FROM lead; UPDATE rule_version SET name = 'x'",
    ])
  func failing(_ sql: String) throws {
    let database = try LeadDatabase.make(in: folder)
    try database.addLead(1, "ann")
    _ = try database.addModel()
    let before = try database.connection.contents()
    let migrator = Migrator(
      migrations: Migration.all + [Migration(number: second.number, name: "9002_bad.sql", sql: sql)])
    let error = try databaseError {
      _ = try DatabaseMigration.migrate(path: path, now: clock(), program: "2", migrator: migrator)
    }
    #expect(error != nil)
    #expect(try database.connection.contents() == before)
    #expect(folder.files.contains { $0.contains("before") })
    #expect(try LeadDatabase.open(path: path).leads.count() == 1)
  }

  @Test("what was applied before the failing one stays")
  func failingSecond() throws {
    _ = try LeadDatabase.make(in: folder)
    let bad = Migration(number: second.number + 1, name: "9003_bad.sql", sql: "DROP TABLE extra; nonsense")
    let migrator = Migrator(migrations: Migration.all + [second, bad])
    #expect(
      try databaseError {
        _ = try DatabaseMigration.migrate(path: path, now: clock(), program: "2", migrator: migrator)
      }
        != nil)
    let connection = try Connection(path: path, mode: .readOnly)
    #expect(try migrator.applied(connection).last?.name == second.name)
    #expect(try migrator.pending(connection) == [bad])
    #expect(try connection.integer("SELECT count(*) FROM extra") == 1)
  }

  @Test("a migration that leaves rows which refer to nothing is undone")
  func brokenReferences() throws {
    let database = try LeadDatabase.make(in: folder)
    let before = try database.connection.contents()
    let migrator = Migrator(
      migrations: Migration.all + [
        Migration(
          number: second.number, name: "9002_orphans.sql",
          sql: "PRAGMA defer_foreign_keys = ON; INSERT INTO property (name_id, value) VALUES (77, '1')")
      ])
    #expect(throws: StoreError.brokenReferences(path: path, table: "property")) {
      try DatabaseMigration.migrate(path: path, now: clock(), program: "2", migrator: migrator)
    }
    #expect(try database.connection.contents() == before)
  }

  @Test("a file that a newer program migrated is refused")
  func newer() throws {
    _ = try LeadDatabase.make(in: folder)
    _ = try DatabaseMigration.migrate(path: path, now: clock(), program: "2", migrator: extended)
    let known = Migration.all.count
    let newer = StoreError.newer(path: path, found: known + 1, known: known)
    #expect(throws: newer) { try LeadDatabase.open(path: path) }
    #expect(throws: newer) { try LeadDatabase.openOverlay(path: path) }
    #expect(throws: newer) { try DatabaseMigration.migrate(path: path, now: clock(), program: "1") }
    #expect(throws: newer) { try DatabaseInfo.read(path: path) }
  }

  @Test("a migration whose text is another one here is named")
  func edited() throws {
    let connection = try Connection(path: path, mode: .create)
    var migrations = Migration.all
    migrations[0] = Migration(number: 1, name: migrations[0].name, sql: migrations[0].sql + "\n-- edited\n")
    try Migrator(migrations: migrations).migrate(connection, now: clock(), program: "1")
    let edited = StoreError.editedMigration(path: path, name: migrations[0].name)
    #expect(throws: edited) { try LeadDatabase.open(path: path) }
    #expect(throws: edited) {
      try DatabaseMigration.migrate(path: path, now: clock(), program: "1", migrator: extended)
    }
    #expect(folder.files.filter { $0.contains("before") }.isEmpty)
  }

  @Test("a migration that was skipped is named")
  func missing() throws {
    let first = Migration(number: 1, name: "1", sql: "CREATE TABLE a (x INTEGER) STRICT")
    let middle = Migration(number: 2, name: "2", sql: "CREATE TABLE b (x INTEGER) STRICT")
    let last = Migration(number: 3, name: "3", sql: "CREATE TABLE c (x INTEGER) STRICT")
    let connection = try Connection(path: path, mode: .create)
    try Migrator(migrations: [first, last]).migrate(connection, now: clock(), program: "1")
    let all = Migrator(migrations: [first, middle, last])
    #expect(throws: StoreError.missingMigration(path: path, number: 2)) { try all.pending(connection) }
    #expect(throws: StoreError.missingMigration(path: path, number: 2)) {
      try all.migrate(connection, now: clock(), program: "1")
    }
    #expect(try connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'b'") == 0)
  }

  @Test("several pending migrations are applied in order, each recorded")
  func several() throws {
    let connection = try Connection(path: path, mode: .create)
    let migrations = (1...5).map { number in
      Migration(
        number: number, name: "m\(number)",
        sql: number == 1 ? "CREATE TABLE log (n INTEGER) STRICT" : "INSERT INTO log VALUES (\(number))")
    }
    #expect(
      try Migrator(migrations: Array(migrations.prefix(2))).migrate(connection, now: clock(), program: "1")
        == ["m1", "m2"])
    #expect(try Migrator(migrations: migrations).migrate(connection, now: clock(), program: "2") == ["m3", "m4", "m5"])
    #expect(try Migrator(migrations: migrations).migrate(connection, now: clock(), program: "3") == [])
    #expect(try connection.rows("SELECT n FROM log", columns: 1) == [["2"], ["3"], ["4"], ["5"]])
    #expect(try Migrator(migrations: migrations).applied(connection).map(\.program) == ["1", "1", "2", "2", "2"])
  }

  private func fileContents(_ path: String) throws -> [String: [String]] {
    try Connection(path: path, mode: .readOnly).contents()
  }
}

extension LeadDatabase {
  /// A connection to a file that has been migrated beyond the program.
  fileprivate static func connect(path: String, mode: Connection.Mode, migrator: Migrator) throws -> Connection {
    let connection = try Connection(path: path, mode: mode)
    guard try migrator.pending(connection).isEmpty else { throw TestFault(what: "migrations are pending") }
    return connection
  }
}
