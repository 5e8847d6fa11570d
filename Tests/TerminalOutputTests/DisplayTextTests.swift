import Testing

@testable import TerminalOutput

@Suite struct DisplayTextTests {
  @Test(
    arguments: [
      ("plain", "plain"),
      ("", ""),
      ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
      ("a\r\nb", "a\\r\\nb"),
      ("\u{1B}[31mred", "\\x1b[31mred"),
      ("\u{7}\u{0}\u{7F}\u{9B}2J", "\\x07\\x00\\x7f\\x9b2J"),
      ("abc\u{202E}cba\u{2066}", "abc\\u{202e}cba\\u{2066}"),
      ("line\u{2028}end\u{FEFF}", "line\\u{2028}end\\u{feff}"),
      ("Zoë 日本 👩‍💻", "Zoë 日本 👩‍💻"),
    ] as [(String, String)])
  func nothingThatATerminalObeysPasses(raw: String, expected: String) {
    #expect(sanitized(raw) == expected)
    #expect(displayWidth(of: raw) == displayWidth(of: expected))
  }

  @Test func everyControlCharacterIsEscaped() {
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value), scalar.properties.generalCategory == .control else { continue }
      let shown = sanitized("x" + String(scalar))
      #expect(shown.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
    }
  }

  @Test(
    arguments: [
      ("", 0), ("abc", 3), ("日本語", 6), ("ﾊﾝ", 2), ("ＡＢ", 4), ("e\u{301}", 1), ("Zoë", 3), ("👍", 2), ("👍🏽", 2), ("👩‍👩‍👧‍👦", 2),
      ("🇩🇪", 2),
      ("❤\u{FE0F}", 2), ("한국", 4), ("\u{1112}\u{1161}\u{11AB}", 2), ("a\u{200B}b", 2), ("—…→", 3), ("שלום", 4),
      ("\n", 2),
    ] as [(String, Int)])
  func widthIsWhatATerminalShows(text: String, expected: Int) {
    #expect(displayWidth(of: text) == expected)
  }

  @Test(
    arguments: [
      ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("abcdef", 1, "…"), ("abcdef", 0, ""), ("日本語", 5, "日本…"),
      ("日本語", 4, "日…"),
      ("ab cdef", 4, "ab…"), ("a\nbcdef", 4, "a\\n…"), ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
    ] as [(String, Int, String)])
  func cutsAtCharacters(text: String, width: Int, expected: String) {
    #expect(truncated(text, to: width) == expected)
    #expect(displayWidth(of: truncated(text, to: width)) <= width)
  }

  @Test func withoutUnicodeThreeDotsStandForTheRest() {
    #expect(truncated("abcdef", to: 5, unicode: false) == "ab...")
    #expect(truncated("abcdef", to: 2, unicode: false) == "..")
    #expect(asciiOnly("é→") == "\\u{e9}\\u{2192}")
  }
}
