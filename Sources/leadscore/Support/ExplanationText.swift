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
    let lead = explanation.lead
    var lines = [
      bold(lead.key) + "  " + bold(formatPoints(lead.score)) + " points, stage " + bold(lead.stage ?? "–")
        + (lead.grade.map { ", grade \(bold($0))" } ?? ""),
      dim("as of \(formatMinute(explanation.asOf)), by version \(lead.version) of the rules"), "",
    ]
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
    }
    for group in explanation.groups where group.partOf == name {
      let isEmpty = group.points == 0 && group.unclamped == 0 && !showsAll
      if isEmpty, !hasPoints(group.name) { continue }
      lines.append(row(indent, group.name, group.points, clampNote(group), style: .bold))
      appendGroup(group.name, indent: indent + 1, to: &lines)
    }
    if name == RuleDocument.rootGroup {
      let limits = explanation.scoreLimits
      let sum = explanation.unclamped
      let note = sum == explanation.lead.score ? "" : "the sum is \(formatPoints(sum)), \(bounds(limits))"
      lines.append(row(0, "score", explanation.lead.score, note, style: .bold))
    }
  }

  private func hasPoints(_ group: String) -> Bool {
    explanation.rules.contains { $0.rule.group == group && $0.points != 0 }
      || explanation.groups.contains { $0.partOf == group && ($0.points != 0 || hasPoints($0.name)) }
  }

  private func clampNote(_ group: Explanation.GroupPart) -> String {
    var notes: [String] = []
    if group.take == .highest { notes.append("the highest of its parts") }
    if group.unclamped != group.points {
      notes.append("\(formatPoints(group.unclamped)) before its limits, \(bounds(group.limits))")
    }
    return notes.joined(separator: "; ")
  }

  private func bounds(_ limits: Limits) -> String {
    [limits.min.map { "min \($0)" }, limits.max.map { "max \($0)" }].compactMap(\.self).joined(separator: ", ")
  }

  private func append(_ part: Explanation.RulePart, indent: Int, to lines: inout [String]) {
    var remark = part.rule.name.map { sanitized($0) } ?? ""
    if !part.conditionHolds { remark = "its `if` does not hold" }
    if let since = part.silentSince {
      remark = "silent since \(formatMinute(since)): \(plural(part.silentSpans, "span"))"
    }
    lines.append(row(indent, part.rule.id, part.points, remark))
    let known = part.attributes.map { "\(sanitized($0.name)) = \($0.value.map { sanitized($0.cellText) } ?? "absent")" }
    if !known.isEmpty { lines.append(detail(indent, known.joined(separator: ", "))) }
    if case .silence = part.rule.clause { return }
    let relevant = part.entries.filter { showsAll || $0.loss == nil }
    let shown = showsAll ? relevant[...] : relevant.suffix(ExplanationText.shownEvents)
    if relevant.count > shown.count {
      lines.append(detail(indent, "… \(relevant.count - shown.count) earlier, --all shows them"))
    }
    for entry in shown { lines.append(eventLine(indent, entry)) }
    let lost = part.entries.filter { $0.loss != nil }
    if !showsAll, !lost.isEmpty { lines.append(detail(indent, lossSummary(lost.compactMap(\.loss)))) }
  }

  private func eventLine(
    _ indent: Int, _ entry: (event: LeadEvent, points: Int64, loss: RuleLedger.Loss?)
  ) -> String {
    let properties = entry.event.properties.members.map { "\($0.name)=\($0.value.cellText)" }.joined(separator: " ")
    let points = entry.loss.map { ExplanationText.words($0) } ?? formatPoints(entry.points, signed: true)
    let text = "\(formatMinute(entry.event.occurredAt))  \(entry.event.type)  \(properties)"
    return detail(indent, truncated(text, to: max(width - 2 * indent - 22, 40)) + "  " + points)
  }

  private func lossSummary(_ losses: [RuleLedger.Loss]) -> String {
    var counts: [RuleLedger.Loss: Int] = [:]
    for loss in losses { counts[loss, default: 0] += 1 }
    return counts.sorted { $0.key.rawValue < $1.key.rawValue }
      .map { "\(plural(Int64($0.value), "event")) \(ExplanationText.words($0.key))" }.joined(separator: ", ")
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
    if let track = explanation.lead.fastTrack {
      lines.append("stage \(bold(track.stage)) by fast-track of \(sanitized(track.person)): \(sanitized(track.reason))")
    }
    for id in explanation.disqualifications { lines.append("disqualified by \(bold(id))") }
    for stage in explanation.stages {
      if stage.enters {
        lines.append("enters \(bold(stage.id))")
        continue
      }
      var missing = stage.minimums.filter { $0.has < $0.needed }.map {
        "\(sanitized($0.group)) \(formatPoints($0.has)) of \(formatPoints($0.needed)), \(formatPoints($0.needed - $0.has)) short"
      }
      if !stage.conditionHolds { missing.append("its `if` does not hold") }
      let verb = stage.keeps ? "keeps \(bold(stage.id)), would not enter it" : "not \(bold(stage.id))"
      lines.append("\(verb): \(missing.joined(separator: "; "))")
    }
    return lines
  }

  private var nextLines: [String] {
    guard let next = explanation.next else { return ["nothing changes any more without new facts"] }
    let lead = explanation.lead
    var text = "next: \(formatMinute(next.at)) (\(formatRelative(next.at, from: explanation.asOf)))"
    if next.score != lead.score { text += ", score \(formatPoints(lead.score)) → \(formatPoints(next.score))" }
    if next.stage != lead.stage { text += ", stage \(lead.stage ?? "–") → \(next.stage ?? "–")" }
    if next.grade != lead.grade { text += ", grade \(lead.grade ?? "–") → \(next.grade ?? "–")" }
    let rules = next.rules.map { "\($0.id) \(formatPoints($0.before)) → \(formatPoints($0.after))" }
    if !rules.isEmpty { text += ": " + rules.joined(separator: ", ") }
    return [text]
  }

  private func bold(_ text: String) -> String { Style.bold.apply(to: sanitized(text), enabled: color) }

  private func dim(_ text: String) -> String { Style.dim.apply(to: text, enabled: color) }
}
