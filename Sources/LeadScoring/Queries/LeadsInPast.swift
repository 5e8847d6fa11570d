internal import LeadStore
internal import ScoreEngine

extension ScoringSession {
  /// Calls `body` for each lead of a model that a query asks for, as it stood at an instant by history: score, stage and
  /// grade. Leads that had no score yet are left out; attributes are as they are now. History keeps no groups and no
  /// rules, nor what was to change next; `scoredAt` is when the standing came about.
  ///
  /// - Throws: ``ScoringError``, `DatabaseError`, what `body` throws.
  /// - Complexity: O(rows of history up to the instant).
  public func forEachLead(
    _ query: LeadQuery, model name: String, at instant: Int64, _ body: (ScoredLead) throws -> Void
  ) throws {
    let model = try modelRow(name)
    let conditions = query.attributes.map { CompiledCondition(.field($0.name, [.equals(.text($0.text))])) }
    var filter = StandingFilter()
    filter.stages = query.stages
    filter.minimumScore = query.minimumScore
    filter.grade = query.grade
    filter.order = query.sort.compactMap { sort in sort.field.standing.map { ($0, sort.descending) } }
    filter.limit = conditions.isEmpty ? query.limit : nil
    var left = query.limit ?? Int.max
    let judgements = try JudgementsInForce(database, model: model.id)
    do {
      try database.history.forEachStanding(model: model.id, at: instant, filter: filter) { row in
        let attributes = AttributeSet(json: row.attributes)
        guard conditions.allSatisfy({ $0.holds(at: Instant(milliseconds: 0)) { attributes[$0] } }) else { return }
        if left == 0 { throw EnoughLeads() }
        left -= 1
        try body(
          ScoredLead(
            key: row.key, score: row.score, stage: row.stage, grade: row.grade, groups: [], rules: [],
            version: row.version, scoredAt: row.since, nextChangeAt: nil, enteredStageAt: row.enteredStageAt,
            fastTrack: judgements.fastTrack(ofLead: row.lead, at: instant),
            createdAt: row.createdAt, attributes: attributes))
      }
    } catch is EnoughLeads {}
  }

  /// The stages of all versions of a model's rules, those of the newest version first, then `disqualified`.
  public func stageNamesOfAllVersions(model name: String) throws -> [String] {
    var known: [String] = []
    for version in try database.models.versions(model: modelRow(name).id).reversed() {
      for id in try ScoringSession.document(of: version).stages.map(\.id) where !known.contains(id) { known.append(id) }
    }
    return known + [RuleDocument.disqualifiedStage]
  }
}

/// Ends a loop over rows early.
private struct EnoughLeads: Error {}

extension LeadQuery.SortField {
  /// Nil for what history does not have.
  fileprivate var standing: StandingFilter.Column? {
    switch self {
    case .score: .score
    case .key: .key
    case .stage: .stage
    case .grade: .grade
    case .createdAt: .createdAt
    case .scoredAt: .since
    case .enteredStageAt: .enteredStageAt
    case .nextChangeAt: nil
    }
  }
}
