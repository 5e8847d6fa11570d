import Foundation
import RecordFormats
import Testing

/// Which database a command takes, standard input and output, formats and pipes.
struct InputAndOutputTests {
  // MARK: The database

  @Test func optionBeforeEnvironmentBeforeWorkingFolder() throws {
    let work = try Workspace()
    try work.write("rules.yaml", Workspace.rules)
    for (name, key) in [("leads.db", "here"), ("variable.db", "variable"), ("option.db", "option")] {
      try work.done("init", "--rules", "rules.yaml", "--db", name)
      try work.done("import", "leads", "-", "--input", "csv", "--db", name, input: "key\n\(key)\n")
    }
    func key(_ arguments: String..., environment: [String: String] = [:]) throws -> String {
      let run = try work.run(["leads", "list", "--format", "csv"] + arguments, environment: environment)
      return run.outputLines.last?.split(separator: ",").first.map(String.init) ?? run.errors
    }
    let variable = ["LEADSCORE_DB": "variable.db"]
    #expect(try key() == "here")
    #expect(try key(environment: ["LEADSCORE_DB": ""]) == "here")
    #expect(try key(environment: variable) == "variable")
    #expect(try key("--db", "option.db", environment: variable) == "option")
    let missing = try work.run("leads", "list", environment: ["LEADSCORE_DB": "none.db"])
    #expect(work.expectRefusal(missing, 66).contains("none.db"))
  }

  @Test func initTakesTheSameOrder() throws {
    let work = try Workspace()
    try work.done("init", environment: ["LEADSCORE_DB": "variable.db"])
    #expect(work.exists("variable.db") && !work.exists("leads.db"))
    try work.done("init")
    #expect(work.exists("leads.db"))
  }

  @Test func onlyInitCreates() throws {
    let work = try Workspace()
    try work.write("a.csv", "key\na\n")
    for arguments in [
      ["import", "leads", "a.csv"], ["leads", "list"], ["score"], ["history"], ["explain", "a"], ["export"],
      ["rules", "list"], ["models", "list"], ["db", "info"], ["db", "migrate"],
    ] {
      work.expectRefusal(try work.run(arguments + ["--db", "none.db"]), 66)
      #expect(!work.exists("none.db"), "\(arguments) created it")
    }
  }

  @Test func anEmptyDatabaseIsReadInEveryFormat() throws {
    let work = try Workspace()
    try work.done("init")
    #expect(try work.done("leads", "list", "--format", "jsonl").output.isEmpty)
    #expect(try JSONParser.parse(try work.done("leads", "list", "--format", "json").output) == .array([]))
    #expect(try work.done("leads", "list", "--format", "csv").outputLines.count == 1)
    #expect(try work.done("leads", "list").output.isEmpty)
    #expect(try work.done("history", "--format", "csv").outputLines.count == 1)
  }

  // MARK: Standard input and output

  @Test func dashIsStandardInput() throws {
    let work = try Workspace.prepared()
    let leads = try work.done(
      "import", "leads", "-", "--input", "csv", "--format", "json", "--as-of", Workspace.t2,
      input: "key,title\ncy@x,VP\n")
    #expect(leads.output.contains(#""created":1"#))
    let events = try work.done(
      "import", "events", "-", "--input", "jsonl", "--format", "json", "--as-of", Workspace.t2,
      input: #"{"key":"cy@x","type":"view","occurred_at":"2026-03-02T00:00:00Z"}"#)
    #expect(events.output.contains(#""created":1"#))
    let added = try work.done("rules", "add", "-", "--as-of", Workspace.t2, input: Workspace.rules + "# no more\n")
    #expect(added.output == "1\n", "a comment makes no other document")
    try work.unchanged {
      try work.refused(64, "import", "leads", "-", "-", "--input", "csv")
      try work.refused(64, "import", "leads", "-")
    }
  }

  @Test func standardInputMayBeAPipe() throws {
    let work = try Workspace.prepared()
    let run = try work.shell(
      """
      printf 'key,title\\ncy@x,VP\\n' | gzip -c \
      | leadscore import leads - --input csv --format json --as-of \(Workspace.t2)
      """)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains(#""created":1"#))
  }

  @Test func dashIsStandardOutput() throws {
    let work = try Workspace.prepared()
    let named = try work.done("export", "--stage", "mql", "-o", "-", "--as-of", Workspace.t2)
    let plain = try work.done("export", "--stage", "mql", "--as-of", Workspace.t2)
    #expect(named.output == plain.output)
    #expect(!plain.output.isEmpty)
    #expect(!work.exists("-"))
  }

  @Test func dataAndRemarksDoNotMix() throws {
    let work = try Workspace.prepared()
    try work.write("r.csv", "key,title\nok@x,CEO\nbad@x,CEO,extra\n")
    let table = try work.done("import", "leads", "r.csv", "--as-of", Workspace.t2)
    #expect(table.output.isEmpty)
    #expect(table.errors.contains("1 rejected"))
    let json = try work.done("import", "leads", "r.csv", "--format", "json", "--as-of", Workspace.t2)
    #expect(try JSONParser.parse(json.output).arrayValue?.count == 1)
    #expect(json.errorLines == ["leadscore: warning: r.csv:3: row has 3 cells, the header 2; row rejected"])
  }

  @Test(arguments: ["table", "json", "jsonl", "csv"])
  func aClosedPipeEndsQuietly(format: String) throws {
    let work = try Workspace.prepared()
    let rows = (0..<20_000).map { "key\($0)@example.com\n" }.joined()
    try work.write("many.csv", "key\n" + rows)
    try work.done("import", "leads", "many.csv", "--as-of", Workspace.t2)
    let run = try work.shell(
      """
      (leadscore leads list --limit 20000 --format \(format) --as-of \(Workspace.t2) 2>err; echo $? >status) \
      | head -n 1 >first
      """)
    #expect(run.status == 0)
    #expect(try work.text("status") == "0\n")
    #expect(try work.text("err").isEmpty)
    #expect(try !work.text("first").isEmpty)
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "this system has no /dev/full"))
  func outputThatCannotBeWrittenIsAnError() throws {
    let work = try Workspace.prepared()
    try work.unchanged {
      let run = try work.shell("leadscore leads list --format jsonl --as-of \(Workspace.t1) >/dev/full")
      work.expectRefusal(run, 74)
    }
  }

  // MARK: Formats

  @Test func noColoursAndNoProgressOffATerminal() throws {
    let work = try Workspace.prepared()
    for arguments in [
      ["leads", "list"], ["leads", "show", "ann@x"], ["explain", "ann@x"], ["history"], ["db", "info"],
      ["history", "ann@x", "--chart"], ["rules", "list"],
    ] {
      let run = try work.run(arguments + ["--as-of", Workspace.t2])
      #expect(run.status == 0, "\(run.errors)")
      #expect(!run.output.contains("\u{1B}") && !run.errors.contains("\u{1B}"), "\(arguments)")
      #expect(!run.errors.contains("\r"), "\(arguments)")
      #expect(!run.output.isEmpty, "\(arguments)")
    }
  }

  @Test func theTableShowsFiftyUnlessTold() throws {
    let work = try Workspace.prepared()
    try work.write("many.csv", "key\n" + (0..<60).map { "k\($0)\n" }.joined())
    try work.done("import", "leads", "many.csv", "--as-of", Workspace.t2)
    func rows(_ arguments: String...) throws -> Int {
      try work.run(["leads", "list", "--as-of", Workspace.t2] + arguments).outputLines.count
    }
    #expect(try rows() == 51)
    #expect(try rows("--limit", "55") == 56)
    #expect(try rows("--format", "jsonl") == 62)
    #expect(try rows("--format", "csv", "--limit", "3") == 4)
  }

  @Test func selecting() throws {
    let work = try Workspace.prepared()
    func keys(_ arguments: String...) throws -> [String] {
      let run = try work.run(["leads", "list", "--format", "csv", "--as-of", Workspace.t2] + arguments)
      #expect(run.status == 0, "\(run.errors)")
      return run.outputLines.dropFirst().compactMap { $0.split(separator: ",").first.map(String.init) }
    }
    #expect(try keys() == ["ann@x", "bob@x"])
    #expect(try keys("--sort", "score") == ["bob@x", "ann@x"])
    #expect(try keys("--sort", "-key") == ["bob@x", "ann@x"])
    #expect(try keys("--stage", "mql") == ["ann@x"])
    #expect(try keys("--stage", "mql", "--stage", "nurture").count == 2)
    #expect(try keys("--min-score", "25") == ["ann@x"])
    #expect(try keys("--min-score", "25.01").isEmpty)
    #expect(try keys("--where", "title=Intern") == ["bob@x"])
    #expect(try keys("--limit", "0").isEmpty)
    try work.refused(64, "leads", "list", "--stage", "mqll", "--as-of", Workspace.t2)
  }
}
