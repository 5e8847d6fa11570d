/// One fault, or one likely mistake, at one place of a file.
public struct Diagnostic: Hashable, Sendable {
  /// How bad it is; a file with an error is not used.
  public enum Severity: String, Hashable, Sendable {
    case error
    case warning
  }

  public var severity: Severity
  /// The name the file was given by the caller.
  public var fileName: String
  /// From 1.
  public var line: Int
  /// From 1, counted in Unicode scalars.
  public var column: Int
  public var message: String
  /// The whole line that the fault is in, without its line break.
  public var sourceLine: String
  /// What to do about it, as a clause that follows the message.
  public var hint: String?

  /// A diagnostic.
  public init(
    severity: Severity, fileName: String, line: Int, column: Int, message: String, sourceLine: String,
    hint: String? = nil
  ) {
    self.severity = severity
    self.fileName = fileName
    self.line = line
    self.column = column
    self.message = message
    self.sourceLine = sourceLine
    self.hint = hint
  }
}

extension Diagnostic: CustomStringConvertible {
  /// `rules.yaml:12:7: error: message; hint`, then the source line, then a caret.
  public var description: String {
    summary + "\n" + excerpt
  }

  /// The first line alone, for places with one line to spare.
  public var summary: String {
    "\(fileName):\(line):\(column): \(severity.rawValue): \(message)" + (hint.map { "; " + $0 } ?? "")
  }

  private static let longestExcerpt = 160

  /// The source line and the caret under its column. Of a long line (JSON on one line) only the part around the column.
  private var excerpt: String {
    let scalars = Array(sourceLine.unicodeScalars)
    let caret = min(max(column - 1, 0), scalars.count)
    var range = 0..<scalars.count
    if scalars.count > Diagnostic.longestExcerpt {
      let start = max(0, min(caret - Diagnostic.longestExcerpt / 2, scalars.count - Diagnostic.longestExcerpt))
      range = start..<(start + Diagnostic.longestExcerpt)
    }
    var shown = range.lowerBound > 0 ? "…" : ""
    var padding = range.lowerBound > 0 ? " " : ""
    for index in range {
      let scalar = scalars[index]
      // A terminal must not act on what a file contains.
      let isControl = scalar.properties.generalCategory == .control && scalar != "\t"
      shown.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
      if index < caret { padding.unicodeScalars.append(scalar == "\t" ? "\t" : " ") }
    }
    if range.upperBound < scalars.count { shown += "…" }
    return shown + "\n" + padding + "^"
  }
}

extension Sequence where Element == Diagnostic {
  /// All diagnostics as a compiler prints them, one after the other, each ending with a line break.
  public var rendered: String {
    map { $0.description + "\n" }.joined()
  }
}

/// A place in a file: line and column from 1, the column in Unicode scalars.
struct Position: Hashable, Comparable, Sendable {
  var line: Int
  var column: Int

  static let start = Position(line: 1, column: 1)

  static func < (left: Position, right: Position) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}

/// Collects what is wrong with one file.
final class DiagnosticSink {
  let source: SourceText
  private var found: [Diagnostic] = []
  // A value that an alias repeats is at fault once.
  private var seen: Set<Diagnostic> = []
  private(set) var hasErrors = false
  /// How long the source lines and the messages of all that was found are together.
  private var size = 0
  private var isFull = false

  /// Nobody reads more; and a file that a program wrote may have as many faults as letters, all on one long line.
  private static let most = 1000
  private static let largest = 4 << 20

  init(source: SourceText) {
    self.source = source
  }

  /// What was found, by position.
  var sorted: [Diagnostic] {
    let places = found.enumerated().sorted {
      ($0.element.line, $0.element.column, $0.offset) < ($1.element.line, $1.element.column, $1.offset)
    }
    return places.map(\.element)
  }

  func error(_ position: Position, _ message: String, hint: String? = nil) {
    add(.error, position, message, hint)
  }

  func warning(_ position: Position, _ message: String, hint: String? = nil) {
    add(.warning, position, message, hint)
  }

  private func add(_ severity: Diagnostic.Severity, _ position: Position, _ message: String, _ hint: String?) {
    // Always listed: who sees no error takes a file to be good.
    let isFirstError = severity == .error && !hasErrors
    if isFirstError { hasErrors = true }
    guard !isFull || isFirstError else { return }
    var diagnostic = Diagnostic(
      severity: severity, fileName: source.fileName, line: position.line, column: position.column, message: message,
      sourceLine: source.line(position.line), hint: hint)
    guard seen.insert(diagnostic).inserted else { return }
    size += diagnostic.sourceLine.utf8.count + message.utf8.count
    let isTooMuch = found.count >= DiagnosticSink.most || (size > DiagnosticSink.largest && !found.isEmpty)
    if isTooMuch, !isFirstError {
      isFull = true
      diagnostic.message = "there are too many faults; this one and those found after it are not listed"
      diagnostic.hint = nil
    }
    found.append(diagnostic)
  }
}
