internal import CSQLite

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

/// What SQLite refused, as a value. Bound values (people's data) are not part of it.
public struct DatabaseError: Error, Sendable, Equatable {
  /// What callers tell apart.
  public enum Kind: Sendable, Equatable {
    /// Another process holds the lock that was needed.
    case busy
    /// The file, or the folder around it, cannot be written.
    case readOnly
    /// The file system is full, or a limit on the file's size was reached.
    case full
    /// The file cannot be opened.
    case cannotOpen
    /// The file is not an SQLite database.
    case notADatabase
    /// The file is damaged.
    case damaged
    /// The operating system failed to read or write.
    case inputOutput
    /// A CHECK, UNIQUE, NOT NULL or foreign key constraint, or a trigger, said no.
    case constraint
    /// Anything else, a mistake in the program most of all.
    case other
  }

  /// SQLite's extended result code.
  public let code: Int32
  /// SQLite's own words.
  public let message: String
  /// The operating system's words, where opening failed.
  public let reason: String?
  /// The database's file; nil where SQLite does not know it.
  public let path: String?
  /// The statement, without its values.
  public let sql: String?
  /// The byte of `sql` at which it goes wrong, where SQLite knows it.
  public let offset: Int?

  /// The kind that the code stands for.
  public var kind: Kind {
    switch code & 0xff {
    case SQLITE_BUSY, SQLITE_LOCKED: .busy
    case SQLITE_READONLY: .readOnly
    case SQLITE_FULL: .full
    case SQLITE_CANTOPEN: .cannotOpen
    case SQLITE_NOTADB: .notADatabase
    case SQLITE_CORRUPT: .damaged
    case SQLITE_IOERR: .inputOutput
    case SQLITE_CONSTRAINT: .constraint
    default: .other
    }
  }

  /// The state of `handle` after a call that returned `code`.
  init(code: Int32, handle: OpaquePointer?, sql: String? = nil) {
    if let handle {
      let extended = sqlite3_extended_errcode(handle)
      self.code = extended & 0xff == code & 0xff ? extended : code
      self.message = String(cString: sqlite3_errmsg(handle))
      // Of a failed write SQLite may know another thread's error number.
      let systemCode = code & 0xff == SQLITE_CANTOPEN ? sqlite3_system_errno(handle) : 0
      reason = systemCode == 0 ? nil : String(cString: strerror(systemCode))
      path = sqlite3_db_filename(handle, "main").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
      let offset = sqlite3_error_offset(handle)
      self.offset = offset >= 0 ? Int(offset) : nil
    } else {
      self.code = code
      self.message = String(cString: sqlite3_errstr(code))
      (reason, path, offset) = (nil, nil, nil)
    }
    self.sql = sql
  }

  /// A fault found on our side of the interface.
  init(code: Int32, message: String, sql: String? = nil) {
    self.code = code
    self.message = message
    self.sql = sql
    (reason, path, offset) = (nil, nil, nil)
  }
}

extension DatabaseError: CustomStringConvertible {
  /// SQLite's message and code, and the statement it is about.
  public var description: String {
    var text = "SQLite: \(message) (\(code))"
    if let sql { text += " in: \(sql.split(whereSeparator: \.isWhitespace).joined(separator: " "))" }
    return text
  }
}
