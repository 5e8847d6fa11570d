import CSQLite
import Foundation

/// A connection past the program, as any other tool would open the file.
final class PlainConnection {
  private let handle: OpaquePointer

  init(_ path: String) throws {
    var opened: OpaquePointer?
    let code = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil)
    guard code == SQLITE_OK, let handle = opened else {
      sqlite3_close_v2(opened)
      throw ProgramProblem(description: "cannot open \(path): SQLite \(code)")
    }
    self.handle = handle
    // A program that ends as the last one has the file to itself for a moment.
    sqlite3_busy_timeout(handle, 5000)
  }

  deinit { sqlite3_close_v2(handle) }

  /// Runs statements that give no rows.
  func execute(_ sql: String) throws {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else {
      throw ProgramProblem(description: "\(sql): \(String(cString: sqlite3_errmsg(handle)))")
    }
  }

  /// The rows of a query, each value as text; nil for NULL.
  func rows(_ sql: String) throws -> [[String?]] {
    var prepared: OpaquePointer?
    guard sqlite3_prepare_v2(handle, sql, -1, &prepared, nil) == SQLITE_OK, let statement = prepared else {
      throw ProgramProblem(description: "\(sql): \(String(cString: sqlite3_errmsg(handle)))")
    }
    defer { sqlite3_finalize(statement) }
    var rows: [[String?]] = []
    while true {
      let code = sqlite3_step(statement)
      if code == SQLITE_DONE { return rows }
      guard code == SQLITE_ROW else {
        throw ProgramProblem(description: "\(sql): \(String(cString: sqlite3_errmsg(handle)))")
      }
      rows.append(
        (0..<sqlite3_column_count(statement)).map { column in
          sqlite3_column_text(statement, column).map { text in
            let count = Int(sqlite3_column_bytes(statement, column))
            return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
          }
        })
    }
  }
}

/// Everything that a database holds, as text to compare.
enum DatabaseDump {
  /// Reads a copy, with its journal, so that looking changes nothing; finds what the next program to open it would.
  ///
  /// - Parameter columns: columns to leave out, such as those that record the wall clock.
  static func text(_ path: String, scratch: String, ignoring columns: Set<String> = []) throws -> String {
    let copy = "\(scratch)/dump-\(UUID().uuidString).db"
    for suffix in ["", "-wal", "-journal"] where FileManager.default.fileExists(atPath: path + suffix) {
      try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
    }
    defer {
      for suffix in ["", "-wal", "-shm", "-journal"] { try? FileManager.default.removeItem(atPath: copy + suffix) }
    }
    let connection = try PlainConnection(copy)
    var text = ""
    for pragma in ["integrity_check", "foreign_key_check", "user_version", "application_id"] {
      text += "\(pragma): \(try connection.rows("PRAGMA \(pragma)"))\n"
    }
    let schema = try connection.rows("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")
    for entry in schema {
      text += "\(entry)\n"
      // Of the views, only the one that says what is packed with wall clocks.
      guard let name = entry[1], entry[0] == "table" || name == "score_history" else { continue }
      let all = try connection.rows("SELECT name FROM pragma_table_info('\(name)')").compactMap { $0[0] }
      let shown = all.filter { !columns.contains($0) }
      // quote() tells NULL, text, number and blob from each other.
      let parts = shown.map { "quote(\"\($0)\")" }.joined(separator: " || ',' || ")
      let order = (1...max(shown.count, 1)).map { "\"\(shown[$0 - 1])\"" }.joined(separator: ", ")
      for row in try connection.rows("SELECT \(parts) FROM \"\(name)\" ORDER BY \(order)") {
        text += "\(row[0] ?? "")\n"
      }
    }
    return text
  }
}
