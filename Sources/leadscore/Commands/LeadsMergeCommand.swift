import ArgumentParser
import LeadScoring
import LeadStore
import ScoreEngine
import TerminalOutput

struct LeadsMergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge", abstract: "Join two leads that are one person.",
    discussion: """
      The first stands for both from now on, with the events of both, its own attributes before the other's, and the \
      earlier creation. What arrives under the other's key is the first one's, until `leadscore leads unmerge` takes the \
      merge back. Prints the merge's number.

      Example: leadscore leads merge ann@example.com ann.lee@example.org --by kim --reason "same person"
      """)

  @Argument(help: "The key of the lead that stands for both.") var key: String
  @Argument(help: "The key of the lead that is merged into it.") var other: String
  @OptionGroup var common: CommonOptions
  @Option(name: .long, help: ArgumentHelp("Who says so.", valueName: "who")) var by: String
  @Option(name: .long, help: ArgumentHelp("Why.", valueName: "why")) var reason: String

  func run() throws {
    let session = try common.open()
    let merge = try common.atInstant { try session.mergeLeads(key, other, by: by, reason: reason, asOf: $0) }
    try stating("merge \(merge.row.id) is done") { try printText(String(merge.row.id)) }
    note("merged \(sanitized(merge.key)) into \(try standing(session, merge.intoKey, common.model))")
  }
}

struct LeadsUnmergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unmerge", abstract: "Take a merge back.",
    discussion: """
      Both leads come back with their own facts: those that they had, and those that arrived under each one's key since.

      Example: leadscore leads unmerge ann.lee@example.org --by kim
      """)

  @Argument(help: "The merge's number, or the key that was merged away.") var merge: String
  @OptionGroup var common: CommonOptions
  @Option(name: .long, help: ArgumentHelp("Who says so.", valueName: "who")) var by: String
  @Option(name: .long, help: ArgumentHelp("Why.", valueName: "why")) var reason: String?

  func run() throws {
    let session = try common.open()
    let merge = try common.atInstant { try session.unmergeLead(self.merge, by: by, reason: reason, asOf: $0) }
    let both = try [merge.intoKey, merge.key].map { try standing(session, $0, common.model) }
    note("took merge \(merge.row.id) back: \(both.joined(separator: "; "))")
  }
}

struct LeadsMergesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merges", abstract: "List all merges, those taken back too.",
    discussion: "Example: leadscore leads merges")

  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    let session = try common.openAsItStands()
    let output = RecordOutput(
      format.format, to: BufferedOutput.standardOutput(),
      columns: [
        Table.Column("id", alignment: .right), Table.Column("key", isTruncatable: true),
        Table.Column("into", isTruncatable: true), Table.Column("at"), Table.Column("by"),
        Table.Column("reason", isTruncatable: true), Table.Column("taken back"),
      ])
    for merge in try session.merges() {
      let row = merge.row
      try output.print(
        [
          ("id", .integer(row.id)), ("key", .text(merge.key)), ("into", .text(merge.intoKey)),
          ("at", .instant(row.asOf)),
          ("recorded_at", .instant(row.recordedAt)), ("by", .text(row.person)), ("reason", .text(row.reason)),
          ("undone_at", .instant(row.undoneAsOf)), ("undone_by", .text(row.undoneBy)),
          ("undone_reason", .text(row.undoneReason)),
        ],
        cells: [
          String(row.id), merge.key, merge.intoKey, formatMinute(row.asOf), row.person ?? "import", row.reason,
          row.undoneAsOf.map { "\(formatMinute($0)) by \(row.undoneBy ?? "–")" } ?? "–",
        ])
    }
    try output.finish(
      names: [
        "id", "key", "into", "at", "recorded_at", "by", "reason", "undone_at", "undone_by", "undone_reason",
      ], ifNone: "no merges")
  }
}

/// A lead's key with its score and stage, in a sentence; the key alone where the model has no rules yet.
private func standing(_ session: ScoringSession, _ key: String, _ model: String) throws -> String {
  guard let lead = try? session.lead(key, model: model) else { return sanitized(key) }
  let stage = lead.stage.map { ", stage \($0)" } ?? ""
  return "\(sanitized(lead.key)), now \(formatPoints(lead.score)) points\(stage)"
}

extension ScoringSession {
  /// Says so where a key is that of a lead that was merged into another, which answers for it.
  func noteIfMerged(_ key: String) throws {
    guard let merge = try merge(ofKey: key) else { return }
    note(
      "\(sanitized(merge.key)) was merged into \(sanitized(merge.intoKey)) (merge \(merge.row.id)), "
        + "which answers for it")
  }
}

extension MergeRefusal {
  /// The status and the words for it.
  var failure: (ExitStatus, String) {
    switch self {
    case .sameLead(let key, let other):
      (.usage, "'\(key)' and '\(other)' are the same lead already; `leadscore leads merges` shows what was merged")
    case .unknownMerge(let name):
      (.noInput, "no merge '\(name)', nor a lead of that key; `leadscore leads merges` shows them")
    case .undoneAlready(let id, let at):
      (.no, "merge \(id) was taken back already, at \(Instant(milliseconds: at))")
    case .notMerged(let key, let members):
      (
        .usage,
        "'\(key)' is not merged into any other lead"
          + (members.isEmpty ? "" : "; name what is merged into it: \(members.prefix(5).joined(separator: ", "))")
      )
    case .empty(let option): (.usage, "\(option) is empty; a merge is recorded with who said so and why")
    }
  }
}
