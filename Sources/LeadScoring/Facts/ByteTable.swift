/// A map from byte strings to numbers: open addressing over one arena, so that a million keys cost their bytes and some
/// twelve bytes each, and a look-up allocates nothing. Keys are compared whole.
struct ByteTable {
  private struct Slot {
    var hash: UInt32
    var offset: UInt32
    var length: UInt32
    var value: UInt32
  }

  private var slots: [Slot]
  private var arena: [UInt8] = []
  private var mask: Int
  /// How many keys there are.
  private(set) var count = 0
  private var lastOffset = 0
  private let seed = UInt64.random(in: .min ... .max)

  private static let free = UInt32.max

  init() {
    mask = 255
    slots = Array(repeating: Slot(hash: 0, offset: 0, length: 0, value: ByteTable.free), count: 256)
  }

  /// The number of a key. O(key)
  func value(for key: UnsafeBufferPointer<UInt8>) -> UInt32? {
    let hash = self.hash(key)
    return slots.withUnsafeBufferPointer { slots in
      arena.withUnsafeBufferPointer { arena in
        var index = Int(hash) & mask
        while slots[index].value != ByteTable.free {
          let slot = slots[index]
          if slot.hash == hash, Int(slot.length) == key.count,
            ByteTable.equal(arena, Int(slot.offset), key)
          {
            return slot.value
          }
          index = (index + 1) & mask
        }
        return nil
      }
    }
  }

  /// Adds a key that is not there yet; its number is below 2³² − 1.
  mutating func insert(_ key: UnsafeBufferPointer<UInt8>, value: UInt32) {
    if count * 4 >= slots.count * 3 { grow() }
    let hash = self.hash(key)
    lastOffset = arena.count
    place(Slot(hash: hash, offset: UInt32(arena.count), length: UInt32(key.count), value: value))
    arena.append(contentsOf: key)
    count += 1
  }

  /// Where the key that was inserted last begins among all keys' bytes.
  var lastKeyOffset: Int { lastOffset }

  /// Calls `body` with the bytes of a key by its place.
  func withKey<Result>(at offset: Int, count: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows
    -> Result
  {
    try arena.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[offset..<(offset + count)])) }
  }

  private mutating func place(_ slot: Slot) {
    var index = Int(slot.hash) & mask
    while slots[index].value != ByteTable.free { index = (index + 1) & mask }
    slots[index] = slot
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: Slot(hash: 0, offset: 0, length: 0, value: ByteTable.free), count: old.count * 2)
    mask = slots.count - 1
    for slot in old where slot.value != ByteTable.free { place(slot) }
  }

  private static func equal(
    _ arena: UnsafeBufferPointer<UInt8>, _ offset: Int, _ key: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    for index in 0..<key.count where arena[offset + index] != key[index] { return false }
    return true
  }

  /// FNV-1a over eight bytes at a time, finished as in MurmurHash3.
  private func hash(_ key: UnsafeBufferPointer<UInt8>) -> UInt32 {
    let raw = UnsafeRawBufferPointer(key)
    var state = seed ^ UInt64(key.count)
    var index = 0
    while index + 8 <= key.count {
      state = (state ^ raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* 0x9E37_79B9_7F4A_7C15
      state ^= state >> 32
      index += 8
    }
    while index < key.count {
      state = (state ^ UInt64(key[index])) &* 0x0000_0100_0000_01B3
      index += 1
    }
    state ^= state >> 33
    state = state &* 0xFF51_AFD7_ED55_8CCD
    state ^= state >> 33
    return UInt32(truncatingIfNeeded: state)
  }
}
