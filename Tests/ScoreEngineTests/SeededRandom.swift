/// A small seeded generator (SplitMix64): the same seed gives the same numbers on every machine.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  mutating func chance(_ percent: Int) -> Bool { int(1...100) <= percent }

  /// One of `items`, which must not be empty.
  mutating func pick<Item>(_ items: [Item]) -> Item { items[int(0...(items.count - 1))] }
}

/// Every text over the alphabet of at most this many characters, the empty one included.
func everyText(over alphabet: [String], upTo length: Int) -> [String] {
  var all = [""]
  var longest = [""]
  for _ in 0..<length {
    longest = longest.flatMap { text in alphabet.map { text + $0 } }
    all += longest
  }
  return all
}

let day: Int64 = 86_400_000
let hour: Int64 = 3_600_000
