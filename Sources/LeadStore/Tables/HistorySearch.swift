/// Finds rows of history, in order.
struct HistorySearch {
  private let reader: HistoryEntryReader
  private let runs: HistoryRuns
  private let model: Int64
  private let filter: HistoryFilter
  /// The instants asked for; nil where there are none.
  private let times: ClosedRange<Int64>?

  init(_ connection: Connection, model: Int64, filter: HistoryFilter) {
    let (causes, onlyStageChanges) = (Set(filter.causes), filter.onlyStageChanges)
    reader = HistoryEntryReader(connection, model: model, wantsReferences: true) {
      (causes.isEmpty || causes.contains($0.cause)) && (!onlyStageChanges || $0.changesStage)
    }
    runs = HistoryRuns(connection)
    self.model = model
    self.filter = filter
    let (since, until) = (filter.since ?? .min, filter.until ?? .max)
    times = since <= until ? since...until : nil
  }

  /// Calls `body` for each row until it returns false.
  ///
  /// - Parameter most: more rows than these will not be asked for.
  func forEach(atMost most: Int, _ body: (HistoryRow) throws -> Bool) throws {
    guard let times else { return }
    if let lead = filter.lead {
      try forEach(ofLead: lead, times, body)
    } else {
      try forEachInTime(times, atMost: most, body)
    }
  }

  private func forEach(
    ofLead lead: Int64, _ times: ClosedRange<Int64>, _ body: (HistoryRow) throws -> Bool
  ) throws {
    var entries: [HistoryEntry] = []
    for run in try runs.all(model: model) where times.overlaps(run.firstAt...run.lastAt) {
      try reader.forEach(of: run, lead: lead) { if times.contains($0.at) { entries.append($0) } }
    }
    try reader.forEachRecent(lead: lead, at: times) { entries.append($0) }
    entries.sort { $0.id < $1.id }
    for entry in entries where try !body(reader.row(entry)) { return }
  }

  /// A run, or what is in none.
  private struct Source {
    var run: HistoryRun?
    var times: ClosedRange<Int64>
  }

  /// Runs that overlap in time stand in one group; all of a group ends before the next one begins.
  private func groups(_ times: ClosedRange<Int64>) throws -> [[Source]] {
    var sources = try runs.all(model: model).map { Source(run: $0, times: $0.firstAt...$0.lastAt) }
    if let recent = try reader.recentTimes() { sources.append(Source(times: recent)) }
    var groups: [[Source]] = []
    var end = Int64.min
    for source in sources.sorted(by: { $0.times.lowerBound < $1.times.lowerBound })
    where source.times.overlaps(times) {
      if groups.isEmpty || source.times.lowerBound > end { groups.append([]) }
      groups[groups.count - 1].append(source)
      end = max(end, source.times.upperBound)
    }
    return groups
  }

  /// So many rows are put in order at a time; for more, a group is passed over again.
  private static let together = 400_000

  private func forEachInTime(
    _ times: ClosedRange<Int64>, atMost most: Int, _ body: (HistoryRow) throws -> Bool
  ) throws {
    var left = most
    for group in try groups(times) {
      var last: Order?
      while left > 0 {
        let most = min(left, HistorySearch.together)
        let entries = try first(most, of: group, times, after: last)
        for entry in entries where try !body(reader.row(entry)) { return }
        left -= entries.count
        last = entries.last.map(Order.init)
        if entries.count < most { break }
      }
    }
  }

  /// What rows are put in order by.
  private struct Order: Comparable {
    var at: Int64
    var id: Int64

    init(_ entry: HistoryEntry) { (at, id) = (entry.at, entry.id) }

    static func < (one: Order, other: Order) -> Bool { (one.at, one.id) < (other.at, other.id) }
  }

  /// The first rows of a group after a place, in order.
  private func first(
    _ most: Int, of group: [Source], _ times: ClosedRange<Int64>, after start: Order?
  ) throws -> [HistoryEntry] {
    var entries: [HistoryEntry] = []
    // Whatever comes after this is not among the first ones.
    var end: Order?
    func cut() {
      entries.sort { Order($0) < Order($1) }
      if entries.count > most { entries.removeLast(entries.count - most) }
      if entries.count == most { end = entries.last.map(Order.init) }
    }
    for source in group {
      func add(_ entry: HistoryEntry) {
        let order = Order(entry)
        guard times.contains(entry.at), start.map({ order > $0 }) ?? true, end.map({ order < $0 }) ?? true else {
          return
        }
        entries.append(entry)
        if entries.count / 2 > max(most, 1024) { cut() }
      }
      if let run = source.run {
        try reader.forEach(of: run, at: times, add)
      } else {
        try reader.forEachRecent(at: times, add)
      }
    }
    cut()
    return entries
  }
}
