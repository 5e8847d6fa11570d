import Testing

@testable import ScoreEngine

/// Every operator against values of every kind, as scoring.md's table has it.
@Suite("Matchers")
struct MatcherTests {
  private let now = Instant(milliseconds: 100 * day)

  private func holds(_ matcher: Matcher, _ value: Value?) -> Bool {
    CompiledMatcher(matcher).holds(value, at: now)
  }

  private func expect(
    _ matcher: Matcher, holds values: [Value], notFor others: [Value], _ location: SourceLocation = #_sourceLocation
  ) {
    for value in values { #expect(holds(matcher, value), "\(value)", sourceLocation: location) }
    for value in others { #expect(!holds(matcher, value), "\(value)", sourceLocation: location) }
  }

  private var span: TimeSpan { get throws { try #require(TimeSpan("10d")) } }

  private func everyMatcher() throws -> [Matcher] {
    [
      .equals(.text("a")), .equals(.number(1)), .equals(.boolean(false)), .notEquals(.text("a")),
      .notEquals(.number(1)), .notEquals(.boolean(false)), .oneOf([.text("a"), .number(0)]), .oneOf([]),
      .noneOf([.text("a")]), .noneOf([]), .contains(["a"]), .contains([""]), .contains([]), .startsWith(""),
      .endsWith(""), .like("*"), .lessThan(9), .lessOrEqual(9), .greaterThan(-9), .greaterOrEqual(-9), .before(now),
      .after(Instant(milliseconds: 0)), .newerThan(try span), .olderThan(try span), .exists(true), .exists(false),
    ]
  }

  @Test("an absent value fails everything but is_not, not_in and exists: false")
  func absent() throws {
    for matcher in try everyMatcher() {
      let expected: Bool
      switch matcher {
      case .notEquals, .noneOf, .exists(false): expected = true
      default: expected = false
      }
      #expect(holds(matcher, nil) == expected, "\(matcher)")
    }
  }

  @Test("exists")
  func exists() {
    let values: [Value] = [.text("x"), .number(0), .boolean(false), .list(["x"])]
    expect(.exists(true), holds: values, notFor: [])
    expect(.exists(false), holds: [], notFor: values)
  }

  @Test("is, with a text")
  func equalsText() {
    expect(
      .equals(.text("VP Sales")), holds: [.text("vp sales"), .text("VP SALES"), .list(["x", "Vp Sales"])],
      notFor: [.text("VP Sales "), .text("VP"), .number(1), .list(["VP", "Sales"])])
    expect(.equals(.text("Straße")), holds: [.text("STRAßE"), .text("straẞe")], notFor: [.text("strasse")])
    expect(.equals(.text("σ")), holds: [.text("Σ")], notFor: [.text("ς")])
    expect(.equals(.text("3")), holds: [.number(3), .text("3")], notFor: [.text("3.0"), .text(" 3"), .number(3.5)])
    expect(.equals(.text("3.0")), holds: [.text("3.0")], notFor: [.number(3)])
    expect(.equals(.text("0.5")), holds: [.number(0.5)], notFor: [.number(0.25)])
    expect(.equals(.text("TRUE")), holds: [.boolean(true)], notFor: [.boolean(false), .text("yes"), .number(1)])
  }

  @Test("is, with a number")
  func equalsNumber() {
    expect(
      .equals(.number(3)), holds: [.number(3), .text("3"), .text(" 3.0 "), .text("3e0"), .text("30e-1"), .list(["3"])],
      notFor: [.number(3.1), .text("3,0"), .text("three"), .text("+3"), .boolean(true), .list(["4"])])
    expect(.equals(.number(1000)), holds: [.text("1e3")], notFor: [.text("1,000"), .text("1 000")])
    expect(.equals(.number(1)), holds: [.text("1")], notFor: [.boolean(true), .text("true")])
    expect(.equals(.number(0)), holds: [.number(-0.0), .text("-0")], notFor: [.boolean(false)])
  }

  @Test("is, with a boolean")
  func equalsBoolean() {
    expect(
      .equals(.boolean(true)),
      holds: [.boolean(true), .text("true"), .text("YES"), .text("y"), .text("1"), .text("On"), .number(1)],
      notFor: [.boolean(false), .text("no"), .text("maybe"), .number(2), .number(0), .text("2")])
    expect(
      .equals(.boolean(false)),
      holds: [.boolean(false), .text("FALSE"), .text("no"), .text("N"), .text("0"), .text("off"), .number(0)],
      notFor: [.boolean(true), .text("yes"), .text("x"), .number(1)])
    expect(.equals(.boolean(true)), holds: [.list(["no", "yes"])], notFor: [.list(["no", "off"])])
  }

  @Test("is_not and not_in are the negations of is and in, for every value")
  func negations() {
    let operands: [Operand] = [.text("a"), .text("3"), .number(3), .boolean(true), .boolean(false), .number(0)]
    let values: [Value?] = [
      nil, .text("a"), .text("A"), .text("3"), .text("yes"), .number(3), .number(0), .number(1), .boolean(true),
      .boolean(false), .list(["a", "b"]), .list(["b"]), .list(["no", "3"]),
    ]
    for value in values {
      for operand in operands {
        #expect(holds(.notEquals(operand), value) != holds(.equals(operand), value))
        #expect(holds(.equals(operand), value) == holds(.oneOf([operand]), value))
        for other in operands {
          let isEither = holds(.equals(operand), value) || holds(.equals(other), value)
          #expect(holds(.oneOf([operand, other]), value) == isEither)
          #expect(holds(.noneOf([operand, other]), value) == !isEither)
        }
      }
    }
  }

  @Test("contains, starts_with, ends_with, like")
  func texts() {
    expect(
      .contains(["SALES"]), holds: [.text("vp sales emea"), .text("Sales"), .list(["it", "presales"])],
      notFor: [.text("sale"), .list(["sal", "es"])])
    expect(.contains(["vp", "chief"]), holds: [.text("Chief"), .text("SVP")], notFor: [.text("manager")])
    expect(.contains(["2"]), holds: [.number(12), .number(0.2)], notFor: [.number(3)])
    expect(.contains(["ru"]), holds: [.boolean(true)], notFor: [.boolean(false)])
    expect(.contains([""]), holds: [.text("x")], notFor: [])
    expect(.contains([]), holds: [], notFor: [.text("x")])
    expect(
      .startsWith("/PRICING"), holds: [.text("/pricing/team"), .text("/pricing"), .list(["x", "/pricing"])],
      notFor: [.text("pricing"), .text("/price")])
    expect(
      .endsWith(".COM"), holds: [.text("a@b.com"), .list(["x", ".com"])], notFor: [.text("com"), .text(".com.de")])
    expect(
      .like("*@*.EXAMPLE.c?m"), holds: [.text("ann@mail.example.com"), .text("@.example.cöm")],
      notFor: [.text("ann@example.com"), .text("a@b.example.comm")])
    expect(
      .like("?"), holds: [.text("é"), .text("😀"), .number(7)], notFor: [.text("e\u{301}"), .text("ab"), .number(10)])
    // Folded, this capital is two scalars.
    expect(.like("??"), holds: [.text("İ")], notFor: [.text("i")])
    expect(.like("t*e"), holds: [.boolean(true)], notFor: [.boolean(false)])
  }

  @Test("lt, lte, gt, gte")
  func numbers() {
    expect(
      .lessThan(5), holds: [.number(4.99), .text("4"), .text(" -1e3 "), .list(["9", "4"])],
      notFor: [.number(5), .number(6), .text("5"), .text("four"), .boolean(true), .list(["x", "6"])])
    expect(.lessOrEqual(5), holds: [.number(5), .text("5.0")], notFor: [.number(5.01), .boolean(false)])
    expect(.greaterThan(5), holds: [.number(5.01), .text("1e3")], notFor: [.number(5), .text("5"), .text("6 €")])
    expect(
      .greaterOrEqual(5), holds: [.number(5), .list(["1", "5"])], notFor: [.number(4.99), .text(""), .boolean(true)])
  }

  @Test("before and after")
  func instants() throws {
    let noon = try #require(Instant("2026-11-21T12:00:00Z"))
    expect(
      .before(noon),
      holds: [.text("2026-11-21"), .text("2026-11-21 11:59:59.999"), .text("2026-11-21T12:59:00+01:00")],
      notFor: [.text("2026-11-21T12:00:00Z"), .text("2026-11-22"), .text("yesterday"), .number(2026), .boolean(true)])
    expect(
      .after(noon), holds: [.text("2026-11-22"), .text("2026-11-21 12:00:00.001"), .list(["x", "2027-01-01"])],
      notFor: [.text("2026-11-21 12:00"), .text("2026-11-21"), .text("later"), .number(9999)])
  }

  @Test("newer_than and older_than, on either side of the edge")
  func ages() throws {
    func text(_ milliseconds: Int64) -> Value { .text(Instant(milliseconds: milliseconds).description) }
    let edge = now.milliseconds - 10 * day
    let newer = [text(edge + 1), text(now.milliseconds), text(now.milliseconds - 1)]
    let older = [text(edge), text(edge - 1), text(0), text(-day)]
    let neither = [text(now.milliseconds + 1), .text("soon"), .number(0), .boolean(true)]
    expect(.newerThan(try span), holds: newer + [.list(["x", "1970-04-11"])], notFor: older + neither)
    expect(.olderThan(try span), holds: older + [.list(["x", "1970-01-01"])], notFor: newer + neither)
  }

  @Test("all operators of a map must hold, each for some element of a list")
  func several() {
    let condition = CompiledCondition(.field("n", [.greaterThan(3), .lessThan(5)]))
    func holds(_ value: Value?) -> Bool { condition.holds(at: now) { $0 == "n" ? value : nil } }
    #expect(holds(.number(4)))
    #expect(!holds(.number(5)))
    #expect(!holds(nil))
    #expect(holds(.list(["2", "9"])))
    #expect(CompiledCondition(.field("n", [])).holds(at: now) { _ in nil })
  }

  @Test("all, any and not, in a small world")
  func combinations() {
    let parts = ["a", "b", "c"].map { Condition.field($0, [.exists(true)]) }
    for bits in 0..<8 {
      func value(_ name: String) -> Value? {
        let index = ["a": 0, "b": 1, "c": 2][name] ?? 3
        return bits >> index & 1 == 1 ? .text("x") : nil
      }
      for chosen in 0..<8 {
        let some = (0..<3).filter { chosen >> $0 & 1 == 1 }
        let all = CompiledCondition(.all(some.map { parts[$0] }))
        let any = CompiledCondition(.any(some.map { parts[$0] }))
        let none = CompiledCondition(.not(.any(some.map { parts[$0] })))
        #expect(all.holds(at: now, value) == (bits & chosen == chosen))
        #expect(any.holds(at: now, value) == (bits & chosen != 0))
        #expect(none.holds(at: now, value) == (bits & chosen == 0))
      }
    }
    #expect(CompiledCondition(.always).holds(at: now) { _ in nil })
    #expect(!CompiledCondition(.any([])).holds(at: now) { _ in nil })
  }

  @Test("a condition's fields are named once, in order of mention")
  func fieldNames() {
    let condition = Condition.all([
      .field("b", []), .not(.any([.field("a", []), .field("b", [])])), .field("c", [.exists(true)]),
    ])
    #expect(condition.fieldNames == ["b", "a", "c"])
  }
}
