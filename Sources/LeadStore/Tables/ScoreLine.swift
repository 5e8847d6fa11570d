#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// A lead's score as a line of a block's text has it, in the form that the migration describes. Points into that text.
struct ScoreLine {
  /// The array, with its brackets.
  private(set) var bytes: UnsafeBufferPointer<UInt8>
  private(set) var lead: Int64 = 0
  private(set) var version: Int64 = 0
  /// Hundredths.
  private(set) var score: Int64 = 0
  /// What stands between the quotation marks; nil for null.
  private(set) var stage: UnsafeBufferPointer<UInt8>?
  private(set) var ruleStage: UnsafeBufferPointer<UInt8>?
  private(set) var enteredStageAt: Int64 = 0
  private(set) var grade: UnsafeBufferPointer<UInt8>?
  /// JSON arrays.
  private(set) var groups: UnsafeBufferPointer<UInt8>
  private(set) var rules: UnsafeBufferPointer<UInt8>
  private(set) var scoredAt: Int64 = 0
  private(set) var nextChangeAt: Int64?
  /// Whether any text has escapes, so that it is not what it stands for.
  private(set) var hasEscapes = false

  /// Of no lead.
  init() {
    let none = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    (bytes, groups, rules) = (none, none, none)
  }

  /// Reads a line that begins with an opening bracket; nil where it is none. O(its length)
  init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    let none = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    (groups, rules) = (none, none)
    guard var reader = LineReader(bytes: bytes) else { return nil }
    lead = reader.integer(after: UInt8(ascii: "["))
    version = reader.integer()
    score = reader.integer()
    stage = reader.text()
    ruleStage = reader.text()
    enteredStageAt = reader.integer()
    grade = reader.text()
    groups = reader.array()
    rules = reader.array()
    scoredAt = reader.integer()
    nextChangeAt = reader.optionalInteger()
    hasEscapes = reader.hasEscapes
    guard reader.isWhole else { return nil }
  }

  /// The lead and the score alone; nil where the line does not begin as one.
  static func head(of bytes: UnsafeBufferPointer<UInt8>) -> (lead: Int64, score: Int64)? {
    guard var reader = LineReader(bytes: bytes) else { return nil }
    let lead = reader.integer(after: UInt8(ascii: "["))
    _ = reader.integer()
    let score = reader.integer()
    return reader.isSound ? (lead, score) : nil
  }

  /// The state without the points; nil where a text is damaged.
  var state: ScoreState? {
    func decoded(_ bytes: UnsafeBufferPointer<UInt8>?) -> String?? {
      guard let bytes else { return .some(nil) }
      return JSONText.decoded(bytes).map { .some($0) }
    }
    guard let stage = decoded(stage), let ruleStage = decoded(ruleStage), let grade = decoded(grade) else { return nil }
    return ScoreState(
      version: Int(truncatingIfNeeded: version), score: score, stage: stage, ruleStage: ruleStage,
      enteredStageAt: enteredStageAt, grade: grade, scoredAt: scoredAt, nextChangeAt: nextChangeAt)
  }

  /// How many bytes a line may take beside its texts and points: six numbers, and the marks between all values.
  static let longestNumbers = 6 * DecimalText.longest + 16

  /// Writes a line.
  ///
  /// - Parameter points: writes two JSON arrays with a comma in between; returns how many bytes it wrote.
  /// - Returns: how many bytes the line has, and where the points stand among them.
  @inline(__always)
  static func write(
    lead: Int64, _ state: ScoreState, to target: UnsafeMutablePointer<UInt8>,
    points: (UnsafeMutablePointer<UInt8>) -> Int
  ) -> (count: Int, points: Range<Int>) {
    var place = 0..<0
    let score = StoredScore(
      lead: lead, score: state.score, version: state.version, enteredStageAt: state.enteredStageAt,
      scoredAt: state.scoredAt, nextChange: state.nextChangeAt ?? Int64.max, stage: 1, ruleStage: 2, grade: 3)
    let count = write(
      score, to: target,
      text: { number, target in
        JSONText.write(number == 1 ? state.stage : number == 2 ? state.ruleStage : state.grade, to: target)
      },
      points: {
        let count = points($0)
        place = ($0 - target)..<($0 - target + count)
        return count
      })
    return (count, place)
  }

  /// Writes a line.
  ///
  /// - Parameters:
  ///   - text: writes a stage or a grade with its number, with quotation marks, or null; returns how many bytes it wrote.
  ///   - points: as above.
  /// - Returns: how many bytes the line has.
  @inline(__always)
  static func write(
    _ score: StoredScore, to target: UnsafeMutablePointer<UInt8>, text: (Int, UnsafeMutablePointer<UInt8>) -> Int,
    points: (UnsafeMutablePointer<UInt8>) -> Int
  ) -> Int {
    let comma = UInt8(ascii: ",")
    var place = target
    @inline(__always) func put(_ byte: UInt8) {
      place.pointee = byte
      place += 1
    }
    put(UInt8(ascii: "["))
    place += DecimalText.write(score.lead, to: place)
    put(comma)
    place += DecimalText.write(Int64(score.version), to: place)
    put(comma)
    place += DecimalText.write(score.score, to: place)
    put(comma)
    place += text(score.stage, place)
    put(comma)
    place += text(score.ruleStage, place)
    put(comma)
    place += DecimalText.write(score.enteredStageAt, to: place)
    put(comma)
    place += text(score.grade, place)
    put(comma)
    place += points(place)
    put(comma)
    place += DecimalText.write(score.scoredAt, to: place)
    put(comma)
    place +=
      score.nextChange == Int64.max ? JSONText.write(nil, to: place) : DecimalText.write(score.nextChange, to: place)
    put(UInt8(ascii: "]"))
    return place - target
  }
}

/// Reads the values of a line one after the other. After a value that is not as expected, nothing it gives means anything.
struct LineReader {
  private var place: UnsafePointer<UInt8>
  private let end: UnsafePointer<UInt8>
  private(set) var isSound = true
  private(set) var hasEscapes = false

  /// Nil where there are no bytes.
  init?(bytes: UnsafeBufferPointer<UInt8>) {
    guard let base = bytes.baseAddress else { return nil }
    place = base
    end = base + bytes.count
  }

  /// Whether all was as expected and nothing is left but the closing bracket.
  var isWhole: Bool { isSound && place == end - 1 && place.pointee == UInt8(ascii: "]") }

  @inline(__always)
  private mutating func skip(_ byte: UInt8) {
    guard place < end, place.pointee == byte else {
      isSound = false
      return
    }
    place += 1
  }

  @inline(__always)
  mutating func integer(after mark: UInt8 = UInt8(ascii: ",")) -> Int64 {
    skip(mark)
    let isNegative = place < end && place.pointee == UInt8(ascii: "-")
    if isNegative { place += 1 }
    let start = place
    let value = DecimalWord.number(&place, end)
    if place == start { isSound = false }
    return isNegative ? 0 &- value : value
  }

  @inline(__always)
  private mutating func null() -> Bool {
    guard end - place > 1, place[1] == UInt8(ascii: "n") else { return false }
    // The comma and the word.
    place = end - place >= 5 ? place + 5 : end
    return true
  }

  @inline(__always)
  mutating func optionalInteger() -> Int64? { null() ? nil : integer() }

  /// What stands between quotation marks.
  @inline(__always)
  mutating func text() -> UnsafeBufferPointer<UInt8>? {
    if null() { return nil }
    skip(UInt8(ascii: ","))
    skip(UInt8(ascii: "\""))
    let start = place
    while end - place >= 8 {
      let marks = DecimalWord.textMarks(in: DecimalWord.load(place))
      if marks == 0 {
        place += 8
        continue
      }
      place += marks.trailingZeroBitCount &>> 3
      if place.pointee == UInt8(ascii: "\"") { break }
      passEscape()
    }
    while place < end, place.pointee != UInt8(ascii: "\"") {
      if place.pointee == UInt8(ascii: "\\") { passEscape() } else { place += 1 }
    }
    let text = UnsafeBufferPointer(start: start, count: place - start)
    skip(UInt8(ascii: "\""))
    return text
  }

  @inline(never)
  private mutating func passEscape() {
    hasEscapes = true
    place = end - place >= 2 ? place + 2 : end
  }

  /// An array of integers, with its brackets.
  @inline(__always)
  mutating func array() -> UnsafeBufferPointer<UInt8> {
    skip(UInt8(ascii: ","))
    let start = place
    if place == end || place.pointee != UInt8(ascii: "[") { isSound = false }
    while end - place >= 8 {
      let closing = DecimalWord.bytes(equalTo: UInt8(ascii: "]"), in: DecimalWord.load(place))
      if closing != 0 {
        place += closing.trailingZeroBitCount &>> 3
        break
      }
      place += 8
    }
    while place < end, place.pointee != UInt8(ascii: "]") { place += 1 }
    if place < end { place += 1 }
    return UnsafeBufferPointer(start: start, count: place - start)
  }
}

/// The lines of a block's text, one after the other.
struct ScoreLines {
  private let text: UnsafeBufferPointer<UInt8>
  private var place = 2

  init(_ text: UnsafeBufferPointer<UInt8>) {
    self.text = text
  }

  /// The next line, still to be read; nil at the end.
  mutating func next() throws -> UnsafeBufferPointer<UInt8>? {
    // "\n,[" begins a line, and "\n]" ends them all.
    guard place &+ 1 < text.count, text[place] == UInt8(ascii: "\n") else { throw ScoreLines.damaged }
    guard text[place &+ 1] == UInt8(ascii: ",") else {
      guard text[place &+ 1] == UInt8(ascii: "]") else { throw ScoreLines.damaged }
      return nil
    }
    let start = place &+ 2
    guard start < text.count, let base = text.baseAddress, let found = memchr(base + start, 10, text.count &- start)
    else { throw ScoreLines.damaged }
    place = UnsafeRawPointer(base).distance(to: found)
    return UnsafeBufferPointer(rebasing: text[start..<place])
  }

  /// Where the next line begins; nil where it is certain to be none.
  @inline(__always)
  var following: UnsafePointer<UInt8>? {
    guard place &+ 2 < text.count, let base = text.baseAddress, base[place] == UInt8(ascii: "\n"),
      base[place &+ 1] == UInt8(ascii: ",")
    else { return nil }
    return base + (place &+ 2)
  }

  /// Passes over the next line, which ends at `end`; false where no line end stands there.
  @inline(__always)
  mutating func pass(_ end: UnsafePointer<UInt8>) -> Bool {
    guard let base = text.baseAddress, end - base < text.count, end.pointee == UInt8(ascii: "\n") else { return false }
    place = end - base
    return true
  }

  /// The number of the lead that a line is about.
  static func lead(of line: UnsafeBufferPointer<UInt8>) throws -> Int64 {
    guard let base = line.baseAddress, line.count > 2 else { throw damaged }
    var place = base + 1
    let end = base + line.count
    let lead = DecimalWord.number(&place, end)
    guard place > base + 1, place < end, place.pointee == UInt8(ascii: ",") else { throw damaged }
    return lead
  }

  static let damaged = StoreError.damaged("the scores of a block of leads")
}
