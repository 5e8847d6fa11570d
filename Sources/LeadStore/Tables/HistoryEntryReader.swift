/// Reads rows of history of one model without making a text of each value: what rows have in common is read once a page.
final class HistoryEntryReader {
  private let connection: Connection
  private let runs: HistoryRuns
  private let model: Int64
  private let admits: (HistoryHead) -> Bool
  /// By the numbers of ``HistoryEntry``.
  private(set) var heads: [HistoryHead] = []
  private var isAdmitted: [Bool] = []
  private var numbers: [HistoryHead: Int32] = [:]
  /// The same heads occur in page after page: by a hash of their lines.
  private var lines: [UInt64: (bytes: [UInt8], number: Int32)] = [:]
  /// Of the page that is being read: the number of each head.
  private var ofPage: [Int32] = []

  /// - Parameter admits: which rows are asked for.
  init(_ connection: Connection, model: Int64, where admits: @escaping (HistoryHead) -> Bool = { _ in true }) {
    self.connection = connection
    self.model = model
    self.admits = admits
    runs = HistoryRuns(connection)
  }

  /// The row that an entry stands for.
  func row(_ entry: HistoryEntry) -> HistoryRow { HistoryRow(entry, heads[Int(entry.head)], model: model) }

  /// Calls `body` for all rows, run by run; those of later runs have greater numbers.
  func forEachEntry(_ body: (HistoryEntry) throws -> Void) throws {
    for run in try runs.all(model: model) { try forEach(of: run, body) }
    try forEachRecent(body)
  }

  /// Calls `body` for the rows of a run, in order of leads and of recording.
  func forEach(of run: HistoryRun, _ body: (HistoryEntry) throws -> Void) throws {
    try runs.forEachPage(of: run) { page in
      guard try readHeads(of: page) else { return }
      try page.forEachRow { try give($0, of: page, body) }
    }
  }

  /// Calls `body` for the rows of a lead in a run, in the order of recording.
  func forEach(of run: HistoryRun, lead: Int64, _ body: (HistoryEntry) throws -> Void) throws {
    try runs.withPage(of: run, lead: lead) { page in
      guard try readHeads(of: page) else { return }
      try page.forEachRow(ofLead: lead) { try give($0, of: page, body) }
    }
  }

  /// Calls `body` for the rows that are in no run yet, of all leads or of one, in the order of recording.
  ///
  /// - Parameter times: the instants that are asked for.
  func forEachRecent(
    lead: Int64? = nil, at times: ClosedRange<Int64> = Int64.min...Int64.max, _ body: (HistoryEntry) throws -> Void
  ) throws {
    try forEachRecent(
      "at BETWEEN ?2 AND ?3" + (lead == nil ? "" : " AND lead_id = ?4") + " ORDER BY id",
      [times.lowerBound, times.upperBound] + (lead.map { [$0] } ?? []), body)
  }

  /// Calls `body` for the rows that are in no run yet, in order of leads and of recording.
  func forEachRecentByLead(_ body: (HistoryEntry) throws -> Void) throws {
    // The plus sign has SQLite sort the rows instead of looking up each one by an index.
    try forEachRecent("TRUE ORDER BY +lead_id, id", [], body)
  }

  /// The earliest and the latest instant of the rows that are in no run yet; nil where there are none.
  func recentTimes() throws -> ClosedRange<Int64>? {
    let row = try connection.firstRow(
      "SELECT min(at), max(at) FROM recent_history WHERE model_id = ?1", [model]
    ) { ($0.optionalInteger(0), $0.integer(1)) }
    return row.flatMap { first, last in first.map { $0...last } }
  }

  private func forEachRecent(
    _ condition: String, _ values: [Int64], _ body: (HistoryEntry) throws -> Void
  ) throws {
    try connection.forEachRow(
      """
      SELECT id, lead_id, at, before, after, recorded_at, version, cause, cause_ref, stage_before, stage_after, grade_after
      FROM recent_history WHERE model_id = ?1 AND \(condition)
      """, [model] + values
    ) { row in
      guard let cause = Cause(rawValue: row.text(7)) else {
        throw StoreError.damaged("score_history row \(row.integer(0))")
      }
      let head = HistoryHead(
        recordedAt: row.integer(5), version: Int(row.integer(6)), cause: cause, causeReference: row.optionalText(8),
        stageBefore: row.optionalText(9), stageAfter: row.optionalText(10), gradeAfter: row.optionalText(11))
      let number = number(of: head)
      guard isAdmitted[Int(number)] else { return }
      try body(
        HistoryEntry(
          id: row.integer(0), lead: row.integer(1), at: row.integer(2), before: row.optionalInteger(3),
          after: row.integer(4), head: number))
    }
  }

  @inline(__always)
  private func give(
    _ entry: HistoryEntry, of page: HistoryPage, _ body: (HistoryEntry) throws -> Void
  ) throws {
    let place = Int(entry.head)
    guard place >= 1, place <= ofPage.count else { throw page.damaged }
    var entry = entry
    entry.head = ofPage[place - 1]
    if isAdmitted[Int(entry.head)] { try body(entry) }
  }

  /// Whether a page has any row that is asked for.
  private func readHeads(of page: HistoryPage) throws -> Bool {
    ofPage.removeAll(keepingCapacity: true)
    try page.forEachHead { line in
      let hash = HistoryEntryReader.hash(line)
      if let known = lines[hash], known.bytes.elementsEqual(line) {
        ofPage.append(known.number)
      } else {
        let number = number(of: try page.head(line))
        lines[hash] = (Array(line), number)
        ofPage.append(number)
      }
    }
    guard !ofPage.isEmpty else { throw page.damaged }
    return ofPage.contains { isAdmitted[Int($0)] }
  }

  private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    guard let base = bytes.baseAddress else { return 0 }
    let prime: UInt64 = 0x9E37_79B9_7F4A_7C15
    var hash = UInt64(bytes.count)
    var place = 0
    while place + 8 <= bytes.count {
      hash = (hash ^ DecimalWord.load(base + place)) &* prime
      hash ^= hash &>> 32
      place += 8
    }
    while place < bytes.count {
      hash = (hash ^ UInt64(base[place])) &* prime
      place += 1
    }
    return hash
  }

  private func number(of head: HistoryHead) -> Int32 {
    if let known = numbers[head] { return known }
    let number = Int32(heads.count)
    heads.append(head)
    isAdmitted.append(admits(head))
    numbers[head] = number
    return number
  }
}
