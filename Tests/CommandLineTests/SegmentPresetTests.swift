import Foundation
import RecordFormats
import Testing

/// Messages of Segment go in as they are sent, and the ids of one person come together.
struct SegmentPresetTests {
  private static let rules = """
    rules:
      - id: prices
        points: 10
        every: { event: page_view, where: { path: { starts_with: /pricing } } }
      - id: signed-up
        points: 5
        every: { event: Signed Up }
      - id: title
        points: 20
        if: { title: { contains: vp } }
    stages:
      - id: nurture
      - id: mql
        enter: { score: 30 }

    """

  private func prepared() throws -> Workspace {
    let work = try Workspace()
    try work.write("rules.yaml", Self.rules)
    try work.done("init", "--rules", "rules.yaml", "--as-of", Workspace.t0)
    return work
  }

  /// Key and score of every lead.
  private func scores(_ work: Workspace, at asOf: String, model: String = "main") throws -> [String: Double] {
    let lines = try work.lines(work.done("leads", "list", "--format", "jsonl", "--as-of", asOf, "--model", model))
    return Dictionary(
      uniqueKeysWithValues: lines.map { ($0["key"]?.stringValue ?? "", $0["score"]?.numberValue?.double ?? -1) })
  }

  private func report(_ run: ProgramRun) throws -> JSONValue? { try JSONParser.parse(run.output).arrayValue?.first }

  private func count(_ report: JSONValue?, _ name: String) -> Int? {
    report?[name]?.numberValue.flatMap { Int($0.text) }
  }

  /// All that the facts and scores are, whatever imports brought them.
  private func facts(_ work: Workspace) throws -> [[[String?]]] {
    let connection = try PlainConnection(work.path("leads.db"))
    return try [
      "SELECT key, created_at, attributes, merged_into FROM v_leads ORDER BY key",
      "SELECT key, type, occurred_at, id, properties FROM v_events ORDER BY 1, 3, 2, 4",
      "SELECT key, into_key, at, undone_at FROM v_merges ORDER BY merge", "SELECT count(*) FROM score_history",
    ].map { try connection.rows($0) }
  }

  // MARK: The person behind an id

  @Test func anonymousEventsBecomeThePersons() throws {
    let work = try prepared()
    try work.write(
      "first.jsonl",
      """
      {"type":"page","anonymousId":"x1","messageId":"m1","timestamp":"2026-02-20T10:00:00Z","properties":{"url":"https://acme.test/pricing?a=1"}}
      {"type":"track","anonymousId":"x1","messageId":"m2","timestamp":1771581600000,"event":"Signed Up"}

      """)
    // Every model has its own scores of all of it.
    try work.write("other.yaml", "rules:\n  - id: once\n    points: 3\n    when: { event: [page_view, Signed Up] }\n")
    try work.done("models", "add", "other", "--rules", "other.yaml", "--as-of", Workspace.t0)
    try work.done("import", "events", "--preset", "segment", "first.jsonl", "--as-of", Workspace.t0)
    #expect(try scores(work, at: Workspace.t0) == ["x1": 15])

    try work.write(
      "second.jsonl",
      """
      {"type":"identify","userId":"u1","anonymousId":"x1","traits":{"title":"VP Sales","createdAt":"2026-01-05T00:00:00Z","address":{"city":"Rome"}}}

      """)
    let joined = try report(
      work.done("import", "leads", "--preset", "segment", "second.jsonl", "--as-of", Workspace.t1, "--format", "json"))
    #expect(count(joined, "joined") == 1 && count(joined, "leads_created") == 1)
    #expect(try scores(work, at: Workspace.t1) == ["u1": 35])

    // What comes later under the old id is the person's, and the same event under the new one counts once.
    try work.write(
      "third.jsonl",
      """
      {"type":"page","anonymousId":"x1","messageId":"m3","timestamp":"2026-03-01T10:00:00Z","context":{"page":{"path":"/pricing/teams"}}}
      {"type":"page","userId":"u1","messageId":"m1","timestamp":"2026-02-20T10:00:00Z","properties":{"url":"https://acme.test/pricing?a=1"}}

      """)
    let later = try report(
      work.done("import", "events", "--preset", "segment", "third.jsonl", "--as-of", Workspace.t1, "--format", "json"))
    #expect(count(later, "created") == 1 && count(later, "duplicates") == 1)
    #expect(try scores(work, at: Workspace.t1) == ["u1": 45])
    #expect(try scores(work, at: Workspace.t1, model: "other") == ["u1": 3])
    let shown = try work.done("leads", "show", "x1", "--as-of", Workspace.t1, "--format", "json")
    let lead = try JSONParser.parse(shown.output)
    #expect(lead["key"]?.stringValue == "u1" && lead["created_at"]?.stringValue == "2026-01-05T00:00:00Z")
    #expect(lead["attributes"]?["address.city"]?.stringValue == "Rome")
    #expect(shown.errors.contains("x1 was merged into u1"))

    // Why is in the history.
    let history = try work.lines(work.done("history", "u1", "--format", "jsonl", "--as-of", Workspace.t1))
    #expect(history.contains { $0["cause"]?.stringValue == "recompute" && $0["cause_ref"]?.stringValue == "merge 1" })

    let before = try facts(work)
    for file in ["first.jsonl", "second.jsonl", "third.jsonl"] {
      let again = try report(
        work.done("import", "events", "--preset", "segment", file, "--as-of", Workspace.t2, "--format", "json"))
      for name in ["created", "updated", "leads_created", "leads_rescored", "joined"] {
        #expect(count(again, name) == 0, "\(file) \(name)")
      }
    }
    #expect(try facts(work) == before)
    #expect(try work.done("score", "--all", "--as-of", Workspace.t2).output.isEmpty)
  }

  @Test func anIdStaysWithThePersonWhoHadItFirst() throws {
    let work = try prepared()
    try work.write(
      "shared.jsonl",
      """
      {"type":"identify","userId":"u1","anonymousId":"x1"}
      {"type":"track","userId":"u2","anonymousId":"x1","event":"Signed Up","timestamp":"2026-02-20T10:00:00Z"}
      {"type":"track","anonymousId":"x1","event":"Signed Up","timestamp":"2026-02-21T10:00:00Z"}
      {"type":"alias","userId":"u3","previousId":"x1"}

      """)
    let run = try work.done(
      "import", "events", "--preset", "segment", "shared.jsonl", "--rejects", "left.jsonl", "--as-of", Workspace.t0)
    #expect(try work.text("left.jsonl") == #"{"type":"alias","userId":"u3","previousId":"x1"}"# + "\n")
    #expect(run.errors.contains("shared.jsonl:4: 'x1' was joined to another person before"))
    #expect(run.errors.contains("1 id stays with the person"))
    #expect(try scores(work, at: Workspace.t0) == ["u1": 5, "u2": 5])

    // A person knows better: what was taken apart is not joined again by the next import.
    try work.done("leads", "unmerge", "x1", "--by", "kim", "--as-of", Workspace.t0)
    let again = try work.done("import", "events", "--preset", "segment", "shared.jsonl", "--as-of", Workspace.t0)
    #expect(again.errors.contains("a person took that back before"))
    #expect(try scores(work, at: Workspace.t0) == ["u1": 0, "u2": 5, "x1": 5])
  }

  @Test func anAliasJoinsAndATraitMayBeTheKey() throws {
    let work = try prepared()
    try work.write("crm.csv", "email,title\nann@acme.test,VP Sales\n")
    try work.done("import", "leads", "crm.csv", "--as-of", Workspace.t0)
    try work.write(
      "stream.json",
      """
      [{"type":"track","userId":"old","event":"Signed Up","timestamp":"2026-02-20T10:00:00Z"},
       {"type":"alias","userId":"u1","previousId":"old"},
       {"type":"identify","userId":"u1","traits":{"email":"Ann@acme.test"}}]
      """)
    try work.done(
      "import", "events", "--preset", "segment", "--key", "email", "stream.json", "--as-of", Workspace.t0)
    #expect(try scores(work, at: Workspace.t0) == ["ann@acme.test": 25])
    for key in ["old", "u1"] {
      let shown = try work.done("leads", "show", key, "--format", "json", "--as-of", Workspace.t0)
      #expect(try JSONParser.parse(shown.output)["key"]?.stringValue == "ann@acme.test")
    }
  }

  // MARK: What is not understood

  @Test func everyMessageIsTakenOrNamed() throws {
    let work = try prepared()
    let lines = [
      #"{"type":"dance","userId":"u"}"#, #"{"type":"track","userId":"u"}"#, "nonsense",
      #"{"type":"track","event":"E"}"#, #"{"type":"track","userId":"{{id}}","event":"E"}"#,
      #"{"type":"group","userId":"u"}"#, #"{"type":"alias","userId":"u"}"#, #"{"userId":"u"}"#, "[1]",
      #"{"type":"track","userId":"u","event":"E","timestamp":"soon"}"#, #"{"type":"batch"}"#,
      #"{"type":"track","userId":"u","event":"E","properties":7}"#,
    ]
    let batch =
      #"{"batch":[{"type":"track","userId":"b","event":"E","messageId":"m"},{"type":"no"},"#
      + #"{"type":"track","userId":"b","event":"E","messageId":"m"}],"sentAt":"2026-02-20T10:00:00Z"}"#
    try work.write("bad.jsonl", (lines + [batch]).joined(separator: "\n") + "\n")
    let run = try work.done(
      "import", "events", "--preset", "segment", "bad.jsonl", "--rejects", "left.jsonl", "--as-of", Workspace.t0,
      "--format", "json")
    let counts = try report(run)
    #expect(count(counts, "read") == 15 && count(counts, "rejected") == 13)
    #expect(count(counts, "created") == 1 && count(counts, "duplicates") == 1)
    for line in 1...13 { #expect(run.errors.contains("warning: bad.jsonl:\(line): "), "line \(line)") }
    #expect(run.errors.contains("bad.jsonl:13: number 2: unknown type 'no'"))
    let left = try work.text("left.jsonl").split(separator: "\n").map(String.init)
    #expect(Array(left.prefix(12)) == lines)
    #expect(left.count == 13 && left[12].hasPrefix(#"{"type":"no""#))

    try work.unchanged {
      let refusal = try work.refused(
        1, "import", "events", "--preset", "segment", "bad.jsonl", "--strict", "--as-of", Workspace.t0, remarks: true)
      #expect(refusal.contains("13 rows rejected, the first on line 1"))
    }
  }

  @Test func whatIsNotKeptIsNamed() throws {
    let work = try prepared()
    try work.write(
      "odd.jsonl",
      """
      {"type":"track","userId":"u","event":"E","extra":1,"context":{"ip":"1.2.3.4","shop":{"id":3}},"properties":{"id":"{{id}}","list":[{"a":1}]}}

      """)
    let run = try work.done("import", "events", "--preset", "segment", "odd.jsonl", "--as-of", Workspace.t0)
    #expect(run.errors.contains(#"not kept: placeholder {{id}}, taken as absent, member "extra", context.shop"#))
    let connection = try PlainConnection(work.path("leads.db"))
    #expect(try connection.rows("SELECT properties FROM v_events") == [[#"{"list":["{\"a\":1}"]}"#]])
  }

  /// A message without an instant is of the moment at which it was first received, whenever it comes again.
  @Test func undatedMessagesCountOnce() throws {
    let work = try prepared()
    try work.write("undated.jsonl", #"{"type":"track","userId":"u","event":"Signed Up"}"# + "\n")
    for asOf in [Workspace.t0, Workspace.t1, Workspace.t2] {
      try work.done("import", "events", "--preset", "segment", "undated.jsonl", "--as-of", asOf)
    }
    let connection = try PlainConnection(work.path("leads.db"))
    #expect(
      try connection.rows("SELECT type, occurred_at FROM v_events") == [["Signed Up", "2026-03-01T00:00:00.000Z"]])
  }

  @Test func wrongWays() throws {
    let work = try prepared()
    try work.write("m.csv", "type,userId\ntrack,u\n")
    try work.write("x.yaml", "kind: events\n")
    try work.unchanged {
      try work.refused(65, "import", "events", "--preset", "segment", "m.csv")
      try work.refused(66, "import", "events", "--preset", "segment", "none.json")
      try work.refused(64, "import", "events", "--preset", "sigment", "m.csv")
      try work.refused(64, "import", "events", "--preset", "segment", "--map", "x.yaml", "m.csv")
    }
  }

  // MARK: One message of each kind

  private static let kinds = [
    "identify", "track", "page", "screen", "group", "alias", "advance-identify", "advance-track", "advance-screen",
    "advance-group", "advance-alias",
  ]

  @Test(
    .enabled(
      if: kinds.allSatisfy { Location.hasData("segment/\($0).json") },
      "the shared data is not beside this checkout; LEADSCORE_SHARED_DATA may name its folder"))
  func messagesOfTheSpecification() throws {
    let work = try prepared()
    let files = Self.kinds.map { "\(Location.sharedData ?? "")/segment/\($0).json" }
    func load(_ asOf: String) throws -> [JSONValue] {
      let run = try work.run(
        ["import", "events", "--preset", "segment"] + files + ["--as-of", asOf, "--format", "jsonl"])
      #expect(run.status == 0, "\(run.errors)")
      return try work.lines(run)
    }
    let first = try load(Workspace.t0)
    #expect(first.count == files.count)
    #expect(first.allSatisfy { count($0, "read") == 1 && count($0, "rejected") == 0 })
    #expect(first.compactMap { count($0, "created") }.reduce(0, +) == 5)
    #expect(first.compactMap { count($0, "joined") }.reduce(0, +) == 5)
    let user = "NTI3ODQ3ZmUtODgxNC00MjhiLTk0YjctM2JlNGQ5OGFlNGE3"
    #expect(try Set(scores(work, at: Workspace.t0).keys) == ["prateek", "nhi", "currentUser", user])

    let connection = try PlainConnection(work.path("leads.db"))
    #expect(
      try connection.rows("SELECT key, type FROM v_events ORDER BY 1, 2") == [
        ["nhi", "Content Started"], ["nhi", "screen_view"], ["nhi", "screen_view"], ["prateek", "Simple Track"],
        ["prateek", "page_view"],
      ])
    #expect(
      try connection.rows("SELECT properties ->> 'path', properties ->> 'name' FROM v_events WHERE type = 'page_view'")
        == [["/", "Home"]])
    #expect(
      try connection.rows(
        "SELECT attributes ->> 'email', attributes ->> 'id', attributes ->> 'group_id' FROM v_leads WHERE key = 'prateek'"
      )
        == [["peter@initech.com", nil, "segment"]])
    #expect(
      try connection.rows("SELECT key, into_key FROM v_merges ORDER BY key") == [
        ["903875325897329587", user], ["anon100", "nhi"], ["anon29", "currentUser"], ["anon=ABCD", "nhi"],
        ["prevUser", "currentUser"],
      ])

    let before = try facts(work)
    for report in try load(Workspace.t2) {
      for name in ["created", "updated", "leads_created", "leads_rescored", "joined", "rejected"] {
        #expect(count(report, name) == 0, "\(report)")
      }
    }
    #expect(try facts(work) == before)
    #expect(try work.done("score", "--all", "--as-of", Workspace.t2).output.isEmpty)
  }
}
