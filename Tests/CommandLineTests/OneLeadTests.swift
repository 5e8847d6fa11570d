import Foundation
import RecordFormats
import Testing

/// Who asks for one lead gets it as of the instant, and the others are left for later.
struct OneLeadTests {
  /// When each lead was brought up to date last.
  private func scoredAt(_ work: Workspace) throws -> [String?] {
    try PlainConnection(work.path("leads.db")).rows("SELECT scored_at FROM v_scores ORDER BY key").map { $0[0] }
  }

  /// ann and annie lose their views on the 22nd of March and later.
  private func prepared() throws -> Workspace {
    let work = try Workspace.prepared()
    try work.write("more.csv", "key,type,occurred_at\nannie@x,view,2026-02-20T10:00:00Z\n")
    try work.done("import", "events", "more.csv", "--as-of", Workspace.t2)
    return work
  }

  @Test(arguments: [["leads", "show", "ann@x"], ["history", "ann@x"], ["history", "ann@x", "--at", "2026-03-24"]])
  func othersWait(_ command: [String]) throws {
    let work = try prepared()
    let later = "2026-04-01T00:00:00Z"
    #expect(try scoredAt(work) == ["2026-03-02T00:00:00.000Z", "2026-03-03T00:00:00.000Z", "2026-03-02T00:00:00.000Z"])
    let run = try work.run(command + ["--as-of", later, "--format", "json"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("15"), "ann's score without her views: \(run.output)")
    #expect(
      try scoredAt(work) == ["2026-03-23T10:00:00.000Z", "2026-03-03T00:00:00.000Z", "2026-03-02T00:00:00.000Z"],
      "ann alone is brought to the day")
    // The database has been there: nothing can be written as of a day before.
    try work.refused(1, "score", "--as-of", "2026-03-31")
    #expect(try work.done("score", "--as-of", later).errors == "1 lead due, 0 stage changes\n")
    #expect(try work.done("score", "--all", "--as-of", later).errors.contains("none differed"))
  }

  @Test func nothingIsWrittenForALeadThatIsNotDue() throws {
    let work = try prepared()
    try work.unchanged {
      try work.done("leads", "show", "bob@x", "--as-of", "2026-04-01")
      try work.refused(66, "leads", "show", "nobody@x", "--as-of", "2026-04-01")
    }
  }

  @Test func theKeyStandsAsItWasGiven() throws {
    let work = try Workspace.prepared()
    let lines = try work.done("leads", "show", "ann@x", "--as-of", Workspace.t2).outputLines
    #expect(lines.first == "LEAD         ann@x")
    #expect(try work.done("db", "info").outputLines.first == "DATABASE      leads.db")
  }
}
