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
    let text = self.text
    let count = text.count
    var position = self.position
    guard position < count else { throw EventPageReader.damage }
    if position > 1, text[position] == UInt8(ascii: ",") { position &+= 1 }
    guard position < count, text[position] == UInt8(ascii: "[") else {
      guard position == count - 1, text[position] == UInt8(ascii: "]") else { throw EventPageReader.damage }
      return false
    }
    position &+= 1
    var offset: Int64 = 0
    while position < count, text[position] &- 48 < 10 {
      offset = offset &* 10 &+ Int64(text[position] &- 48)
      position &+= 1
    }
    instant = firstAt &+ offset
    guard position < count, text[position] == UInt8(ascii: ",") else { throw EventPageReader.damage }
    position &+= 1
    var type = 0
    while position < count, text[position] &- 48 < 10 {
      type = type &* 10 &+ Int(text[position] &- 48)
      position &+= 1
    }
    self.type = type
    numberCount = 0
    if !literals.isEmpty { literals.removeAll(keepingCapacity: true) }
    while position < count, text[position] == UInt8(ascii: ",") {
      position &+= 1
      guard position < count else { break }
      let byte = text[position]
      if byte &- 48 < 10 {
        var number = Int32(byte &- 48)
        position &+= 1
        while position < count, text[position] &- 48 < 10 {
          number = number &* 10 &+ Int32(text[position] &- 48)
          position &+= 1
        }
        if numberCount == numberCapacity { grow() }
        numbers[numberCount] = number
        numberCount &+= 1
      } else if byte == UInt8(ascii: "\"") {
        position = EventPageReader.end(ofTextAt: position, in: text)
      } else if byte == UInt8(ascii: "[") {
        let end = EventPageReader.end(ofArrayAt: position, in: text)
        literals.append(position..<end)
        position = end
      } else {
        throw EventPageReader.damage
      }
    }
    guard position < count, text[position] == UInt8(ascii: "]") else { throw EventPageReader.damage }
    self.position = position &+ 1
    return true
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
