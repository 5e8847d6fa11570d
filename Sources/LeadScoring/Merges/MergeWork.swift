internal import LeadStore
internal import ScoreEngine

/// Merges of leads within one write transaction: recorded one by one, and at the end each lead that others were merged
/// into is put together and evaluated once.
final class MergeWork {
  private let session: ScoringSession
  private let facts: MemberFacts
  private let asOf: Int64
  /// Leads to be put together, with what the cause of their history is to refer to, in order.
  private var pending: [(lead: Int64, reference: String)] = []
  /// What the evaluations did.
  private(set) var counts = ScoringCounts()
  private var database: LeadDatabase { session.database }

  init(_ session: ScoringSession, asOf: Int64) {
    self.session = session
    facts = MemberFacts(session)
    self.asOf = asOf
  }

  /// Merges a lead, with all that were merged into it, into another. Both stand for themselves, and differ.
  ///
  /// - Returns: the merge's number.
  func merge(_ lead: Int64, into root: Int64, person: String?, reason: String) throws -> Int64 {
    try bringUpToDate(lead)
    let id = try database.merges.add(
      lead: lead, into: root, asOf: asOf, recordedAt: session.clock(), person: person, reason: reason)
    for one in [root, lead] where try database.merges.rootOfMember(one) == nil { try facts.enroll(one, root: one) }
    try database.setScoresAside(lead: lead)
    try database.events.remove(lead: lead, from: 0)
    for member in try database.merges.members(of: lead) {
      try database.merges.setRoot(root, ofMember: member.lead)
      // It has what it brought itself; the union is another's now.
      try putOwnFacts(of: member)
    }
    pending.append((root, "merge \(id)"))
    return id
  }

  /// Takes a merge back: the leads of both sides have their own facts again.
  func undo(_ merge: MergeRow, person: String?, reason: String?) throws {
    let root = try database.merges.root(of: merge.lead)
    try database.merges.undo(merge.id, asOf: asOf, recordedAt: session.clock(), person: person, reason: reason)
    var open = [merge.lead]
    while let lead = open.popLast() {
      try database.merges.setRoot(merge.lead, ofMember: lead)
      open.append(contentsOf: try database.merges.merges(into: lead).map(\.lead))
    }
    try database.putScoresBack(lead: merge.lead)
    pending.append((root, "unmerge \(merge.id)"))
    pending.append((merge.lead, "unmerge \(merge.id)"))
  }

  /// Puts together and evaluates every lead that the merges changed.
  func finish() throws {
    var last: [Int64: String] = [:]
    for (lead, reference) in pending { last[lead] = reference }
    for (lead, _) in pending {
      // One that was itself merged away later on is no lead of its own any more.
      guard let reference = last.removeValue(forKey: lead), try database.merges.root(of: lead) == lead else { continue }
      try evaluate(lead, reference)
    }
    pending = []
    for model in session.models where counts.rescored > 0 { try database.models.setEvaluated(model.row.id, at: asOf) }
  }

  private func evaluate(_ lead: Int64, _ reference: String) throws {
    let scorer = try LeadScorer(session, reference: reference)
    var previous = SignalRecord(kinds: session.pack.kinds)
    let hadRecord = try !session.models.isEmpty && session.unpack(lead: lead, into: &previous)
    let union = try facts.assemble(lead)
    try facts.dismissIfAlone(lead)
    guard !session.models.isEmpty else { return }
    try scorer.store(union.record, lead: lead)
    if hadRecord, try union.record.isEqual(to: previous) && database.judgements.isEmpty() {
      // A key that nothing came under changes nothing.
      return
    } else if hadRecord {
      try scorer.evaluate(lead: lead, previous: previous, record: union.record, at: asOf, cause: .recompute)
    } else {
      // A lead that was merged away takes up where it was: its scores were put back, its signals were not.
      scorer.counts.rescored += 1
      for model in session.models {
        let row = try database.scores.row(model: model.row.id, lead: lead)
        try scorer.evaluate(
          model, lead: lead, row: row, record: union.record, at: asOf, cause: row == nil ? .import : .recompute)
      }
    }
    counts.rescored += scorer.counts.rescored
    counts.changed += scorer.counts.changed
    counts.stageChanges += scorer.counts.stageChanges
  }

  /// Brings a lead to the instant under its facts of before.
  private func bringUpToDate(_ lead: Int64) throws {
    guard !session.models.isEmpty else { return }
    var record = SignalRecord(kinds: session.pack.kinds)
    guard try session.unpack(lead: lead, into: &record) else { return }
    let scorer = try LeadScorer(session)
    for model in session.models { try scorer.catchUp(model, lead: lead, record: record, to: asOf) }
    counts.stageChanges += scorer.counts.stageChanges
  }

  private func putOwnFacts(of member: MemberRow) throws {
    try Array(member.attributes.utf8).withUnsafeBufferPointer {
      try database.leads.update(
        id: member.lead, createdAt: member.createdAt, isGiven: member.isCreatedAtGiven, attributes: $0)
    }
  }
}
