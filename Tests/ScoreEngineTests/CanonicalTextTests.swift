import ScoreEngine
import Testing

/// Unicode NFC, against forms that Python's `unicodedata.normalize("NFC", …)` gives.
@Suite struct CanonicalTextTests {
  private static let forms: [(text: String, nfc: [UInt32])] = [
    ("", []), ("plain ~", [0x70, 0x6C, 0x61, 0x69, 0x6E, 0x20, 0x7E]),
    // Composed, put in order before, and kept apart by what is not composed.
    ("e\u{301}", [0xE9]), ("e\u{301}\u{323}", [0x1EB9, 0x301]), ("\u{E9}\u{323}", [0x1EB9, 0x301]),
    ("q\u{307}\u{323}", [0x71, 0x323, 0x307]), ("\u{301}e", [0x301, 0x65]),
    // Characters that stand for others, and compositions that are excluded.
    ("\u{212B}\u{2126}\u{F900}", [0xC5, 0x3A9, 0x8C48]), ("\u{958}", [0x915, 0x93C]), ("\u{FB01}", [0xFB01]),
    // Marks that stand for two, of which none is ever put together again.
    ("\u{301}\u{F73}", [0xF71, 0xF72, 0x301]), ("k\u{F75}\u{323}", [0x1E33, 0xF71, 0xF74]),
    ("\u{F81}", [0xF71, 0xF80]),
    // Hangul.
    ("\u{1112}\u{1161}\u{11AB}", [0xD55C]), ("\u{AC00}\u{11A8}", [0xAC01]), ("\u{AC01}\u{11A8}", [0xAC01, 0x11A8]),
    // Beyond the sixteen bits of the first plane.
    ("\u{10041}\u{323}", [0x10041, 0x323]), ("\u{1D157}\u{1D165}", [0x1D157, 0x1D165]),
    ("\u{1D15E}", [0x1D157, 0x1D165]), ("\u{110A5}\u{110BA}", [0x110AB]),
  ]

  @Test func formsAreThoseOfTheStandard() {
    for form in CanonicalTextTests.forms {
      #expect(form.text.nfc.unicodeScalars.map(\.value) == form.nfc)
      #expect(form.text.nfc.nfc.unicodeScalars.map(\.value) == form.nfc)
    }
  }
}
