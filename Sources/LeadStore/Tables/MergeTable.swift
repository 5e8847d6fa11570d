/// One lead merged into another.
public struct MergeRow: Sendable, Equatable {
  public var id: Int64
  /// The lead that was merged away.
  public var lead: Int64
  /// The lead that stands for it.
  public var into: Int64
  /// In milliseconds since 1970.
  public var asOf: Int64
  public var recordedAt: Int64
  /// Nil where an import said that both are one.
  public var person: String?
  public var reason: String
  /// When it was undone; nil while it is in force.
  public var undoneAsOf: Int64?
  public var undoneBy: String?
  public var undoneReason: String?
}

/// What one lead of a merged group brought itself.
public struct MemberRow: Sendable, Equatable {
  public var lead: Int64
  /// The lead that stands for the group.
  public var root: Int64
  /// In milliseconds since 1970.
  public var createdAt: Int64
  public var isCreatedAtGiven: Bool
  /// A JSON object.
  public var attributes: String

  /// A row.
  public init(lead: Int64, root: Int64, createdAt: Int64, isCreatedAtGiven: Bool, attributes: String) {
    self.lead = lead
    self.root = root
    self.createdAt = createdAt
    self.isCreatedAtGiven = isCreatedAtGiven
    self.attributes = attributes
  }
}

/// All SQL of `lead_merge`, `lead_member` and `member_score`.
public final class MergeTable {
  private let connection: Connection

  init(_ connection: Connection) {
    self.connection = connection
  }

  // MARK: Merges

  /// Records a merge; returns its number.
  public func add(
    lead: Int64, into: Int64, asOf: Int64, recordedAt: Int64, person: String?, reason: String
  ) throws -> Int64 {
    try connection.run(
      "INSERT INTO lead_merge (lead_id, into_id, as_of, recorded_at, person, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      lead, into, asOf, recordedAt, person, reason)
    return connection.lastInsertedRow
  }

  /// Records that a merge was undone.
  public func undo(_ id: Int64, asOf: Int64, recordedAt: Int64, person: String?, reason: String?) throws {
    try connection.run(
      """
      UPDATE lead_merge SET undone_as_of = ?2, undone_recorded_at = ?3, undone_by = ?4, undone_reason = ?5
      WHERE id = ?1
      """, id, asOf, recordedAt, person, reason)
  }

  private static let columns = """
    SELECT id, lead_id, into_id, as_of, recorded_at, person, reason, undone_as_of, undone_by, undone_reason
    FROM lead_merge
    """

  private static func row(_ row: borrowing Statement) -> MergeRow {
    MergeRow(
      id: row.integer(0), lead: row.integer(1), into: row.integer(2), asOf: row.integer(3),
      recordedAt: row.integer(4), person: row.optionalText(5), reason: row.text(6),
      undoneAsOf: row.optionalInteger(7), undoneBy: row.optionalText(8), undoneReason: row.optionalText(9))
  }

  private func rows(_ condition: String, _ values: [any BindableValue] = []) throws -> [MergeRow] {
    var rows: [MergeRow] = []
    try connection.forEachRow(MergeTable.columns + condition, values) { rows.append(MergeTable.row($0)) }
    return rows
  }

  /// A merge by its number.
  public func merge(_ id: Int64) throws -> MergeRow? { try rows(" WHERE id = ?1", [id]).first }

  /// All merges, undone ones too, the oldest first.
  public func all() throws -> [MergeRow] { try rows(" ORDER BY id") }

  /// The merge in force by which a lead was merged away.
  public func merge(ofLead lead: Int64) throws -> MergeRow? {
    try rows(" WHERE lead_id = ?1 AND undone_as_of IS NULL", [lead]).first
  }

  /// Whether a person took back that a lead was merged into any other.
  public func wasUndone(lead: Int64) throws -> Bool {
    try connection.firstRow(
      "SELECT 1 FROM lead_merge WHERE lead_id = ?1 AND undone_as_of IS NOT NULL LIMIT 1", [lead]
    ) { _ in true } ?? false
  }

  /// The merges in force by which leads were merged into a lead, the oldest first.
  public func merges(into lead: Int64) throws -> [MergeRow] {
    try rows(" WHERE into_id = ?1 AND undone_as_of IS NULL ORDER BY id", [lead])
  }

  // MARK: Members

  /// Whether no lead is merged.
  public func isEmpty() throws -> Bool {
    try connection.firstRow("SELECT NOT EXISTS (SELECT 1 FROM lead_member)") { $0.integer(0) == 1 } ?? true
  }

  /// Whether any lead is one of a merged group.
  public func hasMembers() throws -> Bool {
    try connection.firstRow("SELECT EXISTS (SELECT 1 FROM lead_member)") { $0.integer(0) == 1 } ?? false
  }

  /// The numbers of all leads of merged groups. O(members)
  public func allMembers() throws -> Set<Int64> {
    var members: Set<Int64> = []
    try connection.forEachRow("SELECT lead_id FROM lead_member") { members.insert($0.integer(0)) }
    return members
  }

  /// The lead that stands for a lead: itself where it is not merged. O(log members)
  public func root(of lead: Int64) throws -> Int64 { try rootOfMember(lead) ?? lead }

  /// The lead that stood for a lead at an instant, by the merges that were in force then.
  public func root(of lead: Int64, at instant: Int64) throws -> Int64 {
    var root = lead
    var seen: Set<Int64> = [lead]
    while let next = try connection.firstRow(
      """
      SELECT into_id FROM lead_merge
      WHERE lead_id = ?1 AND as_of <= ?2 AND (undone_as_of IS NULL OR undone_as_of > ?2) ORDER BY id DESC LIMIT 1
      """, [root, instant], { $0.integer(0) }), seen.insert(next).inserted
    { root = next }
    return root
  }

  /// An expression of SQL: the lead that stands for the lead in a column.
  static func person(_ column: String) -> String {
    "coalesce((SELECT root_id FROM lead_member WHERE lead_member.lead_id = \(column)), \(column))"
  }

  /// A condition of SQL: the lead in a column is the one in an expression, which stands for itself, or merged into it.
  static func isOfPerson(_ column: String, _ root: String) -> String {
    "(\(column) = \(root) OR \(column) IN (SELECT lead_id FROM lead_member WHERE root_id = \(root)))"
  }

  /// The lead that stands for a lead of a merged group; nil for any other. O(log members)
  public func rootOfMember(_ lead: Int64) throws -> Int64? {
    try connection.firstRow("SELECT root_id FROM lead_member WHERE lead_id = ?1", [lead]) { $0.integer(0) }
  }

  /// The leads of a group with their own facts: the one that stands for it, then the others by their numbers.
  public func members(of root: Int64) throws -> [MemberRow] {
    var members: [MemberRow] = []
    try connection.forEachRow(
      """
      SELECT lead_id, root_id, created_at, created_is_given, attributes FROM lead_member
      WHERE root_id = ?1 ORDER BY lead_id <> root_id, lead_id
      """, [root]
    ) {
      members.append(
        MemberRow(
          lead: $0.integer(0), root: $0.integer(1), createdAt: $0.integer(2), isCreatedAtGiven: $0.integer(3) == 1,
          attributes: $0.text(4)))
    }
    return members
  }

  /// Stores a member in the place of what was known of it.
  public func put(_ member: MemberRow) throws {
    try connection.run(
      """
      INSERT INTO lead_member (lead_id, root_id, created_at, created_is_given, attributes) VALUES (?1, ?2, ?3, ?4, ?5)
      ON CONFLICT (lead_id) DO UPDATE SET root_id = excluded.root_id, created_at = excluded.created_at,
        created_is_given = excluded.created_is_given, attributes = excluded.attributes
      """, member.lead, member.root, member.createdAt, member.isCreatedAtGiven, member.attributes)
  }

  /// Lets another lead stand for a member.
  public func setRoot(_ root: Int64, ofMember lead: Int64) throws {
    try connection.run("UPDATE lead_member SET root_id = ?2 WHERE lead_id = ?1", lead, root)
  }

  /// Forgets that a lead was a member. Its own events must have been taken out before.
  public func remove(member lead: Int64) throws {
    try connection.run("DELETE FROM lead_member WHERE lead_id = ?1", lead)
  }

  // MARK: Scores

  private static let scoreColumns = """
    model_id, lead_id, version, score, stage, rule_stage, entered_stage_at, grade, groups, rules, scored_at,
      next_change_at
    """

  /// Keeps a lead's score under a model aside.
  public func setAside(_ row: ScoreRow) throws {
    try connection.run(
      """
      INSERT OR REPLACE INTO member_score (\(MergeTable.scoreColumns))
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
      """, row.model, row.lead, row.version, row.score, row.stage, row.ruleStage, row.enteredStageAt, row.grade,
      row.groups, row.rules, row.scoredAt, row.nextChangeAt)
  }

  /// Takes the score of a lead under a model that was kept aside; nil where there is none.
  public func takeBack(model: Int64, lead: Int64) throws -> ScoreRow? {
    let row = try connection.firstRow(
      "SELECT \(MergeTable.scoreColumns) FROM member_score WHERE model_id = ?1 AND lead_id = ?2", [model, lead]
    ) {
      ScoreRow(
        model: $0.integer(0), lead: $0.integer(1), version: Int($0.integer(2)), score: $0.integer(3),
        stage: $0.optionalText(4), ruleStage: $0.optionalText(5), enteredStageAt: $0.integer(6),
        grade: $0.optionalText(7), groups: $0.text(8), rules: $0.text(9), scoredAt: $0.integer(10),
        nextChangeAt: $0.optionalInteger(11))
    }
    try connection.run("DELETE FROM member_score WHERE model_id = ?1 AND lead_id = ?2", model, lead)
    return row
  }
}

extension LeadDatabase {
  /// Puts the scores of a lead aside, under all models, and drops its signal records.
  public func setScoresAside(lead: Int64) throws {
    for model in try models.all() {
      guard let row = try scores.row(model: model.id, lead: lead) else { continue }
      try merges.setAside(row)
      try scores.remove(model: model.id, lead: lead)
    }
    for pack in try signals.packs() { try signals.remove(pack: pack, lead: lead) }
  }

  /// Puts the scores of a lead back as they stood when they were put aside.
  public func putScoresBack(lead: Int64) throws {
    for model in try models.all() {
      if let row = try merges.takeBack(model: model.id, lead: lead) { try scores.put(row) }
    }
  }
}
