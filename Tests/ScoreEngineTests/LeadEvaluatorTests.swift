import Testing

@testable import ScoreEngine

@Suite("Scoring a lead")
struct LeadEvaluatorTests {
  /// Everything that a change would show in.
  private struct Result: Equatable {
    var score: Int64
    var groups: [Int64]
    var rules: [Int64]
    var stage: String?
    var ruleStage: Int
    var isDisqualified: Bool
    var grade: String?

    init(_ evaluator: LeadEvaluator) {
      score = evaluator.score
      groups = evaluator.groupScores
      rules = evaluator.rulePoints
      stage = evaluator.stage
      ruleStage = evaluator.ruleStage
      isDisqualified = evaluator.isDisqualified
      grade = evaluator.grade
    }
  }

  @Test("any rules over any facts, as scoring.md reads", arguments: 0..<60 as Range<UInt64>)
  func plain(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    for _ in 0..<6 {
      let document = random.document(isDated: seed.isMultiple(of: 2))
      let rules = CompiledRules(document)
      // The pack has the signals in another order, and others.
      let unused = SignalDefinition.condition(.field("unused", [.exists(true)]))
      let pack = (rules.signals + [unused]).shuffled(using: &random)
      let evaluator = try #require(LeadEvaluator(rules: rules, pack: pack))
      for _ in 0..<6 {
        let lead = random.lead(for: pack)
        let record = lead.record(pack: pack)
        let judgement = random.judgement(stages: document.stages.map(\.id))
        for _ in 0..<6 {
          let now = random.instant()
          evaluator.evaluate(record, at: now, currentStage: 0, judgement: judgement)
          let expected = PlainScore(document, lead, at: now, adjustments: judgement.adjustments)
          #expect(evaluator.rulePoints == expected.rules)
          #expect(evaluator.score == expected.score)
          for (name, score) in zip(rules.groupNames, evaluator.groupScores) { #expect(score == expected.groups[name]) }
          #expect(evaluator.isDisqualified == document.disqualify.contains { lead.holds($0.condition, at: now) })
          expectLedger(document, lead, evaluator, at: now)
        }
      }
    }
  }

  /// The explanation of each rule adds up to its points.
  private func expectLedger(_ document: RuleDocument, _ lead: FoundLead, _ evaluator: LeadEvaluator, at now: Int64) {
    for (index, rule) in document.rules.enumerated() where lead.holds(rule.condition, at: now) {
      let filter: EventFilter? =
        switch rule.clause {
        case .attributes: nil
        case .every(let clause): clause.filter
        case .when(let clause): clause.filter
        case .silence(let clause): clause.filter
        }
      let events = filter.map { lead.matching(.events($0, ignore: document.ignore), at: now) } ?? []
      let ledger = RuleLedger(rule: rule, events: events, createdAt: lead.createdAt, at: now)
      #expect(ledger.points == evaluator.rulePoints[index], "\(rule)")
      #expect(ledger.entries.map(\.event) == Array(events.indices))
      switch rule.clause {
      case .every, .when: #expect(ledger.entries.reduce(0) { $0 + $1.points } == ledger.points)
      case .silence: #expect(ledger.points == rule.points.hundredths * ledger.silentSpans)
      case .attributes: break
      }
      for entry in ledger.entries {
        if entry.loss != nil { #expect(entry.points == 0) }
        #expect((entry.loss == .future) == (events[entry.event] > now))
      }
    }
  }

  @Test("between now and the next change nothing changes", arguments: 0..<60 as Range<UInt64>)
  func nextChange(_ seed: UInt64) throws {
    var random = SeededRandom(seed: 500 + seed)
    for _ in 0..<4 {
      let document = random.document(isDated: seed.isMultiple(of: 2))
      let rules = CompiledRules(document)
      let evaluator = try #require(LeadEvaluator(rules: rules, pack: rules.signals))
      for _ in 0..<4 {
        let lead = random.lead(for: rules.signals)
        let record = lead.record(pack: rules.signals)
        let judgement = random.judgement(stages: document.stages.map(\.id))
        let edges = edges(document, lead, judgement)
        var now = random.instant()
        var stage = random.int(0...2)
        // The evaluator is asked at each of its next changes in turn, and in between at every instant that matters.
        for _ in 0..<200 {
          evaluator.evaluate(record, at: now, currentStage: stage, judgement: judgement)
          let result = Result(evaluator)
          let next = evaluator.nextChange
          #expect(next > now)
          stage = max(0, evaluator.ruleStage)
          for edge in edges where now < edge && edge < next {
            evaluator.evaluate(record, at: edge, currentStage: stage, judgement: judgement)
            if Result(evaluator) != result {
              Issue.record("changed at \(edge), announced for \(next), asked at \(now)")
            }
          }
          if next == Int64.max { break }
          now = next
        }
      }
    }
  }

  /// Every instant at which anything could change, and those beside it; far beyond the last fact too.
  private func edges(_ document: RuleDocument, _ lead: FoundLead, _ judgement: Judgement) -> [Int64] {
    var starts: Set<Int64> = [lead.createdAt]
    for finding in lead.found.values {
      switch finding {
      case .instants(let instants): starts.formUnion(instants)
      case .timeline(let timeline): starts.formUnion(timeline.toggles)
      case .dated(let events):
        for event in events { starts.formUnion([event.instant] + event.matches.toggles) }
      }
    }
    var edges = starts
    for rule in document.rules {
      var steps: [(Int64, Int64)] = []
      switch rule.clause {
      case .attributes: break
      case .every(let clause):
        if let within = clause.within { steps.append((within.milliseconds, 1)) }
        if let decay = clause.decay { steps.append((decay.every.milliseconds, 12)) }
      case .when(let clause): if let within = clause.within { steps.append((within.milliseconds, 1)) }
      case .silence(let clause): steps.append((clause.span.milliseconds, clause.repeatCount))
      }
      for (length, count) in steps {
        for start in starts { edges.formUnion((1...count).map { start + $0 * length }) }
      }
    }
    for adjustment in judgement.adjustments { edges.formUnion([adjustment.from, adjustment.until ?? 0]) }
    for track in judgement.fastTracks { edges.formUnion([track.from, track.until ?? 0]) }
    return edges.flatMap { [$0 - 1, $0, $0 + 1] } + [400 * day]
  }

  @Test("evaluating twice gives the same, whatever was evaluated in between")
  func repeatable() throws {
    var random = SeededRandom(seed: 71)
    let document = random.document(isDated: true)
    let rules = CompiledRules(document)
    let evaluator = try #require(LeadEvaluator(rules: rules, pack: rules.signals))
    let leads = (0..<50).map { _ in random.lead(for: rules.signals).record(pack: rules.signals) }
    func all(_ order: [Int]) -> [Int: Result] {
      var results: [Int: Result] = [:]
      for index in order {
        evaluator.evaluate(leads[index], at: 20 * day, currentStage: 1)
        results[index] = Result(evaluator)
      }
      return results
    }
    #expect(all(Array(leads.indices)) == all(leads.indices.shuffled(using: &random)))
  }

  @Test("worked examples of each clause")
  func examples() throws {
    let filter = EventFilter(types: ["view"])
    let one = try #require(TimeSpan("1d"))
    let two = try #require(TimeSpan("2d"))
    let three = try #require(TimeSpan("3d"))
    let halving = Decay(percent: 50, every: try #require(TimeSpan("36h")))
    let clauses: [(Rule.Clause, Int64)] = [
      (.every(EveryClause(filter: filter)), 3000),
      (.every(EveryClause(filter: filter, oncePer: .day)), 2000),
      (.every(EveryClause(filter: filter, within: two)), 1000),
      (.every(EveryClause(filter: filter, limit: 1)), 1000),
      (.every(EveryClause(filter: filter, decay: halving)), 1500),
      (.every(EveryClause(filter: filter, decay: Decay(percent: 30, every: two, isLinear: true))), 2400),
      (.when(WhenClause(filter: filter, within: three, atLeast: 2)), 1000),
      (.when(WhenClause(filter: filter, within: two, atLeast: 2)), 0),
      (.silence(SilenceClause(filter: filter, span: one, repeatCount: 2)), 1000),
    ]
    // The last view was a day and a half before now; the others were exactly two days before, and an hour earlier.
    let now = 10 * day + 13 * hour
    let events = [now - 2 * day - hour, now - 2 * day, now - 36 * hour]
    for (clause, points) in clauses {
      let rule = Rule(id: "r", points: Points(hundredths: 1000), clause: clause)
      let rules = CompiledRules(RuleDocument(rules: [rule]))
      let evaluator = try #require(LeadEvaluator(rules: rules, pack: rules.signals))
      let lead = FoundLead(createdAt: 0, found: [rules.signals[0]: .instants(events)])
      evaluator.evaluate(lead.record(pack: rules.signals), at: now, currentStage: 0)
      #expect(evaluator.score == points, "\(clause)")
    }
  }

  @Test("many rules over events, of which some have any of late", arguments: [1, 63, 64, 65, 127, 128, 200])
  func many(_ count: Int) throws {
    var random = SeededRandom(seed: UInt64(count))
    let spans: [TimeSpan?] = [TimeSpan("1d"), TimeSpan("3d"), TimeSpan("9d"), nil]
    let list = (0..<count).map { index in
      let clause = EveryClause(
        filter: EventFilter(types: ["view\(index)"]), within: spans.randomElement(using: &random) ?? nil)
      return Rule(id: "r\(index)", points: Points(hundredths: Int64(index + 1)), clause: .every(clause))
    }
    let document = RuleDocument(rules: list)
    let rules = CompiledRules(document)
    let evaluator = try #require(LeadEvaluator(rules: rules, pack: rules.signals))
    // One after the other, so that what one lead was given is not left for the next.
    for _ in 0..<20 {
      var found: [SignalDefinition: FoundLead.Finding] = [:]
      for signal in rules.signals {
        let times = random.chance(50) ? [] : (0..<Int.random(in: 1...4, using: &random)).map { _ in random.instant() }
        found[signal] = .instants(times.sorted())
      }
      let lead = FoundLead(createdAt: 0, found: found)
      let now = random.instant()
      evaluator.evaluate(lead.record(pack: rules.signals), at: now, currentStage: 0)
      let expected = PlainScore(document, lead, at: now)
      #expect(evaluator.rulePoints == expected.rules)
      #expect(evaluator.score == expected.score)
    }
  }

  @Test("ages are divided by spans without a rest", arguments: 0..<4 as Range<UInt64>)
  func quotients(_ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let longest = Int64(1) << 56
    for _ in 0..<2000 {
      let span = Int64.random(in: 1...(Int64(1) << Int64.random(in: 1...62, using: &random)), using: &random)
      let times = Int64.random(in: 0...(longest / span), using: &random)
      let inverse = UInt64.max / UInt64(span)
      for age in [times * span, times * span - 1, times * span + 1, Int64.random(in: 0...longest, using: &random)]
      where age >= 0 {
        #expect(RuleArithmetic.quotient(age, span, inverse) == age / span, "\(age) / \(span)")
      }
    }
  }

  @Test("buckets are UTC hours, days and ISO weeks, before 1970 too")
  func buckets() throws {
    func number(_ bucket: OncePer, _ text: String) throws -> Int64 {
      bucket.number(of: try #require(Instant(text)).milliseconds)
    }
    let sundayNight = "2026-11-22 23:59:59.999"
    let monday = "2026-11-23"
    #expect(try number(.week, "2026-11-16") == number(.week, sundayNight))
    #expect(try number(.week, monday) == number(.week, sundayNight) + 1)
    #expect(try number(.day, monday) == number(.day, sundayNight) + 1)
    #expect(try number(.hour, monday) == number(.hour, sundayNight) + 1)
    #expect(try number(.hour, "2026-11-22 23:00") == number(.hour, sundayNight))
    // The week of the year's end is one week.
    #expect(try number(.week, "2026-12-28") == number(.week, "2027-01-03 23:59"))
    for bucket in OncePer.allCases {
      #expect(try number(bucket, "1969-12-29") != number(bucket, "1969-12-28 23:59:59.999"))
    }
    #expect(try number(.day, "1969-12-31") == number(.day, "1969-12-31 23:59:59.999"))
  }
}
