/// Texts as JSON has them, by small numbers, ready to be copied.
struct JSONTextTable: ~Copyable {
  // One behind the other, each filled up to whole words; where each begins, and how many bytes it has.
  private var bytes = ByteBuffer()
  private var places: [(start: Int, count: Int)] = []
  /// The most bytes that ``write(_:to:)`` touches for the texts known so far.
  private(set) var capacity = 0

  /// Makes sure that a text is known; `text` gives it.
  @inline(__always)
  mutating func know(_ number: Int, _ text: (Int) -> String?) {
    if number >= places.count { learn(number, text) }
  }

  @inline(never)
  private mutating func learn(_ number: Int, _ text: (Int) -> String?) {
    while places.count <= number {
      var json: [UInt8] = []
      JSONText.append(text(places.count), to: &json)
      places.append((bytes.count, json.count))
      json.append(contentsOf: repeatElement(0, count: 7 - (json.count + 7) % 8))
      capacity = max(capacity, json.count)
      json.withUnsafeBufferPointer { bytes.append($0) }
    }
  }

  /// Writes a known text; returns how many bytes it has.
  @inline(__always)
  func write(_ number: Int, to target: UnsafeMutablePointer<UInt8>) -> Int {
    let (start, count) = places[number]
    bytes.withUnsafeBytes { bytes in
      var index = 0
      while index < count {
        UnsafeMutableRawPointer(target + index).storeBytes(
          of: bytes.loadUnaligned(fromByteOffset: start &+ index, as: UInt64.self), as: UInt64.self)
        index &+= 8
      }
    }
    return count
  }
}
