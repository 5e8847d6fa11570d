public import LeadStore
internal import ScoreEngine

extension ScoringSession {
  /// Works out from the facts what a version of a model's rules would have said of a lead over time if it had always
  /// been active, and calls `body` with each change and the lead's key. Nothing is stored.
  ///
  /// A lead is followed from its creation on through every instant at which anything may change; attributes are as they
  /// are now, adjustments and fast-tracks hold at their own times. Rows are those of history, with the cause
  /// ``Cause/event`` or ``Cause/time``; one lead's follow each other, leads are in the order in which they were first
  /// seen.
  ///
  /// - Parameters:
  ///   - key: the lead; nil for all.
  ///   - number: the version; nil for the active one.
  ///   - asOf: up to and with this instant, in milliseconds since 1970.
  ///   - filter: which rows; its `lead` is not looked at.
  ///   - limit: how many rows at most.
  /// - Throws: ``ScoringError/unknownLead(_:similar:)``, ``ScoringError/unknownVersion(_:model:greatest:)``,
  ///   `DatabaseError`, what `body` throws.
  /// - Complexity: O(events, and for each lead its changes × rules).
  public func reconstructHistory(
    key: String?, model name: String, version number: Int?, through asOf: Int64,
    filter: HistoryFilter = HistoryFilter(), limit: Int? = nil, _ body: (HistoryRow, String) throws -> Void
  ) throws {
    let model = try modelRow(name)
    let scorer = try scorer(version: number ?? activeModel(name).version.number, model: model)
    let only = try key.map { try leadRow($0).id }
    let asksJudgement = try !database.judgements.isEmpty()
    let end = min(asOf, filter.until ?? Int64.max)
    var left = limit ?? Int.max
    guard left > 0 else { return }
    do {
      try forEachRebuiltRecord(scorer.finder, leads: only.map { $0...$0 } ?? 1...Int64.max) { lead, record in
        var judgement = Judgement.none
        if asksJudgement, let row = try database.leads.row(id: lead) {
          judgement = try LeadReplay(self, model: model, lead: row).judgement
        }
        let events = record.eventInstants
        var previous: HistoryRow?
        var key: String?
        try scorer.walk(record, judgement, from: record.createdAt, through: end, stage: nil) { instant in
          let row = scorer.row(
            model: model.id, lead: lead, at: instant, after: previous,
            cause: events.contains(instant) ? .event : .time)
          guard row.differs(from: previous) else { return true }
          previous = row
          if filter.admits(row) {
            let known = try key ?? database.leads.row(id: lead)?.key ?? ""
            key = known
            try body(row, known)
            left -= 1
            if left == 0 { throw EnoughRows() }
          }
          return true
        }
      }
    } catch is EnoughRows {}
  }
}

/// Ends a pass over all leads early.
private struct EnoughRows: Error {}

extension VersionScorer {
  /// The last evaluation as a row of history.
  fileprivate func row(
    model: Int64, lead: Int64, at instant: Int64, after previous: HistoryRow?, cause: Cause
  ) -> HistoryRow {
    HistoryRow(
      model: model, lead: lead, at: instant, recordedAt: instant, before: previous?.after, after: evaluator.score,
      stageBefore: previous?.stageAfter, stageAfter: evaluator.stage, gradeAfter: evaluator.grade,
      cause: cause, causeReference: nil, version: version.number)
  }
}

extension HistoryRow {
  fileprivate func differs(from previous: HistoryRow?) -> Bool {
    guard let previous else { return true }
    return after != previous.after || stageAfter != previous.stageAfter || gradeAfter != previous.gradeAfter
  }
}

extension HistoryFilter {
  fileprivate func admits(_ row: HistoryRow) -> Bool {
    (since.map { row.at >= $0 } ?? true) && (until.map { row.at <= $0 } ?? true)
      && (causes.isEmpty || causes.contains(row.cause)) && (!onlyStageChanges || row.stageBefore != row.stageAfter)
  }
}
