import Testing

@testable import ScoreEngine

@Suite("Judging attributes")
struct AttributeMatcherTests {
  @Test("any conditions over any attributes, remembered or not", arguments: 0..<60 as Range<UInt64>)
  func random(_ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let definitions: [SignalDefinition] = (0..<random.int(1...8)).map { _ in
      random.chance(20) ? .events(random.filter(isDated: false), ignore: []) : .condition(random.condition())
    }
    let matcher = AttributeMatcher(definitions: definitions)
    let events = EventMatcher(definitions: definitions)
    var numbers: [[Value: Int]] = matcher.fields.map { _ in [:] }
    var record = SignalRecord(kinds: definitions.map(\.kind))
    for _ in 0..<60 {
      let values = random.values()
      matcher.begin()
      for (field, name) in matcher.fields.enumerated() {
        guard let value = values[name] else { continue }
        if random.chance(30) {
          matcher.set(field: field, value: value)
        } else {
          let number = numbers[field][value] ?? matcher.remember(value, ofField: field)
          numbers[field][value] = number
          matcher.set(field: field, number: number)
        }
      }
      record.fill(createdAt: 0, events: events, attributes: matcher)
      for (slot, definition) in definitions.enumerated() {
        guard case .condition(let condition) = definition.question else { continue }
        let expected = CompiledCondition(condition).timeline { values[$0] }
        #expect(record.timeline(slot) == expected, "\(definition.canonicalText) for \(values)")
      }
    }
  }

  @Test("new events keep the timelines; new attributes keep the events")
  func over() {
    let definitions: [SignalDefinition] = [
      .condition(.field("a", [.exists(true)])), .events(EventFilter(), ignore: []),
    ]
    let matcher = AttributeMatcher(definitions: definitions)
    let events = EventMatcher(definitions: definitions)
    var before = SignalRecord(kinds: definitions.map(\.kind))
    before.reset(createdAt: 1)
    before.append(timeline: Timeline(initial: true, toggles: []))
    before.append(instants: [3, 9])
    var after = SignalRecord(kinds: definitions.map(\.kind))
    after.fill(createdAt: 1, over: before, events: events, attributes: nil)
    #expect(after.isEqual(to: before))
    matcher.begin()
    after.fill(createdAt: 2, over: before, events: events, attributes: matcher)
    #expect(after.createdAt == 2)
    #expect(after.timeline(0) == Timeline(initial: false, toggles: []))
    #expect(Array(after.slot(1)) == [3, 9])
  }
}
