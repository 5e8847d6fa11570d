import TestSupport
import Testing

@Suite struct ReferenceRuleTests {
  private func rule(_ clause: RefEntry, points: RefJSON = 10) -> RefJSON {
    ["rules": [.object([RefEntry("id", "r"), RefEntry("points", points), clause])]]
  }

  @Test func everyWithinIsStrictAndLimitKeepsTheLast() throws {
    var world = try world(rule(RefEntry("every", ["event": "view", "within": "1d", "limit": 2])))
    world.importEvents(at: monday, rows: views(-23, -2, -1))
    #expect(world.score == 2000)
    world.advance(hours: 22)
    #expect(world.score == 1000)
    world.advance(hours: 23, early: 1)
    #expect(world.score == 1000)
    world.advance(hours: 23)
    #expect(world.score == 0)
    #expect(world.history(of: "a").map(\.at) == [0, 0, 22, 23].map { monday + $0 * hour })
    #expect(world.history(of: "a").map(\.cause) == ["import", "event", "time", "time"])
  }

  @Test func oncePerKeepsTheFirstOfEachBucket() throws {
    // Sunday 23:00, Monday 00:00, 00:59:59.999 and 01:00.
    let instants = [-hour, 0, hour - 1, hour].map { monday + $0 }
    let rows = instants.map { RefEventRow(key: "a", type: "view", occurredAt: $0) }
    for (period, score) in [("hour", 3000), ("day", 2000), ("week", 2000)] {
      var world = try world(rule(RefEntry("every", ["once_per": .string(period)])))
      world.importEvents(at: monday + day, rows: rows)
      #expect(world.score == score)
    }
    // The first of the day falls out of the window; the later one does not take its place.
    var world = try world(rule(RefEntry("every", ["once_per": "day", "within": "1h"])))
    world.importEvents(at: monday + 3 * hour, rows: views(1, 3))
    #expect(world.score == 0)
  }

  @Test func decayTruncatesTowardsZeroAtEveryStep() throws {
    let percent: RefJSON = ["decay": ["percent": 33, "every": "1d"]]
    for (points, steps) in [(-0.75, [-75, -50, -33, -22]), (10, [1000, 670, 448, 300])] as [(RefJSON, [Int])] {
      var world = try world(rule(RefEntry("every", percent), points: points))
      world.importEvents(at: monday, rows: views(0))
      for (index, value) in steps.enumerated() {
        world.advance(hours: Int64(index) * 24)
        #expect(world.score == value)
      }
    }
    var linear = try world(
      rule(RefEntry("every", ["decay": ["percent": 33, "every": "1d", "linear": true]]), points: -0.75))
    linear.importEvents(at: monday, rows: views(0))
    linear.advance(to: monday + 10 * day)
    #expect(linear.history(of: "a").dropFirst().map(\.after) == [-75, -50, -25, 0])
  }

  @Test func whenScoresOnce() throws {
    var world = try world(rule(RefEntry("when", ["event": ["view", "demo"], "at_least": 2, "within": "2h"])))
    world.importEvents(at: monday + 3 * hour, rows: views(0, 2) + views(9, type: "demo"))
    #expect(world.score == 0)
    world.importEvents(at: monday + 3 * hour, rows: views(3, type: "demo"))
    #expect(world.score == 1000)
    world.advance(hours: 10)
    #expect(world.history(of: "a").map(\.after) == [0, 1000, 0])
    #expect(world.history(of: "a").last?.at == monday + 4 * hour)
  }

  @Test func silenceCountsFromTheLastEventOrFromCreation() throws {
    var silent = try world(rule(RefEntry("silence", ["for": "1d", "repeat": 2]), points: -5))
    silent.advance(hours: 24, early: 1)
    #expect(silent.score == 0)
    silent.advance(hours: 100)
    #expect(silent.score == -1000)
    silent.importEvents(at: monday + 100 * hour, rows: views(90))
    #expect(silent.score == 0)
    silent.advance(hours: 114)
    #expect(silent.score == -500)
    // An unrelated type does not break the silence; creation in the future gives none.
    var other = try world(rule(RefEntry("silence", ["event": "demo", "for": "1d"]), points: -5))
    other.importEvents(at: monday + day, rows: views(24))
    #expect(other.score == -500)
    other.importLeads(at: monday + day, rows: [RefLeadRow(key: "a", createdAt: monday + 5 * day)])
    #expect(other.score == 0)
  }

  @Test func ignoredAndFutureEventsDoNotExist() throws {
    let rules: RefJSON = [
      "ignore": [["event": "view", "where": ["agent": ["contains": "bot"]]]],
      "rules": [["id": "r", "points": 1, "every": [:]]],
    ]
    var world = try world(rules)
    world.importEvents(at: monday, rows: views(0, properties: ["agent": .text("GoogleBot")]) + views(-1, 5))
    #expect(world.score == 100)
    world.advance(hours: 5)
    #expect(world.score == 200)
  }

  @Test func propertiesAgeToo() throws {
    let expired: RefJSON = ["where": ["expires_at": ["older_than": "1h"]]]
    var world = try world(rule(RefEntry("every", expired)))
    world.importEvents(at: monday, rows: views(0, properties: ["expires_at": .text("2026-01-05 03:00")]))
    world.advance(hours: 9)
    #expect(world.history(of: "a").map(\.at) == [monday, monday + 4 * hour])
    #expect(world.score == 1000)
  }

  @Test func ifGatesAClause() throws {
    let rules: RefJSON = [
      "rules": [["id": "r", "points": 1, "every": ["event": "view"], "if": ["renewal": ["newer_than": "1d"]]]]
    ]
    var world = try world(rules, attributes: ["renewal": .text("2026-01-05T06:00:00Z")])
    world.importEvents(at: monday, rows: views(0))
    world.advance(hours: 40)
    #expect(world.history(of: "a").map(\.after) == [0, 100, 0])
    #expect(world.history(of: "a").map(\.at) == [0, 6, 30].map { monday + $0 * hour })
  }

  @Test func groupsFormATree() throws {
    let rules: RefJSON = [
      "score": ["max": 20],
      "groups": [
        "fit": ["max": 12], "level": ["part_of": "fit", "take": "highest"], "low": ["take": "highest"],
        "floor": ["min": 2.5],
      ],
      "rules": [
        ["id": "a", "group": "level", "points": 5, "if": [:]], ["id": "b", "group": "level", "points": 8, "if": [:]],
        ["id": "c", "group": "fit", "points": 7, "if": [:]], ["id": "d", "group": "low", "points": -3, "if": [:]],
        ["id": "e", "group": "low", "points": 9, "if": ["x": 1]],
        ["id": "f", "group": "plain", "points": 1, "if": [:]],
      ],
      "grade": [
        ["group": "fit", "bands": [["at": 12, "label": "A"], ["label": "B"]]],
        ["group": "low", "bands": [["at": 0, "label": 1]]], ["group": "score", "bands": [["at": 12.5, "label": "x"]]],
      ],
    ]
    var world = try world(rules)
    #expect(world.result("a")?.groups == ["fit": 1200, "level": 800, "low": -300, "floor": 250, "plain": 100])
    #expect(world.result("a")?.rules == ["a": 500, "b": 800, "c": 700, "d": -300, "f": 100])
    #expect(world.score == 1250)
    #expect(world.result("a")?.grade == "Ax")
    world.addAdjustment("A ", points: 10000, from: monday + hour, until: monday + 2 * hour, at: monday)
    #expect(world.score == 1250)
    world.advance(hours: 3)
    #expect(world.history(of: "a").map(\.after) == [1250, 2000, 1250])
    #expect(world.history(of: "a").map(\.cause) == ["import", "time", "time"])
  }
}
