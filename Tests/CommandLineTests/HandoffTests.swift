import Foundation
import RecordFormats
import Testing

/// Batches are numbered, repeated, confirmed and listed; who comes back too soon is left out, and that is told.
struct HandoffTests {
  private static let rules = """
    rules:
      - { id: hot, points: 50, when: { event: view, within: 2d } }
      - { id: gold, points: 50, if: { tier: gold } }
    stages:
      - id: nurture
      - { id: mql, enter: { score: 40 }, handoff: true }
      - { id: sql, enter: { score: 80 }, handoff: true }

    """

  private func day(_ day: Int) -> String { "2026-03-\(day < 10 ? "0" : "")\(day)T00:00:00Z" }

  private func prepared() throws -> Workspace {
    let work = try Workspace()
    try work.write("rules.yaml", HandoffTests.rules)
    try work.done("init", "--rules", "rules.yaml", "--as-of", day(1))
    return work
  }

  private func view(_ work: Workspace, _ key: String, _ at: Int) throws {
    try work.done(
      "import", "events", "-", "--input", "csv", "--as-of", day(at),
      input: "key,type,occurred_at\n\(key),view,\(day(at))\n")
  }

  private func new(_ work: Workspace, _ at: Int, _ more: String..., consumer: String = "crm") throws -> ProgramRun {
    let run = try work.run(
      ["export", "--for", consumer, "--new", "--columns", "key,stage,entered_stage_at", "--as-of", day(at)] + more)
    #expect(run.status == 0, "\(run.errors)")
    return run
  }

  // MARK: Cooldown

  @Test func whoEntersAgainIsANewEntryUnlessTooSoon() throws {
    let work = try prepared()
    try view(work, "ann@x", 1)
    #expect(try new(work, 1).outputLines.count == 2)
    try view(work, "ann@x", 6)
    // Without a cooldown she comes again, to another consumer too.
    #expect(try new(work, 6, consumer: "mailer").outputLines.count == 3)
    let left = try new(work, 6, "--cooldown", "10d", "--summary", "s.json")
    #expect(left.output.isEmpty)
    #expect(left.errors.contains("1 entry left out for the cooldown"))
    #expect(left.errors.contains("nothing new for crm"))
    let summary = try JSONParser.parse(work.text("s.json"))
    #expect(summary["batch"] == .null)
    let entry = try #require(summary["skipped"]?.arrayValue?.first)
    #expect(entry["key"] == .string("ann@x"))
    #expect(entry["entered_stage_at"] == .string(day(6)))
    #expect(entry["earlier_at"] == .string(day(1)))
    #expect(entry["earlier_batch"] == .integer(1))
    // It is settled: without a cooldown it does not come either.
    #expect(try new(work, 6).errors == "nothing new for crm\n")
    #expect(try new(work, 6, "-o", "s.json").errors == "nothing new for crm; s.json stays as it was\n")
    #expect(try new(work, 6, "-o", "other.csv").errors == "nothing new for crm\n")
    #expect(!work.exists("other.csv"))
    // From the last one handed over, not from the one left out: ten days after the first is not too soon.
    try view(work, "ann@x", 11)
    #expect(try new(work, 11, "--cooldown", "10d").output.contains("ann@x,mql,\(day(11))"))
    // Twice between two exports: the second is measured by the first.
    try view(work, "bob@x", 12)
    try view(work, "bob@x", 16)
    let both = try new(work, 16, "--cooldown", "10d")
    #expect(both.outputLines == ["key,stage,entered_stage_at", "bob@x,mql,\(day(12))"])
    let listed = try work.done("export", "--for", "crm", "--skipped", "--format", "csv").outputLines
    #expect(listed.count == 3)
    #expect(listed.last == "bob@x,mql,\(day(16)),\(day(12)),3,864000,\(day(16))")
    #expect(try work.done("export", "--for", "mailer", "--skipped").errors.contains("nothing was left out"))
  }

  @Test func anotherStageIsNoRepetition() throws {
    let work = try prepared()
    try view(work, "ann@x", 1)
    #expect(try new(work, 1, "--cooldown", "30d").output.contains("ann@x,mql"))
    try work.done(
      "import", "leads", "-", "--input", "csv", "--as-of", day(2), input: "key,tier\nann@x,gold\n")
    #expect(try new(work, 2, "--cooldown", "30d").output.contains("ann@x,sql"))
    // Down to mql again, which the consumer had three days ago.
    #expect(try new(work, 4, "--cooldown", "30d").errors.contains("1 entry left out"))
  }

  // MARK: Batches

  @Test func batchesAreRepeatedByteForByteInTheirFormat() throws {
    let work = try prepared()
    for (index, arguments) in [
      ["-o", "b.jsonl"], ["-o", "b.txt", "--format", "json"], ["-o", "b.csv"], ["-o", "b", "--preset", "hubspot"],
    ].enumerated() {
      try view(work, "lead\(index)@x", index + 1)
      try work.write("extra.csv", "key,column \(index)\nlead\(index)@x,\"=a,\"\"b\"\"\"\n")
      try work.done("import", "leads", "extra.csv", "--as-of", day(index + 1))
      let run = try work.run(["export", "--for", "crm", "--new", "--as-of", day(index + 1)] + arguments)
      #expect(run.status == 0, "\(run.errors)")
      let file = try work.text(arguments[1])
      // Whatever happens afterwards.
      try work.done("score", "--as-of", day(index + 1))
      let again = try work.done("export", "--for", "crm", "--batch", String(index + 1))
      #expect(again.output == file)
      try work.done("export", "--for", "crm", "--batch", String(index + 1), "-o", "again")
      #expect(try work.text("again") == file)
    }
    let asCSV = try work.done("export", "--for", "crm", "--batch", "1", "--format", "csv")
    #expect(asCSV.output.hasPrefix("key,score,stage,"))
    try work.refused(64, "export", "--for", "crm", "--batch", "4", "--format", "json")
    try work.refused(66, "export", "--for", "crm", "--batch", "5")
    try work.refused(66, "export", "--for", "nobody", "--batch", "1")
  }

  @Test func confirming() throws {
    let work = try prepared()
    try view(work, "ann@x", 1)
    #expect(!(try new(work, 1).errors.contains("not confirmed")))
    try view(work, "bob@x", 2)
    #expect(!(try new(work, 2).errors.contains("not confirmed")), "the consumer does not confirm at all")
    let done = try work.done("export", "--for", "crm", "--confirm", "1", "--by", "kim", "--as-of", day(3))
    #expect(done.errors == "batch 1 for crm is confirmed by kim\n")
    let twice = try work.done("export", "--for", "crm", "--confirm", "1", "--by", "lee", "--as-of", day(4))
    #expect(twice.errors.contains("was confirmed already, 2026-03-03 00:00 by kim"))
    try view(work, "cy@x", 5)
    #expect(try new(work, 5).errors.contains("not confirmed yet: batch 2"))
    let rows = try work.lines(work.done("export", "--for", "crm", "--batches", "--format", "jsonl"))
    #expect(rows.map { $0["confirmed_at"] } == [.string(day(3)), .null, .null])
    #expect(rows.map { $0["confirmed_by"] } == [.string("kim"), .null, .null])
    #expect(try work.done("export", "--for", "crm", "--batches").output.contains("kim"))
    try work.unchanged {
      #expect(try work.refused(66, "export", "--for", "crm", "--confirm", "4").contains("no batch 4"))
      try work.refused(66, "export", "--for", "mailer", "--confirm", "1")
    }
  }

  /// A slip of the finger does not hand everything over once more.
  @Test func aConsumerHasOneSpelling() throws {
    let work = try prepared()
    try view(work, "ann@x", 1)
    #expect(try new(work, 1).outputLines.count == 2)
    try work.unchanged {
      let refusal = try work.refused(64, "export", "--for", "CRM", "--new", "--as-of", day(1))
      #expect(refusal.contains("there is a consumer 'crm'"))
      try work.refused(64, "export", "--for", " ", "--new", "--as-of", day(1))
      try work.refused(64, "export", "--for", "crm", "--confirm", "1", "--by", "")
    }
    #expect(try new(work, 1, consumer: "mailer").outputLines.count == 2)
  }

  /// Nothing is written over the database, nor over what SQLite keeps beside it while somebody works.
  @Test(arguments: [
    "leads.db", "./leads.db", "leads.db-wal", "../work/leads.db-wal", "leads.db-shm", "leads.db-journal",
  ])
  func theDatabaseIsNoOutput(_ path: String) throws {
    let work = try prepared()
    try view(work, "ann@x", 1)
    try work.unchanged {
      #expect(try work.refused(64, "export", "--for", "crm", "--new", "-o", path).contains("is the database"))
      #expect(
        try work.refused(64, "export", "--for", "crm", "--new", "-o", "a", "--summary", path).contains("database"))
      try work.refused(64, "history", "ann@x", "--html", path)
      try work.refused(64, "export", "--for", "crm", "--new", "-o", "s.json", "--summary", "./s.json")
    }
    #expect(!work.exists(path) || path.hasSuffix("leads.db"))
  }

  @Test func modelsHaveTheirOwnBatches() throws {
    let work = try prepared()
    try work.done("models", "add", "edu", "--rules", "rules.yaml", "--as-of", day(1))
    try view(work, "ann@x", 1)
    #expect(try new(work, 1).errors.contains("batch 1 for crm"))
    #expect(try new(work, 1, "--model", "edu").errors.contains("batch 1 for crm"))
    try work.done("export", "--for", "crm", "--confirm", "1", "--model", "edu")
    #expect(
      !(try work.done("export", "--for", "crm", "--batches", "--format", "jsonl").output.contains("confirmed_at\":\"")))
    #expect(try new(work, 1).errors.contains("nothing new"))
  }

  // MARK: What goes wrong

  @Test func aFileThatCannotBeWrittenTakesNoBatch() throws {
    let work = try prepared()
    try view(work, "ann@x", 1)
    try work.unchanged {
      try work.refused(73, "export", "--for", "crm", "--new", "-o", "none/x.csv", "--as-of", day(1))
      try work.refused(
        73, "export", "--for", "crm", "--new", "-o", "x.csv", "--summary", "none/s.json", "--as-of", day(1))
      #expect(try work.refused(64, "export", "--for", "crm", "--new", "-o", "leads.db").contains("is the database"))
      try work.refused(64, "export", "--for", "crm", "--new", "--columns", "nothing", "--as-of", day(1))
      #expect(!work.exists("x.csv"))
    }
    // Its reader went away: the batch has a number.
    let pipe = try work.shell("leadscore export --for crm --new --as-of \(day(1)) 2>err | true; sleep 0.2; cat err")
    #expect(pipe.output.contains("batch 1"))
    #expect(try work.done("export", "--for", "crm", "--batch", "1").output.contains("ann@x"))
  }

  @Test func optionsThatDoNotGoTogether() throws {
    let work = try prepared()
    try work.unchanged {
      for arguments in [
        ["--for", "crm"], ["--new"], ["--for", "", "--new"], ["--for", "crm", "--new", "--confirm", "1"],
        ["--for", "crm", "--batch", "1", "--columns", "key"], ["--for", "crm", "--batch", "1", "--stage", "mql"],
        ["--for", "crm", "--batches", "-o", "x.csv"], ["--for", "crm", "--batch", "1", "--cooldown", "1d"],
        ["--for", "crm", "--new", "--cooldown", "soon"], ["--for", "crm", "--new", "--by", "kim"],
        ["--for", "crm", "--new", "--summary", "-"], ["--preset", "hubspot", "--columns", "key"],
        ["--preset", "salesforce", "--format", "json"], ["--preset", "zoho"], ["--field", "a=key"],
        ["--preset", "hubspot", "--field", "a"], ["--preset", "hubspot", "--field", "=key"],
        ["--preset", "hubspot", "--field", "a=nothing"], ["--preset", "hubspot", "--field", "a="],
        ["--preset", "salesforce", "--lifecycle", "mql=lead"], ["--preset", "hubspot", "--lifecycle", "mql=hot"],
        ["--preset", "hubspot", "--lifecycle", "none=lead"], ["--columns", "key,key"], ["--columns", ""],
      ] {
        let run = try work.run(["export"] + arguments)
        #expect(run.status == 64, "\(arguments): \(run.errors)")
        work.expectRefusal(run, 64)
      }
    }
  }
}
