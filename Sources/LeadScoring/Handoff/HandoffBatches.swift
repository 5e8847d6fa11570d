public import LeadStore
public import RecordFormats

/// What is needed to write a batch's file again, byte for byte.
public struct BatchOptions: Sendable, Equatable {
  /// The columns of its rows.
  public var headers: [String]
  /// `csv`, `jsonl` or `json`.
  public var format: String
  /// The system whose format it has.
  public var preset: ExportPreset?

  init(headers: [String], format: String, preset: ExportPreset?) {
    self.headers = headers
    self.format = format
    self.preset = preset
  }

  /// As a batch keeps them.
  var json: String {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("columns")
    writer.beginArray()
    for header in headers { writer.string(header) }
    writer.endArray()
    writer.key("format")
    writer.string(format)
    if let preset {
      writer.key("preset")
      writer.string(preset.rawValue)
    }
    writer.endObject()
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// Reads what a batch keeps. The first batches of all kept their columns alone.
  ///
  /// - Throws: `StoreError.damaged`
  public init(_ batch: HandoffBatchRow) throws {
    guard let value = try? JSONParser.parse(batch.options),
      let columns = value.arrayValue ?? value["columns"]?.arrayValue
    else { throw StoreError.damaged("batch \(batch.number) for \(batch.consumer)") }
    headers = columns.compactMap(\.stringValue)
    format = value["format"]?.stringValue ?? "csv"
    preset = value["preset"]?.stringValue.flatMap { ExportPreset(rawValue: $0) }
  }
}

extension ScoringSession {
  /// The batches of a model, of one consumer or of all, the oldest first.
  public func handoffBatches(consumer: String?, model name: String) throws -> [HandoffBatchRow] {
    try database.handoffs.batches(model: modelRow(name).id, consumer: consumer)
  }

  /// A batch by its number.
  ///
  /// - Throws: ``ScoringError/unknownBatch(_:consumer:)``
  public func handoffBatch(_ number: Int, consumer: String, model name: String) throws -> HandoffBatchRow {
    guard let batch = try database.handoffs.batch(number, model: modelRow(name).id, consumer: consumer) else {
      throw ScoringError.unknownBatch(number, consumer: consumer)
    }
    return batch
  }

  /// Records that a consumer has a batch. What was recorded first stands.
  ///
  /// - Returns: the batch, and whether this call confirmed it.
  /// - Throws: ``ScoringError/unknownBatch(_:consumer:)``
  public func confirmBatch(
    _ number: Int, consumer: String, model name: String, by person: String?, asOf: Int64
  ) throws -> (batch: HandoffBatchRow, isNew: Bool) {
    try write {
      let batch = try handoffBatch(number, consumer: consumer, model: name)
      let isNew = try database.handoffs.confirm(batch: batch.id, at: asOf, by: person)
      return (try handoffBatch(number, consumer: consumer, model: name), isNew)
    }
  }

  /// The entries that a consumer was spared for a cooldown, in the order in which they were recorded.
  public func skippedEntries(consumer: String, model name: String) throws -> [SkippedEntryRow] {
    try database.handoffs.skipped(model: modelRow(name).id, consumer: consumer)
  }

  /// Calls `body` with each row of a batch as it was handed over: its columns' names and values, null for none. Systems
  /// refuse a file in which a lead stands twice, so a preset's batch has of each lead the last entry.
  public func forEachRow(of batch: HandoffBatchRow, _ body: ([(name: String, value: JSONValue)]) throws -> Void) throws
  {
    let isPreset = try BatchOptions(batch).preset != nil
    try database.handoffs.forEachRow(batch: batch.id, onlyLast: isPreset) { row in
      guard case .object(let object) = try JSONParser.parse(row) else { throw StoreError.damaged("a hand-off") }
      try body(object.members.map { ($0.key, $0.value) })
    }
  }
}
