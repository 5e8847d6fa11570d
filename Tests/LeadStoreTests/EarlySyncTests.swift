import CSQLite
import Testing

@testable import LeadStore

/// A file whose method of syncing counts, in the place of its methods, and fails once it has counted to three.
private final class CountedFile {
  let file = UnsafeMutablePointer<sqlite3_file>.allocate(capacity: 1)
  private let count = UnsafeMutablePointer<Int>.allocate(capacity: 1)

  init() {
    count.initialize(to: 0)
    let methods = UnsafeRawPointer(count).assumingMemoryBound(to: sqlite3_io_methods.self)
    file.initialize(to: sqlite3_file(pMethods: methods))
  }

  deinit {
    file.deallocate()
    count.deallocate()
  }

  var syncs: Int { count.pointee }

  static let sync: EarlySync.Sync = { file, _ in
    guard let methods = file?.pointee.pMethods else { return SQLITE_MISUSE }
    let count = UnsafeMutableRawPointer(mutating: UnsafeRawPointer(methods)).assumingMemoryBound(to: Int.self)
    count.pointee += 1
    return count.pointee == 3 ? SQLITE_IOERR : SQLITE_OK
  }
}

@Suite("Early syncs")
struct EarlySyncTests {
  @Test("begin when much was written")
  func begin() {
    let file = CountedFile()
    let early = EarlySync(file.file, CountedFile.sync)
    for _ in 0..<1024 { #expect(early.note(64 << 10) == SQLITE_OK) }
    #expect(early.finish() == SQLITE_OK)
    #expect(file.syncs == 1)
    #expect(early.note(63 << 20) == SQLITE_OK)
    #expect(early.finish() == SQLITE_OK)
    #expect(file.syncs == 1)
  }

  @Test("tell of a failure once")
  func failure() {
    let file = CountedFile()
    let early = EarlySync(file.file, CountedFile.sync)
    for _ in 0..<3 { #expect(early.note(64 << 20) == SQLITE_OK) }
    #expect(early.note(64 << 20) == SQLITE_IOERR)
    #expect(early.finish() == SQLITE_OK)
    #expect(file.syncs == 4)
  }

  @Test("tell of a failure at the end")
  func failureAtTheEnd() {
    let file = CountedFile()
    let early = EarlySync(file.file, CountedFile.sync)
    for _ in 0..<3 { #expect(early.note(64 << 20) == SQLITE_OK) }
    #expect(early.finish() == SQLITE_IOERR)
  }
}
