import Foundation
import Testing

/// An import that is killed leaves the old database or the new one, never anything between.
@Suite(.serialized)
struct KilledImportTests {
  private static let leads = 300
  private static let eventsOfEach = 150
  private static let asOf = Workspace.t2

  /// What the wall clock writes differs between two runs of the same import.
  private static let clock: Set<String> = ["recorded_at", "first_recorded_at"]

  private func prepared() throws -> Workspace {
    let work = try Workspace.prepared()
    var events = "key,type,occurred_at,path\n"
    var leads = "key,title\n"
    for lead in 0..<KilledImportTests.leads { leads += "lead\(lead)@example.com,VP \(lead % 7)\n" }
    for index in 0..<KilledImportTests.eventsOfEach {
      let day = 1 + index % 28
      let instant = "2026-0\(1 + index % 2)-\(day < 10 ? "0" : "")\(day)T10:\(10 + index / 28):00Z"
      for lead in 0..<KilledImportTests.leads {
        let type = lead % 3 == 0 ? "click" : "view"
        events += "lead\(lead)@example.com,\(type),\(instant),/page/\((lead + index) % 40)\n"
      }
    }
    try work.write("many.csv", events)
    try work.write("many-leads.csv", leads)
    return work
  }

  @Test(arguments: [("events", "many.csv", 10), ("leads", "many-leads.csv", 5)])
  func killedAtRandomMoments(kind: String, file: String, times: Int) throws {
    let work = try prepared()
    let arguments = ["import", kind, file, "--db", "x.db", "--as-of", KilledImportTests.asOf]
    let old = try work.dump(ignoring: KilledImportTests.clock)

    try work.copy("leads.db", to: "x.db")
    let start = Date()
    #expect(try work.run(arguments).status == 0)
    var length = Date().timeIntervalSince(start)
    let new = try work.dump("x.db", ignoring: KilledImportTests.clock)
    #expect(new != old)
    // A second import of the same file adds a line to the list of imports and nothing else.
    #expect(try work.run(arguments).status == 0)
    let facts = try content(work)

    var killed = 0
    var landed = 0
    for attempt in 0..<times {
      for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: work.path("x.db" + suffix)) }
      try work.copy("leads.db", to: "x.db")
      let running = try work.start(arguments)
      // Spread over the whole length; the end, where pages are written, gets more of them.
      let share = (Double(attempt) + Double.random(in: 0..<1)) / Double(times)
      usleep(UInt32(length * share.squareRoot() * 1_000_000))
      // A machine that others use is now fast and now slow: what landed in time shortens the wait, what did not
      // lengthens it.
      if running.kill() {
        killed += 1
        length *= 1.03
      } else {
        length *= 0.75
      }

      let found = try work.dump("x.db", ignoring: KilledImportTests.clock)
      let isOld = found == old
      let isNew = found == new
      #expect(isOld || isNew, "attempt \(attempt): neither the old nor the new state")
      if isNew { landed += 1 }
      let checked = try work.run("score", "--all", "--db", "x.db", "--as-of", KilledImportTests.asOf)
      #expect(checked.status == 0, "attempt \(attempt): \(checked.errors)")
      #expect(try work.run(arguments).status == 0)
      let complete = try content(work) == facts
      #expect(complete, "attempt \(attempt): the second import did not complete it")
    }
    #expect(killed >= times / 3, "only \(killed) of \(times) imports were still at work; \(landed) had landed")
  }

  /// Facts, scores and history, as the views show them.
  private func content(_ work: Workspace) throws -> [[[String?]]] {
    let connection = try PlainConnection(work.path("x.db"))
    return try [
      "SELECT key, created_at, attributes FROM v_leads ORDER BY key",
      "SELECT key, type, occurred_at, id, properties FROM v_events ORDER BY 1, 3, 2, 5",
      """
      SELECT key, score, stage, grade, groups, rules, version, next_change_at, entered_stage_at
      FROM v_scores ORDER BY key
      """,
      "SELECT key, at, before, after, stage_before, stage_after, cause, version FROM v_history ORDER BY key, history_id",
    ].map { try connection.rows($0) }
  }
}
