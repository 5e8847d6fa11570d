import Testing

@testable import TerminalOutput

@Suite struct HumanTextTests {
  @Test(
    arguments: [
      (0, "0"), (999, "999"), (1000, "1,000"), (12345, "12,345"), (-1_234_567, "-1,234,567"), (-100, "-100"),
      (Int64.min, "-9,223,372,036,854,775,808"),
    ] as [(Int64, String)])
  func counts(value: Int64, expected: String) {
    #expect(formatCount(value) == expected)
  }

  @Test(
    arguments: [
      (0, "0"), (999, "999"), (1000, "1k"), (1249, "1.2k"), (1250, "1.3k"), (12_345, "12.3k"), (99_949, "99.9k"),
      (99_950, "100k"),
      (999_499, "999k"), (999_500, "1M"), (1_234_567, "1.2M"), (4_000_000_000, "4B"), (-1500, "-1.5k"),
      (Int64.max, "9,223,372T"),
    ] as [(Int64, String)])
  func compactCounts(value: Int64, expected: String) {
    #expect(formatCompact(value) == expected)
  }

  @Test(
    arguments: [(0, "0 B"), (999, "999 B"), (1200, "1.2 kB"), (1_150_000_000, "1.2 GB"), (Int64.max, "9.2 EB")]
      as [(Int64, String)])
  func bytes(value: Int64, expected: String) {
    #expect(formatBytes(value) == expected)
  }

  @Test(
    arguments: [
      (0, "0"), (4500, "45"), (4550, "45.5"), (4505, "45.05"), (-25, "-0.25"), (-1500, "-15"),
      (123_456_789, "1,234,567.89"),
      (Int64.min, "-92,233,720,368,547,758.08"),
    ] as [(Int64, String)])
  func points(value: Int64, expected: String) {
    #expect(formatPoints(value) == expected)
  }

  @Test func signedPoints() {
    #expect(formatPoints(1500, signed: true) == "+15")
    #expect(formatPoints(0, signed: true) == "0")
    #expect(formatPoints(-50, signed: true) == "-0.5")
  }

  @Test func shares() {
    #expect(formatPercent(1, of: 8) == "12.5%")
    #expect(formatPercent(1, of: 3) == "33.3%")
    #expect(formatPercent(3, of: 3) == "100%")
    #expect(formatPercent(-1, of: 4) == "-25%")
    #expect(formatPercent(1, of: 0) == "–")
    #expect(formatPercent(Int64.max, of: 1) == "–")
  }

  @Test func nouns() {
    #expect(plural(1, "lead") == "1 lead")
    #expect(plural(0, "lead") == "0 leads")
    #expect(plural(12_345, "lead") == "12,345 leads")
    #expect(plural(2, "history entry", "history entries") == "2 history entries")
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (1_795_251_600_000, "2026-11-21T09:00:00Z"),
      (1_795_251_600_007, "2026-11-21T09:00:00.007Z"),
      (1_795_251_600_120, "2026-11-21T09:00:00.120Z"), (-1, "1969-12-31T23:59:59.999Z"),
      (951_782_400_000, "2000-02-29T00:00:00Z"),
      (-62_167_219_200_000, "0000-01-01T00:00:00Z"), (253_402_300_800_000, "10000-01-01T00:00:00Z"),
    ] as [(Int64, String)])
  func instants(milliseconds: Int64, expected: String) {
    #expect(formatInstant(milliseconds) == expected)
  }

  @Test func everyDayOfFourCenturiesIsTheOneAfterTheLast() {
    let lengths: [Int64] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var instant = CivilTime.midnight(year: 1800, month: 1, day: 1)
    for year in Int64(1800)..<2200 {
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      for month in Int64(1)...12 {
        let length = lengths[Int(month - 1)] + (month == 2 && isLeap ? 1 : 0)
        for day in 1...length {
          let time = CivilTime(milliseconds: instant)
          #expect((time.year, time.month, time.day) == (year, month, day))
          instant += 86_400_000
        }
        let next = month == 12 ? (year + 1, Int64(1)) : (year, month + 1)
        #expect(CivilTime.midnight(year: next.0, month: next.1, day: 1) == instant)
      }
    }
  }

  @Test func extremesOfTimeDoNotTrap() {
    #expect(formatInstant(.max).hasPrefix("292278994-08-17T07:12:55"))
    #expect(formatMinute(.min) == "-292275055-05-16 16:47")
    #expect(formatRelative(.max, from: .min).hasPrefix("in "))
    #expect(formatDuration(.min).hasSuffix(" h"))
  }

  @Test func tablesShowMinutesAndDays() {
    #expect(formatMinute(1_795_251_659_999) == "2026-11-21 09:00")
    #expect(formatDate(1_795_251_600_000) == "2026-11-21")
  }

  @Test(
    arguments: [
      (0, "0 ms"), (999, "999 ms"), (1000, "1 s"), (61_000, "1 min 1 s"), (7_800_000, "2 h 10 min"), (7_200_999, "2 h"),
      (86_400_000, "1 d"),
      (97_200_000, "1 d 3 h"), (-5000, "5 s"),
    ] as [(Int64, String)])
  func durations(milliseconds: Int64, expected: String) {
    #expect(formatDuration(milliseconds) == expected)
  }

  @Test(
    arguments: [
      (0, "now"), (999, "now"), (1000, "in 1 second"), (-90_000, "1 minute ago"), (7_200_000, "in 2 hours"),
      (3 * 86_400_000, "in 3 days"),
      (-13 * 86_400_000, "13 days ago"), (14 * 86_400_000, "in 2 weeks"), (-61 * 86_400_000, "2 months ago"),
      (400 * 86_400_000, "in 1 year"),
    ] as [(Int64, String)])
  func distances(offset: Int64, expected: String) {
    #expect(formatRelative(1_795_251_600_000 + offset, from: 1_795_251_600_000) == expected)
  }
}
