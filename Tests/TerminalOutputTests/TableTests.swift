import Testing

@testable import TerminalOutput

@Suite struct TableTests {
  private let table = Table(
    columns: [
      .init("key"), .init("score", alignment: .right),
      .init("stage", style: { $0 == "sql" ? .green : [] }), .init("note", isTruncatable: true),
    ],
    rows: [
      ["ann@example.com", "45", "mql", "A long note about this lead, on and on"],
      ["bob\n@example.com", "1,245.5", "sql", "日本語のとても長いメモです"],
      ["c", "-3"],
    ])

  @Test func nothingIsCutWithoutALimit() {
    #expect(
      table.render(width: nil, color: false) == """
        KEY                  SCORE  STAGE  NOTE
        ann@example.com         45  mql    A long note about this lead, on and on
        bob\\n@example.com  1,245.5  sql    日本語のとても長いメモです
        c                       -3

        """)
  }

  @Test func columnsThatMayBeCutMakeTheRowsFit() {
    let text = table.render(width: 50, color: false)
    #expect(
      text == """
        KEY                  SCORE  STAGE  NOTE
        ann@example.com         45  mql    A long note ab…
        bob\\n@example.com  1,245.5  sql    日本語のとても…
        c                       -3

        """)
    #expect(text.split(separator: "\n").allSatisfy { displayWidth(of: String($0)) <= 50 })
  }

  @Test func keysAreNeverCutAndMinimaHold() {
    #expect(
      table.render(width: 10, color: false, unicode: false) == """
        KEY                  SCORE  STAGE  NOTE
        ann@example.com         45  mql    A lon...
        bob\\n@example.com  1,245.5  sql    日本...
        c                       -3

        """)
  }

  @Test func severalColumnsShareTheLoss() {
    let table = Table(
      columns: [
        .init("a", minWidth: 4, isTruncatable: true), .init("b", minWidth: 4, isTruncatable: true), .init("c"),
      ],
      rows: [[String(repeating: "x", count: 30), String(repeating: "y", count: 12), "z"]])
    #expect(table.render(width: 24, color: false).hasSuffix("xxxxxxxxx…  yyyyyyyy…  z\n"))
    #expect(table.render(width: 40, color: false).hasSuffix("xxxxxxxxxxxxxxxxxxxxxx…  yyyyyyyyyyyy  z\n"))
  }

  @Test func colourCoversTextAndNotPadding() {
    let table = Table(columns: [.init("id"), .init("stage", style: { _ in .green })], rows: [["1", "sql"]])
    #expect(
      table.render(width: 80, color: true)
        == "\u{1B}[1mID\u{1B}[0m  \u{1B}[1mSTAGE\u{1B}[0m\n1   \u{1B}[32msql\u{1B}[0m\n")
  }

  @Test func emptyTables() {
    #expect(Table(columns: []).render(width: 80, color: false) == "")
    #expect(Table(columns: [.init("key"), .init("score")]).render(width: 80, color: false) == "KEY  SCORE\n")
  }
}
