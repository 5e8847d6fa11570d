#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A fault that ends the reading of a file of lines.
public struct LineError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What kind of fault it is.
  public enum Kind: Equatable, Sendable {
    case lineTooLong
    case invalidUTF8
    /// The file ends within a value that takes several lines.
    case unfinishedValue
    /// Something other than a comma or the end follows an element of the array that the file is.
    case malformedArray
  }

  /// What kind of fault it is.
  public let kind: Kind
  /// The line, from 1.
  public let line: Int
  /// What is wrong and what to do, without the line.
  public let message: String

  /// `line N: message`.
  public var description: String { "line \(line): \(message)" }
}

/// Reads a text line by line, over bounded memory. LF and CRLF end a line; the last one needs no line end.
///
/// A line is handed out as soon as its line end has arrived.
public final class LineReader {
  // Unchecked for speed; only the source's `read` runs during an access, and it must not use the reader.
  @exclusivity(unchecked) private var input: InputBuffer
  private let maxLineBytes: Int
  private var length = 0
  private var extent = 0
  private var number = 0
  private var failure: LineError?

  /// Reads UTF-8 from the source; a line longer than `maxLineBytes` is an error.
  public init(source: any ByteSource, maxLineBytes: Int = 16 << 20) {
    input = InputBuffer(source)
    self.maxLineBytes = max(1, maxLineBytes)
  }

  /// The current line without its line end. Valid until `next()`.
  public var line: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: input.record, count: length) }

  /// The number of the current line, from 1.
  public var lineNumber: Int { number }

  /// Whether `next()` would return without waiting for the source, because a complete line has arrived already.
  public var hasBufferedRecord: Bool {
    let count = input.available - extent
    return count > 0 && (input.sourceEnded || memchr(input.record + extent, Int32(UInt8.lineFeed), count) != nil)
  }

  /// Goes past lines of white space that have arrived as a whole. The current line is not valid any more then.
  public func passBlankLines() {
    while input.available > extent, input.record[extent].isJSONSpace {
      let rest = UnsafeBufferPointer(start: input.record + extent, count: input.available - extent)
      guard let end = rest.firstIndex(of: .lineFeed), rest[..<end].allSatisfy(\.isJSONSpace) else { return }
      input.start += extent
      extent = end + 1
      length = 0
      number += 1
    }
  }

  /// Waits so many milliseconds (a negative number: without limit) for more of the source, and takes what has arrived;
  /// false where nothing has. Throws what the source throws.
  public func fetch(timeoutMilliseconds: Int) throws -> Bool {
    guard input.pollReadable(timeoutMilliseconds: timeoutMilliseconds) else { return false }
    _ = try input.fill()
    return true
  }

  /// Whether the source has no more.
  public var sourceEnded: Bool { input.sourceEnded }

  /// Goes to the next line; false at the end.
  ///
  /// Throws `LineError` for a line that is too long or not UTF-8 (each later call throws it again), and what the source
  /// throws.
  public func next() throws -> Bool {
    if let failure { throw failure }
    do {
      return try advance()
    } catch let error as LineError {
      failure = error
      length = 0
      throw error
    }
  }

  private func advance() throws -> Bool {
    input.start += extent
    extent = 0
    length = 0
    var searched = 0
    while true {
      let count = input.available
      if count > searched, let end = memchr(input.record + searched, Int32(UInt8.lineFeed), count - searched) {
        try finish(length: UnsafeRawPointer(end) - UnsafeRawPointer(input.record), lineEnd: 1)
        return true
      }
      searched = count
      // One byte more: it may be the CR of the line end.
      if searched > maxLineBytes + 1 { throw tooLong() }
      if try input.fill() { continue }
      if count == 0 { return false }
      try finish(length: count, lineEnd: 0)
      return true
    }
  }

  private func finish(length found: Int, lineEnd: Int) throws(LineError) {
    extent = found + lineEnd
    length = found
    if lineEnd == 1, found > 0, input.record[found - 1] == .carriageReturn { length -= 1 }
    if length > maxLineBytes { throw tooLong() }
    number += 1
    guard let at = firstInvalidUTF8(line) else { return }
    let place = TextPlace(atEndOf: UnsafeBufferPointer(rebasing: line[..<at]))
    throw LineError(
      kind: .invalidUTF8, line: number, message: invalidUTF8Message(byte: line[at], column: place.column))
  }

  private func tooLong() -> LineError {
    LineError(kind: .lineTooLong, line: number + 1, message: "the line is longer than \(maxLineBytes) bytes")
  }
}
