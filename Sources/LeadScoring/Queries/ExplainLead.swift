internal import LeadStore
internal import ScoreEngine

extension ScoringSession {
  /// Explains a lead's score as of any instant from its facts, under the rules that were active then or under another
  /// version. Nothing needs to be up to date, and nothing is stored.
  ///
  /// For the past, events after the instant do not exist and adjustments and fast-tracks hold at their own times;
  /// attributes are as they are now. The stage that the lead had before is taken from history, or where a version is
  /// asked for, worked out under it from the lead's creation on. Otherwise the lead's stage is carried over to the
  /// version as applying it would do.
  ///
  /// - Parameters:
  ///   - asOf: `T`, in milliseconds since 1970.
  ///   - number: a version of the model's rules; nil for the one that was active at `T`, or before the first of them
  ///     that one.
  /// - Throws: ``ScoringError/unknownLead(_:similar:)``, ``ScoringError/unknownVersion(_:model:greatest:)``,
  ///   `DatabaseError`.
  /// - Complexity: O(the lead's events × rules), and for the past its changes of score.
  public func explain(
    _ key: String, model name: String, asOf: Int64, version number: Int? = nil
  ) throws -> Explanation {
    let model = try activeModel(name)
    let lead = try leadRow(key)
    guard let stored = try database.scores.row(model: model.row.id, lead: lead.id) else {
      throw StoreError.damaged("the score of lead '\(key)'; run `leadscore score --all`")
    }
    let replay = try LeadReplay(self, model: model.row, lead: lead)
    let activations = try database.models.activations(model: model.row.id)
    let isPast = asOf < stored.scoredAt || activations.last.map { asOf < $0.asOf } ?? false
    let active = activations.last { $0.asOf <= asOf }?.version
    let chosen = number ?? (isPast ? active ?? activations.first?.version : nil) ?? model.version.number
    let scored = try replay.scored(chosen)
    let (scorer, record) = scored
    let evaluator = scorer.evaluator

    var reconstructed: (rules: String?, shown: String?) = (nil, nil)
    if number != nil {
      reconstructed.rules = replay.stageIfAlways(scored, at: asOf)
      evaluator.evaluate(
        record, at: asOf, currentStage: evaluator.position(ofStage: reconstructed.rules), judgement: replay.judgement)
      reconstructed.shown = evaluator.stage
    }
    let basis: (stage: String?, kind: Explanation.StageBasis)
    if !isPast {
      let stage = try replay.currentStage(stored, at: asOf)
      basis = (stage, chosen == stored.version ? .current : .carriedOver)
    } else if number != nil {
      basis = (reconstructed.rules, .reconstructed)
    } else {
      let history = try replay.stageInHistory(at: asOf)
      basis =
        history.isRecorded ? (history.stage, .history) : (replay.stageIfAlways(scored, at: asOf), .reconstructed)
    }
    let current = evaluator.position(ofStage: basis.stage)
    evaluator.evaluate(record, at: asOf, currentStage: current, judgement: replay.judgement)

    let row = isPast && number == nil ? try database.history.row(model: model.row.id, lead: lead.id, at: asOf) : nil
    let builder = ExplanationBuilder(
      session: self, replay: replay, scored: scored, asOf: asOf, isPast: isPast,
      attributes: AttributeSet(json: lead.attributes))
    var explanation = try builder.explanation(currentStage: current)
    explanation.isActive = chosen == active
    explanation.stageBasis = basis.kind
    explanation.reconstructedStage = reconstructed.shown
    explanation.recorded = row.map {
      Explanation.Recorded(
        score: $0.after, stage: $0.stageAfter, grade: $0.gradeAfter, version: $0.version, since: $0.at)
    }
    return explanation
  }
}

extension LeadReplay {
  /// The stage that the active rules give at an instant not before the lead's last evaluation, which may not have been
  /// brought to it.
  func currentStage(_ stored: ScoreRow, at instant: Int64) throws -> String? {
    guard let due = stored.nextChangeAt, due <= instant else { return stored.ruleStage }
    let (scorer, record) = try scored(stored.version)
    return scorer.stage(of: record, judgement, from: due, through: instant, stage: stored.ruleStage)
  }
}

/// Puts an explanation together from one evaluation, which the evaluator still holds.
private struct ExplanationBuilder {
  let session: ScoringSession
  let replay: LeadReplay
  let scored: LeadReplay.Scored
  let asOf: Int64
  let isPast: Bool
  let attributes: AttributeSet

  private var rules: CompiledRules { scored.scorer.rules }
  private var document: RuleDocument { rules.document }
  private var evaluator: LeadEvaluator { scored.scorer.evaluator }

  func explanation(currentStage: Int) throws -> Explanation {
    let parts = try ruleParts()
    let adjustment = evaluator.rulePoints.last ?? 0
    let scores = Dictionary(uniqueKeysWithValues: zip(rules.groupNames, evaluator.groupScores))
    let total = evaluator.score
    let (groups, unclamped) = Explanation.groups(rules, parts, adjustment, scores)
    let stages = stageParts(currentStage) { $0 == RuleDocument.rootGroup ? total : scores[$0] ?? 0 }
    let (stage, grade, ruleStage) = (evaluator.stage, evaluator.grade, evaluator.ruleStageName)
    let asOf = self.asOf
    func holds(_ from: Int64, _ until: Int64?) -> Bool { from <= asOf && (until.map { asOf < $0 } ?? true) }
    return Explanation(
      key: replay.lead.key, createdAt: replay.lead.createdAt, asOf: asOf, isPast: isPast,
      version: scored.scorer.version.number, isActive: false, score: total, stage: stage, grade: grade, rules: parts,
      adjustment: adjustment, adjustments: replay.adjustments.filter { holds($0.from, $0.until) }, groups: groups,
      unclamped: unclamped, scoreLimits: document.scoreLimits,
      deductions: document.scoreLimits.deductions(from: unclamped, to: total), stages: stages, ruleStage: ruleStage,
      currentStage: currentStage >= 0 ? rules.stageNames[currentStage] : nil,
      stageBasis: .current, reconstructedStage: nil,
      disqualifications: document.disqualify.filter { self.holds($0.condition) }.map {
        Explanation.DisqualificationPart(id: $0.id, attributes: values(of: $0.condition))
      },
      fastTrack: replay.tracks.last { holds($0.from, $0.until) }, recorded: nil, next: nextChange())
  }

  private func holds(_ condition: Condition?) -> Bool {
    condition.map { CompiledCondition($0).holds(at: Instant(milliseconds: asOf)) { attributes[$0] } } ?? true
  }

  private func values(of condition: Condition?) -> [(name: String, value: Value?)] {
    (condition?.fieldNames ?? []).map { ($0, attributes[$0]) }
  }

  // MARK: Rules

  private func ruleParts() throws -> [Explanation.RulePart] {
    let events = try session.events(ofLead: replay.lead.id)
    let matching = try matchingEvents()
    return document.rules.map { rule in
      let isOpen = holds(rule.condition)
      let matches = rule.filter.map { matching[.events($0, ignore: document.ignore)] ?? [] } ?? []
      let ledger = RuleLedger(
        rule: rule, events: matches.map { events[$0].occurredAt }, createdAt: replay.lead.createdAt, at: asOf)
      let (full, deductions) = ledger.deductions(of: rule, at: asOf, isOpen: isOpen)
      return Explanation.RulePart(
        rule: rule, points: isOpen ? ledger.points : 0, fullPoints: full, deductions: deductions,
        conditionHolds: isOpen, attributes: values(of: rule.condition),
        properties: rule.filter?.condition.fieldNames ?? [],
        // In the past, what was to come did not exist yet.
        events: ledger.entries.filter { !isPast || $0.loss != .future }.map {
          Explanation.EventPart(
            event: events[matches[$0.event]], points: isOpen ? $0.points : 0, fullPoints: $0.fullPoints, loss: $0.loss)
        },
        silentSpans: ledger.silentSpans, silentSince: ledger.silentSince)
    }
  }

  /// The positions of the lead's events that each event signal finds, as of the instant and after it.
  private func matchingEvents() throws -> [SignalDefinition: [Int]] {
    var found: [SignalDefinition: [Int]] = [:]
    let matcher = EventMatcher(definitions: rules.signals)
    var position = 0
    try session.database.events.forEachEvent(leads: replay.lead.id...replay.lead.id) { _, instant, tail in
      let event = try session.decode(instant, tail)
      let literals = event.properties.members.map { ($0.name, $0.value) }
      guard let parts = EventTail(tail) else { throw StoreError.damaged("an event") }
      matcher.match(
        type: parts.type, properties: UnsafeBufferPointer(start: nil, count: 0), literals: literals,
        source: session.dictionary
      ) { match in
        switch match {
        case .always(let slot): found[rules.signals[slot], default: []].append(position)
        case .dated(let slot, let timeline):
          if instant > asOf || timeline.holds(at: asOf) {
            found[rules.signals[slot], default: []].append(position)
          }
        }
      }
      position += 1
    }
    return found
  }

  // MARK: Stages

  private func stageParts(_ current: Int, _ score: (String) -> Int64) -> [Explanation.StagePart] {
    document.stages.dropFirst().enumerated().map { index, stage in
      func minimums(_ map: [String: Points]?) -> [Explanation.Minimum] {
        (map ?? [:]).sorted { $0.key < $1.key }.map {
          Explanation.Minimum(group: $0.key, needed: $0.value.hundredths, has: score($0.key))
        }
      }
      let isOpen = holds(stage.condition)
      let enter = minimums(stage.enter)
      let keep = minimums(stage.keep ?? stage.enter)
      return Explanation.StagePart(
        id: stage.id, minimums: enter, keepMinimums: keep, conditionHolds: isOpen,
        attributes: values(of: stage.condition), enters: isOpen && enter.allSatisfy { $0.missing == 0 },
        keeps: isOpen && current > index && keep.allSatisfy { $0.missing == 0 })
    }
  }

  // MARK: What comes next

  /// The first instant after this one at which the score, the stage, the grade or a rule's points differ.
  private func nextChange() -> Explanation.NextChange? {
    let first = evaluator.nextChange
    guard first != Int64.max else { return nil }
    let before = (evaluator.score, evaluator.stage, evaluator.grade, evaluator.rulePoints)
    var found: Explanation.NextChange?
    // The evaluator may look early, never late; the bound is for rules that look at very many edges to no effect.
    var left = 100_000
    scored.scorer.walk(
      scored.record, replay.judgement, from: first, through: Int64.max, stage: evaluator.ruleStageName
    ) { instant in
      left -= 1
      guard before == (evaluator.score, evaluator.stage, evaluator.grade, evaluator.rulePoints) else {
        let rules = zip(rules.ruleNames, zip(before.3, evaluator.rulePoints)).filter { $0.1.0 != $0.1.1 }
        found = Explanation.NextChange(
          at: instant, isEvent: scored.record.eventInstants.contains(instant), score: evaluator.score,
          stage: evaluator.stage,
          grade: evaluator.grade, rules: rules.map { ($0.0, $0.1.0, $0.1.1) })
        return false
      }
      return left > 0
    }
    return found
  }
}

extension ScoringSession {
  func judgement(model: ActiveModel, lead: Int64) throws -> Judgement {
    Judgement(
      adjustments: try database.judgements.adjustments(lead: lead).map {
        Adjustment(points: $0.points, from: $0.from, until: $0.until)
      },
      fastTracks: try database.judgements.fastTracks(model: model.row.id, lead: lead).map {
        FastTrack(stage: $0.stage, from: $0.from, until: $0.until)
      })
  }
}
