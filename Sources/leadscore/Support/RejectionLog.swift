import LeadScoring
import TerminalOutput

/// Tells of rejected rows, and keeps them in a file where one is named.
final class RejectionLog {
  private let output: AtomicFileOutput?
  private let limit: Int64?
  private var told: Int64 = 0

  /// How many rows of files are told of one by one.
  static let shown: Int64 = 20

  /// - Parameters:
  ///   - path: the file to write.
  ///   - inputs: the files that are read.
  ///   - limit: how many rows are told of one by one; nil for all.
  init(_ path: String?, database: String, inputs: [String], limit: Int64? = RejectionLog.shown) throws {
    if let path { try OutputGuard.check(path, database: database, inputs: inputs) }
    output = try path.map { try AtomicFileOutput(path: $0) }
    self.limit = limit
  }

  /// Keeps the header row of a file.
  func add(header: UnsafeBufferPointer<UInt8>) throws { try keep(header) }

  /// Tells of a row and keeps it.
  func add(_ rejection: RowRejection, _ raw: UnsafeBufferPointer<UInt8>) throws {
    told += 1
    if limit.map({ told <= $0 }) ?? true {
      warn("warning: \(sanitized(rejection.file)):\(rejection.line): \(sanitized(rejection.reason)); row rejected")
    }
    try keep(raw)
  }

  private func keep(_ row: UnsafeBufferPointer<UInt8>) throws {
    guard let output else { return }
    try output.write(bytes: UnsafeRawBufferPointer(row))
    try output.write("\n")
  }

  /// Puts the file into place.
  ///
  /// - Parameter says: whether to tell of the rows that were not told of one by one.
  func finish(says: Bool = true) throws {
    try output?.commit()
    guard says, let limit, told > limit else { return }
    let hint = output == nil ? "; --rejects FILE keeps them" : ""
    warn("warning: \(formatCount(told - limit)) further rows rejected\(hint)")
  }
}
