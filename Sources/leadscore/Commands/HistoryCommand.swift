import ArgumentParser
import LeadScoring
import LeadStore
import ScoreEngine
import TerminalOutput

struct HistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Show how scores came to be, change by change.",
    discussion: """
      Without a key, all leads'. --at gives the score of one lead as it stood then (`leads list --at` has all of them); \
      --chart draws it; --html writes a page with it. --reconstruct works out from the facts what a version of the rules \
      would have said if it had always been active, from the lead's creation on; attributes are as they are now. Of all \
      leads it gives one after the other.

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

  @Option(
    name: .long,
    help: ArgumentHelp("Also write a page about one lead to this file.", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var html: String?

  @Flag(name: .long, help: "What the rules would have said, in the place of what was recorded.") var reconstruct = false

  @Option(
    name: .long,
    help: ArgumentHelp("The version to reconstruct by (default: the active one).", valueName: "number"))
  var version: Int?

  @Option(name: .long, help: ArgumentHelp("At most so many rows (the table shows 50 unless told).", valueName: "n"))
  var limit: Int?

  func validate() throws {
    if chart || at != nil || html != nil, key == nil {
      throw ValidationError(
        "--chart, --at and --html are about one lead; give its key" + (at == nil ? "" : ", or see `leads list --at`"))
    }
    if [chart, at != nil, html != nil].count(where: { $0 }) > 1 {
      throw ValidationError("--chart, --at and --html exclude each other")
    }
    if chart, format.format != .table { throw ValidationError("--chart is for people; leave out --format") }
    if at != nil, since != nil || until != nil || !cause.isEmpty || stageChanges || limit != nil {
      throw ValidationError(
        "--at asks for one score; --since, --until, --cause, --stage-changes and --limit for changes")
    }
    if html == "-" { throw ValidationError("--html takes the name of a file; standard output has the changes") }
    if version != nil, !reconstruct {
      throw ValidationError("--version goes with --reconstruct; what was recorded is by the versions that were active")
    }
    if let since, let until, since.milliseconds > until.milliseconds {
      throw ValidationError("--since lies after --until; there can be no change between them")
    }
    if let limit, limit < 0 { throw ValidationError("--limit takes a whole number from 0 on") }
  }

  func run() throws {
    if let html { try OutputGuard.check(html, database: common.path) }
    let source = try HistorySource(self)
    if let at, let key { return try showState(source, key, at.milliseconds) }
    if let key { try source.session.noteIfMerged(key) }
    if chart, let key { return try draw(source, key) }
    if let html, let key { try writePage(source, key, to: html) }
    let shown = limit ?? (format.format == .table ? 50 : nil)
    let output = RecordOutput(format.format, to: BufferedOutput.standardOutput(), columns: HistoryOutput.columns)
    var count = 0
    try source.forEachRow(filter, limit: shown) { row, key in
      count += 1
      try output.print(
        HistoryOutput.record(row, key, isRecorded: !reconstruct), cells: HistoryOutput.cells(row, key))
    }
    try output.finish(names: HistoryOutput.names, ifNone: "no changes")
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

  private func showState(_ source: HistorySource, _ key: String, _ instant: Int64) throws {
    guard let (row, name) = try source.row(key, at: instant) else {
      throw CommandError(.no, "'\(sanitized(key))' had no score at \(Instant(milliseconds: instant))")
    }
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

  private func draw(_ source: HistorySource, _ key: String) throws {
    var points: [ScoreChart.Point] = []
    var changes: [ScoreChart.StageChange] = []
    try source.forEachRow(filter, limit: nil) { row, _ in
      points.append(ScoreChart.Point(milliseconds: row.at, hundredths: row.after))
      if row.stageBefore != row.stageAfter || row.before == nil {
        changes.append(
          ScoreChart.StageChange(
            milliseconds: row.at, from: row.stageBefore, to: row.stageAfter ?? "–", cause: row.causeText))
      }
    }
    let chart = ScoreChart(
      points: points, start: since?.milliseconds,
      end: max(until?.milliseconds ?? source.instant, points.last?.milliseconds ?? 0),
      thresholds: try source.thresholds().map { ScoreChart.Threshold(label: $0.stage, hundredths: $0.score) },
      stageChanges: changes, stages: try source.stageNames())
    let width = min(Terminal.width(1), 120)
    try printText(
      chart.render(width: width, height: 18, color: Terminal.supportsColor(1), unicode: Terminal.usesUTF8()))
  }

  private func writePage(_ source: HistorySource, _ key: String, to path: String) throws {
    let file = try AtomicFileOutput(path: path)
    var rows: [HistoryRow] = []
    var name = key
    try source.forEachRow(filter, limit: nil) { row, key in
      rows.append(row)
      name = key
    }
    guard !rows.isEmpty else {
      throw CommandError(.no, "'\(sanitized(key))' has no such changes; there is nothing to draw")
    }
    let page = HistoryPage(
      key: name, model: common.model, rows: rows, end: until?.milliseconds ?? source.instant,
      thresholds: try source.thresholds(), stages: try source.stageNames(),
      reconstructedBy: reconstruct ? rows.last?.version : nil)
    try file.write(page.html)
    try file.commit()
    note("the page is in \(sanitized(file.path))")
  }
}

/// Where the rows come from: what was recorded, or what a version of the rules would have said.
private struct HistorySource {
  private let command: HistoryCommand
  let session: ScoringSession
  private let document: RuleDocument
  /// As far as the rows go.
  let instant: Int64

  init(_ command: HistoryCommand) throws {
    self.command = command
    let model = command.common.model
    if command.reconstruct {
      var (session, instant) = try command.common.openForAnyInstant()
      if let at = command.at { instant = at.milliseconds }
      (self.session, self.instant) = (session, instant)
      document = try session.rules(version: command.version, model: model)
    } else {
      (session, instant) = try command.common.openForReading(at: command.at, lead: command.key)
      document = try session.rules(version: nil, model: model)
    }
  }

  func forEachRow(_ filter: HistoryFilter, limit: Int?, _ body: (HistoryRow, String) throws -> Void) throws {
    let model = command.common.model
    if command.reconstruct {
      try session.reconstructHistory(
        key: command.key, model: model, version: command.version, through: instant, filter: filter, limit: limit, body)
    } else {
      try session.forEachHistoryRow(key: command.key, model: model, filter: filter, limit: limit, body)
    }
  }

  /// The last row at or before an instant of whoever stood for a key then.
  func row(_ key: String, at instant: Int64) throws -> (HistoryRow, String)? {
    guard command.reconstruct else {
      guard let found = try session.historyRow(key: key, model: command.common.model, at: instant) else { return nil }
      if found.isMerged {
        note("\(sanitized(key)) was merged into \(sanitized(found.key)) then, which answers for it")
      }
      return (found.row, found.key)
    }
    try session.noteIfMerged(key)
    var found: (HistoryRow, String)?
    try forEachRow(HistoryFilter(), limit: nil) { found = ($0, $1) }
    return found
  }

  /// The stages that are entered at a score.
  func thresholds() throws -> [(stage: String, score: Int64)] {
    document.stages.compactMap { stage in stage.enter?[RuleDocument.rootGroup].map { (stage.id, $0.hundredths) } }
  }

  /// The stages, lowest first, then `disqualified`.
  func stageNames() throws -> [String] { document.stages.map(\.id) + [RuleDocument.disqualifiedStage] }
}

/// A cause on the command line.
struct CauseArgument: ExpressibleByArgument {
  let cause: Cause

  init?(argument: String) {
    guard let cause = Cause(rawValue: argument) else { return nil }
    self.cause = cause
  }
}
