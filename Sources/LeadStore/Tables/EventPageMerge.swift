/// An event on its way into a page: its instant, in milliseconds, and its tail, whose bytes somebody else keeps.
public struct EventRef {
  public var instant: Int64
  public var tail: UnsafeBufferPointer<UInt8>

  /// An event.
  @inline(__always)
  public init(instant: Int64, tail: UnsafeBufferPointer<UInt8>) {
    self.instant = instant
    self.tail = tail
  }
}

/// Puts new events of a lead among those that its pages hold and leaves out those that are there already. Keeps buffers,
/// so that one merger serves for many leads.
public struct EventMerger {
  private var known: [(instant: Int64, start: Int, end: Int)] = []
  private var knownBytes: [UInt8] = []
  /// The indices of the events of the last merge that were not there, in order; nil where that is all of them.
  public private(set) var accepted: [Int]? = nil
  private var fresh: [Int] = []

  /// A merger.
  public init() {}

  /// Adds the pages to be written for one lead to a batch.
  ///
  /// - Parameters:
  ///   - events: in order of instant and, where equal, of arrival; equal ones go behind the stored ones.
  ///   - stored: the lead's last pages, in order, as
  ///     ``EventPageTable/lastPages(lead:from:count:mayStandBeside:mayBeRecent:)`` gives them.
  ///   - mayStandBeside: whether a few events may stand beside the lead's pages.
  /// - Throws: ``StoreError/damaged(_:)`` for pages that are none.
  /// - Complexity: O(events) where all are later than the stored ones, else O(events + stored events).
  public mutating func merge(
    _ events: UnsafeBufferPointer<EventRef>, lead: Int64, stored: [EventPage], mayStandBeside: Bool = false,
    into output: inout PageBatch
  ) throws {
    accepted = nil
    guard let first = events.first else { return }
    known.removeAll(keepingCapacity: true)
    knownBytes.removeAll(keepingCapacity: true)
    guard let last = stored.last, first.instant <= last.lastAt else {
      if EventMerger.hasEqualInstants(events) {
        findDistinct(events)
        accepted = fresh
      }
      return try append(events, lead: lead, after: stored, mayStandBeside, into: &output)
    }

    for page in stored {
      try page.body.withUnsafeBufferPointer { text in
        try EventPage.forEachEvent(in: text, firstAt: page.firstAt) { instant, tail in
          let start = knownBytes.count
          knownBytes.append(contentsOf: tail)
          known.append((instant, start, knownBytes.count))
        }
      }
    }
    findDistinct(events)
    accepted = fresh
    guard !fresh.isEmpty else { return }
    let firstNumber = (stored.first ?? last).id % EventPage.pagesPerLead
    let lastNumber = last.id % EventPage.pagesPerLead
    let staysBeside =
      mayStandBeside && last.isRecent && stored.count == 1 && last.count + fresh.count <= EventPage.recentEvents
    var writer = PageFiller(
      lead: lead, startingAt: firstNumber, storedThrough: last.isRecent && !staysBeside ? lastNumber - 1 : lastNumber,
      isRecent: staysBeside)
    if last.isRecent, !staysBeside { output.removeRecent(last.id) }
    try knownBytes.withUnsafeBufferPointer { bytes in
      var next = 0
      for entry in known {
        while next < fresh.count, events[fresh[next]].instant < entry.instant {
          try writer.append(events[fresh[next]], to: &output)
          next += 1
        }
        let tail = UnsafeBufferPointer(rebasing: bytes[entry.start..<entry.end])
        try writer.append(EventRef(instant: entry.instant, tail: tail), to: &output)
      }
      while next < fresh.count {
        try writer.append(events[fresh[next]], to: &output)
        next += 1
      }
    }
    writer.finish(&output)
  }

  /// Adds events that are all later than the stored ones, those that `accepted` has.
  private mutating func append(
    _ events: UnsafeBufferPointer<EventRef>, lead: Int64, after stored: [EventPage], _ mayStandBeside: Bool,
    into output: inout PageBatch
  ) throws {
    let recent = stored.last.flatMap { $0.isRecent ? $0 : nil }
    let count = (recent?.count ?? 0) + (accepted?.count ?? events.count)
    var writer: PageFiller
    if mayStandBeside, count <= EventPage.recentEvents {
      writer = PageFiller(lead: lead, beside: stored.last, into: &output)
    } else {
      writer = PageFiller(lead: lead, continuing: stored.last { !$0.isRecent }, into: &output)
      if let recent {
        output.removeRecent(recent.id)
        try recent.body.withUnsafeBufferPointer { text in
          try EventPage.forEachEvent(in: text, firstAt: recent.firstAt) {
            try writer.append(EventRef(instant: $0, tail: $1), to: &output)
          }
        }
      }
    }
    if let accepted {
      for index in accepted { try writer.append(events[index], to: &output) }
    } else {
      for event in events { try writer.append(event, to: &output) }
    }
    writer.finish(&output)
  }

  private static func hasEqualInstants(_ events: UnsafeBufferPointer<EventRef>) -> Bool {
    for index in 1..<max(1, events.count) where events[index].instant == events[index - 1].instant { return true }
    return false
  }

  /// Fills `fresh` with the events that are neither known nor a repetition of one before it.
  private mutating func findDistinct(_ events: UnsafeBufferPointer<EventRef>) {
    fresh.removeAll(keepingCapacity: true)
    var next = 0
    var index = 0
    while index < events.count {
      let instant = events[index].instant
      var end = index + 1
      while end < events.count, events[end].instant == instant { end += 1 }
      while next < known.count, known[next].instant < instant { next += 1 }
      if end == index + 1, next >= known.count || known[next].instant != instant {
        fresh.append(index)
        index = end
        continue
      }
      var identities: Set<[UInt8]> = []
      while next < known.count, known[next].instant == instant {
        knownBytes.withUnsafeBufferPointer {
          let tail = UnsafeBufferPointer(rebasing: $0[known[next].start..<known[next].end])
          _ = identities.insert(EventMerger.identity(tail))
        }
        next += 1
      }
      for candidate in index..<end where identities.insert(EventMerger.identity(events[candidate].tail)).inserted {
        fresh.append(candidate)
      }
      index = end
    }
  }

  /// What tells an event from others at its instant: its id where it has one, else all there is.
  private static func identity(_ tail: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    Array(EventTail(tail)?.id ?? tail)
  }
}

/// Events of one lead in a buffer of their own, in order of instant and, where equal, of arrival.
public struct EventBatch {
  private var instants: [Int64] = []
  private var ends: [Int] = []
  private var tails: [UInt8] = []

  /// No events.
  public init() {}

  /// How many there are.
  public var count: Int { instants.count }

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

  /// Calls `body` with all events.
  func withEvents<Result>(_ body: (UnsafeBufferPointer<EventRef>) throws -> Result) rethrows -> Result {
    try tails.withUnsafeBufferPointer { tails in
      let events = instants.indices.map { index in
        EventRef(
          instant: instants[index],
          tail: UnsafeBufferPointer(rebasing: tails[(index == 0 ? 0 : ends[index - 1])..<ends[index]]))
      }
      return try events.withUnsafeBufferPointer(body)
    }
  }
}

extension EventPageTable {
  /// Puts events of one lead into its pages and leaves out those that are there already.
  ///
  /// - Parameters:
  ///   - isNew: whether the lead is known to have no pages.
  ///   - mayStandBeside: whether a few events may stand beside the lead's pages.
  ///   - accepted: is called with each event that was not there, in order.
  public func merge(
    _ batch: EventBatch, lead: Int64, isNew: Bool, mayStandBeside: Bool = false,
    accepted: (_ index: Int) throws -> Void
  ) throws {
    var merger = EventMerger()
    var output = PageBatch()
    try batch.withEvents { events in
      guard let first = events.first else { return }
      let stored =
        isNew
        ? []
        : try lastPages(lead: lead, from: first.instant, count: events.count, mayStandBeside: mayStandBeside)
      try merger.merge(events, lead: lead, stored: stored, mayStandBeside: mayStandBeside, into: &output)
      for index in merger.accepted ?? Array(events.indices) { try accepted(index) }
    }
    try write(output)
  }

  /// The lead's pages that new events may touch, in order: the last one, and back to one that begins before the first
  /// event; and where there is one beside them, that, or it alone where the events go into it.
  ///
  /// - Parameters:
  ///   - first: the instant of the first event.
  ///   - count: how many events there are.
  ///   - mayStandBeside: whether a few events may stand beside the lead's pages.
  ///   - mayBeRecent: whether a page may stand beside them already; see ``RecentLeads``.
  public func lastPages(
    lead: Int64, from first: Int64, count: Int, mayStandBeside: Bool = false, mayBeRecent: Bool = true
  ) throws -> [EventPage] {
    var pages: [EventPage] = []
    var hasRoom = false
    if mayBeRecent, let recent = try recentPage(lead: lead) {
      pages.append(recent)
      hasRoom = mayStandBeside && recent.count + count <= EventPage.recentEvents
      // Its events are later than all of the pages before it.
      if hasRoom, first >= recent.firstAt { return pages }
    }
    guard let last = try last(lead: lead) else { return pages }
    if hasRoom, first > last.lastAt { return pages }
    pages.append(last)
    guard let latest = pages.first, first <= latest.lastAt else { return pages.reversed() }
    while let earliest = pages.last, earliest.firstAt >= first,
      let before = try page(lead: lead, upTo: earliest.id % EventPage.pagesPerLead - 1)
    {
      pages.append(before)
    }
    return pages.reversed()
  }

  /// Which of some leads, in order, may have new events stand beside their pages: those with few others near them.
  public static func mayStandBeside(_ leads: [Int64]) -> [Bool] {
    var result: [Bool] = []
    result.reserveCapacity(leads.count)
    var start = 0
    while start < leads.count {
      let block = LeadBlocks.id(owner: 0, lead: leads[start])
      var end = start + 1
      while end < leads.count, LeadBlocks.id(owner: 0, lead: leads[end]) == block { end += 1 }
      let mayStand = end - start < LeadBlocks.fewest && RecentRows.hasPages(lead: leads[start])
      result.append(contentsOf: repeatElement(mayStand, count: end - start))
      start = end
    }
    return result
  }
}
