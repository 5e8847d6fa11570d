import Testing

@testable import LeadStore

@Suite("When blocks of leads are due")
struct DueBlocksTests {
  private let folder: TestFolder
  private let database: LeadDatabase
  private let due: DueBlocks

  init() throws {
    folder = try TestFolder()
    database = try LeadDatabase.make(in: folder)
    due = try DueBlocks(database.connection)
  }

  private func stored() throws -> [Int64: Int64] {
    var stored: [Int64: Int64] = [:]
    try database.connection.forEachRow("SELECT id, next_change_at FROM score_due NOT INDEXED") {
      stored[$0.integer(0)] = $0.integer(1)
    }
    return stored
  }

  private func blocks(model: Int64, by instant: Int64) throws -> Set<Int64> {
    var found: Set<Int64> = []
    try due.forEachBlock(by: instant, model: model) { found.insert($0).inserted }
    return found
  }

  @Test(
    "what is noted is found, whether it is written at once or in the end, in any order and number", arguments: 0..<8)
  func noted(_ seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    var known: [Int64: Int64] = [:]
    for _ in 0..<12 {
      // Few, some, and about as many as are written together; of some of the models.
      let count = Int64([3, 200, 1023, 1024, 2048, 3000].randomElement(using: &random) ?? 0)
      let models = Int64.random(in: 1...2, using: &random)...2
      let first = Int64.random(in: 0...3000, using: &random)
      // By turns, as imports do, or model after model, as passes do.
      var ids =
        random.chance(50)
        ? (first..<(first + count)).flatMap { block in models.map { $0 << 40 | block } }
        : models.flatMap { model in (first..<(first + count)).map { model << 40 | $0 } }
      if random.chance(20) { ids.shuffle(using: &random) }
      let changes = [0, 5, 100].randomElement(using: &random) ?? 0
      let looks = random.chance(50)
      func note() throws {
        for id in ids {
          let before = try looks ? due.instant(block: id) : nil
          if looks { #expect(before == known[id]) }
          let instant =
            random.chance(changes) ? Int64.random(in: 0...20, using: &random) : known[id] ?? DueBlocks.never
          known[id] = instant
          if looks { try due.set(instant, block: id, before: before) } else { try due.set(instant, block: id) }
        }
        let again = ids[ids.count / 2]
        known[again] = 7
        try due.set(7, block: again)
        #expect(try due.instant(block: again) == 7)
      }
      let asks = random.chance(30)
      try database.connection.write {
        if random.chance(25) { return try note() }
        try due.gather {
          try note()
          if asks { #expect(try blocks(model: 2, by: 9) == Set(known.filter { $0 >> 40 == 2 && $1 <= 9 }.keys)) }
        }
      }
      #expect(try stored() == known)
      for model in Int64(1)...2 {
        #expect(try blocks(model: model, by: 12) == Set(known.filter { $0 >> 40 == model && $1 <= 12 }.keys))
      }
    }
    #expect(try database.connection.text("PRAGMA integrity_check") == "ok")
  }
}
