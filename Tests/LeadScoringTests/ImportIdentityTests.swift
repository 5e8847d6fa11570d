import Foundation
import LeadScoring
import LeadStore
import ScoreEngine
import Testing

/// An event that arrives again is known again, whatever way its properties are stored.
@Suite struct ImportIdentityTests {
  /// More different values than are interned: some stand as numbers in the pages, some as text.
  @Test func manyDistinctValuesStayKnownAcrossSessions() throws {
    let folder = try ScratchFolder()
    let path = folder.path("leads.db")
    let rules = try CheckedRules(text: "rules: [{ id: a, points: 1, every: {} }]", file: "rules")
    try DatabaseCreation.create(path: path, rules: rules, asOf: 0, clock: { 0 }, program: "test", by: nil)
    var text = "key,type,occurred_at,session\n"
    for number in 0..<21_000 { text += "a@x,page_view,2026-01-01T00:00:00Z,s\(number)\n" }
    let file = try folder.write(text, to: "events.csv")
    let asOf: Int64 = 1_800_000_000_000
    for round in 0..<3 {
      let session = try ScoringSession(try LeadDatabase.open(path: path), clock: { 0 })
      let counts = try session.importEvents([file], asOf: asOf, options: ImportOptions())[0].counts
      #expect(counts.created == (round == 0 ? 21_000 : 0))
      #expect(counts.duplicates == (round == 0 ? 0 : 21_000))
    }
    let session = try ScoringSession(try LeadDatabase.open(path: path), clock: { 0 })
    #expect(try session.lead("a@x", model: "main").score == 2_100_000)
  }

  /// Rules beyond all measure end at the greatest number instead of stopping the program.
  @Test func sumsSaturate() throws {
    let folder = try ScratchFolder()
    let path = folder.path("leads.db")
    let entries = (0..<9500).map {
      "- { id: r\($0), points: 10000000, silence: { for: 1s, repeat: 1000000 } }"
    }
    let rules = try CheckedRules(text: "rules:\n" + entries.joined(separator: "\n"), file: "rules")
    try DatabaseCreation.create(path: path, rules: rules, asOf: 0, clock: { 0 }, program: "test", by: nil)
    let session = try ScoringSession(try LeadDatabase.open(path: path), clock: { 0 })
    let file = try folder.write("key,created_at\na@x,2000-01-01\n", to: "leads.csv")
    _ = try session.importLeads([file], asOf: 1_800_000_000_000, options: ImportOptions())
    #expect(try session.lead("a@x", model: "main").score == Int64.max)
  }

  /// Many columns are no more than many cells.
  @Test func wideFilesAreRead() throws {
    let folder = try ScratchFolder()
    let path = folder.path("leads.db")
    let rules = try CheckedRules(text: "rules: [{ id: a, points: 1, if: { c7: x } }]", file: "rules")
    try DatabaseCreation.create(path: path, rules: rules, asOf: 0, clock: { 0 }, program: "test", by: nil)
    let session = try ScoringSession(try LeadDatabase.open(path: path), clock: { 0 })
    let names = (0..<2000).map { "c\($0)" }.joined(separator: ",")
    let cells = (0..<2000).map { _ in "x" }.joined(separator: ",")
    let file = try folder.write("key,\(names)\na@x,\(cells)\na@x,\(cells)\n", to: "leads.csv")
    let counts = try session.importLeads([file], asOf: 1_800_000_000_000, options: ImportOptions())[0].counts
    #expect(counts.created == 1 && counts.duplicates == 1)
    let lead = try session.lead("a@x", model: "main")
    #expect(lead.score == 100)
    #expect(lead.attributes.members.count == 2000)
    #expect(lead.attributes["c1999"] == .text("x"))
  }
}
