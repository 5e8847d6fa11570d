import LeadScoring
import ScoreEngine
import TerminalOutput

/// The top of the page: what is compared, the result in a sentence, the headline figures.
struct PreviewSummarySection {
  let page: PreviewPage
  let ranks: StageRanks

  private var report: PreviewReport { page.report }

  var heading: Markup {
    var facts: [(String, Markup)] = [
      ("Compared", "\(subjectInFull) with version \(report.baseVersion), which is active"),
      ("As of", "<time datetime=\"\(formatInstant(report.asOf))\">\(formatMinute(report.asOf)) UTC</time>"),
      ("Leads", "\(PageNumber.count(report.leads))"), ("Model", "\(page.model)"),
    ]
    if let plan = report.plan { facts.append(("Plan", "\(String(plan))")) }
    if let author = page.author { facts.append(("Proposed by", "\(author)")) }
    if let note = page.note { facts.append(("Note", "\(note)")) }
    let list: Markup = facts.map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>" }.joined(by: "\n")
    let name: Markup =
      page.rules.name.map { "<p class=\"eyebrow\">\($0) · preview of a rule change</p>" }
      ?? "<p class=\"eyebrow\">Preview of a rule change</p>"
    return """
      \(name)
      <h1>\(page.title)</h1>
      <dl class="facts">
      \(list)
      </dl>
      """
  }

  private var subjectInFull: String {
    switch (report.version, page.file) {
    case (let version?, let file?): "version \(version) (\(file))"
    case (let version?, nil): "version \(version)"
    case (nil, let file?): "the file \(file), which is no version yet,"
    case (nil, nil): page.subject
    }
  }

  /// The result in plain words, for people who read no further.
  var verdict: Markup {
    guard report.changed > 0 else {
      return "<p class=\"verdict\">No lead would get another score, stage or grade. Nothing has been applied.</p>"
    }
    let handoff = report.handoffStages.joined(separator: " or ")
    let sales: Markup
    if report.handoffStages.isEmpty {
      sales = "No stage of these rules hands leads over to sales."
    } else {
      let entering = plural(page.entering, "lead")
      sales = """
        <strong>\(entering)</strong> would newly enter \(handoff), <strong>\(formatCount(page.leaving))</strong> \
        would leave.
        """
    }
    return """
      <p class="verdict"><strong>\(formatCount(report.changed))</strong> of \(plural(report.leads, "lead")) \
      (\(page.share(report.changed))) would get another score, stage or grade. \(sales) \
      Nothing has been applied.</p>
      """
  }

  var figures: Markup {
    var rising: Int64 = 0
    var falling: Int64 = 0
    for (move, count) in report.stageMatrix {
      switch ranks.tone(from: move.from, to: move.to) {
      case "up": rising += count
      case "down": falling += count
      default: break
      }
    }
    var cards = [
      card("Leads that change", report.changed, "\(page.share(report.changed)) of all", ""),
      card("Scores up", report.scoresUp, page.share(report.scoresUp), "up"),
      card("Scores down", report.scoresDown, page.share(report.scoresDown), "down"),
      card(
        "Stage changes", report.stageChanges, "\(PageNumber.count(rising)) up, \(PageNumber.count(falling)) down", ""),
    ]
    if !report.handoffStages.isEmpty {
      cards.append(card("Enter hand-off", page.entering, report.handoffStages.joined(separator: ", "), "up"))
      cards.append(card("Leave hand-off", page.leaving, report.handoffStages.joined(separator: ", "), "down"))
    }
    return """
      <ul class="figures" aria-label="Headline figures">
      \(cards.joined(by: "\n"))
      </ul>
      """
  }

  private func card(_ name: String, _ count: Int64, _ detail: String, _ tone: String) -> Markup {
    let sign: Markup =
      count == 0 || tone.isEmpty ? .none : "<span aria-hidden=\"true\">\(tone == "up" ? "▲" : "▼")</span> "
    let shown = count == 0 ? "" : tone
    return """
      <li><span class="name">\(name)</span><span class="figure \(shown)">\(sign)\(PageNumber.count(count))</span>\
      <span class="detail">\(detail)</span></li>
      """
  }
}

extension PreviewPage {
  /// Leads that would newly be in a hand-off stage. One that goes from such a stage to another is with sales already.
  var entering: Int64 {
    report.stageMatrix.reduce(0) { $0 + (!isHandoff($1.key.from) && isHandoff($1.key.to) ? $1.value : 0) }
  }

  /// Leads that would be in no hand-off stage any more.
  var leaving: Int64 {
    report.stageMatrix.reduce(0) { $0 + (isHandoff($1.key.from) && !isHandoff($1.key.to) ? $1.value : 0) }
  }

  func isHandoff(_ stage: String?) -> Bool { stage.map(report.handoffStages.contains) ?? false }
}

/// All pairs of stages with their counts.
struct StageMatrixTable {
  let report: PreviewReport
  let ranks: StageRanks

  var body: Markup {
    let used = ranks.stages.reversed().filter { stage in
      report.stageMatrix.contains { $0.key.from == stage || $0.key.to == stage }
    }
    let heads: Markup = used.map { "<th scope=\"col\" class=\"n\">\(StageRanks.name($0))</th>" }.joined()
    let rows: Markup = used.map { from in
      var total: Int64 = 0
      let cells: Markup = used.map { to in
        let count = report.stageMatrix[ApplyReport.StageMove(from: from, to: to)] ?? 0
        total += count
        if count == 0 { return "<td class=\"n none\">·</td>" }
        return "<td class=\"n cell \(ranks.tone(from: from, to: to))\">\(PageNumber.count(count))</td>"
      }.joined()
      return """
        <tr><th scope="row">\(StageRanks.name(from))</th>\(cells)<td class="n total">\(PageNumber.count(total))</td></tr>
        """
    }.joined(by: "\n")
    let sums: Markup = used.map { to in
      let sum = report.stageMatrix.reduce(0) { $0 + ($1.key.to == to ? $1.value : 0) }
      return "<td class=\"n\">\(PageNumber.count(sum))</td>"
    }.joined()
    return """
      <div class="wide" role="region" tabindex="0" aria-label="Leads by stage before and after"><table class="matrix">
      <caption>Leads by stage now (rows) and with the change (columns)</caption>
      <thead><tr><th scope="col">From \\ to</th>\(heads)<th scope="col" class="n">now</th></tr></thead>
      <tbody>
      \(rows)
      </tbody>
      <tfoot><tr><th scope="row">with the change</th>\(sums)<td class="n">\(PageNumber.count(report.leads))</td></tr></tfoot>
      </table></div>
      """
  }
}
