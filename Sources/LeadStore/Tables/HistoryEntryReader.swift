/// Reads rows of history of one model without making a text of each value: what rows have in common is read once a page.
///
/// Memory is bounded by the ways in which stages, grades, causes and versions go together, and by how many imports and
/// others causes refer to.
final class HistoryEntryReader {
  private let connection: Connection
  private let runs: HistoryRuns
  private let model: Int64
  private let wantsReferences: Bool
  private let admits: (HistoryHead) -> Bool
  /// By the numbers of ``HistoryEntry``, without what their causes refer to.
  private(set) var heads: [HistoryHead] = []
  private var isAdmitted: [Bool] = []
  private var numbers: [HistoryHead: Int32] = [:]
  private var references: [String?] = [nil]
  private var referenceNumbers: [String: Int32] = [:]

  /// The numbers of a head and of what its cause refers to.
  private struct Place {
    var head: Int32
    var reference: Int32
  }

  /// The same heads occur in page after page: by a hash of their lines.
  private var lines: [UInt64: (bytes: [UInt8], place: Place)] = [:]
  private static let mostLines = 4096
  /// Of the page that is being read.
  private var ofPage: [Place] = []

  /// - Parameters:
  ///   - wantsReferences: whether ``row(_:)`` is asked for.
  ///   - admits: which rows are asked for; what their causes refer to is not told.
  init(
    _ connection: Connection, model: Int64, wantsReferences: Bool,
    where admits: @escaping (HistoryHead) -> Bool = { _ in true }
  ) {
    self.connection = connection
    self.model = model
    self.wantsReferences = wantsReferences
    self.admits = admits
    runs = HistoryRuns(connection)
  }

  /// The row that an entry stands for.
  func row(_ entry: HistoryEntry) -> HistoryRow {
    HistoryRow(
      entry, heads[Int(entry.head)], reference: references[Int(entry.reference)], model: model)
  }

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

  /// The same for those at some instants: what rows have in common is read of pages alone that have any of these.
  func forEach(
    of run: HistoryRun, at times: ClosedRange<Int64>, _ body: (HistoryEntry) throws -> Void
  ) throws {
    if times.lowerBound <= run.firstAt, times.upperBound >= run.lastAt { return try forEach(of: run, body) }
    try runs.forEachPage(of: run) { page in
      var hasHeads = false
      try page.forEachRow(at: times) { entry in
        if !hasHeads { _ = try readHeads(of: page) }
        hasHeads = true
        try give(entry, of: page, body)
      }
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
    try forEachRecent("TRUE ORDER BY lead_id, id", [], body)
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
      let place = place(
        of: HistoryHead(
          version: Int(row.integer(6)), cause: cause, causeReference: row.optionalText(8),
          stageBefore: row.optionalText(9), stageAfter: row.optionalText(10), gradeAfter: row.optionalText(11)))
      guard isAdmitted[Int(place.head)] else { return }
      try body(
        HistoryEntry(
          id: row.integer(0), lead: row.integer(1), at: row.integer(2), recordedAt: row.integer(5),
          before: row.optionalInteger(3), after: row.integer(4), head: place.head, reference: place.reference))
    }
  }

  @inline(__always)
  private func give(
    _ entry: HistoryEntry, of page: HistoryPage, _ body: (HistoryEntry) throws -> Void
  ) throws {
    let place = Int(entry.head)
    guard place >= 1, place <= ofPage.count else { throw page.damaged }
    var entry = entry
    entry.head = ofPage[place - 1].head
    entry.reference = ofPage[place - 1].reference
    if isAdmitted[Int(entry.head)] { try body(entry) }
  }

  /// Whether a page has any row that is asked for.
  private func readHeads(of page: HistoryPage) throws -> Bool {
    ofPage.removeAll(keepingCapacity: true)
    try page.forEachHead { line in
      let hash = HistoryEntryReader.hash(line)
      if let known = lines[hash], known.bytes.elementsEqual(line) {
        ofPage.append(known.place)
      } else {
        let place = place(of: try page.head(line))
        if lines.count >= HistoryEntryReader.mostLines { lines.removeAll(keepingCapacity: true) }
        lines[hash] = (Array(line), place)
        ofPage.append(place)
      }
    }
    guard !ofPage.isEmpty else { throw page.damaged }
    return ofPage.contains { isAdmitted[Int($0.head)] }
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

  private func place(of head: HistoryHead) -> Place {
    Place(head: number(of: head.withoutReference), reference: wantsReferences ? number(of: head.causeReference) : 0)
  }

  private func number(of head: HistoryHead) -> Int32 {
    if let known = numbers[head] { return known }
    let number = Int32(heads.count)
    heads.append(head)
    isAdmitted.append(admits(head))
    numbers[head] = number
    return number
  }

  private func number(of reference: String?) -> Int32 {
    guard let reference else { return 0 }
    if let known = referenceNumbers[reference] { return known }
    let number = Int32(references.count)
    references.append(reference)
    referenceNumbers[reference] = number
    return number
  }
}
