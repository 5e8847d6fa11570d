/// Reads what is stored of one lead after the other, side by side: its score under a model, the record of its signals,
/// and where asked for its attributes and its events. Used on one connection, by one thread, within one transaction.
public final class ScoredLeadReader {
  /// What is read beside the score and the record.
  public struct Facts: OptionSet, Sendable {
    public let rawValue: Int
    public static let attributes = Facts(rawValue: 1)
    public static let events = Facts(rawValue: 2)

    public init(rawValue: Int) {
      self.rawValue = rawValue
    }
  }

  private let scores: ScoreTextCursor
  private let records: RecordCursor
  private let attributes: AttributeCursor?
  private let pages: EventPageCursor?
  @exclusivity(unchecked) private var isAtFirst = false
  private let current: UnsafeMutablePointer<StoredScore>
  private let givenMemory: UnsafeMutableBufferPointer<GivenPoints>
  /// The stages and grades met so far, by the numbers that this reader gives them.
  @exclusivity(unchecked) public private(set) var texts = TextNumbers()

  /// What is stored of the score of the lead at hand, in place.
  public let score: UnsafePointer<StoredScore>

  /// The rules that give points to the lead at hand, each once, by their positions in the version's layout; nil where they
  /// cannot be read.
  public var given: UnsafeBufferPointer<GivenPoints>? {
    givenCount < 0 ? nil : UnsafeBufferPointer(rebasing: givenMemory[..<givenCount])
  }
  @exclusivity(unchecked) private var givenCount = -1

  /// A reader of the leads that have a score under a model, with their records in a pack.
  ///
  /// - Parameters:
  ///   - ruleCount: how many rules the model's active version has.
  ///   - oldest: pages whose events all occurred at this instant or earlier may be passed over.
  public init(
    _ database: LeadDatabase, model: Int64, pack: Int64, ruleCount: Int, facts: Facts,
    eventsAfter oldest: Int64 = Int64.min
  ) throws(DatabaseError) {
    current = .allocate(capacity: 1)
    current.initialize(to: StoredScore())
    score = UnsafePointer(current)
    givenMemory = .allocate(capacity: ruleCount)
    givenMemory.initialize(repeating: GivenPoints(position: 0, points: 0))
    let connection = database.connection
    scores = try ScoreTextCursor(connection, model: model)
    records = try RecordCursor(database, pack: pack)
    attributes = facts.contains(.attributes) ? try AttributeCursor(connection) : nil
    pages = facts.contains(.events) ? try EventPageCursor(connection, after: oldest) : nil
  }

  deinit {
    current.deallocate()
    givenMemory.deallocate()
  }

  /// Begins with the leads whose numbers lie in a range.
  public func begin(leads: ClosedRange<Int64>) throws {
    finish()
    try scores.begin(leads: leads)
    isAtFirst = true
    try records.begin(leads: leads)
    try attributes?.begin(leads: leads)
    try pages?.begin(leads: leads)
  }

  /// Lets go of what was begun, so that the transaction can end.
  public func finish() {
    scores.finish()
    records.finish()
    attributes?.finish()
    pages?.finish()
  }

  /// Goes to the next lead that has a score; false where there is none.
  public func next() throws -> Bool {
    if isAtFirst {
      isAtFirst = false
    } else {
      if let (line, limit) = scores.following,
        let quick = QuickScoreLine(line, limit: limit, &texts, given: givenMemory),
        scores.pass(quick.lead, quick.end)
      {
        take(quick)
        return true
      }
      try scores.next()
    }
    guard let text = scores.text, let base = text.baseAddress else { return false }
    let end = base + text.count
    let quick = QuickScoreLine(base, limit: scores.readableEnd ?? end, &texts, given: givenMemory)
    if let quick, quick.end == end { take(quick) } else { try takeSlowly(text) }
    return true
  }

  @inline(__always)
  private func take(_ line: QuickScoreLine) {
    current.pointee = StoredScore(line)
    givenCount = line.givenCount
  }

  @inline(never)
  private func takeSlowly(_ text: UnsafeBufferPointer<UInt8>) throws {
    guard let line = ScoreLine(text) else { throw ScoreLines.damaged }
    current.pointee = try StoredScore(line, &texts)
    givenCount = -1
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: givenMemory.count) { points in
      points.initialize(repeating: 0)
      guard ScoredLeadReader.readRules(line.rules, into: points) else { return }
      givenCount = 0
      for position in points.indices where points[position] != 0 {
        givenMemory[givenCount] = GivenPoints(position: position, points: points[position])
        givenCount += 1
      }
    }
  }

  /// The number that this reader gives to a stage or a grade; 0 for none.
  public func number(_ text: String?) -> Int { texts.number(text) }

  /// Reads the points of all rules from their text, hundredths by position in the version's layout; false where they are
  /// damaged.
  static func readRules(_ text: UnsafeBufferPointer<UInt8>, into points: UnsafeMutableBufferPointer<Int64>) -> Bool {
    points.update(repeating: 0)
    guard let base = text.baseAddress, text.count >= 2, base[0] == UInt8(ascii: "["),
      base[text.count - 1] == UInt8(ascii: "]")
    else { return false }
    let last = base + (text.count - 1)
    var place = base + 1
    while place < last {
      let position = integer(&place, last)
      guard position >= 0, position < points.count, place.pointee == UInt8(ascii: ",") else { return false }
      place += 1
      points[Int(position)] = place <= last ? integer(&place, last) : 0
      if place.pointee == UInt8(ascii: ",") { place += 1 } else if place < last { return false }
    }
    return true
  }

  /// The integer at a place, which moves behind it, up to `last` at most.
  private static func integer(_ place: inout UnsafePointer<UInt8>, _ last: UnsafePointer<UInt8>) -> Int64 {
    let isNegative = place < last && place.pointee == UInt8(ascii: "-")
    if isNegative { place += 1 }
    let value = DecimalWord.number(&place, last)
    return isNegative ? 0 &- value : value
  }

  // MARK: Facts

  /// The record of the lead at hand, until the next lead is asked for; nil where there is none.
  public func record() throws -> UnsafeBufferPointer<UInt8>? {
    try records.advance(to: score.pointee.lead) ? records.bytes : nil
  }

  /// How many bytes behind the record can be looked at.
  public var readableBehindRecord: Int { records.readableBehind }

  /// The attributes of the lead at hand, a JSON object, until the next lead is asked for; nil where there is no such lead.
  public func attributeText() throws -> UnsafeBufferPointer<UInt8>? {
    try attributes?.text(of: score.pointee.lead)
  }

  /// Calls `body` with each page of events of the lead at hand, in order.
  public func forEachPage(_ body: (_ text: UnsafeBufferPointer<UInt8>, _ firstAt: Int64) throws -> Void) throws {
    try pages?.forEachPage(of: score.pointee.lead, body)
  }
}

/// Reads the attributes of one lead after the other.
private final class AttributeCursor {
  private let rows: Statement
  @exclusivity(unchecked) private var hasRow = false

  init(_ connection: Connection) throws(DatabaseError) {
    rows = try connection.prepare("SELECT id, attributes FROM lead WHERE id BETWEEN ?1 AND ?2 ORDER BY id")
  }

  func begin(leads: ClosedRange<Int64>) throws(DatabaseError) {
    finish()
    try rows.bind(1, leads.lowerBound)
    try rows.bind(2, leads.upperBound)
    hasRow = try rows.step()
  }

  func finish() {
    rows.reset()
    hasRow = false
  }

  /// Valid until another lead is asked for.
  func text(of lead: Int64) throws -> UnsafeBufferPointer<UInt8>? {
    while hasRow, rows.integer(0) < lead { hasRow = try rows.step() }
    guard hasRow, rows.integer(0) == lead else { return nil }
    return rows.withBytes(1) { $0 }
  }
}
