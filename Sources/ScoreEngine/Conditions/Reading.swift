/// What a text reads as, where an operand asks for a number or a boolean.
enum Reading {
  /// The number that a text reads as after trimming: `-?digits[.digits][e±digits]` and nothing else.
  static func number(_ text: String) -> Double? {
    let trimmed = trim(text)
    var bytes = trimmed.utf8.makeIterator()
    var next = bytes.next()
    func isDigit(_ byte: UInt8?) -> Bool { byte.map { (48...57).contains($0) } ?? false }
    if next == UInt8(ascii: "-") { next = bytes.next() }
    guard isDigit(next) else { return nil }
    while isDigit(next) { next = bytes.next() }
    if next == UInt8(ascii: ".") {
      next = bytes.next()
      guard isDigit(next) else { return nil }
      while isDigit(next) { next = bytes.next() }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      next = bytes.next()
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { next = bytes.next() }
      guard isDigit(next) else { return nil }
      while isDigit(next) { next = bytes.next() }
    }
    guard next == nil else { return nil }
    return Double(trimmed)
  }

  /// The boolean that a text reads as: `true yes y 1 on` and `false no n 0 off`, in any case.
  static func boolean(_ text: String) -> Bool? {
    guard text.utf8.count <= 5 else { return nil }
    switch FoldedText(text).text {
    case "true", "yes", "y", "1", "on": return true
    case "false", "no", "n", "0", "off": return false
    default: return nil
    }
  }

  /// The text without white space (Unicode's property) at its ends.
  static func trim(_ text: String) -> Substring {
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return "" }
    return text[first...last]
  }
}
