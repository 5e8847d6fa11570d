extension SignalRecord {
  /// Unpacks a record of this pack; false where the bytes are not one. O(numbers), no allocation once warm.
  ///
  /// - Parameter behind: so many bytes behind the record may be looked at, which is quicker where there are some.
  public mutating func unpack(_ bytes: UnsafeBufferPointer<UInt8>, readable behind: Int = 0) -> Bool {
    unpack(bytes, slots: memory.slotCount, readable: behind)
  }

  /// Unpacks a record of a pack that has the first `slotCount` slots of this one; the others are then added.
  ///
  /// - Parameter behind: so many bytes behind the record may be looked at, which is quicker where there are some.
  public mutating func unpack(_ bytes: UnsafeBufferPointer<UInt8>, slots slotCount: Int, readable behind: Int = 0)
    -> Bool
  {
    let memory = ownMemory()
    precondition(slotCount >= 0 && slotCount <= memory.slotCount, "there are not so many slots")
    return memory.unpack(bytes, slots: slotCount, readable: behind)
  }
}

extension RecordMemory {
  /// Unpacks a record; false where the bytes are not one.
  func unpack(_ bytes: UnsafeBufferPointer<UInt8>, slots slotCount: Int, readable behind: Int) -> Bool {
    used = 0
    // Every number takes a byte at least; one more may be written behind the last.
    reserve(bytes.count + 1)
    guard let base = bytes.baseAddress else { return false }
    let end = base + bytes.count
    var reader = RunReader(place: base, end: end, lastWord: end + (behind - 8))
    if bytes.count >= 2, base[0] == 0x80, base[1] == 0 {
      reader.place += 2
      reader.unit = 1000
    }
    createdAt = VariableLength.unzigzag(reader.number())
    if RunReader.isFar(createdAt) { reader.isDamaged = true }
    RecordMemory.unpack(&reader, values, starts, initials, view.kinds, alike, slotCount)
    finish(used: starts[slotCount], slots: slotCount)
    return !reader.isDamaged && reader.place == reader.end
  }

  @inline(__always)
  fileprivate static func unpack(
    _ reader: inout RunReader, _ values: UnsafeMutablePointer<Int64>, _ starts: UnsafeMutablePointer<Int>,
    _ initials: UnsafeMutablePointer<Bool>, _ kinds: UnsafePointer<SignalKind>,
    _ alike: UnsafePointer<Int>, _ slotCount: Int
  ) {
    // In registers.
    var local = reader
    var count = 0
    var slot = 0
    while slot < slotCount, !local.isDamaged {
      starts[slot] = count
      switch kinds[slot] {
      case .instants:
        // Past those that are empty at once: which ones are cannot be foretold.
        let rest = min(alike[slot], slotCount &- slot, 8)
        let empty = min(local.emptyRuns(), rest)
        for index in 0..<8 { starts[slot &+ index] = count }
        slot &+= empty
        local.place += empty
        if empty == rest { continue }
        if let after = local.readShortRun(into: values, at: count) {
          count = after
        } else {
          let length = local.number()
          if length > 0 { count = local.readRun(length, into: values, at: count) }
        }
      case .timeline:
        let found = local.truths(min(alike[slot], slotCount &- slot), into: initials + slot)
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
  /// As far as eight bytes can be read at once.
  let lastWord: UnsafePointer<UInt8>
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
    guard place <= lastWord else { return 0 }
    let count = min(count, 8)
    let word = VariableLength.word(place) & (UInt64.max &>> UInt64(64 &- count &* 8))
    guard word & 0xFEFE_FEFE_FEFE_FEFE == 0 else { return 0 }
    // Those behind them are false until it is their turn.
    UnsafeMutableRawPointer(initials).storeBytes(of: word.littleEndian, as: UInt64.self)
    place += count
    return count
  }

  /// How many empty runs follow at least, eight at most.
  @inline(__always)
  func emptyRuns() -> Int {
    place <= lastWord ? VariableLength.word(place).trailingZeroBitCount &>> 3 : 0
  }

  /// Reads the length of a run, which is not 0, and its numbers into memory that has room for one for each byte, and one
  /// more; returns the index behind the last one. Nil, and nothing is read, where that is not for the quick way.
  @inline(__always)
  mutating func readShortRun(into values: UnsafeMutablePointer<Int64>, at start: Int) -> Int? {
    guard place <= lastWord else { return nil }
    let word = VariableLength.word(place)
    // The length in the first byte, the first number in the seven others.
    let ends = ~(word &>> 8) & 0x0080_8080_8080_8080
    guard word & 0x80 == 0, ends != 0 else { return nil }
    let length = Int(truncatingIfNeeded: word & 0x7F)
    // A damaged count cannot ask for more than the record has.
    guard length < end - place else { return nil }
    let first = VariableLength.unzigzag(VariableLength.value(word &>> 8, ends))
    place += 1 &+ VariableLength.length(ends)
    return readRest(length, first, into: values, at: start)
  }

  /// Reads so many rising numbers, one at least, into memory that has room for one for each byte, and one more; returns
  /// the index behind the last one.
  @inline(never)
  mutating func readRun(_ length: UInt64, into values: UnsafeMutablePointer<Int64>, at start: Int) -> Int {
    // A damaged count cannot ask for more than the record has.
    guard end > place, length <= UInt64(end - place) else {
      isDamaged = true
      return start
    }
    let first = VariableLength.unzigzag(number())
    return readRest(Int(length), first, into: values, at: start)
  }

  /// Reads the numbers behind the first one of a run.
  @inline(__always)
  private mutating func readRest(
    _ length: Int, _ first: Int64, into values: UnsafeMutablePointer<Int64>, at start: Int
  ) -> Int {
    let after = start &+ length
    values[start] = first &* unit
    var bits: UInt64 = 0
    if length > 1 { readSteps(into: values, from: start &+ 1, to: after, &bits) }
    // Small differences, and not too many of them, cannot lead past a last one that is near.
    let isFar = RunReader.isFar(values[start]) || RunReader.isFar(values[after &- 1])
    // What was too large to be multiplied may look near.
    if unit != 1, first.magnitude | bits >= 1 << 47 { isDamaged = true }
    if isFar || bits >= (unit == 1 ? 1 << 44 : 1 << 34) || length > 1 << 10 { checkRun(values, start, after) }
    return after
  }

  /// Reads numbers by their differences, each from the one before it, the first one's being in front of it.
  ///
  /// - Parameter bits: gets the bits of the differences that may be large.
  @inline(__always)
  private mutating func readSteps(
    into values: UnsafeMutablePointer<Int64>, from start: Int, to after: Int, _ bits: inout UInt64
  ) {
    // In registers.
    let (end, lastWord) = (end, lastWord)
    var place = self.place
    var isDamaged = self.isDamaged
    let unit = UInt64(UInt32(truncatingIfNeeded: self.unit))
    var index = start
    var before = SIMD2<UInt64>(repeating: UInt64(bitPattern: values[start &- 1]))
    // Two at a time where both are in eight bytes and none takes more than four, as most are.
    while index < after, place <= lastWord {
      let word = VariableLength.word(place)
      let ends = ~word & 0x8080_8080_8080_8080
      let other = ends & (ends &- 1)
      let both = word & 0x7F7F_7F7F_7F7F_7F7F & (other ^ (other &- 1))
      let one = both & (ends &- 1)
      let next = (both ^ one) &>> (UInt64(truncatingIfNeeded: ends.trailingZeroBitCount &+ 1) & 63)
      guard other != 0, (one | next) &>> 32 == 0 else {
        let step = VariableLength.read(&place, end, &isDamaged)
        bits |= step
        before &+= SIMD2(repeating: step &* unit)
        values[index] = Int64(bitPattern: before.x)
        index &+= 1
        continue
      }
      // Groups of seven bits are moved together: pairs, fours.
      var steps = SIMD2(one, next)
      steps = (steps & 0x007F_007F) | (steps &>> 1 & 0x3F80_3F80)
      steps = (steps & 0x3FFF) | (steps &>> 2 & 0x0FFF_C000)
      steps = (steps & 0xFFFF_FFFF) &* SIMD2(repeating: unit)
      let numbers = before &+ steps &+ SIMD2(0, steps.x)
      // The second one may be no more of this run; then what is written of it is overwritten.
      UnsafeMutableRawPointer(values + index).storeBytes(of: numbers, as: SIMD2<UInt64>.self)
      before = SIMD2(repeating: numbers.y)
      let last = index &+ 1 < after ? other : ends
      place += last.trailingZeroBitCount &>> 3 &+ 1
      index &+= 2
    }
    while index < after {
      let step = VariableLength.read(&place, end, &isDamaged)
      bits |= step
      values[index] = values[index &- 1] &+ Int64(bitPattern: step &* unit)
      index &+= 1
    }
    self.place = place
    self.isDamaged = isDamaged
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
