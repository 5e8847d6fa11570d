/// Which stored scores are asked for, and in which order.
public struct ScoreFilter: Sendable {
  /// What scores can be put in order by.
  public enum Column: String, Sendable {
    case key = "lead.key"
    case score = "listed.score"
    case stage = "listed.stage"
    case grade = "listed.grade"
    case createdAt = "lead.created_at"
    case scoredAt = "listed.scored_at"
    case nextChangeAt = "listed.next_change_at"
    case enteredStageAt = "listed.entered_stage_at"
  }

  /// Any of these stages; empty for all.
  public var stages: [String] = []
  /// Hundredths.
  public var minimumScore: Int64?
  public var grade: String?
  public var order: [(column: Column, descending: Bool)] = []
  public var limit: Int?

  /// All scores, by key.
  public init() {}
}

/// A lead and its stored score.
public struct ListedScore: Sendable {
  public var score: ScoreRow
  /// The key as it was first given.
  public var key: String
  public var createdAt: Int64
}

extension LeadDatabase {
  /// Calls `body` for each stored score of a model that a filter lets through, with the lead's attributes, a JSON object.
  ///
  /// - Complexity: O(leads), and a temporary table of those that are let through, or of the highest scores alone where no
  ///   more are asked for.
  public func forEachScore(
    model: Int64, _ filter: ScoreFilter,
    _ body: (ListedScore, _ attributes: UnsafeBufferPointer<UInt8>) throws -> Void
  ) throws {
    defer { try? connection.execute("DROP TABLE IF EXISTS temp.listed") }
    try list(model: model, filter)
    let order = filter.order.map { "\($0.column.rawValue)\($0.descending ? " DESC" : "")" } + ["lead.key"]
    try connection.forEachRow(
      """
      SELECT listed.lead_id, version, score, stage, rule_stage, entered_stage_at, grade, groups, rules, scored_at,
        next_change_at, coalesce(lead.key_as_given, lead.key), lead.created_at, lead.attributes
      FROM temp.listed JOIN lead ON lead.id = listed.lead_id
      ORDER BY \(order.joined(separator: ", ")) LIMIT ?1
      """, [filter.limit ?? -1]
    ) { row in
      let listed = ListedScore(
        score: ScoreRow(
          model: model, lead: row.integer(0), version: Int(row.integer(1)), score: row.integer(2),
          stage: row.optionalText(3), ruleStage: row.optionalText(4), enteredStageAt: row.integer(5),
          grade: row.optionalText(6), groups: row.text(7), rules: row.text(8), scoredAt: row.integer(9),
          nextChangeAt: row.optionalInteger(10)),
        key: row.text(11), createdAt: row.integer(12))
      try row.withBytes(13) { try body(listed, $0) }
    }
  }

  /// Puts what a filter lets through into a temporary table.
  private func list(model: Int64, _ filter: ScoreFilter) throws {
    var texts = TextNumbers()
    let stages = Set(filter.stages.map { texts.number($0) })
    let grade = filter.grade.map { texts.number($0) }
    var least = filter.minimumScore ?? Int64.min
    func forEachAdmitted(_ body: (ScoreLine) throws -> Void) throws {
      try scores.forEachLine(model: model) { line in
        guard line.score >= least else { return }
        if !stages.isEmpty, !stages.contains(try texts.number(json: line.stage)) { return }
        if let grade, try texts.number(json: line.grade) != grade { return }
        try body(line)
      }
    }
    // Of the highest scores alone no more need be put in order than there are, and those that equal the last of them.
    if let limit = filter.limit, limit > 0, let first = filter.order.first, first == (.score, true) {
      var scores: [Int64] = []
      try forEachAdmitted { scores.append($0.score) }
      scores.sort(by: >)
      if scores.count > limit { least = scores[limit - 1] }
    }
    try connection.execute(
      """
      CREATE TEMP TABLE listed (lead_id INTEGER PRIMARY KEY, version, score, stage, rule_stage, entered_stage_at, grade,
        groups, rules, scored_at, next_change_at)
      """)
    let insert = try connection.prepare("INSERT INTO temp.listed VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")
    try forEachAdmitted { line in
      guard let state = line.state else { throw ScoreLines.damaged }
      try insert.bind(1, line.lead)
      try insert.bind(2, line.version)
      try insert.bind(3, line.score)
      try insert.bind(4, state.stage)
      try insert.bind(5, state.ruleStage)
      try insert.bind(6, state.enteredStageAt)
      try insert.bind(7, state.grade)
      try insert.bindText(8, UnsafeRawBufferPointer(line.groups))
      try insert.bindText(9, UnsafeRawBufferPointer(line.rules))
      try insert.bind(10, state.scoredAt)
      try insert.bind(11, state.nextChangeAt)
      try insert.run()
    }
  }
}
