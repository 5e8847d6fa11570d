import Foundation
import RecordFormats
import Testing

/// A change of rules from the plan to the rollback, as people and other programs make it.
struct RulesLifecycleTests {
  private func active(_ work: Workspace) throws -> String {
    let lines = try work.done("rules", "list", "--format", "jsonl").outputLines
    return lines.filter { $0.contains(#""active":true"#) }.joined()
  }

  // MARK: Plans

  @Test func plansAreKeptShownAndDropped() throws {
    let work = try RuleChange.prepared()
    let text = try work.done("rules", "preview", "2", "--as-of", Workspace.t0, "--format", "jsonl").output
    _ = try RuleChange.preview(work, "3.yaml")
    let listed = try work.lines(try work.done("plans", "list", "--format", "jsonl"))
    #expect(listed.map { $0["plan"] } == [.integer(1), .integer(2)])
    #expect(listed.map { $0["version"] } == [.integer(2), .null])
    #expect(listed.allSatisfy { $0["base_version"] == .integer(1) && $0["leads"] == .integer(12) })
    #expect(listed.allSatisfy { $0["as_of"] == .string(Workspace.t0) })
    #expect(listed[0]["digest"] != listed[1]["digest"])
    #expect(try JSONParser.parse(work.done("plans", "show", "1").output) == JSONParser.parse(text))

    try work.unchanged {
      try work.refused(66, "plans", "show", "7")
      try work.refused(66, "plans", "drop", "7")
      try work.refused(66, "rules", "apply", "2", "--plan", "7", "--yes")
    }
    try work.done("rules", "apply", "2", "--plan", "1", "--by", "kim", "--yes")
    #expect(try log(work) == ["1 apply - -", "2 apply kim 1"])
    try work.done("plans", "drop", "1")
    try work.refused(66, "plans", "show", "1")
    #expect(try work.done("plans", "list", "--format", "jsonl").outputLines.count == 1)
    #expect(try log(work) == ["1 apply - -", "2 apply kim -"])
    #expect(try active(work).contains(#""version":2"#))
  }

  /// What `rules log` says: version, kind, person, plan.
  private func log(_ work: Workspace) throws -> [String] {
    try work.lines(try work.done("rules", "log", "--format", "jsonl")).map { row in
      func word(_ name: String) -> String {
        row[name]?.stringValue ?? row[name]?.numberValue?.text ?? "-"
      }
      return [word("version"), word("kind"), word("by"), word("plan")].joined(separator: " ")
    }
  }

  @Test func aFileIsPreviewedThenAddedThenApplied() throws {
    let work = try RuleChange.prepared()
    let report = try RuleChange.preview(work, "3.yaml")
    #expect(report["version"] == .null && report["changed"] == .integer(8))
    #expect(try work.done("rules", "add", "3.yaml").output == "3\n")
    let applied = try work.done("rules", "apply", "3", "--plan", "1", "--yes", "--format", "json")
    let told = try JSONParser.parse(applied.output)
    for name in ["leads", "changed", "score_changes", "stage_changes", "stage_matrix", "base_version"] {
      #expect(told[name] == report[name], "\(name)")
    }
    // As of the plan's instant, where none is given.
    #expect(try RuleChange.standings(work, at: Workspace.t0).allSatisfy { $0.contains(#""version":3"#) })
  }

  @Test func refusalsSayWhatMoved() throws {
    let work = try RuleChange.prepared()
    try work.done("rules", "add", "3.yaml")
    _ = try RuleChange.preview(work)
    try work.unchanged {
      let other = try work.refused(1, "rules", "apply", "3", "--plan", "1", "--yes")
      #expect(other.contains("another document"))
    }
    try work.write("more.csv", "key,tier\nnone1@x,gold\nnew@x,\nnone2@x,\ngold1@x,gold\n")
    try work.done("import", "leads", "more.csv", "--as-of", Workspace.t0)
    try work.unchanged {
      let moved = try work.refused(1, "rules", "apply", "2", "--plan", "1", "--yes")
      #expect(moved.contains("1 lead with changed facts, 1 new lead"))
      #expect(moved.contains("(none1@x, new@x)"))
    }
    _ = try RuleChange.preview(work)
    try work.done("rules", "apply", "3", "--yes", "--as-of", Workspace.t0)
    try work.unchanged {
      let moved = try work.refused(1, "rules", "apply", "2", "--plan", "2", "--yes")
      #expect(moved.contains("version 3 became active"))
    }
  }

  // MARK: Guards

  @Test(arguments: [[], ["--plan", "1"]])
  func guardsHold(plan: [String]) throws {
    let work = try RuleChange.prepared()
    _ = try RuleChange.preview(work)
    let apply = ["rules", "apply", "2", "--yes", "--as-of", Workspace.t0] + plan
    try work.unchanged {
      for (limit, message) in [
        (["--max-stage-changes", "6"], "7 of 12 leads, more than the 6"),
        (["--max-stage-changes", "58%"], "7 of 12 leads, more than the 6"),
        (["--max-stage-changes", "0%"], "more than the 0"), (["--max-entering", "sql=2"], "3 leads into sql"),
        (["--max-entering", "sql=3", "--max-entering", "mql=3"], "4 leads into mql"),
        (["--max-stage-changes", "100%", "--max-entering", "sql=0"], "3 leads into sql"),
      ] {
        for more in [[], ["--dry-run"]] {
          let refusal = work.expectRefusal(try work.run(apply + limit + more), 1)
          #expect(refusal.contains(message), "\(limit): \(refusal)")
        }
      }
      for wrong in [["--max-stage-changes", "some"], ["--max-stage-changes", "101%"], ["--max-entering", "sql"]] {
        work.expectRefusal(try work.run(apply + wrong), 64)
      }
    }
    // As much as is allowed is allowed.
    let limits = ["--max-stage-changes", "7", "--max-entering", "sql=3", "--max-entering", "mql=4"]
    #expect(try work.run(apply + limits).status == 0)
    try work.unchanged {
      let refusal = work.expectRefusal(
        try work.run("rules", "rollback", "--yes", "--max-entering", "nurture=3", "--as-of", Workspace.t0), 1)
      #expect(refusal.contains("4 leads into nurture"))
    }
  }

  @Test func aPreviewWarnsOfItsGuardsAndItsPlanKeepsThem() throws {
    let work = try RuleChange.prepared()
    let preview = ["rules", "preview", "2", "--as-of", Workspace.t0, "--max-stage-changes"]
    #expect(try work.run(preview + ["7"]).errors.isEmpty)
    let warned = try work.run(preview + ["50%"])
    #expect(warned.status == 0)
    #expect(
      warned.errors.contains("changes the stage of 7 of 12 leads, more than the 6 that --max-stage-changes allows")
        && warned.errors.contains("plan 2 will be refused"), "\(warned.errors)")
    #expect(try !work.run(preview + ["50%", "--no-plan"]).errors.contains("refused"))
    let apply = ["rules", "apply", "2", "--yes", "--plan", "2"]
    let refusal = work.expectRefusal(try work.run(apply + ["--max-stage-changes", "100%"]), 1)
    #expect(refusal.contains("more than the 6 that the plan's --max-stage-changes allows"), "\(refusal)")
  }

  @Test func aPlanIsNotAppliedAsOfAnEarlierInstant() throws {
    let work = try RuleChange.prepared()
    try work.done("rules", "preview", "2", "--as-of", Workspace.t1)
    try work.unchanged {
      let refusal = try work.refused(1, "rules", "apply", "2", "--plan", "1", "--yes", "--as-of", Workspace.t0)
      #expect(
        refusal.contains("plan 1 is as of 2026-03-02T00:00:00Z") && refusal.contains("leave it out"), "\(refusal)")
    }
    try work.done("rules", "apply", "2", "--plan", "1", "--yes")
  }

  // MARK: Sign-off

  @Test func aVersionIsAppliedWhenAllHaveSigned() throws {
    let work = try RuleChange.prepared()
    try work.done("rules", "add", "3.yaml")
    try work.done("settings", "set", "required-approvals", "marketing,sales")
    _ = try RuleChange.preview(work)
    let apply = ["rules", "apply", "2", "--plan", "1", "--yes"]
    try work.unchanged {
      let refusal = work.expectRefusal(try work.run(apply), 1)
      #expect(refusal.contains("not yet approved for marketing, sales"))
      try work.refused(1, "rules", "apply", "2", "--yes", "--as-of", Workspace.t0)
      try work.done("rules", "apply", "2", "--dry-run", "--as-of", Workspace.t0)
    }
    try work.done("rules", "approve", "2", "--role", "sales", "--by", "kim")
    try work.unchanged {
      let refusal = work.expectRefusal(try work.run(apply), 1)
      #expect(refusal.contains("not yet approved for marketing;"))
    }
    try work.done("rules", "approve", "2", "--role", "marketing", "--by", "lee")

    // All of it stands beside the document.
    let shown = try work.done("rules", "show", "2")
    #expect(shown.output == (try work.text("2.yaml")))
    #expect(
      shown.errors.contains("approved for sales by kim") && shown.errors.contains("approved for marketing by lee"))
    let approvals = try JSONParser.parse(work.done("rules", "show", "2", "--format", "json").output)["approvals"]
    #expect((approvals?.arrayValue ?? []).map { $0["role"] } == [.string("sales"), .string("marketing")])
    #expect((approvals?.arrayValue ?? []).map { $0["by"] } == [.string("kim"), .string("lee")])

    // For that document alone.
    try work.unchanged {
      try work.refused(1, "rules", "apply", "3", "--yes", "--as-of", Workspace.t0)
      #expect(try work.done("rules", "show", "3").errors.contains("not yet approved for marketing, sales"))
      try work.refused(66, "rules", "approve", "9", "--role", "sales", "--by", "kim")
    }
    #expect(try work.run(apply).status == 0)
    try work.done("settings", "set", "required-approvals", "")
    try work.done("rules", "apply", "3", "--yes", "--as-of", Workspace.t0)
  }

  // MARK: Rollback

  @Test func aRollbackGivesWhatThePreviousVersionGives() throws {
    let work = try RuleChange.prepared()
    try work.done("rules", "add", "3.yaml")
    try work.unchanged {
      try work.refused(1, "rules", "rollback", "--yes", "--as-of", Workspace.t0)
    }
    try work.done("rules", "apply", "2", "--yes", "--by", "kim", "--as-of", Workspace.t0)
    try work.done("rules", "apply", "3", "--yes", "--as-of", Workspace.t0)
    try work.copy("leads.db", to: "twin.db")
    for version in ["2", "1"] {
      try work.done("rules", "apply", version, "--yes", "--db", "twin.db", "--as-of", Workspace.t1)
      let rolledBack = try work.done(
        "rules", "rollback", "--yes", "--by", "lee", "--format", "json", "--as-of", Workspace.t1)
      #expect(try JSONParser.parse(rolledBack.output)["version"] == .integer(try #require(Int(version))))
      let twin = try work.done(
        "leads", "list", "--sort", "key", "--format", "jsonl", "--breakdown", "--db", "twin.db", "--as-of",
        Workspace.t1)
      #expect(try RuleChange.standings(work, at: Workspace.t1) == twin.outputLines)
    }
    #expect(
      try log(work) == ["1 apply - -", "2 apply kim -", "3 apply - -", "2 rollback lee -", "1 rollback lee -"])
    try work.unchanged {
      let none = try work.refused(1, "rules", "rollback", "--yes", "--as-of", Workspace.t1)
      #expect(none.contains("nothing to roll back"))
    }
    // On from there.
    try work.done("rules", "apply", "3", "--yes", "--as-of", Workspace.t1)
    try work.done("rules", "rollback", "--yes", "--as-of", Workspace.t1)
    #expect(try active(work).contains(#""version":1"#))
    try work.done("score", "--all", "--as-of", Workspace.t1)
  }

  @Test func theHistoryNamesTheCause() throws {
    let work = try RuleChange.prepared()
    try work.done("rules", "apply", "2", "--yes", "--as-of", Workspace.t0)
    let rows = try work.lines(
      try work.done("history", "--cause", "rules", "--format", "jsonl", "--as-of", Workspace.t0))
    #expect(rows.count == 8)
    #expect(rows.allSatisfy { $0["cause_ref"] == .string("2") && $0["version"] == .integer(2) })
    // Again: it is active already, which is fine, and nothing happens.
    try work.done("rules", "apply", "2", "--yes", "--as-of", Workspace.t0)
    #expect(try log(work) == ["1 apply - -", "2 apply - -"])
  }

  // MARK: Asking

  @Test func whereNobodyCanBeAskedItNeedsYes() throws {
    let work = try RuleChange.prepared()
    _ = try RuleChange.preview(work)
    try work.unchanged {
      for command in [["apply", "2"], ["apply", "2", "--plan", "1"]] {
        let refusal = work.expectRefusal(
          try work.run(["rules"] + command + ["--as-of", Workspace.t0], input: "y\n"), 64)
        #expect(refusal.contains("--yes"))
      }
    }
    try work.done("rules", "apply", "2", "--yes", "--as-of", Workspace.t0)
    try work.unchanged { try work.refused(64, "rules", "rollback", "--as-of", Workspace.t0) }
  }

  @Test(arguments: [("n\n", false), ("\n", false), ("\u{4}", false), ("yeah\n", false), ("y\n", true), ("YES\n", true)])
  func onATerminalItAsks(answer: String, applies: Bool) throws {
    let work = try RuleChange.prepared()
    _ = try RuleChange.preview(work)
    var environment = ["HOME": work.folder, "TMPDIR": work.folder, "LANG": "C.UTF-8", "NO_COLOR": "1"]
    let inherited = ProcessInfo.processInfo.environment
    for name in ["PATH", "LD_LIBRARY_PATH"] { environment[name] = inherited[name] }
    let before = try work.dump()
    for plan in [[], ["--plan", "1"]] {
      try work.copy("leads.db", to: "x.db")
      let run = try TerminalRun.run(
        Location.leadscore,
        ["rules", "apply", "2", "--db", work.path("x.db"), "--as-of", Workspace.t0] + plan, typed: answer,
        environment: environment)
      #expect(run.screen.contains("version 2 would change 8 of 12 leads"), "\(run.screen)")
      #expect(run.screen.contains("Apply version 2? [y/N]"), "\(run.screen)")
      #expect(run.status == (applies ? 0 : 1), "\(run.screen)")
      #expect(run.screen.contains("nothing was applied") == !applies, "\(run.screen)")
      let isSame = try work.dump("x.db") == before
      #expect(isSame == !applies)
    }
  }
}
