import TestSupport
import Testing

@Suite struct ReferenceWorldTests {
  private let staged: RefJSON = [
    "rules": [["id": "r", "points": 10, "every": ["event": "view", "within": "1d"]]],
    "stages": [
      ["id": "low"], ["id": "mid", "enter": ["score": 20], "keep": ["score": 10]],
      ["id": "top", "enter": ["score": 40], "if": ["email": ["exists": true]]],
    ],
    "disqualify": [["id": "out", "if": ["out": true]]],
  ]

  @Test func stagesKeepLongerThanTheyEnter() throws {
    var world = try world(staged)
    world.importEvents(at: monday, rows: views(0))
    #expect(world.result("a")?.stage == "low")
    world.importEvents(at: monday + 2 * hour, rows: views(1))
    #expect(world.result("a")?.stage == "mid")
    world.advance(hours: 24)
    #expect(world.result("a")?.stage == "mid")
    world.advance(hours: 25)
    #expect(world.result("a")?.stage == "low")
  }

  @Test func aConditionGatesAStage() throws {
    var world = try world(staged)
    world.importEvents(at: monday, rows: views(0, -1, -2, -3))
    #expect(world.result("a")?.stage == "mid")
    world.importLeads(at: monday, rows: [RefLeadRow(key: "a", attributes: ["email": .text("a@x")])])
    #expect(world.result("a")?.stage == "top")
    #expect(world.history(of: "a").last?.cause == "attributes")
    world.importLeads(at: monday, rows: [RefLeadRow(key: "a", attributes: ["email": .null])])
    #expect(world.result("a")?.stage == "mid")
  }

  @Test func disqualificationForgetsTheStageUnderneath() throws {
    var world = try world(staged)
    world.importEvents(at: monday + hour, rows: views(0, 1))
    world.importLeads(at: monday + 2 * hour, rows: [RefLeadRow(key: "a", attributes: ["out": .text("yes")])])
    #expect(world.result("a")?.stage == "disqualified")
    // One event is left: enough to keep `mid`, not to enter it.
    world.importLeads(at: monday + 24 * hour, rows: [RefLeadRow(key: "a", attributes: ["out": .boolean(false)])])
    #expect(world.result("a")?.stage == "low")
  }

  @Test func aFastTrackOutranksTheRulesAndEnds() throws {
    var world = try world(staged, attributes: ["out": .boolean(true)])
    world.setFastTrack("a", stage: "top", until: monday + 5 * hour, at: monday)
    #expect(world.result("a")?.stage == "top")
    world.advance(hours: 6)
    #expect(world.history(of: "a").map(\.stageAfter) == ["disqualified", "top", "disqualified"])
    #expect(world.history(of: "a").map(\.at) == [0, 0, 5].map { monday + $0 * hour })
    world.setFastTrack("a", stage: "mid", at: monday + 7 * hour)
    world.liftFastTrack("a", at: monday + 8 * hour)
    #expect(world.history(of: "a").suffix(2).map(\.cause) == ["fast-track", "fast-track"])
  }

  @Test func aNewVersionCarriesTheStageOver() throws {
    var world = try world(staged)
    world.importEvents(at: monday + hour, rows: views(0, 1))
    world.advance(hours: 24)
    #expect(world.result("a")?.stage == "mid")
    var renamed = staged
    renamed["stages"] = [["id": "low"], ["id": "middle", "enter": ["score": 20], "keep": ["score": 10]]]
    var kept = world
    kept.applyVersion(try ReferenceDocument(staged), number: 2, at: monday + 24 * hour)
    #expect(kept.result("a")?.stage == "mid")
    #expect(kept.result("a")?.version == 2)
    world.applyVersion(try ReferenceDocument(renamed), number: 2, at: monday + 24 * hour)
    #expect(world.result("a")?.stage == "low")
    #expect(world.history.last?.cause == "rules")
    world.applyVersion(try ReferenceDocument(["rules": []]), number: 3, at: monday + 24 * hour)
    #expect(world.result("a")?.stage == nil)
  }

  @Test func identityOfEvents() throws {
    var world = try world(["rules": [["id": "r", "points": 1, "every": [:]]]])
    let plain = RefEventRow(key: "a", type: "view", occurredAt: monday, properties: ["x": .text("É"), "e": .text("")])
    var again = plain
    again.properties = ["x": .text("E\u{301}")]
    var named = plain
    named.id = "1"
    var other = named
    other.type = "demo"
    var later = named
    later.occurredAt -= 1
    let summary = world.importEvents(at: monday, rows: [plain, again, named, other, later])
    #expect(summary == world.importEvents(at: monday, rows: []) + (created: 3, duplicates: 2))
    #expect(world.score == 300)
    let rows = world.history.count
    #expect(world.importEvents(at: monday, rows: [plain, named, later]).duplicates == 3)
    #expect(world.history.count == rows)
  }

  @Test func leadsMerge() throws {
    var world = try world(["rules": [["id": "r", "points": 1, "if": ["x": 1]]]])
    world.importEvents(at: monday + hour, rows: [RefEventRow(key: " B@x ", type: "view", occurredAt: monday)])
    #expect(world.createdAt("b@X") == monday + hour)
    #expect(world.history(of: "b@x").map(\.cause) == ["import"])
    let row = RefLeadRow(key: "b@x", createdAt: monday, attributes: ["x": .number(1), "y": .list(["z"])])
    #expect(world.importLeads(at: monday + hour, rows: [row]).updated == 1)
    #expect(world.createdAt("b@x") == monday)
    let blank = RefLeadRow(key: "B@x", createdAt: 0, attributes: ["x": .text(""), "y": .list([]), "z": .null])
    #expect(world.importLeads(at: monday + hour, rows: [blank]).unchanged == 1)
    #expect(world.attributes("b@x") == row.attributes)
    #expect(world.createdAt("b@x") == monday)
  }

  @Test(arguments: 0..<60) func historiesHoldTogether(seed: UInt64) throws {
    var world = ReferenceWorld()
    for step in try RandomCase(seed: seed).steps {
      try world.perform(step)
      #expect(world.recomputed() == world.results)
    }
    for key in world.keys {
      let rows = world.history(of: key)
      #expect(rows.first?.before == nil)
      #expect(rows.last?.after == world.result(key)?.score)
      #expect(rows.last?.stageAfter == world.result(key)?.stage)
      for (earlier, later) in zip(rows, rows.dropFirst()) {
        #expect(later.before == earlier.after && later.stageBefore == earlier.stageAfter && later.at >= earlier.at)
      }
    }
  }

  /// However often anyone looks, and wherever, the history is the same.
  @Test(arguments: 0..<20) func lookingChangesNothing(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var leaping = ReferenceWorld()
    var stepping = ReferenceWorld()
    for step in try RandomCase(seed: seed).steps {
      if !stepping.keys.isEmpty {
        for _ in 0..<60 {
          let gap = Int(step.instant - stepping.now)
          stepping.advance(to: stepping.now + Int64(random.int(0...gap) / 20))
          #expect(stepping.recomputed() == stepping.results)
        }
      }
      try leaping.perform(step)
      try stepping.perform(step)
    }
    for key in leaping.keys { #expect(leaping.history(of: key) == stepping.history(of: key)) }
  }
}

private func + (summary: RefImportSummary, change: (created: Int, duplicates: Int)) -> RefImportSummary {
  var result = summary
  result.created += change.created
  result.duplicates += change.duplicates
  return result
}
