import LeadScoring
import ScoreEngine
import TerminalOutput

/// What each rule gives to how many leads before and after.
struct RuleImpactSection {
  let page: PreviewPage

  var body: Markup {
    let differing = page.report.rules.filter(RuleImpactSection.differs)
    let same = page.report.rules.filter { !RuleImpactSection.differs($0) }
    let main: Markup =
      differing.isEmpty
      ? "<p>Every rule gives the same points to as many leads as before.</p>"
      : """
      <p class="hint">Sums of points over all leads, before the limits of groups.</p>
      \(table(differing, "Rules that differ"))
      """
    let idle = page.report.idleRules
    let remark: Markup =
      idle.isEmpty
      ? .none
      : """
      <p class="hint after-table">Nobody would get points from \(idle.map { "<code>\($0)</code>" as Markup }.joined(by: ", ")).</p>
      """
    guard !same.isEmpty else { return main + remark }
    return """
      \(main)
      \(remark)
      <details><summary>\(plural(Int64(same.count), "rule")) that \(same.count == 1 ? "gives" : "give") what \
      \(same.count == 1 ? "it" : "they") gave before</summary>
      \(table(same, "Rules that do not differ"))
      </details>
      """
  }

  private static func differs(_ rule: PreviewReport.RuleImpact) -> Bool {
    rule.change != .unchanged || rule.leadsBefore != rule.leadsAfter || rule.pointsBefore != rule.pointsAfter
  }

  private func table(_ rules: [PreviewReport.RuleImpact], _ label: String) -> Markup {
    let most = Int64(clamping: rules.map { ($0.pointsAfter - $0.pointsBefore).magnitude }.max() ?? 1)
    let names = Dictionary((page.base.rules + page.rules.rules).map { ($0.id, $0.name) }) { $1 ?? $0 }
    let rows: Markup = rules.map { rule in
      let change = rule.pointsAfter - rule.pointsBefore
      let leads = rule.leadsAfter - rule.leadsBefore
      let name: Markup = (names[rule.id] ?? nil).map { "<span class=\"quiet\">\($0)</span>" } ?? .none
      let bar = TwoWayBar(left: max(0, -change), right: max(0, change), most: most)
      return """
        <tr><th scope="row"><code>\(rule.id)</code>\(name)</th>\
        <td><span class="badge \(rule.change.rawValue)">\(rule.change.rawValue)</span></td>\
        <td class="n">\(PageNumber.count(rule.leadsBefore))</td><td class="n">\(PageNumber.count(rule.leadsAfter))</td>\
        <td class="n \(PageNumber.tone(leads))">\(PageNumber.change(leads))</td>\
        <td class="n">\(PageNumber.points(rule.pointsBefore))</td><td class="n">\(PageNumber.points(rule.pointsAfter))</td>\
        <td class="n \(PageNumber.tone(change))">\(PageNumber.points(change, signed: true))</td>\
        <td class="bars">\(bar.svg)</td></tr>
        """
    }.joined(by: "\n")
    return """
      <div class="wide" role="region" tabindex="0" aria-label="\(label)"><table>
      <thead><tr><th scope="col" rowspan="2">Rule</th><th scope="col" rowspan="2">In the rules</th>\
      <th scope="colgroup" colspan="3" class="group">Leads</th><th scope="colgroup" colspan="4" class="group">Points</th>\
      </tr><tr><th scope="col" class="n">now</th><th scope="col" class="n">then</th><th scope="col" class="n">±</th>\
      <th scope="col" class="n">now</th><th scope="col" class="n">then</th><th scope="col" class="n">±</th>\
      <td class="bars"></td></tr></thead>
      <tbody>
      \(rows)
      </tbody></table></div>
      """
  }
}
