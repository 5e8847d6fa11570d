/// A condition over named values: the attributes of a lead, or the properties of an event.
public indirect enum Condition: Hashable, Sendable {
  /// Every part holds; holds when there is none.
  case all([Condition])
  /// At least one part holds.
  case any([Condition])
  /// The part does not hold.
  case not(Condition)
  /// The field's value satisfies every matcher.
  case field(String, [Matcher])

  /// The empty map, which always holds.
  public static let always = Condition.all([])
}

/// What one operator demands of a value.
public enum Matcher: Hashable, Sendable {
  case equals(Operand)
  case notEquals(Operand)
  case oneOf([Operand])
  case noneOf([Operand])
  /// `contains` has one text, `contains_any` several.
  case contains([String])
  case startsWith(String)
  case endsWith(String)
  /// `*` stands for any run, `?` for any one Unicode scalar.
  case like(String)
  case lessThan(Double)
  case lessOrEqual(Double)
  case greaterThan(Double)
  case greaterOrEqual(Double)
  case before(Instant)
  case after(Instant)
  case newerThan(TimeSpan)
  case olderThan(TimeSpan)
  case exists(Bool)
}

/// The right side of `is`, `is_not`, `in` and `not_in`; its kind decides how values are compared with it.
public enum Operand: Hashable, Sendable {
  case text(String)
  case number(Double)
  case boolean(Bool)
}
