import LeadScoring
import RecordFormats
import TerminalOutput

/// What applying a version did, for people and for programs.
enum ApplySummary {
  static func text(_ report: ApplyReport, stages: [String], applied: Bool) -> String {
    guard report.wasApplied else { return "version \(report.version) is active already; nothing changed" }
    let color = Terminal.supportsColor(2)
    var text = applied ? "version \(report.version) is active" : "version \(report.version) would"
    if applied, let base = report.baseVersion { text += " in the place of version \(base)" }
    text += applied ? ": " : " change "
    text += "\(formatCount(report.changed)) of \(plural(report.leads, "lead"))"
    text += applied ? " changed" : ""
    text += ", \(formatCount(report.scoresUp)) up and \(formatCount(report.scoresDown)) down; "
    text += "\(plural(report.stageChanges, "stage change"))"
    let moves = report.stageMatrix.filter { $0.key.from != $0.key.to }.map {
      StageFlow.Move(from: $0.key.from, to: $0.key.to ?? "–", count: $0.value)
    }
    if !moves.isEmpty {
      text +=
        "\n"
        + StageFlow(moves.sorted { $0.count > $1.count }, palette: StagePalette(stages: stages))
        .render(width: Terminal.width(2), color: color, unicode: Terminal.usesUTF8())
    }
    return text
  }

  static func record(_ report: ApplyReport, applied: Bool) -> OutputRecord {
    var matrix: [String: [String: Int64]] = [:]
    for (move, count) in report.stageMatrix {
      matrix[move.from ?? "", default: [:]][move.to ?? "", default: 0] += count
    }
    return [
      ("version", .integer(Int64(report.version))), ("base_version", .integer(report.baseVersion.map(Int64.init))),
      ("applied", .truth(report.wasApplied && applied)), ("leads", .integer(report.leads)),
      ("changed", .integer(report.changed)),
      (
        "score_changes",
        .json {
          RecordOutput.write([("up", .integer(report.scoresUp)), ("down", .integer(report.scoresDown))], to: &$0)
        }
      ), ("stage_changes", .integer(report.stageChanges)),
      (
        "stage_matrix",
        .json { writer in
          writer.beginObject()
          for (from, row) in matrix.sorted(by: { $0.key < $1.key }) {
            writer.key(from)
            writer.beginObject()
            for (to, count) in row.sorted(by: { $0.key < $1.key }) {
              writer.key(to)
              writer.integer(count)
            }
            writer.endObject()
          }
          writer.endObject()
        }
      ),
    ]
  }
}
