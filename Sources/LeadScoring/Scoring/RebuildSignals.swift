internal import LeadStore
internal import ScoreEngine

extension ScoringSession {
  /// Calls `body` for each lead, in order, with its record computed afresh from the facts. One pass over all events.
  func forEachRebuiltRecord(
    _ finder: SignalFinder, leads range: ClosedRange<Int64> = 1...Int64.max,
    _ body: (_ lead: LeadRow, _ record: SignalRecord) throws -> Void
  ) throws {
    var record = SignalRecord(kinds: finder.pack.kinds)
    // Leads and events are read side by side in blocks of leads, since only one statement steps at a time.
    let blockSize: Int64 = 2048
    let greatest = try min(database.leads.greatestID(), range.upperBound)
    var first = range.lowerBound
    while first <= greatest {
      let last = min(first + blockSize - 1, greatest)
      var leads: [LeadRow] = []
      try database.leads.forEach(from: first, through: last) { leads.append($0) }
      var next = 0
      func finish(upTo lead: Int64) throws {
        while next < leads.count, leads[next].id < lead {
          finder.fill(
            &record, createdAt: leads[next].createdAt, previous: nil,
            attributes: AttributeSet(json: leads[next].attributes))
          try body(leads[next], record)
          finder.reset()
          next += 1
        }
      }
      finder.reset()
      try database.events.forEachEvent(leads: first...last) { lead, instant, tail in
        try finish(upTo: lead)
        try finder.add(at: instant, tail: tail)
      }
      try finish(upTo: Int64.max)
      first = last + 1
    }
  }
}
