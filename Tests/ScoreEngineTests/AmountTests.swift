import Testing

@testable import ScoreEngine

@Suite("Points, durations and numbers")
struct AmountTests {
  // MARK: Points

  @Test("every amount from -100.00 to 100.00 is written shortest and reads back")
  func pointsRoundTrip() {
    for hundredths in Int64(-10_000)...10_000 {
      let points = Points(hundredths: hundredths)
      let text = points.description
      #expect(Points(text) == points)
      #expect(!text.contains(".") || !text.hasSuffix("0"))
      // Written out in full it is the same amount.
      let size = hundredths.magnitude
      let cents = size % 100 < 10 ? "0\(size % 100)" : "\(size % 100)"
      #expect(Points("\(hundredths < 0 ? "-" : "")\(size / 100).\(cents)") == points)
    }
  }

  @Test(
    "amounts",
    arguments: [
      ("0", 0), ("-0", 0), ("+0.00", 0), ("1", 100), ("+1", 100), ("-1", -100), ("1.5", 150), ("1.50", 150),
      ("1.05", 105), ("0.01", 1), ("-0.01", -1), ("007", 700), ("1.230", 123), ("1.2300000", 123),
      ("10000000", 1_000_000_000), ("-10000000.00", -1_000_000_000), ("0000000000000000000000001", 100),
    ] as [(String, Int64)])
  func points(_ text: String, _ hundredths: Int64) {
    #expect(Points(text)?.hundredths == hundredths)
  }

  @Test(
    "what is no amount",
    arguments: [
      "", "+", "-", ".", "1.", ".5", "-.5", "1.005", "0.001", "1,5", "1e2", "1 ", " 1", "--1", "+-1", "1.5.0", "0x10",
      "inf", "nan", "١", "１", "1_000", "10000000.01", "99999999999999999999", "1.5\0", "1\u{301}",
    ])
  func noPoints(_ text: String) {
    #expect(Points(text) == nil)
  }

  @Test("amounts add, subtract and compare")
  func arithmetic() throws {
    let half = try #require(Points("0.5"))
    #expect(half + half == Points("1"))
    #expect(half - Points(hundredths: 51) == Points("-0.01"))
    #expect(Points.zero < half)
  }

  // MARK: Durations

  @Test(
    "durations",
    arguments: [
      ("1s", 1000), ("90s", 90_000), ("15m", 900_000), ("12h", 43_200_000), ("28d", 2_419_200_000),
      ("4w", 2_419_200_000), ("007d", 604_800_000), ("365000d", 31_536_000_000_000),
    ] as [(String, Int64)])
  func span(_ text: String, _ milliseconds: Int64) throws {
    let span = try #require(TimeSpan(text))
    #expect(span.milliseconds == milliseconds)
    #expect(TimeSpan(span.description) == span)
  }

  @Test(
    "what is no duration",
    arguments: [
      "", "d", "1", "0d", "-1d", "+1d", "1.5d", "1 d", " 1d", "1d ", "1D", "1y", "1ms", "d1", "1d1h", "365001d",
      "31536000001s", "9223372036854775807w", "99999999999999999999d", "١d", "1d\0", "1d\u{301}",
    ])
  func noSpan(_ text: String) {
    #expect(TimeSpan(text) == nil)
  }

  @Test("two spellings of a length are equal and keep their spelling")
  func spellings() {
    #expect(TimeSpan("28d") == TimeSpan("4w"))
    #expect(Set([TimeSpan("28d"), TimeSpan("4w"), TimeSpan("672h")]).count == 1)
    #expect(TimeSpan("28d")?.description == "28d")
    #expect(TimeSpan("28d") != TimeSpan("29d"))
    for unit in TimeSpan.Unit.allCases {
      let most = TimeSpan.longestMilliseconds / unit.milliseconds
      #expect(TimeSpan(count: most, unit: unit) != nil)
      #expect(TimeSpan(count: most + 1, unit: unit) == nil)
      #expect(TimeSpan(count: 0, unit: unit) == nil)
    }
  }

  // MARK: Numbers as text

  @Test(
    "the text of a number",
    arguments: [
      (3, "3"), (-3, "-3"), (0, "0"), (0.5, "0.5"), (1.25, "1.25"), (-0.1, "-0.1"), (0.1 + 0.2, "0.30000000000000004"),
      (1e15, "1000000000000000"), (9_007_199_254_740_992, "9007199254740992"), (1_234_567.891, "1234567.891"),
      (100, "100"), (1e3, "1000"),
    ] as [(Double, String)])
  func numberText(_ number: Double, _ text: String) {
    #expect(Value.text(of: number) == text)
  }

  @Test("the text of any number reads back as that number")
  func numberRoundTrip() {
    var random = SeededRandom(seed: 3)
    var numbers: [Double] = [
      0, -0.0, 1e15, 1e16, 1e17, 1e21, 1e22, 1e-5, 1e-7, .leastNonzeroMagnitude, .leastNormalMagnitude,
      .greatestFiniteMagnitude, 9_007_199_254_740_991, 9_223_372_036_854_775_808, -1e16,
    ]
    while numbers.count < 20_000 {
      let number = Double(bitPattern: random.next())
      if number.isFinite { numbers.append(number) }
      numbers.append(Double(random.int(-100_000...100_000)) / 100)
    }
    for number in numbers {
      let text = Value.text(of: number)
      #expect(Reading.number(text) == number, "\(text)")
      #expect(!text.hasSuffix(".0"))
    }
  }

  @Test(
    "what reads as a number",
    arguments: [
      ("3", 3), ("-3", -3), ("3.50", 3.5), ("1e3", 1000), ("1E3", 1000), ("1e+3", 1000), ("1.5e-3", 0.0015),
      (" 3\t", 3), ("\u{A0}3\u{3000}", 3), ("\n3\r\n", 3), ("007", 7), ("-0", 0), ("0.1", 0.1),
      ("9007199254740993", 9_007_199_254_740_992),
    ] as [(String, Double)])
  func reads(_ text: String, _ number: Double) {
    #expect(Reading.number(text) == number)
  }

  @Test(
    "what does not",
    arguments: [
      "", " ", "+3", ".5", "5.", "-", "- 3", "--3", "1,000", "1 000", "1_000", "0x10", "1e", "1e+", "e3", "1.e3",
      "1e1.5",
      "inf", "-inf", "infinity", "nan", "NaN", "٣", "３", "3€", "3\0", "1e3e3", "½",
    ])
  func doesNotRead(_ text: String) {
    #expect(Reading.number(text) == nil)
  }

  @Test("what reads as a boolean")
  func booleans() {
    for (truth, words) in [(true, ["true", "yes", "y", "1", "on"]), (false, ["false", "no", "n", "0", "off"])] {
      for word in words {
        #expect(Reading.boolean(word) == truth)
        #expect(Reading.boolean(word.uppercased()) == truth)
        #expect(Reading.boolean(word.prefix(1).uppercased() + word.dropFirst()) == truth)
      }
    }
    for text in ["", "t", "f", "2", "-1", "1.0", "truee", "yes!", "oui", "ｙ", "null"] {
      #expect(Reading.boolean(text) == nil)
    }
  }
}
