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
  public let recentLeads: RecentLeads
  public let history: HistoryTable
  public let judgements: JudgementTable
  public let imports: ImportRunTable
  public let settings: SettingTable
  public let approvals: ApprovalTable
  public let plans: PlanTable
  public let handoffs: HandoffTable
  public let judgedStages: JudgedStageTable
  public let merges: MergeTable
  public let memberEvents: MemberEventTable
  public let receipts: MessageReceiptTable

  private init(_ connection: Connection) throws {
    self.connection = connection
    leads = try LeadTable(connection)
    events = try EventPageTable(connection)
    dictionary = DictionaryTables(connection)
    models = ModelTable(connection)
    signals = try SignalTable(connection)
    scores = try ScoreTable(connection)
    recentLeads = RecentLeads(connection)
    history = try HistoryTable(connection)
    judgements = JudgementTable(connection)
    imports = ImportRunTable(connection)
    settings = SettingTable(connection)
    approvals = ApprovalTable(connection)
    plans = PlanTable(connection)
    handoffs = HandoffTable(connection)
    judgedStages = JudgedStageTable(connection)
    merges = MergeTable(connection)
    memberEvents = MemberEventTable(connection)
    receipts = MessageReceiptTable(connection)
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
    // Made under another name and linked into place when it is whole, so that of two at the same time one succeeds and
    // the other leaves it alone.
    let draft = path + ".new-\(getpid())"
    defer { for suffix in ["", "-wal", "-shm", "-journal"] { unlink(draft + suffix) } }
    do {
      try fill(draft, now: now, program: program, body)
    } catch let error as DatabaseError where error.kind == .cannotOpen {
      throw StoreError.cannotCreate(path: path, reason: error.message)
    }
    guard link(draft, path) == 0 else {
      if errno == EEXIST { throw StoreError.exists(path: path) }
      throw StoreError.cannotCreate(path: path, reason: String(cString: strerror(errno)))
    }
  }

  /// Makes a database and closes it, so that all of it is in its one file.
  private static func fill(
    _ path: String, now: () -> Int64, program: String, _ body: (LeadDatabase) throws -> Void
  ) throws {
    let connection = try Connection(path: path, mode: .create)
    // Larger pages than the usual make large imports cheaper; single events still touch few of them.
    try connection.execute("PRAGMA page_size = 8192")
    try connection.execute("PRAGMA journal_mode = WAL")
    try Migrator().migrate(connection, now: now, program: program)
    let database = try LeadDatabase(connection)
    try connection.write { try body(database) }
  }

  /// Opens a database that cannot be written to, because the file is read-only or another process is writing: scores
  /// and history written here are kept beside the file's, for this connection alone.
  ///
  /// - Throws: ``StoreError``, ``DatabaseError``.
  public static func openOverlay(path: String) throws -> LeadDatabase {
    let connection: Connection
    do {
      connection = try connect(path: path, mode: .readOnly)
    } catch let error as DatabaseError where [.readOnly, .cannotOpen].contains(error.kind) {
      connection = try connectImmutable(path: path)
    }
    let pending = try Migrator().pending(connection)
    guard pending.isEmpty else { throw StoreError.older(path: path, pending: pending.map(\.name)) }
    try connection.execute(ScoreOverlay.sql)
    return try LeadDatabase(connection)
  }

  /// Opens a file in write-ahead mode on a medium, or in a folder, that cannot be written to.
  ///
  /// - Throws: ``StoreError/unreadable(path:reason:)`` where changes stand in a log that cannot be read there.
  static func connectImmutable(path: String) throws -> Connection {
    var status = stat()
    guard stat(path + "-wal", &status) != 0 || status.st_size == 0 else {
      throw StoreError.unreadable(
        path: path,
        reason: "part of it is in \(path)-wal, which cannot be read in a folder that cannot be written to; "
          + "copy both to one that can")
    }
    return try connect(path: path, mode: .immutable)
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
