/// A seeded stream of numbers (SplitMix64).
///
/// Draws use integers alone, so that a seed gives the same sample on every platform, whatever its floating point
/// library rounds to.
struct RandomSource {
  private var state: UInt64

  /// A stream of its own for each pair of numbers: what one lead draws does not move what the next one draws.
  init(seed: UInt64, stream: UInt64 = 0) {
    state = RandomSource.mixed(seed ^ RandomSource.mixed(stream &+ 0x9E37_79B9_7F4A_7C15))
  }

  /// The next 64 bits.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return RandomSource.mixed(state)
  }

  /// A number from 0 to one less than `bound`, which is at least 1.
  mutating func below(_ bound: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A number in the range, both ends included.
  mutating func int(in range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.upperBound - range.lowerBound + 1)
  }

  /// True in so many of 1,000 draws.
  mutating func chance(_ perMille: Int) -> Bool {
    below(1_000) < perMille
  }

  /// One element of a table that is not empty.
  mutating func pick<Element>(_ table: [Element]) -> Element {
    table[below(table.count)]
  }

  /// One element, each as often as its weight says; the weights' sum is at least 1.
  mutating func pick<Element>(weighted table: [(element: Element, weight: Int)]) -> Element {
    var left = below(table.reduce(0) { $0 + $1.weight })
    for entry in table {
      if left < entry.weight { return entry.element }
      left -= entry.weight
    }
    return table[table.count - 1].element
  }

  /// A number of at least 1 with a heavy tail: the scale doubles as often as `perMille` allows, up to `cap`.
  mutating func heavyTail(scale: Int, doubling perMille: Int, cap: Int) -> Int {
    var scale = scale
    while scale < cap, chance(perMille) { scale *= 2 }
    return min(cap, int(in: max(1, scale / 2)...scale))
  }

  /// Scrambles 64 bits; also the source of stable ids.
  static func mixed(_ value: UInt64) -> UInt64 {
    var bits = value
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
