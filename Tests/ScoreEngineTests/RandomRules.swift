@testable import ScoreEngine

/// A lead whose signals have been found: what the tests know and the record that the engine gets.
struct FoundLead {
  var createdAt: Int64
  var found: [SignalDefinition: Finding]

  enum Finding {
    case instants([Int64])
    case timeline(Timeline)
    case dated([DatedEvent])
  }

  func record(pack: [SignalDefinition]) -> SignalRecord {
    var record = SignalRecord(kinds: pack.map(\.kind))
    record.reset(createdAt: createdAt)
    for definition in pack {
      switch found[definition] {
      case .instants(let instants): record.append(instants: instants)
      case .timeline(let timeline): record.append(timeline: timeline)
      case .dated(let events): record.append(dated: events)
      case nil: record.append(instants: EmptyCollection<Int64>())
      }
    }
    return record
  }

  /// `M` of scoring.md, and later events.
  func matching(_ definition: SignalDefinition, at instant: Int64) -> [Int64] {
    switch found[definition] {
    case .instants(let instants): instants
    case .dated(let events): events.filter { $0.matches.holds(at: instant) }.map(\.instant)
    case .timeline, nil: []
    }
  }

  func holds(_ condition: Condition?, at instant: Int64) -> Bool {
    guard let condition, condition != .always else { return true }
    guard case .timeline(let timeline) = found[.condition(condition)] else { return false }
    return timeline.holds(at: instant)
  }
}

/// Rules over a world of 40 days in which hours, days and weeks begin and end, and facts that lie on their edges.
extension SeededRandom {
  private static let ruleSpans = ["1h", "12h", "1d", "36h", "7d", "2w"].compactMap { TimeSpan($0) }

  mutating func instant() -> Int64 {
    let grid = Int64(int(0...80)) * day / 2
    return chance(50) ? grid : grid + Int64(int(-1...1)) + (chance(30) ? Int64(int(0...Int(day))) : 0)
  }

  private mutating func optional<Item>(_ item: Item) -> Item? { chance(50) ? item : nil }

  mutating func decay() -> Decay {
    Decay(
      percent: Int64(pick([1, 10, 30, 50, 99, 100])), every: pick(SeededRandom.ruleSpans), isLinear: chance(40))
  }

  /// A clause over one of a few questions; the questions' answers are made up by ``lead(for:)``.
  mutating func clause(isDated: Bool) -> Rule.Clause {
    let dated = Condition.field("until", [.newerThan(pick(SeededRandom.ruleSpans))])
    let filter = EventFilter(types: [pick(["view", "click"])], condition: isDated ? dated : .always)
    switch int(0...6) {
    case 0: return .attributes
    case 1, 2, 3:
      return .every(
        EveryClause(
          filter: filter, oncePer: optional(pick(OncePer.allCases)), within: optional(pick(SeededRandom.ruleSpans)),
          limit: optional(Int64(int(1...4))), decay: optional(decay())))
    case 4, 5:
      return .when(
        WhenClause(
          filter: filter, oncePer: optional(pick(OncePer.allCases)), within: optional(pick(SeededRandom.ruleSpans)),
          atLeast: Int64(int(1...4))))
    default:
      return .silence(
        SilenceClause(filter: filter, span: pick(SeededRandom.ruleSpans), repeatCount: Int64(int(1...4))))
    }
  }

  mutating func gate() -> Condition? {
    optional(Condition.field(pick(["title", "since"]), [.exists(true)]))
  }

  mutating func rule(_ number: Int, groups: [String], isDated: Bool) -> Rule {
    Rule(
      id: "r\(number)", group: pick(groups + ["score"]),
      points: Points(hundredths: Int64(pick([0, 1, -1, 100, 500, -333, 1000, -2050]))), condition: gate(),
      clause: clause(isDated: isDated))
  }

  /// A valid document: a tree of groups, rules in them, stages and grades over them.
  mutating func document(isDated: Bool) -> RuleDocument {
    var groups: [Group] = []
    for name in ["fit", "engagement", "depth"].prefix(int(0...3)) {
      let parent = chance(50) ? groups.last?.name ?? "score" : "score"
      let limits = Limits(
        min: optional(Points(hundredths: Int64(int(-20...0)) * 50)),
        max: optional(Points(hundredths: Int64(int(0...20)) * 50)))
      groups.append(Group(name: name, partOf: parent, take: chance(30) ? .highest : .sum, limits: limits))
    }
    let names = groups.map(\.name)
    var document = RuleDocument(
      scoreLimits: Limits(min: optional(.zero), max: optional(Points(hundredths: 3000))),
      groups: groups.shuffled(using: &self))
    document.rules = (0..<int(1...7)).map { rule($0, groups: names, isDated: isDated && chance(50)) }
    for (index, id) in ["new", "mql", "sql"].prefix(int(0...3)).enumerated() {
      let enter = [pick(names + ["score"]): Points(hundredths: Int64(int(0...15)) * 100)]
      document.stages.append(
        Stage(
          id: id, enter: index == 0 ? nil : enter,
          keep: index == 0 || chance(50) ? nil : enter.mapValues { $0 - Points(hundredths: 300) },
          condition: index == 0 ? nil : gate()))
    }
    if chance(20) { document.disqualify = [Disqualification(id: "out", condition: .field("gone", [.exists(true)]))] }
    if chance(50) {
      document.grade = [
        GradeScale(
          group: pick(names + ["score"]),
          bands: [
            GradeScale.Band(at: nil, label: "C"), GradeScale.Band(at: Points(hundredths: 500), label: "A"),
            GradeScale.Band(at: Points(hundredths: 100), label: "B"),
          ])
      ]
    }
    return document
  }

  private mutating func timeline() -> Timeline {
    Timeline(initial: chance(60), toggles: Array(Set((0..<int(0...3)).map { _ in instant() })).sorted())
  }

  /// What the signals found for a lead.
  mutating func lead(for signals: [SignalDefinition]) -> FoundLead {
    var lead = FoundLead(createdAt: instant(), found: [:])
    for signal in signals {
      let instants = (0..<int(0...9)).map { _ in instant() }.sorted()
      switch signal.kind {
      case .instants: lead.found[signal] = .instants(instants)
      case .timeline: lead.found[signal] = .timeline(timeline())
      case .datedInstants:
        lead.found[signal] = .dated(instants.map { DatedEvent(instant: $0, matches: timeline()) })
      }
    }
    return lead
  }

  mutating func judgement(stages: [String]) -> Judgement {
    var judgement = Judgement()
    for _ in 0..<(chance(30) ? int(1...3) : 0) {
      let from = instant()
      judgement.adjustments.append(
        Adjustment(
          points: Int64(int(-10...10)) * 25, from: from, until: optional(from + Int64(int(0...10)) * day / 4)))
    }
    for _ in 0..<(chance(20) && !stages.isEmpty ? int(1...2) : 0) {
      let from = instant()
      judgement.fastTracks.append(FastTrack(stage: pick(stages), from: from, until: optional(from + day)))
    }
    return judgement
  }
}

/// scoring.md, read out: slow, and with nothing in common with the engine.
struct PlainScore: Equatable {
  var rules: [Int64] = []
  var groups: [String: Int64] = [:]
  var score: Int64 = 0

  init(_ document: RuleDocument, _ lead: FoundLead, at now: Int64, adjustments: [Adjustment] = []) {
    rules = document.rules.map { rule in
      guard lead.holds(rule.condition, at: now) else { return 0 }
      return PlainScore.points(rule, document, lead, now)
    }
    let adjusted = adjustments.filter { $0.from <= now && now < ($0.until ?? Int64.max) }.reduce(0) { $0 + $1.points }
    rules.append(adjusted)
    let names = Set(document.groups.map(\.name) + document.groups.map(\.partOf) + document.rules.map(\.group))
    for name in names.subtracting(["score"]) { groups[name] = total(of: name, document) }
    score = total(of: "score", document)
  }

  private func total(of name: String, _ document: RuleDocument) -> Int64 {
    let group = document.groups.first { $0.name == name }
    var members = zip(document.rules, rules).filter { $0.0.group == name }.map(\.1)
    for part in Set(document.groups.map(\.name) + document.rules.map(\.group)) where part != name && part != "score" {
      let parent = document.groups.first { $0.name == part }?.partOf ?? "score"
      if parent == name { members.append(total(of: part, document)) }
    }
    if name == "score" { members.append(rules[document.rules.count]) }
    let limits = name == "score" ? document.scoreLimits : group?.limits ?? Limits()
    var sum = members.reduce(0, +)
    if group?.take == .highest { sum = members.filter { $0 != 0 }.max() ?? 0 }
    if let max = limits.max { sum = min(sum, max.hundredths) }
    if let min = limits.min { sum = max(sum, min.hundredths) }
    return sum
  }

  private static func points(_ rule: Rule, _ document: RuleDocument, _ lead: FoundLead, _ now: Int64) -> Int64 {
    func matching(_ filter: EventFilter) -> [Int64] {
      lead.matching(.events(filter, ignore: document.ignore), at: now).filter { $0 <= now }
    }
    switch rule.clause {
    case .attributes: return rule.points.hundredths
    case .every(let clause):
      var kept = first(of: matching(clause.filter), per: clause.oncePer)
      if let within = clause.within { kept = kept.filter { now - $0 < within.milliseconds } }
      if let limit = clause.limit { kept = kept.suffix(Int(limit)) }
      return kept.reduce(0) { $0 + worth(rule.points.hundredths, clause.decay, age: now - $1) }
    case .when(let clause):
      var kept = first(of: matching(clause.filter), per: clause.oncePer)
      if let within = clause.within { kept = kept.filter { now - $0 < within.milliseconds } }
      return kept.count >= clause.atLeast ? rule.points.hundredths : 0
    case .silence(let clause):
      let last = matching(clause.filter).last ?? lead.createdAt
      guard last <= now else { return 0 }
      return rule.points.hundredths * min((now - last) / clause.span.milliseconds, clause.repeatCount)
    }
  }

  private static func first(of events: [Int64], per bucket: OncePer?) -> [Int64] {
    guard let bucket else { return events }
    // The calendar's own words tell hours and days apart; Mondays begin weeks, and 1970-01-05 was one.
    func name(_ event: Int64) -> String {
      switch bucket {
      case .hour: String(Instant(milliseconds: event).description.prefix(13))
      case .day: String(Instant(milliseconds: event).description.prefix(10))
      case .week: String((event - 4 * day + 1000 * 7 * day) / (7 * day))
      }
    }
    var seen: Set<String> = []
    return events.filter { seen.insert(name($0)).inserted }
  }

  private static func worth(_ points: Int64, _ decay: Decay?, age: Int64) -> Int64 {
    guard let decay else { return points }
    let steps = age / decay.every.milliseconds
    if decay.isLinear { return points * max(0, 100 - decay.percent * steps) / 100 }
    var value = points
    for _ in 0..<steps where value != 0 { value = value * (100 - decay.percent) / 100 }
    return value
  }
}
