/// Integers in groups of seven bits, low groups first, the eighth bit set on all but the last; signed ones zigzag.
enum VariableLength {
  @inline(__always)
  static func append(unsigned value: UInt64, to bytes: inout [UInt8]) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  @inline(__always)
  static func append(_ value: Int64, to bytes: inout [UInt8]) {
    append(unsigned: zigzag(value), to: &bytes)
  }

  @inline(__always)
  static func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: value << 1 ^ value >> 63) }

  /// The most bytes that a number takes.
  static let longest = 10

  /// Writes a number where there is room for ``longest`` bytes; returns how many it took. What stood behind them may have
  /// changed.
  @inline(__always)
  static func write(unsigned value: UInt64, to target: UnsafeMutablePointer<UInt8>) -> Int {
    if value < 0x80 {
      target[0] = UInt8(truncatingIfNeeded: value)
      return 1
    }
    return write(any: value, to: target)
  }

  /// The same for a number of which it cannot be told whether it takes one byte.
  @inline(__always)
  static func write(any value: UInt64, to target: UnsafeMutablePointer<UInt8>) -> Int {
    guard value < 1 << 56 else { return writeByByte(value, to: target) }
    // Groups of seven bits are moved apart: eights, fours, pairs; then all but the last get their eighth bit.
    var word = (value & 0x0FFF_FFFF) | (value & 0x00FF_FFFF_F000_0000) &<< 4
    word = (word & 0x0000_3FFF_0000_3FFF) | (word & 0x0FFF_C000_0FFF_C000) &<< 2
    word = (word & 0x007F_007F_007F_007F) | (word & 0x3F80_3F80_3F80_3F80) &<< 1
    let count = (70 &- (value | 1).leadingZeroBitCount) / 7
    word |= 0x8080_8080_8080_8080 & ((1 &<< UInt64(8 &* (count &- 1))) &- 1)
    UnsafeMutableRawPointer(target).storeBytes(of: word.littleEndian, as: UInt64.self)
    return count
  }

  @inline(never)
  private static func writeByByte(_ value: UInt64, to target: UnsafeMutablePointer<UInt8>) -> Int {
    var rest = value
    var count = 0
    while rest >= 0x80 {
      target[count] = UInt8(truncatingIfNeeded: rest) | 0x80
      rest >>= 7
      count &+= 1
    }
    target[count] = UInt8(truncatingIfNeeded: rest)
    return count &+ 1
  }

  /// The eight bytes at a place, the first one lowest.
  @inline(__always)
  static func word(_ place: UnsafePointer<UInt8>) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(place).loadUnaligned(as: UInt64.self))
  }

  /// How many bytes a number takes by the eighth bits, turned over, of the bytes from its first one on.
  @inline(__always)
  static func length(_ ends: UInt64) -> Int { (ends.trailingZeroBitCount &+ 1) &>> 3 }

  /// The number at the beginning of a word, of which `ends` has the eighth bits turned over.
  @inline(__always)
  static func value(_ word: UInt64, _ ends: UInt64) -> UInt64 {
    // The bits up to the first byte that ends a number; then groups of seven bits are moved together: pairs, fours,
    // eights.
    var value = word & (ends ^ (ends &- 1)) & 0x7F7F_7F7F_7F7F_7F7F
    value = (value & 0x007F_007F_007F_007F) | (value &>> 1 & 0x3F80_3F80_3F80_3F80)
    value = (value & 0x0000_3FFF_0000_3FFF) | (value &>> 2 & 0x0FFF_C000_0FFF_C000)
    return (value & 0x0FFF_FFFF) | (value &>> 4 & 0x00FF_FFFF_F000_0000)
  }

  /// Reads a number at a place, which moves behind it; 0 where none ends before `end`.
  @inline(__always)
  static func read(
    _ place: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ isDamaged: inout Bool
  ) -> UInt64 {
    if end - place >= 8 {
      let word = VariableLength.word(place)
      // Most counts are small.
      if word & 0x80 == 0 {
        place += 1
        return word & 0x7F
      }
      let ends = ~word & 0x8080_8080_8080_8080
      if ends != 0 {
        place += length(ends)
        return value(word, ends)
      }
    }
    let (value, next) = readByByte(place, end)
    if let next { place = next } else { isDamaged = true }
    return value
  }

  @inline(never)
  private static func readByByte(
    _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
  ) -> (UInt64, UnsafePointer<UInt8>?) {
    var place = start
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while place < end, shift < 64 {
      let byte = place.pointee
      // Of the last byte there is room for one bit.
      if shift == 63, byte > 1 { return (0, nil) }
      place += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return (value, place) }
      shift += 7
    }
    return (0, nil)
  }

  @inline(__always)
  static func unzigzag(_ value: UInt64) -> Int64 { Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }

  /// Whether a number takes more bytes than it need: its last byte is one of several and has nothing.
  ///
  /// - Parameter start: bytes before this one are not looked at.
  static func isAnyPadded(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Bool {
    guard let base = bytes.baseAddress, bytes.count > start else { return false }
    var index = start
    // The byte before as far as it is asked for: a byte that ends nothing.
    var before: UInt64 = 0
    while index &+ 8 <= bytes.count {
      let word = VariableLength.word(base + index)
      let nothing = ~((word & 0x7F7F_7F7F_7F7F_7F7F &+ 0x7F7F_7F7F_7F7F_7F7F) | word) & 0x8080_8080_8080_8080
      if nothing & (word &<< 8 | before) != 0 { return true }
      before = word &>> 56
      index &+= 8
    }
    while index < bytes.count {
      if base[index] == 0, before & 0x80 != 0 { return true }
      before = UInt64(base[index])
      index &+= 1
    }
    return false
  }

  /// Reads one number or several.
  struct Reader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private(set) var isDamaged = false

    init(bytes: UnsafeBufferPointer<UInt8>) {
      self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    @inline(__always)
    mutating func unsigned() -> UInt64 {
      guard let base = bytes.baseAddress else { return slowUnsigned() }
      var place = base + position
      let value = VariableLength.read(&place, base + bytes.count, &isDamaged)
      position = place - base
      return value
    }

    private mutating func slowUnsigned() -> UInt64 {
      isDamaged = true
      return 0
    }

    @inline(__always)
    mutating func signed() -> Int64 {
      VariableLength.unzigzag(unsigned())
    }
  }
}
