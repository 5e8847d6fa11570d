import Testing

@testable import TerminalOutput

@Suite struct TerminalTests {
  private func environment(_ values: [String: String]) -> (String) -> String? {
    { values[$0] }
  }

  @Test(
    arguments: [
      (["TERM": "xterm"], true, true),
      (["TERM": "xterm", "NO_COLOR": "1"], true, false),
      (["TERM": "xterm", "NO_COLOR": "0"], true, false),
      (["TERM": "xterm", "NO_COLOR": ""], true, true),
      (["TERM": "dumb"], true, false),
      ([:], true, false),
      (["TERM": "xterm"], false, false),
    ] as [([String: String], Bool, Bool)])
  func colourIsWrittenOnlyWhereItIsWelcome(values: [String: String], isTerminal: Bool, expected: Bool) {
    #expect(Terminal.supportsColor(isTerminal: isTerminal, environment: environment(values)) == expected)
  }

  @Test func widthOfWhatIsNoTerminalComesFromTheEnvironment() throws {
    try withPipe { _, writing in
      #expect(Terminal.width(writing, environment: environment(["COLUMNS": "132"])) == 132)
      #expect(Terminal.width(writing, environment: environment(["COLUMNS": "0"])) == 100)
      #expect(Terminal.width(writing, environment: environment([:])) == 100)
      #expect(Terminal.widthLimit(writing, environment: environment(["COLUMNS": "132"])) == nil)
      #expect(!Terminal.supportsColor(writing, environment: environment(["TERM": "xterm"])))
    }
  }

  @Test(
    arguments: [
      (["LC_ALL": "C", "LANG": "en_US.UTF-8"], false),
      (["LC_ALL": "", "LC_CTYPE": "de_DE.utf8"], true),
      (["LANG": "en_US.ISO-8859-1"], false),
      ([:], false),
    ] as [([String: String], Bool)])
  func localeNamesTheEncoding(values: [String: String], expected: Bool) {
    #expect(Terminal.usesUTF8(environment: environment(values)) == expected)
  }

  @Test func stylesWrapTextAndNothingElse() {
    #expect(Style([.bold, .red]).apply(to: "no", enabled: true) == "\u{1B}[1;31mno\u{1B}[0m")
    #expect(Style.green.apply(to: "yes", enabled: false) == "yes")
    #expect(Style.green.apply(to: "", enabled: true) == "")
    #expect(Style([]).apply(to: "plain", enabled: true) == "plain")
  }

  @Test func paletteKnowsColourAndOrder() {
    let palette = StagePalette(stages: ["nurture", "mql", "sal", "sql", "disqualified"])
    #expect(palette.stages == ["nurture", "mql", "sal", "sql"])
    #expect(palette.stages.map(palette.style) == [.blue, .cyan, .yellow, .green])
    #expect(palette.style(for: "disqualified") == .red)
    #expect(palette.style(for: "gone") == [])
    #expect(palette.rises(from: "mql", to: "sql") == true)
    #expect(palette.rises(from: "nurture", to: "disqualified") == false)
    #expect(palette.rises(from: "gone", to: "mql") == nil)
  }
}
