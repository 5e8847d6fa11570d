import Testing

@testable import ScoreEngine

@Suite("Packed forms, held against records")
struct PackedFormTests {
  private let kinds: [SignalKind] =
    Array(repeating: .timeline, count: 11) + [.instants, .instants, .timeline, .instants, .timeline, .datedInstants]

  private func record(_ random: inout SeededRandom) -> SignalRecord {
    var record = SignalRecord(kinds: kinds)
    let unit: Int64 = random.chance(70) ? 1000 : 1
    record.reset(createdAt: Int64.random(in: 0...1_800_000_000, using: &random) * unit)
    func rising(_ random: inout SeededRandom, _ most: Int) -> [Int64] {
      (0..<random.int(0...most)).map { _ in Int64.random(in: 0...1_800_000_000, using: &random) * unit }.sorted()
    }
    for kind in kinds {
      if kind == .timeline {
        record.append(
          timeline: Timeline(initial: random.chance(50), toggles: random.chance(5) ? rising(&random, 2) : []))
      } else if kind == .instants {
        record.append(instants: rising(&random, random.chance(5) ? 400 : 12))
      } else {
        record.append(
          dated: rising(&random, 2).map { DatedEvent(instant: $0, matches: Timeline(initial: true, toggles: [$0])) })
      }
    }
    return record
  }

  @Test("the bytes that packing gives, and no others")
  func isPacked() {
    var random = SeededRandom(seed: 47)
    var other = SignalRecord(kinds: kinds)
    for _ in 0..<500 {
      let record = record(&random)
      var bytes: [UInt8] = []
      record.pack(into: &bytes)
      let isPacked = bytes.withUnsafeBufferPointer { record.isPacked(as: $0, in: &other) }
      #expect(isPacked)
      #expect(other.isEqual(to: record))
      for _ in 0..<20 {
        var changed = bytes
        let place = random.int(0...(bytes.count - 1))
        switch random.int(0...3) {
        case 0: changed[place] ^= UInt8(1 << random.int(0...7))
        case 1: changed.removeLast(bytes.count - place)
        case 2: changed.append(UInt8(random.int(0...255)))
        default:
          // The same numbers, one of them in more bytes than it need take.
          guard bytes[place] < 0x80 else { continue }
          changed[place] |= 0x80
          changed.insert(0, at: place + 1)
        }
        let isTaken = changed.withUnsafeBufferPointer { record.isPacked(as: $0, in: &other) }
        #expect(!isTaken)
      }
    }
  }

  @Test("not the same numbers in another layout")
  func otherLayouts() {
    var random = SeededRandom(seed: 59)
    var other = SignalRecord(kinds: [.timeline, .instants])
    for _ in 0..<50 {
      let (newest, difference) = (Int64(random.int(1...100_000)), UInt64(random.int(1...1000)))
      var record = SignalRecord(kinds: [.timeline, .instants])
      record.reset(createdAt: 9000)
      record.append(timeline: Timeline(initial: true, toggles: []))
      record.append(instants: [(newest - Int64(difference)) * 1000, newest * 1000])
      func columns(_ mark: UInt8, _ width: Int, _ unit: Int64) -> [UInt8] {
        var bytes: [UInt8] = [mark, 0]
        VariableLength.append(Int64(9000), to: &bytes)
        bytes += [1, 2]
        for byte in 0..<width { bytes.append(UInt8(truncatingIfNeeded: (newest * unit) >> Int64(8 * byte))) }
        var differences: [UInt8] = []
        VariableLength.append(unsigned: difference * UInt64(unit), to: &differences)
        return bytes + [UInt8(differences.count)] + differences
      }
      let forms = [
        columns(0x82, 6, 1000), PlainRecords.packed(record, inSeconds: false),
        PlainRecords.packed(record, inSeconds: true), columns(0x81, 5, 1),
      ]
      var packed: [UInt8] = []
      record.pack(into: &packed)
      #expect(packed == forms[3])
      for bytes in forms {
        let isRecord = bytes.withUnsafeBufferPointer { other.unpack($0) }
        #expect(isRecord && other.isEqual(to: record))
        let isPacked = bytes.withUnsafeBufferPointer { record.isPacked(as: $0, in: &other) }
        #expect(isPacked == (bytes == packed))
      }
    }
    // A number of ten bytes whose last one has bits that there is no room for.
    let record = SignalRecord(kinds: [.timeline])
    let long: [UInt8] = [0x81, 0] + Array(repeating: 0x80, count: 9) + [2, 0, 0]
    var one = SignalRecord(kinds: [.timeline])
    let isPacked = long.withUnsafeBufferPointer { record.isPacked(as: $0, in: &one) }
    #expect(!isPacked)
  }

  @Test("a copy stays what it is when the record goes on to another lead")
  func copies() {
    var random = SeededRandom(seed: 53)
    var record = record(&random)
    let copy = record
    var bytes: [UInt8] = []
    copy.pack(into: &bytes)
    let next = self.record(&random)
    var packed: [UInt8] = []
    next.pack(into: &packed)
    let isRecord = packed.withUnsafeBufferPointer { record.unpack($0) }
    #expect(isRecord && record.isEqual(to: next))
    var again: [UInt8] = []
    copy.pack(into: &again)
    #expect(again == bytes)
    record.reset(createdAt: 5)
    #expect(copy.createdAt != 5 || bytes != packed)
  }
}
