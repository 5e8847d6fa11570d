/// Why a file cannot be read, or not as text. Its description is one line that names the file.
public enum SourceError: Error, Equatable, Sendable, CustomStringConvertible {
  /// There is no such file.
  case missing(path: String)
  /// The path names a directory.
  case isDirectory(path: String)
  /// The file exists, and this user may not read it.
  case permissionDenied(path: String)
  /// Opening or reading failed; `reason` is the system's text for `code` (errno).
  case inputOutput(path: String, code: Int32, reason: String)
  /// The file is neither text nor gzip; `hint` says what it seems to be and what to do, or is empty.
  case notText(path: String, hint: String)
  /// The compressed data ends before its end mark.
  case truncatedGzip(path: String)
  /// The compressed data is damaged.
  case corruptGzip(path: String, reason: String)
  /// The text breaks the rules of its encoding at this byte (0-based, after decompression).
  case malformedText(path: String, encoding: String, byteOffset: Int64)

  /// The file's path, `-` for standard input.
  public var path: String {
    switch self {
    case .missing(let path), .isDirectory(let path), .permissionDenied(let path), .inputOutput(let path, _, _),
      .notText(let path, _), .truncatedGzip(let path), .corruptGzip(let path, _), .malformedText(let path, _, _):
      path
    }
  }

  /// One line for people.
  public var description: String {
    let name = path == "-" ? "standard input" : path
    return switch self {
    case .missing: "\(name): no such file"
    case .isDirectory: "\(name): is a directory, not a file"
    case .permissionDenied: "\(name): permission denied"
    case .inputOutput(_, _, let reason): "\(name): \(reason)"
    case .notText(_, let hint): "\(name): is not a text file" + (hint.isEmpty ? "" : "; \(hint)")
    case .truncatedGzip: "\(name): the gzip data ends too soon; the file is incomplete, fetch it again"
    case .corruptGzip(_, let reason): "\(name): the gzip data is damaged (\(reason))"
    case .malformedText(_, let encoding, let byteOffset):
      "\(name): is not valid \(encoding) at byte \(byteOffset); name its encoding with --encoding"
    }
  }
}
