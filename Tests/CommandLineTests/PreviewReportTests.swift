import Foundation
import Testing

/// `rules preview --html`: the page that is mailed to people who decide.
struct PreviewReportTests {
  private static let asOf = "2026-11-20T00:00:00Z"
  private static let browser = ["chromium", "chromium-browser", "google-chrome", "chrome"].lazy
    .compactMap { Location.tool($0) }.first
  private static let script = "<script>alert(1)</script>"

  /// A folder with `leads.db`, filled from the sample, and a page for the rules of the demo.
  private static func sample() throws -> (work: Workspace, report: [String: Any]) {
    let work = try Workspace()
    let made = try work.shell("ScoreBench sample sample --leads 300 --seed 7 --until 2026-11-20")
    #expect(made.status == 0, "\(made.errors)")
    try work.done("init", "--starter", "b2b-software", "--as-of", asOf)
    try work.done("import", "leads", "sample/leads.csv", "--as-of", asOf)
    try work.done("import", "events", "sample/events.csv", "sample/recent.jsonl", "--as-of", asOf)
    // The same rules with a threshold that moves more of the few leads.
    let rules = try String(contentsOfFile: Location.example("demo/rules-v2.yaml"), encoding: .utf8)
      .replacingOccurrences(of: "score: 75, fit: 30, intent: 15", with: "score: 60, fit: 20")
    try work.write("rules-v2.yaml", rules)
    let run = try work.done(
      "rules", "preview", "rules-v2.yaml", "--leads", "--by", "owner", "--capacity", "1", "--format", "json", "--html",
      "page.html", "--as-of", asOf)
    return (work, try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]))
  }

  @Test("The page says what the preview says to programs.")
  func numbers() throws {
    let (work, report) = try PreviewReportTests.sample()
    let page = Page(try work.text("page.html"))
    let changes = try #require(report["changes"] as? [[String: Any]])
    try #require(changes.count > 20)

    #expect(page.figure("Leads that change") == report["changed"] as? Int)
    let scores = try #require(report["score_changes"] as? [String: Int])
    #expect(page.figure("Scores up") == scores["up"])
    #expect(page.figure("Scores down") == scores["down"])
    #expect(page.figure("Stage changes") == report["stage_changes"] as? Int)
    let entering = try #require(report["entering"] as? [String: Int])
    #expect(page.figure("Enter hand-off") == entering["sql", default: 0])
    #expect(entering["sql", default: 0] > 1)
    #expect(page.text.contains("sales can take 1: "))

    // Every lead that changes, with its numbers, and nobody else.
    let rows = page.leads
    #expect(rows.count == changes.count)
    let byKey = Dictionary(uniqueKeysWithValues: rows.map { ($0[0], $0) })
    for change in changes {
      let key = try #require(change["key"] as? String)
      let row = try #require(byKey[key])
      #expect(Page.number(row[1]) == change["before"] as? Double)
      #expect(Page.number(row[2]) == change["after"] as? Double)
      let (before, after) = (change["stage_before"] as? String ?? "", change["stage_after"] as? String ?? "")
      #expect(row[4] == (before == after ? after : "\(before) → \(after)"))
      for reason in try #require(change["reasons"] as? [[String: Any]]) {
        let rule = try #require(reason["rule"] as? String)
        #expect(row[6].contains(rule))
      }
    }

    for rule in try #require(report["rules"] as? [[String: Any]]) {
      let id = try #require(rule["id"] as? String)
      let row = try #require(page.row(heading: "<code>\(id)</code>", in: "rules"))
      #expect(row[1] == rule["change"] as? String, "\(id)")
      let expected = ["leads_before", "leads_after", "points_before", "points_after"].map { rule[$0] as? Double }
      #expect([row[2], row[3], row[5], row[6]].map(Page.number) == expected, "\(id)")
    }

    let stages = ["sql", "mql", "nurture", "disqualified"]
    for (from, counts) in try #require(report["stage_matrix"] as? [String: [String: Int]]) {
      let row = try #require(page.row(heading: "scope=\"row\">\(from)</th>", in: "flow"))
      for (position, to) in stages.enumerated() {
        #expect((row[position + 1] == "·" ? 0 : Page.number(row[position + 1])) == Double(counts[to] ?? 0))
      }
    }

    for bucket in try #require(report["distribution"] as? [[String: Any]]) {
      let from = try #require(bucket["from"] as? Int)
      let row = try #require(page.row(heading: ">\(Page.shown(from)) to \(Page.shown(from + 10))</th>", in: "scores"))
      #expect(Page.number(row[1]) == bucket["before"] as? Double)
      #expect(Page.number(row[2]) == bucket["after"] as? Double)
    }
    // The differences are in the words of the document.
    #expect(page.section("document").contains("<code>rules/pricing-page</code>"))
    #expect(page.section("document").contains("<del>10</del></td><td><ins>15</ins>"))
  }

  @Test("It needs nothing from outside, and the same preview gives the same bytes.")
  func selfContained() throws {
    let (work, _) = try PreviewReportTests.sample()
    let text = try work.text("page.html")
    #expect(text.hasPrefix("<!DOCTYPE html>\n<html lang=\"en\">"))
    #expect(text.hasSuffix("</html>\n"))
    #expect(
      text.contains(
        """
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; \
        script-src 'unsafe-inline'">
        """))
    let outside = text.replacingOccurrences(of: "xmlns=\"http://www.w3.org/2000/svg\"", with: "")
    for word in ["http:", "https:", "src=", "url(", "@import", "<link", "<img", "<iframe", "fetch(", "XMLHttp"] {
      #expect(!outside.contains(word), "\(word)")
    }
    #expect(text.range(of: "href=\"[^#]", options: .regularExpression) == nil)

    let options = ["rules", "preview", "rules-v2.yaml", "--no-plan", "--as-of", PreviewReportTests.asOf, "--html"]
    #expect(try work.run(options + ["one.html"]).status == 0)
    #expect(try work.run(options + ["two.html"]).status == 0)
    #expect(try work.bytes("one.html") == work.bytes("two.html"))
  }

  @Test("With or without a page the command prints the same.")
  func output() throws {
    let work = try PreviewReportTests.small()
    let plain = try work.done("rules", "preview", "new.yaml", "--no-plan", "--as-of", Workspace.t2)
    let paged = try work.done("rules", "preview", "new.yaml", "--no-plan", "--as-of", Workspace.t2, "--html", "p.html")
    #expect(plain.output == paged.output)
    #expect(paged.errors == "the page is in p.html\n")
    #expect(try work.text("p.html").contains("What new.yaml would change"))
  }

  @Test("What cannot be written is refused, and nothing is recorded.")
  func refusals() throws {
    let work = try PreviewReportTests.small()
    try work.unchanged {
      try work.refused(73, "rules", "preview", "new.yaml", "--as-of", Workspace.t2, "--html", "nowhere/p.html")
      try work.refused(64, "rules", "preview", "new.yaml", "--as-of", Workspace.t2, "--html", "leads.db")
      try work.refused(64, "rules", "preview", "new.yaml", "--as-of", Workspace.t2, "--html", "new.yaml")
      for wrong in [["--html", "-"], ["--html", "p.html", "--lead", "ann@x"]] {
        let run = try work.run(["rules", "preview", "new.yaml", "--as-of", Workspace.t2] + wrong)
        #expect(run.status == 64)
      }
    }
    #expect(!work.exists("p.html"))
  }

  @Test("No change is a page too.")
  func nothingChanges() throws {
    let work = try PreviewReportTests.small()
    try work.done("rules", "preview", "1", "--no-plan", "--as-of", Workspace.t2, "--html", "p.html")
    let page = Page(try work.text("p.html"))
    #expect(page.figure("Leads that change") == 0)
    #expect(page.text.contains("No lead would get another score, stage or grade."))
    #expect(page.section("document").contains("Both say the same."))
    #expect(page.leads.isEmpty)
  }

  @Test("Of more than twenty thousand leads those are listed that change most, and the page says so.")
  func longTable() throws {
    let work = try PreviewReportTests.small()
    var leads = "key,title,created_at\n"
    for number in 0..<20_010 { leads += "l\(number)@x,VP,2026-01-01\n" }
    try work.write("many.csv", leads)
    try work.done("import", "leads", "many.csv", "--as-of", Workspace.t1)
    // bob@x has no title, so of the leads the others change; ann@x is in the higher stage before and after.
    let run = try work.done(
      "rules", "preview", "new.yaml", "--no-plan", "--format", "json", "--as-of", Workspace.t2, "--html", "p.html")
    #expect(run.output.contains("\"changed\": 20011"))
    let page = Page(try work.text("p.html"))
    let rows = page.leads
    #expect(rows.count == 20_000)
    #expect(rows.allSatisfy { $0[4] == "nurture → mql" })
    #expect(page.section("leads").contains("20,011 leads would change. Listed are the 20,000 that change most"))
  }

  @Test("Nothing in the data becomes a tag, an attribute or a script.")
  func hostileData() throws {
    let work = try PreviewReportTests.hostile()
    let text = try work.text("p.html")
    #expect(!text.lowercased().contains("<script>alert"))
    #expect(!text.contains("onerror=\"") && !text.contains("<img"))
    #expect(text.components(separatedBy: "<script").count == 2, "there is one script, the page's own")
    #expect(text.components(separatedBy: "</script").count == 2)
    let escaped = "&lt;script&gt;alert(1)&lt;/script&gt;"
    let page = Page(text)
    for section in ["handoff", "rules", "document", "leads"] {
      #expect(page.section(section).contains(escaped), "\(section)")
    }
    #expect(text.contains("<h1>What &quot;&gt;&lt;img src=x onerror=alert(2)&gt;.yaml would change</h1>"))
    // A character that turns the direction of what follows is shown, not obeyed.
    #expect(!text.contains("\u{202E}") && text.contains("\\u{202e}"))
  }

  // MARK: In a browser

  @Test(
    "In a browser the table is sorted and filtered by the address.",
    .enabled(if: browser != nil, "no chromium, chromium-browser, google-chrome or chrome on PATH"))
  func browserSortsAndFilters() throws {
    let (work, report) = try PreviewReportTests.sample()
    let changes = try #require(report["changes"] as? [[String: Any]])
    let sizes = try changes.map { change -> Double in
      let before = try #require(change["before"] as? Double)
      let after = try #require(change["after"] as? Double)
      return after - before
    }

    let plain = Page(try PreviewReportTests.dom(work, "page.html"))
    #expect(plain.text.contains("id=\"lead-controls\" class=\"controls\" role=\"search\">"), "the controls show")
    #expect(plain.leads.count == min(100, changes.count))
    #expect(!plain.text.contains("aria-sort=\""))

    let rising = Page(try PreviewReportTests.dom(work, "page.html#sort=change"))
    #expect(rising.text.contains("data-k=\"change\" class=\"n\" aria-sort=\"ascending\""))
    let risen = rising.leads.compactMap { Page.number($0[3]) }
    #expect(zip(risen, sizes.sorted()).allSatisfy { abs($0 - $1) < 0.001 })

    let falling = Page(try PreviewReportTests.dom(work, "page.html#sort=-before"))
    #expect(falling.text.contains("data-k=\"before\" class=\"n\" aria-sort=\"descending\""))
    let scores = falling.leads.compactMap { Page.number($0[1]) }
    #expect(scores == Array(changes.compactMap { $0["before"] as? Double }.sorted(by: >).prefix(100)))

    let stages = Page(try PreviewReportTests.dom(work, "page.html#filter=sql&show=stage&sort=key"))
    let keys = try changes.compactMap { change -> String? in
      let (before, after) = (change["stage_before"] as? String, change["stage_after"] as? String)
      let key = try #require(change["key"] as? String)
      return before != after && (before == "sql" || after == "sql" || key.contains("sql")) ? key : nil
    }
    try #require(!keys.isEmpty)
    #expect(stages.leads.map { $0[0] } == keys.sorted())
    #expect(stages.text.contains("\(keys.count) found among \(changes.count)"))

    let entering = Page(try PreviewReportTests.dom(work, "page.html#show=entering"))
    let entered = try #require(report["entering"] as? [String: Int])["sql"]
    #expect(entering.leads.count == entered)

    let nobody = Page(try PreviewReportTests.dom(work, "page.html#filter=nobody-is-called-so"))
    #expect(nobody.leads.isEmpty)
    #expect(nobody.text.contains("No lead fits."))
  }

  @Test(
    "In a browser hostile data stays text, also where the address sorts and filters by it.",
    .enabled(if: browser != nil, "no chromium, chromium-browser, google-chrome or chrome on PATH"))
  func browserAndHostileData() throws {
    let work = try PreviewReportTests.hostile()
    for address in ["p.html", "p.html#filter=%3Cscript%3Ealert(1)&sort=reason", "p.html#sort=constructor&show=%3Cb%3E"]
    {
      let page = Page(try PreviewReportTests.dom(work, address))
      #expect(page.text.components(separatedBy: "<script").count == 2)
      #expect(page.leads.map { $0[0] }.contains(PreviewReportTests.script + "@x"), "\(address)")
    }
  }

  /// The page as the browser has it once its script ran.
  private static func dom(_ work: Workspace, _ address: String) throws -> String {
    let path = try #require(browser)
    let parts = address.split(separator: "#", maxSplits: 1)
    let url =
      URL(fileURLWithPath: work.path(String(parts[0]))).absoluteString + (parts.count > 1 ? "#" + parts[1] : "")
    let run = try work.shell(
      "exec '\(path)' --headless --no-sandbox --disable-gpu --user-data-dir=browser --dump-dom \"$PAGE\"",
      environment: ["PAGE": url, "TMPDIR": "/tmp"])  // It makes sockets there, whose paths must be short.
    #expect(run.status == 0, "\(run.errors.suffix(1000))")
    return run.output
  }

  // MARK: Small databases

  /// The prepared leads and other rules in `new.yaml`.
  private static func small() throws -> Workspace {
    let work = try Workspace.prepared()
    let rules = Workspace.rules + "    handoff: true\n"
    try work.write("new.yaml", rules.replacingOccurrences(of: "points: 15", with: "points: 25"))
    return work
  }

  /// A page whose data tries to be more than text: keys, attributes, names of rules, a note, the file's name.
  private static func hostile() throws -> Workspace {
    let work = try Workspace()
    let old = """
      rules:
        - id: title
          name: "<script>alert(1)</script>"
          points: 15
          if: { title: { contains: vp } }
      stages:
        - id: nurture
        - id: sql
          enter: { score: 20 }
          handoff: true

      """
    try work.write("old.yaml", old)
    let name = "\"><img src=x onerror=alert(2)>.yaml"
    try work.write(
      name,
      "name: '\(script)'\n"
        + old.replacingOccurrences(of: "points: 15", with: "points: 25\n    note: \"</script>\(script)\\u202e\""))
    try work.write(
      "l.csv",
      """
      key,title,created_at,owner
      \(script)@x,VP,2026-01-01,\(script)
      "' onmouseover='alert(3)@x",VP,2026-01-01,\"\"\"><svg/onload=alert(4)>\"

      """)
    try work.done("init", "--rules", "old.yaml", "--as-of", Workspace.t0)
    try work.done("import", "leads", "l.csv", "--as-of", Workspace.t1)
    try work.done("rules", "preview", name, "--by", "owner", "--html", "p.html", "--as-of", Workspace.t2)
    return work
  }
}

/// A page, read as far as the tests need: the program's own mark-up has one shape.
private struct Page {
  let text: String

  init(_ text: String) { self.text = text }

  /// A headline figure.
  func figure(_ name: String) -> Int? {
    guard let card = between("<span class=\"name\">\(name)</span>", "</li>", in: text),
      let figure = between("<span class=\"figure", "<span class=\"detail\">", in: card)
    else { return nil }
    return Page.number(Page.plain("<" + figure).filter { $0.isNumber || $0 == "." }).map { Int($0) }
  }

  func section(_ id: String) -> String { between("<section id=\"\(id)\"", "</section>", in: text) ?? "" }

  /// The cells of the first row of a section that holds a piece of mark-up.
  func row(heading: String, in id: String) -> [String]? {
    section(id).components(separatedBy: "<tr").first { $0.contains(heading) }.map(Page.cells)
  }

  /// The cells of the rows of changed leads.
  var leads: [[String]] {
    guard let table = between("<table id=\"lead-table\">", "</table>", in: text),
      let body = between("<tbody>", "</tbody>", in: table)
    else { return [] }
    return body.components(separatedBy: "<tr").dropFirst().map(Page.cells)
  }

  private static func cells(_ row: String) -> [String] {
    row.replacingOccurrences(of: "<th", with: "<td").components(separatedBy: "<td").dropFirst().map {
      plain("<td" + $0)
    }
  }

  private static func plain(_ markup: String) -> String {
    var text = markup.replacingOccurrences(of: "<[^>]*>", with: "", options: .regularExpression)
    for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")] {
      text = text.replacingOccurrences(of: entity, with: character)
    }
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  static func number(_ text: String) -> Double? {
    Double(
      text.replacingOccurrences(of: ",", with: "").replacingOccurrences(of: "\u{2212}", with: "-")
        .replacingOccurrences(of: "+", with: ""))
  }

  /// A whole number as the page writes it.
  static func shown(_ value: Int) -> String { value < 0 ? "\u{2212}\(-value)" : "\(value)" }

  private func between(_ start: String, _ end: String, in text: String) -> String? {
    guard let first = text.range(of: start),
      let last = text.range(of: end, range: first.upperBound..<text.endIndex)
    else { return nil }
    return String(text[first.upperBound..<last.lowerBound])
  }
}
