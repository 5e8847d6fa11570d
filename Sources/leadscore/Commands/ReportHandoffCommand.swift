import ArgumentParser
import LeadScoring
import LeadStore
import RecordFormats
import TerminalOutput

struct ReportHandoffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "handoff", abstract: "What sales made of the leads that they were given.",
    discussion: """
      Sales answers with events of the types sales_accepted, sales_rejected (with the property reason), deal_won and \
      deal_lost, imported like any. An answer counts for the batch that the consumer had of the lead before it; with the \
      property consumer for that consumer alone. Shares are of the leads handed over; the time is the median from the \
      hand-off to the first answer.

      Example: leadscore report handoff
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  @Option(name: .customLong("for"), help: ArgumentHelp("This consumer alone.", valueName: "consumer"))
  var consumer: String?

  @Flag(name: .long, help: "A row for each batch.") var byBatch = false

  func run() throws {
    let session = try common.openAsItStands()
    let rows = try session.handoffReport(
      model: common.model, consumer: consumer, byBatch: byBatch, asOf: common.readingInstant(session))
    let columns = [
      "consumer", byBatch ? "batch" : "batches", "confirmed", "leads", "accepted", "rejected", "won", "lost", "time",
    ]
    let records = RecordOutput(
      format.format, to: BufferedOutput.standardOutput(),
      columns: columns.enumerated().map {
        Table.Column($1, alignment: $0 == 0 || $1 == "time" ? .left : .right, isTruncatable: $0 == 0)
      })
    for row in rows { try records.print(record(row), cells: cells(row)) }
    try records.finish(names: Self.names, ifNone: "nothing was handed over")
    if format.format == .table { try printReasons(rows) }
  }

  private static let names = [
    "consumer", "batch", "batches", "confirmed", "entries", "leads", "answered", "accepted", "rejected", "won", "lost",
    "accepted_percent", "rejected_percent", "won_percent", "lost_percent", "median_seconds", "reasons",
  ]

  private func record(_ row: HandoffFigures) -> OutputRecord {
    [
      ("consumer", .text(row.consumer)), ("batch", .integer(row.batch.map { Int64($0.number) })),
      ("batches", .integer(row.batches)), ("confirmed", .integer(row.confirmed)), ("entries", .integer(row.entries)),
      ("leads", .integer(row.leads)), ("answered", .integer(row.answered)), ("accepted", .integer(row.accepted)),
      ("rejected", .integer(row.rejected)), ("won", .integer(row.won)), ("lost", .integer(row.lost)),
      ("accepted_percent", .points(percentHundredths(row.accepted, of: row.leads))),
      ("rejected_percent", .points(percentHundredths(row.rejected, of: row.leads))),
      ("won_percent", .points(percentHundredths(row.won, of: row.leads))),
      ("lost_percent", .points(percentHundredths(row.lost, of: row.leads))),
      ("median_seconds", .integer(row.medianTime.map { $0 / 1000 })),
      (
        "reasons",
        .json { writer in
          writer.beginObject()
          for (reason, leads) in row.reasons {
            writer.key(reason)
            writer.integer(leads)
          }
          writer.endObject()
        }
      ),
    ]
  }

  private func cells(_ row: HandoffFigures) -> [String] {
    func share(_ count: Int64) -> String {
      count == 0 ? "–" : "\(formatCount(count)) (\(formatPercent(count, of: row.leads)))"
    }
    let batch = row.batch.map { String($0.number) } ?? formatCount(row.batches)
    let confirmed = row.batch == nil ? formatCount(row.confirmed) : row.confirmed > 0 ? "yes" : "no"
    return [row.consumer, batch, confirmed, formatCount(row.leads)]
      + [row.accepted, row.rejected, row.won, row.lost].map(share) + [row.medianTime.map { formatDuration($0) } ?? "–"]
  }

  /// Why leads were rejected, below the table.
  private func printReasons(_ rows: [HandoffFigures]) throws {
    var table = Table(columns: [
      Table.Column("consumer", isTruncatable: true), Table.Column("leads", alignment: .right),
      Table.Column("rejected because of", isTruncatable: true),
    ])
    for row in rows where row.batch == nil {
      for (reason, leads) in row.reasons.prefix(10) { table.rows.append([row.consumer, formatCount(leads), reason]) }
    }
    guard !table.rows.isEmpty else { return }
    let more = rows.reduce(0) { $0 + max(0, $1.reasons.count - 10) }
    try printText(
      "\n"
        + table.render(
          width: Terminal.widthLimit(1), color: Terminal.supportsColor(1), unicode: Terminal.usesUTF8()))
    if more > 0 { note("\(plural(Int64(more), "other reason")); --format json has all") }
  }
}

/// A share in hundredths of a percent, halves rounded up; nil of nothing.
func percentHundredths(_ part: Int64, of whole: Int64) -> Int64? {
  whole > 0 ? (part * 20_000 + whole) / (2 * whole) : nil
}
