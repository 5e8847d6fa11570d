import LeadStore
import TerminalOutput

/// The history of one lead's score as one page for a browser or a mail: nothing in it refers to anything outside.
struct HistoryPage {
  var key: String
  var model: String
  /// The lead's changes in the order of recording; not empty.
  var rows: [HistoryRow]
  /// Up to when the history reaches, in milliseconds since 1970.
  var end: Int64
  var thresholds: [(stage: String, score: Int64)]
  /// Stages, lowest first, then `disqualified`.
  var stages: [String]
  /// The version that the history was worked out by; nil where it is the one that was recorded.
  var reconstructedBy: Int?

  /// Beyond so many the table has the last ones alone.
  private static let mostRows = 5000

  private var chart: HistoryChart { HistoryChart(rows: rows, end: end, thresholds: thresholds, stages: stages) }

  /// The whole document.
  var html: String {
    let page: Markup = """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="referrer" content="no-referrer">
      <title>Score of \(key)</title>
      <style>
      \(Markup(stringLiteral: PageStyle.text))
      \(Markup(stringLiteral: HistoryPage.style))
      </style>
      </head>
      <body>
      <header>
      <p class="eyebrow">\(reconstructedBy.map { "What version \($0) of the rules would have said" } ?? "Score over time")\
      </p>
      <h1>\(key)</h1>
      \(facts)
      </header>
      <main>
      \(figures)
      <section id="chart" aria-labelledby="chart-title">
      <h2 id="chart-title">Score and stage</h2>
      <p class="hint">Point at the line to read a change. Dots are changes of the stage, dashed lines the scores that \
      stages ask for.</p>
      <div class="wide" role="region" tabindex="0" aria-label="Score over time">\(chart.svg)</div>
      \(legend)
      </section>
      <section id="changes" aria-labelledby="changes-title">
      <h2 id="changes-title">Every change</h2>
      \(table)
      </section>
      </main>
      <footer>
      \(footer)
      </footer>
      </body>
      </html>

      """
    return page.text
  }

  private var facts: Markup {
    guard let first = rows.first, let last = rows.last else { return .none }
    var pairs = [("Model", model), ("From", formatMinute(first.at)), ("To", formatMinute(max(end, last.at)))]
    pairs.append((reconstructedBy == nil ? "Rules at the end" : "Rules", "version \(last.version)"))
    return """
      <dl class="facts">\(pairs.map { "<div><dt>\($0.0)</dt><dd>\($0.1)</dd></div>" as Markup }.joined())</dl>
      """
  }

  private var figures: Markup {
    guard let last = rows.last else { return .none }
    let highest = rows.max { $0.after < $1.after } ?? last
    let changes = rows.filter { $0.before != nil && $0.stageBefore != $0.stageAfter }
    let entered = changes.last ?? rows.first ?? last
    let entries: [(String, String, String)] = [
      ("Score", PageNumber.points(last.after), "since \(formatMinute(last.at))"),
      ("Stage", StageRanks.name(last.stageAfter), "since \(formatMinute(entered.at))"),
      ("Highest", PageNumber.points(highest.after), "on \(formatMinute(highest.at))"),
      ("Changes", PageNumber.count(Int64(rows.count)), "\(plural(Int64(changes.count), "time")) of the stage"),
    ]
    return """
      <ul class="figures">\(entries.map { entry -> Markup in
        """
        <li><span class="name">\(entry.0)</span><span class="figure">\(entry.1)</span>\
        <span class="detail">\(entry.2)</span></li>
        """
      }.joined(by: "\n"))</ul>
      """
  }

  private var legend: Markup {
    var seen: [String?] = []
    for row in rows where !seen.contains(row.stageAfter) { seen.append(row.stageAfter) }
    let chart = self.chart
    return """
      <p class="legend">\(seen.map { stage -> Markup in
        """
        <span><svg width="12" height="12" aria-hidden="true"><rect class="\(chart.tone(stage))" width="12" height="12" \
        rx="2"/></svg> \(StageRanks.name(stage))</span>
        """
      }.joined(by: " "))</p>
      """
  }

  private var table: Markup {
    let shown = rows.suffix(HistoryPage.mostRows)
    let left = rows.count - shown.count
    let capped: Markup =
      left == 0 ? .none : "<p class=\"capped\">The \(plural(Int64(left), "earliest change")) are not listed.</p>"
    let lines: Markup = shown.map { row -> Markup in
      let change = row.before.map { row.after - $0 }
      let isMove = row.before != nil && row.stageBefore != row.stageAfter
      let stage =
        isMove
        ? "\(StageRanks.name(row.stageBefore)) → \(StageRanks.name(row.stageAfter))" : StageRanks.name(row.stageAfter)
      return """
        <tr><th scope="row">\(formatMinute(row.at))</th><td class="n">\(PageNumber.points(row.after))</td>\
        <td class="n \(PageNumber.tone(change ?? 0))">\(change.map { PageNumber.points($0, signed: true) } ?? "new")</td>\
        <td\(isMove ? " class=\"moved\"" as Markup : .none)>\(stage)</td><td>\(row.gradeAfter ?? "–")</td>\
        <td>\(row.causeText)</td><td class="n">\(row.version)</td></tr>
        """
    }.joined(by: "\n")
    return """
      \(capped)
      <div class="wide" role="region" tabindex="0" aria-label="Every change"><table>
      <thead><tr><th scope="col">At</th><th scope="col" class="n">Score</th><th scope="col" class="n">Change</th>\
      <th scope="col">Stage</th><th scope="col">Grade</th><th scope="col">Cause</th><th scope="col" class="n">Version</th>\
      </tr></thead>
      <tbody>
      \(lines)
      </tbody></table></div>
      """
  }

  private var footer: Markup {
    let origin: Markup =
      reconstructedBy == nil
      ? "<p>As recorded at the time.</p>"
      : """
      <p>Worked out from the facts as they are known now, as if the version had always been active; attributes are as \
      they are now.</p>
      """
    return """
      \(origin)
      <p>Made by leadscore \(programVersion). Times are in UTC. The page holds all of its data and loads nothing.</p>
      """
  }

  private static let style = """
    :root {
      --stage-0: #b9c3d3; --stage-1: #8fb3e8; --stage-2: #4c86dd; --stage-3: #1f5fbf; --stage-4: #2e9e63;
      --stage-5: #14713f; --stage-none: #c9a3a0;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --stage-0: #48546a; --stage-1: #385d94; --stage-2: #4f86d6; --stage-3: #8fb3ff; --stage-4: #3fb079;
        --stage-5: #8fe0b4; --stage-none: #6d4a48;
      }
    }
    .stage-0 { fill: var(--stage-0); } .stage-1 { fill: var(--stage-1); } .stage-2 { fill: var(--stage-2); }
    .stage-3 { fill: var(--stage-3); } .stage-4 { fill: var(--stage-4); } .stage-5 { fill: var(--stage-5); }
    .stage-none { fill: var(--stage-none); }
    .history path.score { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; }
    .history .mark { stroke: var(--card); stroke-width: 2; }
    .history line.version { stroke: var(--quiet); stroke-dasharray: 2 3; }
    svg text.stage-name { font-size: 12.5px; font-weight: 600; paint-order: stroke; stroke: var(--card);
      stroke-width: 3px; stroke-linejoin: round; pointer-events: none; }
    .point .area { fill: transparent; }
    .point .tip { opacity: 0; pointer-events: none; } .point:hover .tip { opacity: 1; }
    .point .tip line { stroke: var(--quiet); } .point .tip circle { fill: var(--accent); }
    .point .tip text { font-weight: 600; paint-order: stroke; stroke: var(--card); stroke-width: 5px;
      stroke-linejoin: round; }
    .legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 14px 0 0; color: var(--quiet); }
    td.moved { font-weight: 600; }
    #changes td, #changes th { white-space: nowrap; }
    """
}
