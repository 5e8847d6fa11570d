import ScoreEngine
import Testing

@testable import LeadScoring
@testable import LeadStore

/// Small files for some of many leads: what is new stands beside the leads' blocks and pages, where the next file finds it.
@Suite struct SmallFilesTests {
  private static let now: Int64 = 1_770_000_000_000
  private static let rules = """
    rules:
      - { id: views, points: 5, every: { event: view, within: 30d, limit: 40 } }
      - { id: buys, points: 7, when: { event: buy } }
    stages:
      - { id: cold }
      - { id: warm, enter: { score: 12 } }
    """

  /// A file of one event for every `step`th lead.
  private func file(_ folder: ScratchFolder, _ name: String, from first: Int, step: Int, _ type: String) throws
    -> String
  {
    var text = ""
    for lead in stride(from: first, to: 4000, by: step) {
      let at = Instant(milliseconds: SmallFilesTests.now - Int64(lead % 20) * 3_600_000)
      text += #"{"key":"lead\#(lead)","occurred_at":"\#(at)","type":"\#(type)","id":"\#(name)\#(lead)"}"# + "\n"
    }
    return try folder.write(text, to: name + ".jsonl")
  }

  /// What there is after `imports`, each of which is one transaction.
  private func result(_ folder: ScratchFolder, _ name: String, imports: [[String]]) throws -> [String] {
    let path = folder.path(name + ".db")
    try DatabaseCreation.create(
      path: path, rules: try CheckedRules(text: SmallFilesTests.rules, file: "rules"), asOf: SmallFilesTests.now,
      clock: { 0 }, program: "test", by: nil)
    let session = try RandomDatabase.open(path)
    _ = try session.importEvents(
      [try file(folder, "all", from: 0, step: 1, "view")], asOf: SmallFilesTests.now, options: ImportOptions())
    for files in imports { _ = try session.importEvents(files, asOf: SmallFilesTests.now, options: ImportOptions()) }
    // Nothing of the first import stands beside anything, and much of the others does.
    let recent = try session.database.connection.firstRow("SELECT count(*) FROM recent_change") { $0.integer(0) }
    #expect(try #require(recent) > 1000)
    var lines: [String] = []
    try session.database.scores.forEach(model: 1) { lines.append("\($0.lead) \($0.state.score) \($0.rules)") }
    try session.database.events.forEachEvent(leads: 1...4000) { lead, at, tail in
      lines.append("\(lead) \(at) \(String(decoding: tail, as: UTF8.self))")
    }
    let report = try session.recompute(asOf: SmallFilesTests.now)
    #expect(report.leads == 4000)
    #expect(report.differences.isEmpty)
    #expect(report.signalDifferences == 0)
    return lines
  }

  @Test func inOneTransactionOrOneEach() throws {
    let folder = try ScratchFolder()
    let files = [
      try file(folder, "a", from: 0, step: 13, "view"), try file(folder, "b", from: 5, step: 11, "buy"),
      try file(folder, "c", from: 0, step: 26, "view"),
    ]
    let each = try result(folder, "each", imports: files.map { [$0] })
    #expect(try result(folder, "one", imports: [files]) == each)
    // What is there already changes nothing.
    #expect(try result(folder, "again", imports: [files, files.reversed()]) == each)
  }
}
