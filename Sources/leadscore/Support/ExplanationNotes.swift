import LeadScoring
import ScoreEngine
import TerminalOutput

/// What must be known to read an explanation rightly, in sentences.
enum ExplanationNotes {
  static func notes(_ explanation: Explanation) -> [String] {
    var notes: [String] = []
    if explanation.asOf < explanation.createdAt {
      notes.append("the lead was created later, on \(formatMinute(explanation.createdAt))")
    }
    if explanation.isPast {
      notes.append("attributes are as they are now; events that occurred later do not count")
      if !explanation.isActive, explanation.reconstructedStage == nil {
        notes.append("no rules were active then; version \(explanation.version) was the first")
      }
    }
    switch explanation.stageBasis {
    case .current, .history: break
    case .carriedOver:
      notes.append("the lead's stage is carried over to version \(explanation.version), as applying it would do")
      if explanation.reconstructedStage != explanation.stage {
        notes.append(
          "had version \(explanation.version) been active all along, the stage would be "
            + (explanation.reconstructedStage ?? "–"))
      }
    case .reconstructed:
      if explanation.stages.isEmpty { break }
      notes.append(
        "the stage is worked out from the lead's creation on, as if version \(explanation.version) had been active "
          + "all along")
    }
    if let recorded = explanation.recorded { notes += differences(explanation, recorded) }
    return notes
  }

  private static func differences(_ explanation: Explanation, _ recorded: Explanation.Recorded) -> [String] {
    var parts: [String] = []
    if recorded.score != explanation.score { parts.append("\(formatPoints(recorded.score)) points") }
    if recorded.stage != explanation.stage { parts.append("stage \(recorded.stage ?? "–")") }
    if recorded.grade != explanation.grade { parts.append("grade \(recorded.grade ?? "–")") }
    if parts.isEmpty { return [] }
    return [
      "history recorded \(parts.joined(separator: ", ")) then; facts that came later or changed since make the difference"
    ]
  }
}
