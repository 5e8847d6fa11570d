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

  private let scores: ScoreLineCursor
  private let records: RecordCursor
  private let attributes: AttributeCursor?
  private let pages: EventPageCursor?
  @exclusivity(unchecked) private var isAtFirst = false
  /// The number of the lead at hand.
  @exclusivity(unchecked) public private(set) var lead: Int64 = 0
  /// The stages and grades met so far, by the numbers that this reader gives them.
  @exclusivity(unchecked) public private(set) var texts = TextNumbers()
  // What the line at hand says.
  /// The score in hundredths.
  @exclusivity(unchecked) public private(set) var score: Int64 = 0
  /// The number of the rule version.
  @exclusivity(unchecked) public private(set) var version = 0
  /// When anything may change next, in milliseconds since 1970.
  @exclusivity(unchecked) public private(set) var nextChange: Int64?
  /// The number of the stage shown; 0 for none.
  @exclusivity(unchecked) public private(set) var stage = 0
  /// The number of the stage that the rules give; 0 for none.
  @exclusivity(unchecked) public private(set) var ruleStage = 0
  /// The number of the grade; 0 for none.
  @exclusivity(unchecked) public private(set) var grade = 0

  /// A reader of the leads that have a score under a model, with their records in a pack.
  public init(_ database: LeadDatabase, model: Int64, pack: Int64, facts: Facts) throws(DatabaseError) {
    let connection = database.connection
    scores = try ScoreLineCursor(connection, model: model)
    records = try RecordCursor(database, pack: pack)
    attributes = facts.contains(.attributes) ? try AttributeCursor(connection) : nil
    pages = facts.contains(.events) ? try EventPageCursor(connection) : nil
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
    if !isAtFirst { try scores.next() }
    isAtFirst = false
    guard let line = scores.line else { return false }
    lead = line.lead
    score = line.score
    version = Int(truncatingIfNeeded: line.version)
    nextChange = line.nextChangeAt
    stage = try texts.number(json: line.stage, line)
    ruleStage = try texts.number(json: line.ruleStage, line)
    grade = try texts.number(json: line.grade, line)
    return true
  }

  /// The number that this reader gives to a stage or a grade; 0 for none.
  public func number(_ text: String?) -> Int { texts.number(text) }

  /// Reads the points of all rules, hundredths by position in the version's layout; false where they are damaged.
  public func readRules(into points: UnsafeMutableBufferPointer<Int64>) -> Bool {
    points.update(repeating: 0)
    guard let text = scores.line?.rules, text.count >= 2, text[0] == UInt8(ascii: "["),
      text[text.count - 1] == UInt8(ascii: "]")
    else { return false }
    var place = 1
    while place < text.count &- 1 {
      let position = ScoredLeadReader.integer(text, &place)
      guard position >= 0, position < points.count, text[place] == UInt8(ascii: ",") else { return false }
      place &+= 1
      points[Int(position)] = ScoredLeadReader.integer(text, &place)
      if text[place] == UInt8(ascii: ",") { place &+= 1 } else if place < text.count &- 1 { return false }
    }
    return true
  }

  /// The integer at a place, which moves behind it, before the text's last byte at most.
  @inline(__always)
  private static func integer(_ text: UnsafeBufferPointer<UInt8>, _ place: inout Int) -> Int64 {
    let isNegative = text[place] == UInt8(ascii: "-")
    if isNegative { place &+= 1 }
    var value: Int64 = 0
    while place < text.count &- 1, text[place] &- 48 < 10 {
      value = value &* 10 &+ Int64(text[place] &- 48)
      place &+= 1
    }
    return isNegative ? 0 &- value : value
  }

  // MARK: Facts

  /// Calls `body` with the record of the lead at hand; nil where there is none.
  public func withRecord<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) throws -> Result? {
    try records.advance(to: lead) ? try records.withRecord(body) : nil
  }

  /// Calls `body` with the attributes of the lead at hand, a JSON object; nil where there is no such lead.
  public func withAttributes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) throws -> Result? {
    try attributes?.withAttributes(of: lead, body)
  }

  /// Calls `body` with each page of events of the lead at hand, in order.
  public func forEachPage(_ body: (_ text: UnsafeBufferPointer<UInt8>, _ firstAt: Int64) throws -> Void) throws {
    try pages?.forEachPage(of: lead, body)
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

  func withAttributes<Result>(
    of lead: Int64, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) throws -> Result? {
    while hasRow, rows.integer(0) < lead { hasRow = try rows.step() }
    guard hasRow, rows.integer(0) == lead else { return nil }
    return try rows.withBytes(1, body)
  }
}

/// Small numbers for texts of which there are few. Number 0 stands for no text.
public struct TextNumbers: Sendable {
  private var bytes: [[UInt8]] = [[]]
  private var strings: [String?] = [nil]

  /// Number 0 alone.
  public init() {}

  /// How many numbers there are.
  public var count: Int { strings.count }

  /// The text with a number.
  public func text(_ number: Int) -> String? { strings[number] }

  /// The number of a text, which gets one where it has none; 0 for nil.
  public mutating func number(_ text: String?) -> Int {
    guard var text else { return 0 }
    return text.withUTF8 { number($0) }
  }

  /// The number of a text, which gets one where it has none. O(texts)
  public mutating func number(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    let known = knownNumber(text)
    return known >= 0 ? known : add(text)
  }

  /// The number of what stands between the quotation marks of a text of a line; 0 for nil.
  ///
  /// - Throws: ``StoreError/damaged(_:)``
  @inline(__always)
  mutating func number(json text: UnsafeBufferPointer<UInt8>?, _ line: ScoreLine) throws -> Int {
    guard let text else { return 0 }
    if line.hasEscapes { return try number(escaped: text) }
    return number(text)
  }

  @inline(never)
  private mutating func number(escaped text: UnsafeBufferPointer<UInt8>) throws -> Int {
    guard let decoded = JSONText.decoded(text) else { throw ScoreLines.damaged }
    return number(decoded)
  }

  /// The number of a text; -1 where it has none. O(texts)
  func knownNumber(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    for number in 1..<max(1, bytes.count) where isEqual(number, text) { return number }
    return -1
  }

  @inline(__always)
  private func isEqual(_ number: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
    bytes[number].withUnsafeBufferPointer { known in
      guard known.count == text.count else { return false }
      for index in 0..<known.count where known[index] != text[index] { return false }
      return true
    }
  }

  @inline(never)
  private mutating func add(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    bytes.append(Array(text))
    strings.append(String(decoding: text, as: UTF8.self))
    return strings.count - 1
  }
}
