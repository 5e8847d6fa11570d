import ArgumentParser
import LeadScoring
import LeadStore
import RecordFormats
import RuleFile
import TerminalOutput

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Bring in leads and what they did.",
    discussion: "Example: leadscore import leads contacts.csv",
    subcommands: [ImportLeadsCommand.self, ImportEventsCommand.self])
}

struct ImportLeadsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leads", abstract: "Import leads from CSV or JSON Lines.",
    discussion: """
      CSV has a header row: the key is the column key, else email, else what --key names; created_at is recognised; \
      every other column is an attribute. JSON Lines: {"key":…,"created_at":…,"attributes":{…}}. Files may be \
      gzipped; - is standard input. All files land together or not at all, and the same file twice changes nothing. \
      --preset reads the exports of other systems, and the messages of Segment, as they are.

      Example: leadscore import leads contacts.csv --rejects bad.csv
      """)

  @OptionGroup var shared: ImportArguments

  func run() throws {
    try shared.run(.leads) { try $0.importLeads($1, asOf: $2, options: $3) }
  }
}

struct ImportEventsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    // Without the name of what stands above it, a parser of its own would look for requests of completion scripts.
    commandName: "events", _superCommandName: "leadscore import", abstract: "Import events from CSV or JSON Lines.",
    discussion: """
      CSV has the columns key (or email), type, occurred_at and optionally id; every other column with a value is a \
      property. JSON Lines: {"id":…,"key":…,"type":…,"occurred_at":…,"properties":{…}}. Files may be gzipped; - is \
      standard input. An event that arrives twice counts once. --preset reads what other systems export, and a stream of \
      Segment's messages with leads, events and ids of one person all at once.

      A pipe or terminal on standard input is a stream: what has come is committed and scored as it comes, and the end \
      of the input, SIGINT and SIGTERM end it. With --strict, --dry-run or --preset it lands as a whole or not at all, \
      as files do.

      Example: leadscore import events visits.jsonl.gz
      Example: tail -F clicks.jsonl | leadscore import events - --input jsonl
      """)

  @OptionGroup var shared: ImportArguments

  func run() throws {
    if shared.isStream { return try shared.runEventStream() }
    try shared.run(.events) { try $0.importEvents($1, asOf: $2, options: $3) }
  }
}

/// What both imports take.
struct ImportArguments: ParsableArguments {
  @Argument(help: "Files to import; - is standard input.", completion: .file())
  var files: [String]

  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  @Option(name: .long, help: ArgumentHelp("The files' format, where their names do not tell: csv or jsonl."))
  var input: InputFormat?

  @Option(
    name: .long, help: ArgumentHelp("The column (in JSON, the member) that holds the leads' keys.", valueName: "column")
  )
  var key: String?

  @Option(
    name: .long, help: ArgumentHelp("Your own mapping of columns, in YAML.", valueName: "file"), completion: .file())
  var map: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Read the files as this system exports or sends them: "
        + Preset.allCases.map(\.rawValue).joined(separator: ", ") + ".", valueName: "system"))
  var preset: SystemArgument?

  @Option(
    name: .long,
    help: ArgumentHelp("The files' encoding: auto, utf-8, utf-16, latin1, windows-1252.", valueName: "encoding"))
  var encoding: EncodingArgument?

  @Option(
    name: .long, help: ArgumentHelp("Write rejected rows here; - is standard output.", valueName: "file"),
    completion: .file())
  var rejects: String?

  @Flag(name: .long, help: "Let any rejected row fail the import.")
  var strict = false

  @Flag(name: .long, help: "Do everything, report, and undo it.")
  var dryRun = false

  func validate() throws {
    if rejects == "-", format.format != .table {
      throw ValidationError("standard output has the report in \(format.format.rawValue); name a file by --rejects")
    }
    guard preset != nil else { return }
    if map != nil { throw ValidationError("--preset and --map exclude each other") }
    if key != nil, preset?.preset != .segment {
      throw ValidationError("--key goes with --preset segment alone, where it names a trait such as email")
    }
  }

  func run(
    _ kind: ImportMapping.Kind,
    _ body: (ScoringSession, [String], Int64, ImportOptions) throws -> [ImportReport]
  ) throws {
    guard files.filter({ $0 == "-" }).count <= 1 else {
      throw CommandError(.usage, "- (standard input) can be given once only")
    }
    let session = try common.open()
    let log = try RejectionLog(rejects, database: common.path, inputs: files + [map].compactMap(\.self))
    let options = try options(kind, log)
    let reports: [ImportReport]
    do {
      reports = try common.atInstant { try body(session, files, $0, options) }
    } catch {
      // The rejected rows are worth most when they are why the import failed.
      if case ScoringError.rowsRejected = error { try? log.finish(says: false) }
      throw RejectionLog.loss(error, "nothing was imported") ?? error
    }
    try stating(dryRun ? "nothing was kept: this was a dry run" : "what was imported is kept") {
      try log.finish()
      try show(reports, kind)
    }
  }

  /// What the options ask of an import.
  func options(_ kind: ImportMapping.Kind, _ log: RejectionLog) throws -> ImportOptions {
    var options = ImportOptions()
    options.format = input.map { $0 == .csv ? .csv : .jsonl }
    options.key = key
    options.preset = preset?.preset
    options.encoding = encoding?.encoding ?? .auto
    options.isStrict = strict
    options.isDryRun = dryRun
    if let map { options.mapping = try mapping(map, kind) }
    options.onHeader = { try log.add(header: $1) }
    options.onRejection = { try log.add($0, $1) }
    options.onNote = { warn("warning: \(sanitized($0)): \(sanitized($1))") }
    options.beforeCommit = { try log.synchronize() }
    return options
  }

  private func mapping(_ path: String, _ kind: ImportMapping.Kind) throws -> ImportMapping {
    let result = ImportMapping.parse(try readText(path), fileName: path)
    note(result.diagnostics)
    guard let mapping = result.mapping else { throw ScoringError.badMapping(file: path, result.diagnostics) }
    return mapping
  }

  func show(_ reports: [ImportReport], _ kind: ImportMapping.Kind) throws {
    for report in reports {
      for text in report.notes { note("\(sanitized(report.file)): \(sanitized(text))") }
    }
    guard format.format != .table else {
      for report in reports { note(summary(report, kind)) }
      if dryRun { note("nothing was kept: this was a dry run") }
      return
    }
    let output = RecordOutput(format.format, to: BufferedOutput.standardOutput(), columns: [])
    for report in reports { try output.print(record(report, kind), cells: []) }
    try output.finish(names: [], ifNone: "")
  }

  private func record(_ report: ImportReport, _ kind: ImportMapping.Kind) -> OutputRecord {
    let counts = report.counts
    var record: OutputRecord = [
      ("file", .text(report.file)), ("read", .integer(counts.read)), ("created", .integer(counts.created)),
      ("updated", .integer(counts.updated)), ("unchanged", .integer(counts.unchanged)),
      ("duplicates", .integer(counts.duplicates)), ("rejected", .integer(counts.rejected)),
      ("leads_rescored", .integer(report.leadsRescored)), ("stage_changes", .integer(report.stageChanges)),
    ]
    if kind == .events || preset?.preset == .segment { record.append(("leads_created", .integer(counts.leadsCreated))) }
    if preset != nil { record.append(("joined", .integer(report.joined))) }
    return record
  }

  func summary(_ report: ImportReport, _ kind: ImportMapping.Kind) -> String {
    let counts = report.counts
    var parts = ["\(formatCount(counts.created)) new"]
    if kind == .leads, preset?.preset != .segment {
      parts.append("\(formatCount(counts.updated)) changed")
      parts.append("\(formatCount(counts.unchanged)) as they were")
    } else if counts.leadsCreated > 0 {
      parts.append("\(plural(counts.leadsCreated, "lead")) first seen through them")
    }
    if preset?.preset == .segment, counts.updated + counts.unchanged > 0 {
      parts.append("\(plural(counts.updated, "lead")) changed")
    }
    if report.joined > 0 { parts.append("\(plural(report.joined, "key")) joined") }
    if counts.duplicates > 0 { parts.append("\(formatCount(counts.duplicates)) repeated") }
    if counts.rejected > 0 { parts.append("\(formatCount(counts.rejected)) rejected") }
    return "\(sanitized(report.file)): \(plural(counts.read, "row")): \(parts.joined(separator: ", ")); "
      + "\(plural(report.leadsRescored, "lead")) scored, \(plural(report.stageChanges, "stage change"))"
  }
}

/// A system on the command line.
struct SystemArgument: ExpressibleByArgument {
  let preset: Preset

  init?(argument: String) {
    guard let preset = Preset(rawValue: argument) else { return nil }
    self.preset = preset
  }

  static var allValueStrings: [String] { Preset.allCases.map(\.rawValue) }
}

enum InputFormat: String, ExpressibleByArgument, CaseIterable {
  case csv
  case jsonl
}

struct EncodingArgument: ExpressibleByArgument {
  let encoding: TextEncoding

  init?(argument: String) {
    guard let encoding = TextEncoding(name: argument) else { return nil }
    self.encoding = encoding
  }
}
