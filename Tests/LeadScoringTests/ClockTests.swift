import LeadStore
import ScoreEngine
import Testing

@testable import LeadScoring

@Suite("Moving the clock on")
struct ClockTests {
  /// Whether few leads are brought to an instant one by one, or many in a pass over all, what stands in the file is the
  /// same but for the order in which leads come in the history.
  @Test("a pass over all leads comes to what looking for the due ones comes to", arguments: [1, 2])
  func passes(_ models: Int) throws {
    let start: Int64 = 1_770_000_000_000
    let day: Int64 = 86_400_000
    let text = """
      groups: { fit: { max: 100 } }
      rules:
        - { id: views, points: 5, every: { event: view, within: 10d, limit: 3 } }
        - { id: fading, points: 40, every: { event: buy, decay: { percent: 30, every: 3d } } }
        - { id: silent, points: -7, silence: { event: view, for: 6d, repeat: 2 } }
      stages:
        - { id: first }
        - { id: second, enter: { score: 20 } }
      """
    var ends: [[String]] = []
    for fewest in [1, Int.max] {
      let folder = try ScratchFolder()
      let rules = try CheckedRules(text: text, file: "rules")
      try DatabaseCreation.create(
        path: folder.path("leads.db"), rules: rules, asOf: start, clock: { 0 }, program: "test", by: nil)
      let session = try ScoringSession(try LeadDatabase.open(path: folder.path("leads.db")), clock: { 0 })
      if models == 2 { _ = try session.addModel("other", rules: rules, asOf: start, by: nil) }
      session.fewestForPass = fewest
      var events: [NewEvent] = []
      for lead in 0..<10_000 {
        for number in 0...(lead % 3) where lead % 50 != 7 {
          events.append(
            NewEvent(
              key: "lead-\(lead)", type: number == 2 ? "buy" : "view",
              occurredAt: start - Int64(lead % 97) * 3_600_000 - Int64(number)))
        }
      }
      try session.append(events, asOf: start)
      var counts: [ScoringCounts] = []
      for days in [1, 5, 40] as [Int64] { counts.append(try session.bringUpToDate(to: start + days * day)) }
      #expect(counts[1].rescored > 5000)
      var lines: [String] = counts.map { "\($0)" }
      for model in try session.database.models.all() {
        try session.database.scores.forEach(model: model.id) { lines.append("\($0)") }
        var history: [HistoryRow] = []
        try session.forEachHistoryRow(key: nil, model: model.name, filter: HistoryFilter()) { row, _ in
          var row = row
          row.id = 0
          history.append(row)
        }
        lines += history.sorted { ($0.lead, $0.at) < ($1.lead, $1.at) }.map { "\($0)" }
      }
      ends.append(lines)
      #expect(try session.recompute(asOf: start + 40 * day).differences.isEmpty)
    }
    #expect(ends[0].count > 20_000)
    #expect(ends[0] == ends[1])
  }
}
