import LeadScoring
import LeadStore
import Testing

/// A batch is recorded when its file is ready, and not otherwise.
@Suite struct HandOverTests {
  private struct Unwritable: Error {}

  private static let day: Int64 = 86_400_000
  private let folder: ScratchFolder
  private let session: ScoringSession

  init() throws {
    folder = try ScratchFolder()
    let rules = try CheckedRules(
      text: """
        rules: [{ id: hot, points: 50, when: { event: view, within: 2d } }]
        stages: [{ id: nurture }, { id: sql, enter: { score: 40 }, handoff: true }]
        """, file: "rules")
    try DatabaseCreation.create(
      path: folder.path("leads.db"), rules: rules, asOf: 0, clock: { 0 }, program: "test", by: nil)
    session = try ScoringSession(try LeadDatabase.open(path: folder.path("leads.db")), clock: { 0 })
  }

  private func view(_ day: Int) throws {
    let file = try folder.write("key,type,occurred_at\na@x,view,1970-01-\(day + 10)\n", to: "events.csv")
    _ = try session.importEvents([file], asOf: Int64(day + 9) * HandOverTests.day, options: ImportOptions())
  }

  private func asOf(_ day: Int) -> Int64 { Int64(day + 9) * HandOverTests.day }

  @Test func whatPreparesTheFileDecides() throws {
    try view(1)
    try view(5)
    var options = HandoverOptions()
    options.cooldown = 30 * HandOverTests.day
    for _ in 0..<2 {
      #expect(throws: Unwritable.self) {
        try session.handOver(to: "crm", model: "main", asOf: asOf(5), options: options) { _ in throw Unwritable() }
      }
      #expect(try session.handoffBatches(consumer: nil, model: "main").isEmpty)
      #expect(try session.skippedEntries(consumer: "crm", model: "main").isEmpty)
    }
    let other = try ScoringSession(try LeadDatabase.open(path: folder.path("leads.db")), clock: { 0 })
    var rows = 0
    let handover = try session.handOver(to: "crm", model: "main", asOf: asOf(5), options: options) { batch in
      // Others see it when the file is ready, not before.
      #expect(try other.handoffBatches(consumer: nil, model: "main").isEmpty)
      try session.forEachRow(of: batch) { _ in rows += 1 }
    }
    #expect(rows == 1)
    #expect(handover.batch?.number == 1)
    #expect(handover.skipped.map(\.at) == [asOf(5)])
    #expect(try other.handoffBatches(consumer: "crm", model: "main") == [handover.batch])
  }

  /// An entry that a change of the rules caused is held back, and neither skipped nor lost; released, it obeys the
  /// cooldown.
  @Test func heldBackEntriesStay() throws {
    try view(1)
    _ = try session.handOver(to: "crm", model: "main", asOf: asOf(1))
    let higher = try CheckedRules(
      text: """
        rules: [{ id: hot, points: 50, when: { event: view, within: 2d } }]
        stages: [{ id: nurture }, { id: sql, enter: { score: 90 }, handoff: true }]
        """, file: "rules")
    let version = try session.addRules(higher, model: "main", author: nil, note: nil).number
    _ = try session.applyRules(version, model: "main", asOf: asOf(1))
    _ = try session.applyRules(1, model: "main", asOf: asOf(1))
    var options = HandoverOptions()
    options.cooldown = HandOverTests.day
    let held = try session.handOver(to: "crm", model: "main", asOf: asOf(1), options: options)
    #expect(held.batch == nil && held.heldBack == 1 && held.skipped.isEmpty)
    options.released = 1
    let released = try session.handOver(to: "crm", model: "main", asOf: asOf(1), options: options)
    #expect(released.batch == nil && released.heldBack == 0 && released.skipped.count == 1)
    let after = try session.handOver(to: "crm", model: "main", asOf: asOf(1))
    #expect(after.batch == nil && after.heldBack == 0)
  }
}
