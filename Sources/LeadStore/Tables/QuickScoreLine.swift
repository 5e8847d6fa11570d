/// The points that a rule gives a lead.
public struct GivenPoints: Sendable {
  /// The rule's position in its version.
  public var position: Int
  /// Hundredths.
  public var points: Int64
}

/// Reads lines of scores as almost all of them are, in one pass that looks at nothing twice.
///
/// What it reads is what ``ScoreLine`` and ``ScoredLeadReader/readRules(_:into:)`` read; a line that is not for it,
/// damaged ones among them, is left to these.
struct QuickScoreLine {
  private(set) var lead: Int64 = 0
  private(set) var version: Int64 = 0
  /// Hundredths.
  private(set) var score: Int64 = 0
  /// The numbers of texts; 0 for null.
  private(set) var stage = 0
  private(set) var ruleStage = 0
  private(set) var grade = 0
  private(set) var enteredStageAt: Int64 = 0
  private(set) var scoredAt: Int64 = 0
  /// `Int64.max` for null.
  private(set) var nextChange = Int64.max
  /// How many rules give points.
  private(set) var givenCount = 0
  /// Behind the line's last bracket.
  private(set) var end: UnsafePointer<UInt8>

  /// Reads a line; nil where it is not for it.
  ///
  /// - Parameters:
  ///   - start: of the line, which ends before the next line end.
  ///   - limit: where memory that may be looked at ends, at the line's end or behind it.
  ///   - given: has room for an entry for each of the rules; gets those that give points, positions rising. Nil where
  ///     nobody wants to know.
  @inline(__always)
  init?(
    _ start: UnsafePointer<UInt8>, limit: UnsafePointer<UInt8>, _ texts: inout TextNumbers,
    given: UnsafeMutableBufferPointer<GivenPoints>?
  ) {
    var scan = QuickScan(place: start, limit: limit)
    lead = scan.number(after: UInt8(ascii: "["))
    version = scan.number()
    score = scan.signedNumber()
    stage = scan.text(&texts)
    ruleStage = scan.text(&texts)
    enteredStageAt = scan.number()
    grade = scan.text(&texts)
    guard scan.isSound, scan.skipArray() else { return nil }
    if let given {
      givenCount = scan.pairs(into: given)
    } else {
      guard scan.skipArray() else { return nil }
    }
    scoredAt = scan.number()
    nextChange = scan.lastNumber()
    guard scan.isSound, scan.place < limit, scan.place.pointee == UInt8(ascii: "]") else { return nil }
    end = scan.place + 1
  }
}

/// Reads one value after the other, each with the mark in front of it. After one that is not as expected, nothing it gives
/// means anything; it never looks beyond the limit.
private struct QuickScan {
  var place: UnsafePointer<UInt8>
  let limit: UnsafePointer<UInt8>
  var isSound = true

  /// A word and a mark can be read.
  private static let reach = 17

  /// A number of one to fifteen digits that is not negative.
  @inline(__always)
  mutating func number(after mark: UInt8 = UInt8(ascii: ",")) -> Int64 {
    guard limit - place >= QuickScan.reach, place[0] == mark else { return unsound() }
    place += 1
    return digits()
  }

  @inline(__always)
  mutating func signedNumber() -> Int64 {
    guard limit - place > QuickScan.reach, place[0] == UInt8(ascii: ",") else { return unsound() }
    let isNegative = place[1] == UInt8(ascii: "-")
    place += isNegative ? 2 : 1
    let value = digits()
    return isNegative ? 0 &- value : value
  }

  /// The digits at the place; sixteen bytes can be read.
  @inline(__always)
  private mutating func digits() -> Int64 {
    let values = DecimalWord.values(DecimalWord.load(place))
    let others = DecimalWord.others(values)
    if others != 0 {
      let count = others.trailingZeroBitCount &>> 3
      guard count > 0 else { return unsound() }
      place += count
      return Int64(bitPattern: DecimalWord.combined(values, count: count))
    }
    let rest = DecimalWord.values(DecimalWord.load(place + 8))
    let end = DecimalWord.others(rest)
    guard end != 0 else { return unsound() }
    let count = end.trailingZeroBitCount &>> 3
    place += 8 &+ count
    let high = DecimalWord.combined(values)
    if count == 0 { return Int64(bitPattern: high) }
    // A one before the digits gives the power of ten.
    let power = DecimalWord.combined(1 &<< UInt64(56 &- count &* 8))
    return Int64(bitPattern: high &* power &+ DecimalWord.combined(rest, count: count))
  }

  /// A number, or null, before the last bracket, behind which there may be little; `Int64.max` for null.
  @inline(__always)
  mutating func lastNumber() -> Int64 {
    guard limit - place >= 6, place[0] == UInt8(ascii: ",") else { return unsound() }
    if isNull {
      place += 5
      return Int64.max
    }
    if limit - place >= QuickScan.reach {
      place += 1
      return digits()
    }
    place += 1
    let start = place
    let value = DecimalWord.number(&place, limit)
    return place > start ? value : unsound()
  }

  /// The number of what stands between quotation marks, behind a comma; 0 for null.
  @inline(__always)
  mutating func text(_ texts: inout TextNumbers) -> Int {
    guard limit - place >= QuickScan.reach, place[0] == UInt8(ascii: ","), place[1] == UInt8(ascii: "\"") else {
      return null()
    }
    let word = DecimalWord.load(place + 2)
    let marks = QuickScan.marks(in: word)
    if marks == 0 {
      guard let (number, next) = QuickScan.longText(place + 2, limit, &texts) else { return Int(unsound()) }
      place = next
      return number
    }
    let count = marks.trailingZeroBitCount &>> 3
    guard place[count &+ 2] == UInt8(ascii: "\"") else { return Int(unsound()) }
    let number = texts.number(short: word & ((1 &<< UInt64(count &* 8)) &- 1), place + 2, count)
    place += count &+ 3
    return number
  }

  /// The number of a text of eight bytes or more, and the place behind it; nil where it is not for the quick way.
  @inline(never)
  private static func longText(
    _ start: UnsafePointer<UInt8>, _ limit: UnsafePointer<UInt8>, _ texts: inout TextNumbers
  ) -> (number: Int, place: UnsafePointer<UInt8>)? {
    var place = start + 8
    while limit - place >= 8 {
      let marks = marks(in: DecimalWord.load(place))
      if marks == 0 {
        place += 8
        continue
      }
      place += marks.trailingZeroBitCount &>> 3
      guard place.pointee == UInt8(ascii: "\"") else { return nil }
      return (texts.number(UnsafeBufferPointer(start: start, count: place - start)), place + 1)
    }
    return nil
  }

  @inline(__always)
  private mutating func null() -> Int {
    guard limit - place >= QuickScan.reach, place[0] == UInt8(ascii: ","), isNull else { return Int(unsound()) }
    place += 5
    return 0
  }

  /// Whether null stands behind the mark; five bytes can be read.
  private var isNull: Bool {
    let word = UInt32(littleEndian: UnsafeRawPointer(place + 1).loadUnaligned(as: UInt32.self))
    // "null"
    return word == 0x6C6C_756E
  }

  /// The eighth bit of each byte that a text cannot have as it stands, up to the first one: a line end would be the
  /// line's.
  @inline(__always)
  private static func marks(in word: UInt64) -> UInt64 { DecimalWord.textMarks(in: word) | controls(in: word) }

  /// The eighth bit of each byte below the space, up to the first one.
  @inline(__always)
  private static func controls(in word: UInt64) -> UInt64 {
    (word &- 0x2020_2020_2020_2020) & ~word & 0x8080_8080_8080_8080
  }

  /// Passes over an array of integers; false where it is none.
  @inline(__always)
  mutating func skipArray() -> Bool {
    guard limit - place >= QuickScan.reach, place[0] == UInt8(ascii: ","), place[1] == UInt8(ascii: "[") else {
      return false
    }
    place += 2
    while limit - place >= 8 {
      let word = DecimalWord.load(place)
      let marks = DecimalWord.bytes(equalTo: UInt8(ascii: "]"), in: word) | QuickScan.controls(in: word)
      if marks != 0 {
        place += marks.trailingZeroBitCount &>> 3 &+ 1
        return place[-1] == UInt8(ascii: "]")
      }
      place += 8
    }
    return false
  }

  /// Reads an array of pairs of a position and points, positions rising; returns how many.
  @inline(__always)
  mutating func pairs(into given: UnsafeMutableBufferPointer<GivenPoints>) -> Int {
    guard limit - place >= QuickScan.reach, place[0] == UInt8(ascii: ","), place[1] == UInt8(ascii: "["),
      let target = given.baseAddress
    else { return Int(unsound()) }
    place += 2
    if place[0] == UInt8(ascii: "]") {
      place += 1
      return 0
    }
    var count = 0
    var least = 0
    while true {
      guard limit - place >= QuickScan.reach else { return Int(unsound()) }
      let position = shortNumber()
      guard position >= least, position < given.count, place[0] == UInt8(ascii: ",") else { return Int(unsound()) }
      // Without a branch: which rules take points away cannot be foretold.
      let sign: Int64 = place[1] == UInt8(ascii: "-") ? -1 : 0
      place += 1 &- Int(sign)
      let values = DecimalWord.values(DecimalWord.load(place))
      let end = DecimalWord.others(values)
      let digits = end.trailingZeroBitCount &>> 3
      guard end != 0, digits > 0 else { return Int(unsound()) }
      let size = Int64(bitPattern: DecimalWord.combined(values, count: digits))
      target[count] = GivenPoints(position: position, points: (size ^ sign) &- sign)
      count &+= 1
      least = position &+ 1
      place += digits
      if place[0] == UInt8(ascii: ",") {
        place += 1
        continue
      }
      guard place[0] == UInt8(ascii: "]") else { return Int(unsound()) }
      place += 1
      return count
    }
  }

  /// A number of one to three digits, below the number of rules of most documents; -1 where it is another.
  @inline(__always)
  private mutating func shortNumber() -> Int {
    var value = Int(place[0] &- 48)
    guard value < 10 else { return -1 }
    place += 1
    var digits = 1
    while digits < 4 {
      let digit = Int(place[0] &- 48)
      if digit >= 10 { return value }
      value = value &* 10 &+ digit
      place += 1
      digits &+= 1
    }
    return -1
  }

  private mutating func unsound() -> Int64 {
    isSound = false
    return 0
  }
}
