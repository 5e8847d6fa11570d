import Foundation
import RecordFormats
import Testing

/// `history` with its filters, what it reconstructs and the page that it draws; `leads list --at`.
struct HistoryTests {
  private func rows(_ run: ProgramRun) throws -> [[String: Any]] {
    #expect(run.status == 0, "\(run.errors)")
    return try run.outputLines.map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  private func instants(_ rows: [[String: Any]]) -> [String] {
    rows.map { "\($0["key"] ?? "") \($0["at"] ?? "") \($0["after"] ?? "") \($0["cause"] ?? "")" }
  }

  @Test func filtersHoldForOneLeadAndForAll() throws {
    let work = try Workspace.ledger()
    for key in [[], ["ann@x"], ["bob@x"]] {
      let command = ["history"] + key + ["--format", "jsonl", "--as-of", "2026-03-20"]
      func found(_ arguments: String...) throws -> [String] { instants(try rows(work.run(command + arguments))) }
      let all = try rows(work.run(command))
      #expect(all.count > 3)
      func expected(_ isIncluded: ([String: Any]) -> Bool) -> [String] { instants(all.filter(isIncluded)) }
      let since = "2026-03-03T12:00:00Z"
      let until = "2026-03-10T08:00:00Z"
      func at(_ row: [String: Any]) -> String { row["at"] as? String ?? "" }
      #expect(try found("--since", since) == expected { at($0) >= since })
      #expect(try found("--until", until) == expected { at($0) <= until })
      #expect(try found("--since", since, "--until", until) == expected { at($0) >= since && at($0) <= until })
      #expect(try found("--cause", "time") == expected { $0["cause"] as? String == "time" })
      #expect(
        try found("--cause", "time", "--cause", "event")
          == expected { ["time", "event"].contains($0["cause"] as? String) })
      #expect(
        try found("--stage-changes")
          == expected { $0["stage_before"] as? String != $0["stage_after"] as? String })
      #expect(try found("--limit", "2") == Array(expected { _ in true }.prefix(2)))
      #expect(try found("--since", "2030-01-01").isEmpty)
    }
    try work.refused(64, "history", "--cause", "weather")
    try work.refused(64, "history", "--limit", "-1")
    try work.refused(64, "history", "--at", "2026-03-03")
  }

  @Test func reconstructionIsWhatTheVersionWouldHaveSaid() throws {
    let work = try Workspace.ledger()
    try work.unchanged {
      let command = ["history", "ann@x", "--reconstruct", "--format", "jsonl", "--as-of", "2026-03-11"]
      let first = try rows(work.run(command + ["--version", "1"]))
      #expect(
        instants(first) == [
          "ann@x 2026-01-20T00:00:00Z 20 time", "ann@x 2026-02-01T08:00:00Z 30 event",
          "ann@x 2026-02-09T08:00:00Z 25 time", "ann@x 2026-02-17T08:00:00Z 22.5 time",
          "ann@x 2026-02-20T08:00:00Z 32.5 event", "ann@x 2026-02-20T09:00:00Z 32.5 event",
        ].filter { !$0.contains("T09") } + instants(first).dropFirst(5))
      #expect(first.allSatisfy { $0["recorded_at"] is NSNull && $0["version"] as? Int == 1 })
      #expect(first.first?["before"] is NSNull && first.first?["stage_before"] is NSNull)
      #expect(first.last?["stage_after"] as? String == "mql")
      let second = try rows(work.run(command + ["--version", "2"]))
      for row in second {
        let at = try #require(row["at"] as? String)
        let explained = try work.json("explain", "ann@x", "--version", "2", "--as-of", at)
        #expect(explained["score"] as? Double == row["after"] as? Double, "\(at)")
        #expect(explained["stage"] as? String == row["stage_after"] as? String, "\(at)")
      }
      // All leads, with filters; the active version unless told.
      let all = try rows(
        work.run([
          "history", "--reconstruct", "--stage-changes", "--cause", "event", "--format", "jsonl", "--as-of",
          "2026-03-11",
        ]))
      #expect(all.map { $0["stage_after"] as? String } == ["mql"])
      let state = try work.done(
        "history", "ann@x", "--reconstruct", "--version", "2", "--at", "2026-02-01T09:00:00Z", "--format", "jsonl")
      #expect(state.output.contains("\"score\":50,\"stage\":\"mql\""), "\(state.output)")
      try work.refused(1, "history", "ann@x", "--reconstruct", "--at", "2026-01-01")
      try work.refused(66, "history", "--reconstruct", "--version", "7")
      try work.refused(66, "history", "nobody@x", "--reconstruct")
      try work.refused(64, "history", "--version", "1")
    }
  }

  @Test func allLeadsAsTheyStood() throws {
    let work = try Workspace.ledger()
    func keys(_ at: String, _ arguments: String...) throws -> [String] {
      let run = try work.run(
        ["leads", "list", "--at", at, "--as-of", "2026-03-12", "--format", "jsonl"] + arguments)
      return try rows(run).map { "\($0["key"] ?? "") \($0["score"] ?? "") \($0["stage"] ?? "")" }
    }
    #expect(try keys("2026-02-28").isEmpty)
    #expect(try keys("2026-03-03T12:00:00Z") == ["ann@x 70 mql", "bob@x 40 nurture"])
    #expect(try keys("2026-03-10T02:00:00Z", "--sort", "key") == ["ann@x 45 mql", "bob@x 40 sql"])
    #expect(try keys("2026-03-10T02:00:00Z", "--stage", "sql") == ["bob@x 40 sql"])
    #expect(try keys("2026-03-03T12:00:00Z", "--min-score", "40.01") == ["ann@x 70 mql"])
    #expect(try keys("2026-03-03T12:00:00Z", "--where", "title=head") == ["bob@x 40 nurture"])
    #expect(try keys("2026-03-03T12:00:00Z", "--sort", "score", "--limit", "1") == ["bob@x 40 nurture"])
    #expect(try keys("2026-03-03T12:00:00Z", "--limit", "0").isEmpty)
    let table = try work.done("leads", "list", "--at", "2026-03-10T02:00:00Z", "--as-of", "2026-03-12").output
    #expect(table.hasPrefix("KEY    SCORE  STAGE  GRADE  SINCE\n"), "\(table)")
    // A day to come is worked out and not kept.
    let ahead = try work.done("leads", "list", "--at", "2190-01-01", "--format", "jsonl")
    #expect(ahead.output.contains("\"key\":\"ann@x\",\"score\":10,"), "\(ahead.output)")
    try work.refused(64, "leads", "list", "--at", "2026-03-05", "--breakdown")
    try work.refused(64, "leads", "list", "--at", "2026-03-05", "--sort", "next_change_at")
    try work.refused(64, "leads", "list", "--at", "2026-03-05", "--stage", "nowhere")
    try work.refused(64, "leads", "list", "--at", "2026-03-13", "--as-of", "2026-03-12")
  }

  @Test func thePageHoldsEverythingAndNothingFromOutside() throws {
    let work = try Workspace.ledger()
    let command = ["history", "ann@x", "--as-of", "2026-03-12"]
    let plain = try work.run(command)
    let paged = try work.run(command + ["--html", "page.html"])
    #expect(plain.output == paged.output && paged.errors == "the page is in page.html\n")
    let text = try work.text("page.html")
    #expect(text.hasPrefix("<!DOCTYPE html>\n") && text.hasSuffix("</html>\n"))
    let outside = text.replacingOccurrences(of: "xmlns=\"http://www.w3.org/2000/svg\"", with: "")
    for word in ["http:", "https:", "src=", "url(", "@import", "<link", "<img", "<script", "href="] {
      #expect(!outside.contains(word), "\(word)")
    }
    #expect(text.contains("prefers-color-scheme: dark"))
    let changes = try rows(work.run(command + ["--format", "jsonl"]))
    #expect(text.components(separatedBy: "<th scope=\"row\">").count == changes.count + 1)
    #expect(text.components(separatedBy: "class=\"point\"").count == changes.count + 1)
    #expect(text.contains("minimum of mql 50") && text.contains("nurture → mql"))
    let again = try work.run(command + ["--html", "again.html"])
    #expect(again.status == 0)
    #expect(try work.bytes("page.html") == work.bytes("again.html"))
    try work.refused(64, "history", "--html", "p.html")
    try work.refused(64, "history", "ann@x", "--html", "leads.db")
    try work.refused(64, "history", "ann@x", "--html", "-")
    try work.refused(64, "history", "ann@x", "--html", "p.html", "--chart")
    try work.refused(73, "history", "ann@x", "--html", "nowhere/p.html")
    try work.refused(1, "history", "ann@x", "--html", "p.html", "--since", "2026-03-20", "--as-of", "2026-03-12")
    #expect(!work.exists("p.html"))
  }

  @Test func nothingOnThePageBecomesATag() throws {
    let work = try Workspace()
    try work.write(
      "rules.yaml",
      """
      rules: [ { id: a, points: 5 } ]
      stages: [ { id: low }, { id: high, enter: { score: 3 } } ]
      grade: [ { group: score, bands: [ { at: 1, label: "<b>\\"&" }, { label: "'" } ] } ]

      """)
    try work.write("leads.csv", "key\n<script>alert(1)</script>\n")
    try work.done("init", "--rules", "rules.yaml", "--as-of", Workspace.t0)
    try work.done("import", "leads", "leads.csv", "--as-of", Workspace.t1)
    try work.done("history", "<script>alert(1)</script>", "--html", "p.html", "--as-of", Workspace.t1)
    let text = try work.text("p.html")
    #expect(!text.contains("<script") && !text.contains("<b>"))
    #expect(text.contains("<h1>&lt;script&gt;alert(1)&lt;/script&gt;</h1>"))
    #expect(text.contains("&lt;b&gt;&quot;&amp;"))
  }
}
