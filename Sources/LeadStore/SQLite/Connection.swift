internal import CSQLite

/// A connection to a database file, with hardened settings. Used by one thread at a time.
public final class Connection {
  /// How a file is opened.
  public enum Mode: Sendable {
    /// Reads and writes; the file must exist.
    case readWrite
    /// Reads only; the file must exist.
    case readOnly
    /// Reads a file that nobody can write to, without locks.
    case immutable
    /// Makes the file; it is for the caller to see that none is there.
    case create
  }

  /// The path, as given.
  public let path: String
  /// How it was opened.
  public let mode: Mode
  private let handle: OpaquePointer
  private var cache = StatementCache(capacity: 64)
  private var temporaryNames = 0
  private var pagesAhead: PagesAhead?
  /// How many bytes of the file are in the address space, at most; set by who maps it alone.
  var mappedSize: Int64 = 0
  private var isGathering = false
  /// Called with the text of every statement that is prepared or taken from the cache; for tests that count them.
  public var onStatement: ((String) -> Void)?

  /// Counting allocations takes a lock for each of them. Has no effect where SQLite is in use already.
  private static let configureLibrary: Void = {
    leadscore_no_memory_statistics()
  }()

  /// Opens a file.
  ///
  /// - Parameter busyTimeout: how long to wait for another writer, in milliseconds.
  public init(path: String, mode: Mode, busyTimeout: Int32 = 5000) throws(DatabaseError) {
    let flags =
      switch mode {
      case .readWrite: SQLITE_OPEN_READWRITE
      case .readOnly: SQLITE_OPEN_READONLY
      case .immutable: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
      case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
      }
    Connection.configureLibrary
    var opened: OpaquePointer?
    // SQLite gives some names a meaning of their own: the empty one, and `:memory:`.
    let file = path.hasPrefix("/") ? path : "./" + path
    let name = mode == .immutable ? Connection.immutableURI(file) : file
    let code = sqlite3_open_v2(name, &opened, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
    guard code == SQLITE_OK, let opened else {
      let error = DatabaseError(code: code, handle: opened)
      // A handle is made even where opening fails.
      sqlite3_close_v2(opened)
      throw error
    }
    self.path = path
    self.mode = mode
    self.handle = opened
    sqlite3_busy_timeout(opened, busyTimeout)
    do throws(DatabaseError) {
      // Double-quoted words are names, never text; the schema cannot be written to by statements; views and triggers
      // of a file that somebody sent cannot call functions with side effects.
      for (option, value) in [
        (SQLITE_DBCONFIG_DQS_DML, 0), (SQLITE_DBCONFIG_DQS_DDL, 0), (SQLITE_DBCONFIG_DEFENSIVE, 1),
        (SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0), (SQLITE_DBCONFIG_ENABLE_FKEY, 1),
      ] as [(Int32, Int32)] {
        let code = leadscore_db_config(opened, option, value)
        guard code == SQLITE_OK else { throw DatabaseError(code: code, handle: opened) }
      }
      try execute(Connection.cache(Connection.cacheSize))
    } catch {
      sqlite3_close_v2(opened)
      throw error
    }
  }

  /// A file name as https://sqlite.org/uri.html wants it.
  private static func immutableURI(_ path: String) -> String {
    var uri = "file:"
    for byte in path.utf8 {
      let isPlain =
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        || byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
        || byte == UInt8(ascii: "_")
      if isPlain {
        uri.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let digits = String(byte, radix: 16, uppercase: true)
        uri += "%" + (digits.count == 1 ? "0" : "") + digits
      }
    }
    return uri + "?immutable=1"
  }

  deinit {
    cache.removeAll()
    // The file may stay open until statements that others keep are gone.
    pagesAhead = nil
    sqlite3_close_v2(handle)
  }

  // MARK: Statements

  /// Prepares a statement that its owner keeps.
  public func prepare(_ sql: String) throws(DatabaseError) -> Statement {
    onStatement?(sql)
    return try Statement(database: handle, sql: sql, isPersistent: true)
  }

  /// Runs statements that have neither values nor rows.
  public func execute(_ sql: String) throws(DatabaseError) {
    onStatement?(sql)
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw DatabaseError(code: code, handle: handle, sql: sql) }
  }

  /// Lends a cached statement; it is reset before and after.
  public func withStatement<Result>(_ sql: String, _ body: (borrowing Statement) throws -> Result) throws -> Result {
    let cached: CachedStatement
    onStatement?(sql)
    if let found = cache.statement(for: sql) {
      cached = found
    } else {
      cached = CachedStatement(try Statement(database: handle, sql: sql, isPersistent: true))
      cache.insert(cached, for: sql)
    }
    cached.isFree = false
    defer {
      cached.statement.reset()
      cached.statement.clearBindings()
      cached.isFree = true
    }
    return try body(cached.statement)
  }

  /// Runs a cached statement to its end with the given values.
  public func run(_ sql: String, _ values: any BindableValue...) throws {
    try withStatement(sql) { statement in
      try bind(values, to: statement)
      while try statement.step() {}
    }
  }

  /// Calls `body` for each row of a cached statement.
  public func forEachRow(
    _ sql: String, _ values: [any BindableValue] = [], _ body: (borrowing Statement) throws -> Void
  ) throws {
    try withStatement(sql) { statement in
      try bind(values, to: statement)
      while try statement.step() { try body(statement) }
    }
  }

  /// What `body` makes of the first row of a cached statement; nil where there is none.
  public func firstRow<Result>(
    _ sql: String, _ values: [any BindableValue] = [], _ body: (borrowing Statement) throws -> Result
  ) throws -> Result? {
    try withStatement(sql) { statement in
      try bind(values, to: statement)
      return try statement.step() ? try body(statement) : nil
    }
  }

  private func bind(_ values: [any BindableValue], to statement: borrowing Statement) throws {
    for (index, value) in values.enumerated() { try value.bind(to: statement, at: Int32(index + 1)) }
  }

  /// The rowid of the newest row that this connection inserted.
  public var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

  /// A number that changes when another connection commits a change: https://sqlite.org/pragma.html#pragma_data_version
  public func dataVersion() throws -> Int64 {
    try firstRow("PRAGMA data_version") { $0.integer(0) } ?? 0
  }

  /// A name that no other temporary table of this connection has.
  func newTemporaryName() -> String {
    temporaryNames += 1
    return "scratch_\(temporaryNames)"
  }

  /// How many rows the last statement changed.
  public var changes: Int64 { sqlite3_changes64(handle) }

  // MARK: Transactions

  /// Whether the file can be written to.
  var isWritable: Bool { mode == .readWrite || mode == .create }

  /// Whether a transaction is open.
  public var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// Runs `body` in one write transaction; everything it wrote is undone when it throws.
  ///
  /// The lock is taken at once (`BEGIN IMMEDIATE`), so that a transaction that has begun never fails for another
  /// writer's sake: https://sqlite.org/lang_transaction.html
  ///
  /// Where the file cannot be written to and a snapshot is held, what is laid over the file is written within that.
  public func write<Result>(_ body: () throws -> Result) throws -> Result {
    if isInTransaction, !isWritable { return try body() }
    try execute("BEGIN IMMEDIATE")
    return try finish(commit: true, body)
  }

  /// Runs `body` in one write transaction that adds and changes rows in great number and deletes none that others refer
  /// to: foreign keys, which would be looked up for each row, and `CHECK` constraints, for which each text would be copied,
  /// are not checked, and the files are written in large pieces. What `body` writes must be such that they hold.
  public func bulkWrite<Result>(undo: Bool = false, _ body: () throws -> Result) throws -> Result {
    try execute("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
    defer { try? execute("PRAGMA foreign_keys = ON; PRAGMA ignore_check_constraints = OFF") }
    let files = try bulkFiles()
    isGathering = true
    defer {
      files?.end()
      isGathering = false
    }
    return try undo ? writeAndUndo(body) : write(body)
  }

  /// The log and the database's file, which are written in large pieces from now on; none where a commit does not sync
  /// them before others may read what is new.
  private func bulkFiles() throws -> BulkFiles? {
    let mode = try firstRow("PRAGMA journal_mode") { $0.text(0) }
    let synchronous = try firstRow("PRAGMA synchronous") { $0.integer(0) } ?? 0
    guard mode == "wal", synchronous >= 2, let pageSize = try firstRow("PRAGMA page_size", [], { $0.integer(0) }),
      let name = sqlite3_filename_wal(sqlite3_db_filename(handle, "main")),
      let log = file(SQLITE_FCNTL_JOURNAL_POINTER),
      let database = file(SQLITE_FCNTL_FILE_POINTER)
    else { return nil }
    return BulkFiles(log: log, logPath: String(cString: name), database: database, pageSize: Int(pageSize))
  }

  /// Runs `body` with few pages in memory: see ``keepFewPages()``.
  public func keepingFewPages<Result>(_ body: () throws -> Result) throws -> Result {
    try keepFewPages()
    defer { try? execute(Connection.cache(Connection.cacheSize)) }
    return try body()
  }

  /// Keeps few pages in memory from now on, for passes that read or write rows in their order, and for look-ups of many
  /// that each stand in a page of their own: taking ever more memory for what is not read again costs more than reading
  /// again the few pages that are.
  public func keepFewPages() throws(DatabaseError) { try execute(Connection.cache(Connection.smallCacheSize)) }

  /// A statement that says how many kibibytes of pages may be in memory.
  private static func cache(_ size: Int) -> String { "PRAGMA cache_size = -\(size)" }
  private static let cacheSize = 40 << 10
  /// The inner pages of the keys of some millions of leads have room.
  private static let smallCacheSize = 2 << 10

  /// Reads pages of the file as a whole where it is mapped into memory, which makes passes over rows quicker, and
  /// look-ups of one row slower. Has no effect where it is not mapped, nor inside a bulk write.
  func readPagesAhead() {
    if mayReadPagesAhead { pagesAhead = file(SQLITE_FCNTL_FILE_POINTER).flatMap { PagesAhead($0) } }
  }

  /// Whether nothing stands in for the methods of the file, which one at a time can.
  var mayReadPagesAhead: Bool { pagesAhead == nil && !isGathering }

  /// Reads no more of a page than is asked for.
  func readPagesAsAsked() { pagesAhead = nil }

  /// One of the files: https://sqlite.org/c3ref/c_fcntl_begin_atomic_write.html
  private func file(_ which: Int32) -> UnsafeMutablePointer<sqlite3_file>? {
    var file: UnsafeMutablePointer<sqlite3_file>?
    return sqlite3_file_control(handle, "main", which, &file) == SQLITE_OK ? file : nil
  }

  /// Runs `body` in one write transaction and undoes all of it.
  public func writeAndUndo<Result>(_ body: () throws -> Result) throws -> Result {
    try execute("BEGIN IMMEDIATE")
    return try finish(commit: false, body)
  }

  /// Runs `body` without triggers of the file's.
  func withoutTriggers(_ body: () throws -> Void) throws {
    try setTriggers(0)
    defer { try? setTriggers(1) }
    try body()
  }

  private func setTriggers(_ value: Int32) throws(DatabaseError) {
    let code = leadscore_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, value)
    guard code == SQLITE_OK else { throw DatabaseError(code: code, handle: handle) }
  }

  /// Runs `body` on one snapshot of the database.
  public func read<Result>(_ body: () throws -> Result) throws -> Result {
    if isInTransaction { return try body() }
    try execute("BEGIN")
    return try finish(commit: true, body)
  }

  private func finish<Result>(commit: Bool, _ body: () throws -> Result) throws -> Result {
    let result: Result
    do {
      result = try body()
      if commit { try execute("COMMIT") }
    } catch {
      // Some errors (a full disk, say) have rolled back already.
      if isInTransaction { try? execute("ROLLBACK") }
      throw error
    }
    if !commit { try execute("ROLLBACK") }
    return result
  }

  /// Asks running statements of this connection to stop; may be called from a signal handler's thread.
  public func interrupt() {
    sqlite3_interrupt(handle)
  }
}

/// A value that a statement's parameter can be.
public protocol BindableValue {
  /// Binds the value to the parameter at `index`, counted from 1.
  func bind(to statement: borrowing Statement, at index: Int32) throws(DatabaseError)
}

extension Int64: BindableValue {
  public func bind(to statement: borrowing Statement, at index: Int32) throws(DatabaseError) {
    try statement.bind(index, self)
  }
}

extension Int: BindableValue {
  public func bind(to statement: borrowing Statement, at index: Int32) throws(DatabaseError) {
    try statement.bind(index, Int64(self))
  }
}

extension Bool: BindableValue {
  public func bind(to statement: borrowing Statement, at index: Int32) throws(DatabaseError) {
    try statement.bind(index, self ? 1 : 0)
  }
}

extension String: BindableValue {
  public func bind(to statement: borrowing Statement, at index: Int32) throws(DatabaseError) {
    try statement.bind(index, self)
  }
}

extension Optional: BindableValue where Wrapped: BindableValue {
  public func bind(to statement: borrowing Statement, at index: Int32) throws(DatabaseError) {
    if let self {
      try self.bind(to: statement, at: index)
    } else {
      try statement.bind(index, Int64?.none)
    }
  }
}
