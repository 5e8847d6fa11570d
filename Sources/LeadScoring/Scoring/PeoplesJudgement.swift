public import LeadStore
internal import ScoreEngine

extension ScoringSession {
  /// Shows a lead in a stage that a person names, whatever the rules say, in the place of an earlier fast-track.
  ///
  /// - Parameters:
  ///   - until: when it ends, in milliseconds since 1970; nil for not by itself.
  ///   - asOf: from when it holds.
  /// - Throws: ``ScoringError``, `DatabaseError`.
  @discardableResult
  public func setFastTrack(
    _ key: String, stage: String, until: Int64?, by person: String, reason: String, model name: String, asOf: Int64
  ) throws -> Int64 {
    try checkNamed(person, reason)
    if let until, until <= asOf { throw ScoringError.badPeriod(from: asOf, until: until) }
    return try judging(key, model: name, asOf: asOf) { model, lead in
      try checkStage(stage, model: name)
      _ = try database.judgements.liftFastTracks(model: model, lead: lead, at: asOf, by: person)
      let id = try database.judgements.addFastTrack(
        model: model, lead: lead, stage: stage, from: asOf, until: until, person: person, reason: reason,
        recordedAt: clock())
      try database.noteStage(ofFastTrack: id, model: model, lead: lead)
      return (id, "\(id) by \(person)")
    }
  }

  /// Ends a lead's fast-track; false where it has none.
  public func liftFastTrack(_ key: String, by person: String?, model name: String, asOf: Int64) throws -> Bool {
    try judging(key, model: name, asOf: asOf) { model, lead in
      let lifted = try database.judgements.liftFastTracks(model: model, lead: lead, at: asOf, by: person)
      return (lifted > 0, "lifted" + (person.map { " by \($0)" } ?? ""))
    }
  }

  /// Gives a lead points, or takes some, under all models.
  ///
  /// - Parameters:
  ///   - points: hundredths.
  ///   - from: when they begin to count, in milliseconds since 1970.
  ///   - until: when they end; nil for never.
  @discardableResult
  public func addAdjustment(
    _ key: String, points: Int64, from: Int64, until: Int64?, by person: String, reason: String, asOf: Int64
  ) throws -> Int64 {
    try checkNamed(person, reason)
    if let until, until <= from { throw ScoringError.badPeriod(from: from, until: until) }
    return try judging(key, model: nil, asOf: asOf) { _, lead in
      let id = try database.judgements.addAdjustment(
        lead: lead, points: points, from: from, until: until, person: person, reason: reason, recordedAt: clock())
      try database.noteStages(ofAdjustment: id, lead: lead)
      return (id, "adjustment \(id) by \(person)")
    }
  }

  /// Ends an adjustment; false where it has ended already.
  ///
  /// - Throws: ``ScoringError/unknownAdjustment(_:)``
  public func liftAdjustment(_ id: Int64, by person: String?, asOf: Int64) throws -> Bool {
    guard let row = try database.judgements.adjustment(id) else { throw ScoringError.unknownAdjustment(id) }
    return try judging(leadID: database.merges.root(of: row.lead), model: nil, asOf: asOf) { _, _ in
      let isLifted = try database.judgements.liftAdjustment(id, at: asOf, by: person)
      return (isLifted, "adjustment \(id) lifted" + (person.map { " by \($0)" } ?? ""))
    }
  }

  /// All fast-tracks of a model with their leads' keys, ended ones too.
  public func fastTracks(model name: String) throws -> [(key: String, row: FastTrackRow)] {
    try database.judgements.fastTracks(model: modelRow(name).id).map { (try key(ofLead: $0.lead), $0) }
  }

  /// All adjustments with their leads' keys, ended ones too.
  public func adjustments() throws -> [(key: String, row: AdjustmentRow)] {
    try database.judgements.adjustments().map { (try key(ofLead: $0.lead), $0) }
  }

  private func checkNamed(_ person: String, _ reason: String) throws {
    guard !NormalizedText.trimmed(person).isEmpty, !NormalizedText.trimmed(reason).isEmpty else {
      throw ScoringError.emptyJudgement
    }
  }

  private func key(ofLead id: Int64) throws -> String { try database.leads.row(id: id)?.key ?? "" }

  private func judging<Result>(
    _ key: String, model: String?, asOf: Int64,
    _ body: (_ model: Int64, _ lead: Int64) throws -> (Result, reference: String)
  ) throws -> Result {
    try judging(leadID: leadRow(key).id, model: model, asOf: asOf, body)
  }

  /// Brings a lead to an instant, lets `body` record what a person says, and evaluates the lead again: one transaction.
  ///
  /// - Parameter body: returns what is returned and what the rows of history are to refer to.
  private func judging<Result>(
    leadID lead: Int64, model name: String?, asOf: Int64,
    _ body: (_ model: Int64, _ lead: Int64) throws -> (Result, reference: String)
  ) throws -> Result {
    try write {
      try checkClock(asOf)
      let chosen = try name.map { [try activeModel($0)] } ?? models
      _ = try advanceDueLeads(to: asOf)
      let (result, reference) = try body(chosen.first?.row.id ?? 0, lead)
      // Asked for after the change: the scorer notes whether any judgement exists at all.
      let scorer = try LeadScorer(self, reference: reference)
      var record = SignalRecord(kinds: pack.kinds)
      guard try unpack(lead: lead, into: &record) else { throw StoreError.damaged("the signal state of lead \(lead)") }
      for model in chosen {
        let row = try database.scores.row(model: model.row.id, lead: lead)
        try scorer.evaluate(model, lead: lead, row: row, record: record, at: asOf, cause: .fastTrack)
        try database.models.setEvaluated(model.row.id, at: asOf)
      }
      return result
    }
  }
}
