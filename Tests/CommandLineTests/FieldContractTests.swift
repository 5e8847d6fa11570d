import Foundation
import RecordFormats
import Testing

/// What other programs rely on, to the letter: the names and the order of fields, how points and instants are written.
struct FieldContractTests {
  static let rules = """
    groups:
      fit:        { min: 0, max: 100 }
      engagement: { min: -50, max: 100 }
    rules:
      - id: senior-title
        group: fit
        points: 15
        if: { title: { contains_any: [vp, director] } }
      - id: pricing-page
        group: engagement
        points: 10
        every: { event: page_view, where: { path: { starts_with: /pricing } }, once_per: day, within: 90d, limit: 5 }
      - id: hot-week
        group: engagement
        points: 10
        when: { event: page_view, at_least: 2, within: 7d }
    stages:
      - id: nurture
      - id: mql
        enter: { score: 40 }
        keep:  { score: 30 }
    grade:
      - group: fit
        bands: [ { at: 60, label: A }, { at: 10, label: B }, { label: C } ]
      - group: engagement
        bands: [ { at: 50, label: 1 }, { at: 20, label: 2 }, { label: 3 } ]

    """

  static let visits = """
    email,type,occurred_at,path
    ann@example.com,page_view,2026-11-17T10:15:00Z,/pricing
    ann@example.com,page_view,2026-11-18 12:00,/pricing/teams

    """

  /// Ann of the documentation, on the morning of 2026-11-21.
  private func ann() throws -> Workspace {
    let work = try Workspace()
    try work.write("rules.yaml", FieldContractTests.rules)
    try work.write("leads.csv", "email,title,created_at\nann@example.com,VP Sales,2026-01-05\n")
    try work.write("visits.csv", FieldContractTests.visits)
    try work.done("init", "--rules", "rules.yaml", "--as-of", "2026-11-20T00:00:00Z")
    try work.done("import", "leads", "leads.csv", "--as-of", "2026-11-20T08:00:00Z")
    try work.done("import", "events", "visits.csv", "--as-of", "2026-11-21T09:00:00Z")
    return work
  }

  @Test func listWithBreakdown() throws {
    let work = try ann()
    let run = try work.done(
      "leads", "list", "--format", "jsonl", "--breakdown", "--as-of", "2026-11-21T09:00:00Z")
    #expect(
      run.output == """
        {"key":"ann@example.com","score":45,"stage":"mql","grade":"B2","groups":{"fit":15,"engagement":30},\
        "rules":{"senior-title":15,"pricing-page":20,"hot-week":10},"version":1,"scored_at":"2026-11-21T09:00:00Z",\
        "next_change_at":"2026-11-24T10:15:00Z","fast_track":null,"created_at":"2026-01-05T00:00:00Z",\
        "attributes":{"email":"ann@example.com","title":"VP Sales"}}

        """)
    #expect(run.errors.isEmpty)
  }

  @Test func listWithoutBreakdown() throws {
    let work = try ann()
    let run = try work.done("leads", "list", "--format", "jsonl", "--as-of", "2026-11-21T09:00:00Z")
    #expect(
      run.output == """
        {"key":"ann@example.com","score":45,"stage":"mql","grade":"B2","version":1,"scored_at":"2026-11-21T09:00:00Z",\
        "next_change_at":"2026-11-24T10:15:00Z","fast_track":null,"created_at":"2026-01-05T00:00:00Z"}

        """)
  }

  @Test func listAsCSV() throws {
    let work = try ann()
    let run = try work.done("leads", "list", "--format", "csv", "--breakdown", "--as-of", "2026-11-21T09:00:00Z")
    let rows = run.outputLines
    #expect(
      rows.first
        == "key,score,stage,grade,groups,rules,version,scored_at,next_change_at,fast_track,created_at,attributes")
    #expect(rows.count == 2)
    #expect(rows.last?.hasPrefix("ann@example.com,45,mql,B2,") == true)
  }

  @Test func listAsJSONIsOneArrayAndShowOneObject() throws {
    let work = try ann()
    let lines = try work.done("leads", "list", "--format", "jsonl", "--breakdown", "--as-of", "2026-11-21T09:00:00Z")
    let array = try work.done("leads", "list", "--format", "json", "--breakdown", "--as-of", "2026-11-21T09:00:00Z")
    #expect(try JSONParser.parse(array.output) == .array(try work.lines(lines)))
    let show = try work.done("leads", "show", "ANN@example.com", "--format", "json", "--as-of", "2026-11-21T09:00:00Z")
    #expect([try JSONParser.parse(show.output)] == (try work.lines(lines)))
    let none = try work.done("leads", "list", "--min-score", "1000", "--format", "json")
    #expect(try JSONParser.parse(none.output) == .array([]))
  }

  @Test func history() throws {
    let work = try ann()
    let run = try work.done("history", "ann@example.com", "--format", "jsonl", "--as-of", "2026-11-24T10:15:00Z")
    let recorded = try Regex(#""recorded_at":"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z""#)
    let fixed = run.output.replacing(recorded, with: #""recorded_at":"…""#)
    #expect(
      fixed == """
        {"key":"ann@example.com","at":"2026-11-20T08:00:00Z","recorded_at":"…","before":null,"after":15,\
        "stage_before":null,"stage_after":"nurture","grade_after":"B3","cause":"import","cause_ref":"1","version":1}
        {"key":"ann@example.com","at":"2026-11-21T09:00:00Z","recorded_at":"…","before":15,"after":45,\
        "stage_before":"nurture","stage_after":"mql","grade_after":"B2","cause":"event","cause_ref":"2","version":1}
        {"key":"ann@example.com","at":"2026-11-24T10:15:00Z","recorded_at":"…","before":45,"after":35,\
        "stage_before":"mql","stage_after":"mql","grade_after":"B2","cause":"time","cause_ref":null,"version":1}

        """)
  }

  @Test func historyFilters() throws {
    let work = try ann()
    func count(_ arguments: String...) throws -> Int {
      try work.done("score", "--as-of", "2026-11-25T00:00:00Z")
      let run = try work.run(["history", "--format", "jsonl", "--as-of", "2026-11-25T00:00:00Z"] + arguments)
      #expect(run.status == 0)
      return run.outputLines.count
    }
    #expect(try count() == 3)
    #expect(try count("--cause", "time") == 1)
    #expect(try count("--cause", "time", "--cause", "import") == 2)
    #expect(try count("--stage-changes") == 2)
    #expect(try count("--since", "2026-11-21T09:00:00Z") == 2)
    #expect(try count("--until", "2026-11-21T09:00:00Z") == 2)
    #expect(try count("--limit", "1") == 1)
    let then = try work.done(
      "history", "ann@example.com", "--at", "2026-11-23", "--format", "jsonl", "--as-of", "2026-11-25T00:00:00Z")
    #expect(
      then.output == """
        {"key":"ann@example.com","at":"2026-11-23T00:00:00Z","score":45,"stage":"mql","grade":"B2","version":1,\
        "since":"2026-11-21T09:00:00Z"}

        """)
  }

  @Test func importReports() throws {
    let work = try Workspace.prepared()
    try work.write("more.csv", "key,title\nann@x,VP Sales\nbob@x,VP\nNEW@x,\n,nobody\n")
    let leads = try work.done("import", "leads", "more.csv", "l.csv", "--format", "json", "--as-of", Workspace.t2)
    #expect(
      leads.output == """
        [{"file":"more.csv","read":4,"created":1,"updated":1,"unchanged":1,"duplicates":0,"rejected":1,\
        "leads_rescored":2,"stage_changes":0},
         {"file":"l.csv","read":2,"created":0,"updated":1,"unchanged":1,"duplicates":0,"rejected":0,\
        "leads_rescored":1,"stage_changes":0}]

        """)
    try work.write(
      "more.jsonl",
      """
      {"key":"bob@x","type":"view","occurred_at":"2026-03-01T00:00:00Z","properties":{}}
      {"key":"bob@x","type":"view","occurred_at":"2026-03-01T00:00:00Z"}
      {"key":"cy@x","type":"view","occurred_at":"2026-03-01T01:00:00+01:00"}

      """)
    let events = try work.done("import", "events", "more.jsonl", "--format", "json", "--as-of", Workspace.t2)
    #expect(
      events.output == """
        [{"file":"more.jsonl","read":3,"created":2,"updated":0,"unchanged":0,"duplicates":1,"rejected":0,\
        "leads_rescored":2,"stage_changes":0,"leads_created":1}]

        """)
  }

  @Test func pointsHaveAtMostTwoDecimalsAndInstantsMillisecondsOnlyWhereTheyAreNotZero() throws {
    let work = try Workspace()
    try work.write(
      "rules.yaml",
      """
      rules:
        - { id: half, points: 0.5, if: { kind: half } }
        - { id: cent, points: -0.01, if: { kind: cent } }
        - { id: tenth, points: 12.10, if: { kind: tenth } }
        - { id: much, points: 1000000, if: { kind: much } }
      """)
    try work.write(
      "leads.csv",
      """
      key,kind,created_at
      half,half,2026-01-01T01:00:00.050+01:00
      cent,cent,2026-01-01T00:00:00.500Z
      tenth,tenth,2026-01-01T00:00:00.000Z
      much,much,2026-01-01 23:59:59.999
      none,none,2026-01-01
      """)
    try work.done("init", "--rules", "rules.yaml", "--as-of", Workspace.t0)
    try work.done("import", "leads", "leads.csv", "--as-of", "2026-03-02T10:20:30.040Z")
    let run = try work.done("leads", "list", "--sort", "key", "--format", "csv", "--as-of", "2026-03-02T10:20:30.040Z")
    #expect(
      run.output == """
        key,score,stage,grade,version,scored_at,next_change_at,fast_track,created_at
        cent,-0.01,,,1,2026-03-02T10:20:30.040Z,,,2026-01-01T00:00:00.500Z
        half,0.5,,,1,2026-03-02T10:20:30.040Z,,,2026-01-01T00:00:00.050Z
        much,1000000,,,1,2026-03-02T10:20:30.040Z,,,2026-01-01T23:59:59.999Z
        none,0,,,1,2026-03-02T10:20:30.040Z,,,2026-01-01T00:00:00Z
        tenth,12.1,,,1,2026-03-02T10:20:30.040Z,,,2026-01-01T00:00:00Z

        """)
    let lines = try work.done("leads", "list", "--format", "jsonl", "--as-of", "2026-03-02T10:20:30.040Z")
    #expect(lines.output.contains(#""score":-0.01,"#))
    #expect(lines.output.contains(#""score":0.5,"#))
    #expect(lines.output.contains(#""score":12.1,"#))
  }

  @Test func exportedColumns() throws {
    let work = try Workspace()
    let rules = Workspace.rules.replacingOccurrences(
      of: "enter: { score: 20 }", with: "enter: { score: 15 }\n    handoff: true")
    try work.write("rules.yaml", rules)
    try work.write("l.csv", "key,title,phone\nann@x,VP,=1+2\nbob@x,Intern,5\n")
    try work.done("init", "--rules", "rules.yaml", "--as-of", Workspace.t0)
    try work.done("import", "leads", "l.csv", "--as-of", Workspace.t1)
    let run = try work.done("export", "--as-of", Workspace.t2)
    #expect(run.outputLines.first == "key,score,stage,grade,entered_stage_at,version,title,phone")
    #expect(run.outputLines.count == 2)
    #expect(run.output.contains("ann@x,15,mql,,2026-03-02T00:00:00Z,1,VP,"))
    #expect(!run.output.contains(",=1+2"), "a spreadsheet would compute this cell")
    let chosen = try work.done("export", "--columns", "phone,key", "--stage", "nurture", "--as-of", Workspace.t2)
    #expect(chosen.output == "phone,key\n5,bob@x\n")
    try work.done("export", "-o", "out.csv", "--as-of", Workspace.t2)
    #expect(try work.text("out.csv") == run.output)
  }
}
