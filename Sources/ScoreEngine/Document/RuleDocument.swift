/// A rule document: what is scored, how points add up, and at which scores a lead changes stage.
///
/// A document made by `RuleFile` is valid: ids are unique, every group, stage and part that is named exists, and the
/// groups form a tree. `CompiledRules` relies on that.
public struct RuleDocument: Hashable, Sendable {
  /// Free text for people.
  public var name: String?
  /// Free text for people.
  public var note: String?
  /// What success is, for reports and backtests.
  public var conversion: EventFilter?
  /// Clamps the total.
  public var scoreLimits: Limits
  /// Groups that have an entry, in the document's order.
  public var groups: [Group]
  /// Events that no rule may see.
  public var ignore: [EventFilter]
  public var rules: [Rule]
  /// Lowest first.
  public var stages: [Stage]
  public var disqualify: [Disqualification]
  /// Scales whose labels are joined to the grade; empty where the document has none.
  public var grade: [GradeScale]
  public var expect: [Expectation]

  /// A document; everything defaults to nothing.
  public init(
    name: String? = nil, note: String? = nil, conversion: EventFilter? = nil, scoreLimits: Limits = Limits(),
    groups: [Group] = [], ignore: [EventFilter] = [], rules: [Rule] = [], stages: [Stage] = [],
    disqualify: [Disqualification] = [], grade: [GradeScale] = [], expect: [Expectation] = []
  ) {
    self.name = name
    self.note = note
    self.conversion = conversion
    self.scoreLimits = scoreLimits
    self.groups = groups
    self.ignore = ignore
    self.rules = rules
    self.stages = stages
    self.disqualify = disqualify
    self.grade = grade
    self.expect = expect
  }

  /// The name of the root of the group tree.
  public static let rootGroup = "score"
  /// The stage of a lead that a `disqualify` entry holds for.
  public static let disqualifiedStage = "disqualified"
  /// The rule under which a lead's adjustments show.
  public static let adjustmentRule = "adjustment"
}

/// Which events a clause or an `ignore` entry looks at.
public struct EventFilter: Hashable, Sendable {
  /// Event types, any of which matches; nil for every type.
  public var types: [String]?
  /// A condition over the event's properties.
  public var condition: Condition

  /// A filter; without types every event, without a condition whatever its properties.
  public init(types: [String]? = nil, condition: Condition = .always) {
    self.types = types
    self.condition = condition
  }
}

/// The least and the greatest value that a sum is clamped to.
public struct Limits: Hashable, Sendable {
  public var min: Points?
  public var max: Points?

  /// Limits; each side is optional.
  public init(min: Points? = nil, max: Points? = nil) {
    self.min = min
    self.max = max
  }
}

/// A group of rules.
public struct Group: Hashable, Sendable {
  /// How a group's members make its score.
  public enum Take: String, Hashable, Sendable {
    case sum
    /// The greatest member that is not 0.
    case highest
  }

  public var name: String
  /// The group that this one is part of; `score` is the root.
  public var partOf: String
  public var take: Take
  public var limits: Limits
  public var note: String?

  /// A group; part of the root and a plain sum unless told otherwise.
  public init(
    name: String, partOf: String = RuleDocument.rootGroup, take: Take = .sum, limits: Limits = Limits(),
    note: String? = nil
  ) {
    self.name = name
    self.partOf = partOf
    self.take = take
    self.limits = limits
    self.note = note
  }
}

/// A rule: points, what earns them, and the group they count for.
public struct Rule: Hashable, Sendable {
  /// What a rule scores.
  public enum Clause: Hashable, Sendable {
    /// The lead's attributes alone.
    case attributes
    /// Every matching event.
    case every(EveryClause)
    /// A number of events in a window, scored once.
    case when(WhenClause)
    /// The absence of events.
    case silence(SilenceClause)
  }

  public var id: String
  public var name: String?
  public var note: String?
  public var group: String
  public var points: Points
  /// `if`: a condition over the lead's attributes that gates the rule.
  public var condition: Condition?
  public var clause: Clause

  /// A rule; without a clause it scores the lead's attributes.
  public init(
    id: String, name: String? = nil, note: String? = nil, group: String = RuleDocument.rootGroup, points: Points,
    condition: Condition? = nil, clause: Clause = .attributes
  ) {
    self.id = id
    self.name = name
    self.note = note
    self.group = group
    self.points = points
    self.condition = condition
    self.clause = clause
  }
}

/// Of the matching events only the first in each UTC hour, day or ISO week counts.
public enum OncePer: String, CaseIterable, Hashable, Sendable {
  case hour
  case day
  case week
}

/// `every`: points for each matching event.
public struct EveryClause: Hashable, Sendable {
  public var filter: EventFilter
  public var oncePer: OncePer?
  /// Only events younger than this.
  public var within: TimeSpan?
  /// Only the last so many.
  public var limit: Int64?
  public var decay: Decay?

  /// An `every` clause.
  public init(
    filter: EventFilter, oncePer: OncePer? = nil, within: TimeSpan? = nil, limit: Int64? = nil, decay: Decay? = nil
  ) {
    self.filter = filter
    self.oncePer = oncePer
    self.within = within
    self.limit = limit
    self.decay = decay
  }
}

/// How an event's worth falls with its age.
public struct Decay: Hashable, Sendable {
  /// The loss at each step, a whole number from 1 to 100.
  public var percent: Int64
  /// The length of a step.
  public var every: TimeSpan
  /// Percent of the first worth at every step, instead of what is left.
  public var isLinear: Bool

  /// A decay.
  public init(percent: Int64, every: TimeSpan, isLinear: Bool = false) {
    self.percent = percent
    self.every = every
    self.isLinear = isLinear
  }
}

/// `when`: points once, for a number of events in a window.
public struct WhenClause: Hashable, Sendable {
  public var filter: EventFilter
  public var oncePer: OncePer?
  public var within: TimeSpan?
  /// How many events it takes; at least 1.
  public var atLeast: Int64

  /// A `when` clause.
  public init(filter: EventFilter, oncePer: OncePer? = nil, within: TimeSpan? = nil, atLeast: Int64 = 1) {
    self.filter = filter
    self.oncePer = oncePer
    self.within = within
    self.atLeast = atLeast
  }
}

/// `silence`: points for each full span without a matching event.
public struct SilenceClause: Hashable, Sendable {
  public var filter: EventFilter
  /// `for`: the length of one silent span.
  public var span: TimeSpan
  /// How many spans count at most; at least 1.
  public var repeatCount: Int64

  /// A `silence` clause.
  public init(filter: EventFilter, span: TimeSpan, repeatCount: Int64 = 1) {
    self.filter = filter
    self.span = span
    self.repeatCount = repeatCount
  }
}

/// A stage of the funnel.
public struct Stage: Hashable, Sendable {
  public var id: String
  public var name: String?
  public var note: String?
  /// Minimums by group (or `score`), all of which must hold to enter; nil for the first stage.
  public var enter: [String: Points]?
  /// Minimums that keep a lead in the stage; nil where they are those of `enter`.
  public var keep: [String: Points]?
  /// `if`: must hold too, to enter and to keep.
  public var condition: Condition?
  /// Leads in this stage are handed over to sales.
  public var isHandoff: Bool

  /// A stage.
  public init(
    id: String, name: String? = nil, note: String? = nil, enter: [String: Points]? = nil,
    keep: [String: Points]? = nil, condition: Condition? = nil, isHandoff: Bool = false
  ) {
    self.id = id
    self.name = name
    self.note = note
    self.enter = enter
    self.keep = keep
    self.condition = condition
    self.isHandoff = isHandoff
  }
}

/// A reason that puts a lead in the stage `disqualified`.
public struct Disqualification: Hashable, Sendable {
  public var id: String
  public var name: String?
  public var note: String?
  public var condition: Condition

  /// A `disqualify` entry.
  public init(id: String, name: String? = nil, note: String? = nil, condition: Condition) {
    self.id = id
    self.name = name
    self.note = note
    self.condition = condition
  }
}

/// One scale of the grade: labels for the score of a group.
public struct GradeScale: Hashable, Sendable {
  /// A label and the score from which it holds.
  public struct Band: Hashable, Sendable {
    /// Nil for the band that holds below all others.
    public var at: Points?
    public var label: String

    /// A band.
    public init(at: Points?, label: String) {
      self.at = at
      self.label = label
    }
  }

  /// The group, or `score`.
  public var group: String
  /// In the document's order; the band with the greatest `at` that is reached gives the label.
  public var bands: [Band]

  /// A scale.
  public init(group: String, bands: [Band]) {
    self.group = group
    self.bands = bands
  }
}

/// A conversion rate between two stages that people expect.
public struct Expectation: Hashable, Sendable {
  public var from: String
  public var to: String
  public var within: TimeSpan?
  /// Percent, 0 to 100.
  public var min: Double?
  /// Percent, 0 to 100.
  public var max: Double?

  /// An expectation.
  public init(from: String, to: String, within: TimeSpan? = nil, min: Double? = nil, max: Double? = nil) {
    self.from = from
    self.to = to
    self.within = within
    self.min = min
    self.max = max
  }
}
