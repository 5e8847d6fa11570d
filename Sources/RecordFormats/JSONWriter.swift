/// Writes JSON into memory. Commas and colons come by themselves; the caller sees to it that ends match beginnings.
public struct JSONWriter {
  /// What was written; take it out and call `removeAll()` to bound the memory.
  public private(set) var bytes: [UInt8] = []
  private let isPretty: Bool
  /// For each open container whether it has an element.
  private var open: [Bool] = []
  private var followsKey = false

  /// Compact, or with two spaces a level and an element a line.
  public init(pretty: Bool = false) {
    isPretty = pretty
  }

  /// Forgets what was written and keeps the memory and the open containers, so that long output can go piece by piece.
  public mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
  }

  /// Ends the line; for JSON Lines, after each value.
  public mutating func endLine() {
    bytes.append(.lineFeed)
  }

  /// Opens an object; `key` and a value follow for each member.
  public mutating func beginObject() {
    begin(.openBrace)
  }

  /// Closes the object.
  public mutating func endObject() {
    end(.closeBrace)
  }

  /// Opens an array.
  public mutating func beginArray() {
    begin(.openBracket)
  }

  /// Closes the array.
  public mutating func endArray() {
    end(.closeBracket)
  }

  /// The name of the next value in an object.
  public mutating func key(_ name: String) {
    separate()
    appendText(name)
    bytes.append(UInt8(ascii: ":"))
    if isPretty { bytes.append(.space) }
    followsKey = true
  }

  /// A text.
  public mutating func string(_ text: String) {
    separate()
    appendText(text)
  }

  /// A text in UTF-8.
  public mutating func string(_ text: UnsafeBufferPointer<UInt8>) {
    separate()
    appendText(text)
  }

  /// A number in its shortest form, `3` for 3.0; null where JSON cannot write it (infinite or NaN).
  public mutating func number(_ double: Double) {
    separate()
    bytes.append(contentsOf: (double.isFinite ? Self.text(of: double) : "null").utf8)
  }

  /// A whole number.
  public mutating func integer(_ integer: Int64) {
    separate()
    bytes.append(contentsOf: String(integer).utf8)
  }

  /// A number of hundredths: 4500 is written 45, 4550 45.5, -5 -0.05.
  public mutating func hundredths(_ hundredths: Int64) {
    separate()
    let magnitude = hundredths.magnitude
    if hundredths < 0 { bytes.append(UInt8(ascii: "-")) }
    bytes.append(contentsOf: String(magnitude / 100).utf8)
    let tens = UInt8(magnitude % 100 / 10)
    let ones = UInt8(magnitude % 10)
    if tens != 0 || ones != 0 { bytes.append(contentsOf: [UInt8(ascii: "."), UInt8(ascii: "0") + tens]) }
    if ones != 0 { bytes.append(UInt8(ascii: "0") + ones) }
  }

  /// A truth value.
  public mutating func bool(_ truth: Bool) {
    separate()
    bytes.append(contentsOf: (truth ? "true" : "false").utf8)
  }

  /// Null.
  public mutating func null() {
    separate()
    bytes.append(contentsOf: "null".utf8)
  }

  /// A value with all that is in it; numbers in the text that they were read from.
  public mutating func value(_ value: JSONValue) {
    switch value {
    case .null: null()
    case .bool(let truth): bool(truth)
    case .number(let number):
      separate()
      bytes.append(contentsOf: number.text.utf8)
    case .string(let text): string(text)
    case .array(let elements):
      beginArray()
      for element in elements { self.value(element) }
      endArray()
    case .object(let object):
      beginObject()
      for member in object.members {
        key(member.key)
        self.value(member.value)
      }
      endObject()
    }
  }

  /// The shortest text that reads back as the same double; no exponent for whole numbers below 10^15.
  static func text(of double: Double) -> String {
    if abs(double) < 1e15, double.rounded(.towardZero) == double { return String(Int64(double)) }
    let text = double.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  // MARK: Layout

  private mutating func begin(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    open.append(false)
  }

  private mutating func end(_ bracket: UInt8) {
    let hadElements = open.popLast() ?? false
    if isPretty, hadElements { indent() }
    bytes.append(bracket)
  }

  /// Writes what stands between the last thing and the next.
  private mutating func separate() {
    if followsKey {
      followsKey = false
      return
    }
    guard let hasElements = open.last else { return }
    if hasElements { bytes.append(.comma) }
    open[open.count - 1] = true
    if isPretty { indent() }
  }

  private mutating func indent() {
    bytes.append(.lineFeed)
    bytes.append(contentsOf: repeatElement(.space, count: 2 * open.count))
  }

  // MARK: Texts

  private mutating func appendText(_ text: String) {
    var text = text
    text.withUTF8 { appendText($0) }
  }

  private mutating func appendText(_ text: UnsafeBufferPointer<UInt8>) {
    bytes.append(.quote)
    var plain = 0
    for at in 0..<text.count {
      let byte = text[at]
      if byte >= 0x20 && byte != .quote && byte != .backslash && byte != 0x7F { continue }
      bytes.append(contentsOf: text[plain..<at])
      appendEscape(byte)
      plain = at + 1
    }
    bytes.append(contentsOf: text[plain...])
    bytes.append(.quote)
  }

  private mutating func appendEscape(_ byte: UInt8) {
    bytes.append(.backslash)
    switch byte {
    case .quote, .backslash: bytes.append(byte)
    case 0x08: bytes.append(UInt8(ascii: "b"))
    case 0x0C: bytes.append(UInt8(ascii: "f"))
    case .lineFeed: bytes.append(UInt8(ascii: "n"))
    case .carriageReturn: bytes.append(UInt8(ascii: "r"))
    case .tab: bytes.append(UInt8(ascii: "t"))
    default:
      let digits = Array("0123456789abcdef".utf8)
      bytes.append(contentsOf: "u00".utf8)
      bytes.append(digits[Int(byte >> 4)])
      bytes.append(digits[Int(byte & 0x0F)])
    }
  }
}
