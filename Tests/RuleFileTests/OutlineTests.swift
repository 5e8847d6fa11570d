import RuleFile
import ScoreEngine
import Testing

@Suite struct OutlineTests {
  private func parsed(_ text: String) throws -> RuleDocument {
    let result = RuleFile.parse(text, fileName: "rules.yaml")
    #expect(result.errors.rendered == "")
    return try #require(result.document)
  }

  @Test func outlineUsesTheWordsOfTheDocument() throws {
    let lines = try parsed(Samples.full).outline.map { "\($0.path) = \($0.value)" }
    for line in [
      "name = \"B2B software\"", "conversion/event = deal_won", "score/max = 200", "groups/fit/max = 100",
      "groups/job-level/part_of = fit", "groups/job-level/take = highest",
      "ignore/1 = {event: email_click, where: {user_agent: {contains: \"bot\"}}}",
      "rules/senior-title/if = {title: {contains_any: [\"chief\", \"director\", \"vp\"]}}",
      "rules/pricing-page/every/decay/percent = 50", "rules/pricing-page/every/within = 90d",
      "rules/gone-dark/silence/for = 28d", "stages/nurture = {}", "stages/mql/enter/score = 40",
      "stages/sql/handoff = true", "grade/fit/bands = [{at: 60, label: \"A\"}, {at: 30, label: \"B\"}, {label: \"C\"}]",
      "expect/mql-to-sql/within = 90d",
    ] {
      #expect(lines.contains(line), "\(line)")
    }
    #expect(Set(lines).count == lines.count)
  }

  @Test func spellingDoesNotShowInTheCanonicalText() throws {
    let one = try parsed(
      """
      # a comment
      groups: { b: { max: 5 }, a: { min: 1.50 } }
      rules:
        - id: x
          points: 5.0
          when: { event: [p, q], within: 7d, where: { a: 1, b: { in: [x, y], exists: true } } }
      """)
    let other = try parsed(
      #"""
      {"rules": [{"when": {"where": {"b": {"exists": true, "in": ["y", "x"]}, "a": 1.0}, "within": "1w",
        "event": ["q", "p"], "at_least": 1}, "points": 5, "id": "x", "group": "score"}],
       "groups": {"a": {"min": 1.5, "take": "sum"}, "b": {"max": 5, "part_of": "score"}}}
      """#)
    #expect(one.canonicalText == other.canonicalText)
    #expect(RuleDocument.differences(from: one, to: other).isEmpty)
  }

  /// Each line changes one thing; no two may have the same text.
  @Test func differentConditionsHaveDifferentTexts() throws {
    let conditions = [
      "{}", "{ a: 1 }", "{ a: '1' }", "{ a: true }", "{ a: 'true' }", "{ a: { is_not: 1 } }", "{ a: { in: [1] } }",
      "{ a: { in: [1, '1'] } }", "{ a: { in: ['1, 2'] } }", "{ a: { in: ['1', '2'] } }", "{ 'a: 1, b': 1 }",
      "{ a: 1, b: 1 }", "{ any: [ { a: 1 }, { b: 1 } ] }", "{ not: { a: 1 } }", "{ not: { not: { a: 1 } } }",
      "{ all: [ { a: 1 } ] }", "{ a: '\"' }", "{ a: '\\' }", "{ a: \"\\n\" }", "{ a: '\\n' }", "{ A: 1 }", "{ a: 1.5 }",
      "{ a: { contains: x } }", "{ a: { starts_with: x } }", "{ a: { ends_with: x } }", "{ a: { like: x } }",
      "{ a: { lt: 1 } }", "{ a: { lte: 1 } }", "{ a: { gt: 1 } }", "{ a: { gte: 1 } }", "{ a: { before: 2026-01-01 } }",
      "{ a: { after: 2026-01-01 } }", "{ a: '2026-01-01T00:00:00Z' }", "{ a: { newer_than: 1d } }",
      "{ a: { older_than: 1d } }", "{ a: { exists: true } }", "{ a: { exists: false } }",
      "{ a: { contains_any: [x, y] } }", "{ a: { contains_any: ['x\", \"y', y] } }", "{ a: { gt: 1, lt: 2 } }",
    ]
    var seen: [String: String] = [:]
    for text in conditions {
      let document = try parsed("rules: [ { id: a, points: 1, if: \(text) } ]")
      let canonical = try #require(document.rules[0].condition).canonicalText
      #expect(seen[canonical] == nil, "\(text) and \(seen[canonical] ?? "")")
      seen[canonical] = text
    }
  }

  @Test func canonicalConditionsAreYAMLThatMeansTheSame() throws {
    for (path, text) in try Examples.rules() + [("full", Samples.full)] {
      let document = try #require(RuleFile.parse(text, fileName: path).document)
      for rule in document.rules {
        guard let condition = rule.condition else { continue }
        let again = try parsed("rules: [ { id: a, points: 1, if: \(condition.canonicalText) } ]")
        #expect(again.rules[0].condition?.canonicalText == condition.canonicalText)
      }
    }
  }

  @Test func filtersHaveTexts() throws {
    #expect(EventFilter().canonicalText == "{}")
    #expect(EventFilter(types: ["b", "a", "b"]).canonicalText == "{event: [a, b]}")
    #expect(EventFilter(types: ["page view"]).canonicalText == "{event: \"page view\"}")
    #expect(
      EventFilter(condition: .field("x", [.newerThan(try #require(TimeSpan("14d")))])).canonicalText
        == "{where: {x: {newer_than: 2w}}}")
  }

  // MARK: - Differences

  @Test func differencesNameFieldsBeforeAndAfter() throws {
    let old = try parsed(
      """
      name: a
      groups: { fit: { max: 5 } }
      ignore: [ { event: a }, { event: b } ]
      rules:
        - { id: x, points: 1, every: { event: p, within: 30d, limit: 3 } }
        - { id: y, points: 2 }
        - { id: z, points: 3 }
      stages: [ { id: new }, { id: mql, enter: { score: 5 } }, { id: sql, enter: { score: 9 }, handoff: true } ]
      """)
    let new = try parsed(
      """
      groups: { fit: { max: 7, note: why }, job: { part_of: fit } }
      ignore: [ { event: b }, { event: c } ]
      rules:
        - { id: x, points: 1.5, every: { event: p, within: 60d }, if: { a: 1 } }
        - { id: w, points: 2 }
        - { id: z, points: 3 }
      stages: [ { id: new }, { id: sql, enter: { score: 9 }, handoff: true }, { id: mql, enter: { score: 5 } } ]
      """)
    let lines = RuleDocument.differences(from: old, to: new).flatMap { change in
      ["\(change.section) \(change.id ?? "-") \(change.kind)"]
        + change.fields.map { "  \($0.path): \($0.before ?? "-") > \($0.after ?? "-")" }
    }
    #expect(
      lines == [
        "document - changed", "  name: \"a\" > -",
        "groups fit changed", "  max: 5 > 7", "  note: - > \"why\"",
        "groups job added", "  part_of: - > fit",
        "ignore {event: a} removed", "ignore {event: c} added",
        "rules y removed", "  points: 2 > -",
        "rules x changed", "  points: 1 > 1.5", "  every/within: 30d > 60d", "  every/limit: 3 > -", "  if: - > {a: 1}",
        "rules w added", "  points: - > 2",
        "stages - reordered", "  : new, mql, sql > new, sql, mql",
      ])
  }

  @Test func noDifferencesMeansTheSameText() throws {
    let texts = try Examples.rules().map(\.text) + [Samples.full]
    let documents = texts.compactMap { RuleFile.parse($0, fileName: "r").document }
    for left in documents {
      for right in documents {
        let isSame = left.canonicalText == right.canonicalText
        #expect(RuleDocument.differences(from: left, to: right).isEmpty == isSame)
      }
    }
  }
}
