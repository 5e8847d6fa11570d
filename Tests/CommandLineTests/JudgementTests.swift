import Foundation
import RecordFormats
import Testing

/// Who overruled the rules, why and until when is told wherever the score is.
struct JudgementTests {
  private func judge(_ work: Workspace, _ arguments: [String], at instant: String) throws {
    let run = try work.run(arguments + ["--by", "kim", "--as-of", instant])
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test func whoAndWhyStandsInHistoryExplanationAndExport() throws {
    let work = try Workspace.prepared()
    let track = ["fast-track", "set", "bob@x", "--stage", "mql", "--reason", "=asked"]
    try judge(work, track + ["--until", "2026-05-01"], at: Workspace.t1)
    try judge(
      work, ["adjust", "add", "bob@x", "--points", "5", "--reason", "met", "--until", "2026-04-01"], at: Workspace.t1)
    try judge(work, ["adjust", "add", "bob@x", "--points=-0.5", "--reason", "late"], at: Workspace.t1)

    let columns = "key,stage,fast_track_by,fast_track_reason,fast_track_until,adjustments"
    let export = ["export", "--stage", "mql", "--stage", "nurture", "--columns", columns, "--as-of", Workspace.t2]
    let exported = try work.run(export)
    #expect(
      exported.outputLines == [
        columns, "ann@x,mql,,,,",
        "bob@x,mql,kim,'=asked,2026-05-01T00:00:00Z,\"kim: met (5, until 2026-04-01T00:00:00Z); kim: late (-0.5)\"",
      ])
    let shown = try work.done("leads", "show", "bob@x", "--as-of", Workspace.t2).output
    #expect(shown.contains("mql by kim: =asked") && shown.contains("+5 by kim: met"))
    let explained = try work.done("explain", "bob@x", "--as-of", Workspace.t2).output
    #expect(explained.contains("kim: met") && explained.contains("=asked"))

    try work.done("fast-track", "lift", "bob@x", "--by", "lee", "--as-of", Workspace.t2)
    try work.done("adjust", "lift", "2", "--by", "lee", "--as-of", Workspace.t2)
    let rows = try work.lines(work.done("history", "bob@x", "--format", "jsonl", "--as-of", Workspace.t2))
    #expect(
      rows.map { $0["cause_ref"]?.stringValue } == [
        "1", "1 by kim", "adjustment 1 by kim", "adjustment 2 by kim", "lifted by lee", "adjustment 2 lifted by lee",
      ])
    // What ended is neither shown nor exported any more, but listed.
    let later = try work.run(export.dropLast() + ["2026-04-02T00:00:00Z"])
    #expect(later.outputLines.last == "bob@x,nurture,,,,")
    let listed = try work.lines(work.done("fast-track", "list", "--format", "jsonl"))
    #expect(listed.first?["id"] == .integer(1) && listed.first?["lifted_by"] == .string("lee"))
  }

  @Test func nobodyAndNothingAreRefused() throws {
    let work = try Workspace.prepared()
    try work.unchanged {
      for (person, reason) in [("", "r"), ("kim", " "), ("\t", "")] {
        let who = ["--by", person, "--reason", reason, "--as-of", Workspace.t2]
        for judgement in [
          ["adjust", "add", "bob@x", "--points", "5"], ["fast-track", "set", "bob@x", "--stage", "mql"],
        ] {
          #expect(work.expectRefusal(try work.run(judgement + who), 64).contains("who and why"))
        }
      }
      try work.refused(64, "adjust", "add", "bob@x", "--points", "0", "--by", "kim", "--reason", "r")
    }
  }

  /// An attribute that is called like a column keeps its value under another name.
  @Test func anAttributeOfThatName() throws {
    let work = try Workspace.prepared()
    try work.write("more.csv", "key,adjustments\nann@x,two\n")
    try work.done("import", "leads", "more.csv", "--as-of", Workspace.t1)
    let exported = try work.done("export", "--stage", "mql", "--as-of", Workspace.t2).outputLines
    #expect(exported.first?.hasSuffix(",attribute.adjustments") == true)
    #expect(exported.last?.hasSuffix(",two") == true)
  }
}
