internal import LeadStore

/// New events of a range of leads.
final class EventBlock: LeadBlock {
  let rows = SortedRows()
  let facts = LeadBlockFacts()
  /// The pages that new events may touch, by lead.
  @exclusivity(unchecked) fileprivate(set) var stored: [[EventPage]] = []
  /// Whether new events may stand beside the pages, by lead.
  @exclusivity(unchecked) fileprivate(set) var mayStandBeside: [Bool] = []

  @exclusivity(unchecked) fileprivate(set) var pages = PageBatch()
  let results = LeadBlockResults()
  /// How many events were not there before.
  @exclusivity(unchecked) fileprivate(set) var created: Int64 = 0

  func read(_ source: LeadBlockSource) throws {
    try facts.read(rows.groups, source)
    stored = Array(repeating: [], count: rows.groups.count)
    mayStandBeside = EventPageTable.mayStandBeside(rows.groups.map { $0.lead })
    for (index, group) in rows.groups.enumerated() {
      if facts.isNew[index] || !source.hasEvents { mayStandBeside[index] = false }
      guard source.hasEvents, !facts.isNew[index] else { continue }
      stored[index] = try source.database.events.lastPages(
        lead: group.lead, from: rows.rows[group.rows.lowerBound].order, count: group.rows.count,
        mayStandBeside: mayStandBeside[index], mayBeRecent: facts.mayBeRecent[index])
    }
  }

  func removeAll() {
    facts.removeAll()
    stored.removeAll(keepingCapacity: true)
    mayStandBeside.removeAll(keepingCapacity: true)
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
  @exclusivity(unchecked) private var events = UnsafeMutableBufferPointer<EventRef>.allocate(capacity: 64)

  /// - Parameter isAlone: whether it is used on the thread that has the session.
  init(_ session: ScoringSession, origin: RecordingOrigin, asOf: Int64, isAlone: Bool) {
    scorer = LeadBlockScorer(session, origin: origin, asOf: asOf, isAlone: isAlone)
    isScored = !session.models.isEmpty
  }

  deinit { events.deallocate() }

  /// What was done so far.
  var counts: ScoringCounts { scorer.counts }

  /// Fills the block with what is to be written.
  func score(_ block: EventBlock) throws {
    let rows = block.rows.rows
    try block.rows.withBytes { bytes in
      for (index, group) in block.rows.groups.enumerated() { try score(block, index, group, rows, bytes) }
    }
  }

  private func score(
    _ block: EventBlock, _ index: Int, _ group: SortedRows.Group, _ rows: UnsafeBufferPointer<SortedRows.Row>,
    _ bytes: UnsafeBufferPointer<UInt8>
  ) throws {
    let count = group.rows.count
    if events.count < count { makeRoom(count) }
    // Looking at each tail here also fetches them together, where writing them to pages would wait for one by one.
    var areTails = true
    for place in 0..<count {
      let row = rows[group.rows.lowerBound + place]
      let start = Int(row.start)
      let tail = UnsafeBufferPointer(rebasing: bytes[start..<(start + Int(row.count))])
      areTails = areTails && tail.first == UInt8(ascii: ",")
      events.initializeElement(at: place, to: EventRef(instant: row.order, tail: tail))
    }
    guard areTails else { throw StoreError.damaged("an event") }
    let found = UnsafeBufferPointer(rebasing: events[..<count])
    let finder = scorer.finder
    finder.reset()
    try merger.merge(
      found, lead: group.lead, stored: block.stored[index], mayStandBeside: block.mayStandBeside[index],
      into: &block.pages)
    if isScored { try finder.add(found, at: merger.accepted) }
    let accepted = merger.accepted?.count ?? count
    block.created += Int64(accepted)
    guard accepted > 0 else { return }
    try scorer.score(
      group.lead, index, block.facts, createdAt: nil, attributes: nil, cause: .event, into: block.results)
  }

  private func makeRoom(_ count: Int) {
    events.deallocate()
    events = .allocate(capacity: count * 2)
  }
}
