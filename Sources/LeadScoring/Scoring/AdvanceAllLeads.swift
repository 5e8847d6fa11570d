internal import LeadStore
internal import ScoreEngine

/// Brings the due leads of a range to an instant.
private final class ClockWorker: RescoreWorker {
  private let tools: RescoreTools
  private let asOf: Int64
  private let records: RecordCursor
  @exclusivity(unchecked) private var record: SignalRecord

  init(
    _ session: ScoringSession, _ database: LeadDatabase, model: ActiveModel, asOf: Int64, origin: RecordingOrigin
  ) throws {
    self.asOf = asOf
    tools = try RescoreTools(session, database, models: [model], origin: origin)
    records = try RecordCursor(database, pack: session.pack.id)
    record = SignalRecord(kinds: session.pack.kinds)
  }

  func work(on leads: ClosedRange<Int64>) throws -> RescorePart {
    var part = RescorePart()
    try tools.begin(leads)
    try records.begin(leads: leads)
    defer {
      tools.finish()
      records.finish()
    }
    var last: Int64 = 0
    while let (lead, state) = try tools.cursor(0).nextDue(after: last, by: asOf) {
      guard try records.advance(to: lead), records.withRecord({ record.unpack($0) }) else {
        throw StoreError.damaged("the signal state of lead \(lead); run `leadscore score --all`")
      }
      tools.kernel.advance(
        tools.models[0], lead: lead, state, try tools.judgement(0, lead), record, through: asOf, into: &part.scores)
      part.leads += 1
      last = lead
    }
    part.counts = tools.kernel.counts
    part.counts.rescored = part.leads
    return part
  }
}

extension ScoringSession {
  /// Brings every due lead of a model to an instant in one pass over all leads, on all cores. Inside a write transaction.
  ///
  /// - Complexity: O(leads + changes); to be preferred where a good part of all leads are due.
  func advanceAllLeads(of model: ActiveModel, to asOf: Int64) throws -> ScoringCounts {
    var counts = ScoringCounts()
    let origin = RecordingOrigin(recordedAt: clock())
    try RescorePass.run(
      self, adds: .many, { try ClockWorker(self, $0, model: model, asOf: asOf, origin: origin) },
      store: { part in
        counts.add(part.counts)
        try database.write(part.scores)
        onProgress?(
          Progress(label: "Scoring", unit: "leads", done: counts.rescored, total: nil, items: counts.rescored))
      })
    isUntouched = false
    return counts
  }
}
