import ArgumentParser
import LeadScoring
import RecordFormats
import ScoreEngine
import TerminalOutput

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Say why a lead has its score, down to the event.",
    discussion: """
      Each rule's points with the events or attributes that earned them, what groups and limits took away, why the \
      stage is what it is, and what changes next. --as-of may lie in the past: the facts are those of then, but for \
      attributes, which are as they are now. --version asks what another version of the rules would say.

      Example: leadscore explain ann@example.com
      """)

  @Argument(help: "The lead's key.") var key: String
  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  @Option(
    name: .long,
    help: ArgumentHelp("By this version of the rules, whether it is active or not.", valueName: "number"))
  var version: Int?

  @Flag(name: .long, help: "All matching events of each rule, and rules that give nothing.") var all = false

  func run() throws {
    let (session, instant) = try common.openForAnyInstant()
    let explanation = try session.explain(key, model: common.model, asOf: instant, version: version)
    try session.noteIfMerged(key)
    switch format.format {
    case .table: try printText(ExplanationText(explanation, showsAll: all).text)
    case .json: try printJSON { ExplanationJSON.write(explanation, to: &$0) }
    case .jsonl: try printJSON(pretty: false) { ExplanationJSON.write(explanation, to: &$0) }
    case .csv:
      let output = RecordOutput(.csv, to: BufferedOutput.standardOutput(), columns: [])
      for part in explanation.rules where part.points != 0 || all {
        try output.print(
          ExplainCommand.record(part.rule.id, part.rule.group, part.points, full: part.fullPoints), cells: [])
      }
      if explanation.adjustment != 0 {
        try output.print(
          ExplainCommand.record(
            RuleDocument.adjustmentRule, RuleDocument.rootGroup, explanation.adjustment, full: explanation.adjustment),
          cells: [])
      }
      try output.finish(names: ExplainCommand.record("", "", 0, full: 0).map(\.name), ifNone: "")
    }
  }

  /// A rule's row of CSV.
  private static func record(_ id: String, _ group: String, _ points: Int64, full: Int64) -> OutputRecord {
    [("rule", .text(id)), ("group", .text(group)), ("points", .points(points)), ("full_points", .points(full))]
  }
}
