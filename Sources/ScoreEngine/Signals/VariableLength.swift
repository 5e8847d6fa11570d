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

  /// Writes a number where there is room for ``longest`` bytes; returns how many it took.
  @inline(__always)
  static func write(unsigned value: UInt64, to target: UnsafeMutablePointer<UInt8>) -> Int {
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

  struct Reader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private(set) var isDamaged = false

    init(bytes: UnsafeBufferPointer<UInt8>) {
      self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    @inline(__always)
    func has(_ count: Int) -> Bool { bytes.count &- position >= count }

    mutating func markDamaged() { isDamaged = true }

    @inline(__always)
    mutating func unsigned() -> UInt64 {
      guard bytes.count &- position >= 8, let base = bytes.baseAddress else { return slowUnsigned() }
      let word = UInt64(
        littleEndian: UnsafeRawPointer(base).loadUnaligned(fromByteOffset: position, as: UInt64.self))
      // The first byte without its eighth bit ends the number.
      let ends = ~word & 0x8080_8080_8080_8080
      if ends == 0 { return slowUnsigned() }
      let last = ends.trailingZeroBitCount
      position &+= (last &+ 1) &>> 3
      // Bytes behind the number go, then its groups of seven bits are moved together: pairs, fours, eights.
      var value = word & (UInt64.max &>> UInt64(63 &- last)) & 0x7F7F_7F7F_7F7F_7F7F
      value = (value & 0x007F_007F_007F_007F) | (value & 0x7F00_7F00_7F00_7F00) &>> 1
      value = (value & 0x0000_3FFF_0000_3FFF) | (value & 0x3FFF_0000_3FFF_0000) &>> 2
      return (value & 0x0FFF_FFFF) | (value &>> 4 & 0x00FF_FFFF_F000_0000)
    }

    @inline(never)
    private mutating func slowUnsigned() -> UInt64 {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while position < bytes.count, shift < 64 {
        let byte = bytes[position]
        position += 1
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
        shift += 7
      }
      isDamaged = true
      return 0
    }

    @inline(__always)
    mutating func signed() -> Int64 {
      let value = unsigned()
      return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
  }
}
