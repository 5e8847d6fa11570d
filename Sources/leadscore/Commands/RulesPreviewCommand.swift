import ArgumentParser
import LeadScoring
import LeadStore
import RecordFormats
import ScoreEngine
import TerminalOutput

struct RulesPreviewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "preview", abstract: "Show what a version, or a rule file, would change. Nothing that scores changes.",
    discussion: """
      Every lead is evaluated under the active version and under this one. The result is kept as a plan, which \
      `rules apply --plan` applies exactly, or refuses and says what moved.

      Example: leadscore rules preview new-rules.yaml --by owner --capacity 20
      """)

  @Argument(help: "A version's number, or a rule file.", completion: .file()) var rules: String
  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  @Flag(name: .long, help: "Every changed lead, not only the largest moves.") var leads = false
  @Option(name: .long, help: ArgumentHelp("How many of the largest moves to show.", valueName: "n")) var top = 10

  @Option(name: .long, help: ArgumentHelp("Count hand-offs by the values of this attribute.", valueName: "attribute"))
  var by: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Say whether sales can take the leads that would enter, so many at once.", valueName: "n"))
  var capacity: Int64?

  @Option(name: .long, help: ArgumentHelp("Explain this lead alone under both versions.", valueName: "key"))
  var lead: String?

  @Flag(name: .long, help: "Record no plan.") var noPlan = false
  @OptionGroup var guards: GuardArguments

  @Option(
    name: .long,
    help: ArgumentHelp("Write a page to look at, too: one file that needs nothing else.", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var html: String?

  func validate() throws {
    if top < 0 { throw ValidationError("--top takes a whole number from 0 on") }
    if html == "-" { throw ValidationError("--html takes the name of a file; standard output has the preview") }
    if html != nil, lead != nil { throw ValidationError("--html shows all leads; leave out --lead") }
  }

  func run() throws {
    let session = try common.open()
    let (checked, number) = try document(session)
    if let lead {
      return try show(common.atInstant { try session.previewLead(lead, checked, model: common.model, asOf: $0) })
    }
    var options = PreviewOptions()
    options.top = top
    options.by = by
    if let by {
      let known = try session.attributeNames()
      guard known.contains(by) else {
        throw CommandError(.usage, "no lead has an attribute '\(by)'; there is \(known.joined(separator: ", "))")
      }
    }
    options.recordsPlan = !noPlan
    options.guards = guards.guards
    options.program = programVersion
    options.summary = { report in
      var writer = JSONWriter()
      RecordOutput.write(PreviewJSON.record(report, leads: nil), to: &writer)
      return String(decoding: writer.bytes, as: UTF8.self)
    }
    // A file that cannot be made is found before the work, not after it.
    if let html { try OutputGuard.check(html, database: common.path, inputs: [rules]) }
    let page = try html.map { try AtomicFileOutput(path: $0) }
    var changed: [PreviewReport.Move] = []
    var listed = ChangedLeads()
    if leads || page != nil {
      options.onChange = { move in
        if leads { changed.append(move) }
        if page != nil { listed.add(move) }
      }
    }
    let report = try common.atInstant {
      try session.previewRules(checked, number: number, model: common.model, asOf: $0, options: options)
    }
    if let breach = report.breach {
      warn("warning: this \(breach)" + (report.plan.map { "; plan \($0) will be refused" } ?? ""))
    }
    try stating(report.plan.map { "plan \($0) is recorded" } ?? "no plan was recorded") {
      if let page {
        try page.write(self.page(report, listed, checked, session).html)
        try page.commit()
        note("the page is in \(sanitized(page.path))")
      }
      try show(report, changed)
    }
  }

  private func show(_ report: PreviewReport, _ changed: [PreviewReport.Move]) throws {
    switch format.format {
    case .json, .jsonl: try printRecord(PreviewJSON.record(report, leads: leads ? changed : nil), format.format)
    case .csv:
      let output = RecordOutput(.csv, to: BufferedOutput.standardOutput(), columns: [])
      for move in leads ? changed : report.top { try output.print(PreviewJSON.record(move), cells: []) }
      try output.finish(names: PreviewJSON.moveNames, ifNone: "")
    case .table:
      try printText(
        PreviewText(report, changed: leads ? changed : nil, by: by, capacity: capacity, rules: rules).text)
    }
  }

  private func page(
    _ report: PreviewReport, _ changes: ChangedLeads, _ checked: CheckedRules, _ session: ScoringSession
  ) throws -> PreviewPage {
    let version = try report.version.map { try session.version($0, model: common.model).row }
    return PreviewPage(
      report: report, changes: changes, base: try session.version(report.baseVersion, model: common.model).document,
      rules: checked.document, file: Int(rules) == nil ? rules.split(separator: "/").last.map(String.init) : nil,
      model: common.model, by: by, capacity: capacity, author: version?.author, note: version?.note)
  }

  private func document(_ session: ScoringSession) throws -> (CheckedRules, Int?) {
    if let number = Int(rules) {
      let row = try session.version(number, model: common.model).row
      return (try CheckedRules(text: row.document, file: "version \(number)"), number)
    }
    let checked = try RuleInput.read(rules)
    return (checked, try session.versionNumber(digest: checked.digest, model: common.model))
  }

  private func show(_ move: PreviewReport.Move) throws {
    guard format.format == .table else {
      return try printJSON(pretty: format.format == .json) { RecordOutput.write(PreviewJSON.record(move), to: &$0) }
    }
    var table = Table(columns: [
      Table.Column("rule"), Table.Column("before", alignment: .right), Table.Column("after", alignment: .right),
      Table.Column("change", alignment: .right),
    ])
    table.rows = move.reasons.map {
      [$0.rule, formatPoints($0.before), formatPoints($0.after), formatPoints($0.after - $0.before, signed: true)]
    }
    table.rows.append(
      [
        "score", formatPoints(move.before), formatPoints(move.after),
        formatPoints(move.after - move.before, signed: true),
      ])
    try printText(
      "\(sanitized(move.key)): stage \(move.stageBefore ?? "–") → \(move.stageAfter ?? "–")\n\n"
        + table.render(width: Terminal.widthLimit(1), color: Terminal.supportsColor(1)))
  }
}

/// A preview as programs get it.
enum PreviewJSON {
  static let moveNames = [
    "key", "before", "after", "stage_before", "stage_after", "grade_before", "grade_after", "reasons",
  ]

  static func record(_ report: PreviewReport, leads: [PreviewReport.Move]?) -> OutputRecord {
    var record: OutputRecord = [
      ("plan", .integer(report.plan)), ("version", .integer(report.version.map(Int64.init))),
      ("base_version", .integer(Int64(report.baseVersion))), ("as_of", .instant(report.asOf)),
      ("leads", .integer(report.leads)), ("changed", .integer(report.changed)),
      (
        "score_changes",
        .json {
          RecordOutput.write([("up", .integer(report.scoresUp)), ("down", .integer(report.scoresDown))], to: &$0)
        }
      ), ("stage_changes", .integer(report.stageChanges)),
      ("stage_matrix", .json { write(matrix: report.stageMatrix, to: &$0) }),
      ("entering", .json { write(counts: report.entering, to: &$0) }),
      ("leaving", .json { write(counts: report.leaving, to: &$0) }),
      ("rules", .json { array(report.rules.map(PreviewJSON.record), to: &$0) }),
      (
        "idle_rules",
        .json { writer in
          writer.beginArray()
          for id in report.idleRules { writer.string(id) }
          writer.endArray()
        }
      ), ("due_within_week", .integer(report.dueSoon)),
      ("distribution", .json { array(report.distribution.map(PreviewJSON.record), to: &$0) }),
      ("top", .json { array(report.top.map(PreviewJSON.record), to: &$0) }),
    ]
    if !report.handoffsBy.isEmpty {
      record.append(
        (
          "handoffs_by",
          .json {
            array(
              report.handoffsBy.map {
                [("value", .text($0.value)), ("entering", .integer($0.entering)), ("leaving", .integer($0.leaving))]
              }, to: &$0)
          }
        ))
    }
    if let leads { record.append(("changes", .json { array(leads.map(PreviewJSON.record), to: &$0) })) }
    return record
  }

  static func record(_ move: PreviewReport.Move) -> OutputRecord {
    [
      ("key", .text(move.key)), ("before", .points(move.before)), ("after", .points(move.after)),
      ("stage_before", .text(move.stageBefore)), ("stage_after", .text(move.stageAfter)),
      ("grade_before", .text(move.gradeBefore)), ("grade_after", .text(move.gradeAfter)),
      (
        "reasons",
        .json {
          array(
            move.reasons.map {
              [("rule", .text($0.rule)), ("before", .points($0.before)), ("after", .points($0.after))]
            }, to: &$0)
        }
      ),
    ]
  }

  private static func record(_ impact: PreviewReport.RuleImpact) -> OutputRecord {
    [
      ("id", .text(impact.id)), ("change", .text(impact.change.rawValue)),
      ("leads_before", .integer(impact.leadsBefore)),
      ("leads_after", .integer(impact.leadsAfter)), ("points_before", .points(impact.pointsBefore)),
      ("points_after", .points(impact.pointsAfter)),
    ]
  }

  private static func record(_ bucket: PreviewReport.Bucket) -> OutputRecord {
    [("from", .points(bucket.from)), ("before", .integer(bucket.before)), ("after", .integer(bucket.after))]
  }

  private static func array(_ records: [OutputRecord], to writer: inout JSONWriter) {
    writer.beginArray()
    for record in records { RecordOutput.write(record, to: &writer) }
    writer.endArray()
  }

  static func write(matrix: [ApplyReport.StageMove: Int64], to writer: inout JSONWriter) {
    var rows: [String: [String: Int64]] = [:]
    for (move, count) in matrix { rows[move.from ?? "", default: [:]][move.to ?? "", default: 0] += count }
    writer.beginObject()
    for (from, row) in rows.sorted(by: { $0.key < $1.key }) {
      writer.key(from)
      write(counts: row, to: &writer)
    }
    writer.endObject()
  }

  static func write(counts: [String: Int64], to writer: inout JSONWriter) {
    writer.beginObject()
    for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
      writer.key(name)
      writer.integer(count)
    }
    writer.endObject()
  }
}
