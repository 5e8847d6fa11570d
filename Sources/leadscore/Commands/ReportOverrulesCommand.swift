import ArgumentParser
import LeadScoring
import ScoreEngine
import TerminalOutput

struct ReportOverrulesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "overrules", abstract: "How often people overruled the rules, in which direction, and who was right.",
    discussion: """
      Fast-tracks go up, down or keep a lead where the rules had it at that moment; adjustments give or take points. \
      Converted are the leads with an event of the active rules' `conversion` after the judgement. Beside it stands how \
      many of the leads converted that the rules had in the same stages and that nobody overruled: people who move leads \
      up are right where theirs convert more often, people who move leads down where theirs convert less often.

      Example: leadscore report overrules
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    let (session, instant) = try common.openForReading()
    let report = try session.overruleReport(model: common.model, asOf: instant)
    let records = RecordOutput(
      format.format, to: BufferedOutput.standardOutput(),
      columns: [
        Table.Column("kind"), Table.Column("by", isTruncatable: true), Table.Column("judgements", alignment: .right),
        Table.Column("leads", alignment: .right), Table.Column("in force", alignment: .right),
        Table.Column("converted", alignment: .right), Table.Column("left alone", alignment: .right),
      ])
    for row in report.rows { try records.print(record(row), cells: cells(row)) }
    try records.finish(names: Self.names, ifNone: "nobody overruled the rules")
    if !report.hasConversion {
      note(
        "the active rules do not say what a conversion is, such as `conversion: { event: deal_won }`, so nobody knows "
          + "who was right")
    }
  }

  private static let names = [
    "kind", "by", "judgements", "leads", "in_force", "converted", "converted_percent", "comparison_leads",
    "comparison_percent",
  ]

  private func record(_ row: OverruleReport.Row) -> OutputRecord {
    [
      ("kind", .text(row.kind?.rawValue)), ("by", .text(row.person)), ("judgements", .integer(row.judgements)),
      ("leads", .integer(row.leads)), ("in_force", .integer(row.inForce)), ("converted", .integer(row.converted)),
      ("converted_percent", .points(row.converted.flatMap { percentHundredths($0, of: row.leads) })),
      ("comparison_leads", .integer(row.comparisonLeads)), ("comparison_percent", .points(row.comparison)),
    ]
  }

  private func cells(_ row: OverruleReport.Row) -> [String] {
    [
      row.kind?.rawValue ?? "all", row.person ?? "everybody", formatCount(row.judgements), formatCount(row.leads),
      formatCount(row.inForce),
      row.converted.map { "\(formatCount($0)) (\(formatPercent($0, of: row.leads)))" } ?? "–",
      row.comparison.map { formatPercent($0, of: 10_000) } ?? "–",
    ]
  }
}
