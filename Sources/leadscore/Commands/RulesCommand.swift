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
    discussion: "Example: leadscore rules preview new-rules.yaml",
    subcommands: [
      RulesCheckCommand.self, RulesAddCommand.self, RulesListCommand.self, RulesShowCommand.self,
      RulesDiffCommand.self, RulesPreviewCommand.self, RulesApproveCommand.self, RulesApplyCommand.self,
      RulesRollbackCommand.self, RulesLogCommand.self, RulesSchemaCommand.self,
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
    let done = isNew ? "version \(number) was added" : "version \(number) says the same"
    switch format.format {
    case .table:
      try stating(done) { try printText(String(number)) }
      leadscore.note(
        isNew
          ? "added version \(number); apply it by `leadscore rules apply \(number)`"
          : "version \(number) says the same; nothing was added")
    case .json, .jsonl, .csv:
      try stating(done) {
        let output = RecordOutput(format.format, to: BufferedOutput.standardOutput(), columns: [])
        try output.print([("version", .integer(Int64(number))), ("added", .truth(isNew))], cells: [])
        try output.finish(names: [], ifNone: "")
      }
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
      for approval in try session.approvals(row) {
        note(
          "approved for \(sanitized(approval.role)) by \(sanitized(approval.person)), \(formatMinute(approval.recordedAt))"
        )
      }
      let missing = try session.missingApprovals(row)
      if !missing.isEmpty { note("not yet approved for \(sanitized(missing.joined(separator: ", ")))") }
      note(
        "version \(row.number)\(active ? ", active" : ""), added \(formatMinute(row.createdAt))"
          + (row.author.map { " by \(sanitized($0))" } ?? "") + (row.note.map { ": \(sanitized($0))" } ?? ""))
      return
    }
    let activations = try session.database.models.activations(model: row.model).filter { $0.version == row.number }
    let approvals = try session.approvals(row)
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
          ),
          (
            "approvals",
            .json { writer in
              writer.beginArray()
              for approval in approvals {
                RecordOutput.write(
                  [
                    ("role", .text(approval.role)), ("by", .text(approval.person)),
                    ("at", .instant(approval.recordedAt)),
                  ], to: &writer)
              }
              writer.endArray()
            }
          ),
          ("document", .text(row.document)),
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
