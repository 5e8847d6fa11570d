import LeadScoring
import ScoreEngine
import TerminalOutput

/// A preview as one page for a browser or a mail: nothing in it refers to anything outside, and the same preview gives
/// the same bytes.
struct PreviewPage {
  var report: PreviewReport
  var changes: ChangedLeads
  /// The active rules.
  var base: RuleDocument
  /// The previewed rules.
  var rules: RuleDocument
  /// The file that was previewed, without its folder; nil for a version.
  var file: String?
  var model: String
  var by: String?
  var capacity: Int64?
  /// Who added the version, and what they said about it.
  var author: String?
  var note: String?

  /// The whole document.
  var html: String {
    let ranks = StageRanks(report)
    let summary = PreviewSummarySection(page: self, ranks: ranks)
    let sections: [(id: String, title: String, body: Markup)] = [
      ("handoff", "What it means for sales", HandoffSection(page: self).body),
      ("flow", "Leads between stages", flow(ranks)),
      ("scores", "Scores before and after", distribution),
      ("rules", "What each rule contributes", RuleImpactSection(page: self).body),
      ("document", "What differs in the rules", DocumentDifferenceSection(from: base, to: rules).body),
      ("leads", "The leads that change", LeadTableSection(changes: changes, ranks: ranks, page: self).body),
    ]
    let links = sections.map { "<a href=\"#\($0.id)\">\($0.title)</a>" as Markup }.joined(by: " ")
    let bodies: Markup = sections.map { section in
      """
      <section id="\(section.id)" aria-labelledby="\(section.id)-title">
      <h2 id="\(section.id)-title">\(section.title)</h2>
      \(section.body)
      </section>
      """
    }.joined(by: "\n")
    let page: Markup = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
      script-src 'unsafe-inline'">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="referrer" content="no-referrer">
      <title>\(title)</title>
      <style>
      \(Markup(stringLiteral: PageStyle.text))
      </style>
      </head>
      <body>
      <header>
      \(summary.heading)
      </header>
      <main>
      \(summary.verdict)
      \(summary.figures)
      <nav aria-label="On this page">\(links)</nav>
      \(bodies)
      </main>
      <footer>
      \(footer)
      </footer>
      <script>
      \(Markup(stringLiteral: PageScript.text))
      </script>
      </body>
      </html>

      """
    return page.text
  }

  /// What is previewed, in a word or two.
  var subject: String { report.version.map { "version \($0)" } ?? file ?? "the new rules" }

  var title: String { "What \(subject) would change" }

  /// The share of all leads, said only where there are any.
  func share(_ count: Int64) -> String { formatPercent(count, of: report.leads) }

  private func flow(_ ranks: StageRanks) -> Markup {
    guard ranks.stages.contains(where: { $0 != nil }) else { return "<p>These rules have no stages.</p>" }
    let diagram = SankeyDiagram(report, ranks: ranks)
    let words = report.stageChanges == 0 ? "No lead changes its stage." : "Green rises, red falls. " + diagram.note
    return """
      <p class="hint">\(words)</p>
      <div class="wide" role="region" tabindex="0" aria-label="Flow of leads between stages">\(diagram.svg)</div>
      \(StageMatrixTable(report: report, ranks: ranks).body)
      """
  }

  private var distribution: Markup {
    let chart = DistributionChart(report, from: base, to: rules)
    guard !chart.buckets.isEmpty else { return "<p>The database has no leads.</p>" }
    let rows: Markup = chart.buckets.filter { $0.before != 0 || $0.after != 0 }.map { bucket in
      let change = bucket.after - bucket.before
      return """
        <tr><th scope="row">\(chart.rangeName(bucket))</th><td class="n">\(PageNumber.count(bucket.before))</td>\
        <td class="n">\(PageNumber.count(bucket.after))</td>\
        <td class="n">\(PageNumber.change(change))</td></tr>
        """
    }.joined(by: "\n")
    let soon: Markup =
      report.dueSoon == 0
      ? .none
      : """
      <p class="hint after-table">\(plural(report.dueSoon, "lead")) may change with time alone within a week after \
      that.</p>
      """
    return """
      <p class="hint">Leads in each range of \(PageNumber.points(chart.bucketWidth)) points; below, how many more or \
      fewer there would be. Dashed lines are the scores that stages ask for.</p>
      <div class="wide" role="region" tabindex="0" aria-label="Distribution of scores">\(chart.svg)</div>
      \(soon)
      <details><summary>The numbers</summary>
      <div class="wide" role="region" tabindex="0" aria-label="Distribution of scores as a table"><table>
      <thead><tr><th scope="col">Score</th><th scope="col" class="n">Leads now</th>\
      <th scope="col" class="n">With the change</th><th scope="col" class="n">Difference</th></tr></thead>
      <tbody>
      \(rows)
      </tbody></table></div></details>
      """
  }

  private var footer: Markup {
    var lines: [Markup] = []
    if let plan = report.plan {
      let number = report.version.map(String.init) ?? "N"
      let first: Markup =
        report.version == nil
        ? "First add the file by <code>leadscore rules add</code>, which gives it its number N. " : .none
      lines.append(
        """
        <p>Recorded as plan \(String(plan)). \(first)To apply exactly this: \
        <code>leadscore rules apply \(number) --plan \(String(plan))</code>. It is refused where leads would come out \
        differently by then.</p>
        """)
    }
    lines.append(
      "<p>Made by leadscore \(programVersion). Times are in UTC. The page holds all of its data and loads nothing.</p>")
    return lines.joined(by: "\n")
  }
}
