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
      : unpackPlain(bytes, form, slots: slotCount)
  }

  @inline(never)
  private func unpackPlain(_ bytes: UnsafeBufferPointer<UInt8>, _ form: RecordForm, slots slotCount: Int) -> Bool {
    guard let base = bytes.baseAddress else { return false }
    var reader = RunReader(place: base + form.markLength, end: base + bytes.count, unit: form.unit)
    createdAt = VariableLength.unzigzag(reader.number())
    if RunReader.isFar(createdAt) { reader.isDamaged = true }
    var count = 0
    for slot in 0..<slotCount {
      starts[slot] = count
      // The other slots are empty then, so that the record can be looked at whatever it is.
      if reader.isDamaged { continue }
      if kinds[slot] == .datedInstants {
        count = reader.readDated(into: values, at: count)
        continue
      }
      var length = reader.number()
      if kinds[slot] == .timeline {
        initials[slot] = length & 1 == 1
        length >>= 1
      }
      count = reader.readRun(length, into: values, at: count)
    }
    starts[slotCount] = count
    finish(used: count, slots: slotCount)
    return !reader.isDamaged && reader.place == reader.end
  }
}
