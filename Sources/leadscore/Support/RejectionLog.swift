import LeadScoring
import TerminalOutput

/// Tells of rejected rows, and keeps them in a file where one is named.
final class RejectionLog {
  private let file: AtomicFileOutput?
  private let output: (any OutputSink)?
  private let limit: Int64?
  private var told: Int64 = 0
  private var isSynchronized = true

  /// How many rows of files are told of one by one.
  static let shown: Int64 = 20

  /// - Parameters:
  ///   - path: the file to write; `-` is standard output.
  ///   - inputs: the files that are read.
  ///   - limit: how many rows are told of one by one; nil for all.
  init(_ path: String?, database: String, inputs: [String], limit: Int64? = RejectionLog.shown) throws {
    if let path { try OutputGuard.check(path, database: database, inputs: inputs) }
    file = try path.flatMap { $0 == "-" ? nil : try AtomicFileOutput(path: $0) }
    output = file ?? path.map { _ in BufferedOutput.standardOutput() }
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
    isSynchronized = false
    try output.write(bytes: UnsafeRawBufferPointer(row))
    try output.write("\n")
  }

  /// Brings what is kept so far to the disk, still without the file's name: an import that loses its rejected rows is to
  /// fail before it is committed.
  func synchronize() throws {
    if isSynchronized { return }
    if let file { try file.synchronize() } else { try (output as? BufferedOutput)?.flush() }
    isSynchronized = true
  }

  /// What an import fails with that cannot keep its rejected rows, and was undone for it; nil for another error. Where
  /// nobody reads them on, that is no end like that of other output.
  static func loss(_ error: any Error, _ consequence: String) -> CommandError? {
    switch error {
    case is OutputClosed: CommandError(.inputOutput, "nobody reads the rejected rows; \(consequence)")
    case let error as OutputError:
      CommandError(error.isCreation ? .cannotCreate : .inputOutput, "\(error.description); \(consequence)")
    default: nil
    }
  }

  /// Puts the file into place.
  ///
  /// - Parameter says: whether to tell of the rows that were not told of one by one.
  func finish(says: Bool = true) throws {
    if let file { try file.commit() } else { try synchronize() }
    guard says, let limit, told > limit else { return }
    let hint = output == nil ? "; --rejects FILE keeps them" : ""
    warn("warning: \(formatCount(told - limit)) further rows rejected\(hint)")
  }
}
