import Foundation
import Testing

@testable import LeadScoring

/// What another thread writes must be there when it is read.
@Suite("Spill files")
struct SpillFileTests {
  private func bytes(_ seed: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 31) ^ seed) }
  }

  @Test("give back what was added, in pieces of any size", arguments: [1, 700, 65_536, 300_000])
  func pieces(_ size: Int) throws {
    let file = try SpillFile(folder: NSTemporaryDirectory())
    var expected: [UInt8] = []
    for number in 0..<max(8, 3_000_000 / max(size, 3000)) {
      let piece = bytes(number, [size, 0, size / 2 + 1][number % 3])
      #expect(file.end == Int64(expected.count))
      try piece.withUnsafeBytes { try file.append($0) }
      expected += piece
    }
    for start in stride(from: 0, to: expected.count, by: max(1, expected.count / 40)) {
      let count = min(100_000, expected.count - start)
      var found = [UInt8](repeating: 0, count: count)
      try found.withUnsafeMutableBytes { try file.read(into: $0, at: Int64(start)) }
      #expect(found.elementsEqual(expected[start..<(start + count)]))
    }
    // More can be added once some was read.
    try bytes(1, 10).withUnsafeBytes { try file.append($0) }
    var last = [UInt8](repeating: 0, count: 10)
    try last.withUnsafeMutableBytes { try file.read(into: $0, at: Int64(expected.count)) }
    #expect(last == bytes(1, 10))
  }

  @Test("can be forgotten while they are being written")
  func forgotten() throws {
    for number in 0..<20 {
      let file = try SpillFile(folder: NSTemporaryDirectory())
      try bytes(number, 900_000 + number).withUnsafeBytes { try file.append($0) }
    }
  }

  @Test("cannot be made where there is no folder")
  func noFolder() {
    #expect(throws: TemporaryFileFailure.self) { try SpillFile(folder: "/nowhere/at all") }
  }
}
