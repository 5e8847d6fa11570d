import ArgumentParser
import LeadScoring
import LeadStore
import ScoreEngine
import TerminalOutput

struct DatabaseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "db", abstract: "Care of the file.",
    discussion: "Example: leadscore db info",
    subcommands: [DatabaseInfoCommand.self, DatabaseMigrateCommand.self])
}

struct DatabaseInfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Say what the database holds.", discussion: "Example: leadscore db info")

  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    let info = try DatabaseInfo.read(path: common.path)
    let record: OutputRecord = [
      ("file", .text(info.path)), ("bytes", .integer(info.bytes)), ("layout", .integer(Int64(info.layout))),
      ("pending_migrations", .integer(Int64(info.pending.count))), ("sqlite", .text(info.sqliteVersion)),
      ("journal_mode", .text(info.journalMode)), ("leads", .integer(info.leads)), ("events", .integer(info.events)),
      ("first_event_at", .instant(info.firstEvent)), ("last_event_at", .instant(info.lastEvent)),
      ("history_rows", .integer(info.historyRows)), ("imports", .integer(info.imports)),
      ("evaluated_at", .instant(info.evaluatedAt)),
    ]
    guard format.format == .table else {
      let output = RecordOutput(format.format, to: BufferedOutput.standardOutput(), columns: [])
      try output.print(record, cells: [])
      return try output.finish(names: [], ifNone: "")
    }
    func count(_ value: Int64?) -> String { value.map { formatCount($0) } ?? "–" }
    var table = Table(
      columns: [Table.Column("database"), Table.Column(info.path, isTruncatable: true, isVerbatim: true)])
    table.rows = [
      ["size", formatBytes(info.bytes)],
      [
        "layout",
        "\(info.layout)" + (info.pending.isEmpty ? "" : ", \(info.pending.count) pending: run `leadscore db migrate`"),
      ],
      ["sqlite", "\(info.sqliteVersion), journal \(info.journalMode)"], ["leads", count(info.leads)],
      ["events", count(info.events)],
      [
        "",
        info.firstEvent.flatMap { first in info.lastEvent.map { "\(formatMinute(first)) to \(formatMinute($0))" } }
          ?? "–",
      ],
      ["history rows", count(info.historyRows)], ["imports", count(info.imports)],
      ["evaluated", info.evaluatedAt.map { formatMinute($0) } ?? "never"],
    ]
    try printText(table.render(width: Terminal.widthLimit(1), color: Terminal.supportsColor(1)))
  }
}

struct DatabaseMigrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Bring an older database to this program's layout.",
    discussion: """
      The file is copied first, to the same name with .before-LAYOUT at its end.

      Example: leadscore db migrate
      """)

  @OptionGroup var common: CommonOptions

  func run() throws {
    let result = try DatabaseMigration.migrate(path: common.path, now: Clock.now, program: programVersion)
    if result.applied.isEmpty {
      note("\(common.path) is up to date")
    } else {
      note("applied \(result.applied.joined(separator: ", ")); the file as it was is \(result.backup ?? "–")")
    }
  }
}
