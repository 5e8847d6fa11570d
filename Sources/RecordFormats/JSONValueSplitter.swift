/// Finds where JSON values begin and end in a text that is not one value a line, without parsing them.
final class JSONValueSplitter {
  private enum Place {
    case beforeArray
    case beforeFirst
    case beforeElement
    case afterElement
    case ended
  }

  // Unchecked for speed; only the source's `read` runs during an access, and it must not use the reader.
  @exclusivity(unchecked) private var input: InputBuffer
  private let isArray: Bool
  private let maxValueBytes: Int
  private var place: Place
  private var length = 0
  private var valueLine = 1
  /// The line of the byte at `input.start` plus `length`.
  private var currentLine = 1
  private var failure: LineError?

  init(source: any ByteSource, isArray: Bool, maxValueBytes: Int) {
    input = InputBuffer(source)
    self.isArray = isArray
    self.maxValueBytes = max(1, maxValueBytes)
    place = isArray ? .beforeArray : .beforeFirst
  }

  /// The line on which the current value starts.
  var line: Int { valueLine }

  /// The current value. Valid until `next()`.
  var value: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: input.record, count: length) }

  /// Whether a whole value has arrived beyond the current one.
  var hasBufferedRecord: Bool {
    var at = length
    while at < input.available, input.record[at].isJSONSpace || input.record[at] == .comma { at += 1 }
    var scan = JSONValueScan()
    // The end of the array may be followed by white space alone, and that is no value to wait for.
    if at < input.available, input.record[at] == .closeBracket { return input.sourceEnded }
    return at < input.available && (scan.run(input.record + at, count: input.available - at) || input.sourceEnded)
  }

  /// Waits so many milliseconds (a negative number: without limit) for more of the source, and takes what has arrived;
  /// false where nothing has. Throws what the source throws.
  func fetch(timeoutMilliseconds: Int) throws -> Bool {
    guard input.pollReadable(timeoutMilliseconds: timeoutMilliseconds) else { return false }
    _ = try input.fill()
    return true
  }

  /// Whether the source has no more.
  var sourceEnded: Bool { input.sourceEnded }

  /// Goes to the next value; false at the end. Throws `LineError` and what the source throws.
  func next() throws -> Bool {
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
    input.start += length
    length = 0
    guard try findValue() else { return false }
    valueLine = currentLine
    var scan = JSONValueScan()
    while !scan.run(input.record, count: input.available) {
      if input.available > maxValueBytes { throw tooLong() }
      if try input.fill() { continue }
      guard scan.isScalar else {
        throw error(.unfinishedValue, "the file ends within the value that starts here")
      }
      break
    }
    length = scan.length
    if length > maxValueBytes { throw tooLong() }
    currentLine += scan.lineFeeds
    place = .afterElement
    if let at = firstInvalidUTF8(value) { throw invalidUTF8(at: at) }
    return true
  }

  /// Goes to the first byte of a value; false at the end.
  private func findValue() throws -> Bool {
    while true {
      if input.available == 0, try !input.fill() {
        if isArray, place != .ended { throw error(.unfinishedValue, "the file ends before its array is closed") }
        return false
      }
      let byte = input.record[0]
      if byte.isJSONSpace {
        if byte == .lineFeed { currentLine += 1 }
      } else if try !passes(byte) {
        return true
      }
      input.start += 1
    }
  }

  /// Whether the byte is the array's own; false where a value begins.
  private func passes(_ byte: UInt8) throws(LineError) -> Bool {
    guard isArray else { return false }
    switch (place, byte) {
    case (.beforeArray, _): place = .beforeFirst
    case (.beforeFirst, .closeBracket), (.afterElement, .closeBracket): place = .ended
    case (.afterElement, .comma): place = .beforeElement
    case (.afterElement, _): throw error(.malformedArray, "expected ',' or ']' after an element of the array")
    case (.beforeElement, .closeBracket), (.beforeElement, .comma), (.beforeFirst, .comma):
      throw error(.malformedArray, "a comma of the array has no element beside it")
    case (.ended, _):
      throw error(.malformedArray, "text follows the array; a file is one array, or one value a line")
    default: return false
    }
    return true
  }

  private func error(_ kind: LineError.Kind, _ message: String) -> LineError {
    LineError(kind: kind, line: currentLine, message: message)
  }

  private func tooLong() -> LineError {
    LineError(
      kind: .lineTooLong, line: valueLine, message: "the value that starts here is longer than \(maxValueBytes) bytes")
  }

  private func invalidUTF8(at offset: Int) -> LineError {
    let place = TextPlace(atEndOf: UnsafeBufferPointer(rebasing: value[..<offset]))
    return LineError(
      kind: .invalidUTF8, line: valueLine + place.lineEnds,
      message: invalidUTF8Message(byte: value[offset], column: place.column))
  }
}

/// Finds the end of one value by its brackets and quotes, taking up where it stopped when more bytes arrive.
private struct JSONValueScan {
  private var depth = 0
  private var isInText = false
  private var isEscaped = false
  /// Bytes of the value so far.
  private(set) var length = 0
  private(set) var lineFeeds = 0

  /// Whether neither a bracket nor a quote is open, so that the end of the file ends the value.
  var isScalar: Bool { depth == 0 && !isInText }

  /// Scans what is there; true when the value is complete.
  mutating func run(_ bytes: UnsafePointer<UInt8>, count: Int) -> Bool {
    while length < count {
      let byte = bytes[length]
      if isInText {
        if isEscaped {
          isEscaped = false
        } else if byte == .backslash {
          isEscaped = true
        } else if byte == .quote {
          isInText = false
          if depth == 0 { return take() }
        }
      } else {
        switch byte {
        case .quote: if depth == 0, length > 0 { return true } else { isInText = true }
        case .openBrace, .openBracket: if depth == 0, length > 0 { return true } else { depth += 1 }
        case .closeBrace, .closeBracket:
          // A closing bracket with nothing open is passed on for the parser to refuse.
          if depth == 0 { return length > 0 || take() }
          depth -= 1
          if depth == 0 { return take() }
        case .comma, .space, .tab, .carriageReturn, .lineFeed: if depth == 0, length > 0 { return true }
        default: break
        }
      }
      if byte == .lineFeed { lineFeeds += 1 }
      length += 1
    }
    return false
  }

  private mutating func take() -> Bool {
    length += 1
    return true
  }
}
