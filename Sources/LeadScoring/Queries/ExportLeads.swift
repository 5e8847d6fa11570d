internal import LeadStore
internal import ScoreEngine

extension ScoringSession {
  /// The hand-off stages of a model's active rules.
  ///
  /// - Throws: ``ScoringError/noHandoffStage(model:)`` where there is none.
  public func handoffStages(model name: String) throws -> [String] {
    let stages = try activeModel(name).rules.document.stages.filter(\.isHandoff).map(\.id)
    guard !stages.isEmpty else { throw ScoringError.noHandoffStage(model: name) }
    return stages
  }

  /// The names of all attributes, in the order in which they were first seen.
  public func attributeNames() throws -> [String] { try database.leads.attributeNames() }
}
