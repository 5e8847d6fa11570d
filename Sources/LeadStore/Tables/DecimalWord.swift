/// Decimal digits, eight bytes at a time.
enum DecimalWord {
  /// The eight bytes at a place, the first one lowest.
  @inline(__always)
  static func load(_ place: UnsafePointer<UInt8>) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(place).loadUnaligned(as: UInt64.self))
  }

  /// The bytes with digits turned into what they are worth.
  @inline(__always)
  static func values(_ word: UInt64) -> UInt64 { word ^ 0x3030_3030_3030_3030 }

  /// Of what ``values(_:)`` gave: the eighth bit of each byte that is no digit, up to the first one; what is above means
  /// nothing.
  @inline(__always)
  static func others(_ values: UInt64) -> UInt64 { (values &+ 0x7676_7676_7676_7676 | values) & 0x8080_8080_8080_8080 }

  /// The eighth bit of each byte that has a value, up to the first one; what is above means nothing.
  @inline(__always)
  static func bytes(equalTo byte: UInt8, in word: UInt64) -> UInt64 {
    let difference = word ^ (UInt64(byte) &* 0x0101_0101_0101_0101)
    return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
  }

  /// The eighth bit of each byte that is a quotation mark or a backslash, up to the first one; what is above means nothing.
  @inline(__always)
  static func textMarks(in word: UInt64) -> UInt64 {
    bytes(equalTo: UInt8(ascii: "\""), in: word) | bytes(equalTo: UInt8(ascii: "\\"), in: word)
  }

  /// The number of eight digits, the first in the lowest byte: pairs, fours, eights.
  @inline(__always)
  static func combined(_ values: UInt64) -> UInt64 {
    var value = values &* 10 &+ values &>> 8
    value = value & 0x00FF_00FF_00FF_00FF
    value = value &* 100 &+ value &>> 16
    value = value & 0x0000_FFFF_0000_FFFF
    return (value &* 10_000 &+ value &>> 32) & 0xFFFF_FFFF
  }

  /// The number of the first digits, one to seven of them.
  @inline(__always)
  static func combined(_ values: UInt64, count: Int) -> UInt64 { combined(values &<< UInt64(64 &- count &* 8)) }

  /// The number at a place, which moves behind its digits; 0 where there is none.
  @inline(__always)
  static func number(_ place: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Int64 {
    var value: UInt64 = 0
    while end - place >= 8 {
      let values = DecimalWord.values(load(place))
      let others = others(values)
      if others == 0 {
        value = value &* 100_000_000 &+ combined(values)
        place += 8
        continue
      }
      let count = others.trailingZeroBitCount &>> 3
      if count == 0 { return Int64(bitPattern: value) }
      place += count
      // A one before the digits gives the power of ten.
      let power = combined(1 &<< UInt64(56 &- count &* 8))
      return Int64(bitPattern: value &* power &+ combined(values, count: count))
    }
    while place < end, place.pointee &- 48 < 10 {
      value = value &* 10 &+ UInt64(place.pointee &- 48)
      place += 1
    }
    return Int64(bitPattern: value)
  }
}
