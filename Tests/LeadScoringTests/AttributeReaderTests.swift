import RecordFormats
import ScoreEngine
import TestSupport
import Testing

@testable import LeadScoring

@Suite("Attributes as they are stored, held against parsing them")
struct AttributeReaderTests {
  private static let rules = #"""
    rules:
      - { id: a, points: 1, if: { title: { contains: vp } } }
      - { id: b, points: 1, if: { größe: { gte: 3 } } }
      - { id: c, points: 1, if: { "a\"b\\": { exists: true } } }
      - { id: d, points: 1, if: { tags: { contains: "]" } } }
      - { id: e, points: 1, if: { a rather long name: { is: true } } }
      - { id: f, points: 1, if: { since: { newer_than: 3d } } }
      - { id: g, points: 1, if: { title: { contains: '\' }, größe: { exists: false } } }
    """#
  private static let names = [
    "title", "größe", "a\"b\\", "tags", "a rather long name", "since", "other", "a rather long one", "n",
  ]
  private static let texts = [
    "vp of sales", "\\", "\"", "a \\\"vp\\\" one", "3", "true", "Größe 🎯 vp", "2026-01-01", "2026-01-02T03:04:05Z", "]",
    "},{[", String(repeating: "long \"vp\" ", count: 30), "\u{1}\t", "x",
  ]

  private func attributes(_ random: inout SplitMix64) -> AttributeSet {
    var attributes = AttributeSet()
    // Mostly in the same order.
    let names = random.chance(70) ? AttributeReaderTests.names : AttributeReaderTests.names.shuffled(using: &random)
    func text(_ random: inout SplitMix64) -> String { AttributeReaderTests.texts.randomElement(using: &random) ?? "x" }
    for name in names where random.chance(60) {
      let value: Value =
        switch Int.random(in: 0...5, using: &random) {
        case 0: .number(Double(Int.random(in: -9...9, using: &random)) / 2)
        case 1: .boolean(random.chance(50))
        case 2: .list((0...Int.random(in: 0...3, using: &random)).map { _ in text(&random) })
        default: .text(text(&random))
        }
      attributes.set(name, value)
    }
    return attributes
  }

  private func damage(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
    for _ in 0..<Int.random(in: 1...2, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      let byte = Array("[]{},:\"\\019-n x\u{FF}".utf8).randomElement(using: &random) ?? 0
      switch Int.random(in: 0...8, using: &random) {
      case 0: bytes.removeLast(bytes.count - place)
      case 1...2: bytes.remove(at: place)
      case 3...5: bytes.insert(byte, at: place)
      default: bytes[place] = byte
      }
      // The quick way looks at the whole only where this is its end.
      if random.chance(60) { bytes.append(UInt8(ascii: "}")) }
    }
  }

  @Test("conditions hold as for the parsed attributes, and damaged ones harm nothing")
  func same() throws {
    var random = SplitMix64(seed: 103)
    let definitions = CompiledRules(
      try CheckedRules(text: AttributeReaderTests.rules, file: "rules").document
    ).signals
    let events = EventMatcher(definitions: definitions)
    let reader = AttributeReader(definitions: definitions)
    let plain = AttributeReader(definitions: definitions)
    var (record, expected) = (
      SignalRecord(kinds: definitions.map(\.kind)), SignalRecord(kinds: definitions.map(\.kind))
    )
    var (sound, damaged) = (0, 0)
    for round in 0..<4000 {
      reader.names = random.chance(10) ? [] : nil
      var bytes = attributes(&random).json
      if round % 2 == 1 { damage(&bytes, &random) }
      // In memory of just that size, so that looking behind the end is found.
      let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
      defer { memory.deallocate() }
      _ = memory.initialize(from: bytes)
      let text = UnsafeBufferPointer(memory)
      reader.read(text)
      record.fill(createdAt: 0, events: events, attributes: reader.matcher)
      guard let parsed = try? JSONParser.parse(text), case .object = parsed else {
        damaged += 1
        continue
      }
      sound += 1
      plain.read(AttributeSet(json: text))
      expected.fill(createdAt: 0, events: events, attributes: plain.matcher)
      #expect(record.isEqual(to: expected), "\(String(decoding: bytes, as: UTF8.self))")
    }
    #expect(sound > 2000 && damaged > 1000, "\(sound), \(damaged)")
  }
}
