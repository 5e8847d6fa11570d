#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The reader of a pipe has gone away. The program has nothing left to say and ends quietly.
public struct OutputClosed: Error, Hashable, Sendable {
  public init() {}
}

/// A system call on a file or descriptor failed.
public struct OutputError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was being done, as a verb: `write`, `create`, `replace`.
  public let action: String
  /// The path or the name of the stream.
  public let target: String
  /// The `errno` that the system gave.
  public let code: Int32

  public init(action: String, target: String, code: Int32) {
    self.action = action
    self.target = target
    self.code = code
  }

  /// `cannot write report.csv: No space left on device`.
  public var description: String {
    "cannot \(action) \(sanitized(target)): \(reason)"
  }

  /// The system's words for `code`.
  public var reason: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Whether the device is full or a quota is used up.
  public var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }

  /// Whether the file could not be made at all: a missing folder, no permission, a folder in its place.
  public var isCreation: Bool { action == OutputError.create }

  static let create = "create"
}
