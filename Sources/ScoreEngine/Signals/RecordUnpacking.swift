extension SignalRecord {
  /// Unpacks a record of this pack; false where the bytes are not one. O(numbers), no allocation once warm.
  ///
  /// - Parameters:
  ///   - behind: so many bytes behind the record may be looked at, which is quicker where there are some.
  ///   - reach: what is asked of the record; nil for all of it. Instants that do not matter may be missing then, and
  ///     damage among them is not seen.
  public mutating func unpack(
    _ bytes: UnsafeBufferPointer<UInt8>, readable behind: Int = 0, reach: EventReach? = nil
  ) -> Bool {
    unpack(bytes, slots: memory.slotCount, readable: behind, reach: reach)
  }

  /// Unpacks a record of a pack that has the first `slotCount` slots of this one; the others are then added.
  ///
  /// - Parameters: as for all slots.
  public mutating func unpack(
    _ bytes: UnsafeBufferPointer<UInt8>, slots slotCount: Int, readable behind: Int = 0, reach: EventReach? = nil
  ) -> Bool {
    let memory = ownMemory()
    precondition(slotCount >= 0 && slotCount <= memory.slotCount, "there are not so many slots")
    precondition(reach.map { $0.slotCount >= slotCount } ?? true, "the reach is another pack's")
    return memory.unpack(bytes, slots: slotCount, readable: behind, reach: reach)
  }
}

extension RecordMemory {
  /// Unpacks a record; false where the bytes are not one.
  @inline(__always)
  func unpack(
    _ bytes: UnsafeBufferPointer<UInt8>, slots slotCount: Int, readable behind: Int, reach: EventReach?
  ) -> Bool {
    expect(slots: slotCount)
    used = 0
    // Every number takes a byte at least; one more may be written behind the last.
    reserve(bytes.count + 1)
    let form = RecordForm(bytes)
    return form.hasColumns
      ? unpackColumns(bytes, form, slots: slotCount, readable: behind, reach: reach)
      : unpackPlain(bytes, form, slots: slotCount, readable: behind)
  }

  @inline(never)
  private func unpackPlain(
    _ bytes: UnsafeBufferPointer<UInt8>, _ form: RecordForm, slots slotCount: Int, readable behind: Int
  ) -> Bool {
    guard let base = bytes.baseAddress else { return false }
    let end = base + bytes.count
    var reader = RunReader(place: base + form.markLength, end: end, lastWord: end + (behind - 8), unit: form.unit)
    createdAt = VariableLength.unzigzag(reader.number())
    if RunReader.isFar(createdAt) { reader.isDamaged = true }
    RecordMemory.unpack(&reader, values, starts, initials, view.kinds, alike, slotCount)
    finish(used: starts[slotCount], slots: slotCount)
    if reader.isSuspect { checkRuns(&reader, slotCount) }
    return !reader.isDamaged && reader.place == reader.end
  }

  @inline(__always)
  fileprivate static func unpack(
    _ reader: inout RunReader, _ values: UnsafeMutablePointer<Int64>, _ starts: UnsafeMutablePointer<Int>,
    _ initials: UnsafeMutablePointer<Bool>, _ kinds: UnsafePointer<SignalKind>,
    _ alike: UnsafePointer<Int>, _ slotCount: Int
  ) {
    // In registers, so what is called and not inlined gets a copy.
    var local = reader
    var count = 0
    var slot = 0
    while slot < slotCount, !local.isDamaged {
      // Several at once: how many follow that have no numbers cannot be foretold. There is room behind the last.
      for index in 0..<8 { starts[slot &+ index] = count }
      switch kinds[slot] {
      case .instants:
        let empty = min(local.emptyRuns(), alike[slot])
        slot &+= empty
        local.place += empty
        if empty == alike[slot &- empty] { continue }
        starts[slot] = count
        if let length = local.readShortRun(into: values + count) {
          count &+= length
        } else {
          (local, count) = RunReader.readRun(local, values, count)
        }
      case .timeline:
        let found = local.truths(alike[slot], into: initials + slot)
        if found > 0 {
          slot &+= found
          continue
        }
        let (after, header) = RunReader.readHeader(local)
        local = after
        initials[slot] = header & 1 == 1
        if header > 1 { (local, count) = RunReader.readRun(local, header >> 1, values, count) }
      case .datedInstants:
        (local, count) = RunReader.readDated(local, values, count)
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

  /// Looks at all runs of which it is not certain that their numbers rise and that none is too far off.
  @inline(never)
  fileprivate func checkRuns(_ reader: inout RunReader, _ slotCount: Int) {
    if reader.isTooLarge(reader.unitBits) { reader.isDamaged = true }
    for slot in 0..<slotCount where kinds[slot] == .instants {
      reader.checkRun(values, starts[slot], starts[slot + 1])
    }
  }
}
