/// The text that is handed to Yams: the file's, except where Yams needs it put differently. Remembers enough to lead
/// every position back to the file.
struct YAMLText {
  let source: SourceText
  private(set) var scalars: [Unicode.Scalar]
  /// The true names of renamed keys, by their position in this text.
  private(set) var renamedKeys: [Position: String] = [:]
  /// Columns, by line, in front of which two scalars of the file are missing here.
  private var shortenings: [Int: [Int]] = [:]

  init(_ source: SourceText) {
    self.source = source
    scalars = source.scalars
    if source.scalars.first(where: { !$0.properties.isWhitespace }).map({ $0 == "{" || $0 == "[" }) ?? false {
      joinSurrogates()
    }
  }

  var string: String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(scalars.count)
    for scalar in scalars {
      if scalar.isASCII { bytes.append(UInt8(truncatingIfNeeded: scalar.value)) } else { bytes += scalar.utf8 }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The position in the file of a position in this text.
  func original(_ position: Position) -> Position {
    guard let columns = shortenings[position.line] else { return source.clamped(position) }
    let before = columns.count { $0 <= position.column }
    return source.clamped(Position(line: position.line, column: position.column + 2 * before))
  }

  // MARK: - Duplicate keys

  /// Gives the key at a position another name of the same length; false where its text does not stand there as it is
  /// (escapes, anchors, several lines).
  mutating func renameKey(_ name: String, at position: Position) -> Bool {
    // Positions here may differ from the file's by what was shortened on the same line.
    guard var start = source.offset(of: original(position)).map({ $0 - lost(before: position) }),
      start < scalars.count
    else { return false }
    let quote = scalars[start]
    if quote == "\"" || quote == "'" { start += 1 }
    let letters = Array(name.unicodeScalars)
    let end = start + letters.count
    guard !letters.isEmpty, end <= scalars.count, Array(scalars[start..<end]) == letters else { return false }
    if start > 0, quote == "\"" || quote == "'" {
      guard end < scalars.count, scalars[end] == quote else { return false }
    }
    // A private-use plane that no one writes keys in.
    guard let unique = Unicode.Scalar(0x100000 + UInt32(renamedKeys.count)) else { return false }
    scalars.replaceSubrange(start..<end, with: [unique] + Array(repeating: "\u{10FFFD}", count: letters.count - 1))
    renamedKeys[position] = name
    return true
  }

  /// How many scalars of the file are missing here before a position.
  private func lost(before position: Position) -> Int {
    shortenings.reduce(0) { sum, line in
      if line.key > position.line { return sum }
      if line.key < position.line { return sum + 2 * line.value.count }
      return sum + 2 * line.value.count { $0 <= position.column }
    }
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

  // MARK: - Alias bombs

  /// Yams hashes keys, and a key that is a nest of aliases takes exponential time to hash. So a file with many aliases
  /// may not have keys that look like more than text; no valid file has any.
  var mayHashAliasBomb: Bool {
    enum AliasPart { case none, name, gap }
    let most = 16
    guard scalars.count(where: { $0 == "*" }) > most else { return false }
    var aliases = 0
    var hasComplexKey = false
    var alias = AliasPart.none
    // The scalar before, not counting spaces after a closing bracket: they do not part a key from its colon.
    var previous: Unicode.Scalar = "\n"
    for (index, scalar) in scalars.enumerated() {
      let next: Unicode.Scalar = index + 1 < scalars.count ? scalars[index + 1] : "\n"
      let isGap = scalar == " " || scalar == "\t"
      let startsToken = previous.properties.isWhitespace || "[]{},:-?".unicodeScalars.contains(previous)
      if scalar == ":", alias != .none || previous == "]" || previous == "}" { hasComplexKey = true }
      if scalar == "?", startsToken, next.properties.isWhitespace { hasComplexKey = true }
      if scalar == "*", startsToken, YAMLText.isAnchorName(next) {
        aliases += 1
        alias = .name
      } else if alias == .name, !YAMLText.isAnchorName(scalar) {
        alias = isGap ? .gap : .none
      } else if alias == .gap, !isGap {
        alias = .none
      }
      if !isGap || (previous != "]" && previous != "}") { previous = scalar }
    }
    return aliases > most && hasComplexKey
  }

  private static func isAnchorName(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar == "-" || (scalar.isASCII && scalar.properties.isAlphabetic)
      || (scalar.isASCII && scalar.properties.numericType != nil)
  }
}
