/// Adds runs. Rows come in order of leads; where they do not, another run begins.
final class HistoryRunWriter {
  private final class OpenRun {
    @exclusivity(unchecked) var run: HistoryRun
    @exclusivity(unchecked) var lastLead: Int64
    @exclusivity(unchecked) var page = HistoryPageText()
    /// By the number of a head in the batch at hand: its place in the page, 0 for one not known.
    @exclusivity(unchecked) var places: [Int] = []

    init(_ run: HistoryRun, firstLead: Int64) {
      self.run = run
      lastLead = firstLead
    }

    @inline(__always)
    func append(_ row: HistoryBatch.Row, id: Int64, at place: inout Int, _ head: () -> HistoryHead) {
      note(through: row.lead, id: id, at: row.at)
      page.append(row, id: id, at: &place, head)
    }

    /// Notes a row that is added.
    func note(through lead: Int64, id: Int64, at instant: Int64) {
      run.firstID = min(run.firstID, id)
      run.lastID = max(run.lastID, id)
      run.firstAt = min(run.firstAt, instant)
      run.lastAt = max(run.lastAt, instant)
      lastLead = lead
    }
  }

  /// Four pages fit into one of the file.
  static let pageSize = 1880
  /// Pages between two visits.
  private static let visitInterval = 64
  /// How many pages a visit looks at, and how many were written between two of them: the last three inner pages of the
  /// tree have fewer leaves in all, and a full one is balanced together with the two before it.
  private static let (visits, visitStep) = (32, 256)

  private let insertPage: Statement
  private let findPage: Statement
  private let insertRun: Statement
  @exclusivity(unchecked) private var nextRun: Int64
  /// By model.
  @exclusivity(unchecked) private var open: [Int64: OpenRun] = [:]
  @exclusivity(unchecked) private var written = 0
  private var visited: [Int64] = []

  init(_ connection: Connection) throws {
    insertPage = try connection.prepare(
      """
      INSERT OR FAIL INTO history_page (id, first_id, first_at, first_recorded_at, heads, body)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6)
      """)
    findPage = try connection.prepare("SELECT 1 FROM history_page WHERE id = ?1")
    insertRun = try connection.prepare(
      """
      INSERT OR FAIL INTO history_run (id, model_id, first_id, last_id, first_at, last_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6)
      """)
    nextRun = try connection.firstRow("SELECT coalesce(max(id), 0) + 1 FROM history_run") { $0.integer(0) } ?? 1
    let last = try connection.firstRow("SELECT coalesce(max(id), 0) FROM history_page") { $0.integer(0) } ?? 0
    let lead = last & HistoryPage.leads
    visited = (1...HistoryRunWriter.visits).map { last - lead + lead / Int64(HistoryRunWriter.visits) * Int64($0) }
  }

  /// Adds a row with a number greater than those of all earlier runs.
  ///
  /// - Throws: ``StoreError/damaged(_:)`` for a lead whose number no page can have; ``DatabaseError``.
  func append(_ row: HistoryRow, id: Int64) throws {
    let head = HistoryHead(row)
    var place = 0
    try run(for: row.lead, model: row.model, id: id, at: row.at)
      .append(HistoryBatch.Row(row, head: 0), id: id, at: &place) { head }
  }

  /// Adds rows with numbers, from `id` on, greater than those of all earlier runs.
  ///
  /// - Throws: as ``append(_:id:)`` does.
  func append(_ batch: borrowing HistoryBatch, from id: Int64) throws {
    for run in open.values { run.places.removeAll(keepingCapacity: true) }
    var id = id
    // Most batches are of one model.
    var known: (model: Int64, run: OpenRun)?
    for row in batch.rows {
      let run: OpenRun
      if let known, known.model == row.model, row.lead >= known.run.lastLead, row.lead <= HistoryPage.leads {
        run = known.run
        try makeRoom(in: run, for: row.lead)
      } else {
        run = try self.run(for: row.lead, model: row.model, id: id, at: row.at)
        known = (row.model, run)
      }
      let head = Int(row.head)
      while run.places.count <= head { run.places.append(0) }
      run.append(row, id: id, at: &run.places[head]) { batch.heads[head] }
      id += 1
    }
  }

  /// The run that a lead's row is to be added to, with room for it.
  private func run(for lead: Int64, model: Int64, id: Int64, at instant: Int64) throws -> OpenRun {
    guard (0...HistoryPage.leads).contains(lead) else {
      throw StoreError.damaged("lead \(lead), whose number is too great")
    }
    if let known = open[model] {
      if lead >= known.lastLead {
        try makeRoom(in: known, for: lead)
        return known
      }
      try finish(known, model: model)
    }
    return begin(model, id: id, at: instant, firstLead: lead)
  }

  /// All rows of a lead stand in one page.
  private func makeRoom(in run: OpenRun, for lead: Int64) throws {
    if lead != run.lastLead, run.page.size > HistoryRunWriter.pageSize { try writePage(of: run) }
  }

  private func begin(_ model: Int64, id: Int64, at instant: Int64, firstLead: Int64) -> OpenRun {
    let run = OpenRun(
      HistoryRun(id: nextRun, firstID: id, lastID: id, firstAt: instant, lastAt: instant), firstLead: firstLead)
    nextRun &+= 1
    open[model] = run
    return run
  }

  /// The same of composed rows.
  func append(_ history: borrowing ComposedHistory, model: Int64, from id: Int64) throws {
    guard let firstLead = history.pages.first?.firstLead else { return }
    guard firstLead >= 0, history.lastLead <= HistoryPage.leads else {
      throw StoreError.damaged("lead \(history.lastLead), whose number is too great")
    }
    if let known = open[model], known.lastLead >= firstLead {
      try finish(known, model: model)
      open[model] = nil
    }
    let run = open[model] ?? begin(model, id: id, at: history.at, firstLead: firstLead)
    try writePage(of: run)
    run.note(through: history.lastLead, id: id + history.count - 1, at: history.at)
    try history.forEachPage { page, heads, body in
      try insert(run.run.id << 40 | page.firstLead, id + page.firstID, history.at, history.recordedAt, heads, body)
    }
  }

  /// Writes what is left; returns the models that got rows.
  @discardableResult
  func finish() throws -> [Int64] {
    let models = open.keys.sorted()
    for (model, run) in open.sorted(by: { $0.key < $1.key }) { try finish(run, model: model) }
    open.removeAll()
    return models
  }

  private func finish(_ open: OpenRun, model: Int64) throws {
    try writePage(of: open)
    let run = open.run
    for (index, value) in [run.id, model, run.firstID, run.lastID, run.firstAt, run.lastAt].enumerated() {
      try insertRun.bind(Int32(index + 1), value)
    }
    try insertRun.run()
  }

  private func writePage(of open: OpenRun) throws {
    guard !open.page.isEmpty else { return }
    open.page.finish()
    let id = open.run.id << 40 | open.page.firstLead
    try open.page.headText.withUnsafeBytes { heads in
      try open.page.body.withUnsafeBytes {
        try insert(id, open.page.firstID, open.page.firstAt, open.page.firstRecordedAt, heads, $0)
      }
    }
    open.page.removeAll()
    open.places.removeAll(keepingCapacity: true)
  }

  private func insert(
    _ id: Int64, _ firstID: Int64, _ firstAt: Int64, _ firstRecordedAt: Int64, _ heads: UnsafeRawBufferPointer,
    _ body: UnsafeRawBufferPointer
  ) throws {
    try insertPage.bind(1, id)
    try insertPage.bind(2, firstID)
    try insertPage.bind(3, firstAt)
    try insertPage.bind(4, firstRecordedAt)
    try insertPage.bindTextInPlace(5, heads)
    try insertPage.bindTextInPlace(6, body)
    try insertPage.run()
    try visitInnerPages(of: id)
  }

  /// Reads some of the pages that were written last, so that SQLite keeps the inner pages of their tree in memory: where
  /// one of them changes that was written to the log to make room, SQLite goes over the whole log again when it commits.
  private func visitInnerPages(of page: Int64) throws {
    written += 1
    if written % HistoryRunWriter.visitStep == 0 {
      visited.removeFirst()
      visited.append(page)
    }
    guard written % HistoryRunWriter.visitInterval == 0 else { return }
    for page in visited {
      try findPage.bind(1, page)
      defer { findPage.reset() }
      _ = try findPage.step()
    }
  }
}
