/// Packed form: `created_at`, then each signal in the pack's order, all as variable-length integers.
/// - instants: count, first, differences.
/// - timeline: count of toggles × 2 + initial truth, first toggle, differences.
/// - dated instants: count of events, then for each its instant (first or difference) and a timeline.
extension SignalRecord {
  /// Appends the packed form. O(numbers).
  public func pack(into bytes: inout [UInt8]) {
    // A number takes ten bytes at most; there is one for each value, for each slot, and for the creation.
    let most = (used + kinds.count + 1) * VariableLength.longest
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: most) { target in
      guard let target = target.baseAddress else { return }
      var writer = PackWriter(target: target)
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
    var reader = VariableLength.Reader(bytes: bytes)
    let createdAt = reader.signed()
    if createdAt.magnitude > UInt64(UnpackTarget.farthestInstant) { reader.markDamaged() }
    let written = buffer.withUnsafeMutableBufferPointer { buffer in
      starts.withUnsafeMutableBufferPointer { starts in
        initials.withUnsafeMutableBufferPointer { initials in
          kinds.withUnsafeBufferPointer { kinds -> Int in
            var target = UnpackTarget(values: buffer)
            for index in 0..<slotCount {
              starts[index] = target.count
              switch kinds[index] {
              case .instants:
                target.readRun(reader.unsigned(), &reader)
              case .timeline:
                let header = reader.unsigned()
                initials[index] = header & 1 == 1
                target.readRun(header >> 1, &reader)
              case .datedInstants:
                target.readDated(reader.unsigned(), &reader, limit: bytes.count)
              }
              if reader.isDamaged {
                // Slots not reached are empty, so that the record can be read whatever it is.
                for rest in (index + 1)..<max(index + 1, slotCount) { starts[rest] = target.count }
                target.isDamaged = true
                break
              }
            }
            starts[slotCount] = target.count
            if target.isDamaged { reader.markDamaged() }
            return target.count
          }
        }
      }
    }
    finish(used: written, slots: slotCount, createdAt: createdAt)
    return !reader.isDamaged && reader.isAtEnd
  }
}

/// Writes numbers into memory that is large enough for all of them.
private struct PackWriter {
  let target: UnsafeMutablePointer<UInt8>
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
    write(values[start])
    var previous = values[start]
    for index in (start &+ 1)..<max(end, start &+ 1) {
      write(unsigned: UInt64(bitPattern: values[index] &- previous))
      previous = values[index]
    }
  }
}

/// Takes the numbers of a packed record; there is room for one for each of its bytes.
private struct UnpackTarget {
  let values: UnsafeMutableBufferPointer<Int64>
  var count = 0
  var isDamaged = false

  /// No fact and no edge lies farther from 1970, so sums of instants and durations stay in range.
  static let farthestInstant: Int64 = 1 << 55

  init(values: UnsafeMutableBufferPointer<Int64>) {
    self.values = values
  }

  @inline(__always)
  mutating func readRun(_ count: UInt64, _ reader: inout VariableLength.Reader) {
    guard count > 0 else { return }
    // A damaged count cannot ask for more than the record has.
    guard count <= UInt64(Int64.max), reader.has(Int(count)), let base = values.baseAddress else {
      reader.markDamaged()
      return
    }
    var value = reader.signed()
    var isFar = UnpackTarget.isFar(value)
    base[self.count] = value
    let end = self.count &+ Int(count)
    var position = self.count &+ 1
    while position < end {
      let step = reader.unsigned()
      value &+= Int64(truncatingIfNeeded: step)
      isFar = isFar || step > UInt64(UnpackTarget.farthestInstant) || UnpackTarget.isFar(value)
      base[position] = value
      position &+= 1
    }
    self.count = end
    if isFar { isDamaged = true }
  }

  @inline(never)
  mutating func readDated(_ events: UInt64, _ reader: inout VariableLength.Reader, limit: Int) {
    guard events <= UInt64(limit) else {
      reader.markDamaged()
      return
    }
    var instant: Int64 = 0
    for _ in 0..<events {
      guard reader.has(2) else {
        reader.markDamaged()
        return
      }
      instant &+= reader.signed()
      if UnpackTarget.isFar(instant) { isDamaged = true }
      let header = reader.unsigned()
      guard !reader.isDamaged, reader.has(0), header >> 1 <= UInt64(limit) else {
        reader.markDamaged()
        return
      }
      values[count] = instant
      values[count + 1] = Int64(truncatingIfNeeded: header)
      count += 2
      let before = count
      readRun(header >> 1, &reader)
      if count - before != Int(header >> 1) {
        // The event is not whole.
        count = before - 2
        reader.markDamaged()
        return
      }
    }
  }

  @inline(__always)
  private static func isFar(_ value: Int64) -> Bool {
    UInt64(bitPattern: value &+ farthestInstant) > UInt64(farthestInstant) << 1
  }
}
