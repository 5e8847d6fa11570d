import LeadScoring
import LeadStore
import RuleFile
import ScoreEngine
import Testing

/// Events that an application adds in memory.
@Suite struct AppendEventsTests {
  private static let asOf: Int64 = 1_770_000_000_000
  private static let day: Int64 = 86_400_000

  private func session(_ folder: ScratchFolder, _ name: String = "leads.db") throws -> ScoringSession {
    let text = """
      rules:
        - id: views
          points: 5
          every: { event: view, where: { path: { starts_with: /a } }, within: 10d }
        - id: long
          points: 1
          every: { event: view, where: { seconds: { gte: 60 }, tags: { contains: x } }, limit: 3 }
      """
    let rules = try CheckedRules(text: text, file: "rules")
    try DatabaseCreation.create(
      path: folder.path(name), rules: rules, asOf: AppendEventsTests.asOf, clock: { 0 }, program: "test", by: nil)
    return try ScoringSession(try LeadDatabase.open(path: folder.path(name)), clock: { 0 })
  }

  private func score(_ session: ScoringSession, _ key: String) throws -> Int64? {
    var score: Int64?
    try session.forEachLead(LeadQuery(), model: "main") { if $0.key == key { score = $0.score } }
    return score
  }

  @Test func eventsAreAddedAndScored() throws {
    let folder = try ScratchFolder()
    let session = try session(folder)
    let asOf = AppendEventsTests.asOf
    let events = [
      NewEvent(key: "Ann@X", type: "view", occurredAt: asOf - 1000, properties: ["path": .text("/a/b")]),
      NewEvent(
        key: "ann@x", type: " view ", occurredAt: asOf - 2000, id: "e1",
        properties: ["seconds": .number(60), "tags": .list(["y", "x"]), "new": .boolean(true)]),
      NewEvent(key: "bob@x", type: "view", occurredAt: asOf - 3000),
    ]
    let report = try session.append(events, asOf: asOf)
    #expect(report.counts.created == 3 && report.counts.leadsCreated == 2 && report.leadsRescored == 2)
    #expect(try score(session, "Ann@X") == 600)
    // The same once more, and one event more, by a session that knows everything already.
    let again = try session.append(
      events + [NewEvent(key: "ann@x", type: "view", occurredAt: asOf, properties: ["path": .text("/A")])], asOf: asOf)
    #expect(again.counts.created == 1 && again.counts.duplicates == 3 && again.counts.leadsCreated == 0)
    #expect(try score(session, "Ann@X") == 1100)
    let found = try session.events(ofLead: "ann@x")
    #expect(found.map(\.id) == ["e1", nil, nil])
    #expect(found.map(\.type) == ["view", "view", "view"])
    #expect(Set(found[0].properties.members.map(\.name)) == ["seconds", "tags", "new"])
    // What falls due is brought up to date with the next event, of whomever it is.
    let later = asOf + 10 * AppendEventsTests.day
    try session.append([NewEvent(key: "bob@x", type: "other", occurredAt: asOf)], asOf: later)
    #expect(try score(session, "Ann@X") == 100)
    #expect(try session.recompute(asOf: later).differences.isEmpty)
  }

  @Test func oneThatCannotBeAnEventKeepsAllOut() throws {
    let folder = try ScratchFolder()
    let session = try session(folder)
    let asOf = AppendEventsTests.asOf
    let good = NewEvent(key: "ann@x", type: "view", occurredAt: asOf, properties: ["path": .text("/a")])
    var bad = [good, good, good, good, good]
    bad[0].key = " "
    bad[1].type = ""
    bad[2].occurredAt = Int64.max / 2
    bad[3].properties = ["": .text("a")]
    bad[4].properties = ["x": .number(.nan)]
    for event in bad {
      let error = #expect(throws: ScoringError.self) { try session.append([good, event], asOf: asOf) }
      guard case .badInput(_, let line, _)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(line == 2)
      #expect(try session.database.leads.count() == 0)
    }
    try session.append([good], asOf: asOf)
    #expect(try score(session, "ann@x") == 500)
    #expect(throws: ScoringError.self) { try session.append([good], asOf: asOf - 1) }
  }

  @Test func manyAtOnceGiveWhatOneByOneGives() throws {
    let folder = try ScratchFolder()
    let (all, single) = (try session(folder), try session(folder, "single.db"))
    let asOf = AppendEventsTests.asOf
    var events: [NewEvent] = []
    for index in 0..<6000 {
      let age = Int64(index * 7919 % 6000) * 1000
      let type = index % 3 == 0 ? "view" : "click"
      var event = NewEvent(key: "k\(index * 7 % 5)", type: type, occurredAt: asOf - age)
      event.properties["path"] = .text(index % 2 == 0 ? "/a" : "/b")
      events.append(event)
    }
    #expect(try all.append(events, asOf: asOf).counts.created == 6000)
    for start in stride(from: 0, to: 6000, by: 250) {
      try single.append(Array(events[start..<(start + 250)]), asOf: asOf)
    }
    for key in 0..<5 {
      #expect(try score(all, "k\(key)") == score(single, "k\(key)"))
      #expect(try all.events(ofLead: "k\(key)") == single.events(ofLead: "k\(key)"))
    }
    #expect(try single.recompute(asOf: asOf).differences.isEmpty)
  }
}
