import Foundation
import Testing

@testable import LeadScoring

/// Rows come back in the order of leads, whatever their size and order, from memory and from the temporary file.
@Suite struct LeadPartitionTests {
  private struct Staged: Equatable {
    var lead: Int64
    var order: Int64
    var bytes: [UInt8]
  }

  private static let orders: [Int64] = [
    0, 1, -1, 1_795_251_600_000, -2_208_988_800_000, 1 << 47 - 1, 1 << 47, -(1 << 47), -(1 << 47) - 1, .max, .min,
  ]

  @Test("capacity", arguments: [1, 500, 20_000, 32 << 20])
  func rowsAreSorted(_ capacity: Int) throws {
    var state: UInt64 = 7
    func random(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % count
    }
    let partitions = LeadPartitions(folder: NSTemporaryDirectory(), capacity: capacity)
    var given: [Staged] = []
    for number in 0..<5000 {
      let count = [0, 1, 7, 8, 62, 63, 64, 300][random(8)]
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &+ number) }
      let far = LeadPartitionTests.orders[random(LeadPartitionTests.orders.count)]
      let order = random(2) == 0 ? far : Int64(random(50))
      let lead = [1, 1024, 1025, 5000][random(4)] + Int64(random(3))
      let row = Staged(lead: lead, order: order, bytes: bytes)
      given.append(row)
      try row.bytes.withUnsafeBufferPointer { try partitions.append(lead: row.lead, order: row.order, $0) }
    }
    #expect(partitions.count == 5000)
    #expect(partitions.isInMemory == (capacity > 1 << 20))
    var found: [Staged] = []
    let block = SortedRows()
    while try partitions.next(block) {
      block.withBytes { bytes in
        for group in block.groups {
          for row in block.rows[group.rows] {
            let start = Int(row.start)
            found.append(
              Staged(lead: group.lead, order: row.order, bytes: Array(bytes[start..<(start + Int(row.count))])))
          }
        }
      }
    }
    let sorted = given.enumerated().sorted {
      ($0.element.lead, $0.element.order, $0.offset) < ($1.element.lead, $1.element.order, $1.offset)
    }
    #expect(found == sorted.map(\.element))
  }

  /// Keys looked for together are found as they are one by one, also where the table changes in between.
  @Test func keysAreFoundTogether() {
    let table = ByteTable()
    let keys = (0..<3000).map { Array("\($0)\(String(repeating: "k", count: $0 % 90))".utf8) }
    for (number, key) in keys.enumerated() {
      key.withUnsafeBufferPointer { key in
        let hash = table.hash(key)
        func look() -> UInt32? {
          let place = table.fetchEntry(hash: hash, keyCount: UInt32(key.count))
          return table.value(for: key, at: place)
        }
        #expect(look() == nil)
        if number == 1000 { table.reserve(100_000) }
        table.insert(key, hash: hash, value: UInt32(number))
        #expect(look() == UInt32(number))
        // Another key of the same hash is not taken for it.
        let place = table.fetchEntry(hash: hash, keyCount: UInt32(key.count))
        var other = Array(key)
        other[0] ^= 1
        other.withUnsafeBufferPointer { #expect(table.value(for: $0, at: place) == nil) }
      }
    }
    for (number, key) in keys.enumerated() {
      key.withUnsafeBufferPointer { #expect(table.value(for: $0) == UInt32(number)) }
    }
  }
}
