/// What the signals of a pack found for one lead, unpacked into flat buffers that are used again for the next lead.
public struct SignalRecord: Sendable {
  /// What each slot holds; the same for all leads of a pack.
  public let kinds: [SignalKind]
  /// When the lead was created, in milliseconds.
  public var createdAt: Int64 = 0
  // The numbers of all slots; the first `used` of them. Dated instants are flattened to: instant, toggles × 2 + initial
  // truth, toggles…
  var buffer: [Int64]
  var used = 0
  var starts: [Int]
  var initials: [Bool]
  /// `kinds` with one more, so that there is memory to lend where a pack has no slot.
  let paddedKinds: [SignalKind]
  private var filled = 0

  /// An empty record.
  public init(kinds: [SignalKind]) {
    self.kinds = kinds
    paddedKinds = kinds + [.instants]
    buffer = Array(repeating: 0, count: 64)
    starts = Array(repeating: 0, count: kinds.count + 1)
    initials = Array(repeating: false, count: kinds.count + 1)
  }

  /// The numbers of all slots, one after the other.
  var values: ArraySlice<Int64> { buffer[..<used] }

  /// The numbers of a slot: instants, or toggles.
  public func slot(_ index: Int) -> ArraySlice<Int64> { buffer[starts[index]..<starts[index + 1]] }

  /// The timeline of a condition's slot.
  public func timeline(_ index: Int) -> Timeline {
    Timeline(initial: initials[index], toggles: Array(slot(index)))
  }

  /// The events of a dated slot.
  public func dated(_ index: Int) -> [DatedEvent] { withView { $0.dated(index) } ?? [] }

  /// The record in raw memory, for loops that look at every number.
  struct View {
    let createdAt: Int64
    let kinds: UnsafePointer<SignalKind>
    let values: UnsafePointer<Int64>
    let starts: UnsafePointer<Int>
    let initials: UnsafePointer<Bool>
  }

  /// Lends the record's memory.
  @inline(__always)
  func withView<Result>(_ body: (View) throws -> Result) rethrows -> Result? {
    try buffer.withUnsafeBufferPointer { values in
      try starts.withUnsafeBufferPointer { starts in
        try initials.withUnsafeBufferPointer { initials in
          try paddedKinds.withUnsafeBufferPointer { kinds in
            // No array is empty.
            guard let values = values.baseAddress, let starts = starts.baseAddress, let kinds = kinds.baseAddress,
              let initials = initials.baseAddress
            else { return nil }
            return try body(
              View(createdAt: createdAt, kinds: kinds, values: values, starts: starts, initials: initials))
          }
        }
      }
    }
  }

  // MARK: Building

  /// Starts over for another lead; slots are then added in order.
  public mutating func reset(createdAt: Int64) {
    self.createdAt = createdAt
    used = 0
    filled = 0
  }

  /// Sees that so many numbers more have room.
  @inline(__always)
  mutating func reserve(_ count: Int) {
    if used + count > buffer.count { grow(to: used + count) }
  }

  @inline(never)
  private mutating func grow(to count: Int) {
    buffer.append(contentsOf: repeatElement(0, count: count * 2 - buffer.count))
  }

  /// Adds the next slot from rising instants.
  public mutating func append(instants: some Sequence<Int64>) {
    starts[filled] = used
    for instant in instants { append(instant) }
    finishSlot()
  }

  /// Adds the next slot from rising instants.
  public mutating func append(instants: UnsafeBufferPointer<Int64>) {
    starts[filled] = used
    appendAll(instants)
    finishSlot()
  }

  /// Adds the next slot from two rising runs of instants, merged.
  public mutating func append(merging left: UnsafeBufferPointer<Int64>, _ right: UnsafeBufferPointer<Int64>) {
    starts[filled] = used
    // New events are seldom older than those that are known.
    if left.isEmpty || right.isEmpty || left[left.count - 1] <= right[0] {
      appendAll(left)
      appendAll(right)
    } else {
      reserve(left.count + right.count)
      var position = used
      buffer.withUnsafeMutableBufferPointer { buffer in
        var l = 0
        var r = 0
        while l < left.count || r < right.count {
          if r == right.count || (l < left.count && left[l] <= right[r]) {
            buffer[position] = left[l]
            l += 1
          } else {
            buffer[position] = right[r]
            r += 1
          }
          position += 1
        }
      }
      used = position
    }
    finishSlot()
  }

  /// Adds the next slot from two rising runs of instants, merged.
  public mutating func append(merging left: ArraySlice<Int64>, _ right: [Int64]) {
    left.withUnsafeBufferPointer { left in
      right.withUnsafeBufferPointer { append(merging: left, $0) }
    }
  }

  /// Adds the next slot from a condition's timeline.
  public mutating func append(timeline: Timeline) {
    starts[filled] = used
    initials[filled] = timeline.initial
    for toggle in timeline.toggles { append(toggle) }
    finishSlot()
  }

  /// Adds the next slot from a condition whose truth does not change with time.
  @inline(__always)
  mutating func append(truth: Bool) {
    starts[filled] = used
    initials[filled] = truth
    finishSlot()
  }

  /// Adds the next slot from events, rising, each with the timeline of whether it matches.
  public mutating func append(dated events: [DatedEvent]) {
    starts[filled] = used
    for event in events {
      append(event.instant)
      append(Int64(event.matches.toggles.count) << 1 | (event.matches.initial ? 1 : 0))
      for toggle in event.matches.toggles { append(toggle) }
    }
    finishSlot()
  }

  /// Adds the next slot as it stands in another record.
  public mutating func append(slot index: Int, of other: borrowing SignalRecord) {
    other.withView { append(run: $0.slot(index), truth: $0.initials[index]) }
  }

  /// Adds the next slot as it stands elsewhere.
  @inline(__always)
  mutating func append(run: UnsafeBufferPointer<Int64>, truth: Bool) {
    starts[filled] = used
    initials[filled] = truth
    appendAll(run)
    finishSlot()
  }

  @inline(__always)
  private mutating func append(_ value: Int64) {
    reserve(1)
    buffer[used] = value
    used += 1
  }

  @inline(__always)
  private mutating func appendAll(_ run: UnsafeBufferPointer<Int64>) {
    guard !run.isEmpty else { return }
    reserve(run.count)
    let start = used
    buffer.withUnsafeMutableBufferPointer { buffer in
      for index in 0..<run.count { buffer[start &+ index] = run[index] }
    }
    used = start + run.count
  }

  @inline(__always)
  private mutating func finishSlot() {
    filled += 1
    starts[filled] = used
  }

  /// Takes over what was written into the buffers from outside.
  mutating func finish(used count: Int, slots: Int) {
    used = count
    filled = slots
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
    guard createdAt == other.createdAt, used == other.used else { return false }
    for index in kinds.indices {
      if starts[index] != other.starts[index] { return false }
      if kinds[index] == .timeline, initials[index] != other.initials[index] { return false }
    }
    for index in 0..<used where buffer[index] != other.buffer[index] { return false }
    return true
  }
}
