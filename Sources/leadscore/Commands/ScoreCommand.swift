import ArgumentParser
import LeadScoring
import TerminalOutput

struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Bring every due lead up to date.",
    discussion: """
      A lead is due when something about its score changes with time alone: an event leaves a window, a decay step \
      falls due, a silence grows. Other commands do this by themselves. With --all everything is computed again from \
      the facts, and what differed is reported (exit status 1 where anything did).

      Example: leadscore score --as-of 2026-12-01T00:00:00Z
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  @Flag(name: .long, help: "Recompute everything from the facts and report what differed.")
  var all = false

  func run() throws {
    let session = try common.open()
    guard all else {
      let counts = try common.atInstant { try session.bringUpToDate(to: $0) }
      guard format.format != .table else {
        note("\(plural(counts.rescored, "lead")) due, \(plural(counts.stageChanges, "stage change"))")
        return
      }
      return try printRecord(
        [
          ("leads_rescored", .integer(counts.rescored)), ("changes", .integer(counts.changed)),
          ("stage_changes", .integer(counts.stageChanges)),
        ], format.format == .json ? .jsonl : format.format)
    }
    let report = try common.atInstant { try session.recompute(asOf: $0) }
    let output = RecordOutput(
      format.format, to: BufferedOutput.standardOutput(),
      columns: [
        Table.Column("key", isTruncatable: true), Table.Column("model"), Table.Column("before", alignment: .right),
        Table.Column("after", alignment: .right), Table.Column("stage before"), Table.Column("stage after"),
      ])
    for difference in report.differences {
      try output.print(
        [
          ("key", .text(difference.key)), ("model", .text(difference.model)), ("before", .points(difference.before)),
          ("after", .points(difference.after)), ("stage_before", .text(difference.stageBefore)),
          ("stage_after", .text(difference.stageAfter)),
        ],
        cells: [
          difference.key, difference.model, difference.before.map { formatPoints($0) } ?? "–",
          formatPoints(difference.after), difference.stageBefore ?? "–", difference.stageAfter ?? "–",
        ])
    }
    try output.finish(
      names: ["key", "model", "before", "after", "stage_before", "stage_after"],
      ifNone: "\(plural(report.leads, "lead")) recomputed from the facts; none differed")
    if report.signalDifferences > 0 { note("\(plural(report.signalDifferences, "packed record")) rebuilt") }
    guard report.differences.isEmpty else {
      throw CommandError(
        .no,
        "\(plural(Int64(report.differences.count), "lead")) differed from the facts and \(report.differences.count == 1 ? "was" : "were") corrected"
      )
    }
  }
}
