internal import LeadStore

/// New events of a range of leads.
final class EventBlock: LeadBlock {
  let rows = SortedRows()
  let facts = LeadBlockFacts()
  /// The pages that new events may touch, by lead.
  @exclusivity(unchecked) fileprivate(set) var stored: [[EventPage]] = []

  @exclusivity(unchecked) fileprivate(set) var pages = PageBatch()
  let results = LeadBlockResults()
  /// How many events were not there before.
  @exclusivity(unchecked) fileprivate(set) var created: Int64 = 0

  func read(_ source: LeadBlockSource) throws {
    try facts.read(rows.groups, source)
    stored = Array(repeating: [], count: rows.groups.count)
    guard source.hasEvents else { return }
    for (index, group) in rows.groups.enumerated() where !facts.isNew[index] {
      stored[index] = try source.database.events.lastPages(
        lead: group.lead, from: rows.rows[group.rows.lowerBound].order)
    }
  }

  func removeAll() {
    facts.removeAll()
    stored.removeAll(keepingCapacity: true)
    pages.removeAll()
    results.removeAll()
    created = 0
  }
}

/// Puts the events of blocks into pages and scores their leads. On a thread of its own.
final class EventBlockScorer {
  private let scorer: LeadBlockScorer
  private let isScored: Bool
  @exclusivity(unchecked) private var merger = EventMerger()
  @exclusivity(unchecked) private var events: [EventRef] = []

  /// - Parameter isAlone: whether it is used on the thread that has the session.
  init(_ session: ScoringSession, reference: String?, asOf: Int64, isAlone: Bool) {
    scorer = LeadBlockScorer(session, reference: reference, asOf: asOf, isAlone: isAlone)
    isScored = !session.models.isEmpty
  }

  /// What was done so far.
  var counts: ScoringCounts { scorer.counts }

  /// Fills the block with what is to be written.
  func score(_ block: EventBlock) throws {
    try block.rows.withBytes { bytes in
      for index in block.rows.groups.indices { try score(block, index, bytes) }
    }
  }

  private func score(_ block: EventBlock, _ index: Int, _ bytes: UnsafeBufferPointer<UInt8>) throws {
    let group = block.rows.groups[index]
    events.removeAll(keepingCapacity: true)
    for row in block.rows.rows[group.rows] {
      let start = Int(row.start)
      events.append(
        EventRef(
          instant: row.order, tail: UnsafeBufferPointer(rebasing: bytes[start..<(start + Int(row.count))])))
    }
    let finder = scorer.finder
    finder.reset()
    let accepted = try events.withUnsafeBufferPointer { events in
      try merger.merge(events, lead: group.lead, stored: block.stored[index], into: &block.pages)
      guard let accepted = merger.accepted else {
        if isScored { for event in events { try finder.add(at: event.instant, tail: event.tail) } }
        return events.count
      }
      if isScored { for index in accepted { try finder.add(at: events[index].instant, tail: events[index].tail) } }
      return accepted.count
    }
    block.created += Int64(accepted)
    guard accepted > 0 else { return }
    try scorer.score(
      group.lead, index, block.facts, createdAt: nil, attributes: nil, cause: .event, into: block.results)
  }
}
