/// What the signals of a pack found for one lead, unpacked into flat buffers that are used again for the next lead.
///
/// Packed form: `created_at`, then each signal in the pack's order, all as variable-length integers.
/// - instants: count, first, differences.
/// - timeline: count of toggles × 2 + initial truth, first toggle, differences.
/// - dated instants: count of events, then for each its instant (first or difference) and a timeline.
public struct SignalRecord: Sendable {
  /// What each slot holds; the same for all leads of a pack.
  public let kinds: [SignalKind]
  /// When the lead was created, in milliseconds.
  public var createdAt: Int64 = 0
  // Dated instants are flattened to: instant, toggles × 2 + initial truth, toggles…
  private(set) var values: [Int64] = []
  private(set) var starts: [Int]
  private(set) var initials: [Bool]

  /// An empty record.
  public init(kinds: [SignalKind]) {
    self.kinds = kinds
    starts = Array(repeating: 0, count: kinds.count + 1)
    initials = Array(repeating: false, count: kinds.count)
  }

  /// The numbers of a slot: instants, or toggles.
  public func slot(_ index: Int) -> ArraySlice<Int64> { values[starts[index]..<starts[index + 1]] }

  /// The timeline of a condition's slot.
  public func timeline(_ index: Int) -> Timeline {
    Timeline(initial: initials[index], toggles: Array(slot(index)))
  }

  // MARK: Building

  /// Starts over for another lead; slots are then added in order.
  public mutating func reset(createdAt: Int64) {
    self.createdAt = createdAt
    values.removeAll(keepingCapacity: true)
    filled = 0
  }

  private var filled = 0

  /// Adds the next slot from rising instants.
  public mutating func append(instants: some Sequence<Int64>) {
    starts[filled] = values.count
    values.append(contentsOf: instants)
    finishSlot()
  }

  /// Adds the next slot from two rising runs of instants, merged.
  public mutating func append(merging left: ArraySlice<Int64>, _ right: [Int64]) {
    starts[filled] = values.count
    var l = left.startIndex
    var r = right.startIndex
    while l < left.endIndex, r < right.endIndex {
      if left[l] <= right[r] {
        values.append(left[l])
        l += 1
      } else {
        values.append(right[r])
        r += 1
      }
    }
    values.append(contentsOf: left[l...])
    values.append(contentsOf: right[r...])
    finishSlot()
  }

  /// Adds the next slot from a condition's timeline.
  public mutating func append(timeline: Timeline) {
    starts[filled] = values.count
    initials[filled] = timeline.initial
    values.append(contentsOf: timeline.toggles)
    finishSlot()
  }

  /// Adds the next slot from events, rising, each with the timeline of whether it matches.
  public mutating func append(dated events: [DatedEvent]) {
    starts[filled] = values.count
    for event in events {
      values.append(event.instant)
      values.append(Int64(event.matches.toggles.count) << 1 | (event.matches.initial ? 1 : 0))
      values.append(contentsOf: event.matches.toggles)
    }
    finishSlot()
  }

  /// Adds the next slot as it stands in another record.
  public mutating func append(slot index: Int, of other: SignalRecord) {
    starts[filled] = values.count
    initials[filled] = other.initials[index]
    values.append(contentsOf: other.slot(index))
    finishSlot()
  }

  private mutating func finishSlot() {
    filled += 1
    starts[filled] = values.count
  }

  /// The events of a dated slot.
  public func dated(_ index: Int) -> [DatedEvent] {
    var events: [DatedEvent] = []
    var position = starts[index]
    while position < starts[index + 1] {
      let header = values[position + 1]
      let count = Int(header >> 1)
      events.append(
        DatedEvent(
          instant: values[position],
          matches: Timeline(
            initial: header & 1 == 1, toggles: Array(values[(position + 2)..<(position + 2 + count)]))))
      position += 2 + count
    }
    return events
  }

  // MARK: Packing

  /// Appends the packed form. O(numbers).
  public func pack(into bytes: inout [UInt8]) {
    VariableLength.append(createdAt, to: &bytes)
    for index in kinds.indices {
      switch kinds[index] {
      case .instants:
        VariableLength.append(unsigned: UInt64(starts[index + 1] - starts[index]), to: &bytes)
        packRun(starts[index], starts[index + 1], into: &bytes)
      case .timeline:
        let count = UInt64(starts[index + 1] - starts[index])
        VariableLength.append(unsigned: count << 1 | (initials[index] ? 1 : 0), to: &bytes)
        packRun(starts[index], starts[index + 1], into: &bytes)
      case .datedInstants:
        let events = dated(index)
        VariableLength.append(unsigned: UInt64(events.count), to: &bytes)
        var position = starts[index]
        var previous: Int64 = 0
        for event in events {
          VariableLength.append(event.instant - previous, to: &bytes)
          previous = event.instant
          VariableLength.append(unsigned: UInt64(values[position + 1]), to: &bytes)
          packRun(position + 2, position + 2 + event.matches.toggles.count, into: &bytes)
          position += 2 + event.matches.toggles.count
        }
      }
    }
  }

  private func packRun(_ start: Int, _ end: Int, into bytes: inout [UInt8]) {
    guard start < end else { return }
    VariableLength.append(values[start], to: &bytes)
    for index in (start + 1)..<max(end, start + 1) {
      VariableLength.append(unsigned: UInt64(bitPattern: values[index] &- values[index - 1]), to: &bytes)
    }
  }

  /// Unpacks a record of this pack; false where the bytes are not one. O(numbers), no allocation once warm.
  public mutating func unpack(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var reader = VariableLength.Reader(bytes: bytes)
    createdAt = reader.signed()
    if createdAt.magnitude > UInt64(SignalRecord.farthestInstant) { return false }
    values.removeAll(keepingCapacity: true)
    filled = kinds.count
    for index in kinds.indices {
      starts[index] = values.count
      switch kinds[index] {
      case .instants:
        unpackRun(reader.unsigned(), &reader)
      case .timeline:
        let header = reader.unsigned()
        initials[index] = header & 1 == 1
        unpackRun(header >> 1, &reader)
      case .datedInstants:
        let count = reader.unsigned()
        guard count <= UInt64(bytes.count) else {
          reader.markDamaged()
          break
        }
        var instant: Int64 = 0
        for _ in 0..<count {
          instant &+= reader.signed()
          note(instant, &reader)
          let header = reader.unsigned()
          values.append(Int64(truncatingIfNeeded: header))
          unpackRun(header >> 1, &reader)
        }
      }
      if reader.isDamaged { break }
    }
    starts[kinds.count] = values.count
    return !reader.isDamaged && reader.isAtEnd
  }

  private mutating func unpackRun(_ count: UInt64, _ reader: inout VariableLength.Reader) {
    guard count > 0 else { return }
    // Every number takes a byte at least, so a damaged count cannot ask for more than the record has.
    guard count <= UInt64(Int64.max), reader.has(Int(count)) else {
      reader.markDamaged()
      return
    }
    var value = reader.signed()
    note(value, &reader)
    for _ in 1..<max(count, 1) {
      let step = reader.unsigned()
      if step > UInt64(SignalRecord.farthestInstant) { reader.markDamaged() }
      value &+= Int64(truncatingIfNeeded: step)
      note(value, &reader)
    }
  }

  /// No fact and no edge lies farther from 1970, so sums of instants and durations stay in range.
  private static let farthestInstant: Int64 = 1 << 55

  private mutating func note(_ value: Int64, _ reader: inout VariableLength.Reader) {
    if value.magnitude > UInt64(SignalRecord.farthestInstant) { reader.markDamaged() }
    values.append(value)
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
    append(unsigned: UInt64(bitPattern: value << 1 ^ value >> 63), to: &bytes)
  }

  struct Reader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private(set) var isDamaged = false

    init(bytes: UnsafeBufferPointer<UInt8>) {
      self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    func has(_ count: Int) -> Bool { bytes.count - position >= count }

    mutating func markDamaged() { isDamaged = true }

    @inline(__always)
    mutating func unsigned() -> UInt64 {
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

extension SignalRecord {
  /// Whether two records of one pack say the same.
  public func isEqual(to other: SignalRecord) -> Bool {
    createdAt == other.createdAt && values == other.values && starts == other.starts
      && kinds.indices.allSatisfy { kinds[$0] != .timeline || initials[$0] == other.initials[$0] }
  }
}
