internal import LeadStore
internal import ScoreEngine

/// What a full recomputation found.
public struct RecomputeReport: Sendable, Equatable {
  /// A lead whose stored state was not what the facts say.
  public struct Difference: Sendable, Equatable {
    public var key: String
    public var model: String
    /// Hundredths; nil for a lead that had no score.
    public var before: Int64?
    /// Hundredths.
    public var after: Int64
    public var stageBefore: String?
    public var stageAfter: String?
  }

  /// Leads looked at.
  public var leads: Int64 = 0
  /// Leads that differed in score, groups, rules, stage or grade.
  public var differences: [Difference] = []
  /// Leads whose signal state differed.
  public var signalDifferences: Int64 = 0
}

extension ScoringSession {
  /// Recomputes every lead as of an instant from the facts alone, stores what differs and reports it.
  ///
  /// - Throws: ``ScoringError/backInTime(asked:last:)``, `DatabaseError`.
  /// - Complexity: O(leads + events).
  public func recompute(asOf: Int64) throws -> RecomputeReport {
    try write(bulk: true) {
      try checkClock(asOf)
      if pack.id == 0 { try replacePack() }
      var report = RecomputeReport()
      let scorer = try LeadScorer(self)
      var stored = SignalRecord(kinds: pack.kinds)
      let total = try database.leads.count()
      try forEachRebuiltRecord(finder) { lead, record in
        report.leads += 1
        onProgress?(
          Progress(label: "Recomputing", unit: "leads", done: report.leads, total: total, items: report.leads))
        if try !unpack(lead: lead, into: &stored) || !stored.isEqual(to: record) {
          report.signalDifferences += 1
          try scorer.store(record, lead: lead)
        }
        for model in models {
          try scorer.catchUp(model, lead: lead, record: record, to: asOf)
          let before = try database.scores.row(model: model.row.id, lead: lead)
          try scorer.evaluate(
            model, lead: lead, row: before, record: record, at: asOf, cause: before == nil ? .import : .recompute)
          guard let after = try database.scores.row(model: model.row.id, lead: lead) else { continue }
          if before == nil || before?.score != after.score || before?.groups != after.groups
            || before?.rules != after.rules || before?.stage != after.stage || before?.grade != after.grade
          {
            report.differences.append(
              RecomputeReport.Difference(
                key: try database.leads.row(id: lead)?.key ?? "", model: model.row.name, before: before?.score,
                after: after.score,
                stageBefore: before?.stage, stageAfter: after.stage))
          }
        }
      }
      if report.leads > 0 { for model in models { try database.models.setEvaluated(model.row.id, at: asOf) } }
      return report
    }
  }

  /// Takes a new, empty pack in the place of one that does not fit the active rules.
  private func replacePack() throws {
    let old = try database.signals.currentPack()
    _ = try SignalPack.add(pack.definitions, to: database)
    if let old { try database.signals.removePack(old.id) }
    try reload()
  }
}
