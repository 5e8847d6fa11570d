import RuleFile
import ScoreEngine
import Testing

/// What the keys of a document become.
@Suite struct ParsingTests {
  @Test func theFullExampleIsRead() throws {
    let result = RuleFile.parse(Samples.full, fileName: "rules.yaml")
    #expect(result.diagnostics.rendered == "")
    let document = try #require(result.document)
    #expect(document.name == "B2B software")
    #expect(document.conversion == EventFilter(types: ["deal_won"]))
    #expect(document.scoreLimits == Limits(min: .zero, max: Points("200")))
    #expect(document.groups.map(\.name) == ["fit", "job-level", "engagement"])
    #expect(document.groups[1] == Group(name: "job-level", partOf: "fit", take: .highest))
    #expect(document.groups[2].limits == Limits(min: Points("-50"), max: Points("100")))
    #expect(
      document.ignore == [EventFilter(types: ["email_click"], condition: .field("user_agent", [.contains(["bot"])]))])
    #expect(document.rules.map(\.id) == ["senior-title", "pricing-page", "hot-week", "gone-dark"])
    #expect(
      document.rules[0]
        == Rule(
          id: "senior-title", group: "job-level", points: Points(hundredths: 1500),
          condition: .field("title", [.contains(["vp", "director", "chief"])])))
    let decay = Decay(percent: 50, every: try #require(TimeSpan("30d")))
    #expect(
      document.rules[1].clause
        == .every(
          EveryClause(
            filter: EventFilter(types: ["page_view"], condition: .field("path", [.startsWith("/pricing")])),
            oncePer: .day, within: TimeSpan("90d"), limit: 5, decay: decay)))
    #expect(
      document.rules[2].clause
        == .when(WhenClause(filter: EventFilter(types: ["page_view"]), within: TimeSpan("7d"), atLeast: 3)))
    #expect(
      document.rules[3].clause
        == .silence(SilenceClause(filter: EventFilter(), span: try #require(TimeSpan("28d")), repeatCount: 3)))
    #expect(document.stages.map(\.id) == ["nurture", "mql", "sql"])
    #expect(document.stages[1].enter == ["score": Points(hundredths: 4000)])
    #expect(document.stages[1].keep == ["score": Points(hundredths: 3000)])
    #expect(document.stages[2].condition == .field("email", [.exists(true)]))
    #expect(document.stages.map(\.isHandoff) == [false, false, true])
    #expect(
      document.disqualify == [
        Disqualification(id: "unsubscribed", condition: .field("unsubscribed", [.equals(.boolean(true))]))
      ])
    #expect(document.grade[1].bands.map(\.label) == ["1", "2", "3"])
    #expect(document.grade[0].bands.map(\.at) == [Points("60"), Points("30"), nil])
    #expect(document.expect == [Expectation(from: "mql", to: "sql", within: TimeSpan("90d"), min: 10, max: 50)])
  }

  @Test(arguments: [
    ("yes", Operand.text("yes")), ("no", .text("no")), ("on", .text("on")), ("off", .text("off")),
    ("true", .boolean(true)), ("True", .boolean(true)), ("FALSE", .boolean(false)), ("tRUE", .text("tRUE")),
    ("'true'", .text("true")), ("\"5\"", .text("5")), ("5", .number(5)), ("-0.5", .number(-0.5)),
    ("+12", .number(12)), (".5", .number(0.5)), ("5.", .number(5)), ("1e3", .number(1000)), ("1.e2", .number(100)),
    ("0o17", .number(15)), ("0xfF", .number(255)), ("017", .number(17)), ("1_000", .text("1_000")),
    ("1,000", .text("1,000")), ("2026-01-01", .text("2026-01-01")), ("12:30", .text("12:30")), ("0b1", .text("0b1")),
    ("-0x1", .text("-0x1")), ("0x", .text("0x")), ("e5", .text("e5")), ("-", nil), (".", .text(".")),
    ("nan", .text("nan")), ("inf", .text("inf")), ("!!str 5", .text("5")), ("! 5", .text("5")),
    (".nan", nil), ("1e999", nil), ("~", nil), ("NULL", nil), ("Nothing", .text("Nothing")), ("null", nil),
  ])
  func scalarsFollowTheCoreSchema(_ text: String, _ expected: Operand?) {
    let result = RuleFile.parse("rules:\n- id: a\n  points: 1\n  if:\n    x: \(text)\n", fileName: "r")
    let condition = result.document?.rules[0].condition
    #expect(condition == expected.map { Condition.field("x", [.equals($0)]) })
  }

  @Test func scalarsAreTextWhereTextIsWanted() throws {
    let document = try parsed(
      """
      name: 2026
      rules:
        - id: 404
          note: true
          points: 1
          group: 7
          when: { event: [404, true, 1.50] }
          if: { code: { contains: 42, starts_with: 0x1, like: true, contains_any: [1, no] } }
      grade:
        - { group: 7, bands: [ { label: 1.0 } ] }
      """)
    #expect(document.name == "2026")
    #expect(document.rules[0].id == "404")
    #expect(document.rules[0].note == "true")
    #expect(document.rules[0].clause == .when(WhenClause(filter: EventFilter(types: ["404", "true", "1.50"]))))
    #expect(
      document.rules[0].condition
        == .field("code", [.contains(["42"]), .startsWith("0x1"), .like("true"), .contains(["1", "no"])]))
    #expect(document.grade[0].bands[0].label == "1.0")
  }

  @Test func everyOperatorIsRead() throws {
    let document = try parsed(
      """
      rules:
        - id: a
          points: -2.5
          if:
            f:
              { is: 1, is_not: x, in: [1, "1", true], not_in: [y], contains: a, ends_with: b, lt: 1.5, lte: 2, gt: -1,
                gte: 0, before: 2026-01-01, after: 2025-01-01 10:00, newer_than: 3d, older_than: 2h, exists: false }
            any: [ { a: 1 }, { all: [ { b: 2 }, {} ] } ]
            not: { c: 3, d: 4 }
      """)
    let before = try #require(Instant("2026-01-01"))
    let after = try #require(Instant("2025-01-01T10:00:00Z"))
    let newer = try #require(TimeSpan("3d"))
    let older = try #require(TimeSpan("2h"))
    func field(_ name: String, _ number: Double) -> Condition { .field(name, [.equals(.number(number))]) }
    #expect(
      document.rules[0].condition
        == .all([
          .field(
            "f",
            [
              .equals(.number(1)), .notEquals(.text("x")), .oneOf([.number(1), .text("1"), .boolean(true)]),
              .noneOf([.text("y")]), .contains(["a"]), .endsWith("b"), .lessThan(1.5), .lessOrEqual(2),
              .greaterThan(-1), .greaterOrEqual(0), .before(before), .after(after), .newerThan(newer),
              .olderThan(older), .exists(false),
            ]),
          .any([field("a", 1), .all([field("b", 2), .always])]),
          .not(.all([field("c", 3), field("d", 4)])),
        ]))
    #expect(document.rules[0].points == Points(hundredths: -250))
  }

  @Test func jsonIsYAML() throws {
    let name = #"caf\u00e9 \ud83d\ude00 \/ \"q\" \\ud83d\\ude00"#
    let rule = #"{"id":"a","# + "\t" + #""points":1.50,"if":{"x":[],"y":true}}"#
    let json = "\u{FEFF}{\r\n\t\"name\":\"\(name)\",\"rules\":[\r\n\t\t\(rule)]}"
    let failed = RuleFile.parse(json, fileName: "r.json")
    #expect(failed.errors.map(\.line) == [3])
    let document = try parsed(json.replacing("[],", with: "{\"in\":[\"v\"]},"))
    #expect(document.name == "café 😀 / \"q\" \\ud83d\\ude00")
    #expect(document.rules[0].points == Points(hundredths: 150))
  }

  @Test func columnsAfterAJoinedPairAreThoseOfTheFile() {
    let json = #"{"name": "\ud83d\ude00", "x": 1, "note": "\ud83d\ude00\ud83d\ude00", "y": 2}"#
    let result = RuleFile.parse(json, fileName: "r.json")
    let columns = result.errors.map(\.column)
    let expected = ["\"x\"", "\"y\""].compactMap { json.firstRange(of: $0) }.map {
      json.distance(from: json.startIndex, to: $0.lowerBound) + 1
    }
    #expect(columns == expected)
  }

  @Test func aliasesStandForWhatTheyName() throws {
    let document = try parsed(
      """
      rules:
        - { id: a, points: 1, if: &vp { title: { contains: vp } } }
        - { id: b, points: 2, if: *vp }
      """)
    #expect(document.rules[0].condition == document.rules[1].condition)
  }

  @Test func tagsOfKeysMeanNothing() throws {
    let document = try parsed("!x &n name: a\n!!int rules: [ { id: a, !y points: 1, every: { event: *n } } ]\n")
    #expect(document.name == "a")
    #expect(document.rules.map(\.points.hundredths) == [100])
  }

  @Test func aliasesStandForKeysToo() throws {
    let document = try parsed(
      """
      rules:
        - { &p points: 1, id: &first a, every: { event: x } }
        - { *p : 2, id: b, every: { event: *first } }
      """)
    #expect(document.rules.map(\.id) == ["a", "b"])
    #expect(document.rules.map(\.points.hundredths) == [100, 200])
  }

  @Test func textsAreInNFC() throws {
    let document = try parsed("rules:\n- { id: a, points: 1, if: { \"cafe\u{301}\": \"e\u{301}\" } }\n")
    guard case .field(let name, let matchers)? = document.rules[0].condition else {
      Issue.record("not a field")
      return
    }
    #expect(Array(name.unicodeScalars) == Array("caf\u{E9}".unicodeScalars))
    guard case .equals(.text(let text))? = matchers.first else { return }
    #expect(Array(text.unicodeScalars) == ["\u{E9}"])
  }

  @Test func sectionsMayBeAbsentOrEmpty() throws {
    let document = try parsed("name: x\nrules:\ngroups:\n  fit:\n  job: {}\nstages: []\ngrade: ~\n")
    #expect(document.groups == [Group(name: "fit"), Group(name: "job")])
    #expect(document.rules.isEmpty)
  }

  @Test func aFileThatIsTooLargeIsRefused() {
    let result = RuleFile.parse(String(repeating: "#", count: 4 * 1024 * 1024 + 1), fileName: "r")
    #expect(result.document == nil)
    #expect(result.diagnostics.count == 1)
  }

  @Test func aliasesInCommentsAndTextsAreNoBomb() throws {
    let lines = String(repeating: "# * a list: of points, *emphasis*: too\n", count: 40)
    _ = try parsed(lines + "name: 'x *a, b *c'\nrules: []\n")
  }

  private func parsed(_ text: String) throws -> RuleDocument {
    let result = RuleFile.parse(text, fileName: "rules.yaml")
    #expect(result.errors.rendered == "")
    return try #require(result.document)
  }
}
