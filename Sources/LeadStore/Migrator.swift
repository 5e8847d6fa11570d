internal import CMigrations

/// One file of `migrations/`, as it is embedded in the program.
public struct Migration: Sendable, Equatable {
  /// The number that the file's name starts with.
  public let number: Int
  /// The file's name.
  public let name: String
  /// What the file says.
  public let sql: String
  /// SHA-256 of the file's bytes, in hexadecimal.
  public let digest: String

  /// A migration, whose digest is computed.
  public init(number: Int, name: String, sql: String) {
    self.init(number: number, name: name, sql: sql, digest: SHA256.hexDigest(sql))
  }

  private init(number: Int, name: String, sql: String, digest: String) {
    self.number = number
    self.name = name
    self.sql = sql
    self.digest = digest
  }

  /// All migrations, in order.
  public static let all: [Migration] = (0..<Int(leadscore_migration_count)).compactMap { index in
    guard let entry = leadscore_migration_at(index)?.pointee, let name = entry.name, let sql = entry.sql,
      let digest = entry.digest
    else { return nil }
    let file = String(cString: name)
    return Int(file.prefix(4)).map { number in
      Migration(
        number: number, name: file,
        sql: String(decoding: UnsafeBufferPointer(start: sql, count: entry.count), as: UTF8.self),
        digest: String(cString: digest))
    }
  }
}

/// A migration that a database has had.
public struct AppliedMigration: Sendable, Equatable {
  /// Its number.
  public let number: Int
  /// The name of its file.
  public let name: String
  /// SHA-256 of the file as it was then.
  public let digest: String
  /// When, in milliseconds since 1970.
  public let appliedAt: Int64
  /// How long it took, in milliseconds.
  public let duration: Int64
  /// The version of the program that did it.
  public let program: String
}

/// Brings a database's layout to that of the program.
public struct Migrator: Sendable {
  /// `LDSC`: what tells a leadscore database from any other SQLite file.
  public static let applicationID: Int64 = 0x4C44_5343

  /// The migrations that this program knows.
  public let migrations: [Migration]

  /// A migrator; knows all embedded migrations unless told otherwise.
  public init(migrations: [Migration] = Migration.all) {
    self.migrations = migrations
  }

  /// What the database has had, in order. Empty for an empty file.
  ///
  /// - Throws: ``StoreError/notOurs(path:)`` for another program's database; ``DatabaseError``.
  public func applied(_ connection: Connection) throws -> [AppliedMigration] {
    let id = try connection.firstRow("PRAGMA application_id") { $0.integer(0) } ?? 0
    guard id == Migrator.applicationID else {
      let tables = try connection.firstRow("SELECT count(*) FROM sqlite_schema") { $0.integer(0) } ?? 0
      guard id == 0, tables == 0 else { throw StoreError.notOurs(path: connection.path) }
      return []
    }
    var applied: [AppliedMigration] = []
    try connection.forEachRow(
      "SELECT number, name, digest, applied_at, duration, program FROM migration ORDER BY number"
    ) { row in
      applied.append(
        AppliedMigration(
          number: Int(row.integer(0)), name: row.text(1), digest: row.text(2), appliedAt: row.integer(3),
          duration: row.integer(4), program: row.text(5)))
    }
    return applied
  }

  /// The migrations that the database still lacks.
  ///
  /// - Throws: ``StoreError`` where the database is not ours, newer than the program, or had a migration whose text is
  ///   another one here.
  public func pending(_ connection: Connection) throws -> [Migration] {
    let applied = try applied(connection)
    for (index, entry) in applied.enumerated() {
      guard index < migrations.count else {
        throw StoreError.newer(path: connection.path, found: entry.number, known: migrations.count)
      }
      guard entry.number == migrations[index].number else {
        throw StoreError.missingMigration(path: connection.path, number: migrations[index].number)
      }
      guard entry.digest == migrations[index].digest else {
        throw StoreError.editedMigration(path: connection.path, name: entry.name)
      }
    }
    return Array(migrations.dropFirst(applied.count))
  }

  /// Applies what is pending, each migration in a transaction of its own; returns their names.
  ///
  /// Foreign keys are off meanwhile, so that a table can be made anew without erasing what refers to it; all references
  /// are checked at the end of each transaction: https://sqlite.org/lang_altertable.html#otheralter
  ///
  /// - Parameters:
  ///   - now: the clock, in milliseconds since 1970.
  ///   - program: the version of the program, to be recorded.
  /// - Throws: ``StoreError``, ``DatabaseError``; the failing migration has then changed nothing.
  @discardableResult
  public func migrate(_ connection: Connection, now: () -> Int64, program: String) throws -> [String] {
    var names: [String] = []
    try connection.execute("PRAGMA foreign_keys = OFF")
    defer { try? connection.execute("PRAGMA foreign_keys = ON") }
    while true {
      // Looked up under the lock: another process may have migrated in between.
      let name: String? = try connection.write {
        guard let next = try pending(connection).first else { return nil }
        let start = now()
        if try applied(connection).isEmpty {
          try connection.execute("PRAGMA application_id = \(Migrator.applicationID)")
          try connection.execute(Migrator.table)
        }
        try connection.execute(next.sql)
        let violations = try connection.firstRow("PRAGMA foreign_key_check") { $0.text(0) }
        if let violations { throw StoreError.brokenReferences(path: connection.path, table: violations) }
        try connection.run(
          "INSERT INTO migration (number, name, digest, applied_at, duration, program) VALUES (?, ?, ?, ?, ?, ?)",
          next.number, next.name, next.digest, start, now() - start, program)
        return next.name
      }
      guard let name else { return names }
      names.append(name)
    }
  }

  private static let table = """
    CREATE TABLE migration (
      number     INTEGER PRIMARY KEY,
      name       TEXT    NOT NULL,
      digest     TEXT    NOT NULL,
      applied_at INTEGER NOT NULL,
      duration   INTEGER NOT NULL,
      program    TEXT    NOT NULL
    ) STRICT
    """
}
