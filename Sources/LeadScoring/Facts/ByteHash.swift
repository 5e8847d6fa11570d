/// A hash of byte strings, which differs from seed to seed.
struct ByteHash {
  private let seed: UInt64

  init() {
    seed = UInt64.random(in: .min ... .max)
  }

  /// FNV-1a over eight bytes at a time, finished as in MurmurHash3.
  ///
  /// - Parameter length: the key's length, perhaps with more that tells it from other keys.
  @inline(__always)
  func callAsFunction(_ key: UnsafeBufferPointer<UInt8>, length: UInt32) -> UInt32 {
    let raw = UnsafeRawBufferPointer(key)
    var state = seed ^ UInt64(length)
    var index = 0
    while index + 8 <= key.count {
      state = (state ^ raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* 0x9E37_79B9_7F4A_7C15
      state ^= state >> 32
      index += 8
    }
    if index < key.count {
      // The last bytes as one word; where there are eight in all, some of them twice.
      var rest: UInt64 = 0
      if key.count >= 8 {
        rest = raw.loadUnaligned(fromByteOffset: key.count - 8, as: UInt64.self)
      } else {
        while index < key.count {
          rest = rest << 8 | UInt64(key[index])
          index += 1
        }
      }
      state = (state ^ rest) &* 0x9E37_79B9_7F4A_7C15
    }
    state ^= state >> 33
    state = state &* 0xFF51_AFD7_ED55_8CCD
    state ^= state >> 33
    return UInt32(truncatingIfNeeded: state)
  }

  /// The hash of a key that nothing but its bytes tells from others.
  @inline(__always)
  func callAsFunction(_ key: UnsafeBufferPointer<UInt8>) -> UInt32 {
    self(key, length: UInt32(truncatingIfNeeded: key.count))
  }
}
