import Testing

@testable import ScoreEngine

@Suite("Instants")
struct InstantTests {
  private static let valid: [(String, Int64)] = [
    ("1970-01-01", 0), ("1970-01-02", 86_400_000), ("1969-12-31", -86_400_000), ("2000-02-29", 951_782_400_000),
    ("1900-01-01", -2_208_988_800_000), ("2200-01-01", 7_258_118_400_000), ("0000-02-29", -62_162_121_600_000),
    ("0001-01-01", -62_135_596_800_000), ("9999-12-31", 253_402_214_400_000),
    ("1970-01-01T00:00:00Z", 0), ("1970-01-01t00:00:00z", 0), ("1970-01-01 00:00:00Z", 0), ("1970-01-01 00:00:00z", 0),
    ("1970-01-01 00:00", 0), ("1970-01-01 00:00Z", 0), ("1970-01-01 01:02", 3_720_000),
    ("1970-01-01 01:02:03", 3_723_000), ("1970-01-01 23:59:59.999", 86_399_999),
    ("1970-01-01 00:00:00.1", 100), ("1970-01-01 00:00:00.12", 120), ("1970-01-01 00:00:00.123", 123),
    ("1970-01-01T00:00:00.1Z", 100), ("1970-01-01T00:00:00.1239Z", 123), ("1970-01-01T00:00:00.000999999999Z", 0),
    ("1969-12-31T23:59:59.999Z", -1),
    ("1970-01-01T01:00:00+01:00", 0), ("1970-01-01T01:00:00+0100", 0), ("1969-12-31T19:00:00-05:00", 0),
    ("1969-12-31T18:30:00-0530", 0), ("1970-01-01T00:00:00+00:00", 0), ("1970-01-01T00:00:00-00:00", 0),
    ("1970-01-01 05:45+05:45", 0), ("1970-01-01 05:45:00.5+0545", 500), ("1970-01-01T23:59:00+23:59", 0),
    ("2024-02-29T12:00:00Z", 1_709_208_000_000), ("2026-11-21T09:00:00Z", 1_795_251_600_000),
  ]

  @Test("what is an instant", arguments: valid)
  func parses(_ text: String, _ milliseconds: Int64) {
    #expect(Instant(text)?.milliseconds == milliseconds)
    #expect(Array(text.utf8).withUnsafeBufferPointer { Instant(utf8: $0) }?.milliseconds == milliseconds)
  }

  @Test(
    "what is not",
    arguments: [
      "", " ", "now", "0", "1795251600", "2026", "2026-11", "2026-1-1", "2026-11-1", "26-11-21", "20261121",
      "2026-00-10", "2026-13-01", "2026-11-00", "2026-11-31", "2026-02-29", "1900-02-29", "2100-02-29", "2026-04-31",
      " 2026-11-21", "2026-11-21 ", "2026-11-21\n", "2026/11/21", "21.11.2026", "11/21/2026", "+2026-11-21",
      "-2026-11-21", "12026-11-21", "2026-11-21Z", "2026-11-21+01:00", "2026-11-21T", "2026-11-21T09", "2026-11-21 09",
      "2026-11-21T09:00", "2026-11-21T09:00Z", "2026-11-21T09:00:00", "2026-11-21T09:00:00.5",
      "2026-11-21T24:00:00Z", "2026-11-21 24:00", "2026-11-21 09:60", "2026-11-21 09:00:60", "2016-12-31T23:59:60Z",
      "2026-11-21 9:00", "2026-11-21 09:0", "2026-11-21 09:00:0", "2026-11-21 09:00:00.", "2026-11-21T09:00:00.Z",
      "2026-11-21 09:00:00,5", "2026-11-21  09:00", "2026-11-21_09:00:00Z", "2026-11-21T09:00:00 Z",
      "2026-11-21T09:00:00+", "2026-11-21T09:00:00+1", "2026-11-21T09:00:00+01", "2026-11-21T09:00:00+01:",
      "2026-11-21T09:00:00+01:0", "2026-11-21T09:00:00+24:00", "2026-11-21T09:00:00+01:60", "2026-11-21T09:00:00+1:00",
      "2026-11-21T09:00:00+01:00Z", "2026-11-21T09:00:00ZZ", "2026-11-21T09:00:00UTC", "2026-11-21T09:00:00 +01:00",
      "2026-11-21T09:00:00Z[UTC]", "2026-W47-6", "2026-325", "٢٠٢٦-١١-٢١", "2026-11-21T09:00:00\u{2212}01:00",
      "2026\u{2010}11\u{2010}21", "2026-11-21\0", "\0",
    ])
  func refuses(_ text: String) {
    #expect(Instant(text) == nil)
  }

  @Test("no prefix of an instant is another one, but for those that are written so")
  func prefixes() {
    let whole = "2026-11-21 09:00:12.345+01:00"
    let expected: Set<Int> = [10, 16, 19, 21, 22, 23, 29]
    for length in 0...whole.utf8.count {
      #expect((Instant(String(whole.prefix(length))) != nil) == expected.contains(length), "\(length)")
    }
  }

  @Test("one byte changed gives no crash and reads back where it is an instant")
  func mutations() {
    for text in ["2026-11-21T09:00:12.345+01:00", "2026-11-21 09:00"] {
      for index in text.utf8.indices {
        for byte in UInt8.min...UInt8.max {
          var bytes = Array(text.utf8)
          bytes[text.utf8.distance(from: text.utf8.startIndex, to: index)] = byte
          guard let instant = bytes.withUnsafeBufferPointer({ Instant(utf8: $0) }) else { continue }
          #expect(Instant(instant.description) == instant)
        }
      }
    }
  }

  @Test("instants are written in UTC, with milliseconds only where there are any")
  func description() {
    let cases: [(Int64, String)] = [
      (0, "1970-01-01T00:00:00Z"), (1, "1970-01-01T00:00:00.001Z"), (-1, "1969-12-31T23:59:59.999Z"),
      (50, "1970-01-01T00:00:00.050Z"), (120, "1970-01-01T00:00:00.120Z"), (1_795_251_600_000, "2026-11-21T09:00:00Z"),
      (-2_208_988_800_000, "1900-01-01T00:00:00Z"), (7_258_118_399_999, "2199-12-31T23:59:59.999Z"),
      (-62_167_219_200_000, "0000-01-01T00:00:00Z"),
    ]
    for (milliseconds, text) in cases {
      #expect(Instant(milliseconds: milliseconds).description == text)
      #expect(Instant(milliseconds: milliseconds).date == String(text.prefix(10)))
    }
    #expect(Instant.earliestFact.description == "1900-01-01T00:00:00Z")
    #expect(Instant.latestFact.description == "2200-01-01T00:00:00Z")
  }

  @Test("what is written reads back, at random milliseconds")
  func randomRoundTrip() {
    var random = SeededRandom(seed: 1)
    for _ in 0..<20_000 {
      let instant = Instant(
        milliseconds: Int64.random(
          in: Instant.earliestFact.milliseconds...Instant.latestFact.milliseconds, using: &random))
      #expect(Instant(instant.description) == instant)
    }
  }

  /// Walks the calendar day by day with nothing but the rule for leap years.
  @Test("every day from 1900 to 2200, its first and last millisecond")
  func everyDay() {
    var milliseconds = Instant.earliestFact.milliseconds
    var days = 0
    for year in 1900...2200 {
      let isLeap = year.isMultiple(of: 400) || (year.isMultiple(of: 4) && !year.isMultiple(of: 100))
      for (index, length) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
        let month = index < 9 ? "0\(index + 1)" : "\(index + 1)"
        for number in 1...length {
          let date = "\(year)-\(month)-" + (number < 10 ? "0\(number)" : "\(number)")
          let first = Instant(milliseconds: milliseconds)
          let last = Instant(milliseconds: milliseconds + day - 1)
          let isRight =
            first.date == date && last.date == date && Instant(date) == first
            && first.description == date + "T00:00:00Z" && last.description == date + "T23:59:59.999Z"
            && Instant(last.description) == last
          if !isRight { Issue.record("\(date): \(first), \(last)") }
          milliseconds += day
          days += 1
        }
        let beyond = "\(year)-\(month)-\(length + 1)"
        if Instant(beyond) != nil { Issue.record("\(beyond)") }
      }
    }
    #expect(days == 109_938)
  }

  @Test("instants compare by time")
  func order() {
    #expect(Instant(milliseconds: -1) < Instant(milliseconds: 0))
    #expect(Instant("2026-11-21T10:00:00+01:00") == Instant("2026-11-21T09:00:00Z"))
  }

  @Test("quotients are rounded down")
  func floored() {
    for divisor in Int64(1)...7 {
      for value in Int64(-30)...30 {
        let quotient = value.flooredQuotient(divisor)
        #expect(quotient * divisor <= value)
        #expect(value < (quotient + 1) * divisor)
      }
    }
  }
}
