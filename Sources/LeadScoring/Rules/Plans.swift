public import LeadStore

extension ScoringSession {
  /// The plans of a model, the oldest first.
  public func plans(model name: String) throws -> [PlanRow] { try database.plans.all(model: modelRow(name).id) }

  /// A plan of a model.
  ///
  /// - Throws: ``ScoringError/unknownPlan(_:)``
  public func plan(_ id: Int64, model name: String) throws -> PlanRow {
    guard let row = try database.plans.plan(id), row.model == (try modelRow(name).id) else {
      throw ScoringError.unknownPlan(id)
    }
    return row
  }

  /// Removes a plan. What was applied by it stays applied.
  ///
  /// - Throws: ``ScoringError/unknownPlan(_:)``
  public func dropPlan(_ id: Int64, model name: String) throws {
    try write {
      _ = try plan(id, model: name)
      _ = try database.plans.remove(id)
    }
  }

  /// The number of a version of a model by its row.
  public func versionNumber(row id: Int64, model name: String) throws -> Int? {
    try database.models.versions(model: modelRow(name).id).first { $0.id == id }?.number
  }

  /// The number of the version with a document's digest; nil where there is none.
  public func versionNumber(digest: String, model name: String) throws -> Int? {
    try database.models.version(model: modelRow(name).id, digest: digest)?.number
  }
}
