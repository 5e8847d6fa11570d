public import LeadStore
public import RecordFormats
internal import ScoreEngine

/// What a consumer is to get.
public struct HandoverOptions: Sendable {
  /// The stages whose entries count; empty for the hand-off stages of the active rules.
  public var stages: [String] = []
  /// The columns of the rows; nil for all.
  public var columns: [String]?
  /// Whether entries that a change of the rules caused are handed over like any.
  public var includesRuleChanges = false
  /// How many of those are handed over, the oldest first, where they are not all.
  public var released = 0

  /// The defaults.
  public init() {}
}

/// What was handed over.
public struct Handover: Sendable {
  /// Nil where there was nothing new.
  public var batch: HandoffBatchRow?
  /// Entries that a change of the rules caused and that were held back.
  public var heldBack: Int64
}

extension ScoringSession {
  /// Gives a consumer each entry of a lead into a hand-off stage that it has not had, as a numbered batch. The batch is
  /// recorded with its rows before anything is written, so that it can be written again, exactly, at any time.
  ///
  /// Entries that a change of the rules caused are held back unless told otherwise: sales is not flooded by a document.
  ///
  /// - Throws: ``ScoringError``, `DatabaseError`.
  public func handOver(
    to consumer: String, model name: String, asOf: Int64, options: HandoverOptions = HandoverOptions()
  ) throws -> Handover {
    try write {
      try checkClock(asOf)
      _ = try advanceDueLeads(to: asOf)
      for stage in options.stages { try checkStage(stage, model: name) }
      let stages = try options.stages.isEmpty ? handoffStages(model: name) : options.stages
      let model = try modelRow(name)
      let entries = try database.handoffs.newEntries(model: model.id, consumer: consumer, stages: stages)
      var released = options.released
      var chosen: [StageEntry] = []
      var heldBack: Int64 = 0
      for entry in entries {
        if entry.cause != Cause.rules.rawValue || options.includesRuleChanges {
          chosen.append(entry)
        } else if released > 0 {
          released -= 1
          chosen.append(entry)
        } else {
          heldBack += 1
        }
      }
      guard !chosen.isEmpty else { return Handover(batch: nil, heldBack: heldBack) }
      let columns = try exportColumns(options.columns)
      var writer = JSONWriter()
      writer.beginArray()
      for column in columns { writer.string(column) }
      writer.endArray()
      let (id, number) = try database.handoffs.addBatch(
        model: model.id, consumer: consumer, asOf: asOf, recordedAt: clock(),
        options: String(decoding: writer.bytes, as: UTF8.self))
      for entry in chosen {
        guard let key = try database.leads.row(id: entry.lead)?.key else { continue }
        var lead = try lead(key, model: name)
        lead.stage = entry.stage
        lead.enteredStageAt = entry.at
        try database.handoffs.add(
          batch: id, consumer: consumer, entry: entry, row: ScoringSession.exportRow(lead, columns))
      }
      let batch = try database.handoffs.batches(model: model.id, consumer: consumer).first { $0.number == number }
      return Handover(batch: batch, heldBack: heldBack)
    }
  }

  /// The batches of a model, of one consumer or of all, the oldest first.
  public func handoffBatches(consumer: String?, model name: String) throws -> [HandoffBatchRow] {
    try database.handoffs.batches(model: modelRow(name).id, consumer: consumer)
  }

  /// A batch by its number.
  ///
  /// - Throws: ``ScoringError/unknownBatch(_:consumer:)``
  public func handoffBatch(_ number: Int, consumer: String, model name: String) throws -> HandoffBatchRow {
    let batches = try handoffBatches(consumer: consumer, model: name)
    guard let batch = batches.first(where: { $0.number == number }) else {
      throw ScoringError.unknownBatch(number, consumer: consumer)
    }
    return batch
  }

  /// Calls `body` with each row of a batch as it was handed over: its columns' names and values, null for none.
  public func forEachRow(of batch: HandoffBatchRow, _ body: ([(name: String, value: JSONValue)]) throws -> Void) throws
  {
    try database.handoffs.forEachRow(batch: batch.id) { row in
      guard case .object(let object) = try JSONParser.parse(row) else { throw StoreError.damaged("a hand-off") }
      try body(object.members.map { ($0.key, $0.value) })
    }
  }

  /// The columns of an export that are no attributes.
  public static let fixedExportColumns = ["key", "score", "stage", "grade", "entered_stage_at", "version"]

  /// The columns of an export: those chosen, or the fixed ones and then all attributes in the order first seen.
  ///
  /// - Throws: ``ScoringError/unknownColumn(_:known:)``
  public func exportColumns(_ chosen: [String]?) throws -> [String] {
    let fixed = ScoringSession.fixedExportColumns
    let all = fixed + (try attributeNames().filter { !fixed.contains($0) })
    guard let chosen else { return all }
    let known = all + ["created_at", "next_change_at"]
    for name in chosen where !known.contains(name) { throw ScoringError.unknownColumn(name, known: known) }
    return chosen
  }

  /// The value of a column of an export for a lead, as JSON; null for none.
  public static func exportValue(_ lead: ScoredLead, _ column: String) -> JSONValue {
    func instant(_ value: Int64?) -> JSONValue {
      value.map { .string(Instant(milliseconds: $0).description) } ?? .null
    }
    func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    switch column {
    case "key": return .string(lead.key)
    case "score": return points(lead.score)
    case "stage": return text(lead.stage)
    case "grade": return text(lead.grade)
    case "entered_stage_at": return instant(lead.enteredStageAt)
    case "version": return .number(JSONNumber(Int64(lead.version)))
    case "created_at" where lead.attributes[column] == nil: return instant(lead.createdAt)
    case "next_change_at" where lead.attributes[column] == nil: return instant(lead.nextChangeAt)
    default:
      switch lead.attributes[column] {
      case nil: return .null
      case .text(let text): return .string(text)
      case .number(let number): return JSONNumber(number).map { .number($0) } ?? .null
      case .boolean(let truth): return .bool(truth)
      case .list(let texts): return .array(texts.map { .string($0) })
      }
    }
  }

  private static func points(_ hundredths: Int64) -> JSONValue {
    var writer = JSONWriter()
    writer.hundredths(hundredths)
    return (try? JSONParser.parse(writer.bytes)) ?? .null
  }

  private static func exportRow(_ lead: ScoredLead, _ columns: [String]) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    for column in columns {
      writer.key(column)
      writer.value(exportValue(lead, column))
    }
    writer.endObject()
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}
