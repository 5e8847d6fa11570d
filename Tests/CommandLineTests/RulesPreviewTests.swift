import Foundation
import RecordFormats
import Testing

/// A preview as people and other programs get it.
struct RulesPreviewTests {
  @Test func fieldsOfAPreview() throws {
    let work = try RuleChange.prepared()
    var text = try work.done("rules", "preview", "2", "--as-of", Workspace.t0, "--format", "jsonl").output
    for part in [
      #"{"plan":1,"version":2,"base_version":1,"as_of":"2026-03-01T00:00:00Z","leads":12,"changed":8,"#,
      #""score_changes":{"up":8,"down":0}"#,
      #""stage_matrix":{"disqualified":{"disqualified":1},"mql":{"sql":3},"nurture":{"mql":4,"nurture":4}}"#,
      #""entering":{"mql":4,"sql":3}"#, #""leaving":{"mql":3,"nurture":4}"#,
      #""rules":[{"id":"gold","change":"changed","leads_before":4,"leads_after":4,"points_before":120,"points_after":182"#,
      #"{"id":"silver","change":"changed","leads_before":4,"leads_after":4,"points_before":60,"points_after":80"#,
      #""top":[{"key":"gold1@x","before":30,"after":45.5,"stage_before":"mql","stage_after":"sql""#,
      #"{"key":"gone@x","before":30,"after":45.5,"stage_before":"disqualified","stage_after":"disqualified""#,
    ] {
      let found = text.range(of: part)
      #expect(found != nil, "\(part) does not stand in \(text)")
      // In this order.
      if let found { text = String(text[found.upperBound...]) }
    }
    #expect(try RuleChange.preview(work)["changes"] == nil)
  }

  @Test func kindsOfFields() throws {
    let work = try RuleChange.prepared()
    try work.write("grade.yaml", RuleChange.rules + "grade: [ { group: score, bands: [ { label: A } ] } ]\n")
    for rules in ["2", "2.yaml", "grade.yaml"] {
      let report = try RuleChange.preview(work, rules, "--leads")
      for name in ["plan", "base_version", "leads", "changed"] { #expect(report[name]?.isCount == true, "\(name)") }
      #expect(report["version"]?.isCount == true || (rules == "grade.yaml" && report["version"] == .null))
      #expect(report["as_of"] == .string(Workspace.t0))
      for name in ["up", "down"] { #expect(report["score_changes"]?[name]?.isCount == true, "\(name)") }
      for name in ["entering", "leaving"] { #expect(report[name]?.members?.allSatisfy(\.isCount) == true, "\(name)") }
      let rows = try #require(report["stage_matrix"]?.members)
      #expect(rows.allSatisfy { $0.members?.allSatisfy(\.isCount) == true })
      for rule in try #require(report["rules"]?.arrayValue) {
        for name in ["id", "change"] { #expect(rule[name]?.isText == true, "\(name)") }
        for name in ["leads_before", "leads_after"] { #expect(rule[name]?.isCount == true, "\(name)") }
        for name in ["points_before", "points_after"] { #expect(rule[name]?.isNumber == true, "\(name)") }
      }
      let changes = try #require(report["changes"]?.arrayValue)
      for lead in changes + (try #require(report["top"]?.arrayValue)) {
        #expect(lead["key"]?.isText == true)
        for name in ["before", "after"] { #expect(lead[name]?.isNumber == true, "\(name)") }
        for name in ["stage_before", "stage_after"] {
          #expect(lead[name]?.isText == true || lead[name] == .null, "\(name)")
        }
      }
      #expect(report["changed"] == .integer(changes.count))
    }
  }

  @Test func everyChangedLeadAndTheLargestMoves() throws {
    let work = try RuleChange.prepared()
    func keys(_ value: JSONValue?) -> [JSONValue?] { (value?.arrayValue ?? []).map { $0["key"] } }
    let expected = (1...3).map { "gold\($0)@x" } + (1...4).map { "silver\($0)@x" } + ["gone@x"]
    let report = try RuleChange.preview(work, "2", "--leads", "--top", "3")
    #expect(keys(report["changes"]) == expected.map { .string($0) })
    #expect(keys(report["top"]) == expected.prefix(3).map { .string($0) })
    #expect(try RuleChange.preview(work, "2", "--top", "0")["top"] == .array([]))
    let rows = try work.done(
      "rules", "preview", "2", "--leads", "--format", "csv", "--as-of", Workspace.t0
    ).outputLines
    #expect(rows.first?.hasPrefix("key,before,after,stage_before,stage_after,") == true)
    #expect(rows.dropFirst().map { $0.prefix { $0 != "," } } == expected.map { $0[...] })
  }

  @Test func handOffsByAnAttribute() throws {
    let work = try RuleChange.prepared()
    let report = try RuleChange.preview(work, "2", "--by", "owner")
    let found = (report["handoffs_by"]?.arrayValue ?? []).map { [$0["value"], $0["entering"], $0["leaving"]] }
    #expect(
      found == [[.string("kim"), .integer(2), .integer(0)], [.string("lee"), .integer(1), .integer(0)]])
    let text = try work.done(
      "rules", "preview", "2", "--by", "owner", "--capacity", "2", "--as-of", Workspace.t0
    ).output
    #expect(text.contains("3 leads would enter sql; sales can take 2: 1 too many"))
    #expect(text.contains("gold +15.5"))
  }

  @Test func oneLeadUnderBothVersions() throws {
    let work = try RuleChange.prepared()
    let lead = try RuleChange.preview(work, "2", "--lead", "GOLD1@x")
    #expect(lead["before"] == .integer(30) && lead["stage_after"] == .string("sql"))
    let reasons = try #require(lead["reasons"]?.arrayValue)
    #expect(reasons.contains { $0["rule"] == .string("gold") && $0["before"] == .integer(30) })
    try work.refused(66, "rules", "preview", "2", "--lead", "nobody@x", "--as-of", Workspace.t0)
    #expect(try work.done("plans", "list", "--format", "jsonl").output.isEmpty, "a plan of one lead")
  }

  @Test func aPreviewChangesNothingThatScores() throws {
    let work = try RuleChange.prepared()
    try work.unchanged {
      try work.done("rules", "preview", "2", "--no-plan", "--as-of", Workspace.t2)
      try work.done("rules", "preview", "3.yaml", "--no-plan", "--as-of", Workspace.t2)
      try work.done("rules", "apply", "2", "--dry-run", "--as-of", Workspace.t2)
      try work.refused(66, "rules", "preview", "9", "--as-of", Workspace.t0)
      try work.refused(66, "rules", "preview", "none.yaml", "--as-of", Workspace.t0)
      try work.refused(1, "rules", "preview", "2", "--as-of", "2026-02-01")
    }
    // A plan apart, there is nothing new; an earlier instant than that of the preview can still be asked for.
    let standings = try RuleChange.standings(work, at: Workspace.t0)
    try work.done("rules", "preview", "2", "--as-of", Workspace.t2)
    #expect(try RuleChange.standings(work, at: Workspace.t0) == standings)
    #expect(try work.done("history", "--format", "jsonl", "--as-of", Workspace.t0).outputLines.count == 12)
  }
}
