/// Unpacking records that are laid out in columns, so that what all slots have can be read without asking of each what it
/// has, which cannot be foretold; and so that of instants which do not matter only the newest one is looked at.
extension RecordMemory {
  /// Unpacks a record; false where the bytes are not one.
  @inline(__always)
  func unpackColumns(
    _ bytes: UnsafeBufferPointer<UInt8>, _ form: RecordForm, slots slotCount: Int, readable behind: Int,
    reach: EventReach?
  ) -> Bool {
    finish(used: 0, slots: slotCount)
    guard let base = bytes.baseAddress else { return clear(slotCount) }
    // Words of eight bytes are read at any place.
    let padded = behind < RecordColumns.padding ? copyWithPadding(bytes) : base
    var columns = RecordColumns(padded, bytes.count, form, slots: slotCount)
    guard columns.readHead(masks) else { return clear(slotCount) }
    createdAt = columns.createdAt
    headEnd = columns.truths - columns.base
    columnsEnd = columns.lengths + columns.count - columns.base
    let count =
      columns.isSimple
      ? columns.readSimple(into: self, slots: slotCount, reach: reach?.oldest)
      : columns.readAny(into: self, slots: slotCount, reach: reach?.oldest)
    guard let count else { return clear(slotCount) }
    used = count
    return true
  }

  /// Empties all slots, so that the record can be looked at whatever it is.
  @inline(never)
  private func clear(_ slotCount: Int) -> Bool {
    for slot in 0...slotCount { starts[slot] = 0 }
    return false
  }
}

/// A packed record in columns, in memory of which some bytes behind it can be looked at.
struct RecordColumns {
  /// So many bytes behind a record are looked at.
  static let padding = 8

  /// By group of eight slots, lowest bit first: those that are conditions, and those of instants.
  struct Masks {
    var conditions: UInt8 = 0
    var instants: UInt8 = 0
    /// Those that there are.
    var all: UInt8 = 0
  }

  let base: UnsafePointer<UInt8>
  let end: UnsafePointer<UInt8>
  private let unit: Int64
  private let width: Int
  /// Of eight slots.
  private let groups: Int
  private(set) var createdAt: Int64 = 0
  /// A bit for each slot: whether a condition holds at first.
  private(set) var truths: UnsafePointer<UInt8>
  /// A bit for each slot: whether there are numbers.
  private var presence: UnsafePointer<UInt8>
  /// The newest instant of each slot that has some.
  private var newest: UnsafePointer<UInt8>
  /// How many bytes the older ones take.
  private(set) var lengths: UnsafePointer<UInt8>
  /// How many slots have instants.
  private(set) var count = 0
  /// Whether instants are all there is.
  private(set) var isSimple = true

  /// A length of a byte at most; others stand behind the lengths.
  static let longLength: UInt8 = 255

  @inline(__always)
  init(_ base: UnsafePointer<UInt8>, _ count: Int, _ form: RecordForm, slots: Int) {
    groups = (slots &+ 7) &>> 3
    self.base = base
    end = base + count
    unit = form.unit
    width = form.width
    truths = base + form.markLength
    (presence, newest, lengths) = (truths, truths, truths)
  }

  /// Finds the columns; false where there are none.
  @inline(__always)
  mutating func readHead(_ masks: UnsafePointer<Masks>) -> Bool {
    var isDamaged = false
    createdAt = VariableLength.unzigzag(VariableLength.read(&truths, end, &isDamaged))
    guard !isDamaged, !RunReader.isFar(createdAt), end - truths >= groups &* 2 else { return false }
    presence = truths + groups
    newest = presence + groups
    var wrong: UInt8 = 0
    var others: UInt8 = 0
    for group in 0..<groups {
      let mask = masks[group]
      wrong |= truths[group] & ~mask.conditions | presence[group] & ~mask.all
      others |= presence[group] & ~mask.instants
      count &+= (presence[group] & mask.instants).nonzeroBitCount
    }
    lengths = newest + count &* width
    isSimple = others == 0
    return wrong == 0 && end - lengths >= count
  }

  /// The instant whose units stand at a place.
  @inline(__always)
  private func instant(at place: UnsafePointer<UInt8>) -> Int64 {
    let shift = Int64(64 &- width &* 8)
    let word = Int64(bitPattern: VariableLength.word(place))
    return (word &<< shift) &>> shift &* unit
  }

  /// Reads slots of which none has anything but instants, and leaves those that are not as most are to
  /// ``readAny(into:slots:reach:)``; returns how many numbers there are, nil for damage.
  @inline(__always)
  func readSimple(into memory: RecordMemory, slots slotCount: Int, reach oldest: UnsafePointer<Int64>?) -> Int? {
    let (values, starts, initials) = (memory.values, memory.starts, memory.initials)
    let oldest = oldest ?? memory.noReach
    for group in 0..<groups { RecordColumns.store(truths[group], to: initials + group &* 8) }
    var newest = self.newest
    var length = lengths
    var older = lengths + count
    var used = 0
    // The first slot of which it is not said yet where its numbers begin. There is room behind the last one.
    var slot = 0
    var group = 0
    while group < groups {
      var present = presence(from: group)
      while present != 0 {
        let index = group &* 8 &+ present.trailingZeroBitCount
        present &= present &- 1
        repeat {
          // Several at once: how many follow that have no numbers cannot be foretold.
          RecordColumns.store(used, to: starts + slot)
          slot &+= 8
        } while slot <= index
        slot = index &+ 1
        let instant = instant(at: newest)
        values[used] = instant
        newest += width
        let bytes = Int(length.pointee)
        length += 1
        if bytes != 0, instant > oldest[index] {
          guard bytes <= end - older, bytes < Int(RecordColumns.longLength) else {
            return readAny(into: memory, slots: slotCount, reach: oldest)
          }
          let (found, steps) = RecordColumns.readOlder(
            older, older + bytes, unit, into: values + used, downTo: oldest[index])
          guard found > 0, steps < largeStep else {
            return readAny(into: memory, slots: slotCount, reach: oldest)
          }
          used &+= found &- 1
        }
        older += bytes
        used &+= 1
      }
      group &+= 8
    }
    while slot < slotCount {
      RecordColumns.store(used, to: starts + slot)
      slot &+= 8
    }
    starts[slotCount] = used
    // Where a long length was passed over, this is not the end.
    return older == end ? used : readAny(into: memory, slots: slotCount, reach: oldest)
  }

  /// Reads any slots, and sees that all is as it should be; returns how many numbers there are, nil for damage.
  @inline(never)
  func readAny(into memory: RecordMemory, slots slotCount: Int, reach oldest: UnsafePointer<Int64>?) -> Int? {
    let (values, starts, initials) = (memory.values, memory.starts, memory.initials)
    let oldest = oldest ?? memory.noReach
    var isDamaged = false
    // The long lengths, which stand before what they are the lengths of.
    let longLengths = lengths + count
    var older = longLengths
    var total: UInt64 = 0
    for index in 0..<count {
      let length = RecordColumns.length(lengths[index], &older, end, &isDamaged)
      guard !isDamaged, length >= UInt64(lengths[index]) else { return nil }
      total &+= length
      guard length <= UInt64(end - base), total <= UInt64(end - older) else { return nil }
    }
    var others = RunReader(place: older + Int(total), end: end, unit: 1)
    var (newest, length, long) = (newest, lengths, longLengths)
    var used = 0
    for slot in 0..<slotCount {
      starts[slot] = used
      let bit = UInt8(1) << (slot & 7)
      initials[slot] = truths[slot >> 3] & bit != 0
      guard presence[slot >> 3] & bit != 0 else { continue }
      if memory.kinds[slot] == .instants {
        values[used] = instant(at: newest)
        newest += width
        let bytes = Int(RecordColumns.length(length.pointee, &long, end, &isDamaged))
        length += 1
        if bytes > 0, values[used] > oldest[slot] {
          let (found, steps) = RecordColumns.readOlder(
            older, older + bytes, unit, into: values + used, downTo: oldest[slot])
          // Large numbers of units may look near when they are multiplied.
          guard found > 0, unit == 1 || steps < 1 << 47 else { return nil }
          if steps >= largeStep || found > 1 << 10 {
            guard RecordColumns.isRising(values + used, found) else { return nil }
          }
          used += found - 1
        }
        older += bytes
        used += 1
      } else {
        let before = used
        if memory.kinds[slot] == .timeline {
          let toggles = others.number()
          used = others.readRun(toggles, into: values, at: used)
        } else {
          used = others.readDated(into: values, at: used)
        }
        guard !others.isDamaged, used > before else { return nil }
      }
    }
    starts[slotCount] = used
    return others.place == end ? used : nil
  }

  /// Steps below this are small: so many of them that they are not checked do not lead out of range.
  @inline(__always)
  private var largeStep: UInt64 { unit == 1 ? 1 << 44 : 1 << 34 }

  /// A length, where it is long from the place of the next long one, which moves behind it.
  @inline(__always)
  private static func length(
    _ byte: UInt8, _ long: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ isDamaged: inout Bool
  ) -> UInt64 {
    byte == longLength ? VariableLength.read(&long, end, &isDamaged) : UInt64(byte)
  }

  private static func isRising(_ values: UnsafePointer<Int64>, _ count: Int) -> Bool {
    for index in 0..<count
    where RunReader.isFar(values[index]) || (index > 0 && values[index] < values[index - 1]) { return false }
    return true
  }

  /// Stores a number eight times.
  @inline(__always)
  private static func store(_ number: Int, to target: UnsafeMutablePointer<Int>) {
    for index in 0..<8 { target[index] = number }
  }

  /// The bits of eight groups, of those that there are.
  @inline(__always)
  private func presence(from group: Int) -> UInt64 {
    let word = VariableLength.word(presence + group)
    let rest = groups &- group
    return rest >= 8 ? word : word & ((1 &<< UInt64(rest &* 8)) &- 1)
  }

  /// Stores a byte for each bit of a group.
  @inline(__always)
  private static func store(_ bits: UInt8, to initials: UnsafeMutablePointer<Bool>) {
    // The lower seven bits each come to the lowest place of a byte of their own.
    let low = UInt64(bits & 0x7F) &* 0x0002_0408_1020_4081 & 0x0001_0101_0101_0101
    let word = low | UInt64(bits &>> 7) &<< 56
    UnsafeMutableRawPointer(initials).storeBytes(of: word.littleEndian, as: UInt64.self)
  }

  /// Reads the instants of a slot before its newest one, which stands at `values`, each by its difference to the one
  /// behind it, until one is not after `oldest`; all of them then stand at `values` in rising order.
  ///
  /// - Parameters:
  ///   - start: where the differences begin.
  ///   - stop: where they end, behind `start`.
  ///   - values: has room for a number for each byte of the differences, and one more.
  /// - Returns: how many numbers there are with the newest one, 0 where a difference goes beyond `stop`; the bits of the
  ///   differences that may be large, in units.
  @inline(never)
  private static func readOlder(
    _ start: UnsafePointer<UInt8>, _ stop: UnsafePointer<UInt8>, _ unit: Int64,
    into values: UnsafeMutablePointer<Int64>, downTo oldest: Int64
  ) -> (count: Int, steps: UInt64) {
    // From the last place that they could need down.
    let newest = values + (stop - start)
    newest.pointee = values.pointee
    var low = newest
    var place = start
    var isDamaged = false
    var bits: UInt64 = 0
    let factor = UInt64(UInt32(truncatingIfNeeded: unit))
    while place < stop, low.pointee > oldest {
      // Two at a time where both are in eight bytes and none takes more than four, as most are.
      let word = VariableLength.word(place)
      let ends = ~word & 0x8080_8080_8080_8080
      let other = ends & (ends &- 1)
      let both = word & 0x7F7F_7F7F_7F7F_7F7F & (other ^ (other &- 1))
      let one = both & (ends &- 1)
      let next = (both ^ one) &>> (UInt64(truncatingIfNeeded: ends.trailingZeroBitCount &+ 1) & 63)
      let behind = place + (other.trailingZeroBitCount &>> 3 &+ 1)
      if other != 0, (one | next) &>> 32 == 0, behind <= stop {
        // Groups of seven bits are moved together: pairs, fours.
        var steps = SIMD2(one, next)
        steps = (steps & 0x007F_007F) | (steps &>> 1 & 0x3F80_3F80)
        steps = (steps & 0x3FFF) | (steps &>> 2 & 0x0FFF_C000)
        steps = (steps & 0xFFFF_FFFF) &* SIMD2(repeating: factor)
        low[-1] = low.pointee &- Int64(bitPattern: steps.x)
        low[-2] = low[-1] &- Int64(bitPattern: steps.y)
        low -= 2
        place = behind
        continue
      }
      let step = VariableLength.read(&place, stop, &isDamaged)
      if isDamaged { return (0, bits) }
      bits |= step
      low[-1] = low.pointee &- Int64(bitPattern: step &* UInt64(bitPattern: unit))
      low -= 1
    }
    let count = newest - low + 1
    if low > values {
      for index in 0..<count { values[index] = low[index] }
    }
    return (count, bits)
  }
}
