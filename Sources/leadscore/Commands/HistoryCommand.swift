import ArgumentParser
import LeadScoring
import LeadStore
import ScoreEngine
import TerminalOutput

struct HistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Show how scores came to be, change by change.",
    discussion: """
      Without a key, all leads'. --at gives the score of one lead as it stood then; --chart draws it.

      Example: leadscore history ann@example.com --chart
      """)

  @Argument(help: "A lead's key; without one, all leads.") var key: String?
  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  @Option(name: .long, help: ArgumentHelp("Changes from this instant on.", valueName: "instant"))
  var since: InstantArgument?

  @Option(name: .long, help: ArgumentHelp("Changes up to and with this instant.", valueName: "instant"))
  var until: InstantArgument?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Only changes with this cause (\(Cause.allCases.map(\.rawValue).joined(separator: ", "))); may be given again.",
      valueName: "cause"))
  var cause: [CauseArgument] = []

  @Flag(name: .long, help: "Only changes of the stage.") var stageChanges = false

  @Option(name: .long, help: ArgumentHelp("The score as it stood at this instant.", valueName: "instant"))
  var at: InstantArgument?

  @Flag(name: .long, help: "Draw the score of one lead over time.") var chart = false

  @Option(name: .long, help: ArgumentHelp("At most so many rows (the table shows 50 unless told).", valueName: "n"))
  var limit: Int?

  func validate() throws {
    if chart || at != nil, key == nil { throw ValidationError("--chart and --at are about one lead; give its key") }
    if chart, at != nil { throw ValidationError("--chart and --at exclude each other") }
    if let limit, limit < 0 { throw ValidationError("--limit takes a whole number from 0 on") }
  }

  func run() throws {
    let (session, instant) = try common.openForReading()
    if let at, let key { return try showState(session, key, at.milliseconds) }
    if chart, let key { return try draw(session, key, instant) }
    let shown = limit ?? (format.format == .table ? 50 : nil)
    let output = RecordOutput(format.format, to: BufferedOutput.standardOutput(), columns: HistoryCommand.columns)
    var count = 0
    try session.forEachHistoryRow(key: key, model: common.model, filter: filter, limit: shown) { row, key in
      count += 1
      try output.print(HistoryCommand.record(row, key), cells: HistoryCommand.cells(row, key))
    }
    try output.finish(names: HistoryCommand.names, ifNone: "no changes")
    if limit == nil, format.format == .table, count == 50 { note("the first 50; --limit N shows more") }
  }

  private var filter: HistoryFilter {
    var filter = HistoryFilter()
    filter.since = since?.milliseconds
    filter.until = until?.milliseconds
    filter.causes = cause.map(\.cause)
    filter.onlyStageChanges = stageChanges
    return filter
  }

  private func showState(_ session: ScoringSession, _ key: String, _ instant: Int64) throws {
    guard let row = try session.historyRow(key: key, model: common.model, at: instant) else {
      throw CommandError(.no, "'\(sanitized(key))' had no score at \(Instant(milliseconds: instant))")
    }
    let name = try session.lead(key, model: common.model).key
    let record: OutputRecord = [
      ("key", .text(name)), ("at", .instant(instant)), ("score", .points(row.after)), ("stage", .text(row.stageAfter)),
      ("grade", .text(row.gradeAfter)), ("version", .integer(Int64(row.version))), ("since", .instant(row.at)),
    ]
    switch format.format {
    case .json: try printJSON { RecordOutput.write(record, to: &$0) }
    case .jsonl, .csv, .table:
      let output = RecordOutput(
        format.format, to: BufferedOutput.standardOutput(),
        columns: [
          Table.Column("key", isTruncatable: true), Table.Column("at"), Table.Column("score", alignment: .right),
          Table.Column("stage"), Table.Column("grade"), Table.Column("version", alignment: .right),
          Table.Column("since"),
        ])
      try output.print(
        record,
        cells: [
          name, formatMinute(instant), formatPoints(row.after), row.stageAfter ?? "–", row.gradeAfter ?? "–",
          String(row.version), formatMinute(row.at),
        ])
      try output.finish(names: record.map(\.name), ifNone: "")
    }
  }

  private func draw(_ session: ScoringSession, _ key: String, _ instant: Int64) throws {
    var points: [ScoreChart.Point] = []
    var changes: [ScoreChart.StageChange] = []
    try session.forEachHistoryRow(key: key, model: common.model, filter: filter) { row, _ in
      points.append(ScoreChart.Point(milliseconds: row.at, hundredths: row.after))
      if row.stageBefore != row.stageAfter || row.before == nil {
        changes.append(
          ScoreChart.StageChange(
            milliseconds: row.at, from: row.stageBefore, to: row.stageAfter ?? "–",
            cause: row.cause.rawValue + (row.causeReference.map { " \($0)" } ?? "")))
      }
    }
    let thresholds = try session.stageThresholds(model: common.model).map {
      ScoreChart.Threshold(label: $0.stage, hundredths: $0.score)
    }
    let chart = ScoreChart(
      points: points, start: since?.milliseconds,
      end: max(until?.milliseconds ?? instant, points.last?.milliseconds ?? 0),
      thresholds: thresholds, stageChanges: changes, stages: try session.stageNames(model: common.model))
    let width = min(Terminal.width(1), 120)
    try printText(
      chart.render(width: width, height: 18, color: Terminal.supportsColor(1), unicode: Terminal.usesUTF8()))
  }

  private static let columns = [
    Table.Column("at"), Table.Column("key", isTruncatable: true), Table.Column("score", alignment: .right),
    Table.Column("change", alignment: .right), Table.Column("stage"), Table.Column("grade"), Table.Column("cause"),
    Table.Column("version", alignment: .right),
  ]

  private static func cells(_ row: HistoryRow, _ key: String) -> [String] {
    let stage =
      row.stageBefore == row.stageAfter || row.before == nil
      ? row.stageAfter ?? "–" : "\(row.stageBefore ?? "–") → \(row.stageAfter ?? "–")"
    return [
      formatMinute(row.at), key, formatPoints(row.after),
      row.before.map { formatPoints(row.after - $0, signed: true) } ?? "new", stage, row.gradeAfter ?? "–",
      row.cause.rawValue + (row.causeReference.map { " \($0)" } ?? ""), String(row.version),
    ]
  }

  private static let names = [
    "key", "at", "recorded_at", "before", "after", "stage_before", "stage_after", "grade_after", "cause", "cause_ref",
    "version",
  ]

  private static func record(_ row: HistoryRow, _ key: String) -> OutputRecord {
    [
      ("key", .text(key)), ("at", .instant(row.at)), ("recorded_at", .instant(row.recordedAt)),
      ("before", .points(row.before)), ("after", .points(row.after)), ("stage_before", .text(row.stageBefore)),
      ("stage_after", .text(row.stageAfter)), ("grade_after", .text(row.gradeAfter)),
      ("cause", .text(row.cause.rawValue)), ("cause_ref", .text(row.causeReference)),
      ("version", .integer(Int64(row.version))),
    ]
  }
}

/// A cause on the command line.
struct CauseArgument: ExpressibleByArgument {
  let cause: Cause

  init?(argument: String) {
    guard let cause = Cause(rawValue: argument) else { return nil }
    self.cause = cause
  }
}
