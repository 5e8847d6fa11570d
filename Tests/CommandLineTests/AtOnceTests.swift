import Foundation
import RecordFormats
import Testing

/// Many at work at once, as of now: each waits for its turn, and none is refused since another one's clock was a little
/// ahead.
@Suite(.serialized)
struct AtOnceTests {
  @Test func everybodyHasATurn() throws {
    let work = try Workspace.prepared()
    let rounds = 6
    var adjustments = 0
    for round in 0..<rounds {
      try work.write("e\(round).csv", "key,type,occurred_at\nbob@x,view,2026-03-0\(round + 1)T00:00:00Z\n")
      var commands: [[String]] = [
        ["import", "events", "e\(round).csv"], ["leads", "list"], ["leads", "show", "ann@x"], ["history", "bob@x"],
        ["export", "--stage", "mql", "--for", "crm", "--new", "-o", "o\(round).csv"], ["score"],
        ["rules", "preview", "1"],
      ]
      for index in 1...6 {
        adjustments += 1
        commands.append(["adjust", "add", "bob@x", "--points", "\(index)", "--by", "kim", "--reason", "r"])
      }
      let running = try commands.map { try work.start($0) }
      for (command, program) in zip(commands, running) {
        let run = try program.wait(limit: 120)
        #expect(run.status == 0, "\(command.joined(separator: " ")): \(run.errors)")
      }
    }
    let listed = try work.lines(work.done("adjust", "list", "--format", "jsonl"))
    #expect(listed.count == adjustments)
    #expect(try work.done("score", "--all").errors.contains("none differed"))
  }

  /// A database that somebody took ahead of the clock is another matter.
  @Test func aheadOfTheClockIsSaid() throws {
    let work = try Workspace.prepared()
    try work.done("score", "--as-of", "2150-01-01")
    let refusal = try work.refused(1, "adjust", "add", "bob@x", "--points", "1", "--by", "kim", "--reason", "r")
    #expect(refusal.contains("2150-01-01"))
  }
}
