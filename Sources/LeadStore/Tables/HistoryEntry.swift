/// What a row of history has in common with many others.
struct HistoryHead: Sendable, Hashable {
  var version: Int
  var cause: Cause
  var causeReference: String?
  var stageBefore: String?
  var stageAfter: String?
  var gradeAfter: String?

  /// The same without what the cause refers to, which may be another one in each row.
  var withoutReference: HistoryHead {
    var head = self
    head.causeReference = nil
    return head
  }

  /// Whether its rows record the entry into a stage.
  var changesStage: Bool { stageBefore != stageAfter }
}

extension HistoryHead {
  init(_ row: HistoryRow) {
    self.init(
      version: row.version, cause: row.cause, causeReference: row.causeReference,
      stageBefore: row.stageBefore, stageAfter: row.stageAfter, gradeAfter: row.gradeAfter)
  }
}

/// A row of history, with the number of its head in a ``HistoryEntryReader``.
struct HistoryEntry: Sendable {
  var id: Int64
  var lead: Int64
  var at: Int64
  var recordedAt: Int64
  /// Hundredths; nil in a lead's first row.
  var before: Int64?
  /// Hundredths.
  var after: Int64
  var head: Int32
  /// The number of what its cause refers to in a ``HistoryEntryReader``; 0 for nothing.
  var reference: Int32 = 0
}

extension HistoryRow {
  init(_ entry: HistoryEntry, _ head: HistoryHead, reference: String?, model: Int64) {
    self.init(
      model: model, lead: entry.lead, at: entry.at, recordedAt: entry.recordedAt, before: entry.before,
      after: entry.after, stageBefore: head.stageBefore, stageAfter: head.stageAfter, gradeAfter: head.gradeAfter,
      cause: head.cause, causeReference: reference, version: head.version)
    id = entry.id
  }
}
