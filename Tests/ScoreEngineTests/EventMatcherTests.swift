import Testing

@testable import ScoreEngine

/// Types and properties by number, as a store would intern them.
private struct Interned: PropertySource {
  var types = ["view", "click", "form", "other"]
  var properties: [(name: String, value: Value)] = []

  func typeName(_ type: Int) -> String { types[type] }
  func propertyName(_ property: Int) -> String { properties[property].name }
  func propertyValue(_ property: Int) -> Value { properties[property].value }

  mutating func number(_ name: String, _ value: Value) -> Int32 {
    if let known = properties.firstIndex(where: { $0.name == name && $0.value == value }) { return Int32(known) }
    properties.append((name, value))
    return Int32(properties.count - 1)
  }
}

private struct Event {
  var type: Int
  var properties: [String: Value]
}

@Suite("Matching events")
struct EventMatcherTests {
  /// Reads the definition out: the filter matches and no ignored one does.
  private func matches(_ filter: EventFilter, _ event: Event, _ source: Interned, at instant: Int64) -> Bool {
    (filter.types?.contains(source.types[event.type]) ?? true)
      && CompiledCondition(filter.condition).holds(at: Instant(milliseconds: instant)) { event.properties[$0] }
  }

  private func expectAgreement(
    _ definitions: [SignalDefinition], _ events: [Event], _ random: inout SeededRandom
  ) {
    let matcher = EventMatcher(definitions: definitions)
    var source = Interned()
    let probes: [Int64] = (Int64(-2)...20).flatMap { number -> [Int64] in
      let edge = number * day / 2
      return [edge - 1, edge, edge + 1]
    }
    for event in events {
      var interned: [Int32] = []
      var literals: [(name: String, value: Value)] = []
      for (name, value) in event.properties.sorted(by: { $0.key < $1.key }) {
        if random.chance(60) {
          interned.append(source.number(name, value))
        } else {
          literals.append((name, value))
        }
      }
      var always: Set<Int> = []
      var dated: [Int: Timeline] = [:]
      interned.withUnsafeBufferPointer { interned in
        matcher.match(type: event.type, properties: interned, literals: literals, source: source) { match in
          switch match {
          case .always(let slot):
            if !always.insert(slot).inserted { Issue.record("slot \(slot) twice") }
          case .dated(let slot, let timeline):
            if dated.updateValue(timeline, forKey: slot) != nil { Issue.record("slot \(slot) twice") }
          }
        }
      }
      for (slot, definition) in definitions.enumerated() {
        guard case .events(let filter, let ignore) = definition.question else {
          #expect(!always.contains(slot) && dated[slot] == nil)
          continue
        }
        for probe in definition.kind == .datedInstants ? probes : [0] {
          let expected =
            matches(filter, event, source, at: probe)
            && !ignore.contains { matches($0, event, source, at: probe) }
          let found = always.contains(slot) || dated[slot]?.holds(at: probe) ?? false
          if found != expected { Issue.record("\(definition.canonicalText) for \(event) at \(probe)") }
        }
      }
    }
  }

  @Test("any definitions against any events", arguments: 0..<60 as Range<UInt64>)
  func random(_ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let isDated = seed.isMultiple(of: 3)
    var definitions: [SignalDefinition] = []
    let ignore = (0..<random.int(0...2)).map { _ in random.filter(isDated: isDated && random.chance(30)) }
    for _ in 0..<random.int(1...8) {
      definitions.append(
        random.chance(15)
          ? .condition(random.condition())
          : .events(random.filter(isDated: isDated), ignore: random.chance(80) ? ignore : []))
    }
    let events = (0..<60).map { _ in Event(type: random.int(0...3), properties: random.values()) }
    expectAgreement(definitions, events, &random)
  }

  @Test("more questions than a word has bits, and than a table has room at first", arguments: [63, 64, 65, 150])
  func manyQuestions(_ count: Int) {
    var random = SeededRandom(seed: UInt64(count))
    var definitions: [SignalDefinition] = (0..<count).map { number in
      .events(EventFilter(condition: .field("a", [.equals(.number(Double(number)))])), ignore: [])
    }
    // Each of these is about another property, too.
    for number in 0..<20 {
      let parts: [Condition] = [.field("a", [.lessThan(Double(number * 8))]), .field("p\(number)", [.exists(false)])]
      definitions.append(.events(EventFilter(types: ["view"], condition: .all(parts)), ignore: []))
    }
    let events = (0..<400).map { _ in
      var properties: [String: Value] = ["a": .number(Double(random.int(0...count)))]
      for number in 0..<20 where random.chance(30) { properties["p\(number)"] = .text("x") }
      return Event(type: random.int(0...3), properties: properties)
    }
    expectAgreement(definitions, events, &random)
  }

  @Test("what is gathered for a lead is what each event matches", arguments: 0..<20 as Range<UInt64>)
  func gathering(_ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let isDated = seed.isMultiple(of: 4)
    let definitions: [SignalDefinition] = (0..<6).map { _ in
      random.chance(20) ? .condition(random.condition()) : .events(random.filter(isDated: isDated), ignore: [])
    }
    let matcher = EventMatcher(definitions: definitions)
    let single = EventMatcher(definitions: definitions)
    let attributes = AttributeMatcher(definitions: definitions)
    var source = Interned()
    var record = SignalRecord(kinds: definitions.map(\.kind))
    for _ in 0..<20 {
      matcher.forgetEvents()
      var instants: [[Int64]] = definitions.map { _ in [] }
      var dated: [[DatedEvent]] = definitions.map { _ in [] }
      for instant in 0..<random.int(0...30) {
        let instant = Int64(instant)
        let values = random.values().sorted { $0.key < $1.key }
        let literals: [(name: String, value: Value)] =
          random.chance(20) ? values.map { (name: $0.key, value: $0.value) } : []
        let interned = literals.isEmpty ? values.map { source.number($0.key, $0.value) } : []
        let type = random.int(0...3)
        interned.withUnsafeBufferPointer { interned in
          matcher.add(at: instant, type: type, properties: interned, literals: literals, source: source)
          single.match(type: type, properties: interned, literals: literals, source: source) { match in
            switch match {
            case .always(let slot): instants[slot].append(instant)
            case .dated(let slot, let timeline):
              dated[slot].append(DatedEvent(instant: instant, matches: timeline))
            }
          }
        }
      }
      attributes.begin()
      record.fill(createdAt: 7, events: matcher, attributes: attributes)
      for (slot, kind) in record.kinds.enumerated() {
        switch kind {
        case .instants: #expect(Array(record.slot(slot)) == instants[slot])
        case .datedInstants: #expect(record.dated(slot) == dated[slot])
        case .timeline: break
        }
      }
    }
  }

  @Test("an absent property is absent, whatever the event before had")
  func noLeftovers() {
    let definitions: [SignalDefinition] = [
      .events(EventFilter(condition: .field("a", [.exists(true)])), ignore: []),
      .events(EventFilter(condition: .field("a", [.exists(false)])), ignore: []),
    ]
    var random = SeededRandom(seed: 1)
    let events = (0..<40).map { Event(type: 0, properties: $0.isMultiple(of: 2) ? ["a": .text("x")] : [:]) }
    expectAgreement(definitions, events, &random)
  }

  @Test("a matcher knows which properties are asked for")
  func fields() {
    let matcher = EventMatcher(definitions: [
      .events(EventFilter(condition: .field("a", [])), ignore: [EventFilter(condition: .field("b", []))]),
      .condition(.field("c", [.exists(true)])),
    ])
    #expect(Set(matcher.fields) == ["a", "b"])
    #expect(!matcher.isEmpty)
    #expect(EventMatcher(definitions: [.condition(.always)]).isEmpty)
  }

  @Test("only conditions that compare with the present make a signal dated")
  func kinds() throws {
    let aged = EventFilter(condition: .field("a", [.newerThan(try #require(TimeSpan("1d")))]))
    let plain = EventFilter(condition: .field("a", [.before(Instant(milliseconds: 0))]))
    #expect(SignalDefinition.events(plain, ignore: [plain]).kind == .instants)
    #expect(SignalDefinition.events(aged, ignore: []).kind == .datedInstants)
    #expect(SignalDefinition.events(plain, ignore: [plain, aged]).kind == .datedInstants)
    #expect(SignalDefinition.condition(.always).kind == .timeline)
  }
}
