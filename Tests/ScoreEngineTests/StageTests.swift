import Testing

@testable import ScoreEngine

@Suite("Stages")
struct StageTests {
  private let gates = ["one", "two"].map { Condition.field($0, [.exists(true)]) }

  private func record(_ rules: CompiledRules, holding: [Condition]) -> SignalRecord {
    var lead = FoundLead(createdAt: 0, found: [:])
    for signal in rules.signals {
      guard case .condition(let condition) = signal.question else { continue }
      lead.found[signal] = .timeline(Timeline(initial: holding.contains(condition), toggles: []))
    }
    return lead.record(pack: rules.signals)
  }

  private func points(_ value: Int64) -> Judgement {
    Judgement(adjustments: [Adjustment(points: value, from: -10, until: nil)])
  }

  /// Every threshold to enter and to keep two stages above the first, every score, every current stage, every gate.
  @Test("a small world of enter, keep and if")
  func smallWorld() throws {
    for enter in 0..<9 {
      for keep in 0..<16 {
        for gated in 0..<4 {
          let stages = (0..<2).map { index in
            let least = Int64([enter % 3, enter / 3][index])
            // 3 stands for no keep of its own.
            let kept = Int64([keep % 4, keep / 4][index])
            return Stage(
              id: "s\(index + 1)", enter: ["score": Points(hundredths: least)],
              keep: kept == 3 ? nil : ["score": Points(hundredths: kept)],
              condition: gated >> index & 1 == 1 ? gates[index] : nil)
          }
          let document = RuleDocument(stages: [Stage(id: "s0")] + stages)
          let rules = CompiledRules(document)
          let evaluator = try #require(LeadEvaluator(rules: rules, pack: rules.signals))
          for holding in 0..<4 {
            let record = record(rules, holding: (0..<2).filter { holding >> $0 & 1 == 1 }.map { gates[$0] })
            for score in Int64(-1)...3 {
              for current in 0...2 {
                evaluator.evaluate(record, at: 0, currentStage: current, judgement: points(score))
                var expected = 0
                for (index, stage) in stages.enumerated() {
                  let isOpen = gated >> index & 1 == 0 || holding >> index & 1 == 1
                  let enters = score >= stage.enter?["score"]?.hundredths ?? 0
                  let keeps = score >= (stage.keep ?? stage.enter)?["score"]?.hundredths ?? 0
                  if isOpen, enters || (keeps && current >= index + 1) { expected = index + 1 }
                }
                if evaluator.ruleStage != expected || evaluator.stage != "s\(expected)" {
                  Issue.record("enter \(enter) keep \(keep) gates \(gated)/\(holding) score \(score) from \(current)")
                }
                // Looking again changes nothing.
                evaluator.evaluate(record, at: 0, currentStage: expected, judgement: points(score))
                if evaluator.ruleStage != expected { Issue.record("moved on by itself from \(expected)") }
              }
            }
          }
        }
      }
    }
  }

  @Test("all minimums of a stage must hold")
  func minimums() throws {
    let document = RuleDocument(
      groups: [Group(name: "fit", limits: Limits(max: Points(hundredths: 5)))],
      rules: [Rule(id: "r", group: "fit", points: Points(hundredths: 9))],
      stages: [
        Stage(id: "a"), Stage(id: "b", enter: ["score": Points(hundredths: 7), "fit": Points(hundredths: 5)]),
        Stage(id: "c", enter: ["fit": Points(hundredths: 6)]),
      ])
    let rules = CompiledRules(document)
    let evaluator = try #require(LeadEvaluator(rules: rules, pack: rules.signals))
    let record = record(rules, holding: [])
    for (adjustment, stage) in [(1, "a"), (2, "b"), (100, "b")] as [(Int64, String)] {
      evaluator.evaluate(record, at: 0, currentStage: 0, judgement: points(adjustment))
      #expect(evaluator.stage == stage)
    }
  }

  @Test("a document without stages has none, whatever happens")
  func noStages() throws {
    let document = RuleDocument(disqualify: [Disqualification(id: "d", condition: gates[0])])
    let rules = CompiledRules(document)
    let evaluator = try #require(LeadEvaluator(rules: rules, pack: rules.signals))
    evaluator.evaluate(record(rules, holding: []), at: 0, currentStage: 0)
    #expect(evaluator.stage == nil)
    #expect(evaluator.ruleStageName == nil)
    #expect(evaluator.position(ofStage: "x") == -1)
    evaluator.evaluate(record(rules, holding: gates), at: 0, currentStage: 0)
    #expect(evaluator.stage == "disqualified")
  }

  @Test("a current stage is carried over by its id; one that is gone counts as the first")
  func carriedOver() throws {
    let rules = CompiledRules(RuleDocument(stages: [Stage(id: "a"), Stage(id: "b", enter: [:])]))
    let evaluator = try #require(LeadEvaluator(rules: rules, pack: rules.signals))
    #expect(evaluator.position(ofStage: "b") == 1)
    #expect(evaluator.position(ofStage: "a") == 0)
    #expect(evaluator.position(ofStage: "gone") == 0)
    #expect(evaluator.position(ofStage: "disqualified") == 0)
    #expect(evaluator.position(ofStage: nil) == 0)
  }

  @Test("disqualified hides the rules' stage, a fast-track hides both")
  func strength() throws {
    let document = RuleDocument(
      stages: [Stage(id: "a"), Stage(id: "b", enter: ["score": .zero]), Stage(id: "c", enter: ["score": .zero])],
      disqualify: [Disqualification(id: "d", condition: gates[0]), Disqualification(id: "e", condition: gates[1])])
    let rules = CompiledRules(document)
    let evaluator = try #require(LeadEvaluator(rules: rules, pack: rules.signals))
    let track = Judgement(fastTracks: [FastTrack(stage: "b", from: 0, until: 10)])
    for (holding, judgement, stage, ruleStage) in [
      ([], Judgement.none, "c", 2), ([gates[1]], .none, "disqualified", 0), (gates, .none, "disqualified", 0),
      ([], track, "b", 2), (gates, track, "b", 0),
    ] {
      evaluator.evaluate(record(rules, holding: holding), at: 5, currentStage: 2, judgement: judgement)
      #expect(evaluator.stage == stage)
      #expect(evaluator.ruleStage == ruleStage)
      #expect(evaluator.isDisqualified == !holding.isEmpty)
    }
  }

  @Test("fast-tracks and adjustments hold from their beginning up to their end; the last track set wins")
  func judgement() throws {
    let rules = CompiledRules(
      RuleDocument(stages: [Stage(id: "a"), Stage(id: "b", enter: ["score": Points(hundredths: 9)])]))
    let evaluator = try #require(LeadEvaluator(rules: rules, pack: rules.signals))
    let judgement = Judgement(
      adjustments: [Adjustment(points: 10, from: 10, until: 20), Adjustment(points: -3, from: 15, until: nil)],
      fastTracks: [FastTrack(stage: "b", from: 12, until: nil), FastTrack(stage: "a", from: 14, until: 18)])
    let expected: [(Int64, Int64, String, Int64)] = [
      (0, 0, "a", 10), (9, 0, "a", 10), (10, 10, "b", 12), (12, 10, "b", 14), (14, 10, "a", 15), (15, 7, "a", 18),
      (18, 7, "b", 20), (19, 7, "b", 20), (20, -3, "b", Int64.max), (1000, -3, "b", Int64.max),
    ]
    let record = record(rules, holding: [])
    for (now, score, stage, next) in expected {
      evaluator.evaluate(record, at: now, currentStage: 0, judgement: judgement)
      #expect(evaluator.score == score)
      #expect(evaluator.rulePoints.last == score)
      #expect(evaluator.stage == stage)
      #expect(evaluator.nextChange == next)
    }
  }
}
