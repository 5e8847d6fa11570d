/// A batch of leads handed over to a consumer.
public struct HandoffBatchRow: Sendable, Equatable {
  public var id: Int64
  public var consumer: String
  /// Numbered from 1 for each consumer of a model.
  public var number: Int
  /// In milliseconds since 1970.
  public var asOf: Int64
  public var recordedAt: Int64
  /// When the consumer said that it has the batch, and who said so.
  public var confirmedAt: Int64?
  public var confirmedBy: String?
  /// JSON: what is needed to write the same file again.
  public var options: String
  /// How many entries are in it, and of how many leads.
  public var entries: Int64
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

/// An entry that a consumer has had.
public struct GivenEntry: Sendable, Equatable {
  /// The row of history that records it.
  public var history: Int64
  /// In milliseconds since 1970.
  public var at: Int64
  /// The number of the batch.
  public var batch: Int
}

/// An entry that a consumer is spared, since it had the same lead in the same stage a short time before.
public struct SkippedEntryRow: Sendable, Equatable {
  /// The row of history that records the entry.
  public var history: Int64
  public var consumer: String
  /// The lead's key as it was first given.
  public var key: String
  public var stage: String
  /// When the lead entered, in milliseconds since 1970.
  public var at: Int64
  /// When it had entered before, and the batch with that entry.
  public var earlierAt: Int64
  public var earlierBatch: Int
  /// In milliseconds.
  public var cooldown: Int64
  /// As of when it was left out.
  public var asOf: Int64
}

/// All SQL of `handoff_batch`, `handoff` and `handoff_skip`.
public final class HandoffTable {
  private let connection: Connection

  init(_ connection: Connection) {
    self.connection = connection
  }

  // MARK: Entries

  /// The entries into some stages that a consumer neither had nor was spared, in the order in which they were recorded.
  /// Those of a lead that is merged into another wait for the merge to be undone: the other one stands for it.
  ///
  /// - Complexity: O(history of the model).
  public func newEntries(model: Int64, consumer: String, stages: [String]) throws -> [StageEntry] {
    try connection.read {
      let reader = HistoryEntryReader(connection, model: model, wantsReferences: false) { head in
        head.changesStage && head.stageAfter.map { stages.contains($0) } ?? false
      }
      var entries: [StageEntry] = []
      let isOld = try connection.prepare(
        """
        SELECT EXISTS (SELECT 1 FROM handoff WHERE consumer = ?1 AND history_id = ?2)
          OR EXISTS (SELECT 1 FROM handoff_skip WHERE consumer = ?1 AND history_id = ?2)
          OR EXISTS (SELECT 1 FROM lead_member WHERE lead_id = ?3 AND root_id <> ?3)
        """)
      try isOld.bind(1, consumer)
      try reader.forEachEntry { entry in
        try isOld.bind(2, entry.id)
        try isOld.bind(3, entry.lead)
        defer { isOld.reset() }
        let head = reader.heads[Int(entry.head)]
        guard let stage = head.stageAfter, try isOld.step(), isOld.integer(0) == 0 else { return }
        entries.append(
          StageEntry(history: entry.id, lead: entry.lead, at: entry.at, stage: stage, cause: head.cause.rawValue))
      }
      return entries.sorted { $0.history < $1.history }
    }
  }

  /// The latest entry of a lead, or of one merged into it, into a stage that a consumer has had; nil where there is none.
  public func lastGiven(model: Int64, consumer: String, lead: Int64, stage: String) throws -> GivenEntry? {
    try connection.firstRow(
      """
      SELECT handoff.history_id, handoff.entered_at, handoff_batch.number
      FROM handoff JOIN handoff_batch ON handoff_batch.id = handoff.batch_id
      WHERE \(MergeTable.isOfPerson("handoff.lead_id", "?3")) AND handoff.consumer = ?2
        AND handoff_batch.model_id = ?1 AND handoff.stage = ?4
      ORDER BY handoff.entered_at DESC, handoff.history_id DESC LIMIT 1
      """, [model, consumer, lead, stage]
    ) { GivenEntry(history: $0.integer(0), at: $0.integer(1), batch: Int($0.integer(2))) }
  }

  /// Adds an entry to a batch, with the row as it is handed over.
  public func add(batch: Int64, consumer: String, entry: StageEntry, row: String) throws {
    try connection.run(
      """
      INSERT INTO handoff (batch_id, consumer, history_id, lead_id, stage, entered_at, row)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
      """, batch, consumer, entry.history, entry.lead, entry.stage, entry.at, row)
  }

  /// Records that a consumer is spared an entry, `earlier` being the one that it had.
  public func skip(
    consumer: String, entry: StageEntry, earlier: Int64, cooldown: Int64, asOf: Int64, recordedAt: Int64
  ) throws {
    try connection.run(
      """
      INSERT INTO handoff_skip
        (consumer, history_id, lead_id, stage, entered_at, after_history_id, cooldown, as_of, recorded_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
      """, consumer, entry.history, entry.lead, entry.stage, entry.at, earlier, cooldown, asOf, recordedAt)
  }

  /// The entries that a consumer was spared, in the order in which they were recorded.
  public func skipped(model: Int64, consumer: String) throws -> [SkippedEntryRow] {
    var rows: [SkippedEntryRow] = []
    try connection.forEachRow(
      """
      SELECT handoff_skip.consumer, coalesce(lead.key_as_given, lead.key), handoff_skip.stage, handoff_skip.entered_at,
        earlier.entered_at, handoff_batch.number, handoff_skip.cooldown, handoff_skip.as_of, handoff_skip.history_id
      FROM handoff_skip JOIN lead ON lead.id = handoff_skip.lead_id
        JOIN handoff AS earlier
          ON earlier.consumer = handoff_skip.consumer AND earlier.history_id = handoff_skip.after_history_id
        JOIN handoff_batch ON handoff_batch.id = earlier.batch_id
      WHERE handoff_skip.consumer = ?2 AND handoff_batch.model_id = ?1 ORDER BY handoff_skip.history_id
      """, [model, consumer]
    ) {
      rows.append(
        SkippedEntryRow(
          history: $0.integer(8), consumer: $0.text(0), key: $0.text(1), stage: $0.text(2), at: $0.integer(3),
          earlierAt: $0.integer(4),
          earlierBatch: Int($0.integer(5)), cooldown: $0.integer(6), asOf: $0.integer(7)))
    }
    return rows
  }

  // MARK: Batches

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

  /// A consumer of any model whose name differs from another one in the case of its letters alone; nil where there is none.
  public func otherSpelling(ofConsumer consumer: String) throws -> String? {
    let folded = consumer.lowercased()
    var found: String?
    try connection.forEachRow("SELECT DISTINCT consumer FROM handoff_batch ORDER BY consumer") {
      let known = $0.text(0)
      if found == nil, known != consumer, known.lowercased() == folded { found = known }
    }
    return found
  }

  /// Records that a consumer has a batch; false where that was recorded before, which then stands.
  public func confirm(batch: Int64, at instant: Int64, by person: String?) throws -> Bool {
    try connection.run(
      "UPDATE handoff_batch SET confirmed_at = ?2, confirmed_by = ?3 WHERE id = ?1 AND confirmed_at IS NULL", batch,
      instant, person)
    return connection.changes > 0
  }

  private static let batchColumns = """
    SELECT id, consumer, number, as_of, recorded_at, confirmed_at, confirmed_by, options,
      (SELECT count(*) FROM handoff WHERE batch_id = handoff_batch.id),
      (SELECT count(DISTINCT lead_id) FROM handoff WHERE batch_id = handoff_batch.id)
    FROM handoff_batch WHERE model_id = ?1
    """

  private static func batch(_ row: borrowing Statement) -> HandoffBatchRow {
    HandoffBatchRow(
      id: row.integer(0), consumer: row.text(1), number: Int(row.integer(2)), asOf: row.integer(3),
      recordedAt: row.integer(4), confirmedAt: row.optionalInteger(5), confirmedBy: row.optionalText(6),
      options: row.text(7), entries: row.integer(8), leads: row.integer(9))
  }

  /// The batches of a model, of one consumer or of all, the oldest first.
  public func batches(model: Int64, consumer: String?) throws -> [HandoffBatchRow] {
    var rows: [HandoffBatchRow] = []
    try connection.forEachRow(
      HandoffTable.batchColumns + " AND (?2 IS NULL OR consumer = ?2) ORDER BY id", [model, consumer]
    ) { rows.append(HandoffTable.batch($0)) }
    return rows
  }

  /// A batch by its number.
  public func batch(_ number: Int, model: Int64, consumer: String) throws -> HandoffBatchRow? {
    try connection.firstRow(
      HandoffTable.batchColumns + " AND consumer = ?2 AND number = ?3", [model, consumer, number]
    ) { HandoffTable.batch($0) }
  }

  /// Calls `body` with each row of a batch, as it was handed over, in the order in which the entries were recorded.
  ///
  /// - Parameter onlyLast: of a lead's several entries only the last.
  public func forEachRow(batch: Int64, onlyLast: Bool = false, _ body: (String) throws -> Void) throws {
    let filter =
      onlyLast
      ? """
       AND NOT EXISTS (
         SELECT 1 FROM handoff AS later INDEXED BY handoff_by_lead
         WHERE later.batch_id = ?1 AND later.lead_id = handoff.lead_id AND later.history_id > handoff.history_id)
      """ : ""
    try connection.forEachRow("SELECT row FROM handoff WHERE batch_id = ?1\(filter) ORDER BY history_id", [batch]) {
      try body($0.text(0))
    }
  }

  /// Calls `body` with the batch of each entry that was handed over and the lead, or the one that stands for it now, in
  /// the order of the batches.
  public func forEachEntry(
    model: Int64, consumer: String?, _ body: (_ batch: Int64, _ lead: Int64) throws -> Void
  ) throws {
    try connection.forEachRow(
      """
      SELECT handoff.batch_id, \(MergeTable.person("handoff.lead_id")) AS root
      FROM handoff JOIN handoff_batch ON handoff_batch.id = handoff.batch_id
      WHERE handoff_batch.model_id = ?1 AND (?2 IS NULL OR handoff_batch.consumer = ?2)
      ORDER BY handoff.batch_id, root
      """, [model, consumer]
    ) { try body($0.integer(0), $0.integer(1)) }
  }
}
