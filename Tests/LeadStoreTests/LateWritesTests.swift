import CSQLite
import Foundation
import Testing

@testable import LeadStore

/// Writes that another thread does must come in order, and a failure must reach who gave them.
@Suite("Late writes")
struct LateWritesTests {
  /// What was written, by whichever thread.
  private final class Target: @unchecked Sendable {
    // Read once the writes were waited for.
    var numbers: [Int] = []
  }

  private func add(_ number: Int, to late: LateWrites, _ target: Target, code: Int32 = SQLITE_OK) -> Int32 {
    let buffer = late.newBuffer()
    buffer.storeBytes(of: number, as: Int.self)
    return late.add(buffer) {
      target.numbers.append($0.load(as: Int.self))
      return code
    }
  }

  @Test("are done in their order, each with its own bytes", arguments: [0, 1, 3, 4, 15, 16, 17, 5000])
  func order(_ count: Int) {
    let late = LateWrites()
    let target = Target()
    for number in 0..<count {
      #expect(add(number, to: late, target) == SQLITE_OK)
      if number % 700 == 5 {
        #expect(late.finish() == SQLITE_OK)
        #expect(target.numbers.count == number + 1)
      }
    }
    #expect(late.finish() == SQLITE_OK)
    #expect(target.numbers == Array(0..<count))
  }

  #if !canImport(Darwin)
    @Test("are done by another thread where there are many of them")
    func thread() {
      let late = LateWrites()
      let writers = Locked<[pthread_t]>([])
      for _ in 0..<100 {
        _ = late.add(late.newBuffer()) { _ in
          writers.withLock { $0.append(pthread_self()) }
          return SQLITE_OK
        }
      }
      #expect(late.finish() == SQLITE_OK)
      writers.withLock {
        #expect($0.count == 100)
        #expect($0.allSatisfy { pthread_equal($0, pthread_self()) == 0 })
      }
    }

    @Test("wait where too many are not done")
    func limit() throws {
      let late = LateWrites()
      let mayWrite = DispatchSemaphore(value: 0)
      let given = Locked(0)
      let seen = Locked(0)
      let watcher = try WorkerThread {
        for _ in 0..<1000 where given.withLock({ $0 }) < LateWrites.limit { Thread.sleep(forTimeInterval: 0.01) }
        Thread.sleep(forTimeInterval: 0.1)
        seen.withLock { $0 = given.withLock { $0 } }
        mayWrite.signal()
      }
      for number in 0..<40 {
        let code = late.add(late.newBuffer()) { _ in
          if number == 0 { mayWrite.wait() }
          return SQLITE_OK
        }
        #expect(code == SQLITE_OK)
        given.withLock { $0 += 1 }
      }
      #expect(late.finish() == SQLITE_OK)
      watcher.join()
      #expect(seen.withLock { $0 } == LateWrites.limit)
    }

  #endif

  @Test("are done before they are forgotten", arguments: [2, 40])
  func forgotten(_ count: Int) {
    let target = Target()
    var late: LateWrites? = LateWrites()
    for number in 0..<count { _ = late.map { add(number, to: $0, target) } }
    late = nil
    #expect(target.numbers == Array(0..<count))
  }

  @Test("end with the first that fails, of which everybody hears", arguments: [1, 30])
  func failure(_ before: Int) {
    let late = LateWrites()
    let target = Target()
    for number in 0..<before { _ = add(number, to: late, target) }
    _ = add(before, to: late, target, code: SQLITE_FULL)
    var last = SQLITE_OK
    for number in (before + 1)..<(before + 40) { last = add(number, to: late, target, code: SQLITE_IOERR) }
    #expect(last == SQLITE_FULL)
    #expect(late.finish() == SQLITE_FULL)
    #expect(late.fail(SQLITE_IOERR) == SQLITE_FULL)
    #expect(late.finish() == SQLITE_FULL)
    #expect(add(0, to: late, target) == SQLITE_FULL)
    #expect(late.finish() == SQLITE_FULL)
    #expect(target.numbers == Array(0...before))
  }
}
