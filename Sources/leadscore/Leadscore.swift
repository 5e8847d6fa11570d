import ArgumentParser
import TerminalOutput

/// The program's version.
let programVersion = "0.1.0"

@main
struct Leadscore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leadscore",
    abstract: "A lead database in one SQLite file, with a scoring engine inside it.",
    discussion: """
      Example: leadscore init && leadscore import leads contacts.csv && leadscore leads list

      Every command takes --db PATH, else $LEADSCORE_DB, else leads.db in the working directory.

      Exit status: 0 done; 1 the answer is no; 64 usage; 65 bad input or rules; 66 no such input; 69 the database is \
      newer than the program; 73 cannot create; 74 I/O error; 75 the database is busy.

      Completion for your shell: leadscore --generate-completion-script bash|zsh|fish
      """,
    version: programVersion,
    subcommands: [
      InitCommand.self, ImportCommand.self, ScoreCommand.self, LeadsCommand.self, ExplainCommand.self,
      HistoryCommand.self, RulesCommand.self, PlansCommand.self, FastTrackCommand.self, AdjustCommand.self,
      ExportCommand.self, ReportCommand.self,
      ModelsCommand.self, SettingsCommand.self, DatabaseCommand.self,
    ])

  static func main() {
    BufferedOutput.ignoreWriteSignals()
    do {
      let arguments = Array(CommandLine.arguments.dropFirst())
      let (named, rest) = try namedCommand(arguments)
      // Parsing from the root takes twice as long, since it makes the arguments of every command on the way. It is for
      // help, and for words that the command does not understand.
      var command = try named.flatMap { try? $0.parse(rest) } ?? parseAsRoot()
      try command.run()
    } catch {
      Failure(error).exit()
    }
  }

  /// The command that the first arguments name, if they name one without subcommands, and the other arguments.
  ///
  /// Names an unknown command as such, where the argument parser would complain of whatever follows it.
  private static func namedCommand(
    _ arguments: [String]
  ) throws -> (command: (any ParsableCommand.Type)?, rest: [String]) {
    var command: any ParsableCommand.Type = Leadscore.self
    var path = "leadscore"
    for (index, argument) in arguments.enumerated() {
      let known = command.configuration.subcommands
      if known.isEmpty { return (command, Array(arguments[index...])) }
      guard !argument.hasPrefix("-"), argument != "help" else { return (nil, arguments) }
      guard let next = known.first(where: { $0.configuration.commandName == argument }) else {
        let names = known.compactMap { $0.configuration.commandName }
        throw CommandError(
          .usage,
          "no command '\(sanitized(argument))'; `\(path)` has \(names.joined(separator: ", ")) (see \(path) --help)")
      }
      command = next
      path += " " + argument
    }
    return (command.configuration.subcommands.isEmpty ? command : nil, [])
  }
}
