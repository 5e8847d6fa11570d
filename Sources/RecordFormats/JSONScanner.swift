/// The recursive descent over one JSON text, whose bytes are valid UTF-8.
struct JSONScanner {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var at = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
  }

  var isAtEnd: Bool { at == bytes.count }

  mutating func skipSpace() {
    while at < bytes.count, bytes[at].isJSONSpace { at += 1 }
  }

  mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    skipSpace()
    guard at < bytes.count else { throw failure("the text ends where a value should stand", isIncomplete: true) }
    switch bytes[at] {
    case .quote: return .string(try string())
    case .openBrace: return .object(try object(depth: depth + 1))
    case .openBracket: return .array(try array(depth: depth + 1))
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
    default: throw failure("a value cannot begin with \(character(at: at))")
    }
  }

  func failure(_ message: String, at offset: Int? = nil, isIncomplete: Bool = false) -> JSONError {
    let offset = offset ?? at
    let place = TextPlace(atEndOf: UnsafeBufferPointer(rebasing: bytes[..<offset]))
    return JSONError(
      offset: offset, line: place.lineEnds + 1, column: place.column, message: message, isIncomplete: isIncomplete)
  }

  /// The character at a place, for a message.
  private func character(at offset: Int) -> String {
    let byte = bytes[offset]
    if byte < 0x20 || byte == 0x7F { return "the control character 0x" + String(byte, radix: 16, uppercase: true) }
    let tail = bytes[offset...].prefix(4)
    guard let scalar = String(decoding: tail, as: UTF8.self).unicodeScalars.first else { return "nothing" }
    return "'\(scalar)'"
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    for index in 0..<word.utf8CodeUnitCount {
      let found = at + index
      if found == bytes.count { throw failure("'\(word)' is cut off", isIncomplete: true) }
      if bytes[found] != word.utf8Start[index] {
        throw failure("expected '\(word)'; texts stand in double quotes")
      }
    }
    at += word.utf8CodeUnitCount
    return value
  }

  // MARK: Arrays and objects

  private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
    try enter(depth)
    var elements: [JSONValue] = []
    if try closes(with: .closeBracket, of: "array") { return elements }
    while true {
      elements.append(try value(depth: depth))
      if try !continues(before: .closeBracket, of: "array") { return elements }
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
    try enter(depth)
    var members: [JSONObject.Member] = []
    // Looking through a few names is quicker than hashing them.
    var manyNames: Set<String> = []
    if try closes(with: .closeBrace, of: "object") { return JSONObject() }
    members.reserveCapacity(8)
    while true {
      skipSpace()
      guard at < bytes.count else { throw failure("the object is never closed", isIncomplete: true) }
      guard bytes[at] == .quote else {
        throw failure("expected a member's name in double quotes, found \(character(at: at))")
      }
      let nameOffset = at
      let key = try string()
      if members.count == 16 { manyNames = Set(members.map(\.key)) }
      let isRepeated =
        members.count < 16 ? members.contains { $0.key == key } : !manyNames.insert(key).inserted
      if isRepeated { throw failure("the name \"\(key)\" stands twice in the object", at: nameOffset) }
      skipSpace()
      guard at < bytes.count else { throw failure("the object is never closed", isIncomplete: true) }
      guard bytes[at] == UInt8(ascii: ":") else {
        throw failure("expected ':' after the name \"\(key)\", found \(character(at: at))")
      }
      at += 1
      members.append(JSONObject.Member(key: key, value: try value(depth: depth)))
      if try !continues(before: .closeBrace, of: "object") { return JSONObject(members) }
    }
  }

  private mutating func enter(_ depth: Int) throws(JSONError) {
    if depth > JSONParser.depthLimit { throw failure("nested more than \(JSONParser.depthLimit) deep") }
    at += 1
  }

  /// Whether the container is empty.
  private mutating func closes(with close: UInt8, of container: StaticString) throws(JSONError) -> Bool {
    skipSpace()
    guard at < bytes.count else { throw failure("the \(container) is never closed", isIncomplete: true) }
    guard bytes[at] == close else { return false }
    at += 1
    return true
  }

  /// Passes over what follows an element; false where that closes the container.
  private mutating func continues(before close: UInt8, of container: StaticString) throws(JSONError) -> Bool {
    skipSpace()
    guard at < bytes.count else { throw failure("the \(container) is never closed", isIncomplete: true) }
    let byte = bytes[at]
    guard byte == .comma || byte == close else {
      throw failure("expected ',' or the end of the \(container), found \(character(at: at))")
    }
    at += 1
    if byte == close { return false }
    skipSpace()
    if at < bytes.count, bytes[at] == close { throw failure("a comma stands before the end of the \(container)") }
    return true
  }

  // MARK: Texts

  private mutating func string() throws(JSONError) -> String {
    let open = at
    let start = at + 1
    at = start
    try skipPlainText(open: open)
    if bytes[at] == .quote {
      let text = String(decoding: bytes[start..<at], as: UTF8.self)
      at += 1
      return text
    }
    var text = Array(bytes[start..<at])
    while bytes[at] != .quote {
      try appendEscape(to: &text, open: open)
      let plain = at
      try skipPlainText(open: open)
      text.append(contentsOf: bytes[plain..<at])
    }
    at += 1
    return String(decoding: text, as: UTF8.self)
  }

  /// Goes to the next quote or backslash.
  private mutating func skipPlainText(open: Int) throws(JSONError) {
    while at < bytes.count {
      let byte = bytes[at]
      if byte == .quote || byte == .backslash { return }
      if byte < 0x20 {
        throw failure("\(character(at: at)) must be written as an escape within a text")
      }
      at += 1
    }
    throw failure("the text that opens here is never closed", at: open, isIncomplete: true)
  }

  private mutating func appendEscape(to text: inout [UInt8], open: Int) throws(JSONError) {
    let start = at
    at += 1
    guard at < bytes.count else {
      throw failure("the text that opens here is never closed", at: open, isIncomplete: true)
    }
    let letter = bytes[at]
    at += 1
    switch letter {
    case .quote, .backslash, UInt8(ascii: "/"): text.append(letter)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(.lineFeed)
    case UInt8(ascii: "r"): text.append(.carriageReturn)
    case UInt8(ascii: "t"): text.append(.tab)
    case UInt8(ascii: "u"): appendUTF8(try escapedScalar(start: start), to: &text)
    default: throw failure("\\ before \(character(at: at - 1)) is not an escape", at: start)
    }
  }

  private mutating func escapedScalar(start: Int) throws(JSONError) -> UInt32 {
    let unit = try hexUnit(start: start)
    guard 0xD800..<0xE000 ~= unit else { return unit }
    if unit < 0xDC00, at + 1 < bytes.count, bytes[at] == .backslash, bytes[at + 1] == UInt8(ascii: "u") {
      at += 2
      let low = try hexUnit(start: start)
      if 0xDC00..<0xE000 ~= low { return 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00) }
    }
    throw failure("half of a surrogate pair stands alone", at: start)
  }

  private mutating func hexUnit(start: Int) throws(JSONError) -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard at < bytes.count else { throw failure("the escape is cut off", at: start, isIncomplete: true) }
      let digit: UInt8
      switch bytes[at] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = bytes[at] - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = bytes[at] - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = bytes[at] - UInt8(ascii: "A") + 10
      default: throw failure("\\u needs four hexadecimal digits", at: start)
      }
      unit = unit << 4 | UInt32(digit)
      at += 1
    }
    return unit
  }

  // MARK: Numbers

  private mutating func number() throws(JSONError) -> JSONNumber {
    let start = at
    let isNegative = bytes[at] == UInt8(ascii: "-")
    if isNegative { at += 1 }
    var digits = DecimalDigits()
    let whole = at
    try skipDigits(&digits)
    if bytes[whole] == UInt8(ascii: "0"), at > whole + 1 { throw failure("a number cannot begin with 0", at: start) }
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      at += 1
      let fraction = at
      try skipDigits(&digits)
      digits.exponent = fraction - at
    }
    var hasExponent = false
    if at < bytes.count, bytes[at] == UInt8(ascii: "e") || bytes[at] == UInt8(ascii: "E") {
      hasExponent = true
      at += 1
      if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
      var ignored = DecimalDigits()
      try skipDigits(&ignored)
    }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if !hasExponent, let magnitude = digits.exact {
      return JSONNumber(double: isNegative ? -magnitude : magnitude, text: text)
    }
    guard let double = Double(text), double.isFinite else {
      throw failure("the number is too large", at: start)
    }
    return JSONNumber(double: double, text: text)
  }

  private mutating func skipDigits(_ digits: inout DecimalDigits) throws(JSONError) {
    let start = at
    while at < bytes.count, bytes[at].isDigit {
      digits.append(bytes[at])
      at += 1
    }
    if at > start { return }
    if at == bytes.count { throw failure("the number is cut off", isIncomplete: true) }
    throw failure("expected a digit, found \(character(at: at))")
  }
}

/// Digits of a decimal, as far as a double holds them exactly.
private struct DecimalDigits {
  private var value: UInt64 = 0
  private var count = 0
  /// The power of ten that the digits are multiplied with; not positive.
  var exponent = 0

  mutating func append(_ digit: UInt8) {
    count += 1
    if count <= 15 { value = value * 10 + UInt64(digit - UInt8(ascii: "0")) }
  }

  /// The nearest double: a whole number below 10^15 and a power of ten up to 10^22 are exact, so one division rounds
  /// once. nil where that does not apply.
  var exact: Double? {
    guard count <= 15, exponent >= -22 else { return nil }
    return exponent == 0 ? Double(value) : Double(value) / Self.powers[-exponent]
  }

  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]
}
