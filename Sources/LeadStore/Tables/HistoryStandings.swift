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
    var head: Int32 = 0
  }

  private struct LastRows {
    /// By the numbers of the leads.
    var rows: [LastRow] = []
    var heads: [HistoryHead] = []
  }

  private func lastRows(model: Int64, at instant: Int64) throws -> LastRows {
    let greatest = try connection.firstRow("SELECT max(id) FROM lead") { $0.integer(0) } ?? 0
    var rows = Array(repeating: LastRow(), count: Int(greatest) + 1)
    let reader = HistoryEntryReader(connection, model: model, wantsReferences: false)
    try reader.forEachEntry { entry in
      let lead = Int(entry.lead)
      guard entry.at <= instant, rows.indices.contains(lead), entry.id > rows[lead].id else { return }
      let enters = entry.before == nil || reader.heads[Int(entry.head)].changesStage
      rows[lead] = LastRow(
        id: entry.id, at: entry.at, enteredAt: enters ? entry.at : rows[lead].enteredAt, score: entry.after,
        head: entry.head)
    }
    // Whoever was merged into another at that instant stood nowhere of its own.
    try connection.forEachRow(
      "SELECT lead_id FROM lead_merge WHERE as_of <= ?1 AND (undone_as_of IS NULL OR undone_as_of > ?1)", [instant]
    ) {
      let lead = Int($0.integer(0))
      if rows.indices.contains(lead) { rows[lead] = LastRow() }
    }
    return LastRows(rows: rows, heads: reader.heads)
  }

  /// Puts what a filter lets through into a temporary table.
  private func put(_ last: LastRows, _ filter: StandingFilter) throws {
    var least = Int64.min
    func forEachAdmitted(_ body: (_ lead: Int, LastRow, HistoryHead) throws -> Void) rethrows {
      for (lead, row) in last.rows.enumerated() where row.id > 0 && row.score >= least {
        let head = last.heads[Int(row.head)]
        if filter.admits(score: row.score, stage: head.stageAfter, grade: head.gradeAfter) {
          try body(lead, row, head)
        }
      }
    }
    // Of the highest scores alone no more need be put in order than there are, and those that equal the last of them.
    if let limit = filter.limit, limit > 0, let first = filter.order.first, first == (.score, true) {
      var scores: [Int64] = []
      forEachAdmitted { _, row, _ in scores.append(row.score) }
      scores.sort(by: >)
      if scores.count > limit { least = scores[limit - 1] }
    }
    try connection.execute(
      """
      CREATE TEMP TABLE standing (lead_id INTEGER PRIMARY KEY, score, stage, grade, version, at, entered_at)
      """)
    let insert = try connection.prepare("INSERT INTO temp.standing VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
    try forEachAdmitted { lead, row, head in
      try insert.bind(1, Int64(lead))
      try insert.bind(2, row.score)
      try insert.bind(3, head.stageAfter)
      try insert.bind(4, head.gradeAfter)
      try insert.bind(5, Int64(head.version))
      try insert.bind(6, row.at)
      try insert.bind(7, row.enteredAt)
      try insert.run()
    }
  }
}
