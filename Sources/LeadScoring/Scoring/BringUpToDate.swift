internal import LeadStore
internal import ScoreEngine

extension ScoringSession {
  /// Brings every due lead of every model to an instant, in one transaction of its own where any is due.
  ///
  /// - Parameter asOf: `T`, in milliseconds since 1970.
  /// - Throws: ``ScoringError/backInTime(asked:last:)``, `DatabaseError`.
  /// - Complexity: O(due leads).
  @discardableResult
  public func bringUpToDate(to asOf: Int64) throws -> ScoringCounts {
    try checkClock(asOf)
    guard try models.contains(where: { try database.scores.isAnyDue(model: $0.row.id, by: asOf) }) else {
      return ScoringCounts()
    }
    return try write(bulk: true) {
      try checkClock(asOf)
      return try advanceDueLeads(to: asOf)
    }
  }

  /// Brings one lead to an instant under all models where it is due, so that who looks at it need not wait for others.
  ///
  /// - Throws: ``ScoringError/unknownLead(_:similar:)``, ``ScoringError/backInTime(asked:last:)``, `DatabaseError`.
  /// - Complexity: O(the lead's changes).
  public func bringUpToDate(_ key: String, to asOf: Int64) throws {
    func isDue(_ lead: Int64) throws -> Bool {
      try models.contains {
        try database.scores.state(model: $0.row.id, lead: lead)?.nextChangeAt.map { $0 <= asOf } ?? false
      }
    }
    try checkClock(asOf)
    guard try isDue(leadRow(key).id) else { return }
    try write {
      try checkClock(asOf)
      // Rules, facts and merges may have changed since.
      let lead = try leadRow(key).id
      guard try isDue(lead) else { return }
      var record = SignalRecord(kinds: pack.kinds)
      guard try unpack(lead: lead, into: &record) else { throw StoreError.damaged("the signal state of lead \(lead)") }
      let scorer = try LeadScorer(self)
      for model in models {
        try scorer.catchUp(model, lead: lead, record: record, to: asOf)
        try database.models.setEvaluated(model.row.id, at: asOf)
      }
    }
  }

  /// Brings every due lead to an instant. Inside a write transaction.
  ///
  /// - Complexity: O(due leads), or where many are due, O(leads) on all cores.
  func advanceDueLeads(to asOf: Int64) throws -> ScoringCounts {
    guard try models.contains(where: { try database.scores.areBlocksDue(1, model: $0.row.id, by: asOf) }) else {
      return ScoringCounts()
    }
    let scorer = try LeadScorer(self)
    var record = SignalRecord(kinds: pack.kinds)
    let blocks = try (database.leads.greatestID() + 15) / 16
    for model in models {
      var wasAnyDue = false
      let fewest = max(fewestForPass, Int(blocks / 8))
      if try database.scores.areBlocksDue(fewest, model: model.row.id, by: asOf) {
        scorer.counts.add(try advanceAllLeads(of: model, to: asOf))
        wasAnyDue = true
      }
      while true {
        let due = try database.scores.settledDue(model: model.row.id, by: asOf, limit: 4096)
        if due.isEmpty { break }
        wasAnyDue = true
        for lead in due {
          guard try unpack(lead: lead, into: &record) else {
            throw StoreError.damaged("the signal state of lead \(lead)")
          }
          try scorer.catchUp(model, lead: lead, record: record, to: asOf, storesAtOnce: false)
          onProgress?(
            Progress(
              label: "Scoring", unit: "leads", done: scorer.counts.rescored, total: nil,
              items: scorer.counts.rescored))
        }
        try scorer.store()
      }
      if wasAnyDue { try database.models.setEvaluated(model.row.id, at: asOf) }
    }
    return scorer.counts
  }
}
