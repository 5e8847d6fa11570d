import ArgumentParser
import LeadScoring
import LeadStore
import TerminalOutput

struct PlansCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plans", abstract: "What previews found, kept to be applied.",
    discussion: "Example: leadscore plans list",
    subcommands: [PlansListCommand.self, PlansShowCommand.self, PlansDropCommand.self])
}

struct PlansListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the plans.", discussion: "Example: leadscore plans list")

  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    let session = try common.openAsItStands()
    let output = RecordOutput(
      format.format, to: BufferedOutput.standardOutput(),
      columns: [
        Table.Column("plan", alignment: .right), Table.Column("version", alignment: .right),
        Table.Column("base", alignment: .right), Table.Column("as of"), Table.Column("leads", alignment: .right),
        Table.Column("recorded"),
      ])
    for plan in try session.plans(model: common.model) {
      let version = try plan.version.flatMap { try session.versionNumber(row: $0, model: common.model) }
      let base = try session.versionNumber(row: plan.baseVersion, model: common.model)
      try output.print(
        [
          ("plan", .integer(plan.id)), ("version", .integer(version.map(Int64.init))),
          ("base_version", .integer(base.map(Int64.init))), ("as_of", .instant(plan.asOf)),
          ("leads", .integer(plan.leads)), ("recorded_at", .instant(plan.recordedAt)), ("digest", .text(plan.digest)),
        ],
        cells: [
          String(plan.id), version.map(String.init) ?? "–", base.map(String.init) ?? "–", formatMinute(plan.asOf),
          formatCount(plan.leads), formatMinute(plan.recordedAt),
        ])
    }
    try output.finish(
      names: ["plan", "version", "base_version", "as_of", "leads", "recorded_at", "digest"], ifNone: "no plans")
  }
}

struct PlansShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Print what a preview found, as JSON.", discussion: "Example: leadscore plans show 1"
  )

  @Argument(help: "The plan's number.") var plan: Int
  @OptionGroup var common: CommonOptions

  func run() throws {
    let session = try common.openAsItStands()
    try printText(try session.plan(Int64(plan), model: common.model).summary)
  }
}

struct PlansDropCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drop", abstract: "Remove a plan. What was applied by it stays applied.",
    discussion: "Example: leadscore plans drop 1")

  @Argument(help: "The plan's number.") var plan: Int
  @OptionGroup var common: CommonOptions

  func run() throws {
    let session = try common.open()
    try session.dropPlan(Int64(plan), model: common.model)
    note("dropped plan \(plan)")
  }
}
