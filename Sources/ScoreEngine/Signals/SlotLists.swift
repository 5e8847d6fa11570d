/// Lists of slots, one after the other in memory, each known by the place where it begins.
struct SlotLists {
  // Each list is its length and the slots.
  private var base: UnsafeMutablePointer<Int32>
  private var count = 0
  private var capacity = 256

  init() {
    base = .allocate(capacity: capacity)
  }

  /// Gives the memory back; the lists are not used any more.
  func deallocate() { base.deallocate() }

  /// The list that begins at a place; valid until the next change.
  @inline(__always)
  subscript(place: Int) -> UnsafeBufferPointer<Int32> {
    UnsafeBufferPointer(start: base + place + 1, count: Int(base[place]))
  }

  /// Adds a list; returns where it begins.
  mutating func append(_ slots: [Int32]) -> Int {
    let start = count
    if start + slots.count + 1 > capacity {
      capacity = (start + slots.count + 1) * 2
      let grown = UnsafeMutablePointer<Int32>.allocate(capacity: capacity)
      grown.update(from: base, count: count)
      base.deallocate()
      base = grown
    }
    base[start] = Int32(slots.count)
    for (index, slot) in slots.enumerated() { base[start + 1 + index] = slot }
    count += slots.count + 1
    return start
  }

  mutating func removeAll() { count = 0 }
}
