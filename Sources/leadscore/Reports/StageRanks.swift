import LeadScoring
import ScoreEngine

/// In which order the page shows stages, and which of two is the higher one.
struct StageRanks {
  /// All stages of a preview, lowest first; nil is a lead without a stage.
  let stages: [String?]
  private let ranks: [String?: Int]

  /// Stages of the new rules in their order, those that only the old ones have above them, `disqualified` and no stage
  /// below all.
  init(_ report: PreviewReport) {
    let seen = report.stageMatrix.keys.flatMap { [$0.from, $0.to] }
    let known = report.stages.filter { $0 != RuleDocument.disqualifiedStage }
    let unknown = Set(seen.compactMap(\.self)).subtracting(report.stages)
      .subtracting([RuleDocument.disqualifiedStage]).sorted()
    var lowest: [String?] = []
    if seen.contains(nil) { lowest.append(nil) }
    if seen.contains(RuleDocument.disqualifiedStage) { lowest.append(RuleDocument.disqualifiedStage) }
    let all = lowest + known + unknown
    stages = all
    ranks = Dictionary(all.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
  }

  func rank(_ stage: String?) -> Int { ranks[stage] ?? 0 }

  /// `up`, `down` or `same`.
  func tone(from: String?, to: String?) -> String {
    let (before, after) = (rank(from), rank(to))
    return after > before ? "up" : after < before ? "down" : "same"
  }

  /// What the page calls a stage.
  static func name(_ stage: String?) -> String { stage ?? "no stage" }
}
