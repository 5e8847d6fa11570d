/// Reads the numbers of a packed record that stand slot by slot.
struct RunReader {
  var place: UnsafePointer<UInt8>
  let end: UnsafePointer<UInt8>
  /// As far as eight bytes can be read at once.
  let lastWord: UnsafePointer<UInt8>
  /// Of the numbers in runs, in milliseconds.
  let unit: Int64
  var isDamaged = false
  /// The bits of the first numbers and of the larger steps of short runs, in units, and of their first and last numbers
  /// in milliseconds; negative ones turned over.
  var unitBits: UInt64 = 0
  var bits: UInt64 = 0

  /// Whether the numbers of short runs need not rise, or may be too far off.
  var isSuspect: Bool { bits >= 1 << 55 || unitBits >= largeStep }
  /// Steps below this are small.
  var largeStep: UInt64 { unit == 1 ? 1 << 44 : 1 << 34 }
  /// Whether a number of units was too large to be multiplied, and may look near.
  func isTooLarge(_ units: UInt64) -> Bool { unit != 1 && units >= 1 << 47 }

  /// No fact and no edge lies farther from 1970, so sums of instants and durations stay in range.
  static let farthestInstant: Int64 = 1 << 55

  @inline(__always)
  static func isFar(_ value: Int64) -> Bool {
    UInt64(bitPattern: value &+ farthestInstant) > UInt64(farthestInstant) << 1
  }

  @inline(__always)
  mutating func number() -> UInt64 { VariableLength.read(&place, end, &isDamaged) }

  /// Reads several conditions whose truth does not change with time, `count` of them, eight at most; returns how many, 0
  /// where one of them is another.
  @inline(__always)
  mutating func truths(_ count: Int, into initials: UnsafeMutablePointer<Bool>) -> Int {
    guard place <= lastWord else { return 0 }
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
  /// more; returns the length. Nil, and nothing is read, where that is not for the quick way. The numbers are still to
  /// be checked where ``isSuspect`` says so.
  @inline(__always)
  mutating func readShortRun(into values: UnsafeMutablePointer<Int64>) -> Int? {
    guard place <= lastWord else { return nil }
    let word = VariableLength.word(place)
    // The length in the first byte, the first number in the seven others.
    let ends = ~(word &>> 8) & 0x0080_8080_8080_8080
    let length = Int(truncatingIfNeeded: word & 0x7F)
    // A damaged count cannot ask for more than the record has.
    guard word & 0x80 == 0, ends != 0, length < end - place else { return nil }
    let first = VariableLength.unzigzag(VariableLength.value(word &>> 8, ends))
    place += 1 &+ VariableLength.length(ends)
    values[0] = first &* unit
    unitBits |= UInt64(bitPattern: first ^ first &>> 63)
    bits |= UInt64(bitPattern: values[0] ^ values[0] &>> 63)
    if length > 1 {
      let (next, steps) = RunReader.readSteps(place, end, lastWord, unit, into: values, count: length)
      guard let next else {
        isDamaged = true
        return length
      }
      place = next
      unitBits |= steps
      let last = values[length &- 1]
      bits |= UInt64(bitPattern: last ^ last &>> 63)
    }
    return length
  }

  /// Reads the length of a run and its numbers into memory that has room for one for each byte, and one more; returns the
  /// index behind the last one.
  @inline(never)
  static func readRun(_ from: RunReader, _ values: UnsafeMutablePointer<Int64>, _ start: Int) -> (RunReader, Int) {
    let (reader, length) = readHeader(from)
    return length > 0 ? readRun(reader, length, values, start) : (reader, start)
  }

  @inline(never)
  static func readHeader(_ from: RunReader) -> (RunReader, UInt64) {
    var reader = from
    let header = reader.number()
    return (reader, header)
  }

  /// Reads so many rising numbers, one at least, and checks them.
  @inline(never)
  static func readRun(
    _ from: RunReader, _ length: UInt64, _ values: UnsafeMutablePointer<Int64>, _ start: Int
  ) -> (RunReader, Int) {
    var reader = from
    // A damaged count cannot ask for more than the record has.
    guard reader.end > reader.place, length <= UInt64(reader.end - reader.place) else {
      reader.isDamaged = true
      return (reader, start)
    }
    let first = VariableLength.unzigzag(reader.number())
    let after = start + Int(length)
    values[start] = first &* reader.unit
    var steps: UInt64 = 0
    if length > 1, !reader.isDamaged {
      let (next, bits) = readSteps(
        reader.place, reader.end, reader.lastWord, reader.unit, into: values + start, count: Int(length))
      if let next { reader.place = next } else { reader.isDamaged = true }
      steps = bits
    }
    if reader.isTooLarge(first.magnitude | steps) { reader.isDamaged = true }
    // Small differences, and not too many of them, cannot lead past a last one that is near.
    let isFar = isFar(values[start]) || isFar(values[after - 1])
    if isFar || steps >= reader.largeStep || length > 1 << 10 { reader.checkRun(values, start, after) }
    return (reader, after)
  }

  /// Reads the numbers of a run behind its first one, each by its difference from the one before it.
  ///
  /// - Returns: the place behind them, nil where one goes beyond `end`; the bits of the differences that may be large, in
  ///   units.
  @inline(never)
  private static func readSteps(
    _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ lastWord: UnsafePointer<UInt8>, _ unit: Int64,
    into values: UnsafeMutablePointer<Int64>, count: Int
  ) -> (UnsafePointer<UInt8>?, UInt64) {
    var place = start
    var isDamaged = false
    var bits: UInt64 = 0
    let unit = UInt64(UInt32(truncatingIfNeeded: unit))
    var index = 1
    var before = SIMD2<UInt64>(repeating: UInt64(bitPattern: values[0]))
    // Two at a time where both are in eight bytes and none takes more than four, as most are.
    while index < count, place <= lastWord {
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
      let last = index &+ 1 < count ? other : ends
      place += last.trailingZeroBitCount &>> 3 &+ 1
      index &+= 2
    }
    while index < count {
      let step = VariableLength.read(&place, end, &isDamaged)
      bits |= step
      values[index] = values[index &- 1] &+ Int64(bitPattern: step &* unit)
      index &+= 1
    }
    return (isDamaged ? nil : place, bits)
  }

  /// Reads events, each with the timeline of whether it matches.
  @inline(never)
  static func readDated(
    _ from: RunReader, _ values: UnsafeMutablePointer<Int64>, _ start: Int
  ) -> (RunReader, Int) {
    var reader = from
    var count = start
    var instant: Int64 = 0
    var events = reader.number()
    while events > 0, !reader.isDamaged {
      events -= 1
      instant &+= VariableLength.unzigzag(reader.number())
      if isFar(instant) { reader.isDamaged = true }
      let header = reader.number()
      guard !reader.isDamaged, header >> 1 <= UInt64(reader.end - reader.place) else {
        reader.isDamaged = true
        break
      }
      values[count] = instant
      values[count + 1] = Int64(bitPattern: header)
      count += 2
      if header > 1 { (reader, count) = readRun(reader, header >> 1, values, count) }
    }
    return (reader, count)
  }

  /// Sees that the numbers of a run rise and that none is too far off.
  mutating func checkRun(_ values: UnsafeMutablePointer<Int64>, _ start: Int, _ end: Int) {
    for index in start..<end
    where RunReader.isFar(values[index]) || (index > start && values[index] < values[index - 1]) {
      isDamaged = true
    }
  }
}
