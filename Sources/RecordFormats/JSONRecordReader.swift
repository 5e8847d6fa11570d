/// What is wrong with one JSON record, which a reader can skip.
public struct JSONProblem: Error, Equatable, Sendable, CustomStringConvertible {
  /// The line of the file, from 1.
  public let line: Int
  /// The column in that line, from 1, in Unicode scalars; nil where it is not known.
  public let column: Int?
  /// What is wrong, without the place.
  public let message: String

  /// `line L, column C: message`.
  public var description: String { "line \(line)\(column.map { ", column \($0)" } ?? ""): \(message)" }
}

/// Reads a file of JSON values one by one, over bounded memory.
///
/// The usual file is JSON Lines, one value a line; blank lines are passed over, and a line that is not JSON costs that
/// line alone. A file that begins with `[` is read as one array of values, and a file whose first line is `{` alone as
/// values laid out over several lines.
public final class JSONRecordReader {
  private enum Layout {
    case lines(LineReader)
    case values(JSONValueSplitter)
  }

  private let source: any ByteSource
  private let maxRecordBytes: Int
  private var layout: Layout?
  private var current = Result<JSONValue, JSONProblem>.success(.null)

  /// Reads UTF-8 from the source; a value longer than `maxRecordBytes` is an error.
  public init(source: any ByteSource, maxRecordBytes: Int = 16 << 20) {
    self.source = source
    self.maxRecordBytes = maxRecordBytes
  }

  /// The line, from 1, on which the current value starts.
  public var line: Int {
    switch layout {
    case .lines(let reader): reader.lineNumber
    case .values(let splitter): splitter.line
    case nil: 0
    }
  }

  /// The current value as it stands in the file. Valid until `next()`.
  public var raw: UnsafeBufferPointer<UInt8> {
    switch layout {
    case .lines(let reader): reader.line
    case .values(let splitter): splitter.value
    case nil: UnsafeBufferPointer(start: nil, count: 0)
    }
  }

  /// The current value, or why it is none.
  public var result: Result<JSONValue, JSONProblem> { current }

  /// Whether `next()` would return without waiting for the source. Blank lines may make this true too early.
  public var hasBufferedRecord: Bool {
    switch layout {
    case .lines(let reader): reader.hasBufferedRecord
    case .values(let splitter): splitter.hasBufferedRecord
    case nil: false
    }
  }

  /// Goes past blank lines that have arrived. The current value is not valid any more then.
  public func passBlankLines() {
    if case .lines(let reader) = layout { reader.passBlankLines() }
  }

  /// Waits so many milliseconds (a negative number: without limit) for more of the source, and takes what has arrived;
  /// false where nothing has. The first time it also waits until it is known how the values are laid out. Throws what the
  /// source throws.
  public func fetch(timeoutMilliseconds: Int) throws -> Bool {
    if layout == nil, !source.pollReadable(timeoutMilliseconds: timeoutMilliseconds) { return false }
    switch try chosenLayout() {
    case .lines(let reader): return try reader.fetch(timeoutMilliseconds: timeoutMilliseconds)
    case .values(let splitter): return try splitter.fetch(timeoutMilliseconds: timeoutMilliseconds)
    }
  }

  /// Whether the source has no more.
  public var sourceEnded: Bool {
    switch layout {
    case .lines(let reader): reader.sourceEnded
    case .values(let splitter): splitter.sourceEnded
    case nil: false
    }
  }

  /// Goes to the next value, well formed or not; false at the end.
  ///
  /// Throws `LineError` where the file cannot be read further, and what the source throws.
  public func next() throws -> Bool {
    switch try chosenLayout() {
    case .lines(let reader):
      repeat {
        if try !reader.next() { return false }
      } while reader.line.allSatisfy(\.isJSONSpace)
    case .values(let splitter):
      if try !splitter.next() { return false }
    }
    current = parse()
    return true
  }

  private func parse() -> Result<JSONValue, JSONProblem> {
    do {
      return .success(try JSONParser.parseValidated(raw))
    } catch {
      // A value within a line starts at a column that nobody counted.
      let isColumnKnown = if case .lines = layout { true } else { error.line > 1 }
      let problem = JSONProblem(
        line: line + error.line - 1, column: isColumnKnown ? error.column : nil, message: error.message)
      return .failure(problem)
    }
  }

  private func chosenLayout() throws -> Layout {
    if let layout { return layout }
    var kind: JSONLayout?
    let prefix = try readPrefix(of: source) {
      kind = JSONLayout(prefix: $0)
      // Whoever sends more than this in white space means lines.
      return kind != nil || $0.count > 1 << 20
    }
    let text = PrefixedByteSource(prefix: prefix, rest: source)
    let chosen: Layout =
      switch kind {
      case nil, .lines: .lines(LineReader(source: text, maxLineBytes: maxRecordBytes))
      case .array: .values(JSONValueSplitter(source: text, isArray: true, maxValueBytes: maxRecordBytes))
      case .values: .values(JSONValueSplitter(source: text, isArray: false, maxValueBytes: maxRecordBytes))
      }
    layout = chosen
    return chosen
  }
}

/// How a file lays out its values, by how it begins.
private enum JSONLayout {
  case lines
  case array
  case values

  /// nil while that needs more bytes.
  init?(prefix: [UInt8]) {
    guard let start = prefix.firstIndex(where: { !$0.isJSONSpace }) else { return nil }
    switch prefix[start] {
    case .openBracket: self = .array
    case .openBrace:
      let rest = prefix[(start + 1)...]
      guard let next = rest.first(where: { $0 != .space && $0 != .tab && $0 != .carriageReturn }) else { return nil }
      self = next == .lineFeed ? .values : .lines
    default: self = .lines
    }
  }
}
