#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// A lead database: one SQLite file, and the tables in it. Used by one thread at a time.
public final class LeadDatabase {
  /// The connection, for transactions.
  public let connection: Connection
  public let leads: LeadTable
  public let events: EventPageTable
  public let dictionary: DictionaryTables
  public let models: ModelTable
  public let signals: SignalTable
  public let scores: ScoreTable
  public let history: HistoryTable
  public let judgements: JudgementTable
  public let imports: ImportRunTable

  private init(_ connection: Connection) throws {
    self.connection = connection
    leads = try LeadTable(connection)
    events = try EventPageTable(connection)
    dictionary = DictionaryTables(connection)
    models = ModelTable(connection)
    signals = try SignalTable(connection)
    scores = try ScoreTable(connection)
    history = try HistoryTable(connection)
    judgements = JudgementTable(connection)
    imports = ImportRunTable(connection)
  }

  /// Opens a database that has all migrations of this program.
  ///
  /// - Throws: ``StoreError``, ``DatabaseError``.
  public static func open(path: String, mode: Connection.Mode = .readWrite) throws -> LeadDatabase {
    let connection = try connect(path: path, mode: mode)
    let pending = try Migrator().pending(connection)
    guard pending.isEmpty else { throw StoreError.older(path: path, pending: pending.map(\.name)) }
    return try LeadDatabase(connection)
  }

  /// Creates a database; `body` fills it. Nothing is left of the file when anything fails.
  ///
  /// - Throws: ``StoreError/exists(path:)``; ``DatabaseError``; what `body` throws.
  public static func create(
    path: String, now: () -> Int64, program: String, _ body: (LeadDatabase) throws -> Void
  ) throws {
    guard access(path, F_OK) != 0 else { throw StoreError.exists(path: path) }
    do {
      let connection = try Connection(path: path, mode: .create)
      try connection.execute("PRAGMA journal_mode = WAL")
      try Migrator().migrate(connection, now: now, program: program)
      let database = try LeadDatabase(connection)
      try connection.write { try body(database) }
    } catch {
      for suffix in ["", "-wal", "-shm", "-journal"] { unlink(path + suffix) }
      throw error
    }
  }

  /// Opens the file alone and sees that it is one of ours, whatever migrations it has had.
  ///
  /// - Throws: ``StoreError``, ``DatabaseError``.
  public static func connect(path: String, mode: Connection.Mode) throws -> Connection {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { throw StoreError.missing(path: path) }
      throw StoreError.unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw StoreError.isDirectory(path: path) }
    let connection = try Connection(path: path, mode: mode)
    do {
      guard try !Migrator().applied(connection).isEmpty else { throw StoreError.notOurs(path: path) }
    } catch let error as DatabaseError where error.kind == .notADatabase {
      throw StoreError.notOurs(path: path)
    }
    return connection
  }
}
