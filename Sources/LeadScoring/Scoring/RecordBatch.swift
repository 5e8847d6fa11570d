internal import LeadStore
internal import ScoreEngine

/// Packed records of leads that are to be written, in a buffer that is used again.
struct RecordBatch: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [(lead: Int64, end: Int)] = []

  /// Forgets all records.
  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }

  /// Adds a lead's record.
  mutating func add(_ record: borrowing SignalRecord, lead: Int64) {
    record.pack(into: &bytes)
    ends.append((lead, bytes.count))
  }

  /// Takes the record added last away where its bytes are these.
  ///
  /// - Returns: whether they are.
  mutating func removeLast(ifEqualTo stored: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let last = ends.last else { return false }
    let start = ends.count > 1 ? ends[ends.count - 2].end : 0
    let isEqual = bytes.withUnsafeBufferPointer { $0[start..<last.end].elementsEqual(stored) }
    guard isEqual else { return false }
    ends.removeLast()
    bytes.removeLast(last.end - start)
    return true
  }

  /// Writes all records.
  func write(to database: LeadDatabase, pack: Int64) throws {
    try bytes.withUnsafeBytes { try database.signals.put(pack: pack, ends, $0) }
  }
}
