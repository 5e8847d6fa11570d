/// The part of a rule that looks at raw facts. Rules, versions and models that ask the same question share it, so it
/// is known by what it asks and nothing else.
public enum SignalDefinition: Hashable, Sendable {
  /// The instants of the events that the filter matches and no `ignore` entry does.
  case events(EventFilter, ignore: [EventFilter])
  /// The truth of a condition over the lead's attributes.
  case condition(Condition)

  /// A text that is the same for equal definitions and different for different ones.
  public var canonicalText: String {
    switch self {
    case .condition(let condition): "if " + condition.canonicalText
    case .events(let filter, let ignore):
      "events " + filter.canonicalText + ignore.map { " ignore " + $0.canonicalText }.joined()
    }
  }

  // The same question in another order of its parts is the same signal.
  public static func == (left: SignalDefinition, right: SignalDefinition) -> Bool {
    left.canonicalText == right.canonicalText
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(canonicalText)
  }

  /// What a lead's record holds for the signal.
  public var kind: SignalKind {
    switch self {
    case .condition: .timeline
    case .events(let filter, let ignore):
      ([filter] + ignore).contains { CompiledCondition($0.condition).isTimeDependent } ? .datedInstants : .instants
    }
  }
}

/// What a lead's record holds for a signal.
public enum SignalKind: UInt8, Sendable {
  /// The instants of the matching events, rising.
  case instants
  /// The truth of a condition over time.
  case timeline
  /// Candidate events, each with a timeline of whether it matches: a condition compares its properties with the
  /// instant of the evaluation.
  case datedInstants
}
