import LeadScoring
import LeadStore
import RecordFormats
import TerminalOutput

/// Handing over to a consumer.
extension ExportCommand {
  /// Makes the consumer's next batch.
  ///
  /// A file is whole on the disk, under another name, before the batch is recorded, and takes its name afterwards. What
  /// others see at once (standard output, a pipe) is written when the batch is recorded. So either nothing happened, or
  /// the batch has a number by which it can be written again.
  func handOver(_ consumer: String) throws {
    let session = try common.open()
    let file = try ExportFile(path: output, format: chosenFormat, isForPreset: preset != nil)
    let summaryFile = try summary.flatMap { $0 == "-" ? nil : try AtomicFileOutput(path: $0) }
    let handover = try common.atInstant { asOf in
      try session.handOver(to: consumer, model: common.model, asOf: asOf, options: handoverOptions) { batch in
        if file.isHidden { try write(batch, to: file, session) }
      }
    }
    tell(handover, consumer)
    try stating(handover.batch.map(again) ?? "nothing was handed over") {
      if let batch = handover.batch {
        if !file.isHidden { try write(batch, to: file, session) }
        try file.commit()
        note("batch \(batch.number) for \(sanitized(consumer)): \(size(batch))" + destination)
      } else {
        // Who sends the file on would send what was handed over before.
        let old = OutputGuard.isFile(output) ? "; \(sanitized(output)) stays as it was" : ""
        note("nothing new for \(sanitized(consumer))\(old)")
      }
      if summary == "-" {
        try printJSON { writeSummary(handover, consumer, to: &$0) }
      } else if let summaryFile {
        var writer = JSONWriter(pretty: true)
        writeSummary(handover, consumer, to: &writer)
        writer.endLine()
        try writer.bytes.withUnsafeBytes { try summaryFile.write(bytes: $0) }
        try summaryFile.commit()
      }
    }
  }

  private var handoverOptions: HandoverOptions {
    var options = HandoverOptions()
    options.stages = stage
    options.shape = shape
    options.format = chosenFormat.rawValue
    options.includesRuleChanges = includeRuleChanges
    options.released = release
    options.cooldown = cooldown?.milliseconds
    return options
  }

  private func write(_ batch: HandoffBatchRow, to file: ExportFile, _ session: ScoringSession) throws {
    try file.write(BatchOptions(batch).headers) { print in try session.forEachRow(of: batch) { try print($0) } }
  }

  private func again(_ batch: HandoffBatchRow) -> String {
    "batch \(batch.number) is recorded, write it again by --for \(sanitized(batch.consumer)) --batch \(batch.number)"
  }

  private func size(_ batch: HandoffBatchRow) -> String {
    plural(batch.leads, "lead") + (batch.entries == batch.leads ? "" : ", \(plural(batch.entries, "entry", "entries"))")
  }

  private func tell(_ handover: Handover, _ consumer: String) {
    for warning in handover.warnings { warn("warning: " + warning) }
    if handover.heldBack > 0 {
      note(
        "\(plural(handover.heldBack, "lead")) held back, since a change of the rules brought them; "
          + "--include-rule-changes hands them over, --release N a few of them")
    }
    let skipped = Int64(handover.skipped.count)
    if skipped > 0 {
      note(
        "\(plural(skipped, "entry", "entries")) left out for the cooldown; "
          + "`leadscore export --for \(sanitized(consumer)) --skipped` lists them")
    }
    if !handover.unconfirmed.isEmpty {
      note("not confirmed yet: batch \(handover.unconfirmed.map(String.init).joined(separator: ", "))")
    }
  }

  private func writeSummary(_ handover: Handover, _ consumer: String, to writer: inout JSONWriter) {
    let batch = handover.batch
    RecordOutput.write(
      [
        ("consumer", .text(consumer)), ("model", .text(common.model)),
        ("batch", .integer(batch.map { Int64($0.number) })), ("as_of", .instant(batch?.asOf)),
        ("entries", .integer(batch?.entries ?? 0)), ("leads", .integer(batch?.leads ?? 0)),
        ("held_back", .integer(handover.heldBack)),
        (
          "unconfirmed",
          .json { writer in
            writer.beginArray()
            for number in handover.unconfirmed { writer.integer(Int64(number)) }
            writer.endArray()
          }
        ),
        (
          "skipped",
          .json { writer in
            writer.beginArray()
            for row in handover.skipped { RecordOutput.write(Self.record(row), to: &writer) }
            writer.endArray()
          }
        ),
      ], to: &writer)
  }

  // MARK: What was handed over

  /// Writes a batch again, in the format that it had unless another one is asked for.
  func writeAgain(_ number: Int, _ consumer: String) throws {
    let session = try common.openAsItStands()
    let batch = try session.handoffBatch(number, consumer: consumer, model: common.model)
    let options = try BatchOptions(batch)
    if let format, format != .csv, options.preset != nil {
      throw CommandError(.usage, "batch \(number) was made by a preset, which is written as csv")
    }
    let known = ExportFormat(rawValue: options.format) ?? .csv
    let asked = options.preset == nil ? format ?? ExportFormat(path: output) : nil
    let file = try ExportFile(path: output, format: asked ?? known, isForPreset: options.preset != nil)
    try write(batch, to: file, session)
    try file.commit()
    note("batch \(number) for \(sanitized(consumer)): \(size(batch))" + destination)
  }

  /// Records that the consumer has a batch.
  func confirmBatch(_ number: Int, _ consumer: String) throws {
    let session = try common.open()
    let (batch, isNew) = try session.confirmBatch(
      number, consumer: consumer, model: common.model, by: by, asOf: common.instant)
    let since = batch.confirmedAt.map { formatMinute($0) } ?? ""
    let person = batch.confirmedBy.map { " by \(sanitized($0))" } ?? ""
    note(
      "batch \(number) for \(sanitized(consumer)) "
        + (isNew ? "is confirmed\(person)" : "was confirmed already, \(since)\(person)"))
  }

  /// Lists the consumer's batches.
  func listBatches(_ consumer: String) throws {
    let session = try common.openAsItStands()
    let rows = try session.handoffReport(
      model: common.model, consumer: consumer, byBatch: true, asOf: common.asOf?.milliseconds ?? Int64.max)
    let records = RecordOutput(
      format?.outputFormat ?? .table, to: BufferedOutput.standardOutput(),
      columns: [
        Table.Column("batch", alignment: .right), Table.Column("as of"), Table.Column("leads", alignment: .right),
        Table.Column("confirmed"), Table.Column("by", isTruncatable: true),
        Table.Column("accepted", alignment: .right), Table.Column("rejected", alignment: .right),
      ])
    for row in rows {
      guard let batch = row.batch else { continue }
      let fields = try record(batch, row)
      try records.print(
        fields,
        cells: [
          String(batch.number), formatMinute(batch.asOf), formatCount(batch.leads),
          batch.confirmedAt.map { formatMinute($0) } ?? "–", batch.confirmedBy ?? "–", formatCount(row.accepted),
          formatCount(row.rejected),
        ])
    }
    try records.finish(
      names: [
        "batch", "as_of", "leads", "entries", "recorded_at", "confirmed_at", "confirmed_by", "preset", "format",
        "accepted", "rejected",
      ], ifNone: "no batches")
  }

  private func record(_ batch: HandoffBatchRow, _ row: HandoffFigures) throws -> OutputRecord {
    let options = try BatchOptions(batch)
    return [
      ("batch", .integer(Int64(batch.number))), ("as_of", .instant(batch.asOf)), ("leads", .integer(batch.leads)),
      ("entries", .integer(batch.entries)), ("recorded_at", .instant(batch.recordedAt)),
      ("confirmed_at", .instant(batch.confirmedAt)), ("confirmed_by", .text(batch.confirmedBy)),
      ("preset", .text(options.preset?.rawValue)), ("format", .text(options.format)),
      ("accepted", .integer(row.accepted)), ("rejected", .integer(row.rejected)),
    ]
  }

  /// Lists the entries that the consumer was spared.
  func listSkipped(_ consumer: String) throws {
    let session = try common.openAsItStands()
    let records = RecordOutput(
      format?.outputFormat ?? .table, to: BufferedOutput.standardOutput(),
      columns: [
        Table.Column("key", isTruncatable: true), Table.Column("stage"), Table.Column("entered"),
        Table.Column("entered before"), Table.Column("in batch", alignment: .right), Table.Column("cooldown"),
      ])
    for row in try session.skippedEntries(consumer: consumer, model: common.model) {
      try records.print(
        Self.record(row),
        cells: [
          row.key, row.stage, formatMinute(row.at), formatMinute(row.earlierAt), String(row.earlierBatch),
          formatDuration(row.cooldown),
        ])
    }
    try records.finish(
      names: ["key", "stage", "entered_stage_at", "earlier_at", "earlier_batch", "cooldown_seconds", "as_of"],
      ifNone: "nothing was left out for \(sanitized(consumer))")
  }

  private static func record(_ row: SkippedEntryRow) -> OutputRecord {
    [
      ("key", .text(row.key)), ("stage", .text(row.stage)), ("entered_stage_at", .instant(row.at)),
      ("earlier_at", .instant(row.earlierAt)), ("earlier_batch", .integer(Int64(row.earlierBatch))),
      ("cooldown_seconds", .integer(row.cooldown / 1000)), ("as_of", .instant(row.asOf)),
    ]
  }
}
