import LeadStore
import ScoreEngine
import Testing

@testable import LeadScoring

@Suite("Applying rules that ask something new")
struct NewConditionTests {
  private static let asOf: Int64 = 1_770_000_000_000
  // So many that a pass over all reads with connections of its own.
  private static let leads = 20_000

  private func rules(_ more: String = "") throws -> CheckedRules {
    let text = """
      rules:
        - { id: views, points: 5, every: { event: view, within: 10d, limit: 3 } }
        - { id: big, points: 3, if: { size: big } }
      \(more)
      """
    return try CheckedRules(text: text, file: "rules")
  }

  private func number(_ sql: String, _ session: ScoringSession) throws -> Int64 {
    try #require(try session.database.connection.firstRow(sql) { $0.integer(0) })
  }

  @Test(
    "what all leads' records lacked is found in the facts, and the records before leave their pages to the new ones")
  func passes() throws {
    let folder = try ScratchFolder()
    try DatabaseCreation.create(
      path: folder.path("leads.db"), rules: rules(), asOf: NewConditionTests.asOf, clock: { 0 }, program: "test",
      by: nil)
    let session = try ScoringSession(try LeadDatabase.open(path: folder.path("leads.db")), clock: { 0 })
    var events: [NewEvent] = []
    for lead in 0..<NewConditionTests.leads {
      for number in 0...(lead % 4) {
        events.append(
          NewEvent(
            key: "lead-\(lead)", type: number == 2 ? "buy" : "view",
            occurredAt: NewConditionTests.asOf - Int64(lead % 97) * 3_600_000 - Int64(number)))
      }
    }
    try session.append(events, asOf: NewConditionTests.asOf)
    let signals = try number("SELECT sum(length(body)) FROM signal_block", session)
    #expect(signals > 200_000)

    let added = try session.addRules(
      rules("  - { id: buys, points: 40, when: { event: buy } }"), model: "main", author: nil, note: nil)
    let report = try session.applyRules(added.number, model: "main", asOf: NewConditionTests.asOf)
    let buyers = Int64(NewConditionTests.leads / 2)
    #expect(report.leads == Int64(NewConditionTests.leads))
    #expect(report.scoresUp == buyers)

    #expect(try number("SELECT count(*) FROM signal_pack", session) == 1)
    #expect(try number("SELECT max(id) FROM signal_pack", session) == session.pack.id)
    if WorkerThread.processors > 1 {
      let free = try number("SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size", session)
      #expect(free < signals / 4)
    }
    let recomputed = try session.recompute(asOf: NewConditionTests.asOf)
    #expect(recomputed.differences.isEmpty && recomputed.signalDifferences == 0)
  }
}
