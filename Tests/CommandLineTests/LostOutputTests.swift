import Foundation
import Testing

/// What a command did is said where what it prints is lost, and an import that would lose its rejected rows is undone.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "this system has no /dev/full"))
struct LostOutputTests {
  @Test(
    "says what was done all the same",
    arguments: [
      ("adjust add ann@x --points 5 --by kim --reason why", "adjustment 1 is recorded"),
      ("leads merge ann@x bob@x --by kim --reason same", "merge 1 is done"),
      ("rules add other.yaml --format json", "version 2 was added"),
      ("rules apply 2 --yes --format json", "version 2 is applied"),
      ("rules apply 2 --dry-run --format json", "nothing was applied"),
      ("rules preview 2", "plan 1 is recorded"),
      ("rules preview 2 --no-plan --format json", "no plan was recorded"),
      ("import events new.csv --format jsonl", "what was imported is kept"),
      ("import events new.csv --dry-run --format jsonl", "nothing was kept"),
      ("export --new --for crm --stage mql", "batch 1 is recorded, write it again by --for crm --batch 1"),
      ("export --new --for crm --stage mql -o out.csv --summary -", "batch 1 is recorded"),
    ])
  func says(_ command: String, _ words: String) throws {
    let work = try prepared()
    if command.hasPrefix("rules ") && !command.contains("add") { try work.done("rules", "add", "other.yaml") }
    let run = try work.shell("leadscore \(command) --as-of \(Workspace.t2) >/dev/full")
    #expect(work.expectRefusal(run, 74, remarks: true).contains(words), "\(run.errors)")
  }

  @Test func saysSoToAPipeThatNobodyReads() throws {
    let work = try prepared()
    let run = try work.shell(
      "trap '' PIPE; (sleep 1; leadscore adjust add ann@x --points 5 --by a --reason b --as-of \(Workspace.t2)) | true")
    #expect(run.errors.contains("adjustment 1 is recorded"), "\(run.errors)")
  }

  @Test("an import whose rejected rows are lost is undone", arguments: ["", " --format json", " --strict"])
  func rejectedRows(_ options: String) throws {
    let work = try prepared()
    try work.write("bad.csv", "key,type,occurred_at\nann@x,view,2026-03-02T10:00:00Z\nann@x,view,never\n")
    try work.unchanged {
      let run = try work.shell(
        "leadscore import events bad.csv --rejects /dev/full\(options) --as-of \(Workspace.t2)")
      #expect(run.status == (options == " --strict" ? 1 : 74), "\(run.errors)")
    }
    // The same of a stream.
    try work.unchanged {
      let run = try work.shell(
        "cat bad.csv | leadscore import events - --input csv --rejects /dev/full --as-of \(Workspace.t2)")
      #expect(work.expectRefusal(run, 74, remarks: true).contains("/dev/full"), "\(run.errors)")
    }
  }

  @Test func rejectedRowsThatNobodyReadsUndoTheImport() throws {
    let work = try prepared()
    try work.write("bad.csv", "key,type,occurred_at\nann@x,view,2026-03-02T10:00:00Z\nann@x,view,never\n")
    try work.unchanged {
      for input in ["bad.csv", "- --input csv <bad.csv"] {
        _ = try work.shell(
          "(sleep 1; cat bad.csv | leadscore import events \(input) --rejects - --as-of \(Workspace.t2); echo $? >status) "
            + "2>err | true")
        #expect(try work.text("status") == "74\n", "\(input)")
        #expect(try work.text("err").contains("not imported") || work.text("err").contains("nothing was imported"))
      }
    }
  }

  @Test func rejectedRowsGoToStandardOutput() throws {
    let work = try prepared()
    try work.write("bad.csv", "key,type,occurred_at\nann@x,view,never\nann@x,view,2026-03-02T10:00:00Z\n")
    let run = try work.done("import", "events", "bad.csv", "--rejects", "-", "--as-of", Workspace.t2)
    #expect(run.output == "key,type,occurred_at\nann@x,view,never\n")
    #expect(!work.exists("-"))
    try work.refused(64, "import", "events", "bad.csv", "--rejects", "-", "--format", "json")
  }

  private func prepared() throws -> Workspace {
    let work = try Workspace.prepared()
    try work.write("other.yaml", Workspace.rules.replacingOccurrences(of: "points: 15", with: "points: 16"))
    try work.write("new.csv", "key,type,occurred_at\nann@x,view,2026-03-02T10:00:00Z\n")
    return work
  }
}
