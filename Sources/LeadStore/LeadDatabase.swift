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
  public let settings: SettingTable
  public let approvals: ApprovalTable
  public let plans: PlanTable

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
    settings = SettingTable(connection)
    approvals = ApprovalTable(connection)
    plans = PlanTable(connection)
  }

  /// Opens a database that has all migrations of this program.
  ///
  /// - Throws: ``StoreError``, ``DatabaseError``.
  ///
  /// - Parameter busyTimeout: how long to wait for another writer, in milliseconds.
  public static func open(
    path: String, mode: Connection.Mode = .readWrite, busyTimeout: Int32 = 5000
  ) throws -> LeadDatabase {
    let connection = try connect(path: path, mode: mode, busyTimeout: busyTimeout)
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
      if let error = error as? DatabaseError, error.kind == .cannotOpen {
        throw StoreError.cannotCreate(path: path, reason: error.message)
      }
      throw error
    }
  }

  /// Opens a database that cannot be written to, because the file is read-only or another process is writing: scores
  /// and history written here are kept beside the file's, for this connection alone.
  ///
  /// - Throws: ``StoreError``, ``DatabaseError``.
  public static func openOverlay(path: String) throws -> LeadDatabase {
    let connection: Connection
    do {
      connection = try connect(path: path, mode: .readOnly)
    } catch let error as DatabaseError where error.kind == .cannotOpen {
      // A file in write-ahead mode on a read-only medium: nobody can be changing it.
      connection = try connect(path: path, mode: .immutable)
    }
    let pending = try Migrator().pending(connection)
    guard pending.isEmpty else { throw StoreError.older(path: path, pending: pending.map(\.name)) }
    try connection.execute(ScoreOverlay.sql)
    return try LeadDatabase(connection)
  }

  /// Opens the file alone and sees that it is one of ours, whatever migrations it has had.
  ///
  /// - Throws: ``StoreError``, ``DatabaseError``.
  public static func connect(path: String, mode: Connection.Mode, busyTimeout: Int32 = 5000) throws -> Connection {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT || errno == ENOTDIR { throw StoreError.missing(path: path) }
      throw StoreError.unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw StoreError.isDirectory(path: path) }
    do {
      let connection = try Connection(path: path, mode: mode, busyTimeout: busyTimeout)
      guard try !Migrator().applied(connection).isEmpty else { throw StoreError.notOurs(path: path) }
      return connection
    } catch let error as DatabaseError where error.kind == .notADatabase {
      throw StoreError.notOurs(path: path)
    }
  }
}
