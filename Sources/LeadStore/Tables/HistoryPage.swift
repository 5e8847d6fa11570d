/// The texts of a page of history while it is being filled, in the form that the migration describes.
struct HistoryPageText: Sendable {
  private(set) var firstLead: Int64 = 0
  private(set) var firstID: Int64 = 0
  private(set) var firstAt: Int64 = 0
  private(set) var firstRecordedAt: Int64 = 0
  private(set) var headText: [UInt8] = []
  private(set) var body: [UInt8] = []
  /// In the order of the array, in which a zero goes before them.
  private var heads: [HistoryHead] = []
  /// Places in `heads` of the first of them, those used most before others.
  private var order: [Int] = []
  /// The same by head, once there are many: a lead never leaves its page, however many rows it has.
  private var placesByHead: [HistoryHead: Int] = [:]
  private var lastLead: Int64 = 0

  /// No page yet.
  init() {}

  var isEmpty: Bool { heads.isEmpty }

  /// How long both texts are.
  var size: Int { headText.count + body.count }

  /// Adds a row of the lead that the last one was of, or of one with a greater number.
  ///
  /// - Parameter place: of the head in this page; 0 where it is not known yet, and then found.
  @inline(__always)
  mutating func append(_ row: HistoryBatch.Row, id: Int64, at place: inout Int, _ head: () -> HistoryHead) {
    if isEmpty {
      (firstLead, firstID, firstAt, firstRecordedAt) = (row.lead, id, row.at, row.recordedAt)
      HistoryPageText.begin(&headText)
      HistoryPageText.begin(&body)
    }
    if isEmpty || row.lead != lastLead {
      if !isEmpty { body.append(UInt8(ascii: "]")) }
      body.append(contentsOf: HistoryPageText.line)
      DecimalText.append(row.lead - firstLead, to: &body)
      lastLead = row.lead
    }
    if place == 0 { place = self.place(of: head()) }
    let head = place
    // Six numbers, each behind a comma.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 6 * (DecimalText.longest + 1)) { memory in
      // Never empty.
      guard let base = memory.baseAddress else { return }
      var target = base
      @inline(__always) func put(_ number: Int64?) {
        target.pointee = UInt8(ascii: ",")
        target += 1
        target += number.map { DecimalText.write($0, to: target) } ?? JSONText.write(nil, to: target)
      }
      put(id &- firstID)
      put(row.at &- firstAt)
      put(row.recordedAt &- firstRecordedAt)
      put(row.before)
      put(row.after)
      put(Int64(head))
      body.append(contentsOf: UnsafeBufferPointer(start: base, count: target - base))
    }
  }

  /// Ends both texts.
  mutating func finish() {
    guard !isEmpty else { return }
    body.append(UInt8(ascii: "]"))
    HistoryPageText.end(&body)
    HistoryPageText.end(&headText)
  }

  /// Forgets the page and keeps the room.
  mutating func removeAll() {
    headText.removeAll(keepingCapacity: true)
    body.removeAll(keepingCapacity: true)
    heads.removeAll(keepingCapacity: true)
    order.removeAll(keepingCapacity: true)
    placesByHead.removeAll()
  }

  private static let fewHeads = 32

  /// The place of a head in the array.
  @inline(never)
  private mutating func place(of head: HistoryHead) -> Int {
    for index in order.indices where heads[order[index]] == head {
      let place = order[index]
      // What occurs often comes to be looked at first.
      if index > 0 { order.swapAt(index, index - 1) }
      return place + 1
    }
    if heads.count >= HistoryPageText.fewHeads {
      if let known = placesByHead[head] { return known }
      placesByHead[head] = heads.count + 1
    } else {
      order.append(heads.count)
    }
    heads.append(head)
    headText.append(contentsOf: HistoryPageText.line)
    DecimalText.append(Int64(head.version), to: &headText)
    for text in [head.cause.rawValue, head.causeReference, head.stageBefore, head.stageAfter, head.gradeAfter] {
      headText.append(UInt8(ascii: ","))
      JSONText.append(text, to: &headText)
    }
    headText.append(UInt8(ascii: "]"))
    return heads.count
  }

  private static let line = Array("\n,[".utf8)

  private static func begin(_ text: inout [UInt8]) { text.append(contentsOf: "[0".utf8) }

  private static func end(_ text: inout [UInt8]) { text.append(contentsOf: "\n]".utf8) }
}

/// A page of history as it is stored. Points into the rows of a statement.
struct HistoryPage {
  var id: Int64
  var firstID: Int64
  var firstAt: Int64
  var firstRecordedAt: Int64
  var heads: UnsafeBufferPointer<UInt8>
  var body: UnsafeBufferPointer<UInt8>

  /// The number of its first lead.
  var firstLead: Int64 { id & HistoryPage.leads }

  /// The bits of a page's number that are its first lead's.
  static let leads: Int64 = 1 << 40 - 1

  /// Calls `body` with the line of each head, in order.
  ///
  /// - Throws: ``StoreError/damaged(_:)``, what `body` throws.
  func forEachHead(_ body: (UnsafeBufferPointer<UInt8>) throws -> Void) throws {
    var lines = ScoreLines(heads)
    while let line = try next(&lines) { try body(line) }
  }

  /// Reads the line of a head.
  ///
  /// - Throws: ``StoreError/damaged(_:)``
  func head(_ line: UnsafeBufferPointer<UInt8>) throws -> HistoryHead {
    guard var line = LineReader(bytes: line) else { throw damaged }
    let version = Int(truncatingIfNeeded: line.integer(after: UInt8(ascii: "[")))
    var texts: [String?] = []
    for _ in 0..<5 {
      let text = try line.text().map { text in
        guard let text = JSONText.decoded(text) else { throw damaged }
        return text
      }
      texts.append(text)
    }
    guard line.isWhole, let cause = texts[0].flatMap({ Cause(rawValue: $0) }) else { throw damaged }
    return HistoryHead(
      version: version, cause: cause, causeReference: texts[1], stageBefore: texts[2],
      stageAfter: texts[3], gradeAfter: texts[4])
  }

  /// Reads the rows of all leads, or of one; the head of each is its place among the heads, counted from 1.
  ///
  /// - Throws: ``StoreError/damaged(_:)``, what `body` throws.
  func forEachRow(ofLead only: Int64? = nil, _ body: (HistoryEntry) throws -> Void) throws {
    var lines = ScoreLines(self.body)
    while let bytes = try next(&lines) {
      guard var line = LineReader(bytes: bytes) else { throw damaged }
      let lead = firstLead &+ line.integer(after: UInt8(ascii: "["))
      guard line.isSound else { throw damaged }
      if let only, lead != only { continue }
      repeat {
        let id = firstID &+ line.integer()
        let at = firstAt &+ line.integer()
        let recordedAt = firstRecordedAt &+ line.integer()
        let before = line.optionalInteger()
        let after = line.integer()
        let head = line.integer()
        guard line.isSound else { throw damaged }
        try body(
          HistoryEntry(
            id: id, lead: lead, at: at, recordedAt: recordedAt, before: before, after: after,
            head: Int32(truncatingIfNeeded: head)))
      } while !line.isWhole
    }
  }

  @inline(__always)
  private func next(_ lines: inout ScoreLines) throws -> UnsafeBufferPointer<UInt8>? {
    do { return try lines.next() } catch { throw damaged }
  }

  var damaged: StoreError { .damaged("history_page \(id)") }
}
