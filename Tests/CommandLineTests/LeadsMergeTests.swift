import Foundation
import RecordFormats
import Testing

/// Two leads that are one person, joined and taken apart by the program.
struct LeadsMergeTests {
  private static let rules = """
    rules:
      - id: title
        points: 15
        if: { title: { contains: vp } }
      - id: views
        points: 5
        every: { event: view }
    stages:
      - id: nurture
      - id: sql
        enter: { score: 20 }
        handoff: true

    """

  /// ann: VP, two views; annie: three views, one of which ann has too.
  private func prepared() throws -> Workspace {
    let work = try Workspace()
    try work.write("rules.yaml", Self.rules)
    try work.write(
      "l.csv", "key,title,city,created_at\nann@x,VP Sales,,2026-01-05\nannie@x,Intern,Rome,2026-01-02\nbob@x,,,\n")
    try work.write(
      "e.csv",
      """
      key,type,occurred_at,id
      ann@x,view,2026-02-20T10:00:00Z,1
      ann@x,view,2026-02-21T10:00:00Z,2
      annie@x,view,2026-02-21T10:00:00Z,2
      annie@x,view,2026-02-22T10:00:00Z,3
      annie@x,view,2026-02-23T10:00:00Z,4

      """)
    try work.done("init", "--rules", "rules.yaml", "--as-of", Workspace.t0)
    try work.done("import", "leads", "l.csv", "--as-of", Workspace.t0)
    try work.done("import", "events", "e.csv", "--as-of", Workspace.t0)
    return work
  }

  private func scores(_ work: Workspace, _ asOf: String) throws -> [String: Double] {
    let lines = try work.lines(work.done("leads", "list", "--format", "jsonl", "--as-of", asOf))
    return Dictionary(
      uniqueKeysWithValues: lines.map { ($0["key"]?.stringValue ?? "", $0["score"]?.numberValue?.double ?? -1) })
  }

  private func merge(_ work: Workspace, _ asOf: String = Workspace.t1) throws {
    let run = try work.done(
      "leads", "merge", "ann@x", "annie@x", "--by", "kim", "--reason", "same phone", "--as-of", asOf)
    #expect(run.output == "1\n")
  }

  @Test func oneStandsForBothAndIsTakenApart() throws {
    let work = try prepared()
    #expect(try scores(work, Workspace.t0) == ["ann@x": 25, "annie@x": 15, "bob@x": 0])
    try merge(work)
    // Four views, the one that both had counted once.
    #expect(try scores(work, Workspace.t1) == ["ann@x": 35, "bob@x": 0])
    let shown = try work.done("leads", "show", "Annie@X", "--format", "json", "--as-of", Workspace.t1)
    #expect(shown.errors == "annie@x was merged into ann@x (merge 1), which answers for it\n")
    let lead = try JSONParser.parse(shown.output)
    #expect(lead["key"]?.stringValue == "ann@x")
    #expect(lead["created_at"]?.stringValue == "2026-01-02T00:00:00Z")
    #expect(lead["attributes"]?["title"]?.stringValue == "VP Sales")
    #expect(lead["attributes"]?["city"]?.stringValue == "Rome")
    for command in ["explain", "history"] {
      let run = try work.done(command, "annie@x", "--as-of", Workspace.t1)
      #expect(run.errors.contains("merged into ann@x") && run.output.contains("ann@x"))
    }
    let listed = try work.lines(work.done("leads", "merges", "--format", "jsonl"))
    #expect(
      listed.count == 1 && listed[0]["by"]?.stringValue == "kim" && listed[0]["reason"]?.stringValue == "same phone")

    // What comes under either key is the person's.
    try work.write("more.csv", "key,type,occurred_at,id\nannie@x,view,2026-02-24T10:00:00Z,5\n")
    try work.write("change.csv", "key,title,city,country\nannie@x,Student,Milan,Italy\n")
    for _ in 0..<2 {
      try work.done("import", "events", "more.csv", "--as-of", Workspace.t1)
      try work.done("import", "leads", "change.csv", "--as-of", Workspace.t1)
    }
    #expect(try scores(work, Workspace.t1) == ["ann@x": 40, "bob@x": 0])
    try work.done(
      "adjust", "add", "annie@x", "--points", "2", "--by", "kim", "--reason", "nice", "--as-of", Workspace.t1)
    #expect(try scores(work, Workspace.t1) == ["ann@x": 42, "bob@x": 0])
    #expect(try work.done("score", "--all", "--as-of", Workspace.t1).output.isEmpty)

    let apart = try work.done("leads", "unmerge", "annie@x", "--by", "kim", "--as-of", Workspace.t2)
    #expect(
      apart.errors.contains("took merge 1 back: ann@x, now 27 points, stage sql; annie@x, now 20 points, stage sql"))
    #expect(try scores(work, Workspace.t2) == ["ann@x": 27, "annie@x": 20, "bob@x": 0])
    let annie = try JSONParser.parse(
      work.done("leads", "show", "annie@x", "--format", "json", "--as-of", Workspace.t2).output)
    #expect(annie["attributes"]?["title"]?.stringValue == "Student")
    #expect(annie["attributes"]?["country"]?.stringValue == "Italy")
    #expect(try work.done("score", "--all", "--as-of", Workspace.t2).output.isEmpty)
    let undone = try work.lines(work.done("leads", "merges", "--format", "jsonl"))
    #expect(undone[0]["undone_by"]?.stringValue == "kim")
  }

  @Test func mergesFollowOneAnotherAndComeApartOneByOne() throws {
    let work = try prepared()
    try merge(work)
    try work.done("leads", "merge", "bob@x", "annie@x", "--by", "kim", "--reason", "all one", "--as-of", Workspace.t1)
    #expect(try scores(work, Workspace.t1) == ["bob@x": 35])
    // The first one taken back: annie stands alone, ann is bob still.
    try work.done("leads", "unmerge", "1", "--by", "kim", "--as-of", Workspace.t1)
    #expect(try scores(work, Workspace.t1) == ["bob@x": 25, "annie@x": 15])
    try work.done("leads", "unmerge", "ann@x", "--by", "kim", "--as-of", Workspace.t1)
    #expect(try scores(work, Workspace.t1) == ["ann@x": 25, "annie@x": 15, "bob@x": 0])
    #expect(try work.done("score", "--all", "--as-of", Workspace.t1).output.isEmpty)
    // Nothing of it is left but its record and the history.
    let connection = try PlainConnection(work.path("leads.db"))
    for table in ["lead_member", "member_event_page", "member_score"] {
      #expect(try connection.rows("SELECT count(*) FROM \(table)") == [["0"]], "\(table)")
    }
  }

  /// A lead that is merged away is not handed over; when it comes back, what it had not been handed over for is.
  @Test func handingOver() throws {
    let work = try prepared()
    try work.write("more.csv", "key,type,occurred_at\nannie@x,view,2026-02-24T10:00:00Z\n")
    try work.done("import", "events", "more.csv", "--as-of", Workspace.t0)
    try merge(work)
    func handed(_ asOf: String) throws -> [String] {
      let run = try work.done(
        "export", "--for", "crm", "--new", "--format", "jsonl", "--columns", "key", "--as-of", asOf)
      return try work.lines(run).compactMap { $0["key"]?.stringValue }
    }
    #expect(try handed(Workspace.t1) == ["ann@x"])
    #expect(try handed(Workspace.t1) == [])
    try work.done("leads", "unmerge", "1", "--by", "kim", "--as-of", Workspace.t2)
    #expect(try handed(Workspace.t2) == ["annie@x"])
    #expect(try handed(Workspace.t2) == [])
  }

  /// Looking back, whoever was merged away by then is not there; before that both are.
  @Test func theDatabaseInThePast() throws {
    let work = try prepared()
    try merge(work, Workspace.t1)
    try work.done("leads", "unmerge", "1", "--by", "kim", "--as-of", Workspace.t2)
    func keys(_ instant: String) throws -> [String] {
      let run = try work.done(
        "leads", "list", "--at", instant, "--format", "jsonl", "--sort", "key", "--as-of", Workspace.t2)
      return try work.lines(run).compactMap { $0["key"]?.stringValue }
    }
    #expect(try keys(Workspace.t0) == ["ann@x", "annie@x", "bob@x"])
    #expect(try keys(Workspace.t1) == ["ann@x", "bob@x"])
    #expect(try keys(Workspace.t2) == ["ann@x", "annie@x", "bob@x"])
  }

  /// A plan that was previewed before a merge does not hold after it; one made after it does.
  @Test func plans() throws {
    let work = try prepared()
    try work.write("rules-2.yaml", Self.rules.replacingOccurrences(of: "points: 5", with: "points: 6"))
    try work.done("rules", "add", "rules-2.yaml")
    try work.done("rules", "preview", "2", "--as-of", Workspace.t1)
    try merge(work)
    let refusal = try work.refused(1, "rules", "apply", "2", "--plan", "1", "--yes", "--as-of", Workspace.t1)
    #expect(refusal.contains("1 lead gone"))
    try work.done("rules", "preview", "2", "--as-of", Workspace.t1)
    try work.done("rules", "apply", "2", "--plan", "2", "--yes", "--as-of", Workspace.t1)
    #expect(try scores(work, Workspace.t1) == ["ann@x": 39, "bob@x": 0])
  }

  /// Erasing the person erases all leads that were merged into theirs.
  @Test func erasing() throws {
    let work = try prepared()
    try merge(work)
    let connection = try PlainConnection(work.path("leads.db"))
    try connection.execute("PRAGMA foreign_keys = ON")
    try connection.execute("DELETE FROM event_page WHERE id / 1048576 = (SELECT id FROM lead WHERE key = 'ann@x')")
    try connection.execute("DELETE FROM lead WHERE key = 'ann@x'")
    #expect(try connection.rows("SELECT key FROM lead") == [["bob@x"]])
    for table in ["lead_member", "member_event_page", "member_score", "lead_merge", "event_page"] {
      #expect(try connection.rows("SELECT count(*) FROM \(table)") == [["0"]], "\(table)")
    }
  }

  @Test func wrongWays() throws {
    let work = try prepared()
    try merge(work)
    try work.unchanged {
      func refused(_ status: Int32, _ arguments: [String], by person: String = "kim", because reason: String = "x")
        throws -> String
      {
        let judgement = ["--by", person, "--reason", reason, "--as-of", Workspace.t1]
        return work.expectRefusal(try work.run(["leads"] + arguments + judgement), status)
      }
      #expect(try refused(64, ["merge", "ann@x", "annie@x"]).contains("same lead already"))
      #expect(try refused(64, ["merge", "ann@x", "ANN@X "]).contains("same lead already"))
      #expect(try refused(66, ["merge", "ann@x", "nobody@x"]).contains("nobody@x"))
      #expect(try refused(64, ["merge", "ann@x", "bob@x"], by: " ").contains("--by is empty"))
      #expect(try refused(64, ["merge", "ann@x", "bob@x"], because: "").contains("--reason is empty"))
      #expect(try refused(66, ["unmerge", "9"]).contains("no merge '9'"))
      #expect(try refused(64, ["unmerge", "ann@x"]).contains("name what is merged into it: annie@x"))
      try work.refused(64, "leads", "merge", "ann@x", "bob@x")
      try work.refused(
        1, "leads", "merge", "ann@x", "bob@x", "--by", "kim", "--reason", "x", "--as-of", "2026-02-01T00:00:00Z")
    }
    try work.done("leads", "unmerge", "1", "--by", "kim", "--as-of", Workspace.t1)
    try work.unchanged {
      let again = try work.refused(1, "leads", "unmerge", "1", "--by", "kim", "--as-of", Workspace.t1)
      #expect(again.contains("taken back already"))
    }
  }
}
