public import LeadStore
internal import RecordFormats
internal import ScoreEngine

/// What a consumer is to get.
public struct HandoverOptions: Sendable {
  /// The stages whose entries count; empty for the hand-off stages of the active rules.
  public var stages: [String] = []
  /// The columns of the rows.
  public var shape = ExportShape()
  /// The format of the file, to be written again in it.
  public var format = "csv"
  /// Whether entries that a change of the rules caused are handed over like any.
  public var includesRuleChanges = false
  /// How many of those are handed over, the oldest first, where they are not all.
  public var released = 0
  /// An entry is left out that comes so soon after the lead's last one into the same stage that the consumer has had,
  /// in milliseconds; nil for none.
  public var cooldown: Int64?

  /// The defaults.
  public init() {}
}

/// What was handed over.
public struct Handover: Sendable {
  /// Nil where there was nothing new.
  public var batch: HandoffBatchRow?
  /// Entries that a change of the rules caused and that were held back.
  public var heldBack: Int64 = 0
  /// Entries left out for the cooldown. They are recorded and do not come again.
  public var skipped: [SkippedEntryRow] = []
  /// Earlier batches that the consumer has not confirmed, where it has confirmed any.
  public var unconfirmed: [Int] = []
  /// What a person should know before the file is loaded.
  public var warnings: [String] = []
}

extension ScoringSession {
  /// Gives a consumer each entry of a lead into a hand-off stage that it has not had, as a numbered batch. The batch is
  /// recorded with its rows, so that it can be written again, exactly, at any time.
  ///
  /// Entries that a change of the rules caused are held back unless told otherwise: sales is not flooded by a document.
  ///
  /// - Parameter prepare: called with the batch before it is recorded for good; what it throws undoes the batch. A file
  ///   that is whole on the disk by then and takes its name afterwards can neither lack nor double an entry.
  /// - Throws: ``ScoringError``, `DatabaseError`, what `prepare` throws.
  public func handOver(
    to consumer: String, model name: String, asOf: Int64, options: HandoverOptions = HandoverOptions(),
    prepare: (HandoffBatchRow) throws -> Void = { _ in }
  ) throws -> Handover {
    try write {
      try checkClock(asOf)
      _ = try advanceDueLeads(to: asOf)
      let sorted = try sort(to: consumer, model: name, options: options)
      var handover = Handover(heldBack: sorted.heldBack)
      let earlier = try handoffBatches(consumer: consumer, model: name)
      if earlier.isEmpty, let known = try database.handoffs.otherSpelling(ofConsumer: consumer) {
        throw ScoringError.badExport(
          "there is a consumer '\(known)'; write it so, or name another than '\(consumer)'")
      }
      if earlier.contains(where: { $0.confirmedAt != nil }) {
        handover.unconfirmed = earlier.filter { $0.confirmedAt == nil }.map(\.number)
      }
      if !sorted.chosen.isEmpty {
        handover.batch = try record(
          sorted.chosen, consumer: consumer, model: name, asOf: asOf, options: options, warnings: &handover.warnings)
      }
      handover.skipped = try record(
        skips: sorted.skipped, consumer: consumer, model: name, asOf: asOf, options: options)
      if let batch = handover.batch { try prepare(batch) }
      return handover
    }
  }

  /// What becomes of the entries that a consumer has not had.
  private struct SortedEntries {
    var chosen: [StageEntry] = []
    var skipped: [(entry: StageEntry, earlier: Int64)] = []
    var heldBack: Int64 = 0
  }

  private func sort(to consumer: String, model name: String, options: HandoverOptions) throws -> SortedEntries {
    for stage in options.stages { try checkStage(stage, model: name) }
    let stages = try options.stages.isEmpty ? handoffStages(model: name) : options.stages
    let model = try modelRow(name).id
    struct Place: Hashable {
      var lead: Int64
      var stage: String
    }
    var released = options.released
    var sorted = SortedEntries()
    var given: [Place: (history: Int64, at: Int64)] = [:]
    for entry in try database.handoffs.newEntries(model: model, consumer: consumer, stages: stages) {
      let place = Place(lead: entry.lead, stage: entry.stage)
      if entry.cause == Cause.rules.rawValue, !options.includesRuleChanges, released == 0 {
        sorted.heldBack += 1
        continue
      }
      if let cooldown = options.cooldown {
        let last =
          try given[place]
          ?? database.handoffs.lastGiven(model: model, consumer: consumer, lead: entry.lead, stage: entry.stage)
          .map { ($0.history, $0.at) }
        if let last, entry.at - last.at < cooldown {
          sorted.skipped.append((entry, last.history))
          continue
        }
      }
      if entry.cause == Cause.rules.rawValue, !options.includesRuleChanges { released -= 1 }
      sorted.chosen.append(entry)
      given[place] = (entry.history, entry.at)
    }
    return sorted
  }

  private func record(
    _ entries: [StageEntry], consumer: String, model name: String, asOf: Int64, options: HandoverOptions,
    warnings: inout [String]
  ) throws -> HandoffBatchRow {
    let model = try modelRow(name).id
    let layout = try exportLayout(options.shape, model: name)
    warnings = layout.warnings
    let (id, number) = try database.handoffs.addBatch(
      model: model, consumer: consumer, asOf: asOf, recordedAt: clock(),
      options: BatchOptions(headers: layout.headers, format: options.format, preset: layout.preset).json)
    var unknown: Set<Int64> = []
    for entry in entries {
      guard let key = try database.leads.row(id: entry.lead)?.key else { continue }
      let lead = try lead(key, model: name)
      if layout.lacksIdentity(lead) { unknown.insert(entry.lead) }
      var writer = JSONWriter()
      writer.beginObject()
      for (name, value) in layout.row(of: lead, entry: entry) {
        writer.key(name)
        writer.value(value)
      }
      writer.endObject()
      try database.handoffs.add(
        batch: id, consumer: consumer, entry: entry, row: String(decoding: writer.bytes, as: UTF8.self))
    }
    if let warning = layout.warning(lackingIdentity: Int64(unknown.count)) { warnings.append(warning) }
    return try handoffBatch(number, consumer: consumer, model: name)
  }

  /// Records entries that are left out, after the entries for whose sake they are.
  private func record(
    skips: [(entry: StageEntry, earlier: Int64)], consumer: String, model name: String, asOf: Int64,
    options: HandoverOptions
  ) throws -> [SkippedEntryRow] {
    guard let cooldown = options.cooldown, !skips.isEmpty else { return [] }
    let recordedAt = clock()
    for skip in skips {
      try database.handoffs.skip(
        consumer: consumer, entry: skip.entry, earlier: skip.earlier, cooldown: cooldown, asOf: asOf,
        recordedAt: recordedAt)
    }
    let new = Set(skips.map(\.entry.history))
    return try skippedEntries(consumer: consumer, model: name).filter { new.contains($0.history) }
  }
}
