/// The text with everything that a terminal would obey instead of show written visibly: control characters as `\n`,
/// `\t`, `\r`, `\x1b`; line separators, byte order marks and characters that change the direction of the text around
/// them as `\u{202e}`.
///
/// Nothing that comes from a file or a database may reach a terminal without this. O(n); returns the same string where
/// there is nothing to do.
public func sanitized(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    if isUnsafe(scalar) {
      result.append(contentsOf: visibleEscape(of: scalar).unicodeScalars)
    } else {
      result.append(scalar)
    }
  }
  return String(result)
}

/// The columns that the text takes in a terminal once it is sanitized: 0 for combining marks, 2 for East Asian wide
/// characters and emoji, 1 for the rest. O(n).
public func displayWidth(of text: String) -> Int {
  if isPlainASCII(text) { return text.utf8.count }
  return text.reduce(0) { $0 + displayWidth(of: $1) }
}

/// The sanitized text, cut to at most `width` columns; `…` (`...` without Unicode) stands for what was cut. A
/// character is never halved, so the result may be a column narrower.
public func truncated(_ text: String, to width: Int, unicode: Bool = true) -> String {
  let text = sanitized(text)
  guard displayWidth(of: text) > width else { return text }
  let ellipsis = unicode ? "…" : "..."
  let room = width - displayWidth(of: ellipsis)
  guard room > 0 else { return String(ellipsis.prefix(max(0, width))) }
  var result = ""
  var used = 0
  for character in text {
    let columns = displayWidth(of: character)
    if used + columns > room { break }
    result.append(character)
    used += columns
  }
  while result.last == " " { result.removeLast() }
  return result + ellipsis
}

/// On which side of a column a cell stands.
public enum Alignment: Sendable {
  case left
  case right
}

/// The text, which must be sanitized already, with spaces to fill `width` columns.
func padded(_ text: String, to width: Int, _ alignment: Alignment = .left) -> String {
  let spaces = String(repeating: " ", count: max(0, width - displayWidth(of: text)))
  return alignment == .left ? text + spaces : spaces + text
}

/// The sanitized text with every character outside ASCII as its `\u{…}`, for terminals in another encoding.
func asciiOnly(_ text: String) -> String {
  sanitized(text).unicodeScalars.reduce(into: "") {
    $0 += $1.isASCII ? String($1) : "\\u{\(String($1.value, radix: 16))}"
  }
}

private func isPlainASCII(_ text: String) -> Bool {
  text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
}

private func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0x20..<0x7F: false
  case 0..<0x20, 0x7F..<0xA0: true
  case 0x2028...0x202E, 0x2066...0x2069, 0xFEFF, 0xFFF9...0xFFFB: true
  default: false
  }
}

private func visibleEscape(of scalar: Unicode.Scalar) -> String {
  switch scalar {
  case "\n": return "\\n"
  case "\r": return "\\r"
  case "\t": return "\\t"
  default:
    let digits = String(scalar.value, radix: 16)
    if scalar.value > 0xFF { return "\\u{\(digits)}" }
    return "\\x" + (digits.utf8.count == 1 ? "0" : "") + digits
  }
}

private func displayWidth(of character: Character) -> Int {
  var sum = 0
  var isEmojiSequence = false
  for scalar in character.unicodeScalars {
    // A variation selector, joiner, second half of a flag or skin tone makes the whole cluster one emoji.
    switch scalar.value {
    case 0xFE0F where sum > 0, 0x1F1E6...0x1F1FF, 0x1F3FB...0x1F3FF: isEmojiSequence = true
    case 0x200D where character.unicodeScalars.first?.properties.isEmoji == true: isEmojiSequence = true
    default: break
    }
    sum += displayWidth(of: scalar)
  }
  return isEmojiSequence ? 2 : sum
}

private func displayWidth(of scalar: Unicode.Scalar) -> Int {
  if isUnsafe(scalar) { return visibleEscape(of: scalar).utf8.count }
  let value = scalar.value
  if value < 0x300 { return 1 }
  // Vowels and final consonants of conjoining Hangul are drawn inside the syllable's first letter.
  if (0x1160...0x11FF).contains(value) || (0xD7B0...0xD7FF).contains(value) { return 0 }
  switch scalar.properties.generalCategory {
  case .nonspacingMark, .enclosingMark, .format: return 0
  default: return isWide(value) ? 2 : 1
  }
}

private func isWide(_ value: UInt32) -> Bool {
  var low = 0
  var high = wideScalarRanges.count
  while low < high {
    let middle = (low + high) / 2
    if wideScalarRanges[middle].upperBound < value {
      low = middle + 1
    } else {
      high = middle
    }
  }
  return low < wideScalarRanges.count && wideScalarRanges[low].contains(value)
}
