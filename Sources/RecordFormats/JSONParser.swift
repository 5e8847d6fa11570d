/// Where and why a text is not JSON.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The byte, from 0, in what was parsed.
  public let offset: Int
  /// The line, from 1, in what was parsed.
  public let line: Int
  /// The column, from 1, in Unicode scalars.
  public let column: Int
  /// What is wrong, without the place.
  public let message: String
  /// Whether the text ends in the middle of a value, so that more text could complete it.
  public let isIncomplete: Bool

  /// `line L, column C: message`.
  public var description: String { "line \(line), column \(column): \(message)" }
}

/// Reads JSON by RFC 8259, strictly: no comments, no trailing commas, no duplicate names, no lone surrogates.
public enum JSONParser {
  /// Arrays and objects nest at most this deep.
  public static let depthLimit = 64

  /// Parses one value that takes up all the bytes but for white space. O(bytes). Throws `JSONError`.
  public static func parse(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONError) -> JSONValue {
    if let offset = firstInvalidUTF8(bytes) {
      let place = TextPlace(atEndOf: UnsafeBufferPointer(rebasing: bytes[..<offset]))
      throw JSONError(
        offset: offset, line: place.lineEnds + 1, column: place.column,
        message: "byte 0x\(String(bytes[offset], radix: 16, uppercase: true)) is not valid UTF-8", isIncomplete: false)
    }
    return try parseValidated(bytes)
  }

  /// Parses a text. O(bytes). Throws `JSONError`.
  public static func parse(_ text: String) throws(JSONError) -> JSONValue {
    try parse(Array(text.utf8))
  }

  /// Parses bytes. O(bytes). Throws `JSONError`.
  public static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
    try bytes.withUnsafeBufferPointer { (buffer) throws(JSONError) in try parse(buffer) }
  }

  /// Parses what is known to be UTF-8.
  static func parseValidated(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONError) -> JSONValue {
    var scanner = JSONScanner(bytes)
    let value = try scanner.value(depth: 0)
    scanner.skipSpace()
    if !scanner.isAtEnd { throw scanner.failure("unexpected text after the value") }
    return value
  }
}
