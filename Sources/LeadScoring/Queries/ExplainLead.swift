internal import LeadStore
public import ScoreEngine

/// Why a lead has its score: the points of all rules, with what earned them, add up to it through the groups.
public struct Explanation: Sendable {
  /// What one rule gives.
  public struct RulePart: Sendable {
    public var rule: Rule
    /// Hundredths; 0 where `if` does not hold.
    public var points: Int64
    /// Whether `if` holds, true without one.
    public var conditionHolds: Bool
    /// The attributes that `if` asks for; nil for those that the lead lacks.
    public var attributes: [(name: String, value: Value?)]
    /// The matching events, each with what it earns or why it earns nothing.
    public var entries: [(event: LeadEvent, points: Int64, loss: RuleLedger.Loss?)]
    /// Under `silence`: how many spans count, and since when, in milliseconds.
    public var silentSpans: Int64
    public var silentSince: Int64?
  }

  /// What one group gives.
  public struct GroupPart: Sendable {
    public var name: String
    public var partOf: String
    public var take: Group.Take
    public var limits: Limits
    /// Members before `min` and `max`, in hundredths.
    public var unclamped: Int64
    /// After them.
    public var points: Int64
  }

  /// A stage, and what it takes to be in it.
  public struct StagePart: Sendable {
    public var id: String
    /// The minimums of `enter` with what the lead has, in hundredths.
    public var minimums: [(group: String, needed: Int64, has: Int64)]
    /// Whether its `if` holds, true without one.
    public var conditionHolds: Bool
    public var enters: Bool
    public var keeps: Bool
  }

  /// What changes next.
  public struct NextChange: Sendable {
    /// Milliseconds since 1970.
    public var at: Int64
    /// Hundredths.
    public var score: Int64
    public var stage: String?
    public var grade: String?
    /// Rules whose points change: before and after.
    public var rules: [(id: String, before: Int64, after: Int64)]
  }

  public var lead: ScoredLead
  /// `T`, in milliseconds since 1970.
  public var asOf: Int64
  /// Rules in the document's order.
  public var rules: [RulePart]
  /// What persons added or took, in hundredths.
  public var adjustment: Int64
  /// Groups in the document's order.
  public var groups: [GroupPart]
  /// The sum at the root before `score`'s own limits.
  public var unclamped: Int64
  public var scoreLimits: Limits
  /// Stages above the first, lowest first.
  public var stages: [StagePart]
  /// The stage that the rules give, whatever is shown.
  public var ruleStage: String?
  /// `disqualify` entries that hold.
  public var disqualifications: [String]
  /// Nil where nothing changes any more without new facts.
  public var next: NextChange?
}

extension ScoringSession {
  /// Explains a lead's score as of an instant from its facts. The lead is up to date as of it.
  ///
  /// - Throws: ``ScoringError/unknownLead(_:similar:)``, `DatabaseError`.
  /// - Complexity: O(the lead's events × rules).
  public func explain(_ key: String, model name: String, asOf: Int64) throws -> Explanation {
    let model = try activeModel(name)
    let row = try leadRow(key)
    let document = model.rules.document
    let events = try events(ofLead: row.id)
    let attributes = AttributeSet(json: row.attributes)
    let instant = Instant(milliseconds: asOf)
    let matching = try matchingEvents(lead: row.id, model: model, asOf: asOf)

    func holds(_ condition: Condition?) -> Bool {
      condition.map { CompiledCondition($0).holds(at: instant) { attributes[$0] } } ?? true
    }
    var parts: [Explanation.RulePart] = []
    for rule in document.rules {
      let isOpen = holds(rule.condition)
      let matches = rule.filter.map { matching[.events($0, ignore: document.ignore)] ?? [] } ?? []
      let ledger = RuleLedger(
        rule: rule, events: matches.map { events[$0].occurredAt }, createdAt: row.createdAt, at: asOf)
      parts.append(
        Explanation.RulePart(
          rule: rule, points: isOpen ? ledger.points : 0, conditionHolds: isOpen,
          attributes: (rule.condition?.fieldNames ?? []).map { ($0, attributes[$0]) },
          entries: ledger.entries.map { (events[matches[$0.event]], isOpen ? $0.points : 0, $0.loss) },
          silentSpans: ledger.silentSpans, silentSince: ledger.silentSince))
    }

    var record = SignalRecord(kinds: pack.kinds)
    guard try unpack(lead: row.id, into: &record),
      let score = try database.scores.row(model: model.row.id, lead: row.id)
    else { throw StoreError.damaged("the signal state of lead '\(key)'; run `leadscore score --all`") }
    let judgement = try judgement(model: model, lead: row.id)
    let evaluator = model.evaluator
    let current = evaluator.position(ofStage: score.ruleStage)
    evaluator.evaluate(record, at: asOf, currentStage: current, judgement: judgement)
    let adjustment = evaluator.rulePoints.last ?? 0
    let groupScores = Dictionary(uniqueKeysWithValues: zip(model.rules.groupNames, evaluator.groupScores))
    let total = evaluator.score
    let (groups, unclamped) = Explanation.groups(document, model.rules.groupNames, parts, adjustment, groupScores)
    let stages = document.stages.dropFirst().enumerated().map { index, stage in
      func minimums(_ map: [String: Points]?) -> [(group: String, needed: Int64, has: Int64)] {
        (map ?? [:]).sorted { $0.key < $1.key }.map {
          ($0.key, $0.value.hundredths, $0.key == RuleDocument.rootGroup ? total : groupScores[$0.key] ?? 0)
        }
      }
      let isOpen = holds(stage.condition)
      let enter = minimums(stage.enter)
      return Explanation.StagePart(
        id: stage.id, minimums: enter, conditionHolds: isOpen,
        enters: isOpen && enter.allSatisfy { $0.has >= $0.needed },
        keeps: isOpen && current > index && minimums(stage.keep ?? stage.enter).allSatisfy { $0.has >= $0.needed })
    }
    let disqualifications = document.disqualify.filter { holds($0.condition) }.map(\.id)
    let ruleStage = evaluator.ruleStageName
    let next = nextChange(model, record, judgement, from: asOf)
    return Explanation(
      lead: try lead(key, model: name), asOf: asOf, rules: parts, adjustment: adjustment, groups: groups,
      unclamped: unclamped, scoreLimits: document.scoreLimits, stages: stages, ruleStage: ruleStage,
      disqualifications: disqualifications, next: next)
  }

  func judgement(model: ActiveModel, lead: Int64) throws -> Judgement {
    Judgement(
      adjustments: try database.judgements.adjustments(lead: lead).map {
        Adjustment(points: $0.points, from: $0.from, until: $0.until)
      },
      fastTracks: try database.judgements.fastTracks(model: model.row.id, lead: lead).map {
        FastTrack(stage: $0.stage, from: $0.from, until: $0.until)
      })
  }

  /// The positions of a lead's events that each event signal of a model finds, as of an instant and after it.
  private func matchingEvents(lead: Int64, model: ActiveModel, asOf: Int64) throws -> [SignalDefinition: [Int]] {
    var found: [SignalDefinition: [Int]] = [:]
    let matcher = EventMatcher(definitions: model.rules.signals)
    var position = 0
    try database.events.forEachEvent(leads: lead...lead) { _, instant, tail in
      let event = try decode(instant, tail)
      let literals = event.properties.members.map { ($0.name, $0.value) }
      guard let parts = EventTail(tail) else { throw StoreError.damaged("an event") }
      matcher.match(
        type: parts.type, properties: UnsafeBufferPointer(start: nil, count: 0), literals: literals, source: dictionary
      ) { match in
        switch match {
        case .always(let slot): found[model.rules.signals[slot], default: []].append(position)
        case .dated(let slot, let timeline):
          if instant > asOf || timeline.holds(at: asOf) {
            found[model.rules.signals[slot], default: []].append(position)
          }
        }
      }
      position += 1
    }
    return found
  }

  /// The first instant after one at which the score, the stage, the grade or a rule's points differ.
  private func nextChange(
    _ model: ActiveModel, _ record: SignalRecord, _ judgement: Judgement, from asOf: Int64
  ) -> Explanation.NextChange? {
    let evaluator = model.evaluator
    let before = (evaluator.score, evaluator.stage, evaluator.grade, evaluator.rulePoints)
    var stage = evaluator.ruleStage
    // The evaluator may look early, never late; the bound is for rules that look at very many edges to no effect.
    for _ in 0..<10_000 {
      let instant = evaluator.nextChange
      guard instant != Int64.max else { return nil }
      evaluator.evaluate(record, at: instant, currentStage: max(stage, 0), judgement: judgement)
      stage = evaluator.ruleStage
      guard before != (evaluator.score, evaluator.stage, evaluator.grade, evaluator.rulePoints) else { continue }
      let rules = zip(model.rules.ruleNames, zip(before.3, evaluator.rulePoints)).filter { $0.1.0 != $0.1.1 }
      return Explanation.NextChange(
        at: instant, score: evaluator.score, stage: evaluator.stage, grade: evaluator.grade,
        rules: rules.map { ($0.0, $0.1.0, $0.1.1) })
    }
    return nil
  }
}

extension Explanation {
  /// Sums stop at the greatest number there is, as the engine's do.
  private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? (right < 0 ? .min : .max) : sum
  }

  fileprivate static func groups(
    _ document: RuleDocument, _ names: [String], _ rules: [RulePart], _ adjustment: Int64, _ scores: [String: Int64]
  ) -> ([GroupPart], Int64) {
    let declared = Dictionary(document.groups.map { ($0.name, $0) }) { first, _ in first }
    func members(_ group: String) -> [Int64] {
      rules.filter { $0.rule.group == group }.map(\.points)
        + names.filter { (declared[$0]?.partOf ?? RuleDocument.rootGroup) == group }.map { scores[$0] ?? 0 }
    }
    let parts = names.map { name in
      let group = declared[name] ?? Group(name: name)
      let values = members(name)
      let unclamped =
        group.take == .highest ? values.filter { $0 != 0 }.max() ?? 0 : values.reduce(0, Explanation.sum)
      return GroupPart(
        name: name, partOf: group.partOf, take: group.take, limits: group.limits, unclamped: unclamped,
        points: scores[name] ?? 0)
    }
    return (parts, members(RuleDocument.rootGroup).reduce(adjustment, Explanation.sum))
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
