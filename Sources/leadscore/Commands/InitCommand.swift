import ArgumentParser
import LeadScoring
import RuleFile
import ScoreEngine
import TerminalOutput

struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init", abstract: "Create a database.",
    discussion: """
      With --rules the file becomes version 1 of the rules and is applied; without, a starter set is.

      Example: leadscore init --db leads.db --rules rules.yaml
      """)

  @OptionGroup var common: CommonOptions

  @Option(name: .long, help: ArgumentHelp("The rules to start with.", valueName: "file"), completion: .file())
  var rules: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A built-in rule set to start with: \(StarterRules.all.map(\.name).joined(separator: ", ")).", valueName: "name"),
    completion: .list(StarterRules.all.map(\.name)))
  var starter: String?

  @Option(name: .long, help: ArgumentHelp("Who creates it, for the record.", valueName: "who"))
  var by: String?

  func run() throws {
    let checked = try document()
    try DatabaseCreation.create(
      path: common.path, model: common.model, rules: checked, asOf: common.instant, clock: Clock.now,
      program: programVersion, by: by)
    let name = checked.document.name.map { " '\(sanitized($0))'" } ?? ""
    note(
      "created \(common.path) with \(plural(Int64(checked.document.rules.count), "rule"))\(name), version 1"
        + (common.model == DatabaseCreation.mainModel ? "" : " of model '\(common.model)'"))
    if rules == nil {
      note("these are the starter rules '\(checked.file)'; see them by `leadscore rules show 1`, then make them yours")
    }
  }

  private func document() throws -> CheckedRules {
    if let rules {
      guard starter == nil else { throw CommandError(.usage, "--rules and --starter exclude each other; give one") }
      return try RuleInput.read(rules)
    }
    let name = starter ?? StarterRules.all.first?.name ?? ""
    guard let found = StarterRules.all.first(where: { $0.name == name }) else {
      throw CommandError(
        .usage, "no starter '\(name)'; there is \(StarterRules.all.map(\.name).joined(separator: ", "))")
    }
    return try CheckedRules(text: found.text, file: found.name)
  }
}

/// Rule documents from files.
enum RuleInput {
  /// Reads and checks a document; warnings and, where it has any, all errors are shown to people.
  static func read(_ path: String) throws -> CheckedRules {
    let name = path == "-" ? "standard input" : path
    do {
      let checked = try CheckedRules(text: readText(path), file: name)
      note(checked.warnings)
      return checked
    } catch ScoringError.badRules(let file, let diagnostics) {
      note(diagnostics)
      throw ScoringError.badRules(file: file, diagnostics)
    }
  }
}
