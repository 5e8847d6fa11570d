/// The part of a rule that looks at raw facts. Rules, versions and models that ask the same question share it, so it
/// is known by what it asks and nothing else.
public struct SignalDefinition: Hashable, Sendable {
  /// What is asked.
  public enum Question: Sendable {
    /// The instants of the events that the filter matches and no `ignore` entry does.
    case events(EventFilter, ignore: [EventFilter])
    /// The truth of a condition over the lead's attributes.
    case condition(Condition)
  }

  /// What is asked.
  public let question: Question
  /// A text that is the same for equal definitions and different for different ones. Kept, since definitions are looked
  /// up by it.
  public let canonicalText: String

  /// Asks for the instants of the events that the filter matches and no `ignore` entry does.
  public static func events(_ filter: EventFilter, ignore: [EventFilter]) -> SignalDefinition {
    SignalDefinition(
      question: .events(filter, ignore: ignore),
      canonicalText: "events " + filter.canonicalText + ignore.map { " ignore " + $0.canonicalText }.joined())
  }

  /// Asks for the truth of a condition over the lead's attributes.
  public static func condition(_ condition: Condition) -> SignalDefinition {
    SignalDefinition(question: .condition(condition), canonicalText: "if " + condition.canonicalText)
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
    switch question {
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
