/// Why a score was computed again.
public enum Cause: String, Sendable, CaseIterable {
  /// An import brought the lead.
  case `import`
  /// New events.
  case event
  /// Changed attributes.
  case attributes
  /// The clock.
  case time
  /// Another rule version.
  case rules
  /// A person's fast-track or adjustment.
  case fastTrack = "fast-track"
  /// A full recomputation found a difference.
  case recompute
}

/// One change of a lead's score, stage or grade.
public struct HistoryRow: Sendable, Equatable {
  /// Rising in the order of recording; 0 for a row not yet stored.
  public var id: Int64 = 0
  public var model: Int64
  public var lead: Int64
  /// The instant as of which the lead was evaluated, in milliseconds since 1970.
  public var at: Int64
  /// The clock.
  public var recordedAt: Int64
  /// Hundredths; nil in a lead's first row.
  public var before: Int64?
  /// Hundredths.
  public var after: Int64
  public var stageBefore: String?
  public var stageAfter: String?
  public var gradeAfter: String?
  public var cause: Cause
  /// What the cause refers to: the import's number, the version's.
  public var causeReference: String?
  /// The number of the rule version.
  public var version: Int

  /// A row.
  public init(
    model: Int64, lead: Int64, at: Int64, recordedAt: Int64, before: Int64?, after: Int64, stageBefore: String?,
    stageAfter: String?, gradeAfter: String?, cause: Cause, causeReference: String?, version: Int
  ) {
    self.model = model
    self.lead = lead
    self.at = at
    self.recordedAt = recordedAt
    self.before = before
    self.after = after
    self.stageBefore = stageBefore
    self.stageAfter = stageAfter
    self.gradeAfter = gradeAfter
    self.cause = cause
    self.causeReference = causeReference
    self.version = version
  }
}

/// Which rows of history are asked for.
public struct HistoryFilter: Sendable {
  public var lead: Int64?
  /// From this instant on.
  public var since: Int64?
  /// Up to and with this instant.
  public var until: Int64?
  public var causes: [Cause] = []
  public var onlyStageChanges = false

  /// All rows.
  public init() {}

  /// Whether it asks, of all time, for what happens seldom.
  fileprivate var isForRareRows: Bool {
    lead == nil && since == nil && until == nil && !causes.isEmpty
      && causes.allSatisfy { [.rules, .fastTrack, .recompute].contains($0) }
  }
}

/// All SQL of `score_history`.
public final class HistoryTable {
  let connection: Connection
  private let insert: Statement
  private var texts = RepeatedTexts(from: 7, through: HistoryTable.columnCount)
  // Made when it is first needed.
  private var insertMany: ManyRowInsertion?
  private var manyTexts = RepeatedTexts(
    from: 7, through: HistoryTable.columnCount * Int32(ManyRowInsertion.rows))

  private static let columnCount: Int32 = 12
  // OR FAIL, since a statement that may abort after a trigger ran needs a journal of its own.
  private static let insertion = """
    INSERT OR FAIL INTO score_history (model_id, lead_id, at, recorded_at, before, after, stage_before, stage_after,
      grade_after, cause, cause_ref, version)
    """

  init(_ connection: Connection) throws(DatabaseError) {
    self.connection = connection
    insert = try connection.prepare(
      HistoryTable.insertion + " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")
  }

  /// Adds a row after all others.
  public func append(_ row: HistoryRow) throws(DatabaseError) {
    try HistoryTable.bind(row, from: 1, &texts, to: insert)
    try insert.run()
  }

  /// Adds rows after all others, in their order.
  public func append(_ rows: [HistoryRow]) throws(DatabaseError) {
    var next = 0
    if rows.count >= ManyRowInsertion.rows {
      if insertMany == nil {
        insertMany = try ManyRowInsertion(connection, HistoryTable.insertion, columns: HistoryTable.columnCount)
      }
      guard let many = insertMany else { return }
      while rows.count - next >= ManyRowInsertion.rows {
        for place in 0..<ManyRowInsertion.rows {
          try HistoryTable.bind(
            rows[next + place], from: Int32(place) * HistoryTable.columnCount + 1, &manyTexts, to: many.statement)
        }
        try many.statement.run()
        next += ManyRowInsertion.rows
      }
    }
    for row in rows[next...] { try append(row) }
  }

  @inline(__always)
  private static func bind(
    _ row: HistoryRow, from first: Int32, _ texts: inout RepeatedTexts, to statement: borrowing Statement
  ) throws(DatabaseError) {
    try statement.bind(first, row.model)
    try statement.bind(first + 1, row.lead)
    try statement.bind(first + 2, row.at)
    try statement.bind(first + 3, row.recordedAt)
    try statement.bind(first + 4, row.before)
    try statement.bind(first + 5, row.after)
    try texts.bind(first + 6, row.stageBefore, to: statement)
    try texts.bind(first + 7, row.stageAfter, to: statement)
    try texts.bind(first + 8, row.gradeAfter, to: statement)
    try texts.bind(first + 9, row.cause.rawValue, to: statement)
    try texts.bind(first + 10, row.causeReference, to: statement)
    try statement.bind(first + 11, Int64(row.version))
  }

  /// Lets `body` add many rows. The trigger that keeps rows from being replaced is away meanwhile: it takes a quarter of
  /// the time, and what ``append(_:)`` adds takes no other row's place. Inside a write transaction.
  ///
  /// - Throws: what `body` throws; the transaction is then to be undone.
  public func addMany<Result>(_ body: () throws -> Result) throws -> Result {
    guard
      let sql = try connection.firstRow(
        "SELECT sql FROM main.sqlite_schema WHERE type = 'trigger' AND name = 'score_history_is_added_to'", [],
        { $0.text(0) })
    else { return try body() }
    try connection.execute("DROP TRIGGER score_history_is_added_to")
    let result = try body()
    try connection.execute(sql)
    return result
  }

  private static let columns = """
    SELECT score_history.id, model_id, lead_id, at, recorded_at, before, after, stage_before, stage_after, grade_after,
      cause, cause_ref, version
    """

  private static func row(_ statement: borrowing Statement) throws -> HistoryRow {
    guard let cause = Cause(rawValue: statement.text(10)) else {
      throw StoreError.damaged("score_history row \(statement.integer(0))")
    }
    var row = HistoryRow(
      model: statement.integer(1), lead: statement.integer(2), at: statement.integer(3),
      recordedAt: statement.integer(4), before: statement.optionalInteger(5), after: statement.integer(6),
      stageBefore: statement.optionalText(7), stageAfter: statement.optionalText(8),
      gradeAfter: statement.optionalText(9), cause: cause, causeReference: statement.optionalText(11),
      version: Int(statement.integer(12)))
    row.id = statement.integer(0)
    return row
  }

  /// Calls `body` for each row of a model that the filter lets through, with the lead's key, in the order of recording
  /// (for one lead) or of their instants (for all).
  public func forEach(
    model: Int64, filter: HistoryFilter, limit: Int = -1, _ body: (HistoryRow, String) throws -> Void
  ) throws {
    // Rare rows are found in one pass over the table; to look up each row in the order of an index takes ten times as
    // long. A plus sign keeps SQLite from going by an index: https://sqlite.org/queryplanner-ng.html#howtofix
    let plus = filter.isForRareRows ? "+" : ""
    var conditions = ["\(plus)model_id = ?1"]
    var values: [any BindableValue] = [model]
    func add(_ condition: (Int) -> String, _ value: any BindableValue) {
      values.append(value)
      conditions.append(condition(values.count))
    }
    if let lead = filter.lead { add({ "lead_id = ?\($0)" }, lead) }
    if let since = filter.since { add({ "at >= ?\($0)" }, since) }
    if let until = filter.until { add({ "at <= ?\($0)" }, until) }
    if !filter.causes.isEmpty {
      let first = values.count + 1
      values.append(contentsOf: filter.causes.map(\.rawValue))
      conditions.append("cause IN (\((first...values.count).map { "?\($0)" }.joined(separator: ", ")))")
    }
    if filter.onlyStageChanges { conditions.append("stage_before IS NOT stage_after") }
    values.append(limit)
    let order = filter.lead != nil ? "score_history.id" : "\(plus)at, score_history.id"
    try connection.forEachRow(
      HistoryTable.columns + """
        , coalesce(lead.key_as_given, lead.key)
        FROM score_history JOIN lead ON lead.id = lead_id
        WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(order) LIMIT ?\(values.count)
        """, values
    ) { try body(HistoryTable.row($0), $0.text(13)) }
  }

  /// The last row of a lead at or before an instant.
  public func row(model: Int64, lead: Int64, at instant: Int64) throws -> HistoryRow? {
    try connection.firstRow(
      HistoryTable.columns + """
         FROM score_history WHERE lead_id = ?1 AND model_id = ?2 AND at <= ?3
        ORDER BY score_history.id DESC LIMIT 1
        """, [lead, model, instant]
    ) { try HistoryTable.row($0) }
  }

  /// How many rows there are. O(rows).
  public func count() throws -> Int64 {
    try connection.firstRow("SELECT count(*) FROM score_history") { $0.integer(0) } ?? 0
  }
}
