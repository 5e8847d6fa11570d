internal import LeadStore
internal import ScoreEngine

/// One lead under the active rules and under others, as of one instant.
struct LeadComparison {
  /// A lead's standing under some rules. Points are hundredths, by position in the rules.
  struct Standing {
    var score: Int64
    var stage: String?
    var ruleStage: String?
    var grade: String?
    var groups: [Int64]
    var rules: [Int64]
    /// When anything may change next with time alone.
    var nextChange: Int64?
  }

  var lead: Int64
  var before: Standing
  var after: Standing
  /// A hash of what the other rules see of the lead's facts.
  var facts: UInt64

  /// A hash of the lead's standing under the other rules.
  var result: UInt64 { FixedHash.result(score: after.score, stage: after.stage, grade: after.grade) }

  var isChanged: Bool {
    before.score != after.score || before.stage != after.stage || before.grade != after.grade
  }
}

/// A 64-bit hash that is the same in every process (FNV-1a, finished as in MurmurHash3).
struct FixedHash {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func combine(_ value: Int64) {
    var rest = UInt64(bitPattern: value)
    for _ in 0..<8 {
      state = (state ^ (rest & 0xFF)) &* 0x0000_0100_0000_01B3
      rest >>= 8
    }
  }

  mutating func combine(_ text: String?) {
    guard let text else {
      combine(-1)
      return
    }
    combine(Int64(text.utf8.count))
    for byte in text.utf8 { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
  }

  /// The hash; never 0, which stands for none.
  var value: UInt64 {
    var mixed = state
    mixed ^= mixed >> 33
    mixed = mixed &* 0xFF51_AFD7_ED55_8CCD
    mixed ^= mixed >> 33
    return mixed == 0 ? 1 : mixed
  }

  static func result(score: Int64, stage: String?, grade: String?) -> UInt64 {
    var hash = FixedHash()
    hash.combine(score)
    hash.combine(stage)
    hash.combine(grade)
    return hash.value
  }

  /// What some rules see of a lead: its creation, the findings of the signals they ask for, what people said.
  static func facts(_ record: SignalRecord, slots: [Int], _ judgement: Judgement) -> UInt64 {
    var hash = FixedHash()
    hash.combine(record.createdAt)
    for slot in slots {
      let values = record.slot(slot)
      hash.combine(Int64(values.count) << 1 | (record.timeline(slot).initial ? 1 : 0))
      for value in values { hash.combine(value) }
    }
    for adjustment in judgement.adjustments {
      hash.combine(adjustment.points)
      hash.combine(adjustment.from)
      hash.combine(adjustment.until ?? Int64.max)
    }
    for track in judgement.fastTracks {
      hash.combine(track.stage)
      hash.combine(track.from)
      hash.combine(track.until ?? Int64.max)
    }
    return hash.value
  }
}

extension ScoringSession {
  /// Evaluates every lead of a model as of an instant under its active rules and under others, and stores nothing.
  ///
  /// Signals that the active rules ask for are not looked for again: where the others ask nothing new, no event is read.
  ///
  /// - Complexity: O(leads), and O(events) where the others ask what no active version asks.
  func compare(
    _ model: ActiveModel, with other: CompiledRules, asOf: Int64, leads: ClosedRange<Int64> = 1...Int64.max,
    _ body: (LeadComparison) throws -> Void
  ) throws {
    let known = Set(pack.definitions)
    let missing = other.signals.filter { !known.contains($0) }
    let definitions = pack.definitions + missing
    let extended = SignalPack(id: 0, definitions: definitions)
    guard let before = LeadEvaluator(rules: model.rules, pack: definitions),
      let after = LeadEvaluator(rules: other, pack: definitions)
    else { return }
    var positions: [SignalDefinition: Int] = [:]
    for (slot, definition) in definitions.enumerated() { positions[definition] = slot }
    let slots = other.signals.compactMap { positions[$0] }
    let asksJudgement = try !database.judgements.isEmpty()

    func evaluate(_ lead: Int64, _ record: SignalRecord, _ row: ScoreRow) throws {
      let judgement = try asksJudgement ? self.judgement(model: model, lead: lead) : .none
      // First to the instant under the active rules, as the clock would do it.
      var stage = before.position(ofStage: row.ruleStage)
      var due = row.nextChangeAt
      while let instant = due, instant <= asOf {
        before.evaluate(record, at: instant, currentStage: stage, judgement: judgement)
        stage = max(before.ruleStage, 0)
        due = before.nextChange == Int64.max ? nil : before.nextChange
      }
      before.evaluate(record, at: asOf, currentStage: stage, judgement: judgement)
      after.evaluate(
        record, at: asOf, currentStage: after.position(ofStage: before.ruleStageName), judgement: judgement)
      try body(
        LeadComparison(
          lead: lead, before: before.standing, after: after.standing,
          facts: FixedHash.facts(record, slots: slots, judgement)))
    }

    if missing.isEmpty {
      try forEachScoredRecord(model, leads) { lead, record, row in try evaluate(lead, record, row) }
      return
    }
    let partial = SignalFinder(pack: SignalPack(id: 0, definitions: missing), dictionary: dictionary)
    var stored = SignalRecord(kinds: pack.kinds)
    var record = SignalRecord(kinds: extended.kinds)
    try forEachRebuiltRecord(partial, leads: leads) { lead, found in
      guard let row = try database.scores.row(model: model.row.id, lead: lead.id) else { return }
      guard try unpack(lead: lead.id, into: &stored) else {
        throw StoreError.damaged("the signal state of lead '\(lead.key)'; run `leadscore score --all`")
      }
      record.reset(createdAt: stored.createdAt)
      for slot in pack.definitions.indices { record.append(slot: slot, of: stored) }
      for slot in missing.indices { record.append(slot: slot, of: found) }
      try evaluate(lead.id, record, row)
    }
  }

  /// Calls `body` with each lead's stored record and score, in order, a block of leads at a time.
  private func forEachScoredRecord(
    _ model: ActiveModel, _ leads: ClosedRange<Int64>, _ body: (Int64, SignalRecord, ScoreRow) throws -> Void
  ) throws {
    var record = SignalRecord(kinds: pack.kinds)
    let greatest = try min(database.leads.greatestID(), leads.upperBound)
    var first = leads.lowerBound
    while first <= greatest {
      let last = min(first + PlanTable.blockSize - 1, greatest)
      var rows: [ScoreRow] = []
      try database.scores.forEach(model: model.row.id, leads: first...last) { rows.append($0) }
      var next = 0
      try database.signals.forEachState(pack: pack.id, leads: first...last) { lead, bytes in
        guard record.unpack(bytes) else { throw StoreError.damaged("the signal state of lead \(lead)") }
        while next < rows.count, rows[next].lead < lead { next += 1 }
        guard next < rows.count, rows[next].lead == lead else { return }
        try body(lead, record, rows[next])
      }
      first = last + 1
    }
  }
}

extension LeadEvaluator {
  /// The last evaluation's result.
  var standing: LeadComparison.Standing {
    LeadComparison.Standing(
      score: score, stage: stage, ruleStage: ruleStageName, grade: grade, groups: groupScores, rules: rulePoints,
      nextChange: nextChange == Int64.max ? nil : nextChange)
  }
}
