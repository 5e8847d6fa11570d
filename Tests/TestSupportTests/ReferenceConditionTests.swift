import TestSupport
import Testing

@Suite struct ReferenceConditionTests {
  @Test(
    arguments: [
      (["is": "É"], RefValue.text("e\u{301}"), true),
      (["is": "STRASSE"], .text("straße"), false),
      (["is": "ς"], .text("Σ"), false),
      (["is": "σ"], .text("Σ"), true),
      (["is": "i\u{307}"], .text("İ"), true),
      (["is": 3], .text(" 3.0\u{a0}"), true),
      (["is": 1000], .text("1E3"), true),
      (["is": 1000], .text("1,000"), false),
      (["is": 3], .text("+3"), false),
      (["is": "3"], .number(3), true),
      (["is": "3"], .text(" 3"), false),
      (["is": true], .text("YES"), true),
      (["is": true], .number(1), true),
      (["is": false], .text("off"), true),
      (["is": true], .number(2), false),
      (["is": "TRUE"], .boolean(true), true),
      (["is": 1], .boolean(true), false),
      (["in": ["x", 3]], .number(3), true),
      (["contains": "IC"], .text("pricing"), true),
      (["contains_any": ["x", "99"]], .number(99.5), true),
      (["starts_with": "/P"], .text("/pricing"), true),
      (["ends_with": "ING"], .text("/pricing"), true),
      (["like": "*r?c*"], .text("/Pricing"), true),
      (["like": "?"], .text("é"), true),
      (["like": "?"], .text("ab"), false),
      (["gte": 10, "lt": 11], .text("10.5"), true),
      (["gt": 10], .boolean(true), false),
      (["before": "2026-01-02"], .text("2026-01-02T00:30:00+0100"), true),
      (["after": "2026-01-02"], .text("2026-01-02"), false),
      (["after": "2026-01-02"], .text("2026-01-03T10:00:00"), false),
      (["newer_than": "2d"], .text("2026-01-03"), false),
      (["older_than": "2d"], .text("2026-01-03"), true),
      (["newer_than": "2d"], .text("2026-01-05 00:00"), true),
      (["newer_than": "2d"], .text("2026-01-05 00:01"), false),
      (["older_than": "2d"], .text("2026-02-30"), false),
      (["exists": false], .text(""), true),
      (["exists": true], .list(["x"]), true),
      (["is": "B"], .list(["a", "b"]), true),
      (["is_not": "b"], .list(["a", "b"]), false),
      (["not_in": ["c"]], .list(["a", "b"]), true),
    ] as [(RefJSON, RefValue, Bool)])
  func matcher(matcher: RefJSON, value: RefValue, expected: Bool) throws {
    #expect(try holds(["x": matcher], ["x": value]) == expected)
  }

  @Test func absentValuesSatisfyNegationsOnly() throws {
    let negations: [RefJSON] = [["is_not": 1], ["not_in": ["x"]], ["exists": false]]
    for matcher in negations { #expect(try holds(["x": matcher], [:])) }
    let others: [RefJSON] = [
      "x", ["is": false], ["in": ["x"]], ["contains": "x"], ["like": "*"], ["lt": 5], ["before": "2030-01-01"],
      ["older_than": "1d"], ["exists": true],
    ]
    for matcher in others { #expect(try !holds(["x": matcher], [:])) }
  }

  @Test func combinations() throws {
    let facts: [String: RefValue] = ["a": .number(1), "b": .text("x")]
    #expect(try holds([:], facts))
    #expect(try holds(["a": 1, "b": "X"], facts))
    #expect(try !holds(["a": 1, "b": "y"], facts))
    #expect(try holds(["any": [["a": 2], ["b": "x"]]], facts))
    #expect(try !holds(["all": [["a": 1], ["b": "y"]]], facts))
    #expect(try holds(["not": ["a": 2], "a": 1], facts))
  }

  @Test func instants() {
    #expect(RefInstant.parse("1970-01-01") == 0)
    #expect(RefInstant.parse("2026-01-05t00:00:00.1239z") == monday + 123)
    #expect(RefInstant.parse("2026-01-05 02:00+02:00") == monday)
    #expect(RefInstant.parse("2024-02-29") == 1_709_164_800_000)
    #expect(RefInstant.parse("1969-12-31T23:59:59.999Z") == -1)
    for text in [
      "2025-02-29", " 2026-01-05", "2026-01-05T10:00Z", "2026-01-05T10:00:00", "2026-1-5", "", "2026-01-05 24:00",
    ] {
      #expect(RefInstant.parse(text) == nil)
    }
    #expect(RefInstant.rfc3339(monday) == "2026-01-05T00:00:00Z")
    #expect(RefInstant.rfc3339(-1) == "1969-12-31T23:59:59.999Z")
  }
}
