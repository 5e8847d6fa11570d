import CSQLite
import Testing

@testable import LeadStore

/// What is gathered must read as if it were written at once, and must be in the file when others may rely on it.
@Suite("Gathered files")
struct GatheredFileTests {
  private static func bytes(_ count: Int, _ random: inout SeededRandom) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  @Test("read as what was written, in the file once it is synced", arguments: 1...12 as ClosedRange<UInt64>)
  func same(_ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let memory = MemoryFile()
    let gathered = GatheredFile(memory.file, LateWrites())
    var expected: [UInt8] = []
    for step in 0..<400 {
      let size = [24, 512, 4096, 8192, 65_536][random.below(5)]
      switch random.below(20) {
      case 0: #expect(memory.sync() == SQLITE_OK && memory.bytes == expected)
      case 1 where step % 3 == 0:
        expected.removeSubrange(random.below(expected.count + 1)...)
        #expect(memory.truncate(Int64(expected.count)) == SQLITE_OK)
        #expect(memory.bytes == expected)
      case 2...6 where expected.count >= size:
        let offset = random.below(expected.count - size + 1)
        #expect(memory.get(size, at: Int64(offset)) == Array(expected[offset..<(offset + size)]))
      case 7...8 where expected.count >= size:
        let offset = random.below(expected.count - size + 1)
        let piece = Self.bytes(size, &random)
        expected.replaceSubrange(offset..<(offset + size), with: piece)
        #expect(memory.put(piece, at: Int64(offset)) == SQLITE_OK)
      case 9: gathered?.gathers.toggle()
      default:
        let piece = Self.bytes(size, &random)
        #expect(memory.put(piece, at: Int64(expected.count)) == SQLITE_OK)
        expected += piece
      }
    }
    gathered?.end()
    #expect(memory.bytes == expected)
  }

  @Test(
    "tell of a failure at the latest when they are synced, and give nothing old",
    arguments: 1...20 as ClosedRange<UInt64>)
  func failure(_ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let memory = MemoryFile()
    var expected = Self.bytes(700_000, &random)
    memory.state.withLock { ($0.bytes, $0.failsFrom) = (expected, 0) }
    let gathered = GatheredFile(memory.file, LateWrites())
    func read() {
      let offset = random.below(expected.count - 8192)
      if let found = memory.get(8192, at: Int64(offset)) {
        #expect(found == Array(expected[offset..<(offset + 8192)]))
      }
    }
    for index in 0..<60 {
      let offset = index * 11_000 + random.below(2000)
      let piece = Self.bytes(8192, &random)
      if memory.put(piece, at: Int64(offset)) != SQLITE_OK { break }
      expected.replaceSubrange(offset..<(offset + 8192), with: piece)
      if seed % 2 == 0 { read() }
    }
    for _ in 0..<200 { read() }
    for _ in 0..<2 { #expect(memory.sync() == SQLITE_FULL) }
    gathered?.end()
  }
}

extension SeededRandom {
  /// A number from 0 on.
  fileprivate mutating func below(_ limit: Int) -> Int { Int.random(in: 0...max(0, limit - 1), using: &self) }
}

@Suite("The files of a large transaction")
struct BulkFilesTests {
  private static let pageSize = 4096
  private let log = MemoryFile()
  private let database = MemoryFile()
  private let files: BulkFiles?

  init() {
    database.watched = log
    files = BulkFiles(log: log.file, logPath: "/nowhere", database: database.file, pageSize: BulkFilesTests.pageSize)
  }

  private func writeFrames(_ pages: ClosedRange<UInt32>) -> [UInt8] {
    var written = [UInt8](repeating: 7, count: 32)
    #expect(log.put(written, at: 0) == SQLITE_OK)
    for page in pages {
      let header = withUnsafeBytes(of: page.bigEndian, Array.init) + [UInt8](repeating: 0, count: 20)
      for part in [header, [UInt8](repeating: UInt8(page), count: BulkFilesTests.pageSize)] {
        #expect(log.put(part, at: Int64(written.count)) == SQLITE_OK)
        written += part
      }
    }
    return written
  }

  private func writePages(_ pages: ClosedRange<Int>) {
    for page in pages {
      let bytes = [UInt8](repeating: UInt8(page), count: BulkFilesTests.pageSize)
      #expect(database.put(bytes, at: Int64((page - 1) * BulkFilesTests.pageSize)) == SQLITE_OK)
    }
  }

  private var locks: [(first: Int32, flags: Int32, watched: [UInt8])] { database.state.withLock { $0.locks } }

  /// Afterwards another connection may write to the same places.
  @Test("leave nothing to be written to the log when the writer's lock is given back", arguments: [3, 90])
  func undone(_ count: UInt32) {
    let written = writeFrames(1...count)
    #expect(database.unlock(0) == SQLITE_OK)
    #expect(locks.map(\.first) == [0])
    #expect(locks.first?.watched == written)
    log.state.withLock { $0.bytes = [] }
    files?.end()
    #expect(log.bytes.isEmpty)
    #expect(locks.count == 1)
  }

  @Test("keep the writer's lock until the checkpoint after the commit has ended")
  func committed() {
    _ = writeFrames(1...20)
    #expect(log.sync() == SQLITE_OK)
    #expect(database.unlock(0) == SQLITE_OK)
    #expect(locks.isEmpty)
    #expect(database.lock(1) == SQLITE_OK)
    for reader in 4...7 as ClosedRange<Int32> {
      #expect(database.lock(reader) == SQLITE_OK && database.unlock(reader) == SQLITE_OK)
    }
    writePages(1...20)
    #expect(database.sync() == SQLITE_OK)
    #expect(database.bytes == (1...20).flatMap { [UInt8](repeating: UInt8($0), count: BulkFilesTests.pageSize) })
    #expect(database.unlock(1) == SQLITE_OK)
    #expect(locks.suffix(2).map(\.first) == [1, 0])
    #expect(locks.suffix(2).allSatisfy { $0.flags == SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE })
    files?.end()
    #expect(locks.suffix(2).map(\.first) == [1, 0])
  }

  @Test("give the writer's lock back at the end where there is no checkpoint, and take it again where it is asked for")
  func withoutCheckpoint() {
    _ = writeFrames(1...20)
    #expect(log.sync() == SQLITE_OK)
    #expect(database.unlock(0) == SQLITE_OK)
    #expect(database.lock(0) == SQLITE_OK)
    #expect(locks.isEmpty)
    _ = writeFrames(1...2)
    #expect(database.unlock(0) == SQLITE_OK)
    #expect(locks.map(\.first) == [0])
    _ = writeFrames(1...3)
    #expect(log.sync() == SQLITE_OK)
    #expect(database.unlock(0) == SQLITE_OK)
    #expect(locks.count == 1)
    files?.end()
    #expect(locks.map(\.first) == [0, 0])
  }

  /// Such a checkpoint syncs nothing before it says what it has copied.
  @Test("write each page at once in a checkpoint that a reader stops, or that is not the transaction's own")
  func partial() {
    #expect(database.lock(1) == SQLITE_OK)
    writePages(1...3)
    #expect(database.bytes.count == 3 * BulkFilesTests.pageSize)
    #expect(database.unlock(1) == SQLITE_OK)
    _ = writeFrames(1...20)
    #expect(log.sync() == SQLITE_OK)
    #expect(database.unlock(0) == SQLITE_OK)
    database.state.withLock { $0.busyLocks = [5] }
    #expect(database.lock(1) == SQLITE_OK)
    #expect(database.lock(4) == SQLITE_OK)
    #expect(database.lock(5) == SQLITE_BUSY)
    #expect(locks.last?.first == 0)
    for page in 4...9 {
      writePages(page...page)
      #expect(database.bytes.count == page * BulkFilesTests.pageSize)
    }
    database.state.withLock { $0.failsFrom = 0 }
    #expect(database.put([1], at: 0) == SQLITE_FULL)
    #expect(database.unlock(1) == SQLITE_OK)
    files?.end()
  }

  @Test("let others write where somebody else is at a checkpoint, or the commit was not synced")
  func otherCheckpoint() {
    _ = writeFrames(1...20)
    log.state.withLock { $0.syncFails = true }
    #expect(log.sync() == SQLITE_IOERR)
    #expect(database.unlock(0) == SQLITE_OK)
    #expect(locks.map(\.first) == [0])
    log.state.withLock { $0.syncFails = false }
    _ = writeFrames(1...20)
    #expect(log.sync() == SQLITE_OK)
    #expect(database.unlock(0) == SQLITE_OK)
    #expect(locks.count == 1)
    database.state.withLock { $0.busyLocks = [1] }
    #expect(database.lock(1) == SQLITE_BUSY)
    #expect(locks.map(\.first) == [0, 0])
    files?.end()
    #expect(locks.count == 2)
  }

  @Test("have written everything when a checkpoint that was interrupted gives its lock back")
  func interrupted() {
    _ = writeFrames(1...20)
    #expect(log.sync() == SQLITE_OK)
    #expect(database.unlock(0) == SQLITE_OK)
    #expect(database.lock(1) == SQLITE_OK)
    writePages(1...5)
    database.watched = database
    #expect(database.bytes.isEmpty)
    #expect(database.unlock(1) == SQLITE_OK)
    #expect(locks.last { $0.first == 1 }?.watched.count == 5 * BulkFilesTests.pageSize)
    files?.end()
  }

  @Test("let a whole checkpoint hear of pages that could not be written")
  func failingCheckpoint() {
    _ = writeFrames(1...20)
    #expect(log.sync() == SQLITE_OK)
    #expect(database.unlock(0) == SQLITE_OK)
    database.state.withLock { $0.failsFrom = Int64(3 * BulkFilesTests.pageSize) }
    #expect(database.lock(1) == SQLITE_OK)
    writePages(1...5)
    #expect(database.truncate(Int64(5 * BulkFilesTests.pageSize)) == SQLITE_FULL)
    #expect(database.sync() == SQLITE_FULL)
    #expect(database.unlock(1) == SQLITE_OK)
    files?.end()
  }
}
