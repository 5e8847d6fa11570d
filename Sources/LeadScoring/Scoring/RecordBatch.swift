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

  /// Adds a lead's record in its packed form.
  mutating func add(packed: [UInt8], lead: Int64) {
    bytes.append(contentsOf: packed)
    ends.append((lead, bytes.count))
  }

  /// Writes all records.
  func write(to database: LeadDatabase, pack: Int64) throws {
    try bytes.withUnsafeBytes { try database.signals.put(pack: pack, ends, $0) }
  }
}
