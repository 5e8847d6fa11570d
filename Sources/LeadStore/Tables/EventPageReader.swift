#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// Reads the events of pages one after the other, in one pass over the text, into memory that is used again.
public final class EventPageReader {
  /// When the event at hand occurred, in milliseconds since 1970.
  @exclusivity(unchecked) public private(set) var instant: Int64 = 0
  /// The number of its type.
  @exclusivity(unchecked) public private(set) var type = 0
  @exclusivity(unchecked) private var numbers: UnsafeMutablePointer<Int32>
  @exclusivity(unchecked) private var numberCapacity = 32
  @exclusivity(unchecked) private var numberCount = 0
  /// Where the JSON texts `["name", value]` of its properties that are not interned stand in the page.
  @exclusivity(unchecked) public private(set) var literals: [Range<Int>] = []
  /// Whether ``literals`` has any.
  @exclusivity(unchecked) public private(set) var hasLiterals = false
  @exclusivity(unchecked) private var text = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
  @exclusivity(unchecked) private var firstAt: Int64 = 0
  @exclusivity(unchecked) private var position = 0

  // Of the run that was read last.
  private let runInstants: UnsafeMutablePointer<Int64>
  private let runParts: UnsafeMutablePointer<Int32>

  /// A reader that has no page yet.
  public init() {
    numbers = .allocate(capacity: numberCapacity)
    runInstants = .allocate(capacity: Run.mostEvents)
    runParts = .allocate(capacity: Run.mostEvents * Run.mostParts)
  }

  deinit {
    numbers.deallocate()
    runInstants.deallocate()
    runParts.deallocate()
  }

  /// The numbers of the interned properties of the event at hand; valid until the next one.
  public var properties: UnsafeBufferPointer<Int32> { UnsafeBufferPointer(start: numbers, count: numberCount) }

  /// Begins a page, whose text stays in place until the next one.
  ///
  /// - Throws: ``StoreError/damaged(_:)``
  public func begin(_ text: UnsafeBufferPointer<UInt8>, firstAt: Int64) throws {
    guard text.count >= 2, text[0] == UInt8(ascii: "[") else { throw EventPageReader.damage }
    self.text = text
    self.firstAt = firstAt
    position = 1
  }

  /// Begins a page and goes forward over events that occurred at an instant or earlier, where that is quicker than to
  /// read them: not over all of them in every page.
  ///
  /// - Throws: ``StoreError/damaged(_:)``
  public func begin(_ text: UnsafeBufferPointer<UInt8>, firstAt: Int64, after oldest: Int64) throws {
    try begin(text, firstAt: firstAt)
    // Where there are texts, a bracket need not be the beginning of an event.
    guard firstAt <= oldest, let base = text.baseAddress, memchr(base, Int32(UInt8(ascii: "\"")), text.count) == nil
    else { return }
    // From the last event back: most are old where any are.
    var end = text.count - 1
    while end > 1 {
      var start = end - 1
      while start > 1, text[start] != UInt8(ascii: "[") { start &-= 1 }
      var place = base + start + 1
      if firstAt &+ DecimalWord.number(&place, base + end) <= oldest {
        position = end
        return
      }
      end = start - 1
    }
  }

  private static let damage = StoreError.damaged("an event page")

  /// Goes to the next event; false where there is none. O(its text).
  ///
  /// - Throws: ``StoreError/damaged(_:)``
  public func next() throws -> Bool {
    guard let base = text.baseAddress else { throw EventPageReader.damage }
    let end = base + text.count
    var place = base + position
    guard place < end else { throw EventPageReader.damage }
    if position > 1, place.pointee == UInt8(ascii: ","), place + 1 < end { place += 1 }
    guard place.pointee == UInt8(ascii: "[") else {
      guard place == end - 1, place.pointee == UInt8(ascii: "]") else { throw EventPageReader.damage }
      return false
    }
    place += 1
    instant = firstAt &+ DecimalWord.number(&place, end)
    guard place < end, place.pointee == UInt8(ascii: ",") else { throw EventPageReader.damage }
    place += 1
    type = Int(truncatingIfNeeded: EventPageReader.number(&place, end))
    if hasLiterals { forgetLiterals() }
    var numbers = self.numbers
    var count = 0
    while place < end, place.pointee == UInt8(ascii: ",") {
      place += 1
      guard place < end else { break }
      if place.pointee &- 48 < 10 {
        let number = EventPageReader.number(&place, end)
        if count == numberCapacity {
          numberCount = count
          grow()
          numbers = self.numbers
        }
        numbers[count] = Int32(truncatingIfNeeded: number)
        count &+= 1
      } else {
        place = base + (try skip(from: place - base))
      }
    }
    numberCount = count
    guard place < end, place.pointee == UInt8(ascii: "]") else { throw EventPageReader.damage }
    position = place - base + 1
    return true
  }

  // MARK: Many events

  /// Events one after the other whose properties are all interned. What it lends is valid until the next run is read.
  public struct Run {
    fileprivate static let mostEvents = 128
    /// Properties of an event of a run, at most.
    fileprivate static let mostProperties = 6
    fileprivate static let mostParts = mostProperties + 2

    /// How many there are.
    public let count: Int
    /// When they occurred, in milliseconds since 1970.
    public let instants: UnsafePointer<Int64>
    /// For each: the number of its type, how many properties it has, and their numbers.
    public let parts: UnsafePointer<Int32>
    /// Whether the event behind them is at hand, as after ``EventPageReader/next()``; otherwise the page may go on.
    public let hasOther: Bool
    /// Whether the page ends behind them.
    public let isLast: Bool
  }

  /// Goes forward over events, and reads those that most events are like in a quick way.
  ///
  /// - Throws: ``StoreError/damaged(_:)``
  public func nextRun() throws -> Run {
    var count = 0
    let instants = runInstants
    var part = runParts
    var hasOther = false
    var isLast = false
    while count < Run.mostEvents {
      if let plain = readPlain(part) {
        instants[count] = plain.instant
        part += 2 &+ plain.properties
        count &+= 1
        continue
      }
      guard try next() else {
        isLast = true
        break
      }
      guard !hasLiterals, numberCount <= Run.mostProperties, Int(Int32(truncatingIfNeeded: type)) == type else {
        hasOther = true
        break
      }
      instants[count] = instant
      part[0] = Int32(truncatingIfNeeded: type)
      part[1] = Int32(truncatingIfNeeded: numberCount)
      for index in 0..<numberCount { part[2 &+ index] = numbers[index] }
      part += 2 &+ numberCount
      count &+= 1
    }
    return Run(
      count: count, instants: instants, parts: UnsafePointer(runParts), hasOther: hasOther, isLast: isLast)
  }

  /// So many bytes the quick way looks ahead.
  private static let reach = 20

  /// Reads the next event in the quick way; nil, and nothing is read, where it is not for it.
  @inline(__always)
  private func readPlain(_ part: UnsafeMutablePointer<Int32>) -> (instant: Int64, properties: Int)? {
    guard let base = text.baseAddress, text.count &- position >= EventPageReader.reach else { return nil }
    let comma = UInt8(ascii: ",")
    let end = base + text.count
    var place = base + position
    if position > 1 {
      guard place[0] == comma else { return nil }
      place += 1
    }
    guard place[0] == UInt8(ascii: "[") else { return nil }
    place += 1
    // Up to fifteen digits of an offset in milliseconds.
    guard let offset = EventPageReader.shortNumber(&place, DecimalWord.values(DecimalWord.load(place))),
      place[0] == comma
    else { return nil }
    let type = place[1] &- 48
    // Most types have one digit.
    guard type < 10, place[2] == comma || place[2] == UInt8(ascii: "]") else { return nil }
    place += 2
    part[0] = Int32(type)
    var properties = 0
    while place < end, place[0] == comma {
      guard properties < Run.mostProperties else { return nil }
      place += 1
      if end - place >= 8 {
        let values = DecimalWord.values(DecimalWord.load(place))
        let others = DecimalWord.others(values)
        let digits = others.trailingZeroBitCount &>> 3
        guard others != 0, digits > 0 else { return nil }
        part[2 &+ properties] = Int32(truncatingIfNeeded: DecimalWord.combined(values, count: digits))
        place += digits
      } else {
        let start = place
        part[2 &+ properties] = Int32(truncatingIfNeeded: DecimalWord.number(&place, end))
        if place == start { return nil }
      }
      properties &+= 1
    }
    guard place < end, place[0] == UInt8(ascii: "]") else { return nil }
    part[1] = Int32(truncatingIfNeeded: properties)
    if hasLiterals { forgetLiterals() }
    position = place - base + 1
    return (firstAt &+ offset, properties)
  }

  /// A number of one to fifteen digits, of whose first eight bytes the values are known; nil for any other.
  @inline(__always)
  private static func shortNumber(_ place: inout UnsafePointer<UInt8>, _ values: UInt64) -> Int64? {
    let others = DecimalWord.others(values)
    if others != 0 {
      let digits = others.trailingZeroBitCount &>> 3
      guard digits > 0 else { return nil }
      place += digits
      return Int64(bitPattern: DecimalWord.combined(values, count: digits))
    }
    let rest = DecimalWord.values(DecimalWord.load(place + 8))
    let end = DecimalWord.others(rest)
    let digits = end.trailingZeroBitCount &>> 3
    guard end != 0 else { return nil }
    place += 8 &+ digits
    let high = DecimalWord.combined(values)
    if digits == 0 { return Int64(bitPattern: high) }
    // A one before the digits gives the power of ten.
    let power = DecimalWord.combined(1 &<< UInt64(56 &- digits &* 8))
    return Int64(bitPattern: high &* power &+ DecimalWord.combined(rest, count: digits))
  }

  // MARK: Text

  /// The number at a place, which moves behind its digits; 0 where there is none.
  @inline(__always)
  private static func number(_ place: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Int64 {
    var value: Int64 = 0
    while place < end {
      let digit = place.pointee &- 48
      if digit >= 10 { break }
      value = value &* 10 &+ Int64(digit)
      place += 1
    }
    return value
  }

  @inline(never)
  private func forgetLiterals() {
    literals.removeAll(keepingCapacity: true)
    hasLiterals = false
  }

  /// Passes over an id or a property that is not interned, which is noted; returns the place behind it.
  @inline(never)
  private func skip(from start: Int) throws -> Int {
    switch text[start] {
    case UInt8(ascii: "\""): return EventPageReader.end(ofTextAt: start, in: text)
    case UInt8(ascii: "["):
      let end = EventPageReader.end(ofArrayAt: start, in: text)
      literals.append(start..<end)
      hasLiterals = true
      return end
    default: throw EventPageReader.damage
    }
  }

  /// The JSON text of a property that is not interned.
  public func literal(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(rebasing: text[range])
  }

  @inline(never)
  private func grow() {
    let grown = UnsafeMutablePointer<Int32>.allocate(capacity: numberCapacity * 2)
    grown.update(from: numbers, count: numberCount)
    numbers.deallocate()
    numbers = grown
    numberCapacity *= 2
  }

  /// The place behind the text whose opening quotation mark is at `start`.
  private static func end(ofTextAt start: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    var position = start + 1
    while position < text.count, text[position] != UInt8(ascii: "\"") {
      position += text[position] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(position + 1, text.count)
  }

  private static func end(ofArrayAt start: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    var position = start
    var depth = 0
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: "\""):
        position = end(ofTextAt: position, in: text)
        continue
      default: break
      }
      position += 1
      if depth == 0 { break }
    }
    return position
  }
}
