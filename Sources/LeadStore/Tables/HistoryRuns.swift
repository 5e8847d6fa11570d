/// A run of history: rows of one model that stand together, in order of leads.
struct HistoryRun: Sendable {
  var id: Int64
  var firstID: Int64
  var lastID: Int64
  /// The earliest and the latest instant of its rows.
  var firstAt: Int64
  var lastAt: Int64

  /// How many rows it has, or more.
  var count: Int64 { lastID &- firstID &+ 1 }

  /// The numbers of its pages for leads up to one.
  func pages(upTo lead: Int64 = HistoryPage.leads) -> ClosedRange<Int64> { id << 40...(id << 40 | lead) }
}

/// All SQL of `history_run` and `history_page`.
final class HistoryRuns {
  private let connection: Connection

  init(_ connection: Connection) {
    self.connection = connection
  }

  /// The runs of a model, the oldest first. The rows of a later run have greater numbers.
  func all(model: Int64) throws -> [HistoryRun] {
    var runs: [HistoryRun] = []
    try connection.forEachRow(
      "SELECT id, first_id, last_id, first_at, last_at FROM history_run WHERE model_id = ?1 ORDER BY id", [model]
    ) {
      runs.append(
        HistoryRun(
          id: $0.integer(0), firstID: $0.integer(1), lastID: $0.integer(2), firstAt: $0.integer(3),
          lastAt: $0.integer(4)))
    }
    return runs
  }

  private static let columns =
    "SELECT id, first_id, first_at, first_recorded_at, heads, body FROM history_page WHERE id BETWEEN ?1 AND ?2"

  private static func withPage(_ row: borrowing Statement, _ body: (HistoryPage) throws -> Void) throws {
    let (id, firstID, firstAt, firstRecordedAt) = (row.integer(0), row.integer(1), row.integer(2), row.integer(3))
    try row.withBytes(4) { heads in
      try row.withBytes(5) {
        try body(
          HistoryPage(
            id: id, firstID: firstID, firstAt: firstAt, firstRecordedAt: firstRecordedAt, heads: heads, body: $0))
      }
    }
  }

  /// Calls `body` with each page of a run.
  func forEachPage(of run: HistoryRun, _ body: (HistoryPage) throws -> Void) throws {
    let pages = run.pages()
    try connection.forEachRow(HistoryRuns.columns + " ORDER BY id", [pages.lowerBound, pages.upperBound]) {
      try HistoryRuns.withPage($0, body)
    }
  }

  /// Calls `body` with the page where the rows of a lead stand, if there are any. O(log pages)
  func withPage(of run: HistoryRun, lead: Int64, _ body: (HistoryPage) throws -> Void) throws {
    let pages = run.pages(upTo: lead)
    _ = try connection.firstRow(
      HistoryRuns.columns + " ORDER BY id DESC LIMIT 1", [pages.lowerBound, pages.upperBound]
    ) { try HistoryRuns.withPage($0, body) }
  }

  // MARK: Putting runs together

  /// A run with fewer rows is small.
  private static let smallCount: Int64 = 32_768
  /// So many small runs become one.
  private static let mostSmall = 16

  /// Makes one run of the newest runs of a model where many small ones have come together: whoever looks for a lead looks
  /// into each run. Inside a write transaction.
  ///
  /// - Complexity: O(their rows · log), at most half a million; once for sixteen runs.
  func mergeSmall(model: Int64) throws {
    let small = try all(model: model).reversed().prefix { $0.count < HistoryRuns.smallCount }
    guard small.count >= HistoryRuns.mostSmall else { return }
    let reader = HistoryEntryReader(connection, model: model, wantsReferences: true)
    var entries: [HistoryEntry] = []
    for run in small.reversed() { try reader.forEach(of: run) { entries.append($0) } }
    entries.sort { ($0.lead, $0.id) < ($1.lead, $1.id) }
    try connection.withoutTriggers {
      let writer = try HistoryRunWriter(connection)
      for entry in entries { try writer.append(reader.row(entry), id: entry.id) }
      try writer.finish()
      for run in small {
        let pages = run.pages()
        try connection.run("DELETE FROM history_page WHERE id BETWEEN ?1 AND ?2", pages.lowerBound, pages.upperBound)
        try connection.run("DELETE FROM history_run WHERE id = ?1", run.id)
      }
    }
  }
}
