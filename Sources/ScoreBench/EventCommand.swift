import ArgumentParser
import Foundation
import LeadScoring
import LeadStore
import ScoreEngine

/// Measures one event at a time in process, each durable: ours, or plain inserts.
struct EventCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "event",
    abstract: "Measures single events, each committed durably, in process; prints the median in seconds.",
    discussion: """
      ScoreBench event leads.db --key ann@example.com
      ScoreBench event plain.db --plain
      """)

  @Argument(help: "The database; with --plain one that has the table events, or none.") var database: String
  @Option(help: "How many events.") var count = 300
  @Option(help: "The lead whose events they are (default: one of the workload for each).") var key: String?
  @Option(help: "How many leads the workload has.") var leads = 100_000
  @Option(help: "First add so many events of the lead.") var fill = 0
  @Flag(help: "Insert rows into a table without indexes instead.") var plain = false

  func run() throws {
    let seconds = plain ? try plainInserts() : try events()
    print("{\"seconds\": \(Measurement.median(seconds))}")
  }

  private func events() throws -> [Double] {
    let session = try ScoringSession(try LeadDatabase.open(path: database), clock: EventCommand.now)
    let start = max(EventCommand.now(), try session.database.models.lastEvaluation() ?? 0)
    if fill > 0, let key {
      let span = Int64(730 * 86_400_000 / fill)
      let past = (0..<fill).map { index in
        NewEvent(
          key: key, type: "page_view", occurredAt: (start - Int64(fill - index) * span) / 1000 * 1000,
          properties: ["path": .text(index % 16 == 0 ? "/pricing" : "/docs/page-\(index % 200)")])
      }
      for first in stride(from: 0, to: fill, by: 50_000) {
        try session.append(Array(past[first..<min(first + 50_000, fill)]), asOf: start)
      }
    }
    // Leads that are due are not what is measured.
    try session.bringUpToDate(to: start)
    return try measure { number in
      let lead = (number * 7919 + 13) % leads
      let event = NewEvent(
        key: key ?? BenchWorkload.key(lead), type: "page_view", occurredAt: start + Int64(number),
        id: "\(start)-\(number)", properties: ["path": .text("/pricing"), "duration": .text("30")])
      let report = try session.append([event], asOf: start + Int64(number))
      guard report.counts.created == 1 else { throw BenchProblem(description: "an event was not added") }
    }
  }

  private func plainInserts() throws -> [Double] {
    let connection = try Connection(path: database, mode: .create)
    try connection.execute("PRAGMA journal_mode = WAL")
    try connection.execute(
      "CREATE TABLE IF NOT EXISTS events (email TEXT, type TEXT, occurred_at TEXT, path TEXT, duration TEXT, campaign TEXT)"
    )
    return try measure { number in
      try connection.write {
        try connection.run(
          "INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5, ?6)", BenchWorkload.key((number * 7919 + 13) % leads),
          "page_view", "2026-10-31T23:00:00Z", "/pricing", "30", "")
      }
    }
  }

  private func measure(_ body: (Int) throws -> Void) throws -> [Double] {
    // The first ones fill caches.
    for number in 0..<20 { try body(number) }
    return try (20..<(20 + count)).map { number in
      let start = ContinuousClock.now
      try body(number)
      return start.duration(to: .now) / .seconds(1)
    }
  }

  private static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}
