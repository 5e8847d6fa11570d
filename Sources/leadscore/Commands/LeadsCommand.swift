import ArgumentParser
import LeadScoring
import LeadStore
import RecordFormats
import ScoreEngine
import TerminalOutput

struct LeadsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leads", abstract: "Look at leads and their scores.",
    discussion: "Example: leadscore leads list --stage sql",
    subcommands: [
      LeadsListCommand.self, LeadsShowCommand.self, LeadsMergeCommand.self, LeadsUnmergeCommand.self,
      LeadsMergesCommand.self,
    ])
}

struct LeadsListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List leads, the highest scores first.",
    discussion: """
      --at shows the whole database as it stood at an instant, by history: score, stage and grade of the leads that had \
      been scored by then; attributes are as they are now.

      Example: leadscore leads list --stage sql --where country=Germany --sort -score,key --limit 20
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  @Option(name: .long, help: ArgumentHelp("Only leads in this stage; may be given again.", valueName: "stage"))
  var stage: [String] = []

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp("Only leads with this score at least.", valueName: "points"))
  var minScore: PointsArgument?

  @Option(name: .long, help: ArgumentHelp("Only leads with this grade.", valueName: "grade"))
  var grade: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Only leads with this attribute; may be given again.", valueName: "field=value"))
  var `where`: [WhereArgument] = []

  @Option(
    name: .long, parsing: .unconditional,
    help: ArgumentHelp(
      "Sort by \(LeadQuery.SortField.allCases.map(\.rawValue).joined(separator: ", ")); - before one turns it round.",
      valueName: "fields"))
  var sort = SortArgument.default

  @Option(name: .long, help: ArgumentHelp("At most so many leads (the table shows 50 unless told).", valueName: "n"))
  var limit: Int?

  @Option(name: .long, help: ArgumentHelp("As the leads stood at this instant.", valueName: "instant"))
  var at: InstantArgument?

  @Flag(name: .long, help: "Also every group, rule and attribute.")
  var breakdown = false

  func validate() throws {
    if let limit, limit < 0 { throw ValidationError("--limit takes a whole number from 0 on") }
    if at != nil {
      if breakdown {
        throw ValidationError(
          "history keeps no groups and rules, so --at has no --breakdown; `explain KEY --as-of INSTANT` works them out")
      }
      if sort.fields.contains(where: { $0.field == .nextChangeAt }) {
        throw ValidationError("history keeps no next_change_at, so --at cannot sort by it")
      }
    }
  }

  func run() throws {
    let (session, _) = try common.openForReading(at: at)
    let query = try query(session)
    let output = RecordOutput(format.format, to: BufferedOutput.standardOutput(), columns: columns)
    var count = 0
    func show(_ lead: ScoredLead) throws {
      count += 1
      try output.print(lead.record(breakdown: breakdown), cells: cells(lead))
    }
    if let at {
      try session.forEachLead(query, model: common.model, at: at.milliseconds, show)
    } else {
      try session.forEachLead(query, model: common.model, show)
    }
    try output.finish(
      names: ScoredLead.fieldNames(breakdown: breakdown), ifNone: at == nil ? "no leads" : "no leads had a score then")
    if limit == nil, format.format == .table, count == 50 { note("the first 50; --limit N shows more") }
  }

  private func query(_ session: ScoringSession) throws -> LeadQuery {
    var query = LeadQuery()
    if at == nil {
      for name in stage { try session.checkStage(name, model: common.model) }
    } else if !stage.isEmpty {
      let known = try session.stageNamesOfAllVersions(model: common.model)
      if let unknown = stage.first(where: { !known.contains($0) }) {
        throw CommandError(
          .usage, "no stage '\(unknown)'; the versions of the rules have \(known.joined(separator: ", "))")
      }
    }
    query.stages = stage
    query.minimumScore = minScore?.hundredths
    query.grade = grade
    if !`where`.isEmpty {
      let known = try session.attributeNames()
      for name in Set(`where`.map(\.name)).subtracting(known).sorted() {
        warn("warning: no lead has an attribute '\(name)'")
      }
    }
    query.attributes = `where`.map { ($0.name, $0.value) }
    query.sort = sort.fields
    query.limit = limit ?? (format.format == .table ? 50 : nil)
    return query
  }

  private var columns: [Table.Column] {
    var columns = [
      Table.Column("key", isTruncatable: true), Table.Column("score", alignment: .right), Table.Column("stage"),
      Table.Column("grade"), Table.Column(at == nil ? "next change" : "since"),
    ]
    if breakdown {
      columns.append(Table.Column("groups", isTruncatable: true))
      columns.append(Table.Column("rules", isTruncatable: true))
    }
    return columns
  }

  private func cells(_ lead: ScoredLead) -> [String] {
    var cells = [
      lead.key, formatPoints(lead.score), lead.stage ?? "–", lead.grade ?? "–",
      (at == nil ? lead.nextChangeAt : lead.scoredAt).map { formatMinute($0) } ?? "–",
    ]
    if breakdown {
      cells.append(lead.groups.map { "\($0.name) \(formatPoints($0.points))" }.joined(separator: ", "))
      cells.append(lead.rules.map { "\($0.id) \(formatPoints($0.points))" }.joined(separator: ", "))
    }
    return cells
  }
}

struct LeadsShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one lead.", discussion: "Example: leadscore leads show ann@example.com")

  @Argument(help: "The lead's key.") var key: String
  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    let (session, _) = try common.openForReading(lead: key)
    let lead = try session.lead(key, model: common.model)
    try session.noteIfMerged(key)
    switch format.format {
    case .table: try printText(text(lead, merged: session.mergedKeys(ofLead: key)))
    case .json: try printJSON { RecordOutput.write(lead.record(breakdown: true), to: &$0) }
    case .jsonl, .csv:
      let output = RecordOutput(format.format, to: BufferedOutput.standardOutput(), columns: [])
      try output.print(lead.record(breakdown: true), cells: [])
      try output.finish(names: [], ifNone: "")
    }
  }

  private func text(_ lead: ScoredLead, merged: [String]) -> String {
    let color = Terminal.supportsColor(1)
    var table = Table(columns: [Table.Column("lead"), Table.Column(lead.key, isTruncatable: true, isVerbatim: true)])
    table.rows = [
      ["score", formatPoints(lead.score)],
      ["stage", "\(lead.stage ?? "–") since \(formatMinute(lead.enteredStageAt))"],
      ["grade", lead.grade ?? "–"], ["version", String(lead.version)], ["created", formatMinute(lead.createdAt)],
      ["scored", formatMinute(lead.scoredAt)], ["next change", lead.nextChangeAt.map { formatMinute($0) } ?? "–"],
    ]
    if !merged.isEmpty { table.rows.append(["also", merged.joined(separator: ", ")]) }
    if let track = lead.fastTrack {
      table.rows.append(["fast-track", "\(track.stage) by \(track.person): \(track.reason)"])
    }
    for row in lead.adjustments {
      table.rows.append(["adjustment", "\(formatPoints(row.points, signed: true)) by \(row.person): \(row.reason)"])
    }
    var text = table.render(width: Terminal.widthLimit(1), color: color)
    func section(_ title: String, _ rows: [[String]], right: Bool) {
      guard !rows.isEmpty else { return }
      let table = Table(
        columns: [Table.Column(title), Table.Column("", alignment: right ? .right : .left, isTruncatable: !right)],
        rows: rows)
      text += "\n" + table.render(width: Terminal.widthLimit(1), color: color)
    }
    section("groups", lead.groups.map { [$0.name, formatPoints($0.points)] }, right: true)
    section("rules", lead.rules.map { [$0.id, formatPoints($0.points, signed: true)] }, right: true)
    section("attributes", lead.attributes.members.map { [$0.name, $0.value.cellText] }, right: false)
    return text
  }
}

extension ScoredLead {
  static func fieldNames(breakdown: Bool) -> [String] {
    ["key", "score", "stage", "grade"] + (breakdown ? ["groups", "rules"] : [])
      + ["version", "scored_at", "next_change_at", "fast_track", "created_at"] + (breakdown ? ["attributes"] : [])
  }

  /// The lead's fields as programs get them.
  func record(breakdown: Bool) -> OutputRecord {
    var record: OutputRecord = [
      ("key", .text(key)), ("score", .points(score)), ("stage", .text(stage)), ("grade", .text(grade)),
    ]
    if breakdown {
      record.append(("groups", .json { ScoredLead.write(groups.map { ($0.name, $0.points) }, to: &$0) }))
      record.append(("rules", .json { ScoredLead.write(rules.map { ($0.id, $0.points) }, to: &$0) }))
    }
    record += [
      ("version", .integer(Int64(version))), ("scored_at", .instant(scoredAt)),
      ("next_change_at", .instant(nextChangeAt)), ("fast_track", fastTrackValue), ("created_at", .instant(createdAt)),
    ]
    if breakdown { record.append(("attributes", .json { attributes.write(to: &$0) })) }
    return record
  }

  private var fastTrackValue: OutputValue {
    guard let fastTrack else { return .text(nil) }
    return .json { writer in
      RecordOutput.write(
        [
          ("stage", .text(fastTrack.stage)), ("by", .text(fastTrack.person)), ("reason", .text(fastTrack.reason)),
          ("from", .instant(fastTrack.from)), ("until", .instant(fastTrack.until)),
        ], to: &writer)
    }
  }

  private static func write(_ points: [(String, Int64)], to writer: inout JSONWriter) {
    writer.beginObject()
    for (name, value) in points {
      writer.key(name)
      writer.hundredths(value)
    }
    writer.endObject()
  }
}

/// `FIELD=VALUE` on the command line.
struct WhereArgument: ExpressibleByArgument {
  let name: String
  let value: String

  init?(argument: String) {
    guard let split = argument.firstIndex(of: "="), split != argument.startIndex else { return nil }
    name = String(argument[..<split])
    value = String(argument[argument.index(after: split)...])
  }
}

/// `-score,key` on the command line.
struct SortArgument: ExpressibleByArgument {
  let fields: [(field: LeadQuery.SortField, descending: Bool)]

  static let `default` = SortArgument(fields: [(.score, true)])

  init(fields: [(field: LeadQuery.SortField, descending: Bool)]) {
    self.fields = fields
  }

  init?(argument: String) {
    var fields: [(field: LeadQuery.SortField, descending: Bool)] = []
    for part in argument.split(separator: ",") {
      let descending = part.hasPrefix("-")
      guard let field = LeadQuery.SortField(rawValue: String(descending ? part.dropFirst() : part)) else { return nil }
      fields.append((field, descending))
    }
    guard !fields.isEmpty else { return nil }
    self.fields = fields
  }

  var defaultValueDescription: String { "-score" }
}
