import Foundation
import Testing

/// The table of exit statuses, a case each.
struct ExitStatusTests {
  @Test func done() throws {
    let work = try Workspace.prepared()
    #expect(try work.run("leads", "list").status == 0)
    for arguments in [["--help"], ["--version"], ["help", "import"], ["leads", "list", "-h"]] {
      let run = try work.run(arguments)
      #expect(run.status == 0)
      #expect(!run.output.isEmpty && run.errors.isEmpty, "\(arguments)")
    }
  }

  @Test func theAnswerIsNo() throws {
    let work = try Workspace.prepared()
    try work.write("r.csv", "key,title\nbad@x,CEO,extra\n")
    try work.write("r2.yaml", Workspace.rules.replacingOccurrences(of: "score: 20", with: "score: 30"))
    try work.done("rules", "add", "r2.yaml", "--as-of", Workspace.t2)
    try work.unchanged {
      let strict = try work.refused(1, "import", "leads", "r.csv", "--strict", "--as-of", Workspace.t2, remarks: true)
      #expect(strict.contains("r.csv"))
      try work.refused(
        1, "rules", "apply", "2", "--yes", "--max-stage-changes", "0", "--as-of", Workspace.t1)
    }
    try work.done("rules", "apply", "2", "--yes", "--max-stage-changes", "1", "--as-of", Workspace.t1)
  }

  @Test func aWriteFarAheadOfTheClockIsWarnedOf() throws {
    let work = try Workspace.prepared()
    func year(_ more: Int) -> String { "\(Calendar(identifier: .iso8601).component(.year, from: Date()) + more)-12-31" }
    #expect(try work.done("leads", "list", "--as-of", year(3)).errors.isEmpty, "nothing is kept")
    #expect(try work.done("import", "leads", "l.csv", "--as-of", year(0)).errors.hasPrefix("l.csv: "))
    #expect(try work.done("import", "leads", "l.csv", "--as-of", year(3)).errors.contains("a year ahead of the clock"))
  }

  @Test func backInTimeIsNo() throws {
    let work = try Workspace.prepared()
    try work.write("a.csv", "key\nnew@x\n")
    try work.unchanged {
      for arguments in [
        ["import", "leads", "a.csv"], ["score"], ["score", "--all"], ["leads", "list"],
      ] {
        let run = try work.run(arguments + ["--as-of", "2026-02-01T00:00:00Z"])
        let message = work.expectRefusal(run, 1)
        #expect(message.contains("2026-03-02T00:00:00Z"), "the way out is that instant: \(message)")
      }
    }
  }

  @Test func usage() throws {
    let work = try Workspace.prepared()
    try work.unchanged {
      for arguments in [
        ["frobnicate"], ["leads", "lsit"], ["leads", "list", "--fromat", "json"],
        ["leads", "list", "--format", "xml"], ["leads", "list", "--limit", "x"], ["leads", "list", "--limit", "-1"],
        ["leads", "list", "--min-score", "1.234"], ["leads", "list", "--sort", "height"],
        ["leads", "list", "--where", "title"], ["leads", "list", "extra"], ["leads", "show"], ["import", "leads"],
        ["rules", "apply", "x"], ["rules", "apply"], ["score", "--as-of", "2026-02-30"],
        ["score", "--as-of", "yesterday"], ["history", "--chart"], ["history", "--at", "2026-01-01"],
        ["history", "--cause", "weather"], ["init", "--starter", "nope", "--db", "n.db"],
        ["init", "--starter", "education", "--rules", "rules.yaml", "--db", "n.db"],
        ["import", "leads", "l.csv", "--encoding", "klingon"],
        ["rules", "apply", "1", "--max-stage-changes", "101%"], ["history", "ann@x", "--chart", "--format", "json"],
        ["history", "ann@x", "--at", "2026-03-02", "--since", "2026-03-01"],
        ["export", "--new", "--for", "crm", "--include-rule-changes", "--release", "3"],
        ["settings", "set", "required-approvals", " , "], ["init", "--model", "No Name", "--db", "n.db"],
      ] {
        work.expectRefusal(try work.run(arguments), 64)
      }
      // Nobody is there to be asked.
      try work.refused(64, "rules", "apply", "1", "--as-of", Workspace.t2)
    }
    #expect(!work.exists("n.db"))
  }

  @Test(arguments: [
    (["explain", "ann@x", "--as-of", "yesterday"], "write 2026-11-21T09:00:00Z or 2026-11-21"),
    (["history", "--since", "2026-13-01"], "write 2026-11-21T09:00:00Z or 2026-11-21"),
    (["history", "--since", "2026-03-02", "--until", "2026-03-01"], "--since lies after --until"),
    (["history", "--cause", "magic"], "fast-track"), (["history", "--limit", "-1"], "--limit=VALUE"),
    (["history", "--limit=-1"], "from 0 on"), (["history", "--limit", "many"], "write a whole number"),
    (["explain", "ann@x", "--version", "two"], "write a whole number"),
    (["export", "--for", "crm", "--new", "--cooldown", "30"], "such as 30d"),
    (["leads", "list", "--min-score", "1.234"], "at most two decimals"),
    (["leads", "list", "--where", "Germany"], "country=Germany"),
    (["leads", "list", "--sort", "height"], "entered_stage_at"),
    (["import", "leads", "l.csv", "--encoding", "klingon"], "windows-1252"),
    (["--db", "leads.db", "leads", "list"], "after the command's words"),
  ])
  func aMistakeIsToldWithWhatToWrite(_ arguments: [String], _ hint: String) throws {
    let work = try Workspace.prepared()
    let message = work.expectRefusal(try work.run(arguments), 64)
    #expect(message.contains(hint), "\(message)")
  }

  @Test func badInputAndBadRules() throws {
    let work = try Workspace.prepared()
    try work.write("h.csv", "name,title\nok@x,CEO\n")
    try work.write("n.yaml", "rules: [ {id: a, points: 5\n")
    try work.unchanged {
      try work.refused(65, "import", "leads", "h.csv", "--as-of", Workspace.t2)
      try work.refused(65, "rules", "add", "n.yaml", remarks: true)
    }
  }

  @Test func noSuchInput() throws {
    let work = try Workspace.prepared()
    try work.unchanged {
      #expect(try work.refused(66, "import", "leads", "nowhere.csv").contains("nowhere.csv"))
      try work.refused(66, "import", "leads", "l.csv", "nowhere.csv")
      try work.refused(66, "import", "leads", "l.csv", "--map", "nowhere.yaml")
      try work.refused(66, "rules", "add", "nowhere.yaml")
      try work.refused(66, "rules", "check", "nowhere.yaml")
      try work.refused(66, "rules", "apply", "99", "--yes")
      try work.refused(66, "rules", "show", "99")
      try work.refused(66, "leads", "show", "nobody@x", "--as-of", Workspace.t1)
      try work.refused(66, "explain", "nobody@x", "--as-of", Workspace.t1)
      try work.refused(66, "leads", "list", "--model", "nope", "--as-of", Workspace.t1)
      try work.refused(66, "leads", "list", "--db", "none.db")
      try work.refused(66, "init", "--rules", "none.yaml", "--db", "new.db")
    }
    #expect(!work.exists("none.db") && !work.exists("new.db"))
  }

  @Test func cannotCreate() throws {
    let work = try Workspace.prepared()
    try work.unchanged {
      try work.refused(73, "init")
      try work.refused(73, "init", "--db", "no/such/x.db")
      try work.refused(73, "export", "--stage", "mql", "-o", "no/such/x.csv", "--as-of", Workspace.t1)
      try work.refused(73, "models", "add", "main", "--as-of", Workspace.t2)
    }
  }
}
