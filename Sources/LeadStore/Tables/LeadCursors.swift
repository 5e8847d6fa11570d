/// Reads the signal records of one lead after the other. Used on one connection, by one thread.
public final class RecordCursor {
  private let rows: Statement
  private let recentRows: Statement
  private let pack: Int64
  private let skipsDamaged: Bool
  @exclusivity(unchecked) private var layout: SignalBlock.Layout?
  // The block at hand, where SQLite has it until the next step.
  @exclusivity(unchecked) private var body = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
  @exclusivity(unchecked) private var firstLead: Int64 = 0
  @exclusivity(unchecked) private var place = 0
  @exclusivity(unchecked) private var record = 0..<0
  @exclusivity(unchecked) private var lastLead: Int64 = 0
  /// The leads that come next: in the blocks, and beside them; beyond all leads where there is none.
  @exclusivity(unchecked) private var blockLead = Int64.max
  @exclusivity(unchecked) private var recentLead = Int64.max
  /// The lead at hand; nil at the end.
  @exclusivity(unchecked) public private(set) var lead: Int64?
  @exclusivity(unchecked) private var isRecent = false
  /// The numbers of the damaged blocks that were passed over since the cursor began.
  @exclusivity(unchecked) public private(set) var damagedBlocks: [Int64] = []

  /// A cursor over the records in a pack.
  ///
  /// - Parameter skipsDamaged: whether leads whose block is damaged count as having no record.
  public convenience init(
    _ database: LeadDatabase, pack: Int64, skipsDamaged: Bool = false
  ) throws(DatabaseError) {
    try self.init(database.connection, pack: pack, skipsDamaged: skipsDamaged)
  }

  init(_ connection: Connection, pack: Int64, skipsDamaged: Bool = false) throws(DatabaseError) {
    self.pack = pack
    self.skipsDamaged = skipsDamaged
    rows = try connection.prepare(
      "SELECT id, present, ends, body FROM signal_block WHERE id BETWEEN ?1 AND ?2 ORDER BY id")
    recentRows = try RecentChanges.rows(connection)
  }

  /// Begins with the leads whose numbers lie in a range.
  public func begin(leads: ClosedRange<Int64>) throws {
    finish()
    damagedBlocks = []
    let ids = LeadBlocks.ids(owner: pack, leads: leads)
    try rows.bind(1, ids.lowerBound)
    try rows.bind(2, ids.upperBound)
    lastLead = leads.upperBound
    try RecentChanges.bind(recentRows, .signals, owner: pack, leads: leads)
    try nextRecent()
    repeat { try nextInBlocks() } while blockLead < leads.lowerBound
    chooseLead()
  }

  /// Lets go of what was begun, so that others can write.
  public func finish() {
    rows.reset()
    recentRows.reset()
    layout = nil
    body = UnsafeBufferPointer(start: nil, count: 0)
    record = 0..<0
    lead = nil
    (blockLead, recentLead) = (Int64.max, Int64.max)
  }

  /// Goes to the next record.
  public func next() throws {
    guard let lead else { return }
    if recentLead == lead { try nextRecent() }
    if blockLead == lead { try nextInBlocks() }
    chooseLead()
  }

  private func chooseLead() {
    let nearest = min(blockLead, recentLead)
    isRecent = recentLead == nearest
    lead = nearest > lastLead || nearest == Int64.max ? nil : nearest
  }

  private func nextRecent() throws {
    recentLead = try recentRows.step() ? recentRows.integer(0) : Int64.max
  }

  private func nextInBlocks() throws {
    while true {
      if let layout {
        while place < LeadBlocks.size {
          place &+= 1
          guard let found = layout.record(place &- 1) else { continue }
          record = found
          blockLead = firstLead &+ Int64(place &- 1)
          return
        }
      }
      guard try rows.step() else {
        blockLead = Int64.max
        return
      }
      do {
        layout = try SignalBlock.Layout(rows, 1, 2, 3)
      } catch {
        guard skipsDamaged else { throw error }
        damagedBlocks.append(rows.integer(0))
        layout = nil
        continue
      }
      firstLead = LeadBlocks.firstLead(ofBlock: rows.integer(0))
      place = 0
      body = rows.withBytes(3) { $0 }
    }
  }

  /// The record of the lead at hand, until the next one is asked for.
  public var bytes: UnsafeBufferPointer<UInt8> {
    isRecent ? recentRows.withBytes(1) { $0 } : UnsafeBufferPointer(rebasing: body[record])
  }

  /// How many bytes behind the record can be looked at.
  public var readableBehind: Int { isRecent ? 0 : body.count &- record.upperBound }

  /// Calls `body` with the record of the lead at hand.
  public func withRecord<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    try body(bytes)
  }

  /// Goes forward to a lead; false where it has no record.
  public func advance(to lead: Int64) throws -> Bool {
    while let found = self.lead, found < lead { try next() }
    return self.lead == lead
  }
}

/// Goes over the texts of the lines of scores, from bracket to bracket. Used on one connection, by one thread.
final class ScoreTextCursor {
  private let rows: Statement
  private let recentRows: Statement
  private let model: Int64
  // Of the block at hand, where SQLite has it until the next step.
  @exclusivity(unchecked) private var lines: ScoreLines?
  @exclusivity(unchecked) private var lastLead: Int64 = 0
  /// The leads that come next: in the blocks, and beside them; beyond all leads where there is none.
  @exclusivity(unchecked) private var blockLead = Int64.max
  @exclusivity(unchecked) private var recentLead = Int64.max
  @exclusivity(unchecked) private var blockText = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
  @exclusivity(unchecked) private var blockEnd: UnsafePointer<UInt8>?
  /// The text at hand, until the next one is asked for; nil at the end.
  @exclusivity(unchecked) private(set) var text: UnsafeBufferPointer<UInt8>?

  /// Where the memory that the text at hand stands in ends; nil where there is no more of it than the text.
  @inline(__always)
  var readableEnd: UnsafePointer<UInt8>? { recentLead <= blockLead ? nil : blockEnd }

  /// A cursor over the scores of a model.
  init(_ connection: Connection, model: Int64) throws(DatabaseError) {
    self.model = model
    rows = try connection.prepare("SELECT body FROM score_block WHERE id BETWEEN ?1 AND ?2 ORDER BY id")
    recentRows = try RecentChanges.rows(connection)
  }

  /// Begins with the leads whose numbers lie in a range: goes to the first one.
  func begin(leads: ClosedRange<Int64>) throws {
    finish()
    let ids = LeadBlocks.ids(owner: model, leads: leads)
    try rows.bind(1, ids.lowerBound)
    try rows.bind(2, ids.upperBound)
    lastLead = leads.upperBound
    try RecentChanges.bind(recentRows, .scores, owner: model, leads: leads)
    try nextRecent()
    repeat { try nextInBlocks() } while blockLead < leads.lowerBound
    chooseText()
  }

  /// Lets go of what was begun, so that others can write.
  func finish() {
    rows.reset()
    recentRows.reset()
    lines = nil
    text = nil
    (blockLead, recentLead) = (Int64.max, Int64.max)
  }

  /// Where the line behind the one at hand begins, and where memory that may be looked at ends; nil where it is not
  /// certain that it is the next one.
  @inline(__always)
  var following: (UnsafePointer<UInt8>, limit: UnsafePointer<UInt8>)? {
    guard blockLead < recentLead, let place = lines?.following, let blockEnd else { return nil }
    return (place, blockEnd)
  }

  /// Passes over the line that ``following`` gave, which is not at hand then; false where it is not the next one.
  @inline(__always)
  func pass(_ lead: Int64, _ end: UnsafePointer<UInt8>) -> Bool {
    guard lead < recentLead, lead <= lastLead else { return false }
    return lines?.pass(end) ?? false
  }

  /// Goes to the next one.
  func next() throws {
    guard text != nil else { return }
    let lead = min(blockLead, recentLead)
    if recentLead == lead { try nextRecent() }
    if blockLead == lead { try nextInBlocks() }
    chooseText()
  }

  @inline(__always)
  private func chooseText() {
    let lead = min(blockLead, recentLead)
    if lead > lastLead || lead == Int64.max {
      text = nil
    } else {
      // SQLite keeps the row's memory until the next step.
      text = recentLead == lead ? recentRows.withBytes(1) { $0 } : blockText
    }
  }

  private func nextRecent() throws {
    recentLead = try recentRows.step() ? recentRows.integer(0) : Int64.max
  }

  private func nextInBlocks() throws {
    while true {
      if let bytes = try lines?.next() {
        blockText = bytes
        blockLead = try ScoreLines.lead(of: bytes)
        return
      }
      guard try rows.step() else {
        lines = nil
        blockLead = Int64.max
        return
      }
      let body = rows.withBytes(0) { $0 }
      lines = ScoreLines(body)
      blockEnd = body.baseAddress.map { UnsafePointer($0 + body.count) }
    }
  }
}

/// Reads the lines of scores one after the other. Used on one connection, by one thread.
final class ScoreLineCursor {
  private let texts: ScoreTextCursor
  /// Whether there is a line at hand.
  @exclusivity(unchecked) private(set) var isAny = false
  /// The line at hand, until the next one is asked for; of no meaning where there is none.
  @exclusivity(unchecked) private(set) var current = ScoreLine()

  /// The line at hand, until the next one is asked for; nil at the end.
  var line: ScoreLine? { isAny ? current : nil }

  /// A cursor over the scores of a model.
  init(_ connection: Connection, model: Int64) throws(DatabaseError) {
    texts = try ScoreTextCursor(connection, model: model)
  }

  /// Begins with the leads whose numbers lie in a range: goes to the first line.
  func begin(leads: ClosedRange<Int64>) throws {
    try texts.begin(leads: leads)
    try read()
  }

  /// Lets go of what was begun, so that others can write.
  func finish() {
    texts.finish()
    isAny = false
  }

  /// Goes to the next line.
  func next() throws {
    try texts.next()
    try read()
  }

  private func read() throws {
    guard let text = texts.text else {
      isAny = false
      return
    }
    guard let read = ScoreLine(text) else { throw ScoreLines.damaged }
    current = read
    isAny = true
  }
}

/// Reads the stored scores of one lead after the other. Used on one connection, by one thread.
public final class ScoreCursor {
  let lines: ScoreLineCursor

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
    while lines.isAny, lines.current.lead < lead { try lines.next() }
    guard lines.isAny, lines.current.lead == lead else { return nil }
    guard let state = lines.current.state else { throw ScoreLines.damaged }
    return state
  }

  /// Goes forward to the next lead after one that is due by an instant; nil where there is none.
  public func nextDue(after last: Int64, by instant: Int64) throws -> (lead: Int64, state: ScoreState)? {
    while let line = lines.line {
      if line.lead > last, let next = line.nextChangeAt, next <= instant {
        guard let state = line.state else { throw ScoreLines.damaged }
        return (line.lead, state)
      }
      try lines.next()
    }
    return nil
  }

  /// Calls `body` with the JSON texts of groups and rules, as they are stored, of the lead at hand.
  public func withPoints<Result>(
    _ body: (_ groups: UnsafeBufferPointer<UInt8>, _ rules: UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    body(groups, rules)
  }
}
