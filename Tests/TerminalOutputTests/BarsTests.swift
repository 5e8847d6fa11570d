import Testing

@testable import TerminalOutput

@Suite struct BarsTests {
  private let bars = Bars([
    .init(label: "pricing-page", value: 1234), .init(label: "日本\u{1B}[31m", value: 700, text: "700 (57%)"),
    .init(label: "tiny", value: -1), .init(label: "none", value: 0),
  ])

  @Test func barsHaveOneScale() {
    #expect(
      bars.render(width: 50, color: false) == """
        pricing-page      1,234  █████████████████████████
        日本\\x1b[31m  700 (57%)  ██████████████▏
        tiny                 -1  ▏
        none                  0

        """)
    #expect(
      bars.render(width: 50, color: false, unicode: false).hasPrefix(
        "pricing-page      1,234  #########################\n"))
  }

  @Test func noBars() {
    #expect(Bars([]).render(width: 50, color: true) == "")
    #expect(Bars([.init(label: "a", value: .min)]).render(width: 0, color: false).contains("████"))
  }

  @Test func flowShowsRisesThenFalls() {
    let flow = StageFlow(
      [
        .init(from: "mql", to: "nurture", count: 3), .init(from: "nurture", to: "mql", count: 12),
        .init(from: "mql", to: "sql", count: 1200), .init(from: nil, to: "nurture", count: 5),
        .init(from: "mql", to: "mql", count: 400), .init(from: "sql", to: "disqualified", count: 0),
      ],
      palette: StagePalette(stages: ["nurture", "mql", "sql"]))
    #expect(
      flow.render(width: 44, color: false) == """
            mql → sql      1,200 ▲  ████████████████
        nurture → mql         12 ▲  ▏
            mql → nurture      3 ▼  ▏
              – → nurture      5 ●  ▏

        """)
    #expect(
      flow.render(width: 20, color: false, unicode: false) == """
            mql -> sql      1,200 ^
        nurture -> mql         12 ^
            mql -> nurture      3 v
              - -> nurture      5 o

        """)
  }
}
