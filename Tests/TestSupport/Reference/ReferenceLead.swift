/// The facts of one lead.
struct ReferenceFacts {
  struct Event: Equatable {
    /// Empty text is never an id.
    var id: String?
    var type: String
    var occurredAt: Int64
    var properties: [String: RefValue]

    /// Whether both are the same event of the same lead.
    func isSame(as other: Event) -> Bool {
      guard occurredAt == other.occurredAt else { return false }
      if id != nil || other.id != nil { return id == other.id }
      return type == other.type && properties == other.properties
    }
  }

  struct Adjustment {
    var points: Int
    var from: Int64
    var until: Int64?

    func isWorth(at now: Int64) -> Bool { from <= now && (until.map { now < $0 } ?? true) }
  }

  var createdAt: Int64
  /// Whether `createdAt` was given by a row and is not merely the instant at which the lead was first seen.
  var createdAtIsGiven = false
  var attributes: [String: RefValue] = [:]
  /// In the order in which they were received.
  var events: [Event] = []
  var adjustments: [Adjustment] = []
}

/// A lead's facts seen through one document. What no passing of time can change is decided here once.
struct ReferenceLead {
  private struct Candidate {
    var event: ReferenceFacts.Event
    /// `nil` where it depends on the instant.
    var matches: Bool?
  }

  let document: ReferenceDocument
  let facts: ReferenceFacts
  /// By rule: `nil` where it depends on the instant.
  private var gates: [Bool?]
  /// By rule: its events that match always or sometimes, in the order that scoring.md names.
  private var candidates: [[Candidate]]

  init(_ document: ReferenceDocument, _ facts: ReferenceFacts) {
    self.document = document
    self.facts = facts
    let ordered = facts.events.enumerated().sorted {
      ($0.element.occurredAt, $0.offset) < ($1.element.occurredAt, $1.offset)
    }.map(\.element)
    gates = document.rules.map { rule in
      rule.condition.ages.isEmpty ? rule.condition.holds(facts.attributes, at: 0) : nil
    }
    candidates = document.rules.map { rule in
      guard let filter = rule.clause.filter else { return [] }
      return ordered.compactMap { event in
        let decided = Self.decided(document, filter, event)
        return decided == false ? nil : Candidate(event: event, matches: decided)
      }
    }
  }

  private static func matches(
    _ document: ReferenceDocument, _ filter: ReferenceDocument.EventFilter, _ event: ReferenceFacts.Event,
    at now: Int64
  ) -> Bool {
    for entry in document.ignore where entry.admits(event.type) {
      if entry.condition.holds(event.properties, at: now) { return false }
    }
    return filter.admits(event.type) && filter.condition.holds(event.properties, at: now)
  }

  /// Whether the event matches, where that is the same at every instant.
  private static func decided(
    _ document: ReferenceDocument, _ filter: ReferenceDocument.EventFilter, _ event: ReferenceFacts.Event
  ) -> Bool? {
    guard filter.admits(event.type) else { return false }
    let conditions = document.ignore.filter { $0.admits(event.type) }.map(\.condition) + [filter.condition]
    guard conditions.allSatisfy({ $0.ages.isEmpty }) else { return nil }
    return matches(document, filter, event, at: 0)
  }

  /// `M` of the rule: the instants of its matching events, in order.
  private func matching(_ rule: Int, at now: Int64) -> [Int64] {
    guard let filter = document.rules[rule].clause.filter else { return [] }
    return candidates[rule].filter {
      $0.event.occurredAt <= now && ($0.matches ?? Self.matches(document, filter, $0.event, at: now))
    }.map(\.event.occurredAt)
  }

  /// What the rule gives at `now`.
  func points(of rule: Int, at now: Int64) -> Int {
    let points = document.rules[rule].points
    guard gates[rule] ?? document.rules[rule].condition.holds(facts.attributes, at: now) else { return 0 }
    switch document.rules[rule].clause {
    case .none:
      return points
    case .every(_, let oncePer, let within, let limit, let decay):
      var kept = Self.first(of: matching(rule, at: now), per: oncePer)
      if let within { kept = kept.filter { now - $0 < within } }
      if let limit { kept = Array(kept.suffix(limit)) }
      return kept.reduce(0) { sum, instant in
        sum + (decay.map { $0.value(of: points, after: (now - instant) / $0.every) } ?? points)
      }
    case .when(_, let oncePer, let within, let atLeast):
      var kept = Self.first(of: matching(rule, at: now), per: oncePer)
      if let within { kept = kept.filter { now - $0 < within } }
      return kept.count >= atLeast ? points : 0
    case .silence(_, let length, let repeats):
      let last = matching(rule, at: now).last ?? facts.createdAt
      let steps = last > now ? 0 : (now - last) / length
      return points * Int(min(steps, Int64(repeats)))
    }
  }

  private static func first(of instants: [Int64], per period: ReferenceDocument.Period?) -> [Int64] {
    guard let period else { return instants }
    var seen: Set<Int64> = []
    return instants.filter { seen.insert(period.index($0)).inserted }
  }

  /// Every instant in `(start, end]` at which something may change without a new fact, in order.
  func edges(after start: Int64, through end: Int64) -> [Int64] {
    var found: Set<Int64> = []
    func add(_ instant: Int64) {
      if instant > start, instant <= end { found.insert(instant) }
    }
    /// `base + k × length` for k in 1...count.
    func addSteps(_ base: Int64, _ length: Int64, _ count: Int64) {
      var step = max(1, (start - base) / length)
      while step <= count, base + step * length <= end {
        add(base + step * length)
        step += 1
      }
    }

    for event in facts.events { add(event.occurredAt) }
    for (index, rule) in document.rules.enumerated() {
      for candidate in candidates[index] {
        let occurredAt = candidate.event.occurredAt
        switch rule.clause {
        case .none: break
        case .every(_, _, let within, _, let decay):
          if let within { add(occurredAt + within) }
          if let decay { addSteps(occurredAt, decay.every, decay.lifetime) }
        case .when(_, _, let within, _):
          if let within { add(occurredAt + within) }
        case .silence(_, let length, let repeats):
          addSteps(occurredAt, length, Int64(repeats))
        }
      }
      if case .silence(_, let length, let repeats) = rule.clause {
        addSteps(facts.createdAt, length, Int64(repeats))
      }
    }
    let ages = document.ages
    if !ages.isEmpty {
      for values in [facts.attributes] + facts.events.map(\.properties) {
        for dated in values.values.flatMap(Self.instants) {
          add(dated)
          for age in ages { add(dated + age) }
        }
      }
    }
    for adjustment in facts.adjustments {
      add(adjustment.from)
      if let until = adjustment.until { add(until) }
    }
    return found.sorted()
  }

  private static func instants(_ value: RefValue) -> [Int64] {
    switch value {
    case .text(let text): return [RefInstant.parse(text)].compactMap { $0 }
    case .list(let items): return items.compactMap(RefInstant.parse)
    default: return []
    }
  }
}
