/// Where a lead stood at an instant, as history tells it.
public struct Standing: Sendable {
  public var lead: Int64
  /// The key as it was first given.
  public var key: String
  /// Hundredths.
  public var score: Int64
  public var stage: String?
  public var grade: String?
  /// The number of the rule version.
  public var version: Int
  /// The instant of the last change, in milliseconds since 1970.
  public var since: Int64
  /// When the stage shown was entered.
  public var enteredStageAt: Int64
  public var createdAt: Int64
  /// A JSON object, as it is now.
  public var attributes: String
}

/// Which standings are asked for, and in which order.
public struct StandingFilter: Sendable {
  /// What standings can be put in order by.
  public enum Column: String, Sendable {
    case key = "lead.key"
    case score = "standing.score"
    case stage = "standing.stage"
    case grade = "standing.grade"
    case since = "standing.at"
    case enteredStageAt = "standing.entered_at"
    case createdAt = "lead.created_at"
  }

  /// Any of these stages; empty for all.
  public var stages: [String] = []
  /// Hundredths.
  public var minimumScore: Int64?
  public var grade: String?
  public var order: [(column: Column, descending: Bool)] = []
  public var limit: Int?

  /// All standings, by key.
  public init() {}

  fileprivate func admits(score: Int64, stage: String?, grade: String?) -> Bool {
    (minimumScore.map { score >= $0 } ?? true) && (self.grade == nil || grade == self.grade)
      && (stages.isEmpty || stage.map { stages.contains($0) } ?? false)
  }
}

extension HistoryTable {
  /// Calls `body` for each lead's last row at or before an instant; leads without one are left out.
  ///
  /// - Complexity: O(rows of history), in one pass over the table; some 40 bytes of memory a lead.
  public func forEachStanding(
    model: Int64, at instant: Int64, filter: StandingFilter, _ body: (Standing) throws -> Void
  ) throws {
    let last = try lastRows(model: model, at: instant)
    try put(last, filter)
    defer { try? connection.execute("DROP TABLE temp.standing") }
    let order = filter.order.map { "\($0.column.rawValue)\($0.descending ? " DESC" : "")" } + ["lead.key"]
    try connection.forEachRow(
      """
      SELECT lead.id, coalesce(lead.key_as_given, lead.key), standing.score, standing.stage, standing.grade,
        standing.version, standing.at, standing.entered_at, lead.created_at, lead.attributes
      FROM temp.standing JOIN lead ON lead.id = standing.lead_id
      ORDER BY \(order.joined(separator: ", ")) LIMIT ?1
      """, [filter.limit ?? -1]
    ) { row in
      try body(
        Standing(
          lead: row.integer(0), key: row.text(1), score: row.integer(2), stage: row.optionalText(3),
          grade: row.optionalText(4), version: Int(row.integer(5)), since: row.integer(6),
          enteredStageAt: row.integer(7), createdAt: row.integer(8), attributes: row.text(9)))
    }
  }

  /// What is known of a lead while the pass goes on.
  private struct LastRow {
    /// The row's number; 0 where there is none.
    var id: Int64 = 0
    var at: Int64 = 0
    var enteredAt: Int64 = 0
    var score: Int64 = 0
    var version: Int32 = 0
    var stage: UInt16 = 0
    var grade: UInt16 = 0
  }

  private struct LastRows {
    /// By the numbers of the leads.
    var rows: [LastRow] = []
    var texts = TextNumbers()

    mutating func number(_ row: borrowing Statement, _ column: Int32) -> UInt16 {
      guard !row.isNull(column) else { return 0 }
      return UInt16(truncatingIfNeeded: row.withBytes(column) { texts.number($0) })
    }
  }

  private func lastRows(model: Int64, at instant: Int64) throws -> LastRows {
    let greatest = try connection.firstRow("SELECT max(id) FROM lead") { $0.integer(0) } ?? 0
    var last = LastRows(rows: Array(repeating: LastRow(), count: Int(greatest) + 1))
    // The plus sign keeps SQLite from going by an index, and so from looking up each row for itself.
    try connection.forEachRow(
      """
      SELECT id, lead_id, at, after, stage_after, grade_after, version,
        before IS NULL OR stage_before IS NOT stage_after
      FROM score_history WHERE model_id = ?1 AND +at <= ?2
      """, [model, instant]
    ) { row in
      let lead = Int(row.integer(1))
      guard last.rows.indices.contains(lead), row.integer(0) > last.rows[lead].id else { return }
      last.rows[lead] = LastRow(
        id: row.integer(0), at: row.integer(2),
        enteredAt: row.integer(7) == 1 ? row.integer(2) : last.rows[lead].enteredAt, score: row.integer(3),
        version: Int32(truncatingIfNeeded: row.integer(6)), stage: last.number(row, 4), grade: last.number(row, 5))
    }
    // Whoever was merged into another at that instant stood nowhere of its own.
    try connection.forEachRow(
      "SELECT lead_id FROM lead_merge WHERE as_of <= ?1 AND (undone_as_of IS NULL OR undone_as_of > ?1)", [instant]
    ) {
      let lead = Int($0.integer(0))
      if last.rows.indices.contains(lead) { last.rows[lead] = LastRow() }
    }
    return last
  }

  /// Puts what a filter lets through into a temporary table.
  private func put(_ last: LastRows, _ filter: StandingFilter) throws {
    var least = Int64.min
    func forEachAdmitted(_ body: (_ lead: Int, LastRow, _ stage: String?, _ grade: String?) throws -> Void) rethrows {
      for (lead, row) in last.rows.enumerated() where row.id > 0 && row.score >= least {
        let (stage, grade) = (last.texts.text(Int(row.stage)), last.texts.text(Int(row.grade)))
        if filter.admits(score: row.score, stage: stage, grade: grade) { try body(lead, row, stage, grade) }
      }
    }
    // Of the highest scores alone no more need be put in order than there are, and those that equal the last of them.
    if let limit = filter.limit, limit > 0, let first = filter.order.first, first == (.score, true) {
      var scores: [Int64] = []
      forEachAdmitted { _, row, _, _ in scores.append(row.score) }
      scores.sort(by: >)
      if scores.count > limit { least = scores[limit - 1] }
    }
    try connection.execute(
      """
      CREATE TEMP TABLE standing (lead_id INTEGER PRIMARY KEY, score, stage, grade, version, at, entered_at)
      """)
    let insert = try connection.prepare("INSERT INTO temp.standing VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
    try forEachAdmitted { lead, row, stage, grade in
      try insert.bind(1, Int64(lead))
      try insert.bind(2, row.score)
      try insert.bind(3, stage)
      try insert.bind(4, grade)
      try insert.bind(5, Int64(row.version))
      try insert.bind(6, row.at)
      try insert.bind(7, row.enteredAt)
      try insert.run()
    }
  }
}
