import ArgumentParser
import LeadScoring
import LeadStore
import TerminalOutput

struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "Several sets of rules over the same leads.",
    discussion: "Example: leadscore models list",
    subcommands: [ModelsListCommand.self, ModelsAddCommand.self])
}

struct ModelsListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the models.", discussion: "Example: leadscore models list")

  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    let session = try common.openAsItStands()
    let output = RecordOutput(
      format.format, to: BufferedOutput.standardOutput(),
      columns: [
        Table.Column("model"), Table.Column("version", alignment: .right), Table.Column("versions", alignment: .right),
        Table.Column("created"),
      ])
    for model in try session.database.models.all() {
      let active = try session.database.models.activeVersion(model: model.id)?.number
      let versions = try session.database.models.versions(model: model.id).count
      try output.print(
        [
          ("name", .text(model.name)), ("active_version", .integer(active.map(Int64.init))),
          ("versions", .integer(Int64(versions))), ("created_at", .instant(model.createdAt)),
        ],
        cells: [model.name, active.map(String.init) ?? "–", String(versions), formatMinute(model.createdAt)])
    }
    try output.finish(names: ["name", "active_version", "versions", "created_at"], ifNone: "no models")
  }
}

struct ModelsAddCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add a model: a product line, a region.",
    discussion: "Example: leadscore models add emea --rules emea.yaml")

  @Argument(help: "The model's name.") var name: String
  @OptionGroup var common: CommonOptions

  @Option(
    name: .long, help: ArgumentHelp("The model's first rules, which are applied at once.", valueName: "file"),
    completion: .file())
  var rules: String?

  @Option(name: .long, help: ArgumentHelp("Who adds it, for the record.", valueName: "who"))
  var by: String?

  func run() throws {
    let session = try common.open()
    let checked = try rules.map { try RuleInput.read($0) }
    let report = try common.atInstant { try session.addModel(name, rules: checked, asOf: $0, by: by) }
    note("added model '\(name)'" + (report.map { "; \(plural($0.leads, "lead")) scored by version 1" } ?? ""))
  }
}
