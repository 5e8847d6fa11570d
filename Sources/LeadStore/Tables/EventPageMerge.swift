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

/// Pages to be written, of many leads, in buffers that are used again.
public struct PageBatch: ~Copyable, Sendable {
  struct Row {
    var id: Int64
    var firstAt: Int64
    var lastAt: Int64
    var count: Int
    /// Where its text stands among all.
    var start: Int
    var end: Int
    /// Whether it takes the place of a stored page.
    var isStored: Bool
  }

  private(set) var rows: [Row] = []
  private(set) var bytes = ByteBuffer()
  /// The page that events are added to, until it is closed.
  private var open = Row(id: 0, firstAt: 0, lastAt: 0, count: 0, start: 0, end: 0, isStored: false)
  /// Stored pages that are left over when a lead's events stand in fewer ones: from this id through that.
  private(set) var removals: [ClosedRange<Int64>] = []

  /// No pages.
  public init() {}

  /// Forgets all pages.
  public mutating func removeAll() {
    rows.removeAll(keepingCapacity: true)
    bytes.removeAll()
    removals.removeAll(keepingCapacity: true)
  }

  fileprivate mutating func begin(id: Int64, firstAt: Int64, isStored: Bool) {
    let start = bytes.count
    bytes.append(UInt8(ascii: "["))
    open = Row(id: id, firstAt: firstAt, lastAt: firstAt, count: 0, start: start, end: start, isStored: isStored)
  }

  /// Goes on with a page as it is stored.
  fileprivate mutating func resume(_ page: borrowing EventPage) {
    let start = bytes.count
    page.body.withUnsafeBufferPointer { bytes.append(UnsafeBufferPointer(rebasing: $0.dropLast())) }
    open = Row(
      id: page.id, firstAt: page.firstAt, lastAt: page.lastAt, count: page.count, start: start, end: start,
      isStored: true)
  }

  /// Adds an event to the open page.
  @inline(__always)
  fileprivate mutating func append(_ event: EventRef) {
    let offset = event.instant - open.firstAt
    let isFirst = open.count == 0
    // Room for a comma, brackets and the longest number.
    bytes.append(addingCapacity: event.tail.count + 24) { target in
      var at = 0
      if !isFirst {
        target[at] = UInt8(ascii: ",")
        at += 1
      }
      target[at] = UInt8(ascii: "[")
      at += 1
      at += DecimalText.write(offset, to: target + at)
      if let tail = event.tail.baseAddress {
        PageBatch.copy(tail, event.tail.count, to: target + at)
        at += event.tail.count
      }
      target[at] = UInt8(ascii: "]")
      return at + 1
    }
    open.lastAt = event.instant
    open.count += 1
  }

  /// Most tails are short; a call would cost more than their bytes do.
  @inline(__always)
  private static func copy(_ source: UnsafePointer<UInt8>, _ count: Int, to target: UnsafeMutablePointer<UInt8>) {
    guard count >= 4, count <= 32 else { return target.update(from: source, count: count) }
    let from = UnsafeRawPointer(source)
    let to = UnsafeMutableRawPointer(target)
    if count < 8 {
      let last = from.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
      to.storeBytes(of: from.loadUnaligned(as: UInt32.self), as: UInt32.self)
      to.storeBytes(of: last, toByteOffset: count &- 4, as: UInt32.self)
      return
    }
    // The last eight bytes may overlap those before.
    let last = from.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
    var index = 0
    while index < count &- 8 {
      to.storeBytes(
        of: from.loadUnaligned(fromByteOffset: index, as: UInt64.self), toByteOffset: index, as: UInt64.self)
      index &+= 8
    }
    to.storeBytes(of: last, toByteOffset: count &- 8, as: UInt64.self)
  }

  /// The size of the open page's text, once it ends.
  fileprivate var openSize: Int { bytes.count + 1 - open.start }

  fileprivate mutating func close() {
    bytes.append(UInt8(ascii: "]"))
    open.end = bytes.count
    rows.append(open)
  }

  fileprivate mutating func remove(_ ids: ClosedRange<Int64>) { removals.append(ids) }
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
  ///   - stored: the lead's last pages, in order: all from the last one that begins before the first event on, and the
  ///     last one in any case.
  /// - Throws: ``StoreError/damaged(_:)`` for pages that are none.
  /// - Complexity: O(events) where all are later than the stored ones, else O(events + stored events).
  public mutating func merge(
    _ events: UnsafeBufferPointer<EventRef>, lead: Int64, stored: [EventPage], into output: inout PageBatch
  ) throws {
    accepted = nil
    guard let first = events.first else { return }
    known.removeAll(keepingCapacity: true)
    knownBytes.removeAll(keepingCapacity: true)
    guard let last = stored.last, first.instant <= last.lastAt else {
      var writer = PageFiller(lead: lead, continuing: stored.last, into: &output)
      if EventMerger.hasEqualInstants(events) {
        findDistinct(events)
        for index in fresh { try writer.append(events[index], to: &output) }
        accepted = fresh
      } else {
        for event in events { try writer.append(event, to: &output) }
      }
      writer.finish(&output)
      return
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
    var writer = PageFiller(
      lead: lead, startingAt: firstNumber, storedThrough: last.id % EventPage.pagesPerLead)
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

/// Fills pages of bounded size, one after the other.
private struct PageFiller {
  private let lead: Int64
  private var nextNumber: Int64
  /// Pages up to this number are stored.
  private let lastStored: Int64
  private var isOpen = false

  init(lead: Int64, continuing page: EventPage?, into output: inout PageBatch) {
    self.lead = lead
    guard let page else {
      nextNumber = 0
      lastStored = -1
      return
    }
    lastStored = page.id % EventPage.pagesPerLead
    nextNumber = lastStored + 1
    // A full page stays as it is.
    guard page.body.count < EventPage.fullSize else { return }
    output.resume(page)
    isOpen = true
  }

  init(lead: Int64, startingAt number: Int64, storedThrough last: Int64) {
    self.lead = lead
    nextNumber = number
    lastStored = last
  }

  @inline(__always)
  mutating func append(_ event: EventRef, to output: inout PageBatch) throws {
    if isOpen, output.openSize + event.tail.count > EventPage.fullSize {
      output.close()
      isOpen = false
    }
    if !isOpen {
      guard nextNumber < EventPage.pagesPerLead else { throw StoreError.damaged("too many events of one lead") }
      output.begin(
        id: lead * EventPage.pagesPerLead + nextNumber, firstAt: event.instant, isStored: nextNumber <= lastStored)
      nextNumber += 1
      isOpen = true
    }
    output.append(event)
  }

  func finish(_ output: inout PageBatch) {
    if isOpen { output.close() }
    if nextNumber <= lastStored {
      let base = lead * EventPage.pagesPerLead
      output.remove((base + nextNumber)...(base + lastStored))
    }
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
  ///   - accepted: is called with each event that was not there, in order.
  public func merge(
    _ batch: EventBatch, lead: Int64, isNew: Bool, accepted: (_ index: Int) throws -> Void
  ) throws {
    var merger = EventMerger()
    var output = PageBatch()
    try batch.withEvents { events in
      guard let first = events.first else { return }
      let stored = isNew ? [] : try lastPages(lead: lead, from: first.instant)
      try merger.merge(events, lead: lead, stored: stored, into: &output)
      for index in merger.accepted ?? Array(events.indices) { try accepted(index) }
    }
    try write(output)
  }

  /// The lead's pages that an event at an instant may touch: the last one, and back to one that begins before it.
  public func lastPages(lead: Int64, from first: Int64) throws -> [EventPage] {
    guard let last = try last(lead: lead) else { return [] }
    guard first <= last.lastAt else { return [last] }
    var pages = [last]
    while let earliest = pages.last, earliest.firstAt >= first,
      let before = try page(lead: lead, upTo: earliest.id % EventPage.pagesPerLead - 1)
    {
      pages.append(before)
    }
    return pages.reversed()
  }
}
