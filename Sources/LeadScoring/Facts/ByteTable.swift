internal import CSystem

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
  /// An entry with an e-mail address that is not short, in bytes.
  private static let usualEntry = 48
  // An arena that is no longer small gets so much room that the C library takes it from the system by itself. Such
  // memory grows without being copied; room that is not used takes none.
  private static let largeArena = 1 << 20
  private static let leastLargeArena = 64 << 20
  /// Keys are shorter than this.
  static let longest = 1 << 24

  @exclusivity(unchecked) private var slots: UnsafeMutablePointer<Slot>
  @exclusivity(unchecked) private var slotCount: Int
  @exclusivity(unchecked) private var arena: UnsafeMutableRawPointer
  @exclusivity(unchecked) private var arenaCount = 0
  @exclusivity(unchecked) private var arenaCapacity: Int
  /// How many keys there are.
  @exclusivity(unchecked) private(set) var count = 0
  // Of keys that are in the arena and not found yet.
  @exclusivity(unchecked) private var waiting: [Slot] = []
  private static let mostWaiting = 64
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
    slots = ByteTable.freeSlots(slotCount)
    slots.update(from: other.slots, count: slotCount)
    arenaCount = other.arenaCount
    arenaCapacity = max(4096, arenaCount)
    arena = ByteTable.resized(nil, arenaCapacity)
    arena.copyMemory(from: other.arena, byteCount: arenaCount)
    count = other.count
    lastKeyOffset = other.lastKeyOffset
  }

  deinit {
    free(slots)
    free(arena)
  }

  /// A table with the same keys and hashes. O(keys)
  func copy() -> ByteTable { ByteTable(copying: self) }

  private static func freeSlots(_ count: Int) -> UnsafeMutablePointer<Slot> {
    // Zeros from the system, which gives the memory only where it is used.
    guard let memory = calloc(count, MemoryLayout<Slot>.stride) else { preconditionFailure("out of memory") }
    LargeMemory.advise(memory, count * MemoryLayout<Slot>.stride)
    return memory.bindMemory(to: Slot.self, capacity: count)
  }

  /// Grown in place where the system can, so that there are not two of it for a time.
  private static func resized(_ memory: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer {
    guard let resized = realloc(memory, size) else { preconditionFailure("out of memory") }
    LargeMemory.advise(resized, size)
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

  /// Whether an entry of the same length has a key.
  @inline(__always)
  private static func isKey(_ key: UnsafeBufferPointer<UInt8>, _ entry: UnsafeMutableRawPointer) -> Bool {
    guard let base = key.baseAddress else { return true }
    let stored = entry + headerSize
    guard key.count >= 8, key.count <= 64 else { return memcmp(stored, base, key.count) == 0 }
    // Eight bytes at a time; the last eight may overlap those before.
    let given = UnsafeRawPointer(base)
    let last = key.count &- 8
    var index = 0
    var difference =
      stored.loadUnaligned(fromByteOffset: last, as: UInt64.self)
      ^ given.loadUnaligned(fromByteOffset: last, as: UInt64.self)
    while index < last {
      difference |=
        stored.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        ^ given.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      index &+= 8
    }
    return difference == 0
  }

  // MARK: Look-ups of many keys

  // A look-up waits for memory twice, where the table is large. Those of many keys wait together when the slots of all are
  // fetched first, then all entries.

  /// Fetches the slot where the search for a key begins.
  @inline(__always)
  func fetchSlot(hash: UInt32) { csystem_fetch(slots + (Int(hash) & (slotCount &- 1))) }

  /// Where the first entry with a hash begins in the arena, plus 1; 0 where there is none. In all likelihood it is the
  /// key's, and is fetched.
  @inline(__always)
  func fetchEntry(hash: UInt32, keyCount: UInt32) -> UInt32 {
    let mask = slotCount &- 1
    var index = Int(hash) & mask
    while slots[index].place != 0, slots[index].hash != hash { index = (index &+ 1) & mask }
    let place = slots[index].place
    if place == 0 { return 0 }
    let entry = arena + (Int(place) &- 1)
    csystem_fetch(entry)
    csystem_fetch(entry + (ByteTable.headerSize &+ Int(keyCount) &- 1))
    return place
  }

  /// The number of a key, where its entry is the one at a place; nil where that is another key's.
  @inline(__always)
  func value(for key: UnsafeBufferPointer<UInt8>, at place: UInt32) -> UInt32? {
    guard place != 0 else { return nil }
    let entry = arena + (Int(place) &- 1)
    guard entry.loadUnaligned(fromByteOffset: 4, as: UInt32.self) == ByteTable.length(key, 0),
      ByteTable.isKey(key, entry)
    else { return nil }
    return entry.loadUnaligned(as: UInt32.self)
  }

  // MARK: Changes

  /// Makes room for so many keys in all, so that it need not be made again and again. Room that is not used takes no
  /// memory.
  func reserve(_ keys: Int) {
    let size = min(keys * ByteTable.usualEntry, Int(UInt32.max))
    if size > arenaCapacity {
      arena = ByteTable.resized(arena, size)
      arenaCapacity = size
    }
    var needed = slotCount
    while keys * 4 >= needed * 3 { needed *= 2 }
    if needed > slotCount { resize(to: needed) }
  }

  /// Lets go of what finds keys. None is found or added any more; those whose places are known are still there.
  func endLookups() {
    free(slots)
    slotCount = 256
    slots = ByteTable.freeSlots(slotCount)
  }

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
    place(addEntry(key, tag, hash, value))
  }

  /// Adds a key that is not there yet; it is found from ``settle()`` on. Of many keys, the slots are fetched meanwhile.
  func insertSoon(_ key: UnsafeBufferPointer<UInt8>, value: UInt32) {
    let slot = addEntry(key, 0, hash(key), value)
    fetchSlot(hash: slot.hash)
    waiting.append(slot)
    if waiting.count == ByteTable.mostWaiting { settle() }
  }

  /// Sees that all keys are found.
  func settle() {
    for slot in waiting { place(slot) }
    waiting.removeAll(keepingCapacity: true)
  }

  /// Puts a key into the arena, with room for its slot.
  @inline(__always)
  private func addEntry(_ key: UnsafeBufferPointer<UInt8>, _ tag: UInt8, _ hash: UInt32, _ value: UInt32) -> Slot {
    if count * 4 >= slotCount * 3 { resize(to: slotCount * 2) }
    let size = ByteTable.headerSize + key.count
    if arenaCount + size > arenaCapacity {
      arenaCapacity = max(arenaCapacity * 3 / 2, arenaCount + size)
      if arenaCapacity > ByteTable.largeArena { arenaCapacity = max(arenaCapacity, ByteTable.leastLargeArena) }
      arena = ByteTable.resized(arena, arenaCapacity)
    }
    let entry = arena + arenaCount
    entry.storeBytes(of: value, as: UInt32.self)
    entry.storeBytes(of: ByteTable.length(key, tag), toByteOffset: 4, as: UInt32.self)
    if let base = key.baseAddress { (entry + ByteTable.headerSize).copyMemory(from: base, byteCount: key.count) }
    lastKeyOffset = arenaCount + ByteTable.headerSize
    let slot = Slot(hash: hash, place: UInt32(truncatingIfNeeded: arenaCount + 1))
    arenaCount += size
    count += 1
    return slot
  }

  /// The bytes of a key by its place, until another key is added.
  func key(at offset: Int) -> UnsafeBufferPointer<UInt8> {
    let length = (arena + offset).loadUnaligned(fromByteOffset: -4, as: UInt32.self)
    return UnsafeBufferPointer(
      start: (arena + offset).assumingMemoryBound(to: UInt8.self), count: Int(length & (1 << 24 - 1)))
  }

  /// Calls `body` with the bytes of a key by its place.
  func withKey<Result>(at offset: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    try body(key(at: offset))
  }

  private func place(_ slot: Slot) {
    let mask = slotCount - 1
    var index = Int(slot.hash) & mask
    while slots[index].place != 0 { index = (index + 1) & mask }
    slots[index] = slot
  }

  private func resize(to newCount: Int) {
    let (old, oldCount) = (slots, slotCount)
    slotCount = newCount
    slots = ByteTable.freeSlots(slotCount)
    for index in 0..<oldCount where old[index].place != 0 { place(old[index]) }
    free(old)
  }

  @inline(__always)
  private func hash(of key: UnsafeBufferPointer<UInt8>, tag: UInt8) -> UInt32 {
    hash(key, length: ByteTable.length(key, tag))
  }
}
