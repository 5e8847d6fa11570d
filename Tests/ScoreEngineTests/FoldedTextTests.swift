import Testing

@testable import ScoreEngine

@Suite("Folding and patterns")
struct FoldedTextTests {
  @Test(
    "folding",
    arguments: [
      ("", ""), ("ABC xyz 09", "abc xyz 09"), ("ÀÉÎÖÜ", "àéîöü"), ("İ", "i\u{307}"), ("I", "i"), ("ı", "ı"),
      ("Σ", "σ"), ("ΣΊΣΥΦΟΣ", "σίσυφοσ"), ("ς", "ς"), ("ß", "ß"), ("ẞ", "ß"), ("SS", "ss"), ("ﬁ", "ﬁ"),
      ("\u{212B}", "å"), ("Å", "å"), ("\u{212A}", "k"), ("Ǆ", "ǆ"), ("ǅ", "ǆ"), ("Ⅷ", "ⅷ"), ("Ⓐ", "ⓐ"), ("Я", "я"),
      ("𐐀", "𐐨"), ("漢字", "漢字"), ("É\0É", "é\0é"), ("@[`{", "@[`{"),
    ])
  func folds(_ text: String, _ folded: String) {
    // By bytes: texts of Swift that are canonically equivalent are equal.
    #expect(FoldedText(text).bytes == Array(folded.utf8))
  }

  @Test("every scalar folds to its own default mapping, alone and in company")
  func everyScalar() {
    var text = ""
    var expected: [UInt8] = []
    func compare() {
      if FoldedText(text).bytes != expected { Issue.record("near \(text.unicodeScalars.first?.value ?? 0)") }
      text = ""
      expected = []
    }
    for value in UInt32(0)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      text.unicodeScalars.append(scalar)
      expected += scalar.properties.lowercaseMapping.utf8
      // Capital sigma is the one that depends on its neighbours elsewhere.
      if scalar == "Σ" || scalar == "İ" || value % 512 == 511 { compare() }
    }
    compare()
  }

  @Test("containing, beginning and ending, against every cut of small texts")
  func parts() {
    let texts = everyText(over: ["a", "b", "é"], upTo: 4)
    let pieces = everyText(over: ["a", "b", "é", "è"], upTo: 2)
    for text in texts {
      let scalars = Array(text.unicodeScalars)
      let folded = FoldedText(text)
      for piece in pieces {
        let wanted = Array(piece.unicodeScalars)
        let count = wanted.count
        let found =
          count <= scalars.count
          && (0...(scalars.count - count)).contains { Array(scalars[$0..<($0 + count)]) == wanted }
        let part = FoldedText(piece)
        #expect(folded.contains(part) == found)
        #expect(folded.starts(with: part) == (Array(scalars.prefix(count)) == wanted))
        #expect(folded.ends(with: part) == (Array(scalars.suffix(count)) == wanted))
      }
    }
  }

  /// The definition of `like`, read out.
  private func matches(_ text: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    let rest = pattern.dropFirst()
    if first == "*" { return matches(text, rest) || (!text.isEmpty && matches(text.dropFirst(), pattern)) }
    guard let scalar = text.first else { return false }
    return (first == "?" || first == scalar) && matches(text.dropFirst(), rest)
  }

  private func compareAll(_ texts: [String], _ patterns: [String]) -> Int {
    var held = 0
    let folded = texts.map { (Array($0.unicodeScalars), FoldedText($0)) }
    for pattern in patterns {
      let scalars = Array(pattern.unicodeScalars)
      let compiled = FoldedText(pattern)
      for (text, bytes) in folded {
        let expected = matches(text[...], scalars[...])
        if expected { held += 1 }
        if bytes.matches(pattern: compiled) != expected {
          Issue.record("\(String(String.UnicodeScalarView(text))) like \(pattern)")
        }
      }
    }
    return held
  }

  @Test("like, in a small world: every text against every pattern")
  func smallWorld() {
    let texts = everyText(over: ["a", "b", "é"], upTo: 4)
    #expect(compareAll(texts, everyText(over: ["a", "b", "*", "?"], upTo: 4)) > 1000)
    #expect(compareAll(texts, everyText(over: ["a", "é", "*", "?"], upTo: 4)) > 1000)
  }

  @Test("like, where scalars share their first or last bytes")
  func sharedBytes() {
    let texts = everyText(over: ["é", "è", "😀"], upTo: 3)
    #expect(compareAll(texts, everyText(over: ["é", "è", "😀", "*", "?"], upTo: 3)) > 100)
  }

  @Test("like, with many stars and no match, ends soon")
  func manyStars() {
    let text = FoldedText(String(repeating: "a", count: 2000))
    #expect(!text.matches(pattern: FoldedText(String(repeating: "*a", count: 40) + "b")))
    #expect(text.matches(pattern: FoldedText(String(repeating: "a*", count: 500))))
  }

  @Test("texts equal by their scalars, not by canonical equivalence")
  func equality() {
    #expect(FoldedText("É") == FoldedText("é"))
    #expect(FoldedText("é") != FoldedText("e\u{301}"))
    #expect(FoldedText("ABC").text == "abc")
  }
}
