/// Texts in the JSON that the store writes itself.
enum JSONText {
  /// Appends a text with its quotation marks, or null.
  static func append(_ text: String?, to bytes: inout [UInt8]) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: longest(text)) { memory in
      // Never empty.
      guard let base = memory.baseAddress else { return }
      bytes.append(contentsOf: UnsafeBufferPointer(start: base, count: write(text, to: base)))
    }
  }

  /// The most bytes that ``write(_:to:)`` touches.
  @inline(__always)
  static func longest(_ text: String?) -> Int { 4 + (text.map { 6 * $0.utf8.count } ?? 0) }

  /// Writes a text with its quotation marks, or null; returns how many bytes it wrote.
  static func write(_ text: String?, to target: UnsafeMutablePointer<UInt8>) -> Int {
    guard var text else {
      UnsafeMutableRawPointer(target).storeBytes(of: JSONText.null, as: UInt32.self)
      return 4
    }
    return text.withUTF8 { write($0, to: target) }
  }

  private static func write(_ text: UnsafeBufferPointer<UInt8>, to target: UnsafeMutablePointer<UInt8>) -> Int {
    let (quote, backslash) = (UInt8(ascii: "\""), UInt8(ascii: "\\"))
    target.pointee = quote
    var place = target + 1
    for byte in text {
      if byte >= 0x20, byte != quote, byte != backslash {
        place.pointee = byte
        place += 1
      } else {
        place += writeEscape(of: byte, to: place)
      }
    }
    place.pointee = quote
    return place - target + 1
  }

  @inline(never)
  private static func writeEscape(of byte: UInt8, to target: UnsafeMutablePointer<UInt8>) -> Int {
    target[0] = UInt8(ascii: "\\")
    guard byte < 0x20 else {
      target[1] = byte
      return 2
    }
    for (index, digit) in [UInt8(ascii: "u"), 48, 48, hexDigit(byte >> 4), hexDigit(byte & 15)].enumerated() {
      target[index + 1] = digit
    }
    return 6
  }

  private static let null = UInt32(littleEndian: 0x6C6C_756E)

  private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? value + 48 : value + 87 }

  /// The text that stands between quotation marks; nil where an escape is none that this program or SQLite writes.
  static func decoded(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    guard bytes.contains(UInt8(ascii: "\\")) else { return String(decoding: bytes, as: UTF8.self) }
    var text: [UInt8] = []
    var index = 0
    while index < bytes.count {
      guard bytes[index] == UInt8(ascii: "\\") else {
        text.append(bytes[index])
        index += 1
        continue
      }
      guard index + 1 < bytes.count else { return nil }
      switch bytes[index + 1] {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(bytes[index + 1])
      case UInt8(ascii: "b"): text.append(8)
      case UInt8(ascii: "t"): text.append(9)
      case UInt8(ascii: "n"): text.append(10)
      case UInt8(ascii: "f"): text.append(12)
      case UInt8(ascii: "r"): text.append(13)
      case UInt8(ascii: "u"):
        guard index + 5 < bytes.count,
          let code = UInt32(String(decoding: bytes[(index + 2)...(index + 5)], as: UTF8.self), radix: 16),
          let scalar = Unicode.Scalar(code)
        else { return nil }
        text.append(contentsOf: String(Character(scalar)).utf8)
        index += 4
      default: return nil
      }
      index += 2
    }
    return String(decoding: text, as: UTF8.self)
  }
}
