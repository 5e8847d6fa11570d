import ArgumentParser
import LeadScoring
import LeadStore
import TerminalOutput

struct FastTrackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fast-track", abstract: "Put a lead in a stage by a person's judgement, which outranks the rules.",
    discussion: "Example: leadscore fast-track list",
    subcommands: [FastTrackSetCommand.self, FastTrackLiftCommand.self, FastTrackListCommand.self])
}

struct FastTrackSetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Show a lead in a stage until it is lifted or ends.",
    discussion: """
      Example: leadscore fast-track set ann@example.com --stage sql --by kim --reason "asked for a quote on the phone"
      """)

  @Argument(help: "The lead's key.") var key: String
  @OptionGroup var common: CommonOptions
  @Option(name: .long, help: "The stage to show.") var stage: String
  @Option(name: .long, help: ArgumentHelp("Whose judgement it is.", valueName: "who")) var by: String
  @Option(name: .long, help: ArgumentHelp("Why.", valueName: "why")) var reason: String
  @Option(name: .long, help: ArgumentHelp("When it ends by itself.", valueName: "instant")) var until: InstantArgument?

  func run() throws {
    let session = try common.open()
    try common.atInstant {
      _ = try session.setFastTrack(
        key, stage: stage, until: until?.milliseconds, by: by, reason: reason, model: common.model, asOf: $0)
    }
    note("'\(sanitized(key))' is in \(stage) until \(until.map { formatMinute($0.milliseconds) } ?? "this is lifted")")
  }
}

struct FastTrackLiftCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lift", abstract: "End a lead's fast-track.",
    discussion: "Example: leadscore fast-track lift ann@example.com")

  @Argument(help: "The lead's key.") var key: String
  @OptionGroup var common: CommonOptions
  @Option(name: .long, help: ArgumentHelp("Who lifts it.", valueName: "who")) var by: String?

  func run() throws {
    let session = try common.open()
    guard try common.atInstant({ try session.liftFastTrack(key, by: by, model: common.model, asOf: $0) }) else {
      throw CommandError(.no, "'\(sanitized(key))' has no fast-track; `leadscore fast-track list` shows them")
    }
    note("'\(sanitized(key))' is in the stage that the rules give")
  }
}

struct FastTrackListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List all fast-tracks, ended ones too.",
    discussion: "Example: leadscore fast-track list")

  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    let session = try common.openAsItStands()
    let output = RecordOutput(
      format.format, to: BufferedOutput.standardOutput(),
      columns: [
        Table.Column("id", alignment: .right), Table.Column("key", isTruncatable: true), Table.Column("stage"),
        Table.Column("from"), Table.Column("until"), Table.Column("by"), Table.Column("reason", isTruncatable: true),
      ])
    for (key, row) in try session.fastTracks(model: common.model) {
      try output.print(
        [
          ("id", .integer(row.id)), ("key", .text(key)), ("stage", .text(row.stage)), ("from", .instant(row.from)),
          ("until", .instant(row.until)), ("by", .text(row.person)), ("reason", .text(row.reason)),
          ("lifted_by", .text(row.liftedBy)),
          ("lifted_at", .instant(row.liftedAt)),
        ],
        cells: [
          String(row.id), key, row.stage, formatMinute(row.from), row.until.map { formatMinute($0) } ?? "–",
          row.person, row.reason,
        ])
    }
    try output.finish(
      names: ["id", "key", "stage", "from", "until", "by", "reason", "lifted_by", "lifted_at"], ifNone: "no fast-tracks"
    )
  }
}
