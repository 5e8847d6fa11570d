/// Reads the signal records of one lead after the other. Used on one connection, by one thread.
public final class RecordCursor {
  private let rows: Statement
  private let pack: Int64
  private let skipsDamaged: Bool
  @exclusivity(unchecked) private var layout: SignalBlock.Layout?
  // The block at hand.
  @exclusivity(unchecked) private var body: [UInt8] = []
  @exclusivity(unchecked) private var firstLead: Int64 = 0
  @exclusivity(unchecked) private var place = 0
  @exclusivity(unchecked) private var record = 0..<0
  @exclusivity(unchecked) private var lastLead: Int64 = 0
  /// The lead at hand; nil at the end.
  @exclusivity(unchecked) public private(set) var lead: Int64?

  /// A cursor over the records in a pack.
  ///
  /// - Parameter skipsDamaged: whether leads whose block is damaged count as having no record.
  public init(_ database: LeadDatabase, pack: Int64, skipsDamaged: Bool = false) throws(DatabaseError) {
    self.pack = pack
    self.skipsDamaged = skipsDamaged
    rows = try database.connection.prepare(
      "SELECT id, present, ends, body FROM signal_block WHERE id BETWEEN ?1 AND ?2 ORDER BY id")
  }

  /// Begins with the leads whose numbers lie in a range.
  public func begin(leads: ClosedRange<Int64>) throws {
    finish()
    let ids = LeadBlocks.ids(owner: pack, leads: leads)
    try rows.bind(1, ids.lowerBound)
    try rows.bind(2, ids.upperBound)
    lastLead = leads.upperBound
    lead = 0
    while let found = lead, found < leads.lowerBound { try next() }
  }

  /// Lets go of what was begun, so that others can write.
  public func finish() {
    rows.reset()
    layout = nil
    lead = nil
  }

  /// Goes to the next record.
  public func next() throws {
    while true {
      if let layout {
        while place < LeadBlocks.size {
          place &+= 1
          guard let found = layout.record(place &- 1) else { continue }
          record = found
          let number = firstLead &+ Int64(place &- 1)
          lead = number > lastLead ? nil : number
          return
        }
      }
      guard try rows.step() else {
        lead = nil
        return
      }
      do {
        layout = try SignalBlock.Layout(rows, 1, 2, 3)
      } catch {
        guard skipsDamaged else { throw error }
        layout = nil
        continue
      }
      firstLead = LeadBlocks.firstLead(ofBlock: rows.integer(0))
      place = 0
      rows.withBytes(3) {
        body.removeAll(keepingCapacity: true)
        body.append(contentsOf: $0)
      }
    }
  }

  /// Calls `body` with the record of the lead at hand.
  public func withRecord<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    try self.body.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[record])) }
  }

  /// Goes forward to a lead; false where it has no record.
  public func advance(to lead: Int64) throws -> Bool {
    while let found = self.lead, found < lead { try next() }
    return self.lead == lead
  }
}

/// Reads the lines of scores one after the other. Used on one connection, by one thread.
final class ScoreLineCursor {
  private let rows: Statement
  private let model: Int64
  // The block at hand, in memory of its own, so that lines can point into it.
  @exclusivity(unchecked) private var body = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 4096)
  @exclusivity(unchecked) private var lines: ScoreLines?
  @exclusivity(unchecked) private var lastLead: Int64 = 0
  /// The line at hand, until the next one is asked for; nil at the end.
  @exclusivity(unchecked) private(set) var line: ScoreLine?

  /// A cursor over the scores of a model.
  init(_ connection: Connection, model: Int64) throws(DatabaseError) {
    self.model = model
    rows = try connection.prepare("SELECT body FROM score_block WHERE id BETWEEN ?1 AND ?2 ORDER BY id")
  }

  deinit {
    body.deallocate()
  }

  /// Begins with the leads whose numbers lie in a range: goes to the first line.
  func begin(leads: ClosedRange<Int64>) throws {
    finish()
    let ids = LeadBlocks.ids(owner: model, leads: leads)
    try rows.bind(1, ids.lowerBound)
    try rows.bind(2, ids.upperBound)
    lastLead = leads.upperBound
    try next()
    while let line, line.lead < leads.lowerBound { try next() }
  }

  /// Lets go of what was begun, so that others can write.
  func finish() {
    rows.reset()
    lines = nil
    line = nil
  }

  /// Goes to the next line.
  func next() throws {
    while true {
      if let bytes = try lines?.next() {
        guard let read = ScoreLine(bytes) else { throw ScoreLines.damaged }
        line = read.lead > lastLead ? nil : read
        return
      }
      guard try rows.step() else {
        line = nil
        return
      }
      rows.withBytes(0) { text in
        if text.count > body.count {
          body.deallocate()
          body = .allocate(capacity: text.count * 2)
        }
        _ = body.update(fromContentsOf: text)
        lines = ScoreLines(UnsafeBufferPointer(rebasing: body[..<text.count]))
      }
    }
  }
}

/// Reads the stored scores of one lead after the other. Used on one connection, by one thread.
public final class ScoreCursor {
  private let lines: ScoreLineCursor

  /// A cursor over the scores of a model.
  public init(_ database: LeadDatabase, model: Int64) throws(DatabaseError) {
    lines = try ScoreLineCursor(database.connection, model: model)
  }

  /// Begins with the leads whose numbers lie in a range.
  public func begin(leads: ClosedRange<Int64>) throws { try lines.begin(leads: leads) }

  /// Lets go of what was begun, so that others can write.
  public func finish() { lines.finish() }

  /// Goes forward to a lead; nil where it has no score.
  public func state(of lead: Int64) throws -> ScoreState? {
    while let line = lines.line, line.lead < lead { try lines.next() }
    guard let line = lines.line, line.lead == lead else { return nil }
    guard let state = line.state else { throw ScoreLines.damaged }
    return state
  }

  /// Calls `body` with the JSON texts of groups and rules, as they are stored, of the lead at hand.
  public func withPoints<Result>(
    _ body: (_ groups: UnsafeBufferPointer<UInt8>, _ rules: UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    let none = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    return body(lines.line?.groups ?? none, lines.line?.rules ?? none)
  }
}
