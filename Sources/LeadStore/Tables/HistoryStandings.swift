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
    case score = "row.after"
    case stage = "row.stage_after"
    case grade = "row.grade_after"
    case since = "row.at"
    case enteredStageAt = "entered.at"
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
}

extension HistoryTable {
  /// Calls `body` for each lead's last row at or before an instant; leads without one are left out. O(rows of history)
  public func forEachStanding(
    model: Int64, at instant: Int64, filter: StandingFilter, _ body: (Standing) throws -> Void
  ) throws {
    var values: [any BindableValue] = [model, instant]
    // Whoever was merged into another at that instant stood nowhere of its own.
    var conditions = [
      """
      NOT EXISTS (
        SELECT 1 FROM lead_merge
        WHERE lead_id = row.lead_id AND as_of <= ?2 AND (undone_as_of IS NULL OR undone_as_of > ?2))
      """
    ]
    if !filter.stages.isEmpty {
      let first = values.count + 1
      values.append(contentsOf: filter.stages)
      conditions.append("row.stage_after IN (\((first...values.count).map { "?\($0)" }.joined(separator: ", ")))")
    }
    if let minimum = filter.minimumScore {
      values.append(minimum)
      conditions.append("row.after >= ?\(values.count)")
    }
    if let grade = filter.grade {
      values.append(grade)
      conditions.append("row.grade_after = ?\(values.count)")
    }
    let condition = "WHERE " + conditions.joined(separator: " AND ")
    let order = filter.order.map { "\($0.column.rawValue)\($0.descending ? " DESC" : "")" } + ["lead.key"]
    values.append(filter.limit ?? -1)
    // Beside max(), the other columns are those of the row that has it: https://sqlite.org/lang_select.html#bareagg
    try connection.forEachRow(
      """
      SELECT lead.id, coalesce(lead.key_as_given, lead.key), row.after, row.stage_after, row.grade_after, row.version,
        row.at, entered.at, lead.created_at, lead.attributes
      FROM (
          SELECT lead_id, max(id), at, after, stage_after, grade_after, version FROM score_history
          WHERE model_id = ?1 AND at <= ?2 GROUP BY lead_id) AS row
        JOIN (
          SELECT lead_id, max(id), at FROM score_history
          WHERE model_id = ?1 AND at <= ?2 AND (before IS NULL OR stage_before IS NOT stage_after)
          GROUP BY lead_id) AS entered ON entered.lead_id = row.lead_id
        JOIN lead ON lead.id = row.lead_id
      \(condition) ORDER BY \(order.joined(separator: ", ")) LIMIT ?\(values.count)
      """, values
    ) { row in
      try body(
        Standing(
          lead: row.integer(0), key: row.text(1), score: row.integer(2), stage: row.optionalText(3),
          grade: row.optionalText(4), version: Int(row.integer(5)), since: row.integer(6),
          enteredStageAt: row.integer(7), createdAt: row.integer(8), attributes: row.text(9)))
    }
  }
}
