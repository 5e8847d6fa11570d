import Testing

@testable import ScoreEngine

@Suite("Stored forms")
struct StoredFormTests {
  private func holds(_ text: String, _ ask: (UnsafeBufferPointer<UInt8>) -> Bool) -> Bool {
    Array(text.utf8).withUnsafeBufferPointer { ask($0) }
  }

  private func text(_ writer: PointsWriter) -> String {
    let bytes = [UInt8](unsafeUninitializedCapacity: writer.capacity) { memory, count in
      if let base = memory.baseAddress { count = writer.write(to: base) }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("points are written as JSON arrays, and known again")
  func points() throws {
    var random = SeededRandom(seed: 41)
    let large: [Int64] = [
      0, 1, -1, 9, 10, 99, 100, 9_999, 10_000, 99_999_999, -99_999_999, 100_000_000, -100_000_000, Int64.max, Int64.min,
    ]
    for round in 0..<400 {
      let rules = CompiledRules(random.document(isDated: false))
      let evaluator = try #require(LeadEvaluator(rules: rules, pack: rules.signals))
      let lead = random.lead(for: rules.signals)
      let given = round < large.count ? large[round] : Int64.random(in: -200_000_000...200_000_000, using: &random)
      evaluator.evaluate(
        lead.record(pack: rules.signals), at: 1000, currentStage: 0,
        judgement: Judgement(adjustments: [Adjustment(points: given, from: 0, until: nil)]))
      #expect(evaluator.rulePoints.last == given)
      let groups = "[" + evaluator.groupScores.map { String($0) }.joined(separator: ",") + "]"
      let pairs = evaluator.rulePoints.enumerated().filter { $0.element != 0 }
      let points = "[" + pairs.map { "\($0.offset),\($0.element)" }.joined(separator: ",") + "]"
      var bytes: [UInt8] = []
      evaluator.appendGroups(to: &bytes)
      #expect(String(decoding: bytes, as: UTF8.self) == groups)
      bytes = []
      evaluator.appendRules(to: &bytes)
      #expect(String(decoding: bytes, as: UTF8.self) == points)
      let writer = PointsWriter(evaluator)
      // What it remembers, and what it does not.
      for _ in 0..<2 { #expect(text(writer) == groups + "," + points) }
      #expect(holds(groups, evaluator.isGroups) && holds(points, evaluator.isRules))
      for text in [groups + " ", String(groups.dropLast()), ""] { #expect(!holds(text, evaluator.isGroups)) }
      var other = Array(points.utf8)
      other[random.int(0...(other.count - 1))] ^= 1
      #expect(!holds(String(decoding: other, as: UTF8.self), evaluator.isRules))
    }
  }

  @Test("positions of one, two and three digits")
  func positions() throws {
    let points = (Int64(0)..<140).map { index -> Int64 in index % 3 == 0 ? 0 : (index - 70) * 101 }
    var document = RuleDocument()
    document.rules = points.enumerated().map { Rule(id: "r\($0.offset)", points: Points(hundredths: $0.element)) }
    let rules = CompiledRules(document)
    let evaluator = try #require(LeadEvaluator(rules: rules, pack: rules.signals))
    evaluator.evaluate(SignalRecord(kinds: []), at: 1000, currentStage: 0)
    let pairs = points.enumerated().filter { $0.element != 0 }.map { "\($0.offset),\($0.element)" }
    var bytes: [UInt8] = []
    evaluator.appendRules(to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == "[\(pairs.joined(separator: ","))]")
    #expect(text(PointsWriter(evaluator)) == "[],[\(pairs.joined(separator: ","))]")
  }

  @Test("one writer for points that change")
  func changes() throws {
    var document = RuleDocument()
    document.rules = [Rule(id: "a", points: Points(hundredths: 7))]
    let rules = CompiledRules(document)
    let evaluator = try #require(LeadEvaluator(rules: rules, pack: rules.signals))
    let writer = PointsWriter(evaluator)
    let amounts: [Int64] = [5, 5, 0, -5, 99_999_999_999, 1_000_000_000_000_000, 5, -1_000_000_000_000_000, -5, 0, 5]
    for given in amounts {
      evaluator.evaluate(
        SignalRecord(kinds: []), at: 1000, currentStage: 0,
        judgement: Judgement(adjustments: [Adjustment(points: given, from: 0, until: nil)]))
      #expect(text(writer) == "[],[0,7" + (given == 0 ? "" : ",1,\(given)") + "]")
    }
  }
}
