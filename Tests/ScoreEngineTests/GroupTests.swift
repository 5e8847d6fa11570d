import Testing

@testable import ScoreEngine

@Suite("Groups and grades")
struct GroupTests {
  private func evaluate(_ document: RuleDocument) throws -> LeadEvaluator {
    let rules = CompiledRules(document)
    let evaluator = try #require(LeadEvaluator(rules: rules, pack: rules.signals))
    evaluator.evaluate(
      FoundLead(createdAt: 0, found: [:]).record(pack: rules.signals), at: 0, currentStage: 0)
    return evaluator
  }

  private func rules(_ points: [(String, Int64)]) -> [Rule] {
    points.enumerated().map { Rule(id: "r\($0)", group: $1.0, points: Points(hundredths: $1.1)) }
  }

  @Test("every tree of three groups, in every order of their entries")
  func trees() throws {
    let names = ["a", "b", "c"]
    let parents: [[String]] = [
      ["score", "score", "score"], ["score", "a", "a"], ["score", "a", "b"], ["score", "score", "b"],
      ["c", "c", "score"], ["b", "c", "score"],
    ]
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    let takes: [Group.Take] = [.sum, .highest]
    for tree in parents {
      for order in orders {
        for bits in 0..<8 {
          for limited in 0..<3 {
            let groups = order.map { index in
              Group(
                name: names[index], partOf: tree[index], take: takes[bits >> index & 1],
                limits: index == limited ? Limits(min: Points(hundredths: -3), max: Points(hundredths: 4)) : Limits())
            }
            let document = RuleDocument(
              scoreLimits: Limits(max: Points(hundredths: 9)), groups: groups,
              rules: rules([
                ("a", 5), ("b", 0), ("c", -7), ("b", 2), ("a", -1), ("score", 3), ("other", 1), ("c", 6), ("b", -2),
              ]))
            let evaluator = try evaluate(document)
            let expected = PlainScore(document, FoundLead(createdAt: 0, found: [:]), at: 0)
            #expect(evaluator.score == expected.score)
            for (name, score) in zip(evaluator.rules.groupNames, evaluator.groupScores) {
              #expect(score == expected.groups[name])
            }
          }
        }
      }
    }
  }

  @Test(
    "the highest is the greatest that is not 0, also among losses",
    arguments: [
      ([], 0), ([0], 0), ([0, 0], 0), ([-5, 0, -3], -3), ([0, 7, 2], 7), ([-1, 4], 4), ([-9], -9),
    ] as [([Int64], Int64)])
  func highest(_ points: [Int64], _ expected: Int64) throws {
    let document = RuleDocument(
      groups: [Group(name: "g", take: .highest)], rules: rules(points.map { ("g", $0) }))
    #expect(try evaluate(document).score == expected)
  }

  @Test("a part's score is clamped before it counts for the whole")
  func clamping() throws {
    let document = RuleDocument(
      scoreLimits: Limits(min: .zero),
      groups: [
        Group(name: "whole", limits: Limits(max: Points(hundredths: 12))),
        Group(name: "part", partOf: "whole", limits: Limits(min: Points(hundredths: 2), max: Points(hundredths: 5))),
      ], rules: rules([("part", 100), ("whole", 3), ("score", -50)]))
    let evaluator = try evaluate(document)
    #expect(evaluator.groupScores == [8, 5])
    #expect(evaluator.score == 0)
    // A group whose rules give nothing still has its minimum.
    let empty = RuleDocument(groups: [Group(name: "g", limits: Limits(min: Points(hundredths: 7)))])
    #expect(try evaluate(empty).score == 7)
  }

  @Test("a grade joins the labels of all scales, each the highest band that is reached")
  func grades() throws {
    func grade(_ fit: Int64, _ other: Int64) throws -> String? {
      try evaluate(
        RuleDocument(
          rules: rules([("fit", fit), ("other", other)]),
          grade: [
            GradeScale(
              group: "fit",
              bands: [
                .init(at: nil, label: "C"), .init(at: Points(hundredths: 10), label: "A"),
                .init(at: Points(hundredths: 5), label: "B"),
              ]), GradeScale(group: "score", bands: [.init(at: Points(hundredths: 20), label: "1")]),
          ])
      ).grade
    }
    #expect(try grade(10, 10) == "A1")
    #expect(try grade(9, 11) == "B1")
    #expect(try grade(5, 14) == "B")
    #expect(try grade(4, 100) == "C1")
    #expect(try grade(-100, 0) == "C")
    #expect(try evaluate(RuleDocument()).grade == nil)
  }
}
