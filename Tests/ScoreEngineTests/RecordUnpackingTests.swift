import Testing

@testable import ScoreEngine

@Suite("Unpacking records, held against reading byte by byte")
struct RecordUnpackingTests {
  /// What a record says.
  private struct Content: Equatable {
    var createdAt: Int64 = 0
    /// By slot; dated instants as they stand in a record's memory.
    var numbers: [[Int64]] = []
    var truths: [Bool] = []
  }

  /// Reads a packed record in the plainest way, with sums that cannot overflow.
  private struct PlainReader {
    let bytes: [UInt8]
    var place = 0
    var unit: Int128 = 1
    var isDamaged = false

    mutating func number() -> UInt64 {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while !isDamaged, place < bytes.count, shift < 64 {
        let byte = bytes[place]
        place += 1
        if shift == 63, byte > 1 { break }
        value |= UInt64(byte & 0x7F) << shift
        if byte < 0x80 { return value }
        shift += 7
      }
      isDamaged = true
      return 0
    }

    mutating func near(_ value: Int128) -> Int64 {
      if value.magnitude > 1 << 55 { isDamaged = true }
      return Int64(truncatingIfNeeded: value)
    }

    mutating func signed() -> Int128 { Int128(VariableLength.unzigzag(number())) }

    mutating func run(_ length: UInt64) -> [Int64] {
      guard length <= UInt64(bytes.count - place) else {
        isDamaged = true
        return []
      }
      var values: [Int64] = []
      var value: Int128 = 0
      for index in 0..<length where !isDamaged {
        value += (index == 0 ? signed() : Int128(number())) * unit
        values.append(near(value))
      }
      return values
    }

    mutating func dated() -> [Int64] {
      var numbers: [Int64] = []
      var instant: Int128 = 0
      var events = number()
      while events > 0, !isDamaged {
        events -= 1
        instant += signed()
        let header = number()
        guard !isDamaged, header >> 1 <= bytes.count else {
          isDamaged = true
          break
        }
        numbers += [near(instant), Int64(header)]
        numbers += run(header >> 1)
      }
      return numbers
    }

    mutating func content(_ kinds: [SignalKind]) -> Content? {
      if bytes.starts(with: [0x81, 0]) { return columns(kinds, unit: 1000, width: 5) }
      if bytes.starts(with: [0x82, 0]) { return columns(kinds, unit: 1, width: 6) }
      var content = Content()
      if bytes.starts(with: [0x80, 0]) { (place, unit) = (2, 1000) }
      content.createdAt = near(signed())
      for kind in kinds where !isDamaged {
        var truth = false
        var numbers: [Int64] = []
        switch kind {
        case .instants: numbers = run(number())
        case .timeline:
          let header = number()
          truth = header & 1 == 1
          numbers = run(header >> 1)
        case .datedInstants: numbers = dated()
        }
        content.numbers.append(numbers)
        content.truths.append(truth)
      }
      return isDamaged || place < bytes.count ? nil : content
    }

    mutating func take(_ count: Int) -> [UInt8] {
      guard count >= 0, count <= bytes.count - place else {
        isDamaged = true
        return Array(repeating: 0, count: max(0, min(count, 1 << 10)))
      }
      place += count
      return Array(bytes[(place - count)..<place])
    }

    private mutating func columns(_ kinds: [SignalKind], unit: Int128, width: Int) -> Content? {
      place = 2
      let created = near(signed())
      let truths = bits(take((kinds.count + 7) / 8))
      let presence = bits(take((kinds.count + 7) / 8))
      guard !isDamaged, !truths[kinds.count...].contains(true), !presence[kinds.count...].contains(true) else {
        return nil
      }
      for (slot, kind) in kinds.enumerated() where kind != .timeline && truths[slot] { return nil }
      let slots = kinds.indices.filter { kinds[$0] == .instants && presence[$0] }
      var newest: [Int128] = []
      for _ in slots {
        var value: Int128 = 0
        for (index, byte) in take(width).enumerated() { value |= Int128(byte) << (8 * index) }
        newest.append((value >= 1 << (8 * width - 1) ? value - 1 << (8 * width) : value) * unit)
      }
      var lengths = take(slots.count).map { UInt64($0) }
      for index in lengths.indices where lengths[index] == 255 {
        lengths[index] = number()
        if lengths[index] < 255 { isDamaged = true }
      }
      var numbers: [[Int64]] = kinds.map { _ in [] }
      for (slot, (length, newest)) in zip(slots, zip(lengths, newest)) {
        var reader = PlainReader(bytes: take(Int(clamping: length)))
        if isDamaged { return nil }
        var instant = newest
        var instants = [near(instant)]
        while reader.place < reader.bytes.count, !reader.isDamaged {
          instant -= Int128(reader.number()) * unit
          instants.append(near(instant))
        }
        if reader.isDamaged { return nil }
        numbers[slot] = instants.reversed()
      }
      for (slot, kind) in kinds.enumerated() where kind != .instants && presence[slot] {
        numbers[slot] = kind == .timeline ? run(number()) : dated()
        if numbers[slot].isEmpty { return nil }
      }
      let found = kinds.indices.map { truths[$0] }
      return isDamaged || place < bytes.count ? nil : Content(createdAt: created, numbers: numbers, truths: found)
    }

    private func bits(_ bytes: [UInt8]) -> [Bool] {
      bytes.flatMap { byte in (0..<8).map { byte >> $0 & 1 == 1 } }
    }
  }

  private func content(_ record: borrowing SignalRecord, slots: Int) -> Content {
    var content = Content(createdAt: record.createdAt)
    for (slot, kind) in record.kinds.prefix(slots).enumerated() {
      content.numbers.append(Array(record.slot(slot)))
      content.truths.append(kind == .timeline && record.timeline(slot).initial)
    }
    return content
  }

  private func kinds(_ random: inout SeededRandom) -> [SignalKind] {
    let few: [SignalKind] = random.chance(50) ? [.timeline, .instants] : [.timeline, .instants, .datedInstants]
    var kinds: [SignalKind] = []
    for _ in 0..<random.int(0...6) {
      kinds += Array(repeating: random.pick(few), count: random.chance(50) ? 1 : random.int(1...20))
    }
    return kinds
  }

  private func packed(_ kinds: [SignalKind], _ random: inout SeededRandom) -> [UInt8] {
    let unit: Int64 = random.chance(50) ? 1000 : 1
    let last: Int64 = random.pick([100, 2_000_000, 1_800_000_000, 9_000_000_000_000])
    func rising(_ random: inout SeededRandom, _ most: Int) -> [Int64] {
      (0..<random.int(0...most)).map { _ in Int64.random(in: -last...last, using: &random) * unit }.sorted()
    }
    func timeline(_ random: inout SeededRandom) -> Timeline {
      Timeline(initial: random.chance(50), toggles: random.chance(10) ? rising(&random, 3) : [])
    }
    var record = SignalRecord(kinds: kinds)
    record.reset(createdAt: Int64.random(in: 0...last, using: &random))
    for kind in kinds {
      switch kind {
      case .instants: record.append(instants: rising(&random, random.chance(15) ? random.pick([90, 300, 1500]) : 9))
      case .timeline: record.append(timeline: timeline(&random))
      case .datedInstants:
        record.append(dated: rising(&random, 4).map { DatedEvent(instant: $0, matches: timeline(&random)) })
      }
    }
    if random.chance(30) { return PlainRecords.packed(record, inSeconds: unit == 1000 && random.chance(70)) }
    var bytes: [UInt8] = []
    record.pack(into: &bytes)
    return bytes
  }

  private func damage(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
    guard !bytes.isEmpty else { return }
    for _ in 0..<random.int(1...3) {
      let place = random.int(0...(bytes.count - 1))
      switch random.int(0...4) {
      case 0: bytes[place] ^= UInt8(1 << random.int(0...7))
      case 1: bytes[place] = random.pick([0, 1, 0x7F, 0x80, 0xFF])
      case 2:
        let byte: UInt8 = random.pick([0x80, 0xFF])
        bytes.insert(contentsOf: Array(repeating: byte, count: random.int(1...10)), at: place)
      case 3: bytes.insert(UInt8(random.int(0...255)), at: place)
      default: if random.chance(20) { bytes.removeLast(bytes.count - place) } else { bytes.remove(at: place) }
      }
      if bytes.isEmpty { return }
    }
  }

  @Test("the same numbers, and the same bytes are no records")
  func same() {
    var random = SeededRandom(seed: 83)
    var (taken, damaged) = (0, 0)
    for _ in 0..<150 {
      let kinds = kinds(&random)
      // A record of an earlier pack, of which this one has more slots.
      let slots = random.chance(70) ? kinds.count : random.int(0...kinds.count)
      let whole = packed(Array(kinds.prefix(slots)), &random)
      var record = SignalRecord(kinds: kinds)
      for round in 0..<20 {
        var bytes = whole
        if round > 0 { damage(&bytes, &random) }
        // In memory of just that size: what lies behind it is not known.
        let behind = random.chance(50) ? 0 : random.int(0...20)
        let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count + behind)
        defer { memory.deallocate() }
        let noise = (0..<behind).map { _ in UInt8(random.pick([0, 1, 0x7F, 0x80, 0xFF])) }
        _ = memory.initialize(from: bytes + noise)
        var reader = PlainReader(bytes: bytes)
        let expected = reader.content(Array(kinds.prefix(slots)))
        let isRecord = record.unpack(
          UnsafeBufferPointer(rebasing: memory[..<bytes.count]), slots: slots, readable: behind)
        #expect(isRecord == (expected != nil), "\(kinds.map(\.rawValue)) \(bytes)")
        // Whatever the bytes are, what was read of them can be looked at.
        let found = content(record, slots: slots)
        if let expected {
          taken += 1
          #expect(found == expected, "\(kinds.map(\.rawValue)) \(bytes)")
        } else {
          damaged += 1
        }
      }
    }
    #expect(taken > 500 && damaged > 500, "\(taken), \(damaged)")
  }

  @Test("with a reach, the last instants of each slot, down to one that is not after its bound")
  func reach() {
    var random = SeededRandom(seed: 89)
    var (whole, cut) = (0, 0)
    for _ in 0..<400 {
      let kinds = kinds(&random)
      let bytes = packed(kinds, &random)
      var full = SignalRecord(kinds: kinds)
      let isRecord = bytes.withUnsafeBufferPointer { full.unpack($0) }
      #expect(isRecord)
      let oldest = kinds.indices.map { slot -> Int64 in
        let numbers = full.slot(slot)
        let choice = random.int(0...4)
        return choice == 0 || numbers.isEmpty ? Int64.max : choice == 1 ? Int64.min : random.pick(Array(numbers))
      }
      var record = SignalRecord(kinds: kinds)
      let isPart = bytes.withUnsafeBufferPointer { record.unpack($0, reach: EventReach(oldest)) }
      #expect(isPart && record.createdAt == full.createdAt)
      for (slot, kind) in kinds.enumerated() {
        let (all, some) = (Array(full.slot(slot)), Array(record.slot(slot)))
        guard kind == .instants else {
          #expect(some == all)
          #expect(kind == .datedInstants || record.timeline(slot) == full.timeline(slot))
          continue
        }
        #expect(Array(all.suffix(some.count)) == some)
        let needed = all.count - (all.lastIndex { $0 <= oldest[slot] } ?? 0)
        #expect(some.count >= needed, "\(all) from \(oldest[slot]): \(some)")
        if some.count < all.count { cut += 1 } else { whole += 1 }
      }
    }
    #expect(whole > 500 && cut > 300, "\(whole), \(cut)")
  }

  @Test("with a reach, damage is found or passed over, and what was read can be looked at")
  func reachOfDamaged() {
    var random = SeededRandom(seed: 97)
    var (taken, refused) = (0, 0)
    for _ in 0..<300 {
      let kinds = kinds(&random)
      let slots = random.chance(70) ? kinds.count : random.int(0...kinds.count)
      let whole = packed(Array(kinds.prefix(slots)), &random)
      var record = SignalRecord(kinds: kinds)
      for _ in 0..<20 {
        var bytes = whole
        damage(&bytes, &random)
        let behind = random.pick([0, 7, 8, 20])
        let readable = bytes + (0..<behind).map { _ in UInt8(random.pick([0, 1, 0x7F, 0x80, 0xFF])) }
        let oldest = kinds.map { _ in random.pick([Int64.min, 0, 1_000_000_000_000, Int64.max]) }
        let isRecord = readable.withUnsafeBufferPointer {
          record.unpack(
            UnsafeBufferPointer(rebasing: $0[..<bytes.count]), slots: slots, readable: behind, reach: EventReach(oldest)
          )
        }
        let found = content(record, slots: slots)
        var reader = PlainReader(bytes: bytes)
        if let expected = reader.content(Array(kinds.prefix(slots))) {
          #expect(isRecord && found.createdAt == expected.createdAt && found.truths == expected.truths)
          for (all, some) in zip(expected.numbers, found.numbers) { #expect(all.suffix(some.count) == some[...]) }
          taken += 1
        } else {
          refused += isRecord ? 0 : 1
        }
      }
    }
    #expect(taken > 500 && refused > 500, "\(taken), \(refused)")
  }

  @Test("a slot that a record does not have is neither read nor written")
  func noSuchSlot() async {
    await #expect(processExitsWith: .failure) {
      var record = SignalRecord(kinds: [.instants])
      record.append(instants: [1])
      record.append(instants: [2])
    }
    await #expect(processExitsWith: .failure) { _ = SignalRecord(kinds: [.instants]).slot(1) }
    await #expect(processExitsWith: .failure) {
      var record = SignalRecord(kinds: [.instants])
      _ = [0, 0, 0].withUnsafeBufferPointer { record.unpack($0, slots: 2) }
    }
  }
}
