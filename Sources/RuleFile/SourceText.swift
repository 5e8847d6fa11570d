/// The text of a file with its lines, broken where YAML breaks them, so that positions mean the same everywhere.
struct SourceText {
  let fileName: String
  /// Without a byte order mark.
  let scalars: [Unicode.Scalar]
  /// Where each line begins in `scalars`.
  private let lineStarts: [Int]

  init(_ text: String, fileName: String) {
    self.fileName = fileName
    var scalars = Array(text.unicodeScalars)
    if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
    var starts = [0]
    var index = 0
    while index < scalars.count {
      let scalar = scalars[index]
      index += 1
      guard SourceText.isBreak(scalar) else { continue }
      if scalar == "\r", index < scalars.count, scalars[index] == "\n" { index += 1 }
      starts.append(index)
    }
    self.scalars = scalars
    lineStarts = starts
  }

  static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": true
    default: false
    }
  }

  /// The line, from 1, without its break; empty beyond the end.
  func line(_ number: Int) -> String {
    guard number >= 1, number <= lineStarts.count else { return "" }
    let start = lineStarts[number - 1]
    let rest = scalars[start...]
    let end = rest.firstIndex(where: SourceText.isBreak) ?? rest.endIndex
    var text = String.UnicodeScalarView()
    text.append(contentsOf: rest[..<end])
    return String(text)
  }

  /// The place in `scalars` of a position; nil beyond the end.
  func offset(of position: Position) -> Int? {
    guard position.line >= 1, position.line <= lineStarts.count, position.column >= 1 else { return nil }
    let offset = lineStarts[position.line - 1] + position.column - 1
    return offset <= scalars.count ? offset : nil
  }

  /// The position of a place in `scalars`.
  func position(of offset: Int) -> Position {
    var low = 0
    var high = lineStarts.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle - 1 }
    }
    return Position(line: low + 1, column: offset - lineStarts[low] + 1)
  }

  /// The same position, or the end of the text where it lies beyond: libyaml counts one line more at the very end.
  func clamped(_ position: Position) -> Position {
    offset(of: position) == nil ? self.position(of: scalars.count) : position
  }

  /// The place behind the last character that is not blank.
  var endOfContent: Position {
    let last = scalars.lastIndex { !$0.properties.isWhitespace }
    return position(of: last.map { $0 + 1 } ?? 0)
  }

  /// The first character that YAML does not allow in a file, if any.
  var firstForbidden: Int? {
    scalars.firstIndex { scalar in
      switch scalar.value {
      case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF:
        false
      default:
        true
      }
    }
  }
}
