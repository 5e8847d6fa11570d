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

  /// A reader that has no page yet.
  public init() {
    numbers = .allocate(capacity: numberCapacity)
  }

  deinit {
    numbers.deallocate()
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
    instant = firstAt &+ EventPageReader.longNumber(&place, end)
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

  /// The same for a number of many digits.
  @inline(__always)
  private static func longNumber(_ place: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Int64 {
    guard end - place >= 8 else { return number(&place, end) }
    let word = UInt64(littleEndian: UnsafeRawPointer(place).loadUnaligned(as: UInt64.self))
    let digits = word ^ 0x3030_3030_3030_3030
    // The eighth bit of each byte that is no digit, the lowest being the first.
    let others = (digits &+ 0x7676_7676_7676_7676 | digits) & 0x8080_8080_8080_8080
    if others != 0 {
      let count = others.trailingZeroBitCount &>> 3
      if count == 0 { return 0 }
      place += count
      return Int64(bitPattern: combined(digits &<< UInt64(64 &- count &* 8)))
    }
    var value = Int64(bitPattern: combined(digits))
    place += 8
    while place < end {
      let digit = place.pointee &- 48
      if digit >= 10 { break }
      value = value &* 10 &+ Int64(digit)
      place += 1
    }
    return value
  }

  /// The number of eight digits, the first in the lowest byte: pairs, fours, eights.
  @inline(__always)
  private static func combined(_ digits: UInt64) -> UInt64 {
    var value = digits &* 10 &+ digits &>> 8
    value = value & 0x00FF_00FF_00FF_00FF
    value = value &* 100 &+ value &>> 16
    value = value & 0x0000_FFFF_0000_FFFF
    return (value &* 10_000 &+ value &>> 32) & 0xFFFF_FFFF
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
