import Testing

@testable import ScoreEngine

/// The fast reader of instants says what the other one says, whatever the text.
@Suite struct InstantReaderTests {
  private let reader = InstantReader()

  private func check(_ bytes: [UInt8]) {
    bytes.withUnsafeBufferPointer {
      #expect(reader.read($0) == Instant(utf8: $0), "\(String(decoding: bytes, as: UTF8.self))")
    }
  }

  @Test func everyDayOfYearsWithAndWithoutLeapDay() {
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
    for year in ["0000", "0004", "1900", "1999", "2000", "2024", "2026", "2034", "2100", "9999"] {
      for month in 0...13 {
        for day in 0...32 { check(Array("\(year)-\(two(month))-\(two(day))T23:59:58Z".utf8)) }
      }
    }
  }

  @Test func everyTimeOfDay() {
    for time in everyText(over: ["0", "1", "2", "5", "9"], upTo: 2) where time.utf8.count == 2 {
      for text in ["2024-02-29T\(time):00:00Z", "2024-02-29T00:\(time):00Z", "2024-02-29T00:00:\(time)Z"] {
        check(Array(text.utf8))
      }
    }
    for number in 0..<100 {
      let digits = number < 10 ? "0\(number)" : String(number)
      for text in ["2024-02-29T\(digits):07:08Z", "2024-02-29T07:\(digits):08Z", "2024-02-29T07:08:\(digits)Z"] {
        check(Array(text.utf8))
      }
    }
  }

  @Test(
    "a byte taken for any other", arguments: ["2026-11-21T09:30:45Z", "2026-11-21 09:30:45Z", "2026-11-21 09:30+01:0"])
  func anyByteAnywhere(_ text: String) {
    for place in 0..<text.utf8.count {
      for byte in UInt8.min...UInt8.max {
        var bytes = Array(text.utf8)
        bytes[place] = byte
        check(bytes)
      }
    }
  }

  @Test func textsOfAnyLength() {
    let text = Array("2026-11-21T09:30:45.123456+01:00".utf8)
    for count in 0...text.count { check(Array(text[..<count])) }
    check([UInt8](repeating: 0, count: 20))
  }
}
