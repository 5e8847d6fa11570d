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
    var count = 0
    func put(_ byte: UInt8) {
      target[count] = byte
      count &+= 1
    }
    guard let text else {
      for byte in "null".utf8 { put(byte) }
      return count
    }
    put(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        put(UInt8(ascii: "\\"))
        put(byte)
      case 0..<0x20:
        for byte in "\\u00".utf8 { put(byte) }
        put(hexDigit(byte >> 4))
        put(hexDigit(byte & 15))
      default: put(byte)
      }
    }
    put(UInt8(ascii: "\""))
    return count
  }

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
