internal import CSQLite

/// A prepared statement; finalized when its owner lets go of it.
///
/// Parameters and columns count from 1 and from 0, as in SQLite's own interface. Text and blobs are read by their byte
/// length, so NUL bytes survive.
public struct Statement: ~Copyable {
  private let handle: OpaquePointer
  private let database: OpaquePointer

  init(database: OpaquePointer, sql: String, isPersistent: Bool) throws(DatabaseError) {
    var sql = sql
    var handle: OpaquePointer?
    let flags = isPersistent ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0
    let code = sql.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { text in
        sqlite3_prepare_v3(database, text.baseAddress, Int32(text.count), flags, &handle, nil)
      }
    }
    guard code == SQLITE_OK, let handle else {
      throw DatabaseError(code: code == SQLITE_OK ? SQLITE_MISUSE : code, handle: database, sql: sql)
    }
    self.handle = handle
    self.database = database
  }

  deinit {
    sqlite3_finalize(handle)
  }

  /// The statement's text, without its values.
  public var sql: String {
    sqlite3_sql(handle).map { String(cString: $0) } ?? ""
  }

  // MARK: Parameters

  /// Binds an integer, or NULL.
  @inline(__always)
  public func bind(_ index: Int32, _ value: Int64?) throws(DatabaseError) {
    if let value {
      try check(sqlite3_bind_int64(handle, index, value))
    } else {
      try check(sqlite3_bind_null(handle, index))
    }
  }

  /// Binds a text, or NULL.
  public func bind(_ index: Int32, _ value: String?) throws(DatabaseError) {
    guard var value else {
      try check(sqlite3_bind_null(handle, index))
      return
    }
    let code = value.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { text in
        // A null pointer would bind NULL instead of the empty text.
        guard let base = text.baseAddress else { return leadscore_bind_text_static(handle, index, "", 0) }
        return leadscore_bind_text(handle, index, base, UInt64(text.count))
      }
    }
    try check(code)
  }

  /// Binds UTF-8 bytes as text, which SQLite copies.
  public func bindText(_ index: Int32, _ bytes: UnsafeRawBufferPointer) throws(DatabaseError) {
    guard let base = bytes.baseAddress, !bytes.isEmpty else {
      try check(leadscore_bind_text_static(handle, index, "", 0))
      return
    }
    try check(
      leadscore_bind_text(handle, index, base.assumingMemoryBound(to: CChar.self), UInt64(bytes.count)))
  }

  /// Binds UTF-8 bytes as text without a copy: they stay in place until the statement has run.
  @inline(__always)
  public func bindTextInPlace(_ index: Int32, _ bytes: UnsafeRawBufferPointer) throws(DatabaseError) {
    guard let base = bytes.baseAddress else {
      try check(leadscore_bind_text_static(handle, index, "", 0))
      return
    }
    try check(
      leadscore_bind_text_static(handle, index, base.assumingMemoryBound(to: CChar.self), UInt64(bytes.count)))
  }

  /// Binds bytes as a blob without a copy: they stay in place until the statement has run.
  @inline(__always)
  public func bindBlobInPlace(_ index: Int32, _ bytes: UnsafeRawBufferPointer) throws(DatabaseError) {
    guard let base = bytes.baseAddress, !bytes.isEmpty else {
      try check(sqlite3_bind_zeroblob(handle, index, 0))
      return
    }
    try check(leadscore_bind_blob_static(handle, index, base, UInt64(bytes.count)))
  }

  /// Binds bytes as a blob, which SQLite copies.
  public func bindBlob(_ index: Int32, _ bytes: UnsafeRawBufferPointer) throws(DatabaseError) {
    guard let base = bytes.baseAddress, !bytes.isEmpty else {
      try check(sqlite3_bind_zeroblob(handle, index, 0))
      return
    }
    try check(leadscore_bind_blob(handle, index, base, UInt64(bytes.count)))
  }

  // MARK: Running

  /// Goes to the next row; false when there is none.
  @inline(__always)
  public func step() throws(DatabaseError) -> Bool {
    let code = sqlite3_step(handle)
    if code == SQLITE_ROW { return true }
    if code == SQLITE_DONE { return false }
    throw failure(code)
  }

  /// Runs to the end and makes the statement ready for the next values.
  @inline(__always)
  public func run() throws(DatabaseError) {
    let code = sqlite3_step(handle)
    guard code == SQLITE_DONE || code == SQLITE_ROW else { throw failure(code) }
    sqlite3_reset(handle)
  }

  /// Makes the statement ready to run again; its values stay bound.
  @inline(__always)
  public func reset() {
    sqlite3_reset(handle)
  }

  /// Lets go of all values; every parameter is NULL again.
  func clearBindings() {
    sqlite3_clear_bindings(handle)
  }

  // MARK: Columns

  /// Whether the column of the current row is NULL.
  @inline(__always)
  public func isNull(_ column: Int32) -> Bool {
    sqlite3_column_type(handle, column) == SQLITE_NULL
  }

  /// An integer column; 0 for NULL.
  @inline(__always)
  public func integer(_ column: Int32) -> Int64 {
    sqlite3_column_int64(handle, column)
  }

  /// An integer column, or nil for NULL.
  @inline(__always)
  public func optionalInteger(_ column: Int32) -> Int64? {
    isNull(column) ? nil : sqlite3_column_int64(handle, column)
  }

  /// A text column; empty for NULL. Bytes that are not UTF-8 are replaced.
  public func text(_ column: Int32) -> String {
    withBytes(column) { String(decoding: $0, as: UTF8.self) }
  }

  /// A text column, or nil for NULL.
  public func optionalText(_ column: Int32) -> String? {
    isNull(column) ? nil : text(column)
  }

  /// The bytes of a text or blob column, valid during the call only.
  @inline(__always)
  public func withBytes<Result>(_ column: Int32, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows
    -> Result
  {
    // The manual asks for the pointer first and the length after it.
    let pointer = sqlite3_column_blob(handle, column)
    let count = Int(sqlite3_column_bytes(handle, column))
    return try body(
      UnsafeBufferPointer(start: pointer?.assumingMemoryBound(to: UInt8.self), count: pointer == nil ? 0 : count))
  }

  // MARK: Errors

  @inline(__always)
  private func check(_ code: Int32) throws(DatabaseError) {
    guard code == SQLITE_OK else { throw failure(code) }
  }

  @inline(never)
  private func failure(_ code: Int32) -> DatabaseError {
    let error = DatabaseError(code: code, handle: database, sql: sql)
    sqlite3_reset(handle)
    return error
  }
}
