import LeadScoring
import LeadStore
import ScoreEngine
import Testing

/// Previews on several threads, over more leads than one range has.
@Suite struct ParallelPreviewTests {
  private static let day: Int64 = 86_400_000
  private static let now: Int64 = 1_770_000_000_000
  private static let leads = 9000

  private static let rules = """
    rules:
      - { id: title, points: 15, if: { title: { contains: vp } } }
      - { id: views, points: 5, every: { event: view, within: 30d, limit: 4 } }
      - { id: dark, points: -6, silence: { for: 14d, repeat: 2 } }
    stages:
      - id: nurture
      - { id: mql, enter: { score: 12 } }
      - { id: sql, enter: { score: 20 }, handoff: true }

    """

  /// Points alone, a new question about attributes, and a new one about events.
  private static let changes = [
    rules.replacing("points: 5", with: "points: 7"),
    rules.replacing("contains: vp", with: "contains: clerk"),
    rules.replacing("event: view, within", with: "event: [view, click], where: { path: /b }, within"),
  ]

  private static func database(_ folder: ScratchFolder) throws -> String {
    let path = folder.path("leads.db")
    try DatabaseCreation.create(
      path: path, rules: try CheckedRules(text: rules, file: "rules"), asOf: now - day, clock: { 0 },
      program: "test", by: nil)
    var people = ""
    var events = ""
    for lead in 0..<leads {
      let title = ["VP", "Clerk", "Cook"][lead % 3]
      people += #"{"key":"lead\#(lead)","attributes":{"title":"\#(title)","city":"c\#(lead % 7)"}}"# + "\n"
      // Leads 4,000 to 4,999 have no event.
      for number in 0..<(lead / 1000 == 4 ? 0 : lead % 4) {
        let at = Instant(milliseconds: now - Int64(number * (lead % 50)) * day)
        let event =
          #""type":"\#(number == 2 ? "click" : "view")","properties":{"path":"/\#(lead % 2 == 0 ? "a" : "b")"}"#
        events += #"{"key":"lead\#(lead)","occurred_at":"\#(at)",\#(event)}"# + "\n"
      }
    }
    let session = try RandomDatabase.open(path)
    _ = try session.importLeads([try folder.write(people, to: "l.jsonl")], asOf: now, options: ImportOptions())
    _ = try session.importEvents([try folder.write(events, to: "e.jsonl")], asOf: now, options: ImportOptions())
    _ = try session.setFastTrack("lead8000", stage: "sql", until: nil, by: "a", reason: "b", model: "main", asOf: now)
    return path
  }

  @Test func threadsMakeNoDifference() throws {
    let folder = try ScratchFolder()
    let session = try RandomDatabase.open(try ParallelPreviewTests.database(folder))
    for rules in ParallelPreviewTests.changes {
      // As of now from what is stored, later from what falls due until then.
      for asOf in [ParallelPreviewTests.now, ParallelPreviewTests.now + 10 * ParallelPreviewTests.day] {
        var reports: [PreviewReport] = []
        var moves: [[PreviewReport.Move]] = []
        for threads in [1, 2, 5] {
          var options = PreviewOptions()
          options.threads = threads
          options.by = "city"
          options.top = 7
          moves.append([])
          options.onChange = { moves[moves.count - 1].append($0) }
          reports.append(
            try session.previewRules(
              try CheckedRules(text: rules, file: "rules"), number: nil, model: "main", asOf: asOf,
              options: options))
        }
        // Where no plan is recorded, events that do not matter as of that instant are not looked at.
        for threads in [1, 2] {
          var options = PreviewOptions()
          options.threads = threads
          options.by = "city"
          options.top = 7
          options.recordsPlan = false
          moves.append([])
          options.onChange = { moves[moves.count - 1].append($0) }
          reports.append(
            try session.previewRules(
              try CheckedRules(text: rules, file: "rules"), number: nil, model: "main", asOf: asOf,
              options: options))
        }
        #expect(reports[0].leads == Int64(ParallelPreviewTests.leads))
        #expect(reports[0].changed > 1000)
        #expect(reports[0].changed == Int64(moves[0].count))
        for (report, moves) in zip(reports, moves).dropFirst() { expectEqual(report, reports[0], moves, reports) }
        #expect(moves.allSatisfy { $0 == moves[0] })
      }
    }
    let digests = try session.plans(model: "main").map(\.digest)
    for first in stride(from: 0, to: digests.count, by: 3) {
      #expect(Set(digests[first..<(first + 3)]).count == 1, "one preview, one digest")
    }
    #expect(Set(digests).count == digests.count / 3)
  }

  private func expectEqual(
    _ report: PreviewReport, _ other: PreviewReport, _ moves: [PreviewReport.Move], _ reports: [PreviewReport]
  ) {
    #expect(report.leads == other.leads)
    #expect(report.changed == other.changed)
    #expect(report.scoresUp == other.scoresUp)
    #expect(report.scoresDown == other.scoresDown)
    #expect(report.stageMatrix == other.stageMatrix)
    #expect(report.rules == other.rules)
    #expect(report.dueSoon == other.dueSoon)
    #expect(report.top == other.top)
    #expect(report.top.count == 7)
    #expect(report.distribution == other.distribution)
    #expect(report.handoffsBy.map(\.value) == other.handoffsBy.map(\.value))
    #expect(report.handoffsBy.map(\.entering) == other.handoffsBy.map(\.entering))
    #expect(report.handoffsBy.map(\.leaving) == other.handoffsBy.map(\.leaving))
  }

  @Test func planIsOfTheStateThatItIsRecordedIn() throws {
    let folder = try ScratchFolder()
    let path = try ParallelPreviewTests.database(folder)
    let session = try RandomDatabase.open(path)
    let rules = try CheckedRules(text: ParallelPreviewTests.changes[0], file: "rules")
    let number = try session.addRules(rules, model: "main", author: nil, note: nil).number
    // Somebody writes while leads are compared.
    let other = try RandomDatabase.open(path)
    let late = try folder.write(#"{"key":"late","attributes":{"title":"VP"}}"#, to: "late.jsonl")
    var hasWritten = false
    session.onProgress = { progress in
      guard progress.label == "Previewing", !hasWritten else { return }
      hasWritten = true
      do {
        _ = try other.importLeads([late], asOf: ParallelPreviewTests.now, options: ImportOptions())
      } catch {
        Issue.record(error)
      }
    }
    var options = PreviewOptions()
    options.threads = 2
    var moves: [String] = []
    options.onChange = { moves.append($0.key) }
    let report = try session.previewRules(
      rules, number: number, model: "main", asOf: ParallelPreviewTests.now, options: options)
    #expect(hasWritten)
    #expect(report.leads == Int64(ParallelPreviewTests.leads) + 1)
    #expect(moves.count == Int(report.changed), "each change is told once")
    var application = ApplyOptions()
    application.plan = report.plan
    let applied = try session.applyRules(
      number, model: "main", asOf: ParallelPreviewTests.now, options: application)
    #expect(applied.changed == report.changed)
  }
}
