import ArgumentParser
import LeadScoring
import LeadStore
import RecordFormats
import RuleFile
import ScoreEngine
import TerminalOutput

struct RulesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rules", abstract: "Check, add, compare and apply rule documents.",
    subcommands: [
      RulesCheckCommand.self, RulesAddCommand.self, RulesListCommand.self, RulesShowCommand.self,
      RulesDiffCommand.self, RulesApplyCommand.self, RulesSchemaCommand.self,
    ])
}

struct RulesCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Find every fault of a rule file.",
    discussion: "Example: leadscore rules check rules.yaml")

  @Argument(help: "The rule file; - is standard input.", completion: .file()) var file: String
  @OptionGroup var common: CommonOptions

  func run() throws {
    let rules = try RuleInput.read(file)
    let document = rules.document
    note(
      "\(rules.file): \(plural(Int64(document.rules.count), "rule")), \(plural(Int64(document.stages.count), "stage")), "
        + "\(plural(Int64(rules.warnings.count), "warning")), no errors")
  }
}

struct RulesSchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Print a JSON Schema of rule files, for editors.",
    discussion: """
      Save it beside your rules and begin them with the line: # yaml-language-server: $schema=rules.schema.json

      Example: leadscore rules schema > rules.schema.json
      """)

  @OptionGroup var common: CommonOptions

  func run() throws {
    try printText(RuleFile.schema())
  }
}

struct RulesAddCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Add a rule file as the next version. It is not applied.",
    discussion: """
      Prints the version's number. A document that says what a version says already gets that version's number.

      Example: leadscore rules add rules.yaml --by ann --note "pricing page counts more"
      """)

  @Argument(help: "The rule file; - is standard input.", completion: .file()) var file: String
  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  @Option(name: .long, help: ArgumentHelp("Who wrote it.", valueName: "who")) var by: String?
  @Option(name: .long, help: ArgumentHelp("Why.", valueName: "text")) var note: String?

  func run() throws {
    let session = try common.open()
    let (number, isNew) = try session.addRules(RuleInput.read(file), model: common.model, author: by, note: note)
    switch format.format {
    case .table:
      try printText(String(number))
      leadscore.note(
        isNew
          ? "added version \(number); apply it by `leadscore rules apply \(number)`"
          : "version \(number) says the same; nothing was added")
    case .json, .jsonl, .csv:
      let output = RecordOutput(format.format, to: BufferedOutput.standardOutput(), columns: [])
      try output.print([("version", .integer(Int64(number))), ("added", .truth(isNew))], cells: [])
      try output.finish(names: [], ifNone: "")
    }
  }
}

struct RulesListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the versions of the rules.", discussion: "Example: leadscore rules list")

  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    let session = try common.openAsItStands()
    let row = try session.modelRow(common.model)
    let active = try session.database.models.activeVersion(model: row.id)?.number
    let activations = try session.database.models.activations(model: row.id)
    let output = RecordOutput(
      format.format, to: BufferedOutput.standardOutput(),
      columns: [
        Table.Column("version", alignment: .right), Table.Column("", minWidth: 1),
        Table.Column("name", isTruncatable: true),
        Table.Column("added"), Table.Column("by"), Table.Column("last applied"),
        Table.Column("note", isTruncatable: true),
      ])
    for version in try session.database.models.versions(model: row.id) {
      let applied = activations.last { $0.version == version.number }
      try output.print(
        [
          ("version", .integer(Int64(version.number))), ("active", .truth(version.number == active)),
          ("name", .text(version.name)), ("created_at", .instant(version.createdAt)), ("by", .text(version.author)),
          ("applied_at", .instant(applied?.asOf)), ("note", .text(version.note)), ("digest", .text(version.digest)),
        ],
        cells: [
          String(version.number), version.number == active ? "active" : "", version.name ?? "–",
          formatMinute(version.createdAt), version.author ?? "–", applied.map { formatMinute($0.asOf) } ?? "never",
          version.note ?? "",
        ])
    }
    try output.finish(
      names: ["version", "active", "name", "created_at", "by", "applied_at", "note", "digest"], ifNone: "no versions")
  }
}

struct RulesShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Print a version of the rules as it was written.",
    discussion: "Example: leadscore rules show 2 > rules.yaml")

  @Argument(help: "The version's number.") var version: Int
  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    let session = try common.openAsItStands()
    let (row, _) = try session.version(version, model: common.model)
    guard format.format != .table else {
      try printText(row.document)
      let active = try session.database.models.activeVersion(model: row.model)?.number == row.number
      note(
        "version \(row.number)\(active ? ", active" : ""), added \(formatMinute(row.createdAt))"
          + (row.author.map { " by \(sanitized($0))" } ?? "") + (row.note.map { ": \(sanitized($0))" } ?? ""))
      return
    }
    let activations = try session.database.models.activations(model: row.model).filter { $0.version == row.number }
    try printJSON { writer in
      RecordOutput.write(
        [
          ("version", .integer(Int64(row.number))), ("name", .text(row.name)), ("created_at", .instant(row.createdAt)),
          ("by", .text(row.author)), ("note", .text(row.note)), ("digest", .text(row.digest)),
          (
            "activations",
            .json { writer in
              writer.beginArray()
              for activation in activations {
                RecordOutput.write(
                  [
                    ("at", .instant(activation.asOf)), ("recorded_at", .instant(activation.recordedAt)),
                    ("by", .text(activation.person)), ("kind", .text(activation.kind)),
                  ], to: &writer)
              }
              writer.endArray()
            }
          ), ("document", .text(row.document)),
        ], to: &writer)
    }
  }
}

struct RulesDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Say in which rules two versions differ, field by field.",
    discussion: "Exit status 0 whether or not they differ. Example: leadscore rules diff 1 2")

  @Argument(help: "A version's number, or a rule file.", completion: .file()) var from: String
  @Argument(help: "A version's number, or a rule file.", completion: .file()) var to: String
  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    let isAnyVersion = [from, to].contains { Int($0) != nil }
    let session = try isAnyVersion ? common.openAsItStands() : nil
    func document(_ name: String) throws -> RuleDocument {
      if let number = Int(name), let session { return try session.version(number, model: common.model).document }
      return try RuleInput.read(name).document
    }
    let changes = RuleDocument.differences(from: try document(from), to: try document(to))
    if format.format == .table {
      if changes.isEmpty { return note("both say the same") }
      return try printText(text(changes))
    }
    let output = RecordOutput(format.format, to: BufferedOutput.standardOutput(), columns: [])
    for change in changes {
      try output.print(
        [
          ("section", .text(change.section.rawValue)), ("id", .text(change.id)),
          ("change", .text(change.kind.rawValue)),
          (
            "fields",
            .json { writer in
              writer.beginArray()
              for field in change.fields {
                RecordOutput.write(
                  [("path", .text(field.path)), ("before", .text(field.before)), ("after", .text(field.after))],
                  to: &writer)
              }
              writer.endArray()
            }
          ),
        ], cells: [])
    }
    try output.finish(names: ["section", "id", "change", "fields"], ifNone: "")
  }

  private func text(_ changes: [DocumentChange]) -> String {
    let color = Terminal.supportsColor(1)
    var lines: [String] = []
    for change in changes {
      let sign: String
      let style: Style
      switch change.kind {
      case .added: (sign, style) = ("+", .green)
      case .removed: (sign, style) = ("-", .red)
      case .changed, .reordered: (sign, style) = ("~", .yellow)
      }
      let name = sanitized([change.section.rawValue, change.id].compactMap(\.self).joined(separator: "/"))
      lines.append(
        style.apply(to: "\(sign) \(name)\(change.kind == .reordered ? " in another order" : "")", enabled: color))
      for field in change.fields {
        let label = field.path.isEmpty ? "" : sanitized(field.path) + ": "
        switch (field.before, field.after) {
        case (let before?, let after?):
          lines.append(
            "    \(label)" + Style.red.apply(to: sanitized(before), enabled: color) + " → "
              + Style.green.apply(to: sanitized(after), enabled: color))
        case (nil, let after?):
          lines.append("    " + Style.green.apply(to: "+ \(label)\(sanitized(after))", enabled: color))
        case (let before?, nil):
          lines.append("    " + Style.red.apply(to: "- \(label)\(sanitized(before))", enabled: color))
        case (nil, nil): break
        }
      }
    }
    return lines.joined(separator: "\n")
  }
}

struct RulesApplyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Make a version the active one and score every lead by it.",
    discussion: """
      One transaction: all leads or none. On a terminal it shows what would change and asks; elsewhere it needs --yes. \
      With --dry-run it only shows.

      Example: leadscore rules apply 2 --max-stage-changes 5% --yes
      """)

  @Argument(help: "The version's number.") var version: Int
  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  @Flag(name: .long, help: "Do not ask.") var yes = false
  @Flag(name: .long, help: "Show what would change, and change nothing.") var dryRun = false
  @Option(name: .long, help: ArgumentHelp("Who applies it, for the record.", valueName: "who")) var by: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Refuse where more leads than this would change their stage.", valueName: "n|p%"))
  var maxStageChanges: LimitArgument?

  func run() throws {
    let session = try common.open()
    let asOf = common.instant
    if !yes, !dryRun {
      guard Terminal.isTerminal(0), Terminal.isTerminal(2) else {
        throw CommandError(
          .usage, "applying version \(version) needs --yes where nobody can be asked; --dry-run shows what would change"
        )
      }
      let preview = try session.applyRules(
        version, model: common.model, asOf: asOf, by: by, limit: maxStageChanges?.limit, dryRun: true)
      note(ApplySummary.text(preview, stages: try stages(session), applied: false))
      if preview.wasApplied, !confirm("Apply version \(version)?") { throw CommandError(.no, "nothing was applied") }
    }
    let report = try session.applyRules(
      version, model: common.model, asOf: asOf, by: by, limit: maxStageChanges?.limit, dryRun: dryRun)
    switch format.format {
    case .table: note(ApplySummary.text(report, stages: try stages(session), applied: !dryRun))
    case .json: try printJSON { ApplySummary.write(report, to: &$0) }
    case .jsonl, .csv: try printJSON(pretty: false) { ApplySummary.write(report, to: &$0) }
    }
  }

  private func stages(_ session: ScoringSession) throws -> [String] { try session.stageNames(model: common.model) }

  private func confirm(_ question: String) -> Bool {
    warn("\(question) [y/N]")
    let answer = readLine()?.lowercased() ?? ""
    return answer == "y" || answer == "yes"
  }
}

/// `N` or `P%` on the command line.
struct LimitArgument: ExpressibleByArgument {
  let limit: StageChangeLimit

  init?(argument: String) {
    if argument.hasSuffix("%") {
      guard let percent = Double(argument.dropLast()), (0...100).contains(percent) else { return nil }
      limit = .percent(percent)
    } else {
      guard let count = Int64(argument), count >= 0 else { return nil }
      limit = .count(count)
    }
  }
}

/// What applying a version did, for people and for programs.
enum ApplySummary {
  static func text(_ report: ApplyReport, stages: [String], applied: Bool) -> String {
    guard report.wasApplied else { return "version \(report.version) is active already; nothing changed" }
    let color = Terminal.supportsColor(2)
    var text = applied ? "version \(report.version) is active" : "version \(report.version) would"
    if applied, let base = report.baseVersion { text += " in the place of version \(base)" }
    text += applied ? ": " : " change "
    text += "\(formatCount(report.changed)) of \(plural(report.leads, "lead"))"
    text += applied ? " changed" : ""
    text += ", \(formatCount(report.scoresUp)) up and \(formatCount(report.scoresDown)) down; "
    text += "\(plural(report.stageChanges, "stage change"))"
    let moves = report.stageMatrix.filter { $0.key.from != $0.key.to }.map {
      StageFlow.Move(from: $0.key.from, to: $0.key.to ?? "–", count: $0.value)
    }
    if !moves.isEmpty {
      text +=
        "\n"
        + StageFlow(moves.sorted { $0.count > $1.count }, palette: StagePalette(stages: stages))
        .render(width: Terminal.width(2), color: color, unicode: Terminal.usesUTF8())
    }
    return text
  }

  static func write(_ report: ApplyReport, to writer: inout JSONWriter) {
    var matrix: [String: [String: Int64]] = [:]
    for (move, count) in report.stageMatrix {
      matrix[move.from ?? "", default: [:]][move.to ?? "", default: 0] += count
    }
    RecordOutput.write(
      [
        ("version", .integer(Int64(report.version))), ("base_version", .integer(report.baseVersion.map(Int64.init))),
        ("applied", .truth(report.wasApplied)), ("leads", .integer(report.leads)),
        ("changed", .integer(report.changed)),
        (
          "score_changes",
          .json {
            RecordOutput.write([("up", .integer(report.scoresUp)), ("down", .integer(report.scoresDown))], to: &$0)
          }
        ), ("stage_changes", .integer(report.stageChanges)),
        (
          "stage_matrix",
          .json { writer in
            writer.beginObject()
            for (from, row) in matrix.sorted(by: { $0.key < $1.key }) {
              writer.key(from)
              writer.beginObject()
              for (to, count) in row.sorted(by: { $0.key < $1.key }) {
                writer.key(to)
                writer.integer(count)
              }
              writer.endObject()
            }
            writer.endObject()
          }
        ),
      ], to: &writer)
  }
}
