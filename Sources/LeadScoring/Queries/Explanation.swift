public import LeadStore
public import ScoreEngine

/// Why a lead has its score: the points of all rules, with what earned them, add up to it through the groups.
public struct Explanation: Sendable {
  /// What one rule gives.
  public struct RulePart: Sendable {
    public var rule: Rule
    /// Hundredths; 0 where `if` does not hold.
    public var points: Int64
    /// Hundredths: what the rule would give if nothing were taken away.
    public var fullPoints: Int64
    /// What was taken away: `fullPoints` less all of these is `points`.
    public var deductions: [Deduction]
    /// Whether `if` holds, true without one.
    public var conditionHolds: Bool
    /// The attributes that `if` asks for; nil for those that the lead lacks.
    public var attributes: [(name: String, value: Value?)]
    /// The properties that `where` asks for.
    public var properties: [String]
    /// The matching events, each with what it earns or why it earns nothing.
    public var events: [EventPart]
    /// Under `silence`: how many spans count, and since when, in milliseconds.
    public var silentSpans: Int64
    public var silentSince: Int64?
  }

  /// An event that a rule matches.
  public struct EventPart: Sendable {
    public var event: LeadEvent
    /// What it earns, in hundredths. Under `when` the event that completes the number earns all.
    public var points: Int64
    /// What it would earn under `every` if nothing were taken away.
    public var fullPoints: Int64
    /// Nil for an event that counts.
    public var loss: RuleLedger.Loss?
  }

  /// What one group gives.
  public struct GroupPart: Sendable {
    public var name: String
    public var partOf: String
    public var take: Group.Take
    public var limits: Limits
    /// The sum of all members, in hundredths.
    public var sum: Int64
    /// What was taken away: `sum` less all of these is `points`.
    public var deductions: [Deduction]
    /// Members, or the highest of them, before `min` and `max`, in hundredths.
    public var unclamped: Int64
    /// After them.
    public var points: Int64
  }

  /// A minimum that a stage asks for, with what the lead has, in hundredths.
  public struct Minimum: Sendable {
    public var group: String
    public var needed: Int64
    public var has: Int64
    /// How much is missing; 0 where it holds.
    public var missing: Int64 { max(0, needed - has) }
  }

  /// A stage, and what it takes to be in it.
  public struct StagePart: Sendable {
    public var id: String
    /// The minimums of `enter`.
    public var minimums: [Minimum]
    /// Those of `keep`, which are the same where the document has none.
    public var keepMinimums: [Minimum]
    /// Whether its `if` holds, true without one.
    public var conditionHolds: Bool
    /// The attributes that `if` asks for; nil for those that the lead lacks.
    public var attributes: [(name: String, value: Value?)]
    public var enters: Bool
    /// Whether the lead is in it, or above it, and may stay.
    public var keeps: Bool
  }

  /// A `disqualify` entry that holds.
  public struct DisqualificationPart: Sendable {
    public var id: String
    public var attributes: [(name: String, value: Value?)]
  }

  /// What changes next.
  public struct NextChange: Sendable {
    /// Milliseconds since 1970.
    public var at: Int64
    /// Whether an event that is already known occurs then.
    public var isEvent: Bool
    /// Hundredths.
    public var score: Int64
    public var stage: String?
    public var grade: String?
    /// Rules whose points change: before and after.
    public var rules: [(id: String, before: Int64, after: Int64)]
  }

  /// Where the stage comes from that the lead had before it was evaluated, which decides about `keep`.
  public enum StageBasis: String, Sendable {
    /// The lead's stage.
    case current
    /// The lead's stage, as applying this version would carry it over.
    case carriedOver = "carried-over"
    /// The lead's stage at that time, as history tells it.
    case history
    /// Worked out from the lead's creation on, as if the version had always been active.
    case reconstructed
  }

  /// What history says of the instant.
  public struct Recorded: Sendable, Equatable {
    /// Hundredths.
    public var score: Int64
    public var stage: String?
    public var grade: String?
    public var version: Int
    /// The instant of the row, in milliseconds.
    public var since: Int64
  }

  public var key: String
  /// In milliseconds since 1970.
  public var createdAt: Int64
  /// `T`, in milliseconds since 1970.
  public var asOf: Int64
  /// Whether `T` lies before the lead's last evaluation.
  public var isPast: Bool
  public var version: Int
  /// Whether the version was the active one at `T`.
  public var isActive: Bool
  /// Hundredths.
  public var score: Int64
  public var stage: String?
  public var grade: String?
  /// Rules in the document's order.
  public var rules: [RulePart]
  /// What persons added or took, in hundredths.
  public var adjustment: Int64
  /// The adjustments that count at `T`.
  public var adjustments: [AdjustmentRow]
  /// Groups in the document's order.
  public var groups: [GroupPart]
  /// The sum at the root before `score`'s own limits.
  public var unclamped: Int64
  public var scoreLimits: Limits
  /// What `score`'s own limits took: `unclamped` less all of these is `score`.
  public var deductions: [Deduction]
  /// Stages above the first, lowest first.
  public var stages: [StagePart]
  /// The stage that the rules give, whatever is shown.
  public var ruleStage: String?
  /// The stage that the rules had given before.
  public var currentStage: String?
  public var stageBasis: StageBasis
  /// The stage if the version had been active since the lead's creation; nil where no version was asked for.
  public var reconstructedStage: String?
  /// `disqualify` entries that hold.
  public var disqualifications: [DisqualificationPart]
  /// The fast-track that holds at `T`.
  public var fastTrack: FastTrackRow?
  /// For the past: what history says of it; nil where it does not reach back so far, and where a version was asked for.
  public var recorded: Recorded?
  /// Nil where nothing changes any more without new facts.
  public var next: NextChange?
}

extension Explanation {
  /// Sums stop at the greatest number there is, as the engine's do.
  private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? (right < 0 ? .min : .max) : sum
  }

  /// The groups' parts, and the sum at the root.
  static func groups(
    _ rules: CompiledRules, _ parts: [RulePart], _ adjustment: Int64, _ scores: [String: Int64]
  ) -> ([GroupPart], Int64) {
    let declared = Dictionary(rules.document.groups.map { ($0.name, $0) }) { first, _ in first }
    func members(_ group: String) -> [Int64] {
      parts.filter { $0.rule.group == group }.map(\.points)
        + rules.groupNames.filter { (declared[$0]?.partOf ?? RuleDocument.rootGroup) == group }
        .map { scores[$0] ?? 0 }
    }
    let groups = rules.groupNames.map { name in
      let group = declared[name] ?? Group(name: name)
      let values = members(name)
      let sum = values.reduce(0, Explanation.sum)
      let unclamped = group.take == .highest ? values.filter { $0 != 0 }.max() ?? 0 : sum
      let points = scores[name] ?? 0
      var deductions: [Deduction] = []
      if unclamped != sum {
        let others = Int64(values.count { $0 != 0 } - 1)
        deductions.append(Deduction(part: .highest, count: others, points: sum - unclamped))
      }
      deductions += group.limits.deductions(from: unclamped, to: points)
      return GroupPart(
        name: name, partOf: group.partOf, take: group.take, limits: group.limits, sum: sum, deductions: deductions,
        unclamped: unclamped, points: points)
    }
    return (groups, members(RuleDocument.rootGroup).reduce(adjustment, Explanation.sum))
  }
}

extension Rule {
  /// The events that the rule looks at; nil for one that looks at attributes alone.
  public var filter: EventFilter? {
    switch clause {
    case .attributes: nil
    case .every(let clause): clause.filter
    case .when(let clause): clause.filter
    case .silence(let clause): clause.filter
    }
  }
}
