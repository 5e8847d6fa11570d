import Foundation
import Testing

/// An application of rules that is killed leaves the old version wholly in force, or the new one.
@Suite(.serialized)
struct KilledApplyTests {
  private static let leads = 2500
  private static let asOf = Workspace.t2

  /// What the wall clock writes differs between two runs of the same application.
  private static let clock: Set<String> = ["recorded_at", "first_recorded_at"]

  private static let changes = [
    // The same questions, with other points and stages.
    ("points", "points: 5", "points: 9"),
    // Another question, for which the events are read and every lead's findings stored again.
    ("question", "event: view, within: 30d", "event: view, where: { path: { starts_with: /page/1 } }, within: 60d"),
  ]

  private func prepared(_ old: String, _ new: String) throws -> Workspace {
    let work = try Workspace.prepared()
    var leads = "key,title\n"
    var events = "key,type,occurred_at,path\n"
    for lead in 0..<KilledApplyTests.leads {
      leads += "lead\(lead)@x,VP \(lead % 7)\n"
      for index in 0..<(lead % 5) {
        events += "lead\(lead)@x,view,2026-02-\(10 + index * 3)T10:\(10 + lead % 50):00Z,/page/\((lead + index) % 4)\n"
      }
    }
    try work.write("many-leads.csv", leads)
    try work.write("many.csv", events)
    try work.done("import", "leads", "many-leads.csv", "--as-of", KilledApplyTests.asOf)
    try work.done("import", "events", "many.csv", "--as-of", KilledApplyTests.asOf)
    let changed = Workspace.rules.replacingOccurrences(of: old, with: new)
    try #require(changed != Workspace.rules)
    try work.write("changed.yaml", changed)
    try work.done("rules", "add", "changed.yaml")
    try work.done("rules", "preview", "2", "--as-of", KilledApplyTests.asOf)
    return work
  }

  /// With a plan and without.
  private static let applications = [
    ["rules", "apply", "2", "--db", "x.db", "--as-of", asOf, "--yes"],
    ["rules", "apply", "2", "--db", "x.db", "--plan", "1", "--yes"],
  ]

  @Test(arguments: changes)
  func killedAtRandomMoments(name: String, old: String, new: String) throws {
    let times = 50
    let work = try prepared(old, new)
    // The state as of before, and both as of after.
    var length = 0.0
    for (index, arguments) in KilledApplyTests.applications.enumerated() {
      try renew(work)
      let start = Date()
      try #require(try work.run(arguments).status == 0)
      length = max(length, Date().timeIntervalSince(start))
      try work.copy("x.db", to: "new\(index).db")
      try expectNothingToCorrect(work, "after it was applied")
    }
    try renew(work)
    try expectNothingToCorrect(work, "before it was applied")

    var killed = 0
    var landed = 0
    for attempt in 0..<times {
      try renew(work)
      let running = try work.start(KilledApplyTests.applications[attempt % 2])
      // Over the whole length; every third near the end, where pages are written.
      let share = attempt % 3 == 0 ? Double.random(in: 0.8...1.05) : Double.random(in: 0...1)
      usleep(UInt32(length * share * 1_000_000))
      // A machine that others use is now fast and now slow: what landed in time shortens the wait, what did not
      // lengthens it.
      if running.kill() {
        killed += 1
        length *= 1.03
      } else {
        length *= 0.9
      }

      let isNew = try difference(work, "new\(attempt % 2).db") == nil
      if isNew {
        landed += 1
      } else {
        let found = try difference(work, "leads.db")
        #expect(found == nil, "\(name), attempt \(attempt): neither the old nor the new state, see \(found ?? "")")
      }
      guard attempt % 10 == 9 else { continue }
      try expectNothingToCorrect(work, "attempt \(attempt)")
      let again = try work.run(KilledApplyTests.applications[0])
      #expect(again.status == 0, "attempt \(attempt): \(again.errors)")
      try expectNothingToCorrect(work, "attempt \(attempt), applied again")
    }
    #expect(killed >= times / 3, "only \(killed) of \(times) applications were still at work; \(landed) had landed")
    #expect(landed < times, "no application was ended before it had landed")
  }

  /// The old state under the name `x.db`.
  private func renew(_ work: Workspace) throws {
    for suffix in ["-wal", "-shm", "-journal"] {
      try? FileManager.default.removeItem(atPath: work.path("x.db" + suffix))
    }
    try work.copy("leads.db", to: "x.db")
  }

  private func expectNothingToCorrect(_ work: Workspace, _ moment: String) throws {
    let checked = try work.run("score", "--all", "--db", "x.db", "--as-of", KilledApplyTests.asOf)
    #expect(checked.status == 0, "\(moment): \(checked.errors)")
    #expect(checked.errors.contains("none differed"), "\(moment): \(checked.errors)")
    #expect(!checked.errors.contains("rebuilt"), "\(moment): \(checked.errors)")
  }

  /// The first table that has other rows than in another database; nil where both hold the same.
  private func difference(_ work: Workspace, _ other: String) throws -> String? {
    let connection = try PlainConnection(work.path("x.db"))
    if try connection.rows("PRAGMA integrity_check") != [["ok"]] { return "integrity_check" }
    try connection.execute("ATTACH '\(work.path(other))' AS other")
    for table in try connection.rows("SELECT name FROM sqlite_schema WHERE type = 'table'").compactMap({ $0[0] }) {
      let columns = try connection.rows("SELECT name FROM pragma_table_info('\(table)')").compactMap { $0[0] }
        .filter { !KilledApplyTests.clock.contains($0) }.map { "\"\($0)\"" }.joined(separator: ", ")
      let found = try connection.rows(
        """
        SELECT (SELECT count(*) FROM main."\(table)") - (SELECT count(*) FROM other."\(table)"),
          (SELECT count(*) FROM (SELECT \(columns) FROM main."\(table)" EXCEPT SELECT \(columns) FROM other."\(table)"))
        """)
      if found != [["0", "0"]] { return table }
    }
    return nil
  }
}
