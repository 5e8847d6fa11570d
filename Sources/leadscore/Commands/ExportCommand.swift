import ArgumentParser
import LeadScoring
import LeadStore
import RecordFormats
import ScoreEngine
import TerminalOutput

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write leads for sales: those of the hand-off stages, unless told otherwise.",
    discussion: """
      CSV has key, score, stage, grade, entered_stage_at, version and then the attributes in the order first seen; \
      --columns chooses. A cell that a spreadsheet would run as a formula is written so that it does not. A file is \
      written under another name and renamed when it is whole.

      Example: leadscore export -o sql.csv
      """)

  @OptionGroup var common: CommonOptions

  @Option(name: .long, help: ArgumentHelp("Leads in this stage; may be given again.", valueName: "stage"))
  var stage: [String] = []

  @Option(
    name: [.short, .long], help: ArgumentHelp("The file to write; - is standard output.", valueName: "file"),
    completion: .file())
  var output = "-"

  @Option(name: .long, help: ArgumentHelp("Columns to write, separated by commas.", valueName: "names"))
  var columns: String?

  @Option(name: .long, help: "The format: csv, jsonl or json (default: by the file's name, else csv).")
  var format: ExportFormat?

  func run() throws {
    let instant = common.instant
    let session = try common.openForReading(at: instant)
    for name in stage { try session.checkStage(name, model: common.model) }
    var query = LeadQuery()
    query.stages = try stage.isEmpty ? session.handoffStages(model: common.model) : stage
    let attributes = try session.attributeNames()
    let chosen = try columnNames(attributes)
    let format = self.format ?? ExportFormat(path: output)
    try OutputGuard.check(output, database: common.path)
    let file = output == "-" ? nil : try AtomicFileOutput(path: output)
    let standard = BufferedOutput.standardOutput()
    let records = RecordOutput(format.outputFormat, to: file ?? standard, columns: [])
    var count: Int64 = 0
    try session.forEachLead(query, model: common.model) { lead in
      count += 1
      try records.print(ExportCommand.record(lead, chosen), cells: [])
    }
    try records.finish(names: chosen, ifNone: "")
    try file?.commit()
    note(
      "\(plural(count, "lead")) in \(query.stages.joined(separator: ", "))"
        + (file == nil ? "" : " written to \(output)"))
  }

  private static let fixedNames = ["key", "score", "stage", "grade", "entered_stage_at", "version"]

  private func columnNames(_ attributes: [String]) throws -> [String] {
    let all = ExportCommand.fixedNames + attributes.filter { !ExportCommand.fixedNames.contains($0) }
    guard let columns else { return all }
    let chosen = columns.split(separator: ",").map { $0.trimmingSpaces }
    let known = all + ["created_at", "next_change_at"]
    for name in chosen where !known.contains(name) {
      throw CommandError(.usage, "no column '\(sanitized(name))'; there is \(sanitized(known.joined(separator: ", ")))")
    }
    return chosen
  }

  private static func record(_ lead: ScoredLead, _ columns: [String]) -> OutputRecord {
    columns.map { name in
      switch name {
      case "key": (name, .text(lead.key))
      case "score": (name, .points(lead.score))
      case "stage": (name, .text(lead.stage))
      case "grade": (name, .text(lead.grade))
      case "entered_stage_at": (name, .instant(lead.enteredStageAt))
      case "version": (name, .integer(Int64(lead.version)))
      case "created_at" where lead.attributes[name] == nil: (name, .instant(lead.createdAt))
      case "next_change_at" where lead.attributes[name] == nil: (name, .instant(lead.nextChangeAt))
      default: (name, value(lead.attributes[name]))
      }
    }
  }

  private static func value(_ value: Value?) -> OutputValue {
    switch value {
    case nil: .text(nil)
    case .text(let text): .text(text)
    case .list(let texts): .json { Value.list(texts).write(to: &$0) }
    case .boolean(let truth): .truth(truth)
    case .number(let number): .json { $0.number(number) }
    }
  }
}

/// What `export` writes.
enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
  case csv
  case jsonl
  case json

  /// The format that a file's name tells; CSV where it tells none.
  init(path: String) {
    let name = path.lowercased()
    self = name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson") ? .jsonl : name.hasSuffix(".json") ? .json : .csv
  }

  var outputFormat: OutputFormat {
    switch self {
    case .csv: .csv
    case .jsonl: .jsonl
    case .json: .json
    }
  }
}

extension Substring {
  /// The text without spaces at its ends.
  var trimmingSpaces: String {
    var text = self
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
