/// A lead's stored score under one model.
public struct ScoreRow: Sendable, Equatable {
  public var model: Int64
  public var lead: Int64
  /// The number of the rule version.
  public var version: Int
  /// Hundredths.
  public var score: Int64
  /// The stage shown.
  public var stage: String?
  /// The stage that the rules alone give.
  public var ruleStage: String?
  /// When the stage shown was entered, in milliseconds since 1970.
  public var enteredStageAt: Int64
  public var grade: String?
  /// A JSON array: hundredths by position in the version's layout.
  public var groups: String
  /// A JSON array of pairs: position in the version's layout, hundredths.
  public var rules: String
  /// The instant of the last evaluation.
  public var scoredAt: Int64
  /// The earliest instant at which anything may change.
  public var nextChangeAt: Int64?

  /// A row.
  public init(
    model: Int64, lead: Int64, version: Int, score: Int64, stage: String?, ruleStage: String?, enteredStageAt: Int64,
    grade: String?, groups: String, rules: String, scoredAt: Int64, nextChangeAt: Int64?
  ) {
    self.model = model
    self.lead = lead
    self.version = version
    self.score = score
    self.stage = stage
    self.ruleStage = ruleStage
    self.enteredStageAt = enteredStageAt
    self.grade = grade
    self.groups = groups
    self.rules = rules
    self.scoredAt = scoredAt
    self.nextChangeAt = nextChangeAt
  }
}

/// All SQL of `lead_score`.
public final class ScoreTable {
  private let connection: Connection
  private let find: Statement
  private let findState: Statement
  private let insert: Statement
  private let update: Statement
  private var inserted = RepeatedTexts(from: 5, through: 8)
  private var updated = RepeatedTexts(from: 5, through: 8)

  init(_ connection: Connection) throws(DatabaseError) {
    self.connection = connection
    find = try connection.prepare(ScoreTable.columns + " WHERE model_id = ?1 AND lead_id = ?2")
    findState = try connection.prepare(ScoreTable.stateColumns + " WHERE model_id = ?1 AND lead_id = ?2")
    insert = try connection.prepare(ScoreTable.insertion)
    // What is laid over a file that cannot be written to takes inserts alone.
    let isWritable = [.readWrite, .create].contains(connection.mode)
    update = try connection.prepare(isWritable ? ScoreTable.change : ScoreTable.insertion)
  }

  private static let insertion = """
    INSERT OR REPLACE INTO lead_score (model_id, lead_id, version, score, stage, rule_stage, entered_stage_at, grade,
      groups, rules, scored_at, next_change_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
    """

  private static let change = """
    UPDATE lead_score SET version = ?3, score = ?4, stage = ?5, rule_stage = ?6, entered_stage_at = ?7, grade = ?8,
      groups = ?9, rules = ?10, scored_at = ?11, next_change_at = ?12
    WHERE model_id = ?1 AND lead_id = ?2
    """

  private static let columns = """
    SELECT model_id, lead_id, version, score, stage, rule_stage, entered_stage_at, grade, groups, rules, scored_at,
      next_change_at
    FROM lead_score
    """

  private static func row(_ statement: borrowing Statement) -> ScoreRow {
    ScoreRow(
      model: statement.integer(0), lead: statement.integer(1), version: Int(statement.integer(2)),
      score: statement.integer(3), stage: statement.optionalText(4), ruleStage: statement.optionalText(5),
      enteredStageAt: statement.integer(6), grade: statement.optionalText(7), groups: statement.text(8),
      rules: statement.text(9), scoredAt: statement.integer(10), nextChangeAt: statement.optionalInteger(11))
  }

  /// The stored score of a lead.
  public func row(model: Int64, lead: Int64) throws(DatabaseError) -> ScoreRow? {
    try find.bind(1, model)
    try find.bind(2, lead)
    defer { find.reset() }
    return try find.step() ? ScoreTable.row(find) : nil
  }

  /// Stores a score in the place of the one before.
  public func put(_ row: ScoreRow) throws(DatabaseError) {
    var (groups, rules) = (row.groups, row.rules)
    try groups.withUTF8 { groups in
      Result { () throws(DatabaseError) in
        try rules.withUTF8 { rules in
          Result { () throws(DatabaseError) in
            try ScoreTable.run(
              insert, &inserted, row.model, row.lead, row.state, UnsafeRawBufferPointer(groups),
              UnsafeRawBufferPointer(rules))
          }
        }.get()
      }
    }.get()
  }

  // MARK: States

  private static let stateColumns = """
    SELECT lead_id, version, score, stage, rule_stage, entered_stage_at, grade, scored_at, next_change_at
    FROM lead_score
    """

  static func state(_ statement: borrowing Statement) -> ScoreState {
    ScoreState(
      version: Int(statement.integer(1)), score: statement.integer(2), stage: statement.optionalText(3),
      ruleStage: statement.optionalText(4), enteredStageAt: statement.integer(5), grade: statement.optionalText(6),
      scoredAt: statement.integer(7), nextChangeAt: statement.optionalInteger(8))
  }

  /// The state of a lead's stored score.
  public func state(model: Int64, lead: Int64) throws(DatabaseError) -> ScoreState? {
    try findState.bind(1, model)
    try findState.bind(2, lead)
    defer { findState.reset() }
    return try findState.step() ? ScoreTable.state(findState) : nil
  }

  /// Calls `body` with the state of each score of a model with a lead's number in a range, in their order.
  public func forEachState(
    model: Int64, leads: ClosedRange<Int64>, _ body: (_ lead: Int64, ScoreState) throws -> Void
  ) throws {
    try connection.forEachRow(
      ScoreTable.stateColumns + " WHERE model_id = ?1 AND lead_id BETWEEN ?2 AND ?3 ORDER BY lead_id",
      [model, leads.lowerBound, leads.upperBound]
    ) { try body($0.integer(0), ScoreTable.state($0)) }
  }

  /// Stores a score of a batch.
  func put(
    _ score: ScoreBatch.Score, groups: UnsafeRawBufferPointer, rules: UnsafeRawBufferPointer
  ) throws(DatabaseError) {
    if score.isStored {
      try ScoreTable.run(update, &updated, score.model, score.lead, score.state, groups, rules)
    } else {
      try ScoreTable.run(insert, &inserted, score.model, score.lead, score.state, groups, rules)
    }
  }

  private static func run(
    _ statement: borrowing Statement, _ texts: inout RepeatedTexts, _ model: Int64, _ lead: Int64, _ state: ScoreState,
    _ groups: UnsafeRawBufferPointer, _ rules: UnsafeRawBufferPointer
  ) throws(DatabaseError) {
    try statement.bind(1, model)
    try statement.bind(2, lead)
    try statement.bind(3, Int64(state.version))
    try statement.bind(4, state.score)
    try texts.bind(5, state.stage, to: statement)
    try texts.bind(6, state.ruleStage, to: statement)
    try statement.bind(7, state.enteredStageAt)
    try texts.bind(8, state.grade, to: statement)
    try statement.bindTextInPlace(9, groups)
    try statement.bindTextInPlace(10, rules)
    try statement.bind(11, state.scoredAt)
    try statement.bind(12, state.nextChangeAt)
    try statement.run()
  }

  // MARK: Much at once

  /// Lets `body` change most scores; the index of due leads is made anew after it, which costs less than to keep it up.
  ///
  /// - Throws: what `body` throws; the transaction is then to be undone.
  public func changeMost<Result>(_ body: () throws -> Result) throws -> Result {
    guard
      let sql = try connection.firstRow(
        "SELECT sql FROM main.sqlite_master WHERE type = 'index' AND name = 'lead_score_due'", [], { $0.text(0) })
    else { return try body() }
    try connection.execute("DROP INDEX lead_score_due")
    let result = try body()
    try connection.execute(sql)
    return result
  }

  /// Whether any lead of a model is due by an instant. O(log leads).
  public func isAnyDue(model: Int64, by instant: Int64) throws -> Bool {
    try connection.firstRow(
      "SELECT 1 FROM lead_score WHERE model_id = ?1 AND next_change_at <= ?2 LIMIT 1", [model, instant]
    ) { _ in true } ?? false
  }

  /// The leads of a model that are due by an instant, in order of their numbers, at most `limit`.
  public func due(model: Int64, by instant: Int64, limit: Int) throws -> [Int64] {
    var leads: [Int64] = []
    try connection.forEachRow(
      "SELECT lead_id FROM lead_score WHERE model_id = ?1 AND next_change_at <= ?2 LIMIT ?3", [model, instant, limit]
    ) { leads.append($0.integer(0)) }
    return leads.sorted()
  }

  /// Calls `body` for each score of a model with a lead's number in a range, in their order.
  public func forEach(
    model: Int64, leads: ClosedRange<Int64> = 1...Int64.max, _ body: (ScoreRow) throws -> Void
  ) throws {
    try connection.forEachRow(
      ScoreTable.columns + " WHERE model_id = ?1 AND lead_id BETWEEN ?2 AND ?3 ORDER BY lead_id",
      [model, leads.lowerBound, leads.upperBound]
    ) { try body(ScoreTable.row($0)) }
  }

  /// How many leads of a model are in each stage. O(leads).
  public func stageCounts(model: Int64) throws -> [(stage: String?, count: Int64)] {
    var counts: [(String?, Int64)] = []
    try connection.forEachRow("SELECT stage, count(*) FROM lead_score WHERE model_id = ?1 GROUP BY stage", [model]) {
      counts.append(($0.optionalText(0), $0.integer(1)))
    }
    return counts
  }
}
