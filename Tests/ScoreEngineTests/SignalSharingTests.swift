import Testing

@testable import ScoreEngine

@Suite("Signals shared by equal questions")
struct SignalSharingTests {
  private let worlds: [[String: Value]] = {
    var random = SeededRandom(seed: 41)
    return [[:]] + (0..<60).map { _ in random.values() }
  }()

  private func answers(_ condition: Condition) -> [Bool] {
    let compiled = CompiledCondition(condition)
    return worlds.flatMap { values in
      [-day, 0, day, 5 * day].map { instant in compiled.holds(at: Instant(milliseconds: instant)) { values[$0] } }
    }
  }

  @Test("another order of parts, operators and operands is the same question")
  func order() {
    var random = SeededRandom(seed: 43)
    for _ in 0..<1500 {
      let condition = random.condition(depth: 3, isDated: true)
      let other = random.shuffled(condition)
      #expect(condition.canonicalText == other.canonicalText)
      #expect(SignalDefinition.condition(condition) == .condition(other))
      #expect(SignalDefinition.condition(condition).hashValue == SignalDefinition.condition(other).hashValue)
      #expect(answers(condition) == answers(other))
    }
  }

  @Test("what has the same text has the same answers")
  func meaning() {
    var random = SeededRandom(seed: 47)
    var known: [String: [Bool]] = [:]
    var shared = 0
    for _ in 0..<6000 {
      let condition = random.condition(depth: 1, isDated: true)
      let answers = answers(condition)
      if let earlier = known.updateValue(answers, forKey: condition.canonicalText) {
        shared += 1
        if earlier != answers { Issue.record("\(condition.canonicalText)") }
      }
    }
    #expect(shared > 100)
  }

  @Test("texts that look like structure stay texts")
  func quoting() {
    let conditions: [Condition] = [
      .field("a", [.equals(.text("x"))]), .field("a", [.equals(.text("x, b: y"))]),
      .all([.field("a", [.equals(.text("x"))]), .field("b", [.equals(.text("y"))])]),
      .field("a: \"x\", b", [.equals(.text("y"))]), .field("a", [.equals(.text("\"x\""))]),
      .field("a", [.equals(.text("true"))]), .field("a", [.equals(.boolean(true))]),
      .field("a", [.equals(.text("1"))]), .field("a", [.equals(.number(1))]),
      .field("all", [.equals(.number(1))]), .field("a", [.contains(["x", "y"])]), .field("a", [.contains(["x, y"])]),
      .field("a", [.contains(["x\", \"y"])]), .field("a", []), .field("a", [.exists(true)]), .any([]), .all([]),
      .not(.all([])), .field("", []), .field("a", [.like("x\\")]), .field("a", [.like("x\\\\")]),
      .field("a", [.equals(.text("\n"))]), .field("a", [.equals(.text("\\n"))]), .field("A", [.exists(true)]),
    ]
    #expect(Set(conditions.map(\.canonicalText)).count == conditions.count)
    for condition in conditions { #expect(!condition.canonicalText.contains("\n")) }
  }

  @Test("spellings of a duration and of zero ask the same")
  func spellings() throws {
    func newer(_ span: String) throws -> Condition {
      .field("a", [.newerThan(try #require(TimeSpan(span)))])
    }
    #expect(try newer("28d").canonicalText == newer("4w").canonicalText)
    #expect(try newer("28d").canonicalText != newer("29d").canonicalText)
    #expect(
      Condition.field("a", [.equals(.number(0))]).canonicalText
        == Condition.field("a", [.equals(.number(-0.0))]).canonicalText)
  }

  @Test("rules that ask the same share a signal, ignored events are part of the question")
  func rules() {
    let views = EventFilter(types: ["view"], condition: .all([.field("a", [.exists(true)]), .field("b", [])]))
    let again = EventFilter(types: ["view"], condition: .all([.field("b", []), .field("a", [.exists(true)])]))
    let gate = Condition.field("title", [.exists(true)])
    var document = RuleDocument(
      rules: [
        Rule(id: "one", points: Points(hundredths: 1), condition: gate, clause: .every(EveryClause(filter: views))),
        Rule(id: "two", points: Points(hundredths: 2), clause: .when(WhenClause(filter: again, atLeast: 5))),
        Rule(id: "three", points: Points(hundredths: 3), condition: gate),
        Rule(id: "four", points: Points(hundredths: 3), condition: .always),
      ],
      stages: [Stage(id: "a"), Stage(id: "b", enter: ["score": .zero], condition: gate)],
      disqualify: [Disqualification(id: "d", condition: gate)])
    #expect(Set(CompiledRules(document).signals) == [.events(views, ignore: []), .condition(gate)])
    let before = CompiledRules(document).signals
    document.ignore = [EventFilter(types: ["bot"])]
    #expect(Set(before).intersection(CompiledRules(document).signals) == [.condition(gate)])
    // A rule may be scored from any pack that has its signals, and from no other.
    let rules = CompiledRules(document)
    #expect(LeadEvaluator(rules: rules, pack: before + rules.signals.reversed()) != nil)
    #expect(LeadEvaluator(rules: rules, pack: before) == nil)
  }
}
