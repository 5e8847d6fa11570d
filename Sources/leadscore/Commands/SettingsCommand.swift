import ArgumentParser
import LeadScoring
import LeadStore
import TerminalOutput

struct SettingsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "settings", abstract: "What holds for the whole database.",
    discussion: "Example: leadscore settings list",
    subcommands: [SettingsListCommand.self, SettingsGetCommand.self, SettingsSetCommand.self])
}

struct SettingsListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List all settings.", discussion: "Example: leadscore settings list")

  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    let session = try common.openAsItStands()
    let output = RecordOutput(
      format.format, to: BufferedOutput.standardOutput(),
      columns: [Table.Column("setting"), Table.Column("value"), Table.Column("meaning", isTruncatable: true)])
    for setting in Setting.all {
      let value = try session.setting(setting.name)
      try output.print(
        [("name", .text(setting.name)), ("value", .text(value)), ("meaning", .text(setting.meaning))],
        cells: [setting.name, value ?? "–", setting.meaning])
    }
    try output.finish(names: ["name", "value", "meaning"], ifNone: "no settings")
  }
}

struct SettingsGetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Print a setting.",
    discussion: "Exit status 1 where it is not set. Example: leadscore settings get required-approvals")

  @Argument(help: "The setting's name.") var name: String
  @OptionGroup var common: CommonOptions

  func run() throws {
    try Setting.check(name)
    guard let value = try common.openAsItStands().setting(name) else {
      throw CommandError(.no, "\(name) is not set; set it by `leadscore settings set \(name) VALUE`")
    }
    try printText(value)
  }
}

struct SettingsSetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Change a setting; an empty value takes it away.",
    discussion: "Example: leadscore settings set required-approvals marketing,sales")

  @Argument(help: "The setting's name.") var name: String
  @Argument(help: "Its value.") var value: String
  @OptionGroup var common: CommonOptions

  func run() throws {
    try Setting.check(name)
    if !value.isEmpty, value.allSatisfy({ $0 == "," || $0.isWhitespace }) {
      throw CommandError(.usage, "'\(sanitized(value))' names no role; an empty value takes the setting away")
    }
    let session = try common.open()
    try session.setSetting(name, value.isEmpty ? nil : value)
    note(value.isEmpty ? "\(name) is not set any more" : "\(name) is \(sanitized(value))")
  }
}

extension Setting {
  /// Sees that there is such a setting.
  static func check(_ name: String) throws {
    guard all.contains(where: { $0.name == name }) else {
      throw CommandError(
        .usage, "no setting '\(sanitized(name))'; there is \(all.map(\.name).joined(separator: ", "))")
    }
  }
}
