internal import LeadStore
internal import ScoreEngine

extension ScoringSession {
  /// Calls `body` for each lead, in order, with its record computed afresh from the facts. One pass over all events, if
  /// any signal looks at them.
  func forEachRebuiltRecord(
    _ finder: SignalFinder, leads range: ClosedRange<Int64> = 1...Int64.max,
    _ body: (_ lead: Int64, _ record: SignalRecord) throws -> Void
  ) throws {
    var record = SignalRecord(kinds: finder.pack.kinds)
    let reader = try FactReader(database, events: finder.asksForEvents)
    defer { reader.finish() }
    try reader.begin(leads: range)
    while try reader.next() {
      finder.reset()
      if finder.asksForEvents { try reader.forEachPage { try finder.add(page: $0, firstAt: $1) } }
      reader.withAttributes {
        finder.fill(&record, createdAt: reader.createdAt, previous: nil, attributesJSON: $0)
      }
      try body(reader.lead, record)
    }
    finder.reset()
  }
}
