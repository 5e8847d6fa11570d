import LeadScoring
import TerminalOutput

/// A preview as people read it.
struct PreviewText {
  private let report: PreviewReport
  private let changed: [PreviewReport.Move]?
  private let by: String?
  private let capacity: Int64?
  private let rules: String
  private let color = Terminal.supportsColor(1)
  private let width = Terminal.width(1)
  private let unicode = Terminal.usesUTF8()

  init(_ report: PreviewReport, changed: [PreviewReport.Move]?, by: String?, capacity: Int64?, rules: String) {
    self.report = report
    self.changed = changed
    self.by = by
    self.capacity = capacity
    self.rules = rules
  }

  var text: String {
    var parts = [summary, stages]
    if let capacityLine { parts.append(capacityLine) }
    parts.append(handoffs)
    parts.append(distribution)
    parts.append(impacts)
    parts.append(moves)
    parts.append(outlook)
    parts.append(next)
    return parts.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private var summary: String {
    let name = report.version.map { "version \($0)" } ?? sanitized(rules)
    return """
      \(bold(name)) beside the active version \(report.baseVersion), as of \(formatMinute(report.asOf))
      \(formatCount(report.changed)) of \(plural(report.leads, "lead")) would change \
      (\(formatPercent(report.changed, of: report.leads))): \(formatCount(report.scoresUp)) scores up, \
      \(formatCount(report.scoresDown)) down, \(plural(report.stageChanges, "stage change"))

      """
  }

  private var stages: String {
    var table = Table(columns: [Table.Column("from \\ to")])
    let names = report.stages.filter { name in report.stageMatrix.contains { $0.key.from == name || $0.key.to == name }
    }
    for name in names { table.columns.append(Table.Column(name, alignment: .right)) }
    for from in names {
      table.rows.append(
        [from]
          + names.map { to in
            report.stageMatrix[ApplyReport.StageMove(from: from, to: to)].map { formatCount($0) } ?? "·"
          })
    }
    guard !names.isEmpty else { return "" }
    var text = table.render(width: nil, color: color, unicode: unicode)
    let moves = report.stageMatrix.filter { $0.key.from != $0.key.to }
      .map { StageFlow.Move(from: $0.key.from, to: $0.key.to ?? "–", count: $0.value) }
      .sorted { $0.count > $1.count }
    if !moves.isEmpty {
      text +=
        "\n"
        + StageFlow(moves, palette: StagePalette(stages: report.stages)).render(
          width: width, color: color, unicode: unicode)
    }
    return text
  }

  private var entering: Int64 {
    // A lead that moves from one hand-off stage to another is sales' already.
    report.stageMatrix.reduce(0) { sum, move in
      let wasIn = report.handoffStages.contains(move.key.from ?? "")
      return sum + (!wasIn && report.handoffStages.contains(move.key.to ?? "") ? move.value : 0)
    }
  }

  private var capacityLine: String? {
    guard let capacity else { return nil }
    guard !report.handoffStages.isEmpty else { return "no stage of these rules hands over to sales\n" }
    let names = report.handoffStages.joined(separator: ", ")
    let line =
      "\(plural(entering, "lead")) would enter \(names); sales can take \(formatCount(capacity))"
      + (entering > capacity ? ": \(formatCount(entering - capacity)) too many" : ", which is enough")
    return (entering > capacity ? Style.red : Style.green).apply(to: line, enabled: color) + "\n"
  }

  private var handoffs: String {
    guard let by, !report.handoffsBy.isEmpty else { return "" }
    let table = Table(
      columns: [
        Table.Column(by), Table.Column("entering", alignment: .right), Table.Column("leaving", alignment: .right),
      ],
      rows: report.handoffsBy.prefix(20).map {
        [$0.value.isEmpty ? "–" : $0.value, formatCount($0.entering), formatCount($0.leaving)]
      })
    return table.render(width: nil, color: color, unicode: unicode)
  }

  private var distribution: String {
    let buckets = report.distribution.filter { $0.before != $0.after }
    guard !buckets.isEmpty else { return "" }
    let table = Table(
      columns: [
        Table.Column("score from", alignment: .right), Table.Column("leads before", alignment: .right),
        Table.Column("leads after", alignment: .right), Table.Column("change", alignment: .right),
      ],
      rows: buckets.map {
        [
          formatPoints($0.from), formatCount($0.before), formatCount($0.after),
          ($0.after > $0.before ? "+" : "") + formatCount($0.after - $0.before),
        ]
      })
    return table.render(width: nil, color: color, unicode: unicode)
  }

  private var impacts: String {
    let relevant = report.rules.filter {
      $0.change != .unchanged || $0.pointsBefore != $0.pointsAfter || $0.leadsBefore != $0.leadsAfter
    }
    guard !relevant.isEmpty else { return "no rule differs\n" }
    let table = Table(
      columns: [
        Table.Column("rule"), Table.Column("change"), Table.Column("leads before", alignment: .right),
        Table.Column("after", alignment: .right), Table.Column("points before", alignment: .right),
        Table.Column("after", alignment: .right),
      ],
      rows: relevant.map {
        [
          $0.id, $0.change.rawValue, formatCount($0.leadsBefore), formatCount($0.leadsAfter),
          formatPoints($0.pointsBefore), formatPoints($0.pointsAfter),
        ]
      })
    return table.render(width: nil, color: color, unicode: unicode)
  }

  private var moves: String {
    let listed = changed ?? report.top
    guard !listed.isEmpty else { return "" }
    let table = Table(
      columns: [
        Table.Column("lead", isTruncatable: true), Table.Column("before", alignment: .right),
        Table.Column("after", alignment: .right), Table.Column("stage"),
        Table.Column("because of", isTruncatable: true),
      ],
      rows: listed.map { move in
        let stage =
          move.stageBefore == move.stageAfter
          ? move.stageAfter ?? "–" : "\(move.stageBefore ?? "–") → \(move.stageAfter ?? "–")"
        let reasons = move.reasons.map { "\($0.rule) \(formatPoints($0.after - $0.before, signed: true))" }
        return [
          move.key, formatPoints(move.before), formatPoints(move.after), stage,
          reasons.isEmpty ? "limits, thresholds or groups" : reasons.joined(separator: ", "),
        ]
      })
    return table.render(width: Terminal.widthLimit(1), color: color, unicode: unicode)
  }

  private var outlook: String {
    var lines: [String] = []
    if !report.idleRules.isEmpty {
      lines.append("nobody gets points from: \(sanitized(report.idleRules.joined(separator: ", ")))")
    }
    if report.dueSoon > 0 {
      lines.append("\(plural(report.dueSoon, "lead")) may change with time alone within a week")
    }
    return lines.isEmpty ? "" : lines.joined(separator: "\n") + "\n"
  }

  private var next: String {
    guard let plan = report.plan else { return "" }
    let version = report.version.map(String.init) ?? "N"
    let add = report.version == nil ? "add it by `leadscore rules add`, then " : ""
    return "plan \(plan); \(add)apply exactly this by `leadscore rules apply \(version) --plan \(plan) --yes`"
  }

  private func bold(_ text: String) -> String { Style.bold.apply(to: text, enabled: color) }
}
