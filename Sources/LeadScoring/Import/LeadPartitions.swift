internal import CSystem

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

/// Rows of a file put into the order of leads: gathered by ranges of leads, written to an unnamed temporary file where
/// they outgrow their buffers, and sorted range by range.
///
/// A row is its lead, what it is ordered by within the lead (equal ones keep the order of arrival), and some bytes.
final class LeadPartitions {
  /// Leads of a range: few enough that the rows of usual ones stay in a processor's cache while they are sorted.
  static let leads = 1 << StagedRow.leadBits
  /// In bytes.
  private static let usualRow = 24

  private struct Partition {
    var buffer: UnsafeMutableRawPointer?
    var used = 0
    var capacity = 0
    /// What was written to the file, in order, and in which turn.
    var extents: [(offset: Int64, count: Int, spilling: Int)] = []
    var written = 0
  }

  private let folder: String
  private let capacity: Int
  /// So many bytes of rows are held.
  @exclusivity(unchecked) private var limit: Int
  @exclusivity(unchecked) private var partitions: UnsafeMutablePointer<Partition>
  @exclusivity(unchecked) private var partitionCapacity = 64
  @exclusivity(unchecked) private var partitionCount = 0
  @exclusivity(unchecked) private var buffered = 0
  /// Bytes of all buffers, used or not.
  @exclusivity(unchecked) private var reserved = 0
  @exclusivity(unchecked) private var hasIdle = false
  private var file: SpillFile?
  /// How many rows there are.
  @exclusivity(unchecked) private(set) var count: Int64 = 0

  /// The range whose buffer is written next.
  private var nextSpilled = 0
  /// What each turn of all ranges wrote is in the order of the ranges: up to where it was read, and up to where it is gone.
  private var spillings: [(read: Int64, released: Int64)] = []
  /// So much of the file is given back at a time, in bytes.
  private static let releaseSize: Int64 = 1 << 20

  // Where `next` stands.
  private var nextPartition = 0
  private var pendingRuns: [Range<Int>] = []

  /// - Parameters:
  ///   - folder: where a temporary file may be made.
  ///   - capacity: how many bytes are held in memory.
  init(folder: String, capacity: Int) {
    self.folder = folder
    self.capacity = capacity
    limit = capacity
    partitions = .allocate(capacity: partitionCapacity)
  }

  deinit {
    for index in 0..<partitionCount { free(partitions[index].buffer) }
    partitions.deinitialize(count: partitionCount)
    partitions.deallocate()
  }

  /// Whether everything stands in memory.
  var isInMemory: Bool { file == nil }

  /// Adds a row after all others.
  ///
  /// - Parameter lead: from 1 on.
  func append(lead: Int64, order: Int64, _ bytes: UnsafeBufferPointer<UInt8>) throws {
    let place = Int(lead &- 1)
    let number = place &>> StagedRow.leadBits
    if number >= partitionCount { grow(through: number) }
    let head = StagedRow(lead: place & (LeadPartitions.leads - 1), order: order, count: bytes.count)
    let size = head.size &+ bytes.count
    if buffered &+ size > limit, buffered > 0 { try spill() }
    let partition = partitions + number
    let needed = partition.pointee.used &+ size
    if needed > partition.pointee.capacity { reserve(number, needed) }
    guard let base = partition.pointee.buffer else { return }
    let row = base + partition.pointee.used
    head.write(to: row)
    if let start = bytes.baseAddress { (row + head.size).copyMemory(from: start, byteCount: bytes.count) }
    partition.pointee.used = needed
    buffered &+= size
    count &+= 1
  }

  /// Fetches the memory into which a lead's next row will be written. Its beginning is mostly there; a row may go beyond.
  @inline(__always)
  func fetchRoom(lead: Int64) {
    let number = Int(lead &- 1) &>> StagedRow.leadBits
    guard number < partitionCount, let buffer = partitions[number].buffer else { return }
    csystem_fetch_for_write(buffer + (partitions[number].used &+ LeadPartitions.usualRow))
  }

  private func grow(through number: Int) {
    if number >= partitionCapacity {
      let larger = max(partitionCapacity * 2, number + 1)
      let moved = UnsafeMutablePointer<Partition>.allocate(capacity: larger)
      moved.moveInitialize(from: partitions, count: partitionCount)
      partitions.deallocate()
      partitions = moved
      partitionCapacity = larger
    }
    while partitionCount <= number {
      (partitions + partitionCount).initialize(to: Partition())
      partitionCount += 1
    }
  }

  private func reserve(_ number: Int, _ needed: Int) {
    if hasIdle, reserved > capacity * 5 / 4 { freeIdle() }
    let larger = max(256, needed, partitions[number].capacity * 3 / 2)
    guard let moved = realloc(partitions[number].buffer, larger) else { preconditionFailure("out of memory") }
    reserved += larger - partitions[number].capacity
    partitions[number].buffer = moved
    partitions[number].capacity = larger
  }

  /// Writes buffers to the file until there is room.
  private func spill() throws {
    let file = try self.file ?? SpillFile(folder: folder)
    self.file = file
    // From now on buffers are full to different degrees, and each takes the memory that it needs when it is fullest.
    limit = capacity / 2
    repeat { try spillSome(to: file) } while buffered > limit
    // The next rows mostly go into the same room.
    hasIdle = true
  }

  /// Writes the buffers of some ranges, one behind the other; in turn, and few at a time, so that neither the reader nor
  /// who writes to the file need wait for all at once.
  private func spillSome(to file: SpillFile) throws {
    if nextSpilled >= partitionCount || spillings.isEmpty {
      nextSpilled = 0
      spillings.append((file.end, file.end))
    }
    let enough = file.end + Int64(max(1, capacity / 32))
    while nextSpilled < partitionCount, file.end < enough {
      let index = nextSpilled
      nextSpilled += 1
      let count = partitions[index].used
      if count == 0 { continue }
      partitions[index].extents.append((file.end, count, spillings.count - 1))
      partitions[index].written += count
      partitions[index].used = 0
      buffered -= count
      try file.append(UnsafeRawBufferPointer(start: partitions[index].buffer, count: count))
    }
  }

  /// Gives back room that no row has gone into since the last spilling: where rows come in the order of leads, none will.
  private func freeIdle() {
    for index in 0..<partitionCount where partitions[index].used == 0 { freeBuffer(index) }
    hasIdle = false
  }

  private func freeBuffer(_ index: Int) {
    free(partitions[index].buffer)
    reserved -= partitions[index].capacity
    partitions[index].buffer = nil
    partitions[index].used = 0
    partitions[index].capacity = 0
  }

  // MARK: Reading

  /// Fills `rows` with the next range's rows in order; false at the end. Rows are not appended any more then.
  func next(_ rows: SortedRows) throws -> Bool {
    guard try next(unsorted: rows) else { return false }
    rows.sort()
    return true
  }

  /// Fills `rows` with the next range's rows, which are still to be sorted; false at the end.
  func next(unsorted rows: SortedRows) throws -> Bool {
    while pendingRuns.isEmpty {
      guard nextPartition < partitionCount else { return false }
      pendingRuns = try runs(of: nextPartition)
      if pendingRuns.isEmpty { nextPartition += 1 }
    }
    let run = pendingRuns.removeFirst()
    try load(nextPartition, run, rows)
    if pendingRuns.isEmpty {
      freeBuffer(nextPartition)
      release(nextPartition)
      nextPartition += 1
    }
    return true
  }

  /// Gives back what a range had in the file: what is written to the database then takes its place in memory.
  private func release(_ number: Int) {
    for extent in partitions[number].extents {
      var spilling = spillings[extent.spilling]
      spilling.read = extent.offset + Int64(extent.count)
      if spilling.read - spilling.released >= LeadPartitions.releaseSize {
        let end = spilling.read / LeadPartitions.releaseSize * LeadPartitions.releaseSize
        file?.release(spilling.released..<end)
        spilling.released = end
      }
      spillings[extent.spilling] = spilling
    }
  }

  /// A range whose rows would take much memory is cut into smaller ones.
  private func runs(of number: Int) throws -> [Range<Int>] {
    let total = partitions[number].written + partitions[number].used
    guard total > 0 else { return [] }
    let limit = max(capacity, 1 << 20)
    guard total > limit else { return [0..<LeadPartitions.leads] }
    var sizes = [Int](repeating: 0, count: LeadPartitions.leads)
    try forEachPiece(number) { piece in
      StagedRow.forEach(in: piece) { row, start in sizes[row.lead] += row.size + row.count }
    }
    var runs: [Range<Int>] = []
    var start = 0
    var size = 0
    for lead in 0..<LeadPartitions.leads {
      if size > 0, size + sizes[lead] > limit {
        runs.append(start..<lead)
        start = lead
        size = 0
      }
      size += sizes[lead]
    }
    if size > 0 { runs.append(start..<LeadPartitions.leads) }
    return runs
  }

  private func load(_ number: Int, _ run: Range<Int>, _ rows: SortedRows) throws {
    rows.begin(firstLead: Int64(number * LeadPartitions.leads) + 1)
    if run.count == LeadPartitions.leads {
      rows.reserve(partitions[number].written + partitions[number].used)
      for extent in partitions[number].extents {
        try rows.append(extent.count) { try file?.read(into: $0, at: extent.offset) }
      }
      rows.append(UnsafeRawBufferPointer(start: partitions[number].buffer, count: partitions[number].used))
    } else {
      try forEachPiece(number) { piece in
        StagedRow.forEach(in: piece) { row, start in
          if run.contains(row.lead) {
            rows.append(UnsafeRawBufferPointer(rebasing: piece[(start - row.size)..<(start + row.count)]))
          }
        }
      }
    }
    guard rows.byteCount <= UInt32.max else {
      throw ScoringError.badInput(
        file: folder, line: nil, reason: "one lead has more than four billion bytes of rows in one file; split it")
    }
  }

  /// Calls `body` with a range's rows, in pieces that hold whole ones.
  private func forEachPiece(_ number: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    var buffer: [UInt8] = []
    for extent in partitions[number].extents {
      if buffer.count < extent.count { buffer = [UInt8](repeating: 0, count: extent.count) }
      try buffer.withUnsafeMutableBytes { raw in
        let piece = UnsafeMutableRawBufferPointer(rebasing: raw[..<extent.count])
        try file?.read(into: piece, at: extent.offset)
        try body(UnsafeRawBufferPointer(piece))
      }
    }
    if partitions[number].used > 0 {
      try body(UnsafeRawBufferPointer(start: partitions[number].buffer, count: partitions[number].used))
    }
  }
}
