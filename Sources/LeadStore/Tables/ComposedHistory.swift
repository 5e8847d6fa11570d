/// What rows of history have in common that one piece of work adds.
public struct HistoryOrigin: Sendable {
  var at: Int64
  var recordedAt: Int64
  var cause: Cause
  var causeReference: String?
  var version: Int

  /// - Parameters:
  ///   - at: the instant as of which leads were evaluated, in milliseconds since 1970.
  ///   - recordedAt: the clock.
  public init(at: Int64, recordedAt: Int64, cause: Cause, causeReference: String?, version: Int) {
    self.at = at
    self.recordedAt = recordedAt
    self.cause = cause
    self.causeReference = causeReference
    self.version = version
  }
}

/// Pages of history as they are stored, but for the numbers of their rows, which count from 0.
struct ComposedHistory: ~Copyable {
  struct Page {
    let firstLead: Int64
    let firstID: Int64
    /// Where its texts end; they begin where those of the page before end.
    let headsEnd: Int
    let bodyEnd: Int
  }

  fileprivate(set) var pages: [Page] = []
  fileprivate var heads = ByteBuffer()
  fileprivate var bodies = ByteBuffer()
  fileprivate(set) var count: Int64 = 0
  fileprivate(set) var lastLead: Int64 = 0
  fileprivate(set) var at: Int64 = 0
  fileprivate(set) var recordedAt: Int64 = 0

  mutating func removeAll() {
    pages.removeAll(keepingCapacity: true)
    heads.removeAll()
    bodies.removeAll()
    count = 0
    lastLead = 0
  }

  /// Calls `body` with each page and its texts.
  func forEachPage(
    _ body: (Page, _ heads: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) throws -> Void
  ) throws {
    try heads.withUnsafeBytes { heads in
      try bodies.withUnsafeBytes { bodies in
        var (headsStart, bodyStart) = (0, 0)
        for page in pages {
          try body(
            page, UnsafeRawBufferPointer(rebasing: heads[headsStart..<page.headsEnd]),
            UnsafeRawBufferPointer(rebasing: bodies[bodyStart..<page.bodyEnd]))
          (headsStart, bodyStart) = (page.headsEnd, page.bodyEnd)
        }
      }
    }
  }
}

/// Composes pages of history of leads that get a row each at most, in order of their numbers.
struct HistoryComposer: ~Copyable {
  /// What rows have in common but for what all have; numbers of texts.
  struct Head: Equatable {
    let stageBefore: Int
    let stageAfter: Int
    let gradeAfter: Int
  }

  private var pages = ComposedHistory()
  private let origin: HistoryOrigin
  /// Those of the page at hand, and where each of them stands in it.
  private var heads: [(head: Head, place: Int64)] = []
  // Of the page at hand.
  private var firstLead: Int64 = 0
  private var firstID: Int64 = 0
  private var start = 0
  private let headStart: [UInt8]

  init(_ origin: HistoryOrigin) {
    self.origin = origin
    var start = Array("\n,[".utf8)
    DecimalText.append(Int64(origin.version), to: &start)
    for text in [origin.cause.rawValue, origin.causeReference] {
      start.append(UInt8(ascii: ","))
      JSONText.append(text, to: &start)
    }
    headStart = start
  }

  /// Begins with no rows, in the buffers that `pages` has.
  mutating func begin(into pages: inout ComposedHistory) {
    swap(&self.pages, &pages)
    self.pages.removeAll()
    heads.removeAll(keepingCapacity: true)
  }

  /// Adds a row, the texts of whose head are known.
  @inline(__always)
  mutating func append(lead: Int64, before: Int64?, after: Int64, _ head: Head, _ texts: borrowing JSONTextTable) {
    // The text as if its last bracket were yet to come.
    let size = pages.heads.count &+ pages.bodies.count &- start &- 1
    if heads.isEmpty || size > HistoryRunWriter.pageSize {
      endPage()
      beginPage(lead)
    }
    let place = place(of: head, texts)
    let (id, firstLead) = (pages.count &- firstID, firstLead)
    pages.bodies.append(addingCapacity: 6 * 24) { target in
      var target = target
      let first = target
      @inline(__always) func put(_ byte: UInt8) {
        target.pointee = byte
        target += 1
      }
      put(UInt8(ascii: "\n"))
      put(UInt8(ascii: ","))
      put(UInt8(ascii: "["))
      target += DecimalText.write(lead &- firstLead, to: target)
      put(UInt8(ascii: ","))
      target += DecimalText.write(id, to: target)
      // No time passes from row to row.
      for byte in [UInt8(ascii: ","), UInt8(ascii: "0"), UInt8(ascii: ","), UInt8(ascii: "0"), UInt8(ascii: ",")] {
        put(byte)
      }
      if let before {
        target += DecimalText.write(before, to: target)
      } else {
        for byte in "null".utf8 { put(byte) }
      }
      put(UInt8(ascii: ","))
      target += DecimalText.write(after, to: target)
      put(UInt8(ascii: ","))
      target += DecimalText.write(place, to: target)
      put(UInt8(ascii: "]"))
      return target - first
    }
    pages.count &+= 1
    pages.lastLead = lead
  }

  @inline(__always)
  private mutating func place(of head: Head, _ texts: borrowing JSONTextTable) -> Int64 {
    for index in heads.indices where heads[index].head == head {
      let place = heads[index].place
      // What occurs often comes to stand first.
      if index > 0 { heads.swapAt(index, index - 1) }
      return place
    }
    return add(head, texts)
  }

  @inline(never)
  private mutating func add(_ head: Head, _ texts: borrowing JSONTextTable) -> Int64 {
    headStart.withUnsafeBufferPointer { pages.heads.append($0) }
    for number in [head.stageBefore, head.stageAfter, head.gradeAfter] {
      pages.heads.append(UInt8(ascii: ","))
      pages.heads.append(addingCapacity: texts.capacity) { texts.write(number, to: $0) }
    }
    pages.heads.append(UInt8(ascii: "]"))
    heads.append((head, Int64(heads.count + 1)))
    return Int64(heads.count)
  }

  private mutating func beginPage(_ lead: Int64) {
    (firstLead, firstID) = (lead, pages.count)
    start = pages.heads.count + pages.bodies.count
    for byte in "[0".utf8 {
      pages.heads.append(byte)
      pages.bodies.append(byte)
    }
  }

  private mutating func endPage() {
    guard !heads.isEmpty else { return }
    heads.removeAll(keepingCapacity: true)
    for byte in "\n]".utf8 {
      pages.heads.append(byte)
      pages.bodies.append(byte)
    }
    pages.pages.append(
      ComposedHistory.Page(
        firstLead: firstLead, firstID: firstID, headsEnd: pages.heads.count, bodyEnd: pages.bodies.count))
  }

  /// Ends the last page and gives all of them.
  mutating func finish(_ pages: inout ComposedHistory) {
    endPage()
    (self.pages.at, self.pages.recordedAt) = (origin.at, origin.recordedAt)
    swap(&self.pages, &pages)
  }
}
