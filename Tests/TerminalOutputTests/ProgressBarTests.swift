import Testing

@testable import TerminalOutput

/// A terminal and a clock that stand still until told.
private final class Bench: Sendable {
  let now = Guarded<Int64>(1_000_000)
  let written = Guarded<[String]>([])
  let clockReadings = Guarded<Int>(0)

  func bar(isTerminal: Bool = true, color: Bool = false, unicode: Bool = true, width: Int = 80) -> ProgressBar {
    ProgressBar(
      label: "Importing events", unit: "rows", isTerminal: isTerminal, color: color, unicode: unicode,
      width: { width },
      clock: {
        self.clockReadings.withLock { $0 += 1 }
        return self.now.withLock { $0 }
      },
      output: { text in self.written.withLock { $0.append(text) } })
  }

  func pass(milliseconds: Int64) {
    now.withLock { $0 += milliseconds * 1_000_000 }
  }

  func drain() -> [String] {
    written.withLock { written in
      defer { written = [] }
      return written
    }
  }
}

@Suite struct ProgressBarTests {
  private let clear = "\r\u{1B}[2K"

  @Test func shortWorkShowsNothing() {
    let bench = Bench()
    let bar = bench.bar()
    for _ in 0..<9 {
      bench.pass(milliseconds: 100)
      bar.update(done: 1, total: 10, items: 1)
    }
    bar.finish()
    #expect(bench.drain() == [])
  }

  @Test func whatIsNoTerminalShowsNothing() {
    let bench = Bench()
    let bar = bench.bar(isTerminal: false)
    bench.pass(milliseconds: 5000)
    bar.update(done: 1, total: 10, items: 1)
    bar.finish()
    #expect(bench.drain() == [])
    #expect(bench.clockReadings.withLock { $0 } == 0)
  }

  @Test func longWorkShowsBarRateAndTimeLeft() {
    let bench = Bench()
    let bar = bench.bar()
    bench.pass(milliseconds: 2000)
    bar.update(done: 400, total: 1000, items: 2_400_000)
    #expect(bench.drain() == [clear + "Importing events  ━━━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌   40%  1.2M rows/s  3 s left"])
    bar.finish()
    bar.finish()
    bar.update(done: 500, total: 1000, items: 3_000_000)
    #expect(bench.drain() == [clear])
  }

  @Test func atMostTenTimesASecond() {
    let bench = Bench()
    let bar = bench.bar()
    bench.pass(milliseconds: 1001)
    for step in 0..<100 {
      bar.update(done: Int64(step), total: 100, items: Int64(step))
      bench.pass(milliseconds: 10)
    }
    let count = bench.drain().count
    #expect(count > 5 && count <= 10)
  }

  @Test func theClockIsSeldomAsked() {
    let bench = Bench()
    let bar = bench.bar()
    for step in 0..<100_000 { bar.update(done: Int64(step), total: 100_000, items: 0) }
    #expect(bench.clockReadings.withLock { $0 } < 500)
  }

  @Test func anUnknownEndTurnsASpinner() {
    let bench = Bench()
    let bar = bench.bar()
    bench.pass(milliseconds: 4000)
    bar.update(done: 0, total: nil, items: 3_400_000)
    bench.pass(milliseconds: 300)
    bar.update(done: 0, total: nil, items: 3_400_000)
    #expect(
      bench.drain() == [
        clear + "⠋ Importing events  3,400,000 rows  850k rows/s  4 s",
        clear + "⠙ Importing events  3,400,000 rows  791k rows/s  4 s",
      ])
  }

  @Test func notesStandAboveTheBarAndPhasesFollow() {
    let bench = Bench()
    let bar = bench.bar(unicode: false, width: 48)
    bench.pass(milliseconds: 2000)
    bar.update(done: 1, total: 2, items: 0)
    bar.note("row 7: no key")
    bar.restart(label: "Scoring")
    bench.pass(milliseconds: 200)
    bar.update(done: 0, total: 0, items: 1)
    let first = clear + "Importing events  [######.....]   50%  2 s left"
    #expect(
      bench.drain() == [
        first, clear, "row 7: no key\n", first, clear + "Scoring  [..................]    0%  5.0 rows/s",
      ])
  }

  @Test(arguments: 0...120)
  func linesFitEveryWidth(width: Int) {
    for total in [nil, Int64(1000)] {
      for color in [false, true] {
        let line = ProgressLine(
          label: "Importing 日本", unit: "rows", done: 250, total: total, items: 12_345, elapsed: 3_000_000_000, frame: 3)
        let text = line.render(width: width, look: .init(color: false, unicode: !color))
        #expect(displayWidth(of: text) <= width)
      }
    }
  }
}
