import Testing

@testable import ScoreEngine

@Suite("How far back rules look at events")
struct EventReachTests {
  @Test("without what lies further back all comes out the same")
  func same() throws {
    var random = SeededRandom(seed: 127)
    var dropped = 0
    for _ in 0..<1500 {
      let rules = CompiledRules(random.document(isDated: random.chance(10)))
      // Rules of another version ask for more.
      let others = CompiledRules(random.document(isDated: false)).signals.filter { !rules.signals.contains($0) }
      let pack = (others + rules.signals).shuffled(using: &random)
      let evaluator = try #require(LeadEvaluator(rules: rules, pack: pack))
      for _ in 0..<4 {
        let instant = random.instant()
        let whole = random.lead(for: pack).record(pack: pack)
        var bytes: [UInt8] = []
        whole.pack(into: &bytes)
        var part = SignalRecord(kinds: pack.map(\.kind))
        let reach = rules.reach(asOf: instant, pack: pack)
        let isRecord = bytes.withUnsafeBufferPointer { part.unpack($0, reach: reach) }
        #expect(isRecord)
        for slot in pack.indices { dropped += whole.slot(slot).count - part.slot(slot).count }
        let stage = random.int(0...max(0, rules.stageCount - 1))
        #expect(
          EvaluationOutcome(evaluator, part, at: instant, stage: stage)
            == EvaluationOutcome(evaluator, whole, at: instant, stage: stage))
      }
    }
    #expect(dropped > 5000, "\(dropped)")
  }
}
