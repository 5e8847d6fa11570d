extension SignalRecord {
  /// Unpacks a record of this pack; false where the bytes are not one. O(numbers), no allocation once warm.
  public mutating func unpack(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool { unpack(bytes, slots: memory.slotCount) }

  /// Unpacks a record of a pack that has the first `slotCount` slots of this one; the others are then added.
  public mutating func unpack(_ bytes: UnsafeBufferPointer<UInt8>, slots slotCount: Int) -> Bool {
    let memory = ownMemory()
    precondition(slotCount >= 0 && slotCount <= memory.slotCount, "there are not so many slots")
    return memory.unpack(bytes, slots: slotCount)
  }
}

extension RecordMemory {
  /// Unpacks a record; false where the bytes are not one.
  func unpack(_ bytes: UnsafeBufferPointer<UInt8>, slots slotCount: Int) -> Bool {
    used = 0
    // Every number takes a byte at least.
    reserve(bytes.count)
    guard let base = bytes.baseAddress else { return false }
    var reader = RunReader(place: base, end: base + bytes.count)
    if bytes.count >= 2, base[0] == 0x80, base[1] == 0 {
      reader.place += 2
      reader.unit = 1000
    }
    createdAt = VariableLength.unzigzag(reader.number())
    if RunReader.isFar(createdAt) { reader.isDamaged = true }
    RecordMemory.unpack(&reader, values, starts, initials, view.kinds, timelines, slotCount)
    finish(used: starts[slotCount], slots: slotCount)
    return !reader.isDamaged && reader.place == reader.end
  }

  @inline(__always)
  fileprivate static func unpack(
    _ reader: inout RunReader, _ values: UnsafeMutablePointer<Int64>, _ starts: UnsafeMutablePointer<Int>,
    _ initials: UnsafeMutablePointer<Bool>, _ kinds: UnsafePointer<SignalKind>,
    _ timelines: UnsafePointer<Int>, _ slotCount: Int
  ) {
    // In registers.
    var local = reader
    var count = 0
    var slot = 0
    while slot < slotCount, !local.isDamaged {
      starts[slot] = count
      switch kinds[slot] {
      case .instants:
        let length = local.number()
        if length > 0 { count = local.readRun(length, into: values, at: count) }
      case .timeline:
        let found = local.truths(min(timelines[slot], slotCount &- slot), into: initials + slot)
        if found > 0 {
          for _ in 0..<found {
            starts[slot] = count
            slot &+= 1
          }
          continue
        }
        let header = local.number()
        initials[slot] = header & 1 == 1
        if header > 1 { count = local.readRun(header >> 1, into: values, at: count) }
      case .datedInstants:
        (local, count) = readDated(local, values, count)
      }
      slot &+= 1
    }
    // Slots that were not reached are empty, so that the record can be read whatever it is.
    while slot <= slotCount {
      starts[slot] = count
      slot &+= 1
    }
    reader = local
  }

  @inline(never)
  fileprivate static func readDated(
    _ from: RunReader, _ values: UnsafeMutablePointer<Int64>, _ start: Int
  ) -> (RunReader, Int) {
    var reader = from
    var count = start
    var instant: Int64 = 0
    var events = reader.number()
    while events > 0, !reader.isDamaged {
      events -= 1
      instant &+= VariableLength.unzigzag(reader.number())
      if RunReader.isFar(instant) { reader.isDamaged = true }
      let header = reader.number()
      guard !reader.isDamaged, header >> 1 <= UInt64(reader.end - reader.place) else {
        reader.isDamaged = true
        break
      }
      values[count] = instant
      values[count + 1] = Int64(bitPattern: header)
      count += 2
      if header > 1 { count = reader.readRun(header >> 1, into: values, at: count) }
    }
    return (reader, count)
  }
}

/// Reads the numbers of a packed record.
private struct RunReader {
  var place: UnsafePointer<UInt8>
  let end: UnsafePointer<UInt8>
  var isDamaged = false
  /// Of the numbers in runs, in milliseconds.
  var unit: Int64 = 1

  /// No fact and no edge lies farther from 1970, so sums of instants and durations stay in range.
  static let farthestInstant: Int64 = 1 << 55

  @inline(__always)
  static func isFar(_ value: Int64) -> Bool {
    UInt64(bitPattern: value &+ farthestInstant) > UInt64(farthestInstant) << 1
  }

  @inline(__always)
  mutating func number() -> UInt64 { VariableLength.read(&place, end, &isDamaged) }

  /// Reads several conditions whose truth does not change with time, up to eight of `count`; returns how many, 0 where one
  /// of them is another.
  @inline(__always)
  mutating func truths(_ count: Int, into initials: UnsafeMutablePointer<Bool>) -> Int {
    guard end - place >= 8 else { return 0 }
    let count = min(count, 8)
    let word = VariableLength.word(place) & (UInt64.max &>> UInt64(64 &- count &* 8))
    guard word & 0xFEFE_FEFE_FEFE_FEFE == 0 else { return 0 }
    // Those behind them are false until it is their turn.
    UnsafeMutableRawPointer(initials).storeBytes(of: word.littleEndian, as: UInt64.self)
    place += count
    return count
  }

  /// Reads so many rising numbers, one at least, into memory that has room for one for each byte; returns the index
  /// behind the last one.
  @inline(__always)
  mutating func readRun(_ length: UInt64, into values: UnsafeMutablePointer<Int64>, at start: Int) -> Int {
    // A damaged count cannot ask for more than the record has.
    guard length <= UInt64(end - place) else {
      isDamaged = true
      return start
    }
    let after = start &+ Int(length)
    let unit = unit
    let first = VariableLength.unzigzag(number())
    var value = first &* unit
    values[start] = value
    var isFar = RunReader.isFar(value)
    var bits: UInt64 = 0
    var index = start &+ 1
    // As far as eight bytes can be read at once.
    let last = end - 8
    // Two at a time where both are in eight bytes, as most are: the place of the next two is known sooner.
    while index &+ 1 < after, place <= last {
      let word = VariableLength.word(place)
      let ends = ~word & 0x8080_8080_8080_8080
      let second = ends & (ends &- 1)
      if second == 0 { break }
      let skipped = UInt64(truncatingIfNeeded: VariableLength.length(ends) &* 8)
      place += VariableLength.length(second)
      let (step, next) = (VariableLength.value(word, ends), VariableLength.value(word &>> skipped, second &>> skipped))
      bits |= step | next
      values[index] = value &+ Int64(bitPattern: step) &* unit
      value &+= Int64(bitPattern: step &+ next) &* unit
      values[index &+ 1] = value
      index &+= 2
    }
    while index < after, place <= last {
      let word = VariableLength.word(place)
      let ends = ~word & 0x8080_8080_8080_8080
      if ends == 0 { break }
      place += VariableLength.length(ends)
      let step = VariableLength.value(word, ends)
      bits |= step
      value &+= Int64(bitPattern: step) &* unit
      values[index] = value
      index &+= 1
    }
    while index < after {
      let step = number()
      bits |= step
      value &+= Int64(bitPattern: step) &* unit
      values[index] = value
      index &+= 1
    }
    // Small differences, and not too many of them, cannot lead past a last one that is near.
    isFar = isFar || RunReader.isFar(value)
    // What was too large to be multiplied may look near.
    if unit != 1, first.magnitude | bits >= 1 << 47 { isDamaged = true }
    if isFar || bits >= (unit == 1 ? 1 << 44 : 1 << 34) || length > 1 << 10 { checkRun(values, start, after) }
    return after
  }

  /// Sees that the numbers of a run rise and that none is too far off.
  @inline(never)
  private mutating func checkRun(_ values: UnsafeMutablePointer<Int64>, _ start: Int, _ end: Int) {
    for index in start..<end
    where RunReader.isFar(values[index]) || (index > start && values[index] < values[index - 1]) {
      isDamaged = true
    }
  }
}
