import Testing

@testable import ScoreEngine

@Suite("Timelines")
struct TimelineTests {
  private func expectAgreement(_ condition: Condition, _ values: [String: Value]) {
    let compiled = CompiledCondition(condition)
    let timeline = compiled.timeline { values[$0] }
    #expect(timeline.toggles == timeline.toggles.sorted())
    #expect(Set(timeline.toggles).count == timeline.toggles.count)
    var instants: Set<Int64> = [-1000 * day, 1000 * day, 0]
    for text in SeededRandom.dates {
      guard let start = Instant(text)?.milliseconds else { continue }
      for edge in [start] + SeededRandom.spans.map({ start + $0.milliseconds }) {
        instants.formUnion([edge - 1, edge, edge + 1])
      }
    }
    for instant in instants {
      let expected = compiled.holds(at: Instant(milliseconds: instant)) { values[$0] }
      if timeline.holds(at: instant) != expected { Issue.record("\(condition) with \(values) at \(instant)") }
    }
    if !compiled.isTimeDependent { #expect(timeline.toggles.isEmpty) }
    let isEverTrue = timeline.initial || !timeline.toggles.isEmpty
    #expect(timeline.isNever == !isEverTrue)
  }

  @Test("every pair of ages over every pair of dates")
  func smallWorld() {
    let matchers: [Matcher] = SeededRandom.spans.flatMap { [.newerThan($0), .olderThan($0)] }
    for first in matchers {
      for second in matchers {
        for date in SeededRandom.dates {
          for other in SeededRandom.dates.prefix(2) {
            let values: [String: Value] = ["since": .text(date), "a": .list([other, date])]
            expectAgreement(.all([.field("since", [first]), .not(.field("a", [second]))]), values)
            expectAgreement(.any([.field("since", [first]), .field("since", [second])]), values)
          }
        }
      }
    }
  }

  @Test("any condition over any values")
  func random() {
    var random = SeededRandom(seed: 17)
    for _ in 0..<3000 { expectAgreement(random.condition(depth: 3, isDated: true), random.values()) }
  }

  @Test("a timeline turns over at its toggles")
  func toggles() {
    let timeline = Timeline(initial: true, toggles: [5, 7])
    #expect([4, 5, 6, 7, 8].map { timeline.holds(at: $0) } == [true, false, false, true, true])
    #expect(Timeline(initial: false, toggles: []).isNever)
    #expect(!Timeline(initial: true, toggles: []).isNever)
    #expect(!Timeline(initial: false, toggles: [3]).isNever)
  }

  @Test("dates at the ends of what can be written do not overflow")
  func extremes() throws {
    let longest = try #require(TimeSpan("365000d"))
    for date in ["0000-01-01", "9999-12-31 23:59:59.999"] {
      let condition = CompiledCondition(.field("d", [.olderThan(longest)]))
      let timeline = condition.timeline { _ in .text(date) }
      let start = try #require(Instant(date)).milliseconds
      #expect(timeline == Timeline(initial: false, toggles: [start + longest.milliseconds]))
    }
  }
}
