import Testing

@testable import ScoreEngine

@Suite("The oldest event that matters")
struct OldestEventTests {
  @Test("without earlier ones all comes out the same")
  func same() throws {
    var random = SeededRandom(seed: 113)
    var (shortened, dropped) = (0, 0)
    for _ in 0..<1500 {
      let rules = CompiledRules(random.document(isDated: random.chance(30)))
      let evaluator = try #require(LeadEvaluator(rules: rules, pack: rules.signals))
      let events = rules.signals.filter { $0.kind != .timeline }
      let some = Set(events.filter { _ in random.chance(70) })
      for _ in 0..<4 {
        let instant = random.instant()
        let oldest = rules.eventsMatter(of: some, asOf: instant)
        if oldest > Int64.min { shortened += 1 }
        let lead = random.lead(for: rules.signals)
        var late = lead
        for signal in some {
          switch lead.found[signal] {
          case .instants(let all):
            late.found[signal] = .instants(all.filter { $0 > oldest })
            dropped += all.count { $0 <= oldest }
          case .dated(let all): late.found[signal] = .dated(all.filter { $0.instant > oldest })
          case .timeline, nil: break
          }
        }
        let stage = random.int(0...max(0, rules.stageCount - 1))
        #expect(
          EvaluationOutcome(evaluator, late.record(pack: rules.signals), at: instant, stage: stage)
            == EvaluationOutcome(evaluator, lead.record(pack: rules.signals), at: instant, stage: stage))
      }
    }
    #expect(shortened > 300 && dropped > 500, "\(shortened), \(dropped)")
  }

  @Test("the longest window of those that ask counts, and where one has none, every event")
  func windows() {
    let day: Int64 = 86_400_000
    func every(_ type: String, _ within: String?, _ oncePer: OncePer? = nil) -> Rule {
      Rule(
        id: "r", group: "score", points: Points(hundredths: 100), condition: nil,
        clause: .every(
          EveryClause(
            filter: EventFilter(types: [type], condition: .always), oncePer: oncePer,
            within: within.flatMap { TimeSpan($0) }, limit: nil, decay: nil)))
    }
    func oldest(_ rules: [Rule], of types: [String]) -> Int64 {
      var document = RuleDocument(scoreLimits: Limits(min: nil, max: nil), groups: [])
      document.rules = rules
      let signals = types.map {
        SignalDefinition.events(EventFilter(types: [$0], condition: .always), ignore: [])
      }
      return CompiledRules(document).eventsMatter(of: Set(signals), asOf: 100 * day)
    }
    let rules = [every("view", "10d"), every("view", "30d"), every("click", "60d", .day), every("open", nil)]
    #expect(oldest(rules, of: ["view"]) == 70 * day)
    #expect(oldest(rules, of: ["click"]) == 33 * day)
    #expect(oldest(rules, of: ["view", "click"]) == 33 * day)
    #expect(oldest(rules, of: ["view", "open"]) == Int64.min)
    #expect(oldest(rules, of: ["chat"]) == Int64.min)
  }
}
