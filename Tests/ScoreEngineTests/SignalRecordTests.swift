import Testing

@testable import ScoreEngine

@Suite("Packed records")
struct SignalRecordTests {
  private let kinds: [SignalKind] = [.instants, .timeline, .datedInstants, .instants, .timeline, .datedInstants]

  private func rising(_ random: inout SeededRandom, _ count: Int) -> [Int64] {
    (0..<count).map { _ in
      random.chance(80)
        ? Int64.random(in: Instant.earliestFact.milliseconds...Instant.latestFact.milliseconds, using: &random)
        : Int64(random.int(-2...2))
    }.sorted()
  }

  private func timeline(_ random: inout SeededRandom) -> Timeline {
    Timeline(initial: random.chance(50), toggles: Array(Set(rising(&random, random.int(0...4)))).sorted())
  }

  private enum Slot: Equatable {
    case instants([Int64])
    case timeline(Timeline)
    case dated([DatedEvent])
  }

  private func slots(_ random: inout SeededRandom, _ kinds: [SignalKind]) -> [Slot] {
    kinds.map { kind in
      switch kind {
      case .instants: .instants(rising(&random, random.int(0...5)))
      case .timeline: .timeline(timeline(&random))
      case .datedInstants:
        .dated(rising(&random, random.int(0...3)).map { DatedEvent(instant: $0, matches: timeline(&random)) })
      }
    }
  }

  private func fill(_ record: inout SignalRecord, _ createdAt: Int64, _ slots: [Slot]) {
    record.reset(createdAt: createdAt)
    for slot in slots {
      switch slot {
      case .instants(let instants): record.append(instants: instants)
      case .timeline(let timeline): record.append(timeline: timeline)
      case .dated(let events): record.append(dated: events)
      }
    }
  }

  private func read(_ record: SignalRecord) -> [Slot] {
    record.kinds.indices.map { index in
      switch record.kinds[index] {
      case .instants: .instants(Array(record.slot(index)))
      case .timeline: .timeline(record.timeline(index))
      case .datedInstants: .dated(record.dated(index))
      }
    }
  }

  @Test("what is packed is unpacked, in buffers that are used again")
  func roundTrip() {
    var random = SeededRandom(seed: 23)
    for _ in 0..<60 {
      let kinds = (0..<random.int(0...6)).map { _ in random.pick([SignalKind.instants, .timeline, .datedInstants]) }
      var written = SignalRecord(kinds: kinds)
      var unpacked = SignalRecord(kinds: kinds)
      for _ in 0..<20 {
        let slots = slots(&random, kinds)
        let createdAt = rising(&random, 1)[0]
        fill(&written, createdAt, slots)
        #expect(read(written) == slots)
        var bytes: [UInt8] = [99]
        written.pack(into: &bytes)
        #expect(bytes.first == 99)
        let isRecord = Array(bytes.dropFirst()).withUnsafeBufferPointer { unpacked.unpack($0) }
        #expect(isRecord)
        #expect(unpacked.createdAt == createdAt)
        #expect(read(unpacked) == slots)
        #expect(unpacked.isEqual(to: written))
        // Packing again gives the same bytes.
        var again: [UInt8] = [99]
        unpacked.pack(into: &again)
        #expect(again == bytes)
      }
    }
  }

  @Test("whole seconds take less, and are read as what they are")
  func wholeSeconds() {
    var random = SeededRandom(seed: 29)
    let kinds: [SignalKind] = [.instants, .timeline, .instants, .datedInstants]
    for round in 0..<300 {
      func whole(_ count: Int) -> [Int64] { rising(&random, count).map { $0 / 1000 * 1000 }.sorted() }
      var slots: [Slot] = [
        .instants(whole(random.int(1...6))), .timeline(Timeline(initial: round % 2 == 0, toggles: whole(2))),
        .instants(whole(random.int(0...3))), .dated([]),
      ]
      func packed(_ slots: [Slot]) -> [UInt8] {
        var record = SignalRecord(kinds: kinds)
        fill(&record, Int64(round), slots)
        var bytes: [UInt8] = []
        record.pack(into: &bytes)
        var unpacked = SignalRecord(kinds: kinds)
        let isRecord = bytes.withUnsafeBufferPointer { unpacked.unpack($0) }
        #expect(isRecord && unpacked.isEqual(to: record))
        #expect(read(unpacked) == slots)
        return bytes
      }
      let seconds = packed(slots)
      #expect(seconds.starts(with: [0x81, 0]))
      guard case .instants(let instants) = slots[0] else { continue }
      slots[0] = .instants(instants.map { $0 + 1 })
      let milliseconds = packed(slots)
      #expect(milliseconds.starts(with: [0x82, 0]))
      #expect(seconds.count < milliseconds.count)
      // There is no room for such a one.
      slots[0] = .instants(instants + [1 << 50])
      let plain = packed(slots)
      #expect(!plain.starts(with: [0x81, 0]) && !plain.starts(with: [0x82, 0]))
      // What is cut off or led astray is no record, or another one, and never a crash.
      for _ in 0..<10 {
        var damaged = seconds
        let place = Int.random(in: 0..<damaged.count, using: &random)
        if random.chance(50) { damaged.removeLast(damaged.count - place) } else { damaged[place] ^= 0xFF }
        var record = SignalRecord(kinds: kinds)
        let isRecord = damaged.withUnsafeBufferPointer { record.unpack($0) }
        if isRecord { _ = read(record) }
      }
    }
  }

  @Test("the farthest instants that a column has room for, and those behind them")
  func edgesOfColumns() {
    var random = SeededRandom(seed: 41)
    for (unit, edge, mark) in [(Int64(1000), Int64(1) << 39, UInt8(0x81)), (1, 1 << 47, 0x82)] {
      for units in [edge - 2, edge - 1, edge, edge + 1, -edge - 2, -edge - 1, -edge, -edge + 1] {
        // One that is no whole second.
        let other: Int64 = unit == 1 ? 1 : 0
        var record = SignalRecord(kinds: [.instants, .instants])
        fill(&record, 5, [.instants([units * unit - 1000, units * unit]), .instants([other])])
        var bytes: [UInt8] = []
        record.pack(into: &bytes)
        let hasRoom = (-edge..<edge).contains(units)
        // What has no room in milliseconds but is whole seconds goes the other way.
        if hasRoom { #expect(bytes.starts(with: [mark, 0])) } else { #expect(!bytes.starts(with: [mark, 0])) }
        var unpacked = SignalRecord(kinds: [.instants, .instants])
        let isRecord = bytes.withUnsafeBufferPointer { unpacked.unpack($0) }
        #expect(isRecord && unpacked.isEqual(to: record), "\(units)")
      }
    }
    // Any number of slots, and any number of instants in them.
    for slots in [0, 1, 7, 8, 9, 16, 63, 64, 65, 128, 200] {
      for most in [1, 80, 130, 700] {
        let kinds = (0..<slots).map { _ in random.pick([SignalKind.instants, .instants, .timeline, .datedInstants]) }
        let unit: Int64 = random.chance(50) ? 1000 : 1
        var record = SignalRecord(kinds: kinds)
        record.reset(createdAt: 7)
        for kind in kinds {
          let count = random.chance(60) ? 0 : random.int(1...most)
          let instants = (0..<count).map { _ in Int64(random.int(0...2_000_000_000)) * unit }.sorted()
          switch kind {
          case .instants: record.append(instants: instants)
          case .timeline: record.append(timeline: timeline(&random))
          case .datedInstants:
            record.append(dated: instants.prefix(2).map { DatedEvent(instant: $0, matches: timeline(&random)) })
          }
        }
        var bytes: [UInt8] = []
        record.pack(into: &bytes)
        var unpacked = SignalRecord(kinds: kinds)
        let isRecord = bytes.withUnsafeBufferPointer { unpacked.unpack($0) }
        #expect(isRecord && unpacked.isEqual(to: record), "\(slots) slots, \(most)")
      }
    }
  }

  @Test("records that were packed slot by slot are read as before")
  func earlierRecords() {
    var random = SeededRandom(seed: 31)
    for round in 0..<300 {
      let kinds = (0..<random.int(0...6)).map { _ in random.pick([SignalKind.instants, .timeline, .datedInstants]) }
      var record = SignalRecord(kinds: kinds)
      fill(&record, Int64(round), slots(&random, kinds))
      let bytes = PlainRecords.packed(record, inSeconds: false)
      var unpacked = SignalRecord(kinds: kinds)
      let isRecord = bytes.withUnsafeBufferPointer { unpacked.unpack($0) }
      #expect(isRecord && unpacked.isEqual(to: record))
    }
    // A record of a database of that time, in seconds.
    let bytes: [UInt8] = [0x80, 0, 0x80, 0x90, 0x8D, 0xA9, 0xFB, 0x66, 1, 2, 0x80, 0x92, 0xDD, 0xE7, 0x0D, 60]
    var record = SignalRecord(kinds: [.timeline, .instants])
    let isRecord = bytes.withUnsafeBufferPointer { record.unpack($0) }
    #expect(isRecord && record.timeline(0).initial)
    #expect(Array(record.slot(1)) == [1_853_596_800_000, 1_853_596_860_000])
  }

  @Test("a run of seconds beyond all bounds is damage")
  func farSeconds() {
    for first in [Int64(1) << 54, -(1 << 54), Int64.max, Int64.min] {
      var bytes: [UInt8] = [0x80, 0, 0]
      VariableLength.append(unsigned: 1, to: &bytes)
      VariableLength.append(first, to: &bytes)
      var record = SignalRecord(kinds: [.instants])
      let isRecord = bytes.withUnsafeBufferPointer { record.unpack($0) }
      #expect(!isRecord)
    }
    for step in [UInt64(1) << 54, UInt64.max, UInt64.max / 1000 + 1] {
      for unit in [UInt8(0x80), 0x81, 0x82] {
        var bytes: [UInt8] = [unit, 0, 0]
        if unit == 0x80 {
          VariableLength.append(unsigned: 2, to: &bytes)
          VariableLength.append(Int64(0), to: &bytes)
          VariableLength.append(unsigned: step, to: &bytes)
        } else {
          var difference: [UInt8] = []
          VariableLength.append(unsigned: step, to: &difference)
          bytes += [0, 1] + Array(repeating: 0, count: unit == 0x81 ? 5 : 6) + [UInt8(difference.count)] + difference
        }
        var record = SignalRecord(kinds: [.instants])
        let isRecord = bytes.withUnsafeBufferPointer { record.unpack($0) }
        if isRecord { #expect(record.slot(0).allSatisfy { $0.magnitude < 1 << 56 }) }
        let distance = Int128(step) * (unit == 0x82 ? 1 : 1000)
        if unit != 0x80 { #expect(isRecord == (distance <= 1 << 55)) }
      }
    }
  }

  private func sample(_ seed: UInt64) -> (record: SignalRecord, bytes: [UInt8]) {
    var random = SeededRandom(seed: seed)
    var record = SignalRecord(kinds: kinds)
    fill(&record, rising(&random, 1)[0], slots(&random, kinds))
    var bytes: [UInt8] = []
    record.pack(into: &bytes)
    return (record, bytes)
  }

  @Test("no prefix of a record is a record, nor is a record with more behind it", arguments: 0..<20 as Range<UInt64>)
  func prefixes(_ seed: UInt64) {
    let (_, bytes) = sample(seed)
    var record = SignalRecord(kinds: kinds)
    for length in 0..<bytes.count {
      let isRecord = Array(bytes.prefix(length)).withUnsafeBufferPointer { record.unpack($0) }
      #expect(!isRecord, "\(length) of \(bytes.count)")
    }
    for extra in [UInt8(0), 1, 0x80, 0xFF] {
      let isRecord = (bytes + [extra]).withUnsafeBufferPointer { record.unpack($0) }
      #expect(!isRecord)
    }
    let isRecord = bytes.withUnsafeBufferPointer { record.unpack($0) }
    #expect(isRecord)
  }

  @Test("damaged bytes never crash, and what is taken for a record can be read")
  func damage() {
    var random = SeededRandom(seed: 29)
    var record = SignalRecord(kinds: kinds)
    for round in 0..<20_000 {
      var (_, bytes) = round.isMultiple(of: 50) ? sample(UInt64(round)) : (record, [UInt8]())
      if bytes.isEmpty { bytes = sample(UInt64(round % 20)).bytes }
      for _ in 0..<random.int(1...4) {
        let place = random.int(0...(bytes.count - 1))
        switch random.int(0...4) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[place] ^= 1 << UInt8(random.int(0...7))
        case 2: bytes.insert(random.pick([0, 0x7F, 0x80, 0xFF]), at: place)
        case 3: bytes.insert(contentsOf: [UInt8](repeating: 0xFF, count: 9), at: place)
        default: if bytes.count > 1 { bytes.remove(at: place) }
        }
      }
      let isRecord = bytes.withUnsafeBufferPointer { record.unpack($0) }
      if isRecord { _ = read(record) }
    }
  }

  @Test("noise of any length never crashes")
  func noise() {
    var random = SeededRandom(seed: 31)
    var record = SignalRecord(kinds: kinds)
    for _ in 0..<20_000 {
      let bytes = (0..<random.int(0...40)).map { _ in
        random.chance(50) ? UInt8.random(in: 0...255, using: &random) : random.pick([0, 1, 0xFF])
      }
      let isRecord = bytes.withUnsafeBufferPointer { record.unpack($0) }
      if isRecord { _ = read(record) }
    }
  }

  @Test("a count that nothing stands behind takes no memory")
  func absurdCount() {
    var record = SignalRecord(kinds: [.instants])
    var bytes: [UInt8] = [0]
    VariableLength.append(unsigned: 1 << 40, to: &bytes)
    let isRecord = bytes.withUnsafeBufferPointer { record.unpack($0) }
    #expect(!isRecord)
    #expect(record.values.count < 10)
  }

  @Test("a count beyond all bounds is damage, not nothing")
  func negativeCount() {
    for kind in [SignalKind.instants, .datedInstants] {
      var record = SignalRecord(kinds: [kind])
      var bytes: [UInt8] = [0]
      VariableLength.append(unsigned: UInt64.max, to: &bytes)
      let isRecord = bytes.withUnsafeBufferPointer { record.unpack($0) }
      #expect(!isRecord)
    }
  }

  @Test("two runs of instants are merged in order")
  func merging() {
    var random = SeededRandom(seed: 37)
    for _ in 0..<500 {
      var record = SignalRecord(kinds: [.instants, .instants])
      var other = SignalRecord(kinds: [.instants, .instants])
      let left = rising(&random, random.int(0...6))
      let right = rising(&random, random.int(0...6))
      fill(&other, 0, [.instants([1, 2]), .instants(left)])
      record.reset(createdAt: 7)
      record.append(slot: 0, of: other)
      record.append(merging: other.slot(1), right)
      #expect(Array(record.slot(0)) == [1, 2])
      #expect(Array(record.slot(1)) == (left + right).sorted())
    }
  }

  @Test("records are equal by all they say")
  func equality() {
    let timelines: [SignalKind] = [.timeline, .instants]
    var left = SignalRecord(kinds: timelines)
    var right = SignalRecord(kinds: timelines)
    func set(_ record: inout SignalRecord, _ createdAt: Int64, _ timeline: Timeline, _ instants: [Int64]) {
      fill(&record, createdAt, [.timeline(timeline), .instants(instants)])
    }
    set(&left, 1, Timeline(initial: true, toggles: [5]), [6])
    set(&right, 1, Timeline(initial: true, toggles: [5]), [6])
    #expect(left.isEqual(to: right))
    set(&right, 1, Timeline(initial: false, toggles: [5]), [6])
    #expect(!left.isEqual(to: right))
    set(&right, 1, Timeline(initial: true, toggles: [5, 6]), [])
    #expect(!left.isEqual(to: right))
    set(&right, 2, Timeline(initial: true, toggles: [5]), [6])
    #expect(!left.isEqual(to: right))
  }

  @Test func integersAreWrittenAsTheyAreAppended() {
    for shift in UInt64(0)..<64 {
      for value in [1 << shift, 1 << shift - 1, 1 << shift + 1, ~0 >> shift, 0x9E37_79B9_7F4A_7C15 >> shift] as [UInt64]
      {
        var bytes: [UInt8] = []
        VariableLength.append(unsigned: value, to: &bytes)
        let written = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: VariableLength.longest) { target in
          guard let base = target.baseAddress else { return [UInt8]() }
          target.initialize(repeating: 0xFF)
          return Array(target[..<VariableLength.write(unsigned: value, to: base)])
        }
        #expect(written == bytes)
      }
    }
  }

  @Test("integers of variable length", arguments: [0, 1, -1, 63, 64, -64, -65, 1 << 40, Int64.max, Int64.min])
  func integers(_ value: Int64) {
    var bytes: [UInt8] = []
    VariableLength.append(value, to: &bytes)
    VariableLength.append(unsigned: UInt64(bitPattern: value), to: &bytes)
    bytes.withUnsafeBufferPointer { bytes in
      var reader = VariableLength.Reader(bytes: bytes)
      #expect(reader.signed() == value)
      #expect(reader.unsigned() == UInt64(bitPattern: value))
      #expect(reader.isAtEnd)
      #expect(!reader.isDamaged)
      #expect(reader.unsigned() == 0)
      #expect(reader.isDamaged)
    }
  }
}
