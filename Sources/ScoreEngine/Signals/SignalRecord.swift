/// What the signals of a pack found for one lead, unpacked into flat memory that is used again for the next lead.
///
/// A value: copies share memory until one of them is changed.
public struct SignalRecord: @unchecked Sendable {
  // Whoever changes it has it alone, so it may go from thread to thread with the value.
  private(set) var memory: RecordMemory

  /// What each slot holds; the same for all leads of a pack.
  public var kinds: [SignalKind] { memory.kinds }

  /// When the lead was created, in milliseconds.
  public var createdAt: Int64 { memory.createdAt }

  /// An empty record.
  public init(kinds: [SignalKind]) {
    memory = RecordMemory(kinds: kinds)
  }

  /// The memory, of which nobody else knows.
  @inline(__always)
  mutating func ownMemory() -> RecordMemory {
    if !isKnownUniquelyReferenced(&memory) { copyMemory() }
    return memory
  }

  @inline(never)
  private mutating func copyMemory() { memory = RecordMemory(copying: memory) }

  /// The record in raw memory, for loops that look at every number; valid while the record lives and does not change.
  @inline(__always)
  var view: View { memory.view }

  /// The numbers of all slots, one after the other. Dated instants are flattened to: instant, toggles × 2 + initial
  /// truth, toggles…
  var values: UnsafeBufferPointer<Int64> { UnsafeBufferPointer(start: memory.values, count: memory.used) }

  /// The numbers of a slot: instants, or toggles.
  public func slot(_ index: Int) -> ArraySlice<Int64> {
    check(index)
    return withExtendedLifetime(memory) { Array(memory.view.slot(index))[...] }
  }

  /// The timeline of a condition's slot.
  public func timeline(_ index: Int) -> Timeline {
    let toggles = Array(slot(index))
    return Timeline(initial: memory.initials[index], toggles: toggles)
  }

  /// The events of a dated slot.
  public func dated(_ index: Int) -> [DatedEvent] {
    check(index)
    return withExtendedLifetime(memory) { memory.view.dated(index) }
  }

  /// Raw memory is not looked at where there is no slot.
  @inline(__always)
  private func check(_ index: Int) {
    precondition(index >= 0 && index < memory.slotCount, "there is no such slot")
  }

  /// A record's memory, lent.
  struct View {
    let createdAt: Int64
    let kinds: UnsafePointer<SignalKind>
    let values: UnsafePointer<Int64>
    let starts: UnsafePointer<Int>
    let initials: UnsafePointer<Bool>

    init(
      createdAt: Int64, kinds: UnsafeMutablePointer<SignalKind>, values: UnsafeMutablePointer<Int64>,
      starts: UnsafeMutablePointer<Int>, initials: UnsafeMutablePointer<Bool>
    ) {
      self.createdAt = createdAt
      self.kinds = UnsafePointer(kinds)
      self.values = UnsafePointer(values)
      self.starts = UnsafePointer(starts)
      self.initials = UnsafePointer(initials)
    }

    @inline(__always)
    func slot(_ index: Int) -> UnsafeBufferPointer<Int64> {
      UnsafeBufferPointer(start: values + starts[index], count: starts[index &+ 1] &- starts[index])
    }
  }

  // MARK: Building

  /// The memory, of which nobody else knows, for a slot more.
  @inline(__always)
  private mutating func memoryForSlot() -> RecordMemory {
    let memory = ownMemory()
    precondition(!memory.isFull, "all slots were added")
    return memory
  }

  /// Starts over for another lead; slots are then added in order.
  public mutating func reset(createdAt: Int64) { ownMemory().reset(createdAt: createdAt) }

  /// Adds the next slot from rising instants.
  public mutating func append(instants: some Sequence<Int64>) {
    let memory = memoryForSlot()
    memory.beginSlot()
    for instant in instants { memory.append(instant) }
    memory.finishSlot()
  }

  /// Adds the next slot from two rising runs of instants, merged.
  public mutating func append(merging left: ArraySlice<Int64>, _ right: [Int64]) {
    let memory = memoryForSlot()
    memory.beginSlot()
    left.withUnsafeBufferPointer { left in
      right.withUnsafeBufferPointer { memory.append(merging: left, $0) }
    }
    memory.finishSlot()
  }

  /// Adds the next slot from a condition's timeline.
  public mutating func append(timeline: Timeline) { memoryForSlot().appendSlot(timeline: timeline) }

  /// Adds the next slot from events, rising, each with the timeline of whether it matches.
  public mutating func append(dated events: [DatedEvent]) { memoryForSlot().appendSlot(dated: events) }

  /// Adds the next slot as it stands in another record.
  public mutating func append(slot index: Int, of other: borrowing SignalRecord) {
    other.check(index)
    let source = other.memory
    withExtendedLifetime(source) { memoryForSlot().appendSlot(source.view.slot(index), truth: source.initials[index]) }
  }
}

/// An event that a dated signal watches.
public struct DatedEvent: Hashable, Sendable {
  /// When it occurred, in milliseconds.
  public var instant: Int64
  /// When it matches.
  public var matches: Timeline

  /// A dated event.
  public init(instant: Int64, matches: Timeline) {
    self.instant = instant
    self.matches = matches
  }
}

extension SignalRecord {
  /// Whether two records of one pack say the same.
  public func isEqual(to other: borrowing SignalRecord) -> Bool {
    let (left, right) = (memory, other.memory)
    guard left.createdAt == right.createdAt, left.used == right.used else { return false }
    let kinds = left.view.kinds
    for index in 0..<left.slotCount {
      if left.starts[index] != right.starts[index] { return false }
      if kinds[index] == .timeline, left.initials[index] != right.initials[index] { return false }
    }
    for index in 0..<left.used where left.values[index] != right.values[index] { return false }
    return true
  }
}
