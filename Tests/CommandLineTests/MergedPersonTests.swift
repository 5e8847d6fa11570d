import Foundation
import RecordFormats
import Testing

/// A person who was known under another key: what was handed over, answered and judged under it counts for whoever
/// stands for the person.
struct MergedPersonTests {
  private static let rules = """
    conversion: { event: deal_won }
    rules:
      - { id: views, points: 10, every: { event: view } }
    stages:
      - id: nurture
      - { id: mql, enter: { score: 10 } }
      - { id: sql, enter: { score: 20 }, handoff: true }

    """

  private func day(_ day: Int) -> String { "2026-03-\(day < 10 ? "0" : "")\(day)T00:00:00Z" }

  /// annie is in sql, ann in mql, both since the 1st.
  private func prepared() throws -> Workspace {
    let work = try Workspace()
    try work.write("rules.yaml", MergedPersonTests.rules)
    try work.done("init", "--rules", "rules.yaml", "--as-of", day(1))
    try events(work, 1, "annie@x,view,2026-02-20", "annie@x,view,2026-02-21", "ann@x,view,2026-02-20T01:00:00Z")
    return work
  }

  private func events(_ work: Workspace, _ at: Int, _ lines: String...) throws {
    try work.done(
      "import", "events", "-", "--input", "csv", "--as-of", day(at),
      input: "key,type,occurred_at\n" + lines.joined(separator: "\n") + "\n")
  }

  private func merge(_ work: Workspace, _ at: Int) throws {
    try work.done("leads", "merge", "ann@x", "annie@x", "--by", "kim", "--reason", "r", "--as-of", day(at))
  }

  private func unmerge(_ work: Workspace, _ at: Int) throws {
    try work.done("leads", "unmerge", "annie@x", "--by", "kim", "--as-of", day(at))
  }

  @discardableResult
  private func new(_ work: Workspace, _ at: Int, _ more: String...) throws -> ProgramRun {
    let run = try work.run(
      ["export", "--for", "crm", "--new", "--columns", "key,stage,entered_stage_at", "--as-of", day(at)] + more)
    #expect(run.status == 0, "\(run.errors)")
    return run
  }

  @Test func aCooldownKnowsThePersonUnderTheOtherKey() throws {
    let work = try prepared()
    #expect(try new(work, 1).outputLines.last == "annie@x,sql,\(day(1))")
    try merge(work, 4)
    // Merged, the person enters sql as ann, three days after the consumer had her as annie.
    let left = try new(work, 4, "--cooldown", "10d")
    #expect(left.output.isEmpty)
    #expect(left.errors.contains("1 entry left out for the cooldown"))
    let skipped = try work.done("export", "--for", "crm", "--skipped", "--format", "csv").outputLines
    #expect(skipped.last == "ann@x,sql,\(day(4)),\(day(1)),1,864000,\(day(4))")
    // To whom it was never given, it is new.
    let other = try work.done("export", "--for", "mailer", "--new", "--cooldown", "10d", "--as-of", day(4))
    #expect(other.errors.contains("batch 1 for mailer: 1 lead"))
  }

  @Test func answersCountWhicheverKeyTheyCameUnder() throws {
    let work = try prepared()
    try new(work, 1)
    try events(work, 3, "annie@x,sales_accepted,2026-03-02")
    func accepted(_ at: Int) throws -> [JSONValue?] {
      try work.lines(work.done("report", "handoff", "--format", "jsonl", "--as-of", day(at))).map { $0["accepted"] }
    }
    #expect(try accepted(3) == [.integer(1)])
    try merge(work, 4)
    #expect(try accepted(4) == [.integer(1)])
    try events(work, 5, "ann@x,deal_won,2026-03-05")
    let rows = try work.lines(work.done("report", "handoff", "--format", "jsonl", "--as-of", day(5)))
    #expect(rows.map { $0["won"] } == [.integer(1)])
    let listed = try work.lines(work.done("export", "--for", "crm", "--batches", "--format", "jsonl"))
    #expect(listed.map { $0["accepted"] } == [.integer(1)])
    try unmerge(work, 6)
    #expect(try accepted(6) == [.integer(1)])
    let apart = try work.lines(work.done("report", "handoff", "--format", "jsonl", "--as-of", day(6)))
    #expect(apart.map { $0["won"] } == [.integer(0)], "what came for ann goes with ann")
  }

  @Test func overrulesAndConversionsAreThoseOfThePerson() throws {
    let work = try prepared()
    try events(work, 1, "bob@x,view,2026-02-20", "cy@x,view,2026-02-20")
    try work.done("adjust", "add", "ann@x", "--points", "5", "--by", "kim", "--reason", "r", "--as-of", day(2))
    try work.done(
      "fast-track", "set", "annie@x", "--stage", "mql", "--by", "kim", "--reason", "r", "--as-of", day(3))
    try events(work, 4, "annie@x,deal_won,2026-03-03T12:00:00Z", "bob@x,deal_won,2026-03-03T12:00:00Z")
    func all(_ at: Int) throws -> [JSONValue?] {
      let rows = try work.lines(work.done("report", "overrules", "--format", "jsonl", "--as-of", day(at)))
      let first = try #require(rows.first)
      return ["judgements", "leads", "converted", "comparison_leads"].map { first[$0] }
    }
    // bob and cy, whom nobody judged, were in mql; in sql was annie alone.
    #expect(try all(4) == [.integer(2), .integer(2), .integer(1), .integer(2)])
    try merge(work, 5)
    #expect(try all(5) == [.integer(2), .integer(1), .integer(1), .integer(2)])
    // bob turns out to be her too: he is no longer one of those whom nobody judged.
    try work.done("leads", "merge", "ann@x", "bob@x", "--by", "kim", "--reason", "r", "--as-of", day(6))
    #expect(try all(6) == [.integer(2), .integer(1), .integer(1), .integer(1)])
  }

  @Test func thePastAnswersForWhoeverStoodForTheKeyThen() throws {
    let work = try prepared()
    try merge(work, 4)
    func standing(_ key: String, _ at: Int, _ asOf: Int) throws -> ProgramRun {
      try work.done("history", key, "--at", day(at), "--format", "csv", "--as-of", day(asOf))
    }
    for asOf in [5, 9] {
      if asOf == 9 { try unmerge(work, 8) }
      let before = try standing("annie@x", 2, asOf)
      #expect(before.outputLines.last == "annie@x,\(day(2)),20,sql,,1,\(day(1))")
      #expect(before.errors.isEmpty)
      let merged = try standing("annie@x", 5, asOf)
      #expect(merged.outputLines.last == "ann@x,\(day(5)),30,sql,,1,\(day(4))")
      #expect(merged.errors.contains("ann@x"))
    }
    let after = try standing("annie@x", 8, 9)
    #expect(after.outputLines.last == "annie@x,\(day(8)),20,sql,,1,\(day(1))")
    #expect(after.errors.isEmpty)
  }
}
