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
    /// Whether it stands beside the lead's pages.
    var isRecent = false
  }

  private(set) var rows: [Row] = []
  private(set) var bytes = ByteBuffer()
  /// The page that events are added to, until it is closed.
  private var open = Row(id: 0, firstAt: 0, lastAt: 0, count: 0, start: 0, end: 0, isStored: false)
  /// Stored pages that are left over when a lead's events stand in fewer ones: from this id through that.
  private(set) var removals: [ClosedRange<Int64>] = []
  /// Pages beside the others whose events are among these now.
  private(set) var recentRemovals: [Int64] = []

  /// No pages.
  public init() {}

  /// Forgets all pages.
  public mutating func removeAll() {
    rows.removeAll(keepingCapacity: true)
    bytes.removeAll()
    removals.removeAll(keepingCapacity: true)
    recentRemovals.removeAll(keepingCapacity: true)
  }

  mutating func begin(id: Int64, firstAt: Int64, isStored: Bool, isRecent: Bool = false) {
    let start = bytes.count
    bytes.append(UInt8(ascii: "["))
    open = Row(
      id: id, firstAt: firstAt, lastAt: firstAt, count: 0, start: start, end: start, isStored: isStored,
      isRecent: isRecent)
  }

  /// Goes on with a page as it is stored.
  mutating func resume(_ page: borrowing EventPage) {
    let start = bytes.count
    page.body.withUnsafeBufferPointer { bytes.append(UnsafeBufferPointer(rebasing: $0.dropLast())) }
    open = Row(
      id: page.id, firstAt: page.firstAt, lastAt: page.lastAt, count: page.count, start: start, end: start,
      isStored: true, isRecent: page.isRecent)
  }

  /// Adds an event to the open page.
  @inline(__always)
  mutating func append(_ event: EventRef) {
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
  var openSize: Int { bytes.count + 1 - open.start }

  mutating func close() {
    bytes.append(UInt8(ascii: "]"))
    open.end = bytes.count
    rows.append(open)
  }

  mutating func remove(_ ids: ClosedRange<Int64>) { removals.append(ids) }

  mutating func removeRecent(_ id: Int64) { recentRemovals.append(id) }
}

/// Fills pages of bounded size, one after the other.
struct PageFiller {
  private let lead: Int64
  private var nextNumber: Int64
  /// Pages up to this number are stored where they belong.
  private let lastStored: Int64
  private var isOpen = false
  /// Whether all goes into one page, of any size, beside the others.
  private var isRecent = false

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

  /// Goes on with the page beside the lead's others, or begins one after the last of those.
  init(lead: Int64, beside last: EventPage?, into output: inout PageBatch) {
    self.lead = lead
    isRecent = true
    nextNumber = last.map { $0.id % EventPage.pagesPerLead + 1 } ?? 0
    lastStored = nextNumber - 1
    if let last, last.isRecent {
      output.resume(last)
      isOpen = true
    }
  }

  init(lead: Int64, startingAt number: Int64, storedThrough last: Int64, isRecent: Bool) {
    self.lead = lead
    self.isRecent = isRecent
    nextNumber = number
    lastStored = last
  }

  @inline(__always)
  mutating func append(_ event: EventRef, to output: inout PageBatch) throws {
    if isOpen, !isRecent, output.openSize + event.tail.count > EventPage.fullSize {
      output.close()
      isOpen = false
    }
    if !isOpen {
      guard nextNumber < EventPage.pagesPerLead else { throw StoreError.damaged("too many events of one lead") }
      output.begin(
        id: lead * EventPage.pagesPerLead + nextNumber, firstAt: event.instant, isStored: nextNumber <= lastStored,
        isRecent: isRecent)
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
