import LeadStore
import TerminalOutput

/// Rows of history as commands print them.
enum HistoryOutput {
  static let columns = [
    Table.Column("at"), Table.Column("key", isTruncatable: true), Table.Column("score", alignment: .right),
    Table.Column("change", alignment: .right), Table.Column("stage"), Table.Column("grade"), Table.Column("cause"),
    Table.Column("version", alignment: .right),
  ]

  static func cells(_ row: HistoryRow, _ key: String) -> [String] {
    let stage =
      row.stageBefore == row.stageAfter || row.before == nil
      ? row.stageAfter ?? "–" : "\(row.stageBefore ?? "–") → \(row.stageAfter ?? "–")"
    return [
      formatMinute(row.at), key, formatPoints(row.after),
      row.before.map { formatPoints(row.after - $0, signed: true) } ?? "new", stage, row.gradeAfter ?? "–",
      row.causeText, String(row.version),
    ]
  }

  static let names = [
    "key", "at", "recorded_at", "before", "after", "stage_before", "stage_after", "grade_after", "cause", "cause_ref",
    "version",
  ]

  /// - Parameter isRecorded: false for a row that was worked out and never recorded.
  static func record(_ row: HistoryRow, _ key: String, isRecorded: Bool = true) -> OutputRecord {
    [
      ("key", .text(key)), ("at", .instant(row.at)), ("recorded_at", .instant(isRecorded ? row.recordedAt : nil)),
      ("before", .points(row.before)), ("after", .points(row.after)), ("stage_before", .text(row.stageBefore)),
      ("stage_after", .text(row.stageAfter)), ("grade_after", .text(row.gradeAfter)),
      ("cause", .text(row.cause.rawValue)), ("cause_ref", .text(row.causeReference)),
      ("version", .integer(Int64(row.version))),
    ]
  }
}
