/// A small seeded generator: the same seed gives the same numbers on every machine.
public struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  /// A whole number of `range`. Slightly biased for huge ranges, which tests do not mind.
  public mutating func int(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.upperBound - range.lowerBound + 1))
  }

  /// True in `percent` of 100 cases.
  public mutating func chance(_ percent: Int) -> Bool { int(1...100) <= percent }

  /// One of `items`, which must not be empty.
  public mutating func pick<Item>(_ items: [Item]) -> Item { items[int(0...(items.count - 1))] }

  /// `items` in random order.
  public mutating func shuffled<Item>(_ items: [Item]) -> [Item] {
    var rest = items
    var result: [Item] = []
    while !rest.isEmpty { result.append(rest.remove(at: int(0...(rest.count - 1)))) }
    return result
  }

  /// `count` of `items` (or all of them) in their order.
  public mutating func sample<Item>(_ items: [Item], _ count: Int) -> [Item] {
    let chosen = Set(shuffled(Array(items.indices)).prefix(count))
    return items.indices.filter(chosen.contains).map { items[$0] }
  }
}
