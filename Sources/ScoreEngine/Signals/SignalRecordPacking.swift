/// Packed form in columns, numbers of variable length but where something else is said:
/// - two bytes that begin no other record, see ``RecordForm``; `created_at` in milliseconds;
/// - a bit for each slot, lowest first, in whole bytes: the initial truth of a condition;
/// - as many bits: whether the slot has numbers;
/// - for each slot with instants the newest one, in five bytes in seconds or in six in milliseconds;
/// - for each of these a byte: how many bytes the differences between its instants take; 255 for that many or more, which
///   then stand behind these bytes;
/// - the differences, from the newest instant back;
/// - for each other slot with numbers: a condition's count of toggles, the first and the differences; of dated instants
///   the same as in the other form.
///
/// Where an instant has no room, in milliseconds slot by slot, after `created_at`:
/// - instants: count, first, differences.
/// - condition: count of toggles × 2 + initial truth, first toggle, differences.
/// - dated instants: count of events, then for each its instant (first or difference) and a timeline.
extension SignalRecord {
  /// How the record is packed.
  private var form: RecordForm {
    let memory = memory
    var form = RecordForm.seconds
    for slot in 0..<memory.slotCount where memory.kinds[slot] == .instants {
      let (start, end) = (memory.starts[slot], memory.starts[slot + 1])
      if start == end { continue }
      if form == .seconds, !SignalRecord.areSeconds(memory.values + start, end - start) { form = .milliseconds }
      if !form.hasRoom(memory.values[end - 1]) { return .plain }
    }
    return form
  }

  /// Whether instants are whole seconds, as most sources write them.
  @inline(__always)
  private static func areSeconds(_ instants: UnsafePointer<Int64>, _ count: Int) -> Bool {
    for index in 0..<count where instants[index] % 1000 != 0 { return false }
    return true
  }

  /// Whether the packed form is certainly these bytes, which is seen sooner than by packing; false does not mean that it
  /// is another.
  ///
  /// - Parameter other: a record of the same pack, into which the bytes are unpacked.
  /// - Complexity: O(numbers)
  public func isPacked(as bytes: UnsafeBufferPointer<UInt8>, in other: inout SignalRecord) -> Bool {
    let form = RecordForm(bytes)
    guard form.hasColumns, other.unpack(bytes), isEqual(to: other), form == self.form else { return false }
    let (head, columns) = (other.memory.headEnd, other.memory.columnsEnd)
    return !VariableLength.isAnyPadded(UnsafeBufferPointer(rebasing: bytes[..<head]), from: form.markLength)
      && !VariableLength.isAnyPadded(bytes, from: columns)
  }

  /// Appends the packed form. O(numbers).
  public func pack(into bytes: inout [UInt8]) {
    // A number takes ten bytes at most; there is one for each value, for each slot, and for the creation.
    let memory = memory
    let most = (memory.used + memory.slotCount + 2) * VariableLength.longest + memory.slotCount
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: most) { target in
      guard let target = target.baseAddress else { return }
      let form = form
      var writer = PackWriter(target: target)
      if let mark = form.mark { writer.write(mark: mark) }
      writer.write(createdAt)
      if form.hasColumns {
        SignalRecord.packColumns(memory.view, count: memory.slotCount, form, into: &writer)
      } else {
        SignalRecord.pack(memory.view, count: memory.slotCount, into: &writer)
      }
      bytes.append(contentsOf: UnsafeBufferPointer(start: target, count: writer.count))
    }
  }

  private static func packColumns(
    _ view: View, count slotCount: Int, _ form: RecordForm, into writer: inout PackWriter
  ) {
    let groups = (slotCount + 7) / 8
    let truths = writer.count
    let presence = truths + groups
    writer.writeZeros(groups * 2)
    for slot in 0..<slotCount {
      let bit = UInt8(1) << (slot & 7)
      let (start, end) = (view.starts[slot], view.starts[slot + 1])
      if view.kinds[slot] == .timeline, view.initials[slot] { writer.target[truths + slot >> 3] |= bit }
      if start == end { continue }
      writer.target[presence + slot >> 3] |= bit
      if view.kinds[slot] == .instants { writer.write(view.values[end - 1] / form.unit, width: form.width) }
    }
    let slots = (writer.count - presence - groups) / form.width
    let lengths = writer.count
    writer.count += slots
    let older = writer.count
    var index = 0
    var long: [UInt64] = []
    for slot in 0..<slotCount where view.kinds[slot] == .instants {
      let (start, end) = (view.starts[slot], view.starts[slot + 1])
      if start == end { continue }
      let length = writer.writeBack(view.values, start, end, unit: form.unit)
      if length >= RecordColumns.longLength { long.append(UInt64(length)) }
      writer.target[lengths + index] = UInt8(clamping: length)
      index += 1
    }
    if !long.isEmpty { writer.insert(long, at: older) }
    for slot in 0..<slotCount where view.starts[slot] < view.starts[slot + 1] {
      let (start, end) = (view.starts[slot], view.starts[slot + 1])
      switch view.kinds[slot] {
      case .instants: continue
      case .timeline:
        writer.write(unsigned: UInt64(end - start))
        writer.writeRun(view.values, start, end)
      case .datedInstants: writer.writeDated(view.values, start, end)
      }
    }
  }

  private static func pack(_ view: View, count: Int, into writer: inout PackWriter) {
    for index in 0..<count {
      let (start, end) = (view.starts[index], view.starts[index + 1])
      switch view.kinds[index] {
      case .instants:
        writer.write(unsigned: UInt64(end - start))
        writer.writeRun(view.values, start, end)
      case .timeline:
        writer.write(unsigned: UInt64(end - start) << 1 | (view.initials[index] ? 1 : 0))
        writer.writeRun(view.values, start, end)
      case .datedInstants: writer.writeDated(view.values, start, end)
      }
    }
  }
}

/// Writes numbers into memory that is large enough for all of them.
private struct PackWriter {
  let target: UnsafeMutablePointer<UInt8>
  var count = 0

  mutating func write(mark: UInt8) {
    target[count] = mark
    target[count + 1] = 0
    count += 2
  }

  mutating func writeZeros(_ zeros: Int) {
    (target + count).update(repeating: 0, count: zeros)
    count += zeros
  }

  @inline(__always)
  mutating func write(unsigned value: UInt64) {
    count &+= VariableLength.write(unsigned: value, to: target + count)
  }

  @inline(__always)
  mutating func write(_ value: Int64) { write(unsigned: VariableLength.zigzag(value)) }

  /// Writes the lowest bytes of a number.
  @inline(__always)
  mutating func write(_ value: Int64, width: Int) {
    UnsafeMutableRawPointer(target + count).storeBytes(of: value.littleEndian, as: Int64.self)
    count &+= width
  }

  /// Writes rising numbers, each behind the first by its difference.
  mutating func writeRun(_ values: UnsafePointer<Int64>, _ start: Int, _ end: Int) {
    guard start < end else { return }
    write(values[start])
    var previous = values[start]
    for index in (start &+ 1)..<max(end, start &+ 1) {
      count &+= VariableLength.write(any: UInt64(bitPattern: values[index] &- previous), to: target + count)
      previous = values[index]
    }
  }

  /// Writes the differences between rising numbers in units, from the last one back; returns how many bytes they took.
  @inline(__always)
  mutating func writeBack(_ values: UnsafePointer<Int64>, _ start: Int, _ end: Int, unit: Int64) -> Int {
    let before = count
    unit == 1 ? writeBack(values, start, end) { $0 } : writeBack(values, start, end) { $0 / 1000 }
    return count &- before
  }

  @inline(__always)
  private mutating func writeBack(
    _ values: UnsafePointer<Int64>, _ start: Int, _ end: Int, _ units: (UInt64) -> UInt64
  ) {
    var index = end &- 1
    while index > start {
      let difference = UInt64(bitPattern: values[index] &- values[index &- 1])
      count &+= VariableLength.write(any: units(difference), to: target + count)
      index &-= 1
    }
  }

  /// Writes events, each with the timeline of whether it matches.
  mutating func writeDated(_ values: UnsafePointer<Int64>, _ start: Int, _ end: Int) {
    var events = 0
    var position = start
    while position < end {
      events += 1
      position += 2 + Int(values[position + 1] >> 1)
    }
    write(unsigned: UInt64(events))
    position = start
    var previous: Int64 = 0
    while position < end {
      write(values[position] &- previous)
      previous = values[position]
      let header = values[position + 1]
      write(unsigned: UInt64(bitPattern: header))
      let next = position + 2 + Int(header >> 1)
      writeRun(values, position + 2, next)
      position = next
    }
  }

  /// Inserts numbers before what stands at a place.
  mutating func insert(_ numbers: [UInt64], at place: Int) {
    var bytes: [UInt8] = []
    for number in numbers { VariableLength.append(unsigned: number, to: &bytes) }
    (target + place + bytes.count).update(from: target + place, count: count - place)
    (target + place).update(from: bytes, count: bytes.count)
    count += bytes.count
  }
}
