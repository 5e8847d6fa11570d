internal import LeadStore

/// Rows of a file on their way from its reader to the order of leads.
final class RowBatch {
  struct Row {
    /// What the row is ordered by within its lead.
    var order: Int64
    /// Where the lead's folded key stands; the row's bytes follow it.
    var start: Int
    var keyCount: UInt32
    var count: UInt32
    /// The key's.
    var hash: UInt32
  }

  @exclusivity(unchecked) fileprivate var list = RowList()
  @exclusivity(unchecked) fileprivate var bytes = ByteBuffer()
  /// Keys as they were given, by row, where that differs.
  @exclusivity(unchecked) fileprivate(set) var given: [Int: String] = [:]
  @exclusivity(unchecked) fileprivate(set) var rejections: [(rejection: RowRejection, raw: [UInt8])] = []
  /// The header row, in the batch that follows it.
  @exclusivity(unchecked) fileprivate(set) var header: [UInt8]?
  /// What of the file is not taken as somebody may expect, in the same batch.
  @exclusivity(unchecked) fileprivate(set) var notes: [String] = []
  /// How far the reader has come.
  @exclusivity(unchecked) fileprivate(set) var progress = FactProgress()

  /// The rows, until the batch is handed back.
  var rows: UnsafeBufferPointer<Row> { list.rows }

  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    try bytes.withUnsafeBytes { try body($0.assumingMemoryBound(to: UInt8.self)) }
  }

  fileprivate func removeAll() {
    list.removeAll()
    bytes.removeAll()
    given.removeAll(keepingCapacity: true)
    rejections.removeAll(keepingCapacity: true)
    header = nil
    notes.removeAll()
  }
}

/// Rows in memory of their own.
private struct RowList: ~Copyable {
  private var base: UnsafeMutablePointer<RowBatch.Row>
  private var capacity = 64
  private(set) var count = 0

  init() {
    base = .allocate(capacity: capacity)
  }

  deinit { base.deallocate() }

  var rows: UnsafeBufferPointer<RowBatch.Row> { UnsafeBufferPointer(start: base, count: count) }

  mutating func removeAll() { count = 0 }

  @inline(__always)
  mutating func append(_ row: RowBatch.Row) {
    if count == capacity { grow() }
    base[count] = row
    count &+= 1
  }

  @inline(never)
  private mutating func grow() {
    let larger = UnsafeMutablePointer<RowBatch.Row>.allocate(capacity: capacity * 2)
    larger.update(from: base, count: count)
    base.deallocate()
    base = larger
    capacity *= 2
  }
}

/// How far the reader of a file has come.
struct FactProgress {
  /// Rows read.
  var read: Int64 = 0
  /// Bytes of the file.
  var consumed: Int64 = 0
  /// The file's size, where it is known.
  var size: Int64?
}

/// Where the reader of a file puts its rows: gathered in batches, which another thread takes.
final class RowSink {
  /// The taker wants no more.
  private struct Stopped: Error {}

  private static let fullRows = 4096
  private static let fullBytes = 512 << 10
  private static let fullRejections = 64

  @exclusivity(unchecked) private var batch = RowBatch()
  // The batch's while it is handed over; here otherwise, so that a row need not look for them.
  @exclusivity(unchecked) private var rows = RowList()
  @exclusivity(unchecked) private var bytes = ByteBuffer()
  @exclusivity(unchecked) private var rowStart = 0
  @exclusivity(unchecked) private var keyEnd = 0
  @exclusivity(unchecked) private var givenKey = ""
  @exclusivity(unchecked) private var rejectionCount = 0
  @exclusivity(unchecked) private var hasGivenKey = false
  private let hash: ByteHash
  private let hand: (RowBatch) throws -> RowBatch

  /// - Parameters:
  ///   - hash: of folded keys.
  ///   - hand: takes a full batch and gives an empty one.
  private init(
    hash: ByteHash, hand: @escaping (RowBatch) throws -> RowBatch
  ) {
    self.hash = hash
    self.hand = hand
  }

  // MARK: A row

  /// Begins a row with its lead's key.
  ///
  /// - Throws: ``LeadKey/Problem``
  @inline(__always)
  func begin(key: UnsafeBufferPointer<UInt8>) throws {
    rowStart = bytes.count
    keyEnd = rowStart
    hasGivenKey = false
    if let given = try LeadKey.append(key, to: &bytes) { note(given) }
    keyEnd = bytes.count
  }

  @inline(never)
  private func note(_ given: String) {
    givenKey = given
    hasGivenKey = true
  }

  /// Adds to the row's bytes.
  @inline(__always)
  func append(_ more: UnsafeBufferPointer<UInt8>) { bytes.append(more) }

  /// Adds to the row's bytes.
  func append(_ more: [UInt8]) { more.withUnsafeBufferPointer { bytes.append($0) } }

  /// Adds to the row's bytes.
  @inline(__always)
  func append(_ byte: UInt8) { bytes.append(byte) }

  /// Adds a text between quotation marks to the row's bytes.
  @inline(__always)
  func append(quoted text: UnsafeBufferPointer<UInt8>) {
    bytes.append(addingCapacity: text.count &+ 2) { target in
      target[0] = UInt8(ascii: "\"")
      if let source = text.baseAddress { (target + 1).update(from: source, count: text.count) }
      target[text.count &+ 1] = UInt8(ascii: "\"")
      return text.count &+ 2
    }
  }

  /// Adds a comma and a number's digits to the row's bytes.
  @inline(__always)
  func append(comma number: Int64) {
    bytes.append(addingCapacity: DecimalText.longest + 1) {
      $0[0] = UInt8(ascii: ",")
      return DecimalText.write(number, to: $0 + 1) + 1
    }
  }

  /// Adds what stands for a known text to the row's bytes.
  @inline(__always)
  func append(_ entry: UnsafePointer<CellTable.Entry>) {
    bytes.append(addingCapacity: 8) {
      UnsafeMutableRawPointer($0).storeBytes(of: entry.pointee.output, as: UInt64.self)
      return Int(entry.pointee.outputCount)
    }
  }

  /// How many bytes the row has so far.
  var size: Int { bytes.count - keyEnd }

  /// Ends the row.
  @inline(__always)
  func finish(order: Int64) {
    let key = keyEnd &- rowStart
    let hash = bytes.withUnsafeBytes { raw in
      self.hash(UnsafeBufferPointer(rebasing: raw.assumingMemoryBound(to: UInt8.self)[rowStart..<keyEnd]))
    }
    if hasGivenKey { batch.given[rows.count] = givenKey }
    rows.append(
      RowBatch.Row(
        order: order, start: rowStart, keyCount: UInt32(truncatingIfNeeded: key),
        count: UInt32(truncatingIfNeeded: bytes.count &- keyEnd), hash: hash))
  }

  // MARK: Batches

  /// Notes a rejected row.
  func reject(_ rejection: RowRejection, _ raw: UnsafeBufferPointer<UInt8>) {
    batch.rejections.append((rejection, Array(raw)))
    rejectionCount += 1
  }

  /// Notes the header row, and what people are to be told of it.
  func note(header: [UInt8], _ notes: [String]) { (batch.header, batch.notes) = (header, notes) }

  /// Takes back what was added of a row that does not end.
  func abandon() { bytes.truncate(to: rowStart) }

  /// After each row: hands the batch over where it is full.
  @inline(__always)
  func advance(_ progress: @autoclosure () -> FactProgress) throws {
    rowStart = bytes.count
    if rows.count >= RowSink.fullRows || rowStart >= RowSink.fullBytes || rejectionCount >= RowSink.fullRejections {
      try flush(progress())
    }
  }

  /// Hands over what there is.
  func flush(_ progress: FactProgress) throws {
    batch.progress = progress
    swap(&batch.list, &rows)
    swap(&batch.bytes, &bytes)
    batch = try hand(batch)
    swap(&batch.list, &rows)
    swap(&batch.bytes, &bytes)
    rowStart = 0
    rejectionCount = 0
  }

  /// Lets `read` fill batches and `take` have them.
  ///
  /// - Parameters:
  ///   - isParallel: whether `read` runs on a thread of its own.
  ///   - hash: of folded keys.
  /// - Throws: what either throws, once both have stopped.
  static func run(
    isParallel: Bool, hash: ByteHash, read: @escaping (RowSink) throws -> Void,
    take: (RowBatch) throws -> Void
  ) throws {
    guard isParallel else {
      try withoutActuallyEscaping(take) { take in
        try read(
          RowSink(hash: hash) { batch in
            try take(batch)
            batch.removeAll()
            return batch
          })
      }
      return
    }
    // So many that the reader goes on while the taker writes what it has no room for.
    let full = Channel<Result<RowBatch, any Error>>(capacity: 16)
    let spare = Channel<RowBatch>()
    let reader = try WorkerThread {
      do {
        try read(
          RowSink(hash: hash) { batch in
            guard full.put(.success(batch)) else { throw Stopped() }
            return spare.takeIfAny() ?? RowBatch()
          })
      } catch {
        full.put(.failure(error))
      }
      full.close()
    }
    defer {
      full.close()
      reader.join()
    }
    while let result = full.take() {
      let batch = try result.get()
      try take(batch)
      batch.removeAll()
      spare.put(batch)
    }
  }
}
