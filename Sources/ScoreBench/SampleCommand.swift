import ArgumentParser
import Foundation

/// Writes a year of made-up leads and events.
struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Writes a year of made-up leads and events.",
    discussion: """
      Writes leads.csv, events.csv and, with the last three days, recent.jsonl. The same options give the same bytes,
      on every platform. Nobody in it exists; all addresses end in .example.

        ScoreBench sample demo --leads 3000 --seed 7 --until 2026-11-20
      """)

  @Argument(help: "The folder to write to; made where there is none.")
  var folder: String

  @Option(help: "How many leads.")
  var leads = 3_000

  @Option(help: "What the randomness starts from.")
  var seed: UInt64 = 7

  @Option(help: "The day (UTC) with whose start the sample ends.")
  var until = "2026-11-20"

  func validate() throws {
    guard (0...10_000_000).contains(leads) else {
      throw ValidationError("--leads is \(leads); give a number from 0 to 10000000.")
    }
    guard SampleCalendar.day(until) != nil else {
      throw ValidationError("--until is '\(until)'; give a date after 1970 like 2026-11-20.")
    }
  }

  func run() throws {
    guard let untilDay = SampleCalendar.day(until) else { return }
    let sample = SampleData(leads: leads, seed: seed, untilDay: untilDay)
    let directory = URL(fileURLWithPath: folder, isDirectory: true)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let files = [
      ("leads.csv", sample.leadsCSV()), ("events.csv", sample.eventsCSV()), ("recent.jsonl", sample.recentJSONLines()),
    ]
    for (name, bytes) in files {
      try Data(bytes).write(to: directory.appendingPathComponent(name), options: .atomic)
    }
    print("\(folder): \(sample.leadCount) leads, \(sample.eventCount) events before \(until)")
  }
}
