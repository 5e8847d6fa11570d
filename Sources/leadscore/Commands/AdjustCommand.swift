import ArgumentParser
import LeadScoring
import LeadStore
import TerminalOutput

struct AdjustCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "adjust", abstract: "Give a lead points, or take some, by a person's judgement.",
    discussion: "Example: leadscore adjust list",
    subcommands: [AdjustAddCommand.self, AdjustLiftCommand.self, AdjustListCommand.self])
}

struct AdjustAddCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Give a lead points, or take some.",
    discussion: """
      Prints the adjustment's number. It counts under every model.

      Example: leadscore adjust add ann@example.com --points=-20 --by kim --reason "only a student"
      """)

  @Argument(help: "The lead's key.") var key: String
  @OptionGroup var common: CommonOptions

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Points, with two decimals at most.", valueName: "points"))
  var points: PointsArgument

  @Option(name: .long, help: ArgumentHelp("Whose judgement it is.", valueName: "who")) var by: String
  @Option(name: .long, help: ArgumentHelp("Why.", valueName: "why")) var reason: String

  @Option(name: .long, help: ArgumentHelp("When it begins (default: --as-of).", valueName: "instant"))
  var from: InstantArgument?

  @Option(name: .long, help: ArgumentHelp("When it ends.", valueName: "instant")) var until: InstantArgument?

  func validate() throws {
    if points.hundredths == 0 { throw ValidationError("--points 0 would change nothing") }
  }

  func run() throws {
    let session = try common.open()
    let id = try common.atInstant { asOf in
      try session.addAdjustment(
        key, points: points.hundredths, from: from?.milliseconds ?? asOf, until: until?.milliseconds, by: by,
        reason: reason, asOf: asOf)
    }
    try stating("adjustment \(id) is recorded") { try printText(String(id)) }
  }
}

struct AdjustLiftCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lift", abstract: "End an adjustment.", discussion: "Example: leadscore adjust lift 3")

  @Argument(help: "The adjustment's number.") var id: Int
  @OptionGroup var common: CommonOptions
  @Option(name: .long, help: ArgumentHelp("Who lifts it.", valueName: "who")) var by: String?

  func run() throws {
    let session = try common.open()
    guard try common.atInstant({ try session.liftAdjustment(Int64(id), by: by, asOf: $0) }) else {
      throw CommandError(.no, "adjustment \(id) has ended already; `leadscore adjust list` shows when")
    }
    note("adjustment \(id) has ended")
  }
}

struct AdjustListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List all adjustments, ended ones too.", discussion: "Example: leadscore adjust list"
  )

  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    let session = try common.openAsItStands()
    let output = RecordOutput(
      format.format, to: BufferedOutput.standardOutput(),
      columns: [
        Table.Column("id", alignment: .right), Table.Column("key", isTruncatable: true),
        Table.Column("points", alignment: .right), Table.Column("from"), Table.Column("until"), Table.Column("by"),
        Table.Column("reason", isTruncatable: true),
      ])
    for (key, row) in try session.adjustments() {
      try output.print(
        [
          ("id", .integer(row.id)), ("key", .text(key)), ("points", .points(row.points)), ("from", .instant(row.from)),
          ("until", .instant(row.until)), ("by", .text(row.person)), ("reason", .text(row.reason)),
          ("lifted_by", .text(row.liftedBy)), ("lifted_at", .instant(row.liftedAt)),
        ],
        cells: [
          String(row.id), key, formatPoints(row.points, signed: true), formatMinute(row.from),
          row.until.map { formatMinute($0) } ?? "–", row.person, row.reason,
        ])
    }
    try output.finish(
      names: ["id", "key", "points", "from", "until", "by", "reason", "lifted_by", "lifted_at"],
      ifNone: "no adjustments")
  }
}
