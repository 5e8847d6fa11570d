/// The numbers of one record's slots, in memory of their own that is used again for the next lead: without the checks and
/// the counted references of arrays, of which there would be several for each lead.
final class RecordMemory {
  /// What each slot holds.
  let kinds: [SignalKind]
  let slotCount: Int
  private let kindMemory: UnsafeMutablePointer<SignalKind>
  /// By slot, and one more: where its numbers begin. There is room for eight more.
  let starts: UnsafeMutablePointer<Int>
  /// By group of eight slots: what they hold, those alone that are unpacked.
  let masks: UnsafeMutablePointer<RecordColumns.Masks>
  /// By slot: before all instants.
  let noReach: UnsafePointer<Int64>
  /// Where in the record in columns that was unpacked last the creation ends, and where the columns do.
  @exclusivity(unchecked) var headEnd = 0
  @exclusivity(unchecked) var columnsEnd = 0
  // A copy of a record behind which nothing can be looked at.
  @exclusivity(unchecked) private var padded = UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)
  @exclusivity(unchecked) private var unpackedSlots = -1
  /// By slot of a condition: its truth before the first toggle. There is room for eight more.
  let initials: UnsafeMutablePointer<Bool>
  /// When the lead was created, in milliseconds.
  @exclusivity(unchecked) var createdAt: Int64 = 0
  /// The numbers of all slots; the first `used` of them.
  @exclusivity(unchecked) private(set) var values: UnsafeMutablePointer<Int64>
  @exclusivity(unchecked) private var capacity = RecordMemory.leastCapacity
  @exclusivity(unchecked) var used = 0
  @exclusivity(unchecked) private var filled = 0

  private static let leastCapacity = 64

  init(kinds: [SignalKind]) {
    self.kinds = kinds
    slotCount = kinds.count
    kindMemory = .allocate(capacity: kinds.count + 1)
    for (index, kind) in kinds.enumerated() { (kindMemory + index).initialize(to: kind) }
    (kindMemory + kinds.count).initialize(to: .instants)
    starts = .allocate(capacity: kinds.count + 9)
    starts.initialize(repeating: 0, count: kinds.count + 9)
    initials = .allocate(capacity: kinds.count + 8)
    initials.initialize(repeating: false, count: kinds.count + 8)
    values = .allocate(capacity: capacity)
    values.initialize(repeating: 0, count: capacity)
    let groups = (kinds.count + 7) / 8
    masks = .allocate(capacity: groups)
    masks.initialize(repeating: RecordColumns.Masks(), count: groups)
    let noReach = UnsafeMutablePointer<Int64>.allocate(capacity: kinds.count)
    noReach.initialize(repeating: Int64.min, count: kinds.count)
    self.noReach = UnsafePointer(noReach)
  }

  /// Prepares for records with the first so many slots.
  @inline(__always)
  func expect(slots count: Int) {
    if unpackedSlots != count { prepare(count) }
  }

  @inline(never)
  private func prepare(_ count: Int) {
    unpackedSlots = count
    for group in 0..<((slotCount + 7) / 8) { masks[group] = RecordColumns.Masks() }
    for slot in 0..<count {
      let bit = UInt8(1) << (slot & 7)
      masks[slot >> 3].all |= bit
      if kinds[slot] == .timeline { masks[slot >> 3].conditions |= bit }
      if kinds[slot] == .instants { masks[slot >> 3].instants |= bit }
    }
  }

  /// Memory with the same numbers.
  convenience init(copying other: RecordMemory) {
    self.init(kinds: other.kinds)
    reserve(other.used)
    createdAt = other.createdAt
    used = other.used
    filled = other.filled
    values.update(from: other.values, count: other.used)
    starts.update(from: other.starts, count: slotCount + 1)
    initials.update(from: other.initials, count: slotCount + 1)
  }

  deinit {
    kindMemory.deallocate()
    starts.deallocate()
    initials.deallocate()
    masks.deallocate()
    noReach.deallocate()
    padded.deallocate()
    values.deallocate()
  }

  /// The bytes in memory of its own, with some behind them that can be looked at.
  @inline(never)
  func copyWithPadding(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafePointer<UInt8> {
    let count = bytes.count + RecordColumns.padding
    if padded.count < count {
      padded.deallocate()
      padded = .allocate(capacity: count * 2)
      padded.initialize(repeating: 0)
    }
    let base = padded.baseAddress.unsafelyUnwrapped
    if let source = bytes.baseAddress { base.update(from: source, count: bytes.count) }
    return UnsafePointer(base)
  }

  /// What loops that look at every number need; valid until the next change.
  @inline(__always)
  var view: SignalRecord.View {
    SignalRecord.View(createdAt: createdAt, kinds: kindMemory, values: values, starts: starts, initials: initials)
  }

  // MARK: Building

  /// Starts over for another lead.
  @inline(__always)
  func reset(createdAt: Int64) {
    self.createdAt = createdAt
    used = 0
    filled = 0
  }

  /// Sees that so many numbers more have room.
  @inline(__always)
  func reserve(_ count: Int) {
    if used &+ count > capacity { grow(to: used + count) }
  }

  @inline(never)
  private func grow(to count: Int) {
    let grown = UnsafeMutablePointer<Int64>.allocate(capacity: count * 2)
    grown.initialize(repeating: 0, count: count * 2)
    grown.update(from: values, count: used)
    values.deallocate()
    values = grown
    capacity = count * 2
  }

  /// Whether all slots were added.
  @inline(__always)
  var isFull: Bool { filled >= slotCount }

  /// Begins the next slot; its numbers are then added.
  @inline(__always)
  func beginSlot() { starts[filled] = used }

  /// Begins the next slot, of a condition.
  @inline(__always)
  func beginSlot(truth: Bool) {
    starts[filled] = used
    initials[filled] = truth
  }

  @inline(__always)
  func finishSlot() {
    filled &+= 1
    starts[filled] = used
  }

  @inline(__always)
  func append(_ value: Int64) {
    reserve(1)
    values[used] = value
    used &+= 1
  }

  @inline(__always)
  func append(_ run: UnsafeBufferPointer<Int64>) {
    guard !run.isEmpty else { return }
    reserve(run.count)
    let target = values + used
    for index in 0..<run.count { target[index] = run[index] }
    used &+= run.count
  }

  /// Adds two rising runs, merged.
  @inline(__always)
  func append(merging left: UnsafeBufferPointer<Int64>, _ right: UnsafeBufferPointer<Int64>) {
    // New events are seldom older than those that are known.
    guard !left.isEmpty, !right.isEmpty, left[left.count - 1] > right[0] else {
      append(left)
      append(right)
      return
    }
    reserve(left.count + right.count)
    var l = 0
    var r = 0
    while l < left.count || r < right.count {
      if r == right.count || (l < left.count && left[l] <= right[r]) {
        values[used] = left[l]
        l += 1
      } else {
        values[used] = right[r]
        r += 1
      }
      used += 1
    }
  }

  /// Adds a slot of a condition whose truth does not change with time.
  @inline(__always)
  func appendSlot(truth: Bool) {
    beginSlot(truth: truth)
    finishSlot()
  }

  /// Adds a slot as it stands elsewhere.
  @inline(__always)
  func appendSlot(_ run: UnsafeBufferPointer<Int64>, truth: Bool) {
    beginSlot(truth: truth)
    append(run)
    finishSlot()
  }

  /// Adds a slot of a condition.
  func appendSlot(timeline: Timeline) {
    beginSlot(truth: timeline.initial)
    for toggle in timeline.toggles { append(toggle) }
    finishSlot()
  }

  /// Adds a slot of events, rising, each with the timeline of whether it matches.
  func appendSlot(dated events: [DatedEvent]) {
    beginSlot()
    for event in events {
      append(event.instant)
      append(Int64(event.matches.toggles.count) << 1 | (event.matches.initial ? 1 : 0))
      for toggle in event.matches.toggles { append(toggle) }
    }
    finishSlot()
  }

  /// Takes over the first slots, written into the memory from outside; the others are then added.
  @inline(__always)
  func finish(used count: Int, slots: Int) {
    used = count
    filled = slots
  }
}
