#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

/// A map from byte strings to numbers: open addressing over one arena, so that a million keys cost their bytes and some
/// twenty bytes each, and a look-up allocates nothing. Keys are compared whole.
final class ByteTable {
  private struct Slot {
    var hash: UInt32
    /// Where the entry begins in the arena, plus 1; 0 for a free slot.
    var place: UInt32
  }

  /// An entry is its number, the key's length with the tag in the highest eight bits, and the key.
  private static let headerSize = 8
  /// Keys are shorter than this.
  static let longest = 1 << 24

  @exclusivity(unchecked) private var slots: UnsafeMutablePointer<Slot>
  @exclusivity(unchecked) private var slotCount: Int
  @exclusivity(unchecked) private var arena: UnsafeMutableRawPointer
  @exclusivity(unchecked) private var arenaCount = 0
  @exclusivity(unchecked) private var arenaCapacity: Int
  /// How many keys there are.
  @exclusivity(unchecked) private(set) var count = 0
  /// Where the key that was inserted last begins among all entries' bytes.
  @exclusivity(unchecked) private(set) var lastKeyOffset = 0
  /// The hash of keys with the tag 0.
  let hash: ByteHash

  init() {
    hash = ByteHash()
    slotCount = 256
    slots = ByteTable.freeSlots(slotCount)
    arenaCapacity = 4096
    arena = ByteTable.resized(nil, arenaCapacity)
  }

  private init(copying other: ByteTable) {
    hash = other.hash
    slotCount = other.slotCount
    slots = .allocate(capacity: slotCount)
    slots.initialize(from: other.slots, count: slotCount)
    arenaCount = other.arenaCount
    arenaCapacity = max(4096, arenaCount)
    arena = ByteTable.resized(nil, arenaCapacity)
    arena.copyMemory(from: other.arena, byteCount: arenaCount)
    count = other.count
    lastKeyOffset = other.lastKeyOffset
  }

  deinit {
    slots.deallocate()
    free(arena)
  }

  /// A table with the same keys and hashes. O(keys)
  func copy() -> ByteTable { ByteTable(copying: self) }

  private static func freeSlots(_ count: Int) -> UnsafeMutablePointer<Slot> {
    let slots = UnsafeMutablePointer<Slot>.allocate(capacity: count)
    slots.initialize(repeating: Slot(hash: 0, place: 0), count: count)
    return slots
  }

  /// Grown in place where the system can, so that there are not two of it for a time.
  private static func resized(_ memory: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer {
    guard let resized = realloc(memory, size) else { preconditionFailure("out of memory") }
    return resized
  }

  /// The number of a key. O(key)
  ///
  /// - Parameter tag: keys of different tags are different.
  @inline(__always)
  func value(for key: UnsafeBufferPointer<UInt8>, tag: UInt8 = 0) -> UInt32? {
    value(for: key, tag: tag, hash: hash(of: key, tag: tag))
  }

  /// The number of a key whose hash is known. O(key)
  @inline(__always)
  func value(for key: UnsafeBufferPointer<UInt8>, tag: UInt8 = 0, hash: UInt32) -> UInt32? {
    let mask = slotCount - 1
    let length = ByteTable.length(key, tag)
    var index = Int(hash) & mask
    while slots[index].place != 0 {
      if slots[index].hash == hash {
        let entry = arena + Int(slots[index].place) - 1
        if entry.loadUnaligned(fromByteOffset: 4, as: UInt32.self) == length, ByteTable.isKey(key, entry) {
          return entry.loadUnaligned(as: UInt32.self)
        }
      }
      index = (index + 1) & mask
    }
    return nil
  }

  @inline(__always)
  private static func length(_ key: UnsafeBufferPointer<UInt8>, _ tag: UInt8) -> UInt32 {
    UInt32(truncatingIfNeeded: key.count) | UInt32(tag) << 24
  }

  @inline(__always)
  private static func isKey(_ key: UnsafeBufferPointer<UInt8>, _ entry: UnsafeMutableRawPointer) -> Bool {
    guard let base = key.baseAddress else { return true }
    return memcmp(entry + headerSize, base, key.count) == 0
  }

  /// Brings what a look-up reads first into the processor's cache; many of these overlap where look-ups would wait for
  /// each other. The result is of no use but to keep the read.
  @inline(__always)
  func touch(hash: UInt32) -> UInt32 { slots[Int(hash) & (slotCount - 1)].place }

  /// Whether another key can be added: all keys together have fewer than four billion bytes.
  func hasRoom(for key: UnsafeBufferPointer<UInt8>) -> Bool {
    arenaCount + ByteTable.headerSize + key.count < UInt32.max
  }

  /// Adds a key that is not there yet, and for which there is room.
  func insert(_ key: UnsafeBufferPointer<UInt8>, tag: UInt8 = 0, value: UInt32) {
    insert(key, tag: tag, hash: hash(of: key, tag: tag), value: value)
  }

  /// Adds a key that is not there yet and whose hash is known.
  func insert(_ key: UnsafeBufferPointer<UInt8>, tag: UInt8 = 0, hash: UInt32, value: UInt32) {
    if count * 4 >= slotCount * 3 { grow() }
    let size = ByteTable.headerSize + key.count
    if arenaCount + size > arenaCapacity {
      arenaCapacity = max(arenaCapacity * 3 / 2, arenaCount + size)
      arena = ByteTable.resized(arena, arenaCapacity)
    }
    let entry = arena + arenaCount
    entry.storeBytes(of: value, as: UInt32.self)
    entry.storeBytes(of: ByteTable.length(key, tag), toByteOffset: 4, as: UInt32.self)
    if let base = key.baseAddress { (entry + ByteTable.headerSize).copyMemory(from: base, byteCount: key.count) }
    lastKeyOffset = arenaCount + ByteTable.headerSize
    place(Slot(hash: hash, place: UInt32(truncatingIfNeeded: arenaCount + 1)))
    arenaCount += size
    count += 1
  }

  /// Calls `body` with the bytes of a key by its place.
  func withKey<Result>(at offset: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    let length = (arena + offset).loadUnaligned(fromByteOffset: -4, as: UInt32.self)
    return try body(
      UnsafeBufferPointer(
        start: (arena + offset).assumingMemoryBound(to: UInt8.self), count: Int(length & (1 << 24 - 1))))
  }

  private func place(_ slot: Slot) {
    let mask = slotCount - 1
    var index = Int(slot.hash) & mask
    while slots[index].place != 0 { index = (index + 1) & mask }
    slots[index] = slot
  }

  private func grow() {
    let (old, oldCount) = (slots, slotCount)
    slotCount *= 2
    slots = ByteTable.freeSlots(slotCount)
    for index in 0..<oldCount where old[index].place != 0 { place(old[index]) }
    old.deallocate()
  }

  @inline(__always)
  private func hash(of key: UnsafeBufferPointer<UInt8>, tag: UInt8) -> UInt32 {
    hash(key, length: ByteTable.length(key, tag))
  }
}
