/// Finds the signals that an event matches.
///
/// Types and properties come as small numbers that the caller gave to distinct texts, so a condition over a property is
/// decided once for each distinct value, not once for each event. Not for use by two threads at once.
public final class EventMatcher {
  /// Which signals of the pack an event matches.
  public enum Match {
    /// The event counts for the signal, always.
    case always(slot: Int)
    /// The event counts for the signal while the timeline is true.
    case dated(slot: Int, Timeline)
  }

  private struct Predicate {
    let types: Set<String>?
    let node: Node
    let condition: CompiledCondition
    let isTimeDependent: Bool
  }

  private indirect enum Node {
    case all([Node])
    case any([Node])
    case not(Node)
    case atom(Int)
  }

  private struct Atom {
    let field: Int
    let matchers: [CompiledMatcher]
    let whenAbsent: Bool
    /// By property number: 0 not asked yet, 1 false, 2 true.
    var answers: [UInt8] = []
  }

  private struct EventSignal {
    let slot: Int
    let predicate: Int
    let ignore: [Int]
    let isDated: Bool
  }

  @exclusivity(unchecked) private var predicates: [Predicate] = []
  private var predicateNumbers: [EventFilter: Int] = [:]
  @exclusivity(unchecked) private var atoms: [Atom] = []
  private var fieldNumbers: [String: Int] = [:]
  @exclusivity(unchecked) private var signals: [EventSignal] = []

  // By type number.
  @exclusivity(unchecked) private var signalsByType: [[Int]?] = []
  @exclusivity(unchecked) private var typeNames: [String?] = []
  // By property number: the field, or -1 for one that no condition asks for, or -2 for one not seen yet.
  @exclusivity(unchecked) private var fieldByProperty: [Int32] = []

  // For the event at hand.
  @exclusivity(unchecked) private var epoch: UInt64 = 0
  @exclusivity(unchecked) private var currentProperty: [Int32]
  @exclusivity(unchecked) private var currentLiteral: [Int32]
  @exclusivity(unchecked) private var currentEpoch: [UInt64]
  @exclusivity(unchecked) private var predicateEpoch: [UInt64]
  @exclusivity(unchecked) private var predicateAnswer: [Bool]

  /// A matcher for the event signals among the definitions of a pack; a slot is a position in `definitions`.
  public init(definitions: [SignalDefinition]) {
    currentProperty = []
    currentLiteral = []
    currentEpoch = []
    predicateEpoch = []
    predicateAnswer = []
    for (slot, definition) in definitions.enumerated() {
      guard case .events(let filter, let ignore) = definition else { continue }
      let ignored = ignore.map { predicate(for: $0) }
      signals.append(
        EventSignal(
          slot: slot, predicate: predicate(for: filter), ignore: ignored, isDated: definition.kind == .datedInstants))
    }
    currentProperty = Array(repeating: -1, count: fieldNumbers.count)
    currentLiteral = Array(repeating: -1, count: fieldNumbers.count)
    currentEpoch = Array(repeating: 0, count: fieldNumbers.count)
    predicateEpoch = Array(repeating: 0, count: predicates.count)
    predicateAnswer = Array(repeating: false, count: predicates.count)
  }

  /// Whether any definition looks at events.
  public var isEmpty: Bool { signals.isEmpty }

  /// The names of the properties that any condition asks for.
  public var fields: Dictionary<String, Int>.Keys { fieldNumbers.keys }

  private func predicate(for filter: EventFilter) -> Int {
    if let number = predicateNumbers[filter] { return number }
    let condition = CompiledCondition(filter.condition)
    let number = predicates.count
    predicates.append(
      Predicate(
        types: filter.types.map(Set.init), node: node(for: condition), condition: condition,
        isTimeDependent: condition.isTimeDependent))
    predicateNumbers[filter] = number
    return number
  }

  private func node(for condition: CompiledCondition) -> Node {
    switch condition {
    case .all(let parts): return .all(parts.map { node(for: $0) })
    case .any(let parts): return .any(parts.map { node(for: $0) })
    case .not(let part): return .not(node(for: part))
    case .field(let name, let matchers):
      let field = fieldNumbers[name] ?? fieldNumbers.count
      fieldNumbers[name] = field
      let absent = matchers.allSatisfy { $0.holds(nil, at: Instant(milliseconds: 0)) }
      atoms.append(Atom(field: field, matchers: matchers, whenAbsent: absent))
      return .atom(atoms.count - 1)
    }
  }

  /// Calls `found` for each signal that an event matches.
  ///
  /// - Parameters:
  ///   - type: the number of the event's type.
  ///   - properties: the numbers of its interned properties.
  ///   - literals: its other properties.
  ///   - source: what the numbers stand for.
  public func match(
    type: Int, properties: UnsafeBufferPointer<Int32>, literals: [(name: String, value: Value)],
    source: some PropertySource, found: (Match) -> Void
  ) {
    let candidates = signals(forType: type, source: source)
    guard !candidates.isEmpty else { return }
    epoch += 1
    for property in properties {
      let field = field(ofProperty: Int(property), source: source)
      guard field >= 0 else { continue }
      currentProperty[field] = property
      currentLiteral[field] = -1
      currentEpoch[field] = epoch
    }
    for (index, literal) in literals.enumerated() {
      guard let field = fieldNumbers[literal.name] else { continue }
      currentProperty[field] = -1
      currentLiteral[field] = Int32(index)
      currentEpoch[field] = epoch
    }
    for index in candidates {
      let signal = signals[index]
      if signal.isDated {
        let timeline = datedTimeline(of: signal, type: type, literals: literals, source: source)
        if !timeline.isNever { found(.dated(slot: signal.slot, timeline)) }
      } else if holds(signal.predicate, literals, source),
        !signal.ignore.contains(where: { matchesType($0, type) && holds($0, literals, source) })
      {
        found(.always(slot: signal.slot))
      }
    }
  }

  private func signals(forType type: Int, source: some PropertySource) -> [Int] {
    if type < signalsByType.count, let known = signalsByType[type] { return known }
    while signalsByType.count <= type {
      signalsByType.append(nil)
      typeNames.append(nil)
    }
    let name = source.typeName(type)
    typeNames[type] = name
    let matching = signals.indices.filter { predicates[signals[$0].predicate].types?.contains(name) ?? true }
    signalsByType[type] = matching
    return matching
  }

  private func matchesType(_ predicate: Int, _ type: Int) -> Bool {
    guard let types = predicates[predicate].types else { return true }
    return typeNames[type].map { types.contains($0) } ?? false
  }

  private func field(ofProperty property: Int, source: some PropertySource) -> Int {
    if property < fieldByProperty.count {
      let known = fieldByProperty[property]
      if known != -2 { return Int(known) }
    } else {
      fieldByProperty.append(contentsOf: repeatElement(-2, count: property + 1 - fieldByProperty.count))
    }
    let field = fieldNumbers[source.propertyName(property)] ?? -1
    fieldByProperty[property] = Int32(field)
    return field
  }

  private func holds(
    _ predicate: Int, _ literals: [(name: String, value: Value)], _ source: some PropertySource
  ) -> Bool {
    if predicateEpoch[predicate] == epoch { return predicateAnswer[predicate] }
    let answer = holds(predicates[predicate].node, literals, source)
    predicateEpoch[predicate] = epoch
    predicateAnswer[predicate] = answer
    return answer
  }

  private func holds(
    _ node: Node, _ literals: [(name: String, value: Value)], _ source: some PropertySource
  ) -> Bool {
    switch node {
    case .all(let parts):
      for part in parts where !holds(part, literals, source) { return false }
      return true
    case .any(let parts):
      for part in parts where holds(part, literals, source) { return true }
      return false
    case .not(let part): return !holds(part, literals, source)
    case .atom(let index): return answer(atom: index, literals, source)
    }
  }

  private func answer(
    atom index: Int, _ literals: [(name: String, value: Value)], _ source: some PropertySource
  ) -> Bool {
    let field = atoms[index].field
    guard currentEpoch[field] == epoch else { return atoms[index].whenAbsent }
    let never = Instant(milliseconds: 0)
    let property = Int(currentProperty[field])
    guard property >= 0 else {
      let value = literals[Int(currentLiteral[field])].value
      return atoms[index].matchers.allSatisfy { $0.holds(value, at: never) }
    }
    if property < atoms[index].answers.count {
      let known = atoms[index].answers[property]
      if known != 0 { return known == 2 }
    } else {
      let missing = property + 1 - atoms[index].answers.count
      atoms[index].answers.append(contentsOf: repeatElement(0, count: max(missing, atoms[index].answers.count)))
    }
    let value = source.propertyValue(property)
    let answer = atoms[index].matchers.allSatisfy { $0.holds(value, at: never) }
    atoms[index].answers[property] = answer ? 2 : 1
    return answer
  }

  private func datedTimeline(
    of signal: EventSignal, type: Int, literals: [(name: String, value: Value)], source: some PropertySource
  ) -> Timeline {
    let ignored = signal.ignore.filter { matchesType($0, type) }.map { predicates[$0].condition }
    let whole = CompiledCondition.all([predicates[signal.predicate].condition, .not(.any(ignored))])
    return whole.timeline { name in
      guard let field = self.fieldNumbers[name], self.currentEpoch[field] == self.epoch else { return nil }
      let property = Int(self.currentProperty[field])
      return property >= 0 ? source.propertyValue(property) : literals[Int(self.currentLiteral[field])].value
    }
  }
}

/// What the numbers of event types and properties stand for.
public protocol PropertySource {
  /// The name of an event type.
  func typeName(_ type: Int) -> String
  /// The name of a property.
  func propertyName(_ property: Int) -> String
  /// The value of a property.
  func propertyValue(_ property: Int) -> Value
}
