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

  /// Whether what the slots hold is packed as seconds.
  private var isInSeconds: Bool {
    let memory = memory
    guard memory.used >= SignalRecord.fewNumbers else { return false }
    // Dated instants have counts among them.
    if !memory.isPlain {
      for index in kinds.indices
      where kinds[index] == .datedInstants && memory.starts[index] < memory.starts[index + 1] {
        return false
      }
    }
    for value in values where value % SignalRecord.second != 0 { return false }
    return true
  }

  /// Whether the packed form is certainly these bytes, which is seen sooner than by packing; false does not mean that it
  /// is another.
  ///
  /// - Parameter other: a record of the same pack, into which the bytes are unpacked.
  /// - Complexity: O(numbers)
  public func isPacked(as bytes: UnsafeBufferPointer<UInt8>, in other: inout SignalRecord) -> Bool {
    let isMarked = bytes.count >= 2 && bytes[0] == 0x80 && bytes[1] == 0
    guard memory.isPlain, other.unpack(bytes), isEqual(to: other),
      !VariableLength.isAnyPadded(bytes, from: isMarked ? 2 : 0)
    else { return false }
    // The same numbers are packed in one of two ways.
    return isMarked ? memory.used >= SignalRecord.fewNumbers : !isInSeconds
  }

  /// Appends the packed form. O(numbers).
  public func pack(into bytes: inout [UInt8]) {
    // A number takes ten bytes at most; there is one for each value, for each slot, and for the creation.
    let memory = memory
    let most = (memory.used + memory.slotCount + 1) * VariableLength.longest + 2
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: most) { target in
      guard let target = target.baseAddress else { return }
      var writer = PackWriter(target: target, isInSeconds: isInSeconds)
      if writer.isInSeconds {
        target[0] = 0x80
        target[1] = 0
        writer.count = 2
      }
      writer.write(createdAt)
      SignalRecord.pack(memory.view, count: memory.slotCount, into: &writer)
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
      count &+= VariableLength.write(any: UInt64(bitPattern: values[index] &- previous), to: target + count)
      previous = values[index]
    }
  }

  @inline(__always)
  private mutating func writeSeconds(_ values: UnsafePointer<Int64>, _ start: Int, _ end: Int) {
    write(values[start] / 1000)
    var previous = values[start]
    for index in (start &+ 1)..<max(end, start &+ 1) {
      count &+= VariableLength.write(any: UInt64(bitPattern: values[index] &- previous) / 1000, to: target + count)
      previous = values[index]
    }
  }
}
