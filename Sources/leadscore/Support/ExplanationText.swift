import LeadScoring
import LeadStore
import ScoreEngine
import TerminalOutput

/// An explanation as people read it: a ledger from the events up to the score.
struct ExplanationText {
  private let explanation: Explanation
  private let showsAll: Bool
  private let color = Terminal.supportsColor(1)
  private let width = Terminal.width(1)

  /// How many events of a rule are shown unless all are asked for.
  private static let shownEvents = 5

  init(_ explanation: Explanation, showsAll: Bool) {
    self.explanation = explanation
    self.showsAll = showsAll
  }

  var text: String {
    let isOther = explanation.reconstructedStage != nil && !explanation.isActive
    var lines = [
      bold(explanation.key) + "  " + bold(formatPoints(explanation.score)) + " points, stage "
        + bold(explanation.stage ?? "–") + (explanation.grade.map { ", grade \(bold($0))" } ?? ""),
      dim(
        "as of \(formatMinute(explanation.asOf)), by version \(explanation.version) of the rules"
          + (isOther ? ", which is not the active one" : "")),
    ]
    lines += ExplanationNotes.notes(explanation).map { dim(sanitized($0)) }
    lines.append("")
    appendGroup(RuleDocument.rootGroup, indent: 0, to: &lines)
    lines.append("")
    lines += stageLines
    lines += nextLines
    return lines.joined(separator: "\n")
  }

  // MARK: Ledger

  private func appendGroup(_ name: String, indent: Int, to lines: inout [String]) {
    for part in explanation.rules where part.rule.group == name && (part.points != 0 || showsAll) {
      append(part, indent: indent, to: &lines)
    }
    if name == RuleDocument.rootGroup, explanation.adjustment != 0 {
      lines.append(row(indent, RuleDocument.adjustmentRule, explanation.adjustment, "given or taken by a person"))
      for adjustment in explanation.adjustments {
        let text = "\(sanitized(adjustment.person)): \(sanitized(adjustment.reason))"
        let points = formatPoints(adjustment.points, signed: true)
        lines.append(detail(indent, truncated(text, to: max(width - 2 * indent - 22, 40)) + "  " + points))
      }
    }
    for group in explanation.groups where group.partOf == name {
      let isEmpty = group.points == 0 && group.unclamped == 0 && !showsAll
      if isEmpty, !hasPoints(group.name) { continue }
      lines.append(row(indent, group.name, group.points, clampNote(group), style: .bold))
      appendGroup(group.name, indent: indent + 1, to: &lines)
    }
    if name == RuleDocument.rootGroup {
      let clamps = explanation.deductions.map { clampWords($0, explanation.scoreLimits) }
      let note = clamps.isEmpty ? "" : "the sum is \(formatPoints(explanation.unclamped)), \(clamps.joined())"
      lines.append(row(0, "score", explanation.score, note, style: .bold))
    }
  }

  private func hasPoints(_ group: String) -> Bool {
    explanation.rules.contains { $0.rule.group == group && $0.points != 0 }
      || explanation.groups.contains { $0.partOf == group && ($0.points != 0 || hasPoints($0.name)) }
  }

  private func clampNote(_ group: Explanation.GroupPart) -> String {
    var notes: [String] = []
    if group.take == .highest { notes.append("the highest of its parts") }
    for deduction in group.deductions {
      if deduction.part == .highest {
        notes.append("\(plural(deduction.count, "other")) with \(formatPoints(deduction.points)) left out")
      } else {
        notes.append("\(formatPoints(group.unclamped)) before its limits, \(clampWords(deduction, group.limits))")
      }
    }
    return notes.joined(separator: "; ")
  }

  /// What a clamp did: `max 100 takes 20`.
  private func clampWords(_ deduction: Deduction, _ limits: Limits) -> String {
    deduction.part == .min
      ? "min \(limits.min?.description ?? "") adds \(formatPoints(-deduction.points))"
      : "max \(limits.max?.description ?? "") takes \(formatPoints(deduction.points))"
  }

  private func append(_ part: Explanation.RulePart, indent: Int, to lines: inout [String]) {
    var remark = part.rule.name.map { sanitized($0) } ?? ""
    if !part.conditionHolds { remark = "its `if` does not hold" }
    if let since = part.silentSince {
      remark = "silent since \(formatMinute(since)): \(plural(part.silentSpans, "span"))"
    }
    lines.append(row(indent, part.rule.id, part.points, remark))
    let known = ExplanationText.words(part.attributes)
    if !known.isEmpty { lines.append(detail(indent, known)) }
    if case .silence = part.rule.clause {
    } else {
      let relevant = part.events.filter { showsAll || $0.loss == nil }
      let shown = showsAll ? relevant[...] : relevant.suffix(ExplanationText.shownEvents)
      if relevant.count > shown.count {
        let hidden = relevant.dropLast(shown.count).reduce(0) { $0 + $1.points }
        let earned = hidden == 0 ? "" : " with \(formatPoints(hidden, signed: true))"
        lines.append(detail(indent, "… \(relevant.count - shown.count) earlier\(earned), --all shows them"))
      }
      for entry in shown { lines.append(eventLine(indent, entry, part.properties)) }
    }
    let taken = part.deductions.map { ExplanationText.words($0, part.rule) }
    let future = part.events.count { $0.loss == .future }
    if !taken.isEmpty {
      let full = part.deductions.contains { $0.points != 0 } ? "of \(formatPoints(part.fullPoints)): " : ""
      lines.append(detail(indent, full + taken.joined(separator: ", ")))
    }
    if future > 0, !showsAll { lines.append(detail(indent, "\(plural(Int64(future), "event")) yet to come")) }
  }

  private static func words(_ attributes: [(name: String, value: Value?)]) -> String {
    attributes.map { "\(sanitized($0.name)) = \($0.value.map { sanitized($0.cellText) } ?? "absent")" }
      .joined(separator: ", ")
  }

  /// An event with the properties that the rule asks for, or all of them.
  private func eventLine(_ indent: Int, _ entry: Explanation.EventPart, _ asked: [String]) -> String {
    var members = entry.event.properties.members
    if !asked.isEmpty {
      let first = asked.compactMap { name in members.first { $0.name == name } }
      members = first + (showsAll ? members.filter { !asked.contains($0.name) } : [])
    }
    let properties = members.map { "\($0.name)=\($0.value.cellText)" }.joined(separator: " ")
    let points = entry.loss.map { ExplanationText.words($0) } ?? formatPoints(entry.points, signed: true)
    let text = "\(formatMinute(entry.event.occurredAt))  \(entry.event.type)  \(properties)"
    return detail(indent, truncated(text, to: max(width - 2 * indent - 22, 40)) + "  " + points)
  }

  /// What a part of a rule took: `3 events not the first of their day -30`.
  private static func words(_ deduction: Deduction, _ rule: Rule) -> String {
    let events = plural(deduction.count, "event")
    var oncePer = "hour, day or week"
    var within = ""
    var limit = ""
    switch rule.clause {
    case .every(let clause):
      oncePer = clause.oncePer?.rawValue ?? oncePer
      within = clause.within?.description ?? ""
      limit = clause.limit.map(String.init) ?? ""
    case .when(let clause):
      oncePer = clause.oncePer?.rawValue ?? oncePer
      within = clause.within?.description ?? ""
    case .silence(let clause): limit = String(clause.repeatCount)
    case .attributes: break
    }
    let points = deduction.points == 0 ? "" : " " + formatPoints(-deduction.points, signed: true)
    switch deduction.part {
    case .oncePer: return "\(events) not the first of \(deduction.count == 1 ? "its" : "their") \(oncePer)\(points)"
    case .within: return "\(events) \(within) old or older\(points)"
    case .limit: return "\(events) before the last \(limit)\(points)"
    case .decay: return "decay of \(events)\(points)"
    case .repeat: return "\(plural(deduction.count, "span")) beyond \(limit)\(points)"
    case .condition: return "its `if` does not hold\(points)"
    case .highest, .min, .max: return deduction.part.rawValue + points
    }
  }

  private static func words(_ loss: RuleLedger.Loss) -> String {
    switch loss {
    case .future: "yet to come"
    case .notFirst: "not the first of its hour, day or week"
    case .tooOld: "too old"
    case .overLimit: "over the limit"
    case .decayed: "decayed to nothing"
    }
  }

  private func row(_ indent: Int, _ name: String, _ points: Int64, _ remark: String, style: Style = []) -> String {
    let label = String(repeating: "  ", count: indent) + sanitized(name)
    let value = formatPoints(points)
    let gap = max(1, 36 - displayWidth(of: label) - displayWidth(of: value))
    let line = label + String(repeating: " ", count: gap) + value
    return style.apply(to: line, enabled: color) + (remark.isEmpty ? "" : "  " + dim(remark))
  }

  private func detail(_ indent: Int, _ text: String) -> String {
    dim(String(repeating: "  ", count: indent + 2) + text)
  }

  // MARK: Stage

  private var stageLines: [String] {
    var lines: [String] = []
    if let track = explanation.fastTrack {
      let end = track.until.map { ", until \(formatMinute($0))" } ?? ""
      lines.append(
        "stage \(bold(track.stage)) by fast-track of \(sanitized(track.person)): \(sanitized(track.reason))\(end)")
      if let stage = explanation.ruleStage { lines.append("by the rules alone: \(bold(stage))") }
    }
    for entry in explanation.disqualifications {
      let known = ExplanationText.words(entry.attributes)
      lines.append("disqualified by \(bold(entry.id))" + (known.isEmpty ? "" : ": \(known)"))
    }
    for stage in explanation.stages { lines.append(line(stage)) }
    return lines
  }

  /// What holds of a stage: ` (score 60 of 60; email = ann@example.com)`.
  private static func reasons(_ minimums: [Explanation.Minimum], _ stage: Explanation.StagePart) -> String {
    let reached = minimums.map {
      "\(sanitized($0.group)) \(formatPoints($0.has)) of \(formatPoints($0.needed))"
    }
    let parts = [reached.joined(separator: ", "), words(stage.attributes)].filter { !$0.isEmpty }
    return parts.isEmpty ? "" : " (\(parts.joined(separator: "; ")))"
  }

  private func line(_ stage: Explanation.StagePart) -> String {
    if stage.enters { return "enters \(bold(stage.id))" + ExplanationText.reasons(stage.minimums, stage) }
    var missing = stage.minimums.filter { $0.missing > 0 }.map {
      "\(sanitized($0.group)) \(formatPoints($0.has)) of \(formatPoints($0.needed)), \(formatPoints($0.missing)) short"
    }
    if !stage.conditionHolds {
      let known = ExplanationText.words(stage.attributes)
      missing.append("its `if` does not hold" + (known.isEmpty ? "" : " (\(known))"))
    }
    guard stage.keeps else { return "not \(bold(stage.id)): \(missing.joined(separator: "; "))" }
    return "keeps \(bold(stage.id))\(ExplanationText.reasons(stage.keepMinimums, stage)), would not enter it: "
      + missing.joined(separator: "; ")
  }

  private var nextLines: [String] {
    guard let next = explanation.next else { return ["nothing changes any more without new facts"] }
    var text = "next: \(formatMinute(next.at)) (\(formatRelative(next.at, from: explanation.asOf)))"
    if next.score != explanation.score {
      text += ", score \(formatPoints(explanation.score)) → \(formatPoints(next.score))"
    }
    if next.stage != explanation.stage { text += ", stage \(explanation.stage ?? "–") → \(next.stage ?? "–")" }
    if next.grade != explanation.grade { text += ", grade \(explanation.grade ?? "–") → \(next.grade ?? "–")" }
    let rules = next.rules.map { "\($0.id) \(formatPoints($0.before)) → \(formatPoints($0.after))" }
    if !rules.isEmpty { text += ": " + rules.joined(separator: ", ") }
    return [text]
  }

  private func bold(_ text: String) -> String { Style.bold.apply(to: sanitized(text), enabled: color) }

  private func dim(_ text: String) -> String { Style.dim.apply(to: text, enabled: color) }
}
