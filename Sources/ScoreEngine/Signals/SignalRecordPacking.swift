/// Packed form: `created_at`, then each signal in the pack's order, all as variable-length integers.
/// - instants: count, first, differences.
/// - timeline: count of toggles × 2 + initial truth, first toggle, differences.
/// - dated instants: count of events, then for each its instant (first or difference) and a timeline.
///
/// Where all instants and toggles are whole seconds, as most sources write them, they are packed as seconds, which takes a
/// third less; the record then begins with two bytes that begin no other one, a zero longer than it need be.
extension SignalRecord {
  /// Milliseconds of a second, in which numbers are packed where they can be.
  private static let second: Int64 = 1000
  /// So few numbers would not make up for the two bytes.
  private static let fewNumbers = 3

  /// Whether what the slots hold can be packed as seconds.
  private var isInSeconds: Bool {
    guard used >= SignalRecord.fewNumbers else { return false }
    // Dated instants have counts among them.
    for index in kinds.indices where kinds[index] == .datedInstants && starts[index] < starts[index + 1] {
      return false
    }
    for value in values where value % SignalRecord.second != 0 { return false }
    return true
  }

  /// Appends the packed form. O(numbers).
  public func pack(into bytes: inout [UInt8]) {
    // A number takes ten bytes at most; there is one for each value, for each slot, and for the creation.
    let most = (used + kinds.count + 1) * VariableLength.longest + 2
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: most) { target in
      guard let target = target.baseAddress else { return }
      var writer = PackWriter(target: target, isInSeconds: isInSeconds)
      if writer.isInSeconds {
        target[0] = 0x80
        target[1] = 0
        writer.count = 2
      }
      withView { view in
        writer.write(createdAt)
        SignalRecord.pack(view, count: kinds.count, into: &writer)
      }
      bytes.append(contentsOf: UnsafeBufferPointer(start: target, count: writer.count))
    }
  }

  private static func pack(_ view: View, count: Int, into writer: inout PackWriter) {
    for index in 0..<count {
      let start = view.starts[index]
      let end = view.starts[index &+ 1]
      switch view.kinds[index] {
      case .instants:
        writer.write(unsigned: UInt64(end &- start))
        writer.writeRun(view.values, start, end)
      case .timeline:
        writer.write(unsigned: UInt64(end &- start) << 1 | (view.initials[index] ? 1 : 0))
        writer.writeRun(view.values, start, end)
      case .datedInstants:
        var events = 0
        var position = start
        while position < end {
          events += 1
          position += 2 + Int(view.values[position + 1] >> 1)
        }
        writer.write(unsigned: UInt64(events))
        position = start
        var previous: Int64 = 0
        while position < end {
          writer.write(view.values[position] &- previous)
          previous = view.values[position]
          let header = view.values[position + 1]
          writer.write(unsigned: UInt64(bitPattern: header))
          let next = position + 2 + Int(header >> 1)
          writer.writeRun(view.values, position + 2, next)
          position = next
        }
      }
    }
  }

  /// Unpacks a record of this pack; false where the bytes are not one. O(numbers), no allocation once warm.
  public mutating func unpack(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool { unpack(bytes, slots: kinds.count) }

  /// Unpacks a record of a pack that has the first `slotCount` slots of this one; the others are then added.
  public mutating func unpack(_ bytes: UnsafeBufferPointer<UInt8>, slots slotCount: Int) -> Bool {
    used = 0
    // Every number takes a byte at least.
    reserve(bytes.count)
    guard let base = bytes.baseAddress else { return false }
    var reader = RunReader(place: base, end: base + bytes.count)
    if bytes.count >= 2, base[0] == 0x80, base[1] == 0 {
      reader.place += 2
      reader.unit = SignalRecord.second
    }
    createdAt = VariableLength.unzigzag(reader.number())
    if RunReader.isFar(createdAt) { reader.isDamaged = true }
    buffer.withUnsafeMutableBufferPointer { buffer in
      starts.withUnsafeMutableBufferPointer { starts in
        initials.withUnsafeMutableBufferPointer { initials in
          paddedKinds.withUnsafeBufferPointer { kinds in
            guard let values = buffer.baseAddress else { return }
            SignalRecord.unpack(&reader, values, starts, initials, kinds, slotCount)
          }
        }
      }
    }
    finish(used: starts[slotCount], slots: slotCount)
    return !reader.isDamaged && reader.place == reader.end
  }

  @inline(__always)
  private static func unpack(
    _ reader: inout RunReader, _ values: UnsafeMutablePointer<Int64>, _ starts: UnsafeMutableBufferPointer<Int>,
    _ initials: UnsafeMutableBufferPointer<Bool>, _ kinds: UnsafeBufferPointer<SignalKind>, _ slotCount: Int
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
  private static func readDated(
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

/// Writes numbers into memory that is large enough for all of them.
private struct PackWriter {
  let target: UnsafeMutablePointer<UInt8>
  let isInSeconds: Bool
  var count = 0

  @inline(__always)
  mutating func write(unsigned value: UInt64) {
    count &+= VariableLength.write(unsigned: value, to: target + count)
  }

  @inline(__always)
  mutating func write(_ value: Int64) { write(unsigned: VariableLength.zigzag(value)) }

  @inline(__always)
  mutating func writeRun(_ values: UnsafePointer<Int64>, _ start: Int, _ end: Int) {
    guard start < end else { return }
    if isInSeconds { return writeSeconds(values, start, end) }
    write(values[start])
    var previous = values[start]
    for index in (start &+ 1)..<max(end, start &+ 1) {
      write(unsigned: UInt64(bitPattern: values[index] &- previous))
      previous = values[index]
    }
  }

  @inline(__always)
  private mutating func writeSeconds(_ values: UnsafePointer<Int64>, _ start: Int, _ end: Int) {
    write(values[start] / 1000)
    var previous = values[start]
    for index in (start &+ 1)..<max(end, start &+ 1) {
      write(unsigned: UInt64(bitPattern: values[index] &- previous) / 1000)
      previous = values[index]
    }
  }
}
