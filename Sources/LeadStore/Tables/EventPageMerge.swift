/// Events of one lead on their way into its pages, in order of instant and, where equal, of arrival.
public struct EventBatch {
  private var instants: [Int64] = []
  private var ends: [Int] = []
  private var tails: [UInt8] = []

  /// No events.
  public init() {}

  /// How many there are.
  public var count: Int { instants.count }

  /// Forgets all events.
  public mutating func removeAll() {
    instants.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    tails.removeAll(keepingCapacity: true)
  }

  /// Adds an event that is not earlier than the last one.
  public mutating func append(at instant: Int64, tail: UnsafeBufferPointer<UInt8>) {
    instants.append(instant)
    tails.append(contentsOf: tail)
    ends.append(tails.count)
  }

  /// The instant of an event.
  public func instant(_ index: Int) -> Int64 { instants[index] }

  /// Calls `body` with the tail of an event.
  public func withTail<Result>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    let start = index == 0 ? 0 : ends[index - 1]
    return try tails.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[start..<ends[index]])) }
  }

  /// What tells the event from others at its instant: its id where it has one, else all there is.
  fileprivate func identity(_ index: Int) -> [UInt8] {
    withTail(index) { tail in
      if let id = EventTail(tail)?.id { return Array(id) }
      return Array(tail)
    }
  }
}

extension EventPageTable {
  /// Puts events into a lead's pages and leaves out those that are there already.
  ///
  /// - Parameters:
  ///   - batch: the events; those of equal instants stay behind the stored ones.
  ///   - isNew: whether the lead is known to have no pages.
  ///   - accepted: is called with each event that was not there, in order.
  /// - Complexity: O(batch) where all events are later than the stored ones; otherwise the lead's pages from the
  ///   earliest of them on are written again.
  public func merge(
    _ batch: EventBatch, lead: Int64, isNew: Bool, accepted: (_ index: Int) throws -> Void
  ) throws {
    guard batch.count > 0 else { return }
    let first = batch.instant(0)
    let last = isNew ? nil : try last(lead: lead)
    guard let last, first <= last.lastAt else {
      var writer = PageWriter(self, lead: lead, continuing: last)
      try forEachDistinct(batch, known: EventBatch()) { index in
        try batch.withTail(index) { try writer.append(at: batch.instant(index), tail: $0) }
        try accepted(index)
      }
      try writer.finish()
      return
    }

    // Back to the first page that begins before all of the batch: it and all after it are written again.
    var pages = [last]
    while let earliest = pages.last, earliest.firstAt >= first,
      let before = try page(lead: lead, upTo: earliest.id % EventPage.pagesPerLead - 1)
    {
      pages.append(before)
    }
    var known = EventBatch()
    for page in pages.reversed() {
      try page.body.withUnsafeBufferPointer { text in
        try EventPage.forEachEvent(in: text, firstAt: page.firstAt) { known.append(at: $0, tail: $1) }
      }
    }
    var isAnyNew = false
    var fresh: [Int] = []
    try forEachDistinct(batch, known: known) { index in
      isAnyNew = true
      fresh.append(index)
      try accepted(index)
    }
    guard isAnyNew else { return }
    let firstNumber = (pages.last ?? last).id % EventPage.pagesPerLead
    try remove(lead: lead, from: firstNumber)
    var writer = PageWriter(self, lead: lead, startingAt: firstNumber)
    var next = 0
    for index in 0..<known.count {
      while next < fresh.count, batch.instant(fresh[next]) < known.instant(index) {
        try batch.withTail(fresh[next]) { try writer.append(at: batch.instant(fresh[next]), tail: $0) }
        next += 1
      }
      try known.withTail(index) { try writer.append(at: known.instant(index), tail: $0) }
    }
    while next < fresh.count {
      try batch.withTail(fresh[next]) { try writer.append(at: batch.instant(fresh[next]), tail: $0) }
      next += 1
    }
    try writer.finish()
  }

  /// Calls `body` with each event of the batch that is neither known nor a repetition within the batch.
  private func forEachDistinct(_ batch: EventBatch, known: EventBatch, _ body: (Int) throws -> Void) throws {
    var next = 0
    var index = 0
    while index < batch.count {
      let instant = batch.instant(index)
      var end = index + 1
      while end < batch.count, batch.instant(end) == instant { end += 1 }
      while next < known.count, known.instant(next) < instant { next += 1 }
      if end == index + 1, next >= known.count || known.instant(next) != instant {
        try body(index)
        index = end
        continue
      }
      var identities: Set<[UInt8]> = []
      while next < known.count, known.instant(next) == instant {
        identities.insert(known.identity(next))
        next += 1
      }
      for candidate in index..<end where identities.insert(batch.identity(candidate)).inserted { try body(candidate) }
      index = end
    }
  }
}

/// Fills pages of bounded size, one after the other.
private struct PageWriter {
  private let table: EventPageTable
  private let lead: Int64
  private var page: EventPage?
  private var nextNumber: Int64

  init(_ table: EventPageTable, lead: Int64, continuing page: EventPage?) {
    self.table = table
    self.lead = lead
    self.page = page
    nextNumber = page.map { $0.id % EventPage.pagesPerLead + 1 } ?? 0
  }

  init(_ table: EventPageTable, lead: Int64, startingAt number: Int64) {
    self.table = table
    self.lead = lead
    nextNumber = number
  }

  mutating func append(at instant: Int64, tail: UnsafeBufferPointer<UInt8>) throws {
    if let full = page, full.body.count + tail.count > EventPage.fullSize {
      try table.put(full)
      page = nil
    }
    if page == nil {
      guard nextNumber < EventPage.pagesPerLead else { throw StoreError.damaged("too many events of one lead") }
      page = EventPage(startingAt: instant, id: lead * EventPage.pagesPerLead + nextNumber)
      nextNumber += 1
    }
    page?.append(at: instant, tail: tail)
  }

  func finish() throws {
    if let page { try table.put(page) }
  }
}
