/// Text as facts keep it.
enum NormalizedText {
  /// Whether bytes are ASCII, and so in NFC already. O(bytes)
  static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var index = 0
    let raw = UnsafeRawBufferPointer(bytes)
    while index + 8 <= bytes.count {
      if raw.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { return false }
      index += 8
    }
    while index < bytes.count {
      if bytes[index] >= 0x80 { return false }
      index += 1
    }
    return true
  }

  /// Whether bytes are a text that stands in JSON as it is, and is in NFC. O(bytes)
  static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let raw = UnsafeRawBufferPointer(bytes)
    guard raw.count >= 8 else {
      // Spaces in the places of bytes that are not there.
      var word: UInt64 = 0x2020_2020_2020_2020
      for byte in raw { word = word << 8 | UInt64(byte) }
      return others(word) == 0
    }
    var index = 0
    while index &+ 8 < raw.count {
      if others(raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)) != 0 { return false }
      index &+= 8
    }
    // The last eight, of which some may have been looked at already.
    return others(raw.loadUnaligned(fromByteOffset: raw.count &- 8, as: UInt64.self)) == 0
  }

  /// Not 0 where some of eight bytes are not ASCII, a control character, a quotation mark or a backslash.
  @inline(__always)
  private static func others(_ word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let quotes = word ^ (0x22 * ones)
    let slashes = word ^ (0x5C * ones)
    return (word | (word &- 0x20 * ones) & ~word | (quotes &- ones) & ~quotes | (slashes &- ones) & ~slashes)
      & (0x80 * ones)
  }

  /// The text without white space at its ends.
  static func trimmed(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
      let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
    else { return "" }
    return String(scalars[first...last])
  }

  /// The bytes without ASCII white space at their ends.
  @inline(__always)
  static func trimmed(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    guard !bytes.isEmpty, isSpace(bytes[0]) || isSpace(bytes[bytes.count &- 1]) else { return bytes }
    return trimmedEnds(bytes)
  }

  @inline(never)
  private static func trimmedEnds(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    var start = 0
    var end = bytes.count
    while start < end, isSpace(bytes[start]) { start += 1 }
    while end > start, isSpace(bytes[end - 1]) { end -= 1 }
    return UnsafeBufferPointer(rebasing: bytes[start..<end])
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

  /// Appends a JSON text with its quotation marks.
  static func appendJSON(_ bytes: UnsafeBufferPointer<UInt8>, to target: inout [UInt8]) {
    target.append(UInt8(ascii: "\""))
    if bytes.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
      target.append(contentsOf: bytes)
    } else {
      for byte in bytes {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
          target.append(UInt8(ascii: "\\"))
          target.append(byte)
        case UInt8(ascii: "\n"): target.append(contentsOf: "\\n".utf8)
        case UInt8(ascii: "\t"): target.append(contentsOf: "\\t".utf8)
        case UInt8(ascii: "\r"): target.append(contentsOf: "\\r".utf8)
        case 0..<0x20:
          target.append(contentsOf: "\\u00".utf8)
          let digits = Array("0123456789abcdef".utf8)
          target.append(digits[Int(byte >> 4)])
          target.append(digits[Int(byte & 15)])
        default: target.append(byte)
        }
      }
    }
    target.append(UInt8(ascii: "\""))
  }
}
