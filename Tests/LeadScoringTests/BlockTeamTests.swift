import Testing

@testable import LeadScoring

/// Several threads work on blocks, and one writes what comes of them.
@Suite("Teams for blocks")
struct BlockTeamTests {
  private final class Block {
    let number: Int
    var result = 0

    init(_ number: Int) {
      self.number = number
    }
  }

  private struct Fault: Error, Equatable {
    let number: Int
  }

  /// Works on blocks 1 to `count`, of which later ones take less long; returns what was stored.
  private func run(workers: Int, count: Int, failing: Set<Int> = [], failsToFind: Int? = nil) throws -> [Int] {
    var (found, stored): (Int, [Int]) = (0, [])
    let team = BlockTeam<Block>(
      find: {
        guard found < count else { return nil }
        found += 1
        if found == failsToFind { throw Fault(number: found) }
        return Block(found)
      },
      workers: (0..<workers).map { _ in
        { block in
          for step in 0..<((count - block.number) % 7 * 2000) { block.result &+= step }
          if failing.contains(block.number) { throw Fault(number: block.number) }
          block.result = block.number * 10
        }
      },
      store: { stored.append($0.result) })
    try team.run()
    return stored
  }

  @Test("store all blocks in their order", arguments: [1, 2, 5], [0, 1, 2, 300])
  func order(workers: Int, count: Int) throws {
    #expect(try run(workers: workers, count: count) == (0..<count).map { ($0 + 1) * 10 })
  }

  @Test("end with the fault of the first block that has one, whichever thread met which", arguments: [1, 2, 5])
  func faults(workers: Int) {
    for _ in 0..<20 {
      #expect(throws: Fault(number: 40)) { try run(workers: workers, count: 100, failing: [40, 41, 42, 43]) }
    }
    #expect(throws: Fault(number: 7)) { try run(workers: workers, count: 100, failsToFind: 7) }
  }

  @Test("end where what comes of a block cannot be written")
  func stores() {
    var found = 0
    let team = BlockTeam<Block>(
      find: {
        found += 1
        return Block(found)
      }, workers: [{ _ in }, { _ in }], store: { if $0.number == 3 { throw Fault(number: 3) } })
    #expect(throws: Fault(number: 3)) { try team.run() }
    // Few blocks are on their way at a time, though there would be blocks for ever.
    #expect(found < 20)
  }
}
