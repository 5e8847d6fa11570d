/// A condition made ready to be asked many times: operands are folded once.
public indirect enum CompiledCondition: Sendable {
  case all([CompiledCondition])
  case any([CompiledCondition])
  case not(CompiledCondition)
  case field(String, [CompiledMatcher])

  /// Compiles a condition. O(its size).
  public init(_ condition: Condition) {
    switch condition {
    case .all(let parts): self = .all(parts.map(CompiledCondition.init))
    case .any(let parts): self = .any(parts.map(CompiledCondition.init))
    case .not(let part): self = .not(CompiledCondition(part))
    case .field(let name, let matchers): self = .field(name, matchers.map(CompiledMatcher.init))
    }
  }

  /// Whether the condition holds at an instant for the values that `value` finds by name.
  public func holds(at instant: Instant, _ value: (String) -> Value?) -> Bool {
    switch self {
    case .all(let parts): parts.allSatisfy { $0.holds(at: instant, value) }
    case .any(let parts): parts.contains { $0.holds(at: instant, value) }
    case .not(let part): !part.holds(at: instant, value)
    case .field(let name, let matchers):
      {
        let found = value(name)
        return matchers.allSatisfy { $0.holds(found, at: instant) }
      }()
    }
  }

  /// Whether the answer may depend on the instant at which it is asked.
  public var isTimeDependent: Bool {
    switch self {
    case .all(let parts), .any(let parts): parts.contains(where: \.isTimeDependent)
    case .not(let part): part.isTimeDependent
    case .field(_, let matchers): matchers.contains(where: \.isTimeDependent)
    }
  }

  /// The condition's truth over all time, for fixed values.
  public func timeline(_ value: (String) -> Value?) -> Timeline {
    var edges: [Int64] = []
    collectEdges(value, into: &edges)
    guard !edges.isEmpty else { return Timeline(initial: holds(at: Instant(milliseconds: 0), value), toggles: []) }
    edges.sort()
    let initial = holds(at: Instant(milliseconds: edges[0] - 1), value)
    var truth = initial
    var toggles: [Int64] = []
    var previous: Int64?
    for edge in edges where edge != previous {
      previous = edge
      if holds(at: Instant(milliseconds: edge), value) != truth {
        truth.toggle()
        toggles.append(edge)
      }
    }
    return Timeline(initial: initial, toggles: toggles)
  }

  private func collectEdges(_ value: (String) -> Value?, into edges: inout [Int64]) {
    switch self {
    case .all(let parts), .any(let parts): for part in parts { part.collectEdges(value, into: &edges) }
    case .not(let part): part.collectEdges(value, into: &edges)
    case .field(let name, let matchers):
      for matcher in matchers where matcher.isTimeDependent { matcher.collectEdges(value(name), into: &edges) }
    }
  }
}

/// A truth that changes at known instants.
public struct Timeline: Hashable, Sendable {
  /// The truth before the first toggle.
  public var initial: Bool
  /// Rising instants, in milliseconds, at each of which the truth turns over.
  public var toggles: [Int64]

  /// A timeline.
  public init(initial: Bool, toggles: [Int64]) {
    self.initial = initial
    self.toggles = toggles
  }

  /// Never true.
  public var isNever: Bool { !initial && toggles.isEmpty }
}

/// A matcher with its operands made ready.
public enum CompiledMatcher: Sendable {
  case oneOf([CompiledOperand], isNegated: Bool)
  case contains([FoldedText])
  case startsWith(FoldedText)
  case endsWith(FoldedText)
  case like(FoldedText)
  case lessThan(Double)
  case lessOrEqual(Double)
  case greaterThan(Double)
  case greaterOrEqual(Double)
  case before(Int64)
  case after(Int64)
  case newerThan(Int64)
  case olderThan(Int64)
  case exists(Bool)

  init(_ matcher: Matcher) {
    switch matcher {
    case .equals(let operand): self = .oneOf([CompiledOperand(operand)], isNegated: false)
    case .notEquals(let operand): self = .oneOf([CompiledOperand(operand)], isNegated: true)
    case .oneOf(let operands): self = .oneOf(operands.map(CompiledOperand.init), isNegated: false)
    case .noneOf(let operands): self = .oneOf(operands.map(CompiledOperand.init), isNegated: true)
    case .contains(let texts): self = .contains(texts.map(FoldedText.init))
    case .startsWith(let text): self = .startsWith(FoldedText(text))
    case .endsWith(let text): self = .endsWith(FoldedText(text))
    case .like(let pattern): self = .like(FoldedText(pattern))
    case .lessThan(let number): self = .lessThan(number)
    case .lessOrEqual(let number): self = .lessOrEqual(number)
    case .greaterThan(let number): self = .greaterThan(number)
    case .greaterOrEqual(let number): self = .greaterOrEqual(number)
    case .before(let instant): self = .before(instant.milliseconds)
    case .after(let instant): self = .after(instant.milliseconds)
    case .newerThan(let span): self = .newerThan(span.milliseconds)
    case .olderThan(let span): self = .olderThan(span.milliseconds)
    case .exists(let isPresent): self = .exists(isPresent)
    }
  }

  var isTimeDependent: Bool {
    switch self {
    case .newerThan, .olderThan: true
    default: false
    }
  }

  /// Whether a value, or its absence (nil), satisfies the matcher at an instant.
  public func holds(_ value: Value?, at instant: Instant) -> Bool {
    guard let value else {
      switch self {
      case .oneOf(_, let isNegated): return isNegated
      case .exists(let isPresent): return !isPresent
      default: return false
      }
    }
    switch self {
    case .exists(let isPresent): return isPresent
    case .oneOf(let operands, let isNegated):
      return CompiledMatcher.anyElement(value) { element in operands.contains { $0.equals(element) } } != isNegated
    default:
      return CompiledMatcher.anyElement(value) { holdsForElement($0, at: instant) }
    }
  }

  private static func anyElement(_ value: Value, _ test: (Value) -> Bool) -> Bool {
    if case .list(let elements) = value { return elements.contains { test(.text($0)) } }
    return test(value)
  }

  private func holdsForElement(_ value: Value, at instant: Instant) -> Bool {
    switch self {
    case .contains(let parts):
      let text = FoldedText(value.comparedText)
      return parts.contains { text.contains($0) }
    case .startsWith(let part): return FoldedText(value.comparedText).starts(with: part)
    case .endsWith(let part): return FoldedText(value.comparedText).ends(with: part)
    case .like(let pattern): return FoldedText(value.comparedText).matches(pattern: pattern)
    case .lessThan(let bound): return value.comparedNumber.map { $0 < bound } ?? false
    case .lessOrEqual(let bound): return value.comparedNumber.map { $0 <= bound } ?? false
    case .greaterThan(let bound): return value.comparedNumber.map { $0 > bound } ?? false
    case .greaterOrEqual(let bound): return value.comparedNumber.map { $0 >= bound } ?? false
    case .before(let bound): return value.comparedInstant.map { $0 < bound } ?? false
    case .after(let bound): return value.comparedInstant.map { $0 > bound } ?? false
    case .newerThan(let span):
      return value.comparedInstant.map { $0 <= instant.milliseconds && instant.milliseconds - $0 < span } ?? false
    case .olderThan(let span):
      return value.comparedInstant.map { $0 <= instant.milliseconds && instant.milliseconds - $0 >= span } ?? false
    case .oneOf, .exists: return false
    }
  }

  /// The instants at which the answer for `value` may change.
  func collectEdges(_ value: Value?, into edges: inout [Int64]) {
    let span: Int64
    switch self {
    case .newerThan(let length), .olderThan(let length): span = length
    default: return
    }
    func add(_ element: Value) {
      guard let start = element.comparedInstant else { return }
      edges.append(start)
      edges.append(start + span)
    }
    switch value {
    case nil: break
    case .list(let elements): for element in elements { add(.text(element)) }
    case let value?: add(value)
    }
  }
}

/// An operand made ready.
public enum CompiledOperand: Sendable {
  case text(FoldedText)
  case number(Double)
  case boolean(Bool)

  init(_ operand: Operand) {
    switch operand {
    case .text(let text): self = .text(FoldedText(text))
    case .number(let number): self = .number(number)
    case .boolean(let boolean): self = .boolean(boolean)
    }
  }

  func equals(_ value: Value) -> Bool {
    switch (self, value) {
    case (.text(let text), _): FoldedText(value.comparedText) == text
    case (.number(let number), .number(let other)): number == other
    case (.number(let number), .text(let text)): Reading.number(text) == number
    case (.number, _): false
    case (.boolean(let boolean), .boolean(let other)): boolean == other
    case (.boolean(let boolean), .number(let number)): number == (boolean ? 1 : 0)
    case (.boolean(let boolean), .text(let text)): Reading.boolean(text) == boolean
    case (.boolean, .list): false
    }
  }
}

extension Value {
  /// The text that a text operand is compared with. Lists are compared by element.
  var comparedText: String {
    switch self {
    case .text(let text): text
    case .number(let number): Value.text(of: number)
    case .boolean(let boolean): boolean ? "true" : "false"
    case .list: ""
    }
  }

  var comparedNumber: Double? {
    switch self {
    case .number(let number): number
    case .text(let text): Reading.number(text)
    case .boolean, .list: nil
    }
  }

  var comparedInstant: Int64? {
    if case .text(let text) = self { return Instant(text)?.milliseconds }
    return nil
  }
}

extension Timeline {
  /// The truth at an instant, in milliseconds.
  public func holds(at instant: Int64) -> Bool {
    toggles.prefix { $0 <= instant }.count.isMultiple(of: 2) ? initial : !initial
  }
}

extension Condition {
  /// The names of all fields that the condition asks for, each once, in order of mention.
  public var fieldNames: [String] {
    var seen: Set<String> = []
    var names: [String] = []
    func visit(_ condition: Condition) {
      switch condition {
      case .all(let parts), .any(let parts): for part in parts { visit(part) }
      case .not(let part): visit(part)
      case .field(let name, _): if seen.insert(name).inserted { names.append(name) }
      }
    }
    visit(self)
    return names
  }
}
