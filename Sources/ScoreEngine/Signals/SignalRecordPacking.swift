/// Packed form in columns, numbers of variable length but where something else is said:
/// - two bytes that begin no other record, see ``RecordForm``; `created_at` in milliseconds;
/// - a bit for each slot, lowest first, in whole bytes: the initial truth of a condition;
/// - as many bits: whether the slot has numbers;
/// - for each slot with instants the newest one, in five bytes in seconds or in six in milliseconds, lowest byte first,
///   two's complement;
/// - for each of these a byte: how many bytes the differences between its instants take; 255 for that many or more, and
///   how many stands behind these bytes, a number of variable length;
/// - the differences, from the newest instant back;
/// - for each other slot with numbers: a condition's count of toggles, the first and the differences; of dated instants
///   the same as in the other form.
///
/// Where an instant has no room, which is one that no fact may have, in milliseconds slot by slot, after `created_at`:
/// - instants: count, first, differences.
/// - condition: count of toggles × 2 + initial truth, first toggle, differences.
/// - dated instants: count of events, then for each its instant (first or difference) and a timeline.
extension SignalRecord {
  /// Whether all instants are whole seconds, as most sources write them.
  private var isInSeconds: Bool {
    let memory = memory
    for slot in 0..<memory.slotCount where memory.kinds[slot] == .instants {
      for index in memory.starts[slot]..<memory.starts[slot + 1] where memory.values[index] % 1000 != 0 { return false }
    }
    return true
  }

  /// Whether the packed form is certainly these bytes, which is seen sooner than by packing; false does not mean that it
  /// is another.
  ///
  /// - Parameter other: a record of the same pack, into which the bytes are unpacked.
  /// - Complexity: O(numbers)
  public func isPacked(as bytes: UnsafeBufferPointer<UInt8>, in other: inout SignalRecord) -> Bool {
    let form = RecordForm(bytes)
    // What has room in milliseconds has it in seconds.
    guard form.hasColumns, other.unpack(bytes), isEqual(to: other), form == .seconds || !isInSeconds else {
      return false
    }
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
      var writer = PackWriter(target: target)
      // Most often it is the first one.
      if !writer.writeColumns(memory, .seconds), !writer.writeColumns(memory, .milliseconds) {
        writer.writePlain(memory)
      }
      bytes.append(contentsOf: UnsafeBufferPointer(start: target, count: writer.count))
    }
  }
}

/// Writes a record into memory that is large enough.
private struct PackWriter {
  let target: UnsafeMutablePointer<UInt8>
  var count = 0

  // MARK: Columns

  /// Writes a record in columns; false where its instants are no whole units or have no room.
  @inline(__always)
  mutating func writeColumns(_ memory: RecordMemory, _ form: RecordForm) -> Bool {
    count = 0
    if let mark = form.mark { write(mark: mark) }
    write(memory.createdAt)
    let view = memory.view
    let truths = count
    let groups = (memory.slotCount + 7) / 8
    writeZeros(groups * 2)
    let presence = target + (truths + groups)
    // The newest instants.
    var hasOthers = false
    var hasRoom = true
    for slot in 0..<memory.slotCount {
      let bit = UInt8(1) &<< UInt8(slot & 7)
      if view.kinds[slot] == .timeline, view.initials[slot] { target[truths + slot &>> 3] |= bit }
      let end = view.starts[slot &+ 1]
      if view.starts[slot] == end { continue }
      presence[slot &>> 3] |= bit
      guard view.kinds[slot] == .instants else {
        hasOthers = true
        continue
      }
      let newest = view.values[end &- 1]
      hasRoom = hasRoom && form.hasRoom(newest) && newest % form.unit == 0
      write(newest / form.unit, width: form.width)
    }
    guard hasRoom, writeOlder(view, presence, groups, newestAt: truths + groups * 2, form) else { return false }
    if hasOthers { writeOthers(view, memory.slotCount) }
    return true
  }

  /// Writes how long the differences between each slot's instants are, and these; false where one is no whole units.
  @inline(__always)
  private mutating func writeOlder(
    _ view: SignalRecord.View, _ presence: UnsafePointer<UInt8>, _ groups: Int, newestAt: Int, _ form: RecordForm
  ) -> Bool {
    var length = count
    count &+= (count &- newestAt) / form.width
    let older = count
    var isWhole = true
    var isAnyLong = false
    for group in 0..<groups {
      var bits = presence[group]
      while bits != 0 {
        let slot = group &* 8 &+ bits.trailingZeroBitCount
        bits &= bits &- 1
        guard view.kinds[slot] == .instants else { continue }
        let before = count
        isWhole =
          (form == .seconds
            ? writeSeconds(view.values, view.starts[slot], view.starts[slot &+ 1])
            : writeMilliseconds(view.values, view.starts[slot], view.starts[slot &+ 1])) && isWhole
        isAnyLong = isAnyLong || count &- before >= Int(RecordColumns.longLength)
        target[length] = UInt8(clamping: count &- before)
        length &+= 1
      }
    }
    if isAnyLong { insertLongLengths(view, presence, groups, at: older) }
    return isWhole
  }

  /// Writes the differences between rising instants in seconds, from the last one back; false where one is not whole.
  @inline(__always)
  private mutating func writeSeconds(_ values: UnsafePointer<Int64>, _ start: Int, _ end: Int) -> Bool {
    var index = end &- 1
    var rest: UInt64 = 0
    while index > start {
      let difference = UInt64(bitPattern: values[index] &- values[index &- 1])
      let seconds = difference / 1000
      rest |= difference &- seconds &* 1000
      count &+= VariableLength.write(any: seconds, to: target + count)
      index &-= 1
    }
    return rest == 0
  }

  @inline(__always)
  private mutating func writeMilliseconds(_ values: UnsafePointer<Int64>, _ start: Int, _ end: Int) -> Bool {
    var index = end &- 1
    while index > start {
      let difference = UInt64(bitPattern: values[index] &- values[index &- 1])
      count &+= VariableLength.write(any: difference, to: target + count)
      index &-= 1
    }
    return true
  }

  /// Inserts the lengths that a byte has no room for, before the differences.
  @inline(never)
  private mutating func insertLongLengths(
    _ view: SignalRecord.View, _ presence: UnsafePointer<UInt8>, _ groups: Int, at older: Int
  ) {
    // How many bytes belong to a slot is seen by how many numbers end in them.
    var bytes: [UInt8] = []
    var place = older
    for slot in 0..<(groups * 8) where presence[slot >> 3] & 1 << UInt8(slot & 7) != 0 {
      guard view.kinds[slot] == .instants else { continue }
      let start = place
      var numbers = view.starts[slot + 1] - view.starts[slot] - 1
      while numbers > 0 {
        if target[place] < 0x80 { numbers -= 1 }
        place += 1
      }
      if place - start >= Int(RecordColumns.longLength) {
        VariableLength.append(unsigned: UInt64(place - start), to: &bytes)
      }
    }
    (target + older + bytes.count).update(from: target + older, count: count - older)
    (target + older).update(from: bytes, count: bytes.count)
    count += bytes.count
  }

  @inline(never)
  private mutating func writeOthers(_ view: SignalRecord.View, _ slotCount: Int) {
    for slot in 0..<slotCount where view.starts[slot] < view.starts[slot + 1] {
      let (start, end) = (view.starts[slot], view.starts[slot + 1])
      switch view.kinds[slot] {
      case .instants: continue
      case .timeline:
        write(unsigned: UInt64(end - start))
        writeRun(view.values, start, end)
      case .datedInstants: writeDated(view.values, start, end)
      }
    }
  }

  // MARK: Slot by slot

  mutating func writePlain(_ memory: RecordMemory) {
    count = 0
    write(memory.createdAt)
    let view = memory.view
    for slot in 0..<memory.slotCount {
      let (start, end) = (view.starts[slot], view.starts[slot + 1])
      switch view.kinds[slot] {
      case .instants:
        write(unsigned: UInt64(end - start))
        writeRun(view.values, start, end)
      case .timeline:
        write(unsigned: UInt64(end - start) << 1 | (view.initials[slot] ? 1 : 0))
        writeRun(view.values, start, end)
      case .datedInstants: writeDated(view.values, start, end)
      }
    }
  }

  // MARK: Numbers

  private mutating func write(mark: UInt8) {
    target[count] = mark
    target[count + 1] = 0
    count += 2
  }

  private mutating func writeZeros(_ zeros: Int) {
    (target + count).update(repeating: 0, count: zeros)
    count += zeros
  }

  @inline(__always)
  private mutating func write(unsigned value: UInt64) {
    count &+= VariableLength.write(unsigned: value, to: target + count)
  }

  @inline(__always)
  private mutating func write(_ value: Int64) { write(unsigned: VariableLength.zigzag(value)) }

  /// Writes the lowest bytes of a number.
  @inline(__always)
  private mutating func write(_ value: Int64, width: Int) {
    UnsafeMutableRawPointer(target + count).storeBytes(of: value.littleEndian, as: Int64.self)
    count &+= width
  }

  /// Writes rising numbers, each behind the first by its difference.
  private mutating func writeRun(_ values: UnsafePointer<Int64>, _ start: Int, _ end: Int) {
    guard start < end else { return }
    write(values[start])
    var previous = values[start]
    for index in (start &+ 1)..<max(end, start &+ 1) {
      count &+= VariableLength.write(any: UInt64(bitPattern: values[index] &- previous), to: target + count)
      previous = values[index]
    }
  }

  /// Writes events, each with the timeline of whether it matches.
  private mutating func writeDated(_ values: UnsafePointer<Int64>, _ start: Int, _ end: Int) {
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
}
