/// The text that is handed to libyaml: the file's, except where libyaml needs it put differently. Remembers enough to
/// lead every position back to the file.
struct YAMLText {
  private let source: SourceText
  private var scalars: [Unicode.Scalar]
  /// Columns, by line, in front of which two scalars of the file are missing here.
  private var shortenings: [Int: [Int]] = [:]

  init(_ source: SourceText) {
    self.source = source
    scalars = source.scalars
    if source.scalars.first(where: { !$0.properties.isWhitespace }).map({ $0 == "{" || $0 == "[" }) ?? false {
      joinSurrogates()
    }
  }

  /// In UTF-8.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(scalars.count)
    for scalar in scalars {
      if scalar.isASCII { bytes.append(UInt8(truncatingIfNeeded: scalar.value)) } else { bytes += scalar.utf8 }
    }
    return bytes
  }

  /// The position in the file of a position in this text.
  func original(_ position: Position) -> Position {
    guard let columns = shortenings[position.line] else { return source.clamped(position) }
    // They rise; there may be as many as values that ask for their places.
    var before = 0..<columns.count
    while !before.isEmpty {
      let middle = (before.lowerBound + before.upperBound) / 2
      before = columns[middle] <= position.column ? (middle + 1)..<before.upperBound : before.lowerBound..<middle
    }
    return source.clamped(Position(line: position.line, column: position.column + 2 * before.lowerBound))
  }

  // MARK: - JSON's surrogate pairs

  /// JSON writes a character beyond U+FFFF as two escapes, `\ud83d\ude00`, where YAML has one, `\U0001f600`.
  private mutating func joinSurrogates() {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(scalars.count)
    var index = 0
    while index < scalars.count {
      guard scalars[index] == "\\", index + 1 < scalars.count else {
        result.append(scalars[index])
        index += 1
        continue
      }
      if let high = escape(at: index), (0xD800..<0xDC00).contains(high),
        let low = escape(at: index + 6), (0xDC00..<0xE000).contains(low)
      {
        let code = 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
        let digits = String(code, radix: 16)
        let padded = String(repeating: "0", count: 8 - digits.count) + digits
        result.append(contentsOf: "\\U\(padded)".unicodeScalars)
        let place = source.position(of: index)
        let earlier = shortenings[place.line]?.count ?? 0
        shortenings[place.line, default: []].append(place.column - 2 * earlier + 10)
        index += 12
      } else {
        // Whatever follows a backslash belongs to it, a second backslash too.
        result.append(contentsOf: scalars[index...(index + 1)])
        index += 2
      }
    }
    scalars = result
  }

  private func escape(at index: Int) -> UInt32? {
    guard index + 6 <= scalars.count, scalars[index] == "\\", scalars[index + 1] == "u" else { return nil }
    var value: UInt32 = 0
    for scalar in scalars[(index + 2)..<(index + 6)] {
      guard let digit = Character(scalar).hexDigitValue, scalar.isASCII else { return nil }
      value = value << 4 + UInt32(digit)
    }
    return value
  }
}
