/// The events of a lead as they are stored: pages in the JSON form that the migration describes.
///
/// An event's *tail* is its text after the instant, from the comma up to the closing bracket: `,3,"e-17",42,["n",1.5]`.
/// Tails are written in one canonical form, so events without an id of their own are equal when their instants and tails
/// are.
public struct EventPage: Sendable {
  /// `lead_id * pagesPerLead + number`.
  public var id: Int64
  /// The instant of the first event, in milliseconds.
  public var firstAt: Int64
  /// The instant of the last event.
  public var lastAt: Int64
  /// How many events there are.
  public var count: Int
  /// The JSON text in UTF-8.
  public var body: [UInt8]
  /// Whether it stands beside the lead's other pages, after them all.
  public var isRecent = false

  /// Pages are numbered from 0 up to this.
  public static let pagesPerLead: Int64 = 1 << 20
  /// A page is closed when its text has grown to so many bytes: a row then fills a page of the file.
  public static let fullSize = 3400
  /// A page beside the others has up to so many events, however long they are.
  static let recentEvents = 8

  /// The lead whose page this is.
  public var lead: Int64 { id / EventPage.pagesPerLead }

  /// A page.
  public init(id: Int64, firstAt: Int64, lastAt: Int64, count: Int, body: [UInt8]) {
    self.id = id
    self.firstAt = firstAt
    self.lastAt = lastAt
    self.count = count
    self.body = body
  }

  /// An empty page that begins with an event at `firstAt`.
  public init(startingAt firstAt: Int64, id: Int64) {
    self.init(id: id, firstAt: firstAt, lastAt: firstAt, count: 0, body: [UInt8(ascii: "["), UInt8(ascii: "]")])
  }

  /// Adds an event that is not earlier than the last one. O(tail).
  public mutating func append(at instant: Int64, tail: UnsafeBufferPointer<UInt8>) {
    body.removeLast()
    if count > 0 { body.append(UInt8(ascii: ",")) }
    body.append(UInt8(ascii: "["))
    DecimalText.append(instant - firstAt, to: &body)
    body.append(contentsOf: tail)
    body.append(UInt8(ascii: "]"))
    body.append(UInt8(ascii: "]"))
    lastAt = instant
    count += 1
  }

  /// Calls `body` for each event in a page's text: its instant and its tail.
  ///
  /// - Throws: ``StoreError/damaged(_:)`` where the text is not a page; what `body` throws.
  public static func forEachEvent(
    in text: UnsafeBufferPointer<UInt8>, firstAt: Int64,
    _ body: (_ instant: Int64, _ tail: UnsafeBufferPointer<UInt8>) throws -> Void
  ) throws {
    var position = 1
    guard text.count >= 2, text[0] == UInt8(ascii: "[") else { throw StoreError.damaged("an event page") }
    while position < text.count, text[position] == UInt8(ascii: "[") {
      position += 1
      var offset: Int64 = 0
      while position < text.count, text[position] &- 48 < 10 {
        offset = offset &* 10 &+ Int64(text[position] &- 48)
        position += 1
      }
      let start = position
      guard let end = endOfTail(text, from: start) else { throw StoreError.damaged("an event page") }
      try body(firstAt &+ offset, UnsafeBufferPointer(rebasing: text[start..<end]))
      position = end + 1
      if position < text.count, text[position] == UInt8(ascii: ",") { position += 1 }
    }
    guard position == text.count - 1 else { throw StoreError.damaged("an event page") }
  }

  /// The index of the bracket that closes the event whose tail begins at `start`.
  private static func endOfTail(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
    var position = start
    var depth = 0
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "]"):
        if depth == 0 { return position }
        depth -= 1
      case UInt8(ascii: "\""):
        position += 1
        while position < text.count, text[position] != UInt8(ascii: "\"") {
          position += text[position] == UInt8(ascii: "\\") ? 2 : 1
        }
      default: break
      }
      position += 1
    }
    return nil
  }
}

/// The parts of an event's tail.
public struct EventTail {
  /// The number of the event's type.
  public let type: Int
  /// The JSON text of the source's id with its quotation marks, where there is one.
  public let id: UnsafeBufferPointer<UInt8>?
  /// Where the properties begin in the tail: at a comma, or at its end.
  private let rest: UnsafeBufferPointer<UInt8>

  /// Reads a tail; nil where it is not one.
  public init?(_ tail: UnsafeBufferPointer<UInt8>) {
    guard tail.count >= 2, tail[0] == UInt8(ascii: ",") else { return nil }
    var position = 1
    var type = 0
    while position < tail.count, tail[position] &- 48 < 10 {
      type = type &* 10 &+ Int(tail[position] &- 48)
      position += 1
    }
    self.type = type
    if position + 1 < tail.count, tail[position] == UInt8(ascii: ","), tail[position + 1] == UInt8(ascii: "\"") {
      let start = position + 1
      position += 2
      while position < tail.count, tail[position] != UInt8(ascii: "\"") {
        position += tail[position] == UInt8(ascii: "\\") ? 2 : 1
      }
      position = min(position + 1, tail.count)
      id = UnsafeBufferPointer(rebasing: tail[start..<position])
    } else {
      id = nil
    }
    rest = UnsafeBufferPointer(rebasing: tail[position...])
  }

  /// Calls `interned` with the number of each interned property and `literal` with the JSON text `["name", value]` of
  /// each other one.
  public func forEachProperty(
    interned: (Int32) -> Void, literal: (UnsafeBufferPointer<UInt8>) -> Void
  ) {
    var position = 0
    while position < rest.count {
      position += 1
      guard position < rest.count else { return }
      if rest[position] == UInt8(ascii: "[") {
        let start = position
        var depth = 0
        repeat {
          switch rest[position] {
          case UInt8(ascii: "["): depth += 1
          case UInt8(ascii: "]"): depth -= 1
          case UInt8(ascii: "\""):
            position += 1
            while position < rest.count, rest[position] != UInt8(ascii: "\"") {
              position += rest[position] == UInt8(ascii: "\\") ? 2 : 1
            }
          default: break
          }
          position += 1
        } while depth > 0 && position < rest.count
        literal(UnsafeBufferPointer(rebasing: rest[start..<min(position, rest.count)]))
      } else {
        var number: Int32 = 0
        while position < rest.count, rest[position] &- 48 < 10 {
          number = number &* 10 &+ Int32(rest[position] &- 48)
          position += 1
        }
        interned(number)
      }
    }
  }
}

/// Decimal digits without a `String` in between.
public enum DecimalText {
  /// The most bytes that an integer takes.
  public static let longest = 20

  /// Writes the digits of an integer where there is room for ``longest`` bytes; returns how many bytes they are. What
  /// stood behind them may have changed.
  @inline(__always)
  public static func write(_ value: Int64, to target: UnsafeMutablePointer<UInt8>) -> Int {
    let number = UInt64(bitPattern: value)
    if number < 100_000_000 { return writeShort(number, to: target) }
    if number < 10_000_000_000_000_000 {
      let high = number / 100_000_000
      let count = writeShort(high, to: target)
      UnsafeMutableRawPointer(target + count).storeBytes(
        of: (eightDigits(number &- high &* 100_000_000) | 0x3030_3030_3030_3030).littleEndian, as: UInt64.self)
      return count &+ 8
    }
    return writeLong(value, to: target)
  }

  /// A number of up to eight digits.
  @inline(__always)
  private static func writeShort(_ number: UInt64, to target: UnsafeMutablePointer<UInt8>) -> Int {
    let digits = eightDigits(number)
    // Zeros in front are left out, but not the last digit.
    let zeros = min(7, digits.trailingZeroBitCount &>> 3)
    UnsafeMutableRawPointer(target).storeBytes(
      of: ((digits | 0x3030_3030_3030_3030) &>> UInt64(zeros &* 8)).littleEndian, as: UInt64.self)
    return 8 &- zeros
  }

  /// The digits of a number below 100,000,000, the first one lowest: halves, then pairs, then digits are taken apart side
  /// by side, by multiplying with 1/100 and 1/10 rounded up.
  @inline(__always)
  private static func eightDigits(_ number: UInt64) -> UInt64 {
    let high = number / 10_000
    let halves = high | (number &- high &* 10_000) &<< 32
    let hundreds = (halves &* 10_486) &>> 20 & 0x0000_007F_0000_007F
    let pairs = hundreds | (halves &- hundreds &* 100) &<< 16
    let tens = (pairs &* 103) &>> 10 & 0x000F_000F_000F_000F
    return tens | (pairs &- tens &* 10) &<< 8
  }

  @inline(never)
  private static func writeLong(_ value: Int64, to target: UnsafeMutablePointer<UInt8>) -> Int {
    var at = 0
    if value < 0 {
      target[0] = UInt8(ascii: "-")
      at = 1
    }
    var rest = value.magnitude
    var count = 1
    var bound: UInt64 = 10
    while rest >= bound {
      count += 1
      let (product, overflow) = bound.multipliedReportingOverflow(by: 10)
      if overflow { break }
      bound = product
    }
    var index = at + count
    while index > at {
      index -= 1
      let quotient = rest / 10
      target[index] = UInt8(truncatingIfNeeded: rest &- quotient &* 10) &+ 48
      rest = quotient
    }
    return at + count
  }

  /// Appends the digits of an integer.
  public static func append(_ value: Int64, to bytes: inout [UInt8]) {
    if value >= 0, value < 10 {
      bytes.append(UInt8(truncatingIfNeeded: value) + 48)
      return
    }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: longest) { digits in
      guard let base = digits.baseAddress else { return }
      let count = write(value, to: base)
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[..<count]))
    }
  }
}
