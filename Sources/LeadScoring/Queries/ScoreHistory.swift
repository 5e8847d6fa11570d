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

  /// The last row at or before an instant of the history of whoever stood for a key then: the score as it was. Nil where
  /// there was none.
  ///
  /// - Returns: the row, the key of the lead that has it, and whether that is another than the key's own.
  public func historyRow(
    key: String, model name: String, at instant: Int64
  ) throws -> (row: HistoryRow, key: String, isMerged: Bool)? {
    let model = try modelRow(name).id
    let current = try leadRow(key)
    let own = try database.leads.row(key: LeadKey.folded(key)) ?? current
    let root = try database.merges.root(of: own.id, at: instant)
    let then = try root == current.id ? current : database.leads.row(id: root) ?? own
    return try database.history.row(model: model, lead: then.id, at: instant).map { ($0, then.key, then.id != own.id) }
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
