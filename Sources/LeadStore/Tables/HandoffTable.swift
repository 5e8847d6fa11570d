/// A batch of leads handed over to a consumer.
public struct HandoffBatchRow: Sendable, Equatable {
  public var id: Int64
  public var consumer: String
  /// Numbered from 1 for each consumer of a model.
  public var number: Int
  /// In milliseconds since 1970.
  public var asOf: Int64
  public var recordedAt: Int64
  /// JSON: the columns of its rows.
  public var options: String
  /// How many leads are in it.
  public var leads: Int64
}

/// An entry of a lead into a stage that a consumer has not had.
public struct StageEntry: Sendable, Equatable {
  /// The row of history that records it.
  public var history: Int64
  public var lead: Int64
  /// In milliseconds since 1970.
  public var at: Int64
  public var stage: String
  public var cause: String
}

/// All SQL of `handoff_batch` and `handoff`.
public final class HandoffTable {
  private let connection: Connection

  init(_ connection: Connection) {
    self.connection = connection
  }

  /// The entries into some stages that a consumer has not had, in the order in which they were recorded.
  ///
  /// - Complexity: O(history of the model).
  public func newEntries(model: Int64, consumer: String, stages: [String]) throws -> [StageEntry] {
    var entries: [StageEntry] = []
    let names = stages.indices.map { "?\($0 + 3)" }.joined(separator: ", ")
    try connection.forEachRow(
      """
      SELECT id, lead_id, at, stage_after, cause FROM score_history
      WHERE model_id = ?1 AND stage_after IN (\(names)) AND stage_before IS NOT stage_after
        AND NOT EXISTS (SELECT 1 FROM handoff WHERE consumer = ?2 AND history_id = score_history.id)
      ORDER BY id
      """, [model, consumer] + stages
    ) {
      entries.append(
        StageEntry(
          history: $0.integer(0), lead: $0.integer(1), at: $0.integer(2), stage: $0.text(3), cause: $0.text(4)))
    }
    return entries
  }

  /// Adds a batch under the next number; returns its row's number and its own.
  public func addBatch(
    model: Int64, consumer: String, asOf: Int64, recordedAt: Int64, options: String
  ) throws -> (id: Int64, number: Int) {
    let number =
      try connection.firstRow(
        "SELECT coalesce(max(number), 0) + 1 FROM handoff_batch WHERE model_id = ?1 AND consumer = ?2",
        [model, consumer]
      ) { $0.integer(0) } ?? 1
    try connection.run(
      """
      INSERT INTO handoff_batch (model_id, consumer, number, as_of, recorded_at, options)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6)
      """, model, consumer, number, asOf, recordedAt, options)
    return (connection.lastInsertedRow, Int(number))
  }

  /// Adds an entry to a batch, with the row as it is handed over.
  public func add(batch: Int64, consumer: String, entry: StageEntry, row: String) throws {
    try connection.run(
      "INSERT INTO handoff (batch_id, consumer, history_id, lead_id, row) VALUES (?1, ?2, ?3, ?4, ?5)", batch, consumer,
      entry.history, entry.lead, row)
  }

  /// The batches of a model, of one consumer or of all, the oldest first.
  public func batches(model: Int64, consumer: String?) throws -> [HandoffBatchRow] {
    var rows: [HandoffBatchRow] = []
    try connection.forEachRow(
      """
      SELECT id, consumer, number, as_of, recorded_at, options,
        (SELECT count(*) FROM handoff WHERE batch_id = handoff_batch.id)
      FROM handoff_batch WHERE model_id = ?1 AND (?2 IS NULL OR consumer = ?2) ORDER BY id
      """, [model, consumer]
    ) {
      rows.append(
        HandoffBatchRow(
          id: $0.integer(0), consumer: $0.text(1), number: Int($0.integer(2)), asOf: $0.integer(3),
          recordedAt: $0.integer(4), options: $0.text(5), leads: $0.integer(6)))
    }
    return rows
  }

  /// Calls `body` with each row of a batch, as it was handed over, in its order.
  public func forEachRow(batch: Int64, _ body: (String) throws -> Void) throws {
    try connection.forEachRow("SELECT row FROM handoff WHERE batch_id = ?1 ORDER BY history_id", [batch]) {
      try body($0.text(0))
    }
  }
}
