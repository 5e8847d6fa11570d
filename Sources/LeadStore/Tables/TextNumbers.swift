/// Small numbers for texts of which there are few. Number 0 stands for no text.
public struct TextNumbers: Sendable {
  /// What tells texts of up to sixteen bytes apart: their first eight bytes, their last eight, and their length.
  private struct Key: Sendable, Equatable {
    var first: UInt64
    var last: UInt64
    var count: Int

    /// Of a text of up to seven bytes, the first one lowest.
    @inline(__always)
    init(short text: UInt64, count: Int) {
      first = text
      last = 0
      self.count = count
    }

    @inline(__always)
    init(_ text: UnsafeBufferPointer<UInt8>) {
      count = text.count
      guard let base = text.baseAddress, count > 0 else {
        (first, last) = (0, 0)
        return
      }
      if count >= 8 {
        first = DecimalWord.load(base)
        last = DecimalWord.load(base + (count &- 8))
      } else {
        first = 0
        for index in 0..<count { first |= UInt64(base[index]) &<< UInt64(8 &* index) }
        last = 0
      }
    }

    @inline(__always)
    var slot: Int {
      let mixed = (first ^ (last &<< 7) ^ UInt64(truncatingIfNeeded: count)) &* 0x9E37_79B9_7F4A_7C15
      return Int(truncatingIfNeeded: mixed &>> 58)
    }
  }

  private var keys = [Key(UnsafeBufferPointer(start: nil, count: 0))]
  private var bytes: [[UInt8]] = [[]]
  private var strings: [String?] = [nil]
  /// By a key's slot: the key asked for last, and its number; 0 for none.
  private var recent = [(key: Key, number: Int)](repeating: (Key(short: 0, count: 0), 0), count: 64)

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

  /// The number of a text, which gets one where it has none. O(1) for a text that was asked for lately, otherwise O(texts)
  @inline(__always)
  public mutating func number(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    number(text, Key(text))
  }

  /// The same for a text of up to seven bytes, which are at hand, the first one lowest.
  @inline(__always)
  mutating func number(short bytes: UInt64, _ start: UnsafePointer<UInt8>, _ count: Int) -> Int {
    number(UnsafeBufferPointer(start: start, count: count), Key(short: bytes, count: count))
  }

  @inline(__always)
  private mutating func number(_ text: UnsafeBufferPointer<UInt8>, _ key: Key) -> Int {
    let known = recent[key.slot]
    if known.number != 0, known.key == key, key.count <= 16 { return known.number }
    return remember(text, key)
  }

  @inline(never)
  private mutating func remember(_ text: UnsafeBufferPointer<UInt8>, _ key: Key) -> Int {
    var number = knownNumber(text, key)
    if number < 0 {
      keys.append(key)
      bytes.append(Array(text))
      strings.append(String(decoding: text, as: UTF8.self))
      number = keys.count - 1
    }
    recent[key.slot] = (key, number)
    return number
  }

  /// The number of what stands between the quotation marks of a text of a line; 0 for nil.
  ///
  /// - Throws: ``StoreError/damaged(_:)``
  @inline(__always)
  mutating func number(json text: UnsafeBufferPointer<UInt8>?, hasEscapes: Bool) throws -> Int {
    guard let text else { return 0 }
    if hasEscapes { return try number(escaped: text) }
    return number(text)
  }

  @inline(__always)
  mutating func number(json text: UnsafeBufferPointer<UInt8>?, _ line: ScoreLine) throws -> Int {
    try number(json: text, hasEscapes: line.hasEscapes)
  }

  @inline(never)
  private mutating func number(escaped text: UnsafeBufferPointer<UInt8>) throws -> Int {
    guard let decoded = JSONText.decoded(text) else { throw ScoreLines.damaged }
    return number(decoded)
  }

  /// The number of a text; -1 where it has none. O(texts)
  private func knownNumber(_ text: UnsafeBufferPointer<UInt8>, _ key: Key) -> Int {
    for number in 1..<max(1, keys.count)
    where keys[number] == key && (key.count <= 16 || bytes[number].elementsEqual(text)) {
      return number
    }
    return -1
  }
}
