import ArgumentParser

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Say how well the rules and the hand-over serve.",
    discussion: "Example: leadscore report overrules",
    subcommands: [ReportOverrulesCommand.self, ReportHandoffCommand.self])
}
