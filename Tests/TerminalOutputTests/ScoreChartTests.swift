import Testing

@testable import TerminalOutput

private let day: Int64 = 86_400_000
/// 2026-11-03T00:00:00Z
private let begin: Int64 = 1_793_664_000_000

private func points(_ values: [(days: Double, hundredths: Int64)]) -> [ScoreChart.Point] {
  values.map { .init(milliseconds: begin + Int64($0.days * Double(day)), hundredths: $0.hundredths) }
}

private func change(_ days: Double, _ from: String?, _ to: String, _ cause: String) -> ScoreChart.StageChange {
  .init(milliseconds: begin + Int64(days * Double(day)), from: from, to: to, cause: cause)
}

@Suite struct ScoreChartTests {
  private let journey = ScoreChart(
    points: points([
      (0, 500), (1.2, 1500), (3, 2500), (5.1, 4500), (8, 5500), (9, 6500), (11, 5500), (15, 4000), (18.5, 2750),
      (20, 3750), (21, 5250), (22.3, 7250), (23, 8750), (27, 9000), (29, 8200),
    ]),
    end: begin + 31 * day,
    thresholds: [.init(label: "mql", hundredths: 4000), .init(label: "sql", hundredths: 8000)],
    stageChanges: [
      change(0, nil, "nurture", "import"), change(5.1, "nurture", "mql", "event"),
      change(18.5, "mql", "nurture", "time"),
      change(21, "nurture", "mql", "event"), change(23, "mql", "sql", "event"),
    ])

  @Test func aJourneyThroughTheStages() {
    #expect(
      journey.render(width: 72, height: 14, color: false) == """
        100 ┤
            │                                         5      ╭───╮
         80 ┤┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄▲──────╯┄┄┄╰──● 82  sql 80
            │                                        ╭╯
         60 ┤                ╭──╮                 4  │
            │         2    ╭─╯  ╰───────╮         ▲──╯
         40 ┤┄┄┄┄┄┄┄┄┄▲────╯┄┄┄┄┄┄┄┄┄┄┄┄╰─────╮┄┄┄│┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ mql 40
            │         │                       │  ╭╯
         20 ┤     ╭───╯                       ▼──╯
            │1 ╭──╯                           3
          0 ┤●─╯
            └┬────────┬────────┬────────┬────────┬────────┬────────┬─
        3 Nov 2026  8 Nov   13 Nov   18 Nov   23 Nov   28 Nov    3 Dec
        1 ●  2026-11-03 00:00  → nurture      import
        2 ▲  2026-11-08 02:23  nurture → mql  event
        3 ▼  2026-11-21 12:00  mql → nurture  time
        4 ▲  2026-11-24 00:00  nurture → mql  event
        5 ▲  2026-11-26 00:00  mql → sql      event

        """)
  }

  @Test func theSameInPlainASCII() {
    let text = journey.render(width: 72, height: 14, color: false, unicode: false)
    #expect(text.utf8.allSatisfy { $0 < 0x80 })
    #expect(
      text == """
        100 +
            |                                         5      +---+
         80 +.........................................^------+...+--o 82  sql 80
            |                                        ++
         60 +                +--+                 4  |
            |         2    +-+  +-------+         ^--+
         40 +.........^----+............+-----+...|.................. mql 40
            |         |                       |  ++
         20 +     +---+                       v--+
            |1 +--+                           3
          0 +o-+
            ++--------+--------+--------+--------+--------+--------+-
        3 Nov 2026  8 Nov   13 Nov   18 Nov   23 Nov   28 Nov    3 Dec
        1 o  2026-11-03 00:00  -> nurture      import
        2 ^  2026-11-08 02:23  nurture -> mql  event
        3 v  2026-11-21 12:00  mql -> nurture  time
        4 ^  2026-11-24 00:00  nurture -> mql  event
        5 ^  2026-11-26 00:00  mql -> sql      event

        """)
  }

  @Test func colourFollowsTheStageAndChangesNoCharacter() {
    let text = journey.render(width: 72, height: 14, color: true)
    #expect(text.contains("\u{1B}[1;36m▲\u{1B}[0m"))
    #expect(text.contains("\u{1B}[1;32m●\u{1B}[0m"))
    #expect(withoutEscapes(text) == journey.render(width: 72, height: 14, color: false))
  }

  @Test func oneScoreOfThisMomentStandsAtTheRight() {
    let chart = ScoreChart(points: points([(0, 4500)]), end: begin)
    #expect(
      chart.render(width: 60, height: 8, color: false) == """
           │
        50 ┤
           │
        45 ┤                                                    ● 45
           │
        40 ┤
           └┬─────────────────────────┬─────────────────────────┬
        2 Nov 2026 00:00            12:00                     3 Nov

        """)
  }

  @Test func aScoreThatNeverChanges() {
    let chart = ScoreChart(
      points: points([(0, 4500), (1, 4500)]), end: begin + 3 * day,
      thresholds: [.init(label: "mql", hundredths: 4000)])
    #expect(
      chart.render(width: 60, height: 8, color: false) == """
           │
        45 ┤────────────────────────────────────────────────● 45
           │
        40 ┤┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ mql 40
           │
        35 ┤
           └┬───────────────┬───────────────┬───────────────┬
        3 Nov 2026        4 Nov           5 Nov           6 Nov

        """)
  }

  @Test func scoresBelowZero() {
    let chart = ScoreChart(points: points([(0, 0), (40, -1525), (80, -4000)]), end: begin + 130 * day)
    #expect(
      chart.render(width: 60, height: 9, color: false) == """
            │
          0 ┤───────────────╮
            │               │
        -20 ┤               ╰───────────────╮
            │                               │
        -40 ┤                               ╰──────────────────● -40
            └──────────┬────────────┬───────────┬──────────┬────
                   Dec 2026     Jan 2027       Feb        Mar

        """)
  }

  @Test func aColumnOfManyPointsShowsTheirRange() {
    let chart = ScoreChart(
      points: points([(0, 1000), (5, 4000), (5.01, 0), (5.02, 2000), (8, 2000)]), end: begin + 10 * day)
    #expect(
      chart.render(width: 40, height: 9, color: false) == """
           │
        40 ┤                │
           │                │
        20 ┤                ├───────────────● 20
           │────────────────┤
         0 ┤                │
           └┬───────────────┬───────────────┬
        3 Nov 2026        8 Nov          13 Nov

        """)
  }

  @Test func severalChangesInOneColumnShareAMark() {
    let chart = ScoreChart(
      points: points([(0, 1000), (50, 5000), (50.1, 1000), (70, 3000)]), end: begin + 100 * day,
      stageChanges: [change(50, "nurture", "mql", "event"), change(50.1, "mql", "nurture", "recompute")],
      stages: ["nurture", "mql"])
    #expect(
      chart.render(width: 50, height: 9, color: false) == """
        60 ┤
           │                     │
        40 ┤                     │
           │                     │        ╭───────────● 30
        20 ┤                     │1-2     │
           │─────────────────────◆────────╯
         0 ┤
           └────────────┬────────────┬────────────┬────
                    Dec 2026     Jan 2027        Feb
        1 ▲  2026-12-23 00:00  nurture → mql  event
        2 ▼  2026-12-23 02:24  mql → nurture  recompute

        """)
  }

  @Test func theLegendKeepsTheLastChangesAndTheWidth() {
    let chart = ScoreChart(
      points: points([(0, 1000)]), end: begin + 30 * day,
      stageChanges: (1...25).map {
        change(Double($0), "a", "b", "a long cause\n\u{1B}[31m " + String(repeating: "x", count: 90))
      })
    let lines = chart.render(width: 60, height: 8, color: false).split(separator: "\n").map(String.init)
    #expect(lines.contains("… 5 earlier stage changes"))
    #expect(lines.last == "25 ▲  2026-11-28 00:00  a → b  a long cause\\n\\x1b[31m xxxxx…")
    #expect(lines.allSatisfy { displayWidth(of: $0) <= 60 })
  }

  @Test func aThresholdFarAwayIsNamedAndDoesNotFlattenTheLine() {
    let chart = ScoreChart(
      points: points([(0, 1000), (5, 2000)]), end: begin + 10 * day,
      thresholds: [.init(label: "whale", hundredths: 900_000)])
    let lines = chart.render(width: 60, height: 8, color: false).split(separator: "\n")
    #expect(lines[0].hasSuffix("↑ whale 9,000"))
    #expect(lines.contains { $0.hasPrefix("20 ┤") })
  }

  @Test func aPeriodBeginsWithTheScoreThatHeldThen() {
    var chart = journey
    chart.start = begin + 16 * day
    chart.end = begin + 20 * day - 1
    let text = chart.render(width: 60, height: 10, color: false)
    #expect(text.contains("1 ▼  2026-11-21 12:00  mql → nurture  time\n"))
    #expect(!text.contains("2 ▲"))
    #expect(text.contains("40 ┤─────"))
    #expect(text.contains("● 27.5"))
    chart.start = begin + 40 * day
    #expect(chart.render(width: 60, height: 10, color: false) == "no scores in this period\n")
    #expect(
      ScoreChart(points: [], end: begin).render(width: 60, height: 10, color: false) == "no scores in this period\n")
  }

  @Test func orderOfPointsDoesNotMatterAndTheLastOfAnInstantHolds() {
    var shuffled = journey
    shuffled.points.reverse()
    shuffled.points.insert(.init(milliseconds: begin, hundredths: 500_000), at: 0)
    #expect(shuffled.render(width: 72, height: 14, color: false) == journey.render(width: 72, height: 14, color: false))
  }

  /// Seeded histories reach what hand-made ones do not: every size, extreme values, any number of points.
  @Test(arguments: UInt64(1)...60)
  func anyHistoryFitsItsFrame(seed: UInt64) {
    var random = Seeded(state: seed)
    let span = [1, 1000, day, 400 * day, 40_000 * day][Int.random(in: 0..<5, using: &random)]
    let size = [10, 10_000, 1_000_000_000, Int64.max / 2][Int.random(in: 0..<4, using: &random)]
    let chart = ScoreChart(
      points: (0..<Int.random(in: 1...300, using: &random)).map { _ in
        .init(
          milliseconds: begin + Int64.random(in: 0...span, using: &random),
          hundredths: Int64.random(in: -size...size, using: &random))
      },
      end: begin + span,
      thresholds: (0..<Int.random(in: 0...4, using: &random)).map {
        .init(label: "stage-\($0)", hundredths: Int64.random(in: -size...size, using: &random))
      },
      stageChanges: (0..<Int.random(in: 0...30, using: &random)).map {
        .init(
          milliseconds: begin + Int64.random(in: 0...span, using: &random), from: $0 % 7 == 0 ? nil : "stage-\($0 % 4)",
          to: "stage-\(($0 + 1) % 4)", cause: "time")
      })
    let width = Int.random(in: 50...200, using: &random)
    let height = Int.random(in: 6...50, using: &random)
    let lines = chart.render(width: width, height: height, color: false).split(separator: "\n")
    #expect(lines.allSatisfy { displayWidth(of: String($0)) <= width })
    let legend = chart.stageChanges.isEmpty ? 0 : min(21, chart.stageChanges.count + 1)
    #expect(lines.count <= height + legend)
  }

  @Test func extremesDoNotTrap() {
    let chart = ScoreChart(
      points: [.init(milliseconds: .min, hundredths: .min), .init(milliseconds: .max, hundredths: .max)], end: .max,
      thresholds: [.init(label: "x", hundredths: .max)],
      stageChanges: [.init(milliseconds: .max, from: nil, to: "x", cause: "")])
    for (width, height) in [(0, 0), (-5, -5), (80, 24), (1000, 200)] {
      #expect(!chart.render(width: width, height: height, color: true).isEmpty)
    }
    let instant = ScoreChart(points: [.init(milliseconds: .min, hundredths: 0)], end: .min)
    #expect(!instant.render(width: 80, height: 20, color: false).isEmpty)
  }

  private func withoutEscapes(_ text: String) -> String {
    var result = ""
    var isEscape = false
    for character in text {
      if character == "\u{1B}" { isEscape = true }
      if !isEscape { result.append(character) }
      if isEscape, character == "m" { isEscape = false }
    }
    return result
  }
}

@Suite struct ChartAxisTests {
  @Test(
    arguments: [(0, 20_000, 20), (-5000, 10_000, 12), (4000, 4001, 15), (0, 0, 4), (123, 98_765, 33)]
      as [(Int64, Int64, Int)])
  func everyValueHasItsRowAtOrBelowIt(low: Int64, high: Int64, rows: Int) {
    let axis = ValueAxis(low: low, high: high, thresholds: [], rows: rows)
    #expect(axis.rows <= rows)
    for value in stride(from: low, through: high, by: max(1, Int((high - low) / 97))) {
      let row = axis.row(of: value)
      #expect(row != nil)
      guard let row else { continue }
      let floor = axis.low * axis.rowsPerStep + Int64(axis.rows - 1 - row) * axis.step
      #expect(floor <= value * axis.rowsPerStep && value * axis.rowsPerStep < floor + axis.step)
    }
  }

  @Test func aThresholdOnARowIsTouchedExactlyWhenReached() throws {
    let axis = ValueAxis(low: 0, high: 9000, thresholds: [4000, 8000], rows: 16)
    let row = try #require(axis.row(of: 4000))
    #expect(axis.row(of: 3999) == row + 1)
    #expect(axis.row(of: 4001) == row)
  }

  @Test(
    arguments: [
      (30 * 1000, "00:00:10"), (6 * 3_600_000, "02:00"), (2 * day, "4 Nov"), (40 * day, "9 Nov 2026"),
      (200 * day, "Jan 2027"), (2000 * day, "2028"), (40_000 * day, "2040"),
    ] as [(Int64, String)])
  func ticksAreRoundMoments(span: Int64, expected: String) {
    let axis = TimeAxis(start: begin, end: begin + span, columns: 60)
    let lines = axis.lines(plotLeft: 5, width: 70, glyphs: .ascii)
    #expect(lines[1].contains(expected), "\(lines[1])")
    #expect(lines[0].count == 65)
  }
}

/// SplitMix64: the same sequence for the same seed, everywhere.
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
