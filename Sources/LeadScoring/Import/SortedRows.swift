internal import LeadStore

/// The rows of one range of leads, in order of lead, `order` and arrival. Memory is kept for the next range.
final class SortedRows {
  /// A row.
  struct Row {
    var order: Int64
    /// Where its bytes stand.
    var start: UInt32
    var count: UInt32
  }

  /// The rows of one lead.
  struct Group {
    var lead: Int64
    var rows: Range<Int>
  }

  @exclusivity(unchecked) private var bytes = ByteBuffer()
  @exclusivity(unchecked) private var memory = UnsafeMutableBufferPointer<Row>.allocate(capacity: 64)
  @exclusivity(unchecked) private var rowCount = 0
  @exclusivity(unchecked) private(set) var groups: [Group] = []
  @exclusivity(unchecked) private var firstLead: Int64 = 1
  /// By lead; made when many rows are sorted for the first time.
  private lazy var starts = UnsafeMutableBufferPointer<Int>.allocate(capacity: LeadPartitions.leads + 1)
  @exclusivity(unchecked) private var hasStarts = false

  init() {}

  deinit {
    memory.deallocate()
    if hasStarts { starts.deallocate() }
  }

  /// The rows, until others are sorted.
  var rows: UnsafeBufferPointer<Row> { UnsafeBufferPointer(rebasing: memory[..<rowCount]) }

  // MARK: Filling

  /// Forgets all rows.
  ///
  /// - Parameter firstLead: the first one of the range.
  func begin(firstLead: Int64) {
    self.firstLead = firstLead
    bytes.removeAll()
    rowCount = 0
    groups.removeAll(keepingCapacity: true)
  }

  /// How many bytes were appended.
  var byteCount: Int { bytes.count }

  /// Makes room for so many bytes more.
  func reserve(_ count: Int) { bytes.reserve(count) }

  /// Adds whole rows, as ``StagedRow`` writes them.
  func append(_ piece: UnsafeRawBufferPointer) { bytes.append(piece.assumingMemoryBound(to: UInt8.self)) }

  /// Adds as many bytes, whole rows, which `body` writes.
  func append(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
    try bytes.append(addingCapacity: count) {
      try body(UnsafeMutableRawBufferPointer(start: $0, count: count))
      return count
    }
  }

  /// So many bytes are few rows, for which counting by all leads of a range does not pay.
  private static let fewBytes = 2048

  /// Puts the rows into order: counted by lead, which keeps the order of arrival, and within a lead by `order`.
  func sort() {
    bytes.withUnsafeBytes { if $0.count <= SortedRows.fewBytes { distributeFew($0) } else { distribute($0) } }
    for group in groups {
      var rows = UnsafeMutableBufferPointer(rebasing: memory[group.rows])
      var isSorted = true
      for index in 1..<max(rows.count, 1) where rows[index].order < rows[index - 1].order {
        isSorted = false
        break
      }
      if isSorted { continue }
      // Starts rise with arrival, so they settle equal orders.
      rows.sort { ($0.order, $0.start) < ($1.order, $1.start) }
    }
  }

  private func distributeFew(_ bytes: UnsafeRawBufferPointer) {
    var few: [(lead: Int, row: Row)] = []
    StagedRow.forEach(in: bytes) { row, start in
      few.append(
        (
          row.lead,
          Row(order: row.order, start: UInt32(truncatingIfNeeded: start), count: UInt32(truncatingIfNeeded: row.count))
        ))
    }
    few.sort { ($0.lead, $0.row.start) < ($1.lead, $1.row.start) }
    makeRoom(few.count)
    for (index, entry) in few.enumerated() {
      memory.initializeElement(at: index, to: entry.row)
      if index > 0, few[index - 1].lead == entry.lead {
        groups[groups.count - 1].rows = groups[groups.count - 1].rows.lowerBound..<(index + 1)
      } else {
        groups.append(Group(lead: firstLead + Int64(entry.lead), rows: index..<(index + 1)))
      }
    }
    rowCount = few.count
  }

  private func makeRoom(_ count: Int) {
    if memory.count < count {
      memory.deallocate()
      memory = .allocate(capacity: count * 3 / 2)
    }
  }

  private func distribute(_ bytes: UnsafeRawBufferPointer) {
    hasStarts = true
    let starts = starts
    starts.initialize(repeating: 0)
    var count = 0
    StagedRow.forEach(in: bytes) { row, _ in
      starts[row.lead + 1] += 1
      count += 1
    }
    for lead in 0..<LeadPartitions.leads { starts[lead + 1] += starts[lead] }
    for lead in 0..<LeadPartitions.leads where starts[lead] < starts[lead + 1] {
      groups.append(Group(lead: firstLead + Int64(lead), rows: starts[lead]..<starts[lead + 1]))
    }
    makeRoom(count)
    let rows = memory
    StagedRow.forEach(in: bytes) { row, start in
      rows.initializeElement(
        at: starts[row.lead],
        to: Row(
          order: row.order, start: UInt32(truncatingIfNeeded: start), count: UInt32(truncatingIfNeeded: row.count)))
      starts[row.lead] += 1
    }
    rowCount = count
  }

  /// Calls `body` with all rows' bytes, in which `Row.start` counts.
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    try bytes.withUnsafeBytes { try body($0.assumingMemoryBound(to: UInt8.self)) }
  }
}
