import LeadScoring
import TerminalOutput

/// Who would enter and leave the stages that hand leads over to sales.
struct HandoffSection {
  let page: PreviewPage

  private static let mostValues = 40

  private var report: PreviewReport { page.report }

  var body: Markup {
    guard !report.handoffStages.isEmpty else { return "<p>No stage of these rules hands leads over to sales.</p>" }
    return [capacity, stages, byAttribute].filter { !$0.isEmpty }.joined(by: "\n")
  }

  private var capacity: Markup {
    guard let capacity = page.capacity else { return .none }
    let entering = page.entering
    let isTooMuch = entering > capacity
    let share = capacity > 0 ? min(1, Double(entering) / Double(capacity)) : (entering > 0 ? 1 : 0)
    let words =
      isTooMuch
      ? "\(formatCount(entering - capacity)) too many at once" : "that is enough room"
    return """
      <p class="capacity \(isTooMuch ? "too-much" : "enough")"><span class="sign" aria-hidden="true">\
      \(isTooMuch ? "!" : "✓")</span><span><strong>\(plural(entering, "lead")) would enter, sales can take \
      \(formatCount(capacity)): \(words).</strong>\
      <span class="meter" aria-hidden="true"><span style="width:\(share * 100)%"></span></span></span></p>
      """
  }

  private var stages: Markup {
    let rows: Markup = report.handoffStages.map { stage in
      func sum(_ side: KeyPath<ApplyReport.StageMove, String?>) -> Int64 {
        report.stageMatrix.reduce(0) { $0 + ($1.key[keyPath: side] == stage ? $1.value : 0) }
      }
      let (now, then) = (sum(\.from), sum(\.to))
      return """
        <tr><th scope="row">\(stage)</th><td class="n">\(PageNumber.count(now))</td>\
        <td class="n \(tone(report.entering[stage], "up"))">\(PageNumber.count(report.entering[stage] ?? 0))</td>\
        <td class="n \(tone(report.leaving[stage], "down"))">\(PageNumber.count(report.leaving[stage] ?? 0))</td>\
        <td class="n">\(PageNumber.count(then))</td>\
        <td class="n \(PageNumber.tone(then - now))">\(PageNumber.change(then - now))</td></tr>
        """
    }.joined(by: "\n")
    let between = report.stageMatrix.reduce(Int64(0)) {
      let isBetween = $1.key.from != $1.key.to && page.isHandoff($1.key.from) && page.isHandoff($1.key.to)
      return $0 + (isBetween ? $1.value : 0)
    }
    let remark: Markup =
      between == 0
      ? .none
      : """
      <p class="hint after-table">\(plural(between, "lead")) would go from one hand-off stage to another; sales has \
      \(between == 1 ? "it" : "them") already.</p>
      """
    return """
      <div class="wide" role="region" tabindex="0" aria-label="Hand-off stages"><table>
      <thead><tr><th scope="col">Hand-off stage</th><th scope="col" class="n">Leads now</th>\
      <th scope="col" class="n">Entering</th><th scope="col" class="n">Leaving</th>\
      <th scope="col" class="n">Leads then</th><th scope="col" class="n">Difference</th></tr></thead>
      <tbody>
      \(rows)
      </tbody></table></div>
      \(remark)
      """
  }

  private func tone(_ count: Int64?, _ tone: String) -> String { (count ?? 0) == 0 ? "same" : tone }

  private var byAttribute: Markup {
    guard let by = page.by else { return .none }
    guard !report.handoffsBy.isEmpty else { return "<p class=\"hint\">Nothing moves by \(by).</p>" }
    let most = report.handoffsBy.map { max($0.entering, $0.leaving) }.max() ?? 1
    let listed = report.handoffsBy.prefix(HandoffSection.mostValues)
    var rows: [Markup] = listed.map { row in
      """
      <tr><th scope="row">\(row.value.isEmpty ? "(none)" : row.value)</th>\
      <td class="n \(tone(row.entering, "up"))">\(PageNumber.count(row.entering))</td>\
      <td class="n \(tone(row.leaving, "down"))">\(PageNumber.count(row.leaving))</td>\
      <td class="n \(PageNumber.tone(row.entering - row.leaving))">\(PageNumber.change(row.entering - row.leaving))</td>\
      <td class="bars">\(TwoWayBar(left: row.leaving, right: row.entering, most: most).svg)</td></tr>
      """
    }
    let rest = report.handoffsBy.dropFirst(HandoffSection.mostValues)
    if !rest.isEmpty {
      let (entering, leaving) = rest.reduce((Int64(0), Int64(0))) { ($0.0 + $1.entering, $0.1 + $1.leaving) }
      rows.append(
        """
        <tr><th scope="row">\(plural(Int64(rest.count), "other value"))</th>\
        <td class="n">\(PageNumber.count(entering))</td><td class="n">\(PageNumber.count(leaving))</td>\
        <td class="n">\(PageNumber.change(entering - leaving))</td><td></td></tr>
        """)
    }
    return """
      <div class="wide" role="region" tabindex="0" aria-label="Hand-offs by \(by)"><table>
      <caption>Hand-offs by \(by)</caption>
      <thead><tr><th scope="col">\(by)</th><th scope="col" class="n">Entering</th><th scope="col" class="n">Leaving</th>\
      <th scope="col" class="n">Difference</th><th scope="col" class="bars"><span class="quiet">leaving | entering</span>\
      </th></tr></thead>
      <tbody>
      \(rows.joined(by: "\n"))
      </tbody></table></div>
      """
  }
}

/// Two bars that begin at the same middle, for a cell of a table.
struct TwoWayBar {
  /// How much goes to the left and to the right, and what a full side stands for.
  let left: Int64
  let right: Int64
  let most: Int64

  var svg: Markup {
    let unit = 70 / Double(max(1, most))
    let (leftSize, rightSize) = (Double(left) * unit, Double(right) * unit)
    return """
      <svg class="two-way" viewBox="0 0 144 12" width="144" height="12" aria-hidden="true">\
      <rect class="fewer" x="\(72 - leftSize)" y="1" width="\(leftSize)" height="10"/>\
      <rect class="more" x="72" y="1" width="\(rightSize)" height="10"/>\
      <line class="base" x1="72" y1="0" x2="72" y2="12"/></svg>
      """
  }
}
