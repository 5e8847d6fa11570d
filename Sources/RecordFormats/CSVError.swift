/// A fault that ends the reading of a CSV file: what follows it cannot be told apart.
public struct CSVError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What kind of fault it is.
  public enum Kind: Equatable, Sendable {
    case textAfterQuote
    case unterminatedQuote
    case recordTooLong
    case tooManyCells
    case invalidUTF8
    /// The file has no header row.
    case emptyFile
    /// The header names a column twice, lacks an expected one, or is not well formed.
    case badHeader
  }

  /// What kind of fault it is.
  public let kind: Kind
  /// The physical line, from 1, where it stands (for a quote that is never closed: where it opens).
  public let line: Int
  /// What is wrong and what to do, without the line.
  public let message: String

  /// `line N: message`.
  public var description: String { "line \(line): \(message)" }
}

/// What is wrong with one row, which a reader can skip.
public struct CSVProblem: Error, Equatable, Sendable, CustomStringConvertible {
  /// The physical line, from 1, where it stands.
  public let line: Int
  /// What is wrong, without the line.
  public let message: String

  /// `line N: message`.
  public var description: String { "line \(line): \(message)" }
}
