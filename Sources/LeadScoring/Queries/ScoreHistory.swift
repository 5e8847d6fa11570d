public import LeadStore
internal import ScoreEngine

extension ScoringSession {
  /// Calls `body` for each row of a model's history that a filter lets through, with the lead's key: in the order of
  /// recording for one lead, of the instants for all.
  ///
  /// - Parameter key: the lead; nil for all.
  /// - Throws: ``ScoringError/unknownLead(_:similar:)``, `DatabaseError`, what `body` throws.
  public func forEachHistoryRow(
    key: String?, model name: String, filter: HistoryFilter, limit: Int? = nil,
    _ body: (HistoryRow, String) throws -> Void
  ) throws {
    var filter = filter
    let model = try modelRow(name)
    if let key { filter.lead = try leadRow(key).id }
    try database.history.forEach(model: model.id, filter: filter, limit: limit ?? -1, body)
  }

  /// The last row of a lead's history at or before an instant: the score as it stood then; nil where there was none.
  public func historyRow(key: String, model name: String, at instant: Int64) throws -> HistoryRow? {
    try database.history.row(model: modelRow(name).id, lead: leadRow(key).id, at: instant)
  }
}

extension ScoringSession {
  /// The stages of a model's active rules that are entered at a score, with that score in hundredths.
  public func stageThresholds(model: String) throws -> [(stage: String, score: Int64)] {
    try activeModel(model).rules.document.stages.compactMap { stage in
      stage.enter?[RuleDocument.rootGroup].map { (stage.id, $0.hundredths) }
    }
  }
}
