import ScoreEngine

/// Generators of conditions, filters and facts over a small world, in which much coincides.
extension SeededRandom {
  static let fields = ["a", "b", "since"]
  static let words = ["x", "X", "xy", "é", "3", "3.0", "true", "no"]
  static let dates = ["1970-01-01", "1970-01-03", "1970-01-03 12:00", "1970-01-09T00:00:00Z", "not a date"]
  static let spans = ["1s", "12h", "1d", "24h", "2d", "1w"].compactMap { TimeSpan($0) }

  mutating func operand() -> Operand {
    switch int(0...2) {
    case 0: .text(pick(SeededRandom.words))
    case 1: .number(pick([0, 1, 3, 3.5, -0.0]))
    default: .boolean(chance(50))
    }
  }

  mutating func matcher(isDated: Bool) -> Matcher {
    if isDated, chance(60) {
      return chance(50) ? .newerThan(pick(SeededRandom.spans)) : .olderThan(pick(SeededRandom.spans))
    }
    switch int(0...12) {
    case 0: return .equals(operand())
    case 1: return .notEquals(operand())
    case 2: return .oneOf((0..<int(0...3)).map { _ in operand() })
    case 3: return .noneOf((0..<int(0...3)).map { _ in operand() })
    case 4: return .contains((0..<int(1...2)).map { _ in pick(SeededRandom.words) })
    case 5: return .startsWith(pick(SeededRandom.words))
    case 6: return .endsWith(pick(SeededRandom.words))
    case 7: return .like(pick(["*", "?", "x*", "*y", "?y", "3*"]))
    case 8: return .lessThan(pick([0, 1, 3, 3.5]))
    case 9: return .greaterOrEqual(pick([0, 1, 3, 3.5]))
    case 10: return .before(Instant(milliseconds: pick([0, 2 * day, 5 * day])))
    case 11: return .after(Instant(milliseconds: pick([0, 2 * day, 5 * day])))
    default: return .exists(chance(50))
    }
  }

  mutating func condition(depth: Int = 2, isDated: Bool = false) -> Condition {
    switch depth > 0 ? int(0...5) : 5 {
    case 0: return .all((0..<int(0...3)).map { _ in condition(depth: depth - 1, isDated: isDated) })
    case 1: return .any((0..<int(0...3)).map { _ in condition(depth: depth - 1, isDated: isDated) })
    case 2: return .not(condition(depth: depth - 1, isDated: isDated))
    default:
      return .field(pick(SeededRandom.fields), (0..<int(0...2)).map { _ in matcher(isDated: isDated) })
    }
  }

  /// The same condition with its parts, operators and operands in another order.
  mutating func shuffled(_ condition: Condition) -> Condition {
    switch condition {
    case .all(let parts): return .all(parts.map { shuffled($0) }.shuffled(using: &self))
    case .any(let parts): return .any(parts.map { shuffled($0) }.shuffled(using: &self))
    case .not(let part): return .not(shuffled(part))
    case .field(let name, let matchers):
      let again = matchers.map { matcher -> Matcher in
        switch matcher {
        case .oneOf(let operands): .oneOf(operands.shuffled(using: &self))
        case .noneOf(let operands): .noneOf(operands.shuffled(using: &self))
        case .contains(let texts): .contains(texts.shuffled(using: &self))
        default: matcher
        }
      }
      return .field(name, again.shuffled(using: &self))
    }
  }

  mutating func filter(isDated: Bool = false) -> EventFilter {
    let types = chance(30) ? nil : (0..<int(1...2)).map { _ in pick(["view", "click", "form"]) }
    return EventFilter(types: types, condition: chance(30) ? .always : condition(isDated: isDated))
  }

  mutating func value() -> Value {
    switch int(0...4) {
    case 0: .text(pick(SeededRandom.words))
    case 1: .number(pick([0, 1, 3, 3.5]))
    case 2: .boolean(chance(50))
    case 3: .text(pick(SeededRandom.dates))
    default: .list((0..<int(1...3)).map { _ in pick(SeededRandom.words + SeededRandom.dates) })
    }
  }

  mutating func values() -> [String: Value] {
    var values: [String: Value] = [:]
    for field in SeededRandom.fields + ["unasked"] where chance(65) { values[field] = value() }
    return values
  }
}
