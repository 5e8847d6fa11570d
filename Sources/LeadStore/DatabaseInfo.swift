#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// What a database holds.
public struct DatabaseInfo: Sendable {
  public var path: String
  public var bytes: Int64
  /// The number of the last migration that it has had.
  public var layout: Int
  /// The names of the migrations that it lacks.
  public var pending: [String]
  public var sqliteVersion: String
  public var journalMode: String
  /// Nil, as all below, where migrations are pending.
  public var leads: Int64?
  public var events: Int64?
  /// In milliseconds since 1970.
  public var firstEvent: Int64?
  public var lastEvent: Int64?
  public var historyRows: Int64?
  public var imports: Int64?
  public var evaluatedAt: Int64?

  /// Looks at a database, an older one too.
  ///
  /// - Throws: ``StoreError``, ``DatabaseError``.
  /// - Complexity: O(leads + history).
  public static func read(path: String) throws -> DatabaseInfo {
    let (connection, mode) = try connectToRead(path)
    let migrator = Migrator()
    let applied = try migrator.applied(connection)
    let pending = try migrator.pending(connection)
    var status = stat()
    let bytes = stat(path, &status) == 0 ? Int64(status.st_size) : 0
    var info = DatabaseInfo(
      path: path, bytes: bytes, layout: applied.last?.number ?? 0, pending: pending.map(\.name),
      sqliteVersion: try connection.firstRow("SELECT sqlite_version()") { $0.text(0) } ?? "",
      journalMode: try connection.firstRow("PRAGMA journal_mode") { $0.text(0) } ?? "")
    guard pending.isEmpty else { return info }
    let database = try LeadDatabase.open(path: path, mode: mode)
    info.leads = try database.leads.count()
    let events = try database.events.summary()
    info.events = events.count
    info.firstEvent = events.first
    info.lastEvent = events.last
    info.historyRows = try database.history.count()
    info.imports = try database.imports.count()
    info.evaluatedAt = try database.models.lastEvaluation()
    return info
  }

  /// A connection that can write wherever possible: closing the last one of these tidies up the write-ahead log.
  private static func connectToRead(_ path: String) throws -> (Connection, Connection.Mode) {
    for mode in [Connection.Mode.readWrite, .readOnly] {
      do {
        return (try LeadDatabase.connect(path: path, mode: mode), mode)
      } catch let error as DatabaseError where [.readOnly, .cannotOpen].contains(error.kind) {}
    }
    return (try LeadDatabase.connectImmutable(path: path), .immutable)
  }
}

/// Brings a file to the program's layout.
public enum DatabaseMigration {
  /// Applies what is pending, after a copy of the file was made beside it.
  ///
  /// - Returns: the names of the migrations, and the copy's path where there was anything to do.
  /// - Throws: ``StoreError``, ``DatabaseError``; the copy is then still there.
  public static func migrate(
    path: String, now: () -> Int64, program: String, migrator: Migrator = Migrator()
  ) throws -> (applied: [String], backup: String?) {
    let connection = try LeadDatabase.connect(path: path, mode: .readWrite)
    guard try !migrator.pending(connection).isEmpty else { return ([], nil) }
    let layout = try migrator.applied(connection).last?.number ?? 0
    var backup = "\(path).before-\(layout)"
    var attempt = 1
    while access(backup, F_OK) == 0 {
      attempt += 1
      backup = "\(path).before-\(layout)-\(attempt)"
    }
    // VACUUM INTO copies a consistent state, whatever is in the write-ahead log: https://sqlite.org/lang_vacuum.html
    try connection.run("VACUUM INTO ?1", backup)
    let applied = try migrator.migrate(connection, now: now, program: program)
    // What was kept row by row is put together at once, rather than by whoever writes next.
    if try migrator.pending(connection).isEmpty, migrator.migrations == Migration.all {
      try connection.bulkWrite { try HistoryTable(connection).foldRecent() }
    }
    return (applied, backup)
  }
}
