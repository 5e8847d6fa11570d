/// History as a whole: what is written to `recent_history`, what goes into runs, and what is asked of both.
///
/// The rows of a transaction that adds many stand in a run; others wait in `recent_history` until there is enough for one.
public final class HistoryTable {
  let connection: Connection
  private let insert: Statement
  private let numbers: Statement
  private var texts = RepeatedTexts(from: 8, through: HistoryTable.columnCount)
  // Made when it is first needed.
  private var insertMany: ManyRowInsertion?
  private var manyTexts = RepeatedTexts(
    from: 8, through: HistoryTable.columnCount * Int32(ManyRowInsertion.rows))
  /// Where many rows are being added.
  private var run: (writer: HistoryRunWriter, nextID: Int64)?
  /// The next number of what is laid over a file that cannot be written to.
  private var nextOverlaid: Int64?

  private static let columnCount: Int32 = 13
  // OR FAIL, since a statement that may abort after a trigger ran needs a journal of its own.
  private static let insertion = """
    INSERT OR FAIL INTO recent_history (id, model_id, lead_id, at, recorded_at, before, after, stage_before, stage_after,
      grade_after, cause, cause_ref, version)
    """

  /// So many rows wait for a run at most, roughly.
  static let mostRecent: Int64 = 16_384

  init(_ connection: Connection) throws(DatabaseError) {
    self.connection = connection
    insert = try connection.prepare(
      HistoryTable.insertion + " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)")
    numbers = try connection.prepare(
      """
      SELECT (SELECT min(id) FROM recent_history),
        coalesce((SELECT max(id) FROM recent_history), (SELECT max(last_id) FROM history_run), 0)
      """)
  }

  // MARK: Adding

  /// Adds a row after all others.
  public func append(_ row: HistoryRow) throws { try append([row]) }

  /// Adds rows after all others, in their order.
  public func append(_ rows: [HistoryRow]) throws { try append(HistoryBatch(rows)) }

  /// Adds rows after all others, in their order.
  func append(_ batch: borrowing HistoryBatch) throws {
    guard !batch.isEmpty else { return }
    guard let (writer, first) = run else { return try appendRecent(batch) }
    try writer.append(batch, from: first)
    run?.nextID = first + Int64(batch.rows.count)
  }

  /// Adds composed rows after all others. Where many are being added alone.
  func append(_ history: borrowing ComposedHistory, model: Int64) throws {
    guard let (writer, first) = run else { preconditionFailure("composed rows stand in a run") }
    try writer.append(history, model: model, from: first)
    run?.nextID = first + history.count
  }

  private func appendRecent(_ batch: borrowing HistoryBatch) throws {
    let (first, start) = try nextNumber()
    var id = start
    var index = 0
    let count = batch.rows.count
    if count >= ManyRowInsertion.rows {
      let many =
        try insertMany ?? ManyRowInsertion(connection, HistoryTable.insertion, columns: HistoryTable.columnCount)
      insertMany = many
      while count - index >= ManyRowInsertion.rows {
        for place in 0..<ManyRowInsertion.rows {
          try HistoryTable.bind(
            batch.row(index), id: id, from: Int32(place) * HistoryTable.columnCount + 1, &manyTexts, to: many.statement)
          id += 1
          index += 1
        }
        try many.statement.run()
      }
    }
    while index < count {
      try HistoryTable.bind(batch.row(index), id: id, from: 1, &texts, to: insert)
      try insert.run()
      id += 1
      index += 1
    }
    if !connection.isWritable { nextOverlaid = id }
    if connection.isWritable, id &- (first ?? start) > HistoryTable.mostRecent { try foldRecent() }
  }

  /// The first number of the rows that are in no run, and the number of the next row.
  private func nextNumber() throws -> (first: Int64?, next: Int64) {
    if let nextOverlaid { return (nil, nextOverlaid) }
    defer { numbers.reset() }
    _ = try numbers.step()
    let last = numbers.integer(1)
    // More rows than anybody will add are still left.
    guard last < Int64.max / 2 else { throw StoreError.damaged("score_history row \(last)") }
    return (numbers.optionalInteger(0), last + 1)
  }

  @inline(__always)
  private static func bind(
    _ row: HistoryRow, id: Int64, from first: Int32, _ texts: inout RepeatedTexts, to statement: borrowing Statement
  ) throws(DatabaseError) {
    try statement.bind(first, id)
    try statement.bind(first + 1, row.model)
    try statement.bind(first + 2, row.lead)
    try statement.bind(first + 3, row.at)
    try statement.bind(first + 4, row.recordedAt)
    try statement.bind(first + 5, row.before)
    try statement.bind(first + 6, row.after)
    try texts.bind(first + 7, row.stageBefore, to: statement)
    try texts.bind(first + 8, row.stageAfter, to: statement)
    try texts.bind(first + 9, row.gradeAfter, to: statement)
    try texts.bind(first + 10, row.cause.rawValue, to: statement)
    try texts.bind(first + 11, row.causeReference, to: statement)
    try statement.bind(first + 12, Int64(row.version))
  }

  /// Lets `body` add many rows, which become a run: they should come in order of leads. Inside a write transaction.
  ///
  /// - Throws: what `body` throws; the transaction is then to be undone.
  public func addMany<Result>(_ body: () throws -> Result) throws -> Result {
    guard connection.isWritable, run == nil else { return try body() }
    try foldRecent()
    let writer = try HistoryRunWriter(connection)
    run = (writer, try nextNumber().next)
    defer { run = nil }
    let result = try body()
    try finish(writer)
    return result
  }

  /// Makes runs of the rows that are in none. Inside a write transaction.
  ///
  /// - Complexity: O(rows in no run · log).
  public func foldRecent() throws {
    guard try nextNumber().first != nil else { return }
    let writer = try HistoryRunWriter(connection)
    let models = try connection.integers("SELECT DISTINCT model_id FROM recent_history ORDER BY 1")
    for model in models {
      let reader = HistoryEntryReader(connection, model: model, wantsReferences: true)
      try reader.forEachRecentByLead { try writer.append(reader.row($0), id: $0.id) }
    }
    try finish(writer)
    // All at once, which SQLite does only where no trigger is to look at each row:
    // https://sqlite.org/lang_delete.html#the_truncate_optimization
    try connection.withoutTriggers { try connection.execute("DELETE FROM recent_history") }
  }

  private func finish(_ writer: HistoryRunWriter) throws {
    for model in try writer.finish() { try HistoryRuns(connection).mergeSmall(model: model) }
  }

  // MARK: Asking

  /// Calls `body` for each row of a model that the filter lets through, with the lead's key, in the order of recording
  /// (for one lead) or of their instants (for all).
  ///
  /// - Complexity: O(runs + rows in no run) for one lead; otherwise O(rows of the runs that overlap the time asked for), once
  ///   for each 400,000 of them that are given, in bounded memory.
  public func forEach(
    model: Int64, filter: HistoryFilter, limit: Int = -1, _ body: (HistoryRow, String) throws -> Void
  ) throws {
    if filter.lead == nil {
      return try connection.readMapped { try find(model: model, filter: filter, limit: limit, body) }
    }
    try find(model: model, filter: filter, limit: limit, body)
  }

  private func find(
    model: Int64, filter: HistoryFilter, limit: Int, _ body: (HistoryRow, String) throws -> Void
  ) throws {
    try connection.read {
      let search = HistorySearch(connection, model: model, filter: filter)
      var left = limit < 0 ? Int.max : limit
      var keyed: (lead: Int64, key: String)?
      try search.forEach(atMost: left) { row in
        guard left > 0 else { return false }
        if keyed?.lead != row.lead {
          let key = try connection.firstRow(
            "SELECT coalesce(key_as_given, key) FROM lead WHERE id = ?1", [row.lead]
          ) { $0.text(0) }
          // Whoever erased the lead by plain SQL may have left its history.
          guard let key else { return true }
          keyed = (row.lead, key)
        }
        left -= 1
        if let key = keyed?.key { try body(row, key) }
        return left > 0
      }
    }
  }

  /// The last row of a lead at or before an instant. O(runs + rows in no run)
  public func row(model: Int64, lead: Int64, at instant: Int64) throws -> HistoryRow? {
    try connection.read {
      let reader = HistoryEntryReader(connection, model: model, wantsReferences: true)
      var last: HistoryEntry?
      try reader.forEachRecent(lead: lead, at: .min...instant) { last = $0 }
      for run in try HistoryRuns(connection).all(model: model).reversed() where last == nil && run.firstAt <= instant {
        try reader.forEach(of: run, lead: lead) { if $0.at <= instant { last = $0 } }
      }
      return last.map(reader.row)
    }
  }

  /// How many rows there are. O(rows).
  public func count() throws -> Int64 {
    try connection.read {
      var count: Int64 = 0
      for model in try connection.integers("SELECT id FROM model") {
        try HistoryEntryReader(connection, model: model, wantsReferences: false).forEachEntry { _ in count += 1 }
      }
      return count
    }
  }
}

extension Connection {
  fileprivate func integers(_ sql: String) throws -> [Int64] {
    var integers: [Int64] = []
    try forEachRow(sql) { integers.append($0.integer(0)) }
    return integers
  }
}
