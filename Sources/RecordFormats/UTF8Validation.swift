/// Every byte's top bit, in a word of eight.
let highBits: UInt64 = 0x8080_8080_8080_8080

/// The offset of the first byte that breaks UTF-8 (RFC 3629: no overlong forms, no surrogates), or nil.
///
/// ASCII goes by eight bytes at a time.
func firstInvalidUTF8(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
  guard let base = bytes.baseAddress else { return nil }
  let raw = UnsafeRawPointer(base)
  let count = bytes.count
  var at = 0
  while at < count {
    if at + 8 <= count, raw.loadUnaligned(fromByteOffset: at, as: UInt64.self) & highBits == 0 {
      at += 8
      continue
    }
    let lead = base[at]
    if lead < 0x80 {
      at += 1
      continue
    }
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch lead {
    case 0xC2...0xDF: length = 2
    case 0xE0...0xEF:
      length = 3
      if lead == 0xE0 { second = 0xA0...0xBF }
      if lead == 0xED { second = 0x80...0x9F }
    case 0xF0...0xF4:
      length = 4
      if lead == 0xF0 { second = 0x90...0xBF }
      if lead == 0xF4 { second = 0x80...0x8F }
    default: return at
    }
    guard at + length <= count, second ~= base[at + 1] else { return at }
    for offset in 2..<max(2, length) where base[at + offset] & 0xC0 != 0x80 { return at }
    at += length
  }
  return nil
}

/// What to tell the user about a byte that is not UTF-8.
func invalidUTF8Message(byte: UInt8, column: Int) -> String {
  let digits = String(byte, radix: 16, uppercase: true)
  return """
    byte 0x\(byte < 16 ? "0" : "")\(digits) at column \(column) is not valid UTF-8; \
    the file looks like Latin-1 or Windows-1252: pass --encoding windows-1252
    """
}
