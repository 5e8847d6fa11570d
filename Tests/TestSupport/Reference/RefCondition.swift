/// A condition of a rule document, as a plain tree.
indirect enum RefCondition: Sendable {
  case all([RefCondition])
  case any([RefCondition])
  case not(RefCondition)
  case field(String, [RefOperator])

  func holds(_ values: [String: RefValue], at now: Int64) -> Bool {
    switch self {
    case .all(let parts): return parts.allSatisfy { $0.holds(values, at: now) }
    case .any(let parts): return parts.contains { $0.holds(values, at: now) }
    case .not(let part): return !part.holds(values, at: now)
    case .field(let name, let operators):
      let value = values[name]
      return operators.allSatisfy { $0.holds(value, at: now) }
    }
  }

  /// The durations of `newer_than` and `older_than` in it; a condition without any does not depend on the instant.
  var ages: [Int64] {
    switch self {
    case .all(let parts), .any(let parts): return parts.flatMap(\.ages)
    case .not(let part): return part.ages
    case .field(_, let operators):
      return operators.compactMap {
        switch $0 {
        case .newerThan(let age), .olderThan(let age): return age
        default: return nil
        }
      }
    }
  }
}

/// A scalar operand.
enum RefOperand: Sendable {
  case text([Unicode.Scalar])
  case number(Double)
  case boolean(Bool)

  func equals(_ value: RefValue) -> Bool {
    switch self {
    case .text(let operand):
      return RefOperator.text(value) == operand
    case .number(let operand):
      switch value {
      case .number(let number): return number == operand
      case .text(let text): return RefText.number(text) == operand
      default: return false
      }
    case .boolean(let operand):
      switch value {
      case .boolean(let flag): return flag == operand
      case .number(let number): return number == (operand ? 1 : 0)
      case .text(let text):
        let words = operand ? ["true", "yes", "y", "1", "on"] : ["false", "no", "n", "0", "off"]
        return words.contains { Array($0.unicodeScalars) == RefText.lowered(text) }
      default: return false
      }
    }
  }
}

/// One operator of a matcher with its operand. Texts are lower-cased already.
enum RefOperator: Sendable {
  case equal(RefOperand)
  case notEqual(RefOperand)
  case oneOf([RefOperand])
  case noneOf([RefOperand])
  case containsAny([[Unicode.Scalar]])
  case startsWith([Unicode.Scalar])
  case endsWith([Unicode.Scalar])
  case like([Unicode.Scalar])
  case less(Double)
  case lessOrEqual(Double)
  case greater(Double)
  case greaterOrEqual(Double)
  case before(Int64)
  case after(Int64)
  case newerThan(Int64)
  case olderThan(Int64)
  case exists(Bool)

  func holds(_ value: RefValue?, at now: Int64) -> Bool {
    switch self {
    case .exists(let wanted): return (value != nil) == wanted
    case .notEqual(let operand): return !RefOperator.equal(operand).holds(value, at: now)
    case .noneOf(let operands): return !RefOperator.oneOf(operands).holds(value, at: now)
    default: break
    }
    switch value {
    case nil: return false
    case .list(let items): return items.contains { satisfied(by: .text($0), at: now) }
    case let value?: return satisfied(by: value, at: now)
    }
  }

  /// A positive operator on a value that is present and no list.
  private func satisfied(by value: RefValue, at now: Int64) -> Bool {
    switch self {
    case .equal(let operand): return operand.equals(value)
    case .oneOf(let operands): return operands.contains { $0.equals(value) }
    case .containsAny(let parts): return parts.contains { RefText.contains(Self.text(value), $0) }
    case .startsWith(let part): return Self.text(value).starts(with: part)
    case .endsWith(let part): return Self.text(value).reversed().starts(with: part.reversed())
    case .like(let pattern): return RefText.like(Self.text(value)[...], pattern[...])
    case .less(let bound): return Self.number(value).map { $0 < bound } ?? false
    case .lessOrEqual(let bound): return Self.number(value).map { $0 <= bound } ?? false
    case .greater(let bound): return Self.number(value).map { $0 > bound } ?? false
    case .greaterOrEqual(let bound): return Self.number(value).map { $0 >= bound } ?? false
    case .before(let bound): return Self.instant(value).map { $0 < bound } ?? false
    case .after(let bound): return Self.instant(value).map { $0 > bound } ?? false
    case .newerThan(let age): return Self.instant(value).map { $0 <= now && now - $0 < age } ?? false
    case .olderThan(let age): return Self.instant(value).map { $0 <= now && now - $0 >= age } ?? false
    case .exists, .notEqual, .noneOf: return false
    }
  }

  /// The lower-cased text through which a text operand sees a value that is no list.
  static func text(_ value: RefValue) -> [Unicode.Scalar] {
    switch value {
    case .text(let text): return RefText.lowered(text)
    case .number(let number): return RefText.lowered(RefText.decimal(number))
    case .boolean(let flag): return Array((flag ? "true" : "false").unicodeScalars)
    case .list, .null: return []
    }
  }

  private static func number(_ value: RefValue) -> Double? {
    switch value {
    case .number(let number): return number
    case .text(let text): return RefText.number(text)
    default: return nil
    }
  }

  private static func instant(_ value: RefValue) -> Int64? {
    if case .text(let text) = value { return RefInstant.parse(text) }
    return nil
  }
}
