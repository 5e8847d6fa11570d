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

  @exclusivity(unchecked) fileprivate(set) var rows: [Row] = []
  @exclusivity(unchecked) fileprivate var bytes = ByteBuffer()
  /// Keys as they were given, by row, where that differs.
  @exclusivity(unchecked) fileprivate(set) var given: [Int: String] = [:]
  @exclusivity(unchecked) fileprivate(set) var rejections: [(rejection: RowRejection, raw: [UInt8])] = []
  /// The header row, in the batch that follows it.
  @exclusivity(unchecked) fileprivate(set) var header: [UInt8]?
  /// How far the reader has come.
  @exclusivity(unchecked) fileprivate(set) var progress = FactProgress()

  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    try bytes.withUnsafeBytes { try body($0.assumingMemoryBound(to: UInt8.self)) }
  }

  fileprivate func removeAll() {
    rows.removeAll(keepingCapacity: true)
    bytes.removeAll()
    given.removeAll(keepingCapacity: true)
    rejections.removeAll(keepingCapacity: true)
    header = nil
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
  @exclusivity(unchecked) private var rowStart = 0
  @exclusivity(unchecked) private var keyEnd = 0
  @exclusivity(unchecked) private var givenKey: String?
  private let hash: (UnsafeBufferPointer<UInt8>) -> UInt32
  private let hand: (RowBatch) throws -> RowBatch

  /// - Parameters:
  ///   - hash: of folded keys.
  ///   - hand: takes a full batch and gives an empty one.
  private init(
    hash: @escaping (UnsafeBufferPointer<UInt8>) -> UInt32, hand: @escaping (RowBatch) throws -> RowBatch
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
    rowStart = batch.bytes.count
    keyEnd = rowStart
    givenKey = try LeadKey.append(key, to: &batch.bytes)
    keyEnd = batch.bytes.count
  }

  /// Adds to the row's bytes.
  @inline(__always)
  func append(_ bytes: UnsafeBufferPointer<UInt8>) { batch.bytes.append(bytes) }

  /// Adds to the row's bytes.
  func append(_ bytes: [UInt8]) { bytes.withUnsafeBufferPointer { batch.bytes.append($0) } }

  /// Adds to the row's bytes.
  @inline(__always)
  func append(_ byte: UInt8) { batch.bytes.append(byte) }

  /// Adds a comma and a number's digits to the row's bytes.
  @inline(__always)
  func append(comma number: Int64) {
    batch.bytes.append(addingCapacity: DecimalText.longest + 1) {
      $0[0] = UInt8(ascii: ",")
      return DecimalText.write(number, to: $0 + 1) + 1
    }
  }

  /// How many bytes the row has so far.
  var size: Int { batch.bytes.count - keyEnd }

  /// Ends the row.
  @inline(__always)
  func finish(order: Int64) {
    let key = keyEnd - rowStart
    let hash = batch.bytes.withUnsafeBytes { raw in
      self.hash(UnsafeBufferPointer(rebasing: raw.assumingMemoryBound(to: UInt8.self)[rowStart..<keyEnd]))
    }
    if let givenKey { batch.given[batch.rows.count] = givenKey }
    batch.rows.append(
      RowBatch.Row(
        order: order, start: rowStart, keyCount: UInt32(truncatingIfNeeded: key),
        count: UInt32(truncatingIfNeeded: batch.bytes.count - keyEnd), hash: hash))
  }

  // MARK: Batches

  /// Notes a rejected row.
  func reject(_ rejection: RowRejection, _ raw: UnsafeBufferPointer<UInt8>) {
    batch.rejections.append((rejection, Array(raw)))
  }

  /// Notes the header row.
  func note(header: [UInt8]) { batch.header = header }

  /// Takes back what was added of a row that does not end.
  func abandon() { batch.bytes.truncate(to: rowStart) }

  /// After each row: hands the batch over where it is full.
  @inline(__always)
  func advance(_ progress: @autoclosure () -> FactProgress) throws {
    rowStart = batch.bytes.count
    if batch.rows.count >= RowSink.fullRows || rowStart >= RowSink.fullBytes
      || batch.rejections.count >= RowSink.fullRejections
    {
      try flush(progress())
    }
  }

  /// Hands over what there is.
  func flush(_ progress: FactProgress) throws {
    batch.progress = progress
    batch = try hand(batch)
    rowStart = 0
  }

  /// Lets `read` fill batches and `take` have them.
  ///
  /// - Parameters:
  ///   - isParallel: whether `read` runs on a thread of its own.
  ///   - hash: of folded keys.
  /// - Throws: what either throws, once both have stopped.
  static func run(
    isParallel: Bool, hash: @escaping (UnsafeBufferPointer<UInt8>) -> UInt32, read: @escaping (RowSink) throws -> Void,
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
    let full = Channel<Result<RowBatch, any Error>>(capacity: 4)
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
