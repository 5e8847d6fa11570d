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

      With --for and --new each consumer gets each entry of a lead into a hand-off stage once, in numbered batches; \
      --batch N writes one of them again, exactly. Entries that a change of the rules caused are held back until \
      --include-rule-changes or --release N.

      Example: leadscore export --for crm --new -o sql.csv
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

  @Option(name: .customLong("for"), help: ArgumentHelp("Who gets the leads, such as a CRM.", valueName: "consumer"))
  var consumer: String?

  @Flag(name: .long, help: "What the consumer has not had, as its next batch.") var new = false
  @Option(name: .long, help: ArgumentHelp("Write this batch of the consumer again.", valueName: "n")) var batch: Int?
  @Flag(name: .long, help: "List the consumer's batches.") var batches = false
  @Flag(name: .long, help: "Also what a change of the rules caused.") var includeRuleChanges = false

  @Option(
    name: .long,
    help: ArgumentHelp("So many of those that a change of the rules caused, the oldest first.", valueName: "n"))
  var release: Int = 0

  func validate() throws {
    let modes = [new, batch != nil, batches].filter { $0 }.count
    if modes > 1 { throw ValidationError("--new, --batch and --batches exclude each other") }
    if modes == 1, consumer?.isEmpty ?? true { throw ValidationError("name the consumer by --for") }
    if consumer != nil, modes == 0 { throw ValidationError("--for goes with --new, --batch or --batches") }
    if !new, includeRuleChanges || release != 0 {
      throw ValidationError("--include-rule-changes and --release go with --new")
    }
    if release < 0 { throw ValidationError("--release takes a whole number from 0 on") }
  }

  func run() throws {
    try OutputGuard.check(output, database: common.path)
    if let consumer {
      if batches { return try listBatches(consumer) }
      return try handOver(consumer)
    }
    let (session, _) = try common.openForReading()
    for name in stage { try session.checkStage(name, model: common.model) }
    var query = LeadQuery()
    query.stages = try stage.isEmpty ? session.handoffStages(model: common.model) : stage
    let chosen = try session.exportColumns(columnNames)
    var count: Int64 = 0
    try write(chosen) { print in
      try session.forEachLead(query, model: common.model) { lead in
        count += 1
        try print(chosen.map { ($0, ScoringSession.exportValue(lead, $0)) })
      }
    }
    note(
      "\(plural(count, "lead")) in \(query.stages.joined(separator: ", "))"
        + (output == "-" ? "" : " written to \(sanitized(output))"))
  }

  private var columnNames: [String]? {
    columns?.split(separator: ",").map { $0.trimmingSpaces }
  }

  private func handOver(_ consumer: String) throws {
    let session = try common.open()
    let chosen: HandoffBatchRow
    if let batch {
      chosen = try session.handoffBatch(batch, consumer: consumer, model: common.model)
    } else {
      var options = HandoverOptions()
      options.stages = stage
      options.columns = columnNames
      options.includesRuleChanges = includeRuleChanges
      options.released = release
      let handover = try session.handOver(to: consumer, model: common.model, asOf: common.instant, options: options)
      if handover.heldBack > 0 {
        note(
          "\(plural(handover.heldBack, "lead")) held back, since a change of the rules brought them; "
            + "--include-rule-changes hands them over, --release N a few of them")
      }
      guard let batch = handover.batch else { return note("nothing new for \(sanitized(consumer))") }
      chosen = batch
    }
    let names = try JSONParser.parse(chosen.options).arrayValue?.compactMap(\.stringValue) ?? []
    do {
      try write(names) { print in try session.forEachRow(of: chosen) { try print($0) } }
    } catch let error as OutputError {
      throw CommandError(
        error.isCreation ? .cannotCreate : .inputOutput,
        "\(error.description); batch \(chosen.number) is recorded, write it again by --for \(sanitized(consumer)) "
          + "--batch \(chosen.number)")
    }
    note(
      "batch \(chosen.number) for \(sanitized(consumer)): \(plural(chosen.leads, "lead"))"
        + (output == "-" ? "" : " written to \(sanitized(output))"))
  }

  private func listBatches(_ consumer: String) throws {
    let session = try common.openAsItStands()
    let records = RecordOutput(
      format?.outputFormat ?? .table, to: BufferedOutput.standardOutput(),
      columns: [
        Table.Column("batch", alignment: .right), Table.Column("as of"), Table.Column("leads", alignment: .right),
        Table.Column("recorded"),
      ])
    for row in try session.handoffBatches(consumer: consumer, model: common.model) {
      try records.print(
        [
          ("batch", .integer(Int64(row.number))), ("as_of", .instant(row.asOf)), ("leads", .integer(row.leads)),
          ("recorded_at", .instant(row.recordedAt)),
        ], cells: [String(row.number), formatMinute(row.asOf), formatCount(row.leads), formatMinute(row.recordedAt)])
    }
    try records.finish(names: ["batch", "as_of", "leads", "recorded_at"], ifNone: "no batches")
  }

  /// Writes rows in the format asked for to the output.
  private func write(
    _ names: [String], _ body: ((_ row: [(name: String, value: JSONValue)]) throws -> Void) throws -> Void
  ) throws {
    let format = self.format ?? ExportFormat(path: output)
    let file = output == "-" ? nil : try AtomicFileOutput(path: output)
    let records = RecordOutput(format.outputFormat, to: file ?? BufferedOutput.standardOutput(), columns: [])
    try body { row in try records.print(row.map { ($0.name, ExportCommand.value($0.value)) }, cells: []) }
    try records.finish(names: names, ifNone: "")
    try file?.commit()
  }

  private static func value(_ value: JSONValue) -> OutputValue {
    switch value {
    case .null: .text(nil)
    case .string(let text): .text(text)
    case .bool(let truth): .truth(truth)
    case .number, .array, .object: .json { $0.value(value) }
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
