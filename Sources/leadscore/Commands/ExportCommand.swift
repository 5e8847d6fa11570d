import ArgumentParser
import LeadScoring
import RecordFormats
import ScoreEngine
import TerminalOutput

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write leads for sales: those of the hand-off stages, unless told otherwise.",
    discussion: """
      CSV has key, score, stage, grade, entered_stage_at, version and then the attributes in the order first seen; \
      --columns chooses, and knows created_at, next_change_at, current_stage and what people said, fast_track_by, \
      fast_track_reason, fast_track_until and adjustments, too. attribute.NAME is an attribute \
      whatever its name; so stand attributes that are called like one of these. The highest scores come first, equal \
      ones by key. A cell that a spreadsheet would run as a formula is written so that it does not. A file is written \
      under another name and renamed when it is whole.

      With --for and --new each consumer gets each entry of a lead into a hand-off stage once, in numbered batches, in \
      the order in which leads entered; --batch N writes one of them again, exactly, and --confirm N records that it \
      arrived. Entries that a change of the rules caused are held back until --include-rule-changes or --release N. \
      --cooldown leaves out a lead that enters a stage again soon after the consumer had it; --skipped lists those.

      --preset writes what Salesforce Data Loader or HubSpot's import of contacts takes; --field NAME=COLUMN renames a \
      field, fills it from another column or adds one, --field NAME= takes one away.

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

  @Option(
    name: .long,
    help: "The format: csv, jsonl or json (default: by the file's name, else the batch's, else csv).")
  var format: ExportFormat?

  @Option(name: .long, help: "Write what this system imports: salesforce or hubspot.") var preset: PresetArgument?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "With --preset: a field and the column that fills it; may be given again.", valueName: "name=column"))
  var field: [PairArgument] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "With --preset hubspot: the lifecycle stage of a stage; may be given again.", valueName: "stage=value"))
  var lifecycle: [PairArgument] = []

  @Option(name: .customLong("for"), help: ArgumentHelp("Who gets the leads, such as a CRM.", valueName: "consumer"))
  var consumer: String?

  @Flag(name: .long, help: "What the consumer has not had, as its next batch.") var new = false
  @Option(name: .long, help: ArgumentHelp("Write this batch of the consumer again.", valueName: "n")) var batch: Int?
  @Flag(name: .long, help: "List the consumer's batches, and what sales made of them.") var batches = false

  @Option(name: .long, help: ArgumentHelp("Record that the consumer has this batch.", valueName: "n"))
  var confirm: Int?

  @Option(name: .long, help: ArgumentHelp("With --confirm: who says so.", valueName: "who")) var by: String?
  @Flag(name: .long, help: "List the entries that --cooldown left out.") var skipped = false
  @Flag(name: .long, help: "Also what a change of the rules caused.") var includeRuleChanges = false

  @Option(
    name: .long,
    help: ArgumentHelp("So many of those that a change of the rules caused, the oldest first.", valueName: "n"))
  var release: Int = 0

  @Option(
    name: .long,
    help: ArgumentHelp(
      "With --new: leave out who enters a stage again within this time of the entry handed over last, such as 30d.",
      valueName: "duration"))
  var cooldown: DurationArgument?

  @Option(
    name: .long, help: ArgumentHelp("With --new: a file for what was done, as JSON.", valueName: "file"),
    completion: .file())
  var summary: String?

  func validate() throws {
    let modes = [new, batch != nil, batches, confirm != nil, skipped].filter { $0 }.count
    if modes > 1 {
      throw ValidationError("--new, --batch, --batches, --confirm and --skipped exclude each other")
    }
    if modes == 1, consumer?.allSatisfy(\.isWhitespace) ?? true { throw ValidationError("name the consumer by --for") }
    if consumer != nil, modes == 0 {
      throw ValidationError("--for goes with --new, --batch, --batches, --confirm or --skipped")
    }
    if !new, includeRuleChanges || release != 0 {
      throw ValidationError("--include-rule-changes and --release go with --new")
    }
    if !new, cooldown != nil || summary != nil { throw ValidationError("--cooldown and --summary go with --new") }
    if by?.allSatisfy(\.isWhitespace) ?? false { throw ValidationError("--by is empty; it says who confirms") }
    if by != nil, confirm == nil { throw ValidationError("--by goes with --confirm") }
    if includeRuleChanges, release != 0 {
      throw ValidationError("--include-rule-changes hands over all, --release a few of them; give one")
    }
    if release < 0 { throw ValidationError("--release takes a whole number from 0 on") }
    if summary == "-", output == "-" { throw ValidationError("--summary - needs -o: both would go to standard output") }
    if let summary, summary != "-", OutputGuard.areSame(summary, output) {
      throw ValidationError("--summary and -o name the same file")
    }
    try validateShape(isFixed: modes == 1 && !new)
  }

  private func validateShape(isFixed: Bool) throws {
    if isFixed, columns != nil || !stage.isEmpty || preset != nil || !field.isEmpty || !lifecycle.isEmpty {
      throw ValidationError("--stage, --columns, --preset, --field and --lifecycle are settled when a batch is made")
    }
    if preset == nil, !field.isEmpty || !lifecycle.isEmpty {
      throw ValidationError("--field and --lifecycle go with --preset")
    }
    if preset != nil, columns != nil { throw ValidationError("--preset has its own columns; change them by --field") }
    if let format, preset != nil, format != .csv { throw ValidationError("a preset is written as csv") }
    if preset?.preset != .hubspot, !lifecycle.isEmpty {
      throw ValidationError("--lifecycle goes with --preset hubspot")
    }
    if output != "-", batches || skipped || confirm != nil {
      throw ValidationError("-o goes with --new and --batch; this prints to standard output")
    }
  }

  func run() throws {
    try OutputGuard.check(output, database: common.path)
    if let summary { try OutputGuard.check(summary, database: common.path) }
    if let consumer {
      if batches { return try listBatches(consumer) }
      if skipped { return try listSkipped(consumer) }
      if let confirm { return try confirmBatch(confirm, consumer) }
      if let batch { return try writeAgain(batch, consumer) }
      return try handOver(consumer)
    }
    let (session, _) = try common.openForReading()
    for name in stage { try session.checkStage(name, model: common.model) }
    var query = LeadQuery()
    query.stages = try stage.isEmpty ? session.handoffStages(model: common.model) : stage
    let layout = try session.exportLayout(shape, model: common.model)
    for warning in layout.warnings { warn("warning: " + warning) }
    var count: Int64 = 0
    var unknown: Int64 = 0
    let file = try ExportFile(path: output, format: chosenFormat, isForPreset: preset != nil)
    try file.write(layout.headers) { print in
      try session.forEachLead(query, model: common.model) { lead in
        count += 1
        if layout.lacksIdentity(lead) { unknown += 1 }
        try print(layout.row(of: lead))
      }
    }
    try file.commit()
    if let warning = layout.warning(lackingIdentity: unknown) { warn("warning: " + warning) }
    note("\(plural(count, "lead")) in \(query.stages.joined(separator: ", "))" + destination)
  }

  /// Which columns, or whose.
  var shape: ExportShape {
    var shape = ExportShape()
    shape.columns = columns?.split(separator: ",", omittingEmptySubsequences: false).map { $0.trimmingSpaces }
    shape.preset = preset?.preset
    shape.fields = field.map { ($0.name, $0.value) }
    shape.lifecycleStages = lifecycle.map { ($0.name, $0.value) }
    return shape
  }

  /// --format, else what the file's name tells, else CSV. A preset is CSV whatever the name.
  var chosenFormat: ExportFormat { preset == nil ? format ?? ExportFormat(path: output) ?? .csv : .csv }

  /// Where rows went, for people.
  var destination: String { output == "-" ? "" : " written to \(sanitized(output))" }
}

/// A preset on the command line.
struct PresetArgument: ExpressibleByArgument {
  let preset: ExportPreset

  init?(argument: String) {
    guard let preset = ExportPreset(rawValue: argument) else { return nil }
    self.preset = preset
  }

  static var allValueStrings: [String] { ExportPreset.allCases.map(\.rawValue) }
}

/// A name and a value on the command line, with an equals sign between them; the value may be empty.
struct PairArgument: ExpressibleByArgument {
  let name: String
  let value: String

  init?(argument: String) {
    guard let sign = argument.firstIndex(of: "=") else { return nil }
    name = argument[..<sign].trimmingSpaces
    value = argument[argument.index(after: sign)...].trimmingSpaces
    if name.isEmpty { return nil }
  }
}

/// A duration on the command line.
struct DurationArgument: ExpressibleByArgument {
  let milliseconds: Int64

  init?(argument: String) {
    guard let span = TimeSpan(argument) else { return nil }
    milliseconds = span.milliseconds
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
