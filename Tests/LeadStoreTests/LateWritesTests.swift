import CSQLite
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
    for number in (before + 1)..<(before + 40) { _ = add(number, to: late, target, code: SQLITE_IOERR) }
    #expect(late.finish() == SQLITE_FULL)
    #expect(late.finish() == SQLITE_FULL)
    #expect(add(0, to: late, target) == SQLITE_FULL)
    #expect(late.finish() == SQLITE_FULL)
    #expect(target.numbers == Array(0...before))
  }
}
