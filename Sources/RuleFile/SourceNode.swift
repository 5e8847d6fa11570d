/// A value of a YAML file with the place where it stands. Scalars are resolved by the 1.2 core schema, texts are in
/// Unicode NFC, the keys of a map are unique texts.
struct SourceNode: Sendable {
  indirect enum Content: Sendable {
    case scalar(SourceScalar)
    case list([SourceNode])
    case map([SourceEntry])
  }

  let position: Position
  let content: Content

  var scalar: SourceScalar? {
    if case .scalar(let scalar) = content { scalar } else { nil }
  }

  var isNull: Bool { scalar?.kind == .null }

  /// What a person would call this value: `text`, `a number`, `a list`.
  var words: String {
    switch content {
    case .list: "a list"
    case .map: "a map"
    case .scalar(let scalar):
      switch scalar.kind {
      case .null: "empty"
      case .boolean: "true or false"
      case .number: "a number"
      case .text: "text"
      }
    }
  }
}

/// A key of a map and its value.
struct SourceEntry: Sendable {
  let name: String
  let position: Position
  let value: SourceNode
}

/// A scalar: its own text, and what that text means.
struct SourceScalar: Sendable {
  enum Kind: Hashable, Sendable {
    case null
    case boolean(Bool)
    /// May be infinite or NaN, which no key accepts.
    case number(Double)
    case text
  }

  let text: String
  let kind: Kind
}

/// The core schema of YAML 1.2, section 10.3.2.
enum CoreSchema {
  /// What an untagged plain scalar means.
  static func kind(ofPlain text: String) -> SourceScalar.Kind {
    // Most begin with a letter with which nothing but text begins.
    if let first = text.utf8.first, !"~.+-0123456789nNtTfF".utf8.contains(first) { return .text }
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .boolean(true)
    case "false", "False", "FALSE": return .boolean(false)
    case ".nan", ".NaN", ".NAN": return .number(.nan)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .number(.infinity)
    case "-.inf", "-.Inf", "-.INF": return .number(-.infinity)
    default: break
    }
    if let number = number(text) { return .number(number) }
    return .text
  }

  private static func number(_ text: String) -> Double? {
    let bytes = Array(text.utf8)
    if bytes.count > 2, bytes[0] == UInt8(ascii: "0") {
      let digits = text.dropFirst(2)
      if bytes[1] == UInt8(ascii: "x") { return digits.utf8.allSatisfy(isHex) ? whole(digits, radix: 16) : nil }
      if bytes[1] == UInt8(ascii: "o") {
        return digits.utf8.allSatisfy { (48...55).contains($0) } ? whole(digits, radix: 8) : nil
      }
    }
    var index = 0
    func digits() -> Int {
      let start = index
      while index < bytes.count, (48...57).contains(bytes[index]) { index += 1 }
      return index - start
    }
    func take(_ characters: String) -> Bool {
      guard index < bytes.count, characters.utf8.contains(bytes[index]) else { return false }
      index += 1
      return true
    }
    _ = take("+-")
    let units = digits()
    if take(".") {
      let places = digits()
      guard units > 0 || places > 0 else { return nil }
    } else {
      guard units > 0 else { return nil }
    }
    if take("eE") {
      _ = take("+-")
      guard digits() > 0 else { return nil }
    }
    guard index == bytes.count else { return nil }
    return decimal(text)
  }

  /// Swift reads neither `.5` nor `5.` everywhere, so both are filled up first.
  private static func decimal(_ text: String) -> Double? {
    var filled = ""
    var previous: Character = "+"
    for character in text {
      if character == ".", !previous.isNumber { filled.append("0") }
      if previous == ".", !character.isNumber { filled.append("0") }
      filled.append(character)
      previous = character
    }
    if previous == "." { filled.append("0") }
    return Double(filled)
  }

  private static func whole(_ digits: Substring, radix: Int) -> Double {
    var value = 0.0
    for digit in digits { value = value * Double(radix) + Double(digit.hexDigitValue ?? 0) }
    return value
  }

  private static func isHex(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte)
  }
}
