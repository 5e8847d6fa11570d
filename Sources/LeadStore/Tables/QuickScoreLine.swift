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
  private(set) var pointCount = 0

  /// Reads a line; nil where it is not for it.
  ///
  /// - Parameters:
  ///   - line: from bracket to bracket.
  ///   - limit: where memory that may be looked at ends, at the line's end or behind it.
  ///   - points: where the points of the rules go, by position, the others being 0; nil where nobody wants to know.
  ///   - positions: where the positions of those that give points go, rising; has room for as many.
  @inline(__always)
  init?(
    _ line: UnsafeBufferPointer<UInt8>, limit: UnsafePointer<UInt8>, _ texts: inout TextNumbers,
    points: UnsafeMutableBufferPointer<Int64>?, positions: UnsafeMutablePointer<Int>?
  ) {
    guard let base = line.baseAddress, line.count > 0, base[0] == UInt8(ascii: "[") else { return nil }
    var scan = QuickScan(place: base, limit: limit)
    lead = scan.number(after: UInt8(ascii: "["))
    version = scan.number()
    score = scan.signedNumber()
    let first = scan.text()
    stage = QuickScoreLine.number(first, &texts)
    let second = scan.text()
    // Most often the same.
    ruleStage = QuickScan.areEqual(first, second) ? stage : QuickScoreLine.number(second, &texts)
    enteredStageAt = scan.number()
    grade = QuickScoreLine.number(scan.text(), &texts)
    guard scan.isSound, scan.skipArray() else { return nil }
    if let points, let positions {
      points.update(repeating: 0)
      pointCount = scan.pairs(into: points, positions)
    } else {
      guard scan.skipArray() else { return nil }
    }
    scoredAt = scan.number()
    nextChange = scan.lastNumber()
    guard scan.isSound, scan.place == base + (line.count - 1), scan.place.pointee == UInt8(ascii: "]") else {
      return nil
    }
  }
}

extension QuickScoreLine {
  @inline(__always)
  private static func number(_ text: UnsafeBufferPointer<UInt8>, _ texts: inout TextNumbers) -> Int {
    text.baseAddress == nil ? 0 : texts.number(text)
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
    guard limit - place >= 2, place[0] == UInt8(ascii: ",") else { return unsound() }
    if place[1] == UInt8(ascii: "n") {
      guard limit - place >= 6 else { return unsound() }
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

  /// What stands between quotation marks, behind a comma; no address for null.
  @inline(__always)
  mutating func text() -> UnsafeBufferPointer<UInt8> {
    guard limit - place >= QuickScan.reach, place[0] == UInt8(ascii: ",") else { return noText() }
    guard place[1] == UInt8(ascii: "\"") else {
      guard place[1] == UInt8(ascii: "n") else { return noText() }
      place += 5
      return UnsafeBufferPointer(start: nil, count: 0)
    }
    place += 2
    let start = place
    while limit - place >= 8 {
      let marks = DecimalWord.textMarks(in: DecimalWord.load(place))
      if marks == 0 {
        place += 8
        continue
      }
      place += marks.trailingZeroBitCount &>> 3
      guard place.pointee == UInt8(ascii: "\"") else { return noText() }
      let text = UnsafeBufferPointer(start: start, count: place - start)
      place += 1
      return text
    }
    return noText()
  }

  /// Whether texts of the same length are equal; false for longer ones, too.
  @inline(__always)
  static func areEqual(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
    guard left.count == right.count, left.count > 0, left.count <= 8, let one = left.baseAddress,
      let other = right.baseAddress
    else { return false }
    // Where a text begins, so many bytes were in reach; what is too many is shifted out.
    return (DecimalWord.load(one) ^ DecimalWord.load(other)) &<< UInt64(64 &- left.count &* 8) == 0
  }

  /// Passes over an array of integers; false where it is none.
  @inline(__always)
  mutating func skipArray() -> Bool {
    guard limit - place >= QuickScan.reach, place[0] == UInt8(ascii: ","), place[1] == UInt8(ascii: "[") else {
      return false
    }
    place += 2
    while limit - place >= 8 {
      let closing = DecimalWord.bytes(equalTo: UInt8(ascii: "]"), in: DecimalWord.load(place))
      if closing != 0 {
        place += closing.trailingZeroBitCount &>> 3 &+ 1
        return true
      }
      place += 8
    }
    return false
  }

  /// Reads an array of pairs of a position and points, positions rising; returns how many.
  @inline(__always)
  mutating func pairs(
    into points: UnsafeMutableBufferPointer<Int64>, _ positions: UnsafeMutablePointer<Int>
  ) -> Int {
    guard limit - place >= QuickScan.reach, place[0] == UInt8(ascii: ","), place[1] == UInt8(ascii: "[") else {
      return Int(unsound())
    }
    place += 2
    if place[0] == UInt8(ascii: "]") {
      place += 1
      return 0
    }
    var count = 0
    var least = 0
    while true {
      guard limit - place >= QuickScan.reach else { return Int(unsound()) }
      let values = DecimalWord.values(DecimalWord.load(place))
      let others = DecimalWord.others(values)
      let comma = others.trailingZeroBitCount &>> 3
      // Of a position longer than six digits the place behind would be beyond the word.
      guard others != 0, comma > 0, comma < 7, place[comma] == UInt8(ascii: ",") else { return Int(unsound()) }
      let position = Int(truncatingIfNeeded: DecimalWord.combined(values, count: comma))
      guard position >= least, position < points.count else { return Int(unsound()) }
      let isNegative = place[comma &+ 1] == UInt8(ascii: "-")
      place += isNegative ? comma &+ 2 : comma &+ 1
      let own = DecimalWord.values(DecimalWord.load(place))
      let end = DecimalWord.others(own)
      let digits = end.trailingZeroBitCount &>> 3
      guard end != 0, digits > 0 else { return Int(unsound()) }
      let value = Int64(bitPattern: DecimalWord.combined(own, count: digits))
      points[position] = isNegative ? 0 &- value : value
      positions[count] = position
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

  private mutating func markUnsound() { isSound = false }

  private mutating func unsound() -> Int64 {
    isSound = false
    return 0
  }

  private mutating func noText() -> UnsafeBufferPointer<UInt8> {
    isSound = false
    return UnsafeBufferPointer(start: nil, count: 0)
  }
}
