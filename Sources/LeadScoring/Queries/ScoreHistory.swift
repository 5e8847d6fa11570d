public import LeadStore
public import ScoreEngine

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
  /// The rules of a version of a model, or its active ones.
  ///
  /// - Throws: ``ScoringError/unknownVersion(_:model:greatest:)``
  public func rules(version number: Int?, model name: String) throws -> RuleDocument {
    guard let number else { return try activeModel(name).rules.document }
    return try version(number, model: name).document
  }
}
