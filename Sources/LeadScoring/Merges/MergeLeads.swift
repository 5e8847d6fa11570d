public import LeadStore
internal import ScoreEngine

/// A merge with the keys of its leads.
public struct LeadMerge: Sendable, Equatable {
  public var row: MergeRow
  /// The key that was merged away.
  public var key: String
  /// The key of the lead into which it was merged.
  public var intoKey: String
}

/// Why leads cannot be merged or a merge not be undone.
public enum MergeRefusal: Error, Sendable, Equatable {
  /// Both keys are those of one lead; the merge by which they are, where they differ.
  case sameLead(String, String)
  /// There is no such merge, nor a lead of that key that was merged away.
  case unknownMerge(String)
  /// The merge was undone already. Milliseconds since 1970.
  case undoneAlready(Int64, at: Int64)
  /// The lead stands for itself; keys that were merged into it.
  case notMerged(String, members: [String])
  /// A person or a reason is missing.
  case empty(String)
}

extension ScoringSession {
  /// Merges a lead into another: from now on the other one stands for both, with the union of their facts, and what
  /// arrives under either key is the one person's. One transaction.
  ///
  /// - Parameters:
  ///   - key: the lead that stands for both.
  ///   - other: the lead that is merged into it.
  /// - Returns: the merge.
  /// - Throws: ``MergeRefusal``, ``ScoringError``, `DatabaseError`.
  /// - Complexity: O(events of both), besides the leads that are due.
  public func mergeLeads(_ key: String, _ other: String, by person: String, reason: String, asOf: Int64) throws
    -> LeadMerge
  {
    try checkNotEmpty(person, "--by")
    try checkNotEmpty(reason, "--reason")
    return try mergeWrite(asOf) { work in
      let kept = try leadRow(key)
      let lost = try leadRow(other)
      guard kept.id != lost.id else { throw MergeRefusal.sameLead(key, other) }
      return try work.merge(lost.id, into: kept.id, person: person, reason: reason)
    }
  }

  /// Undoes a merge: both leads come back with their own facts, those that arrived since among them, and are evaluated
  /// as of now; the one that had been merged away takes up at the stage that it had.
  ///
  /// - Parameter name: the merge's number, or the key that was merged away.
  /// - Throws: ``MergeRefusal``, ``ScoringError``, `DatabaseError`.
  public func unmergeLead(_ name: String, by person: String, reason: String?, asOf: Int64) throws -> LeadMerge {
    try checkNotEmpty(person, "--by")
    return try mergeWrite(asOf) { work in
      let merge = try mergeInForce(name)
      try work.undo(merge, person: person, reason: reason)
      return merge.id
    }
  }

  /// All merges, undone ones too, the oldest first.
  public func merges() throws -> [LeadMerge] { try database.merges.all().map(withKeys) }

  /// The merge by which a key is another lead's; nil where the key is its lead's own, or no lead's.
  public func merge(ofKey key: String) throws -> LeadMerge? {
    guard let row = try database.leads.row(key: LeadKey.folded(key)),
      let merge = try database.merges.merge(ofLead: row.id)
    else { return nil }
    var found = try withKeys(merge)
    // Merges follow one another; what counts is who stands for the lead in the end.
    found.intoKey = try database.leads.row(id: database.merges.root(of: row.id))?.key ?? found.intoKey
    return found
  }

  /// The keys that were merged into a lead, directly or by way of others.
  public func mergedKeys(ofLead key: String) throws -> [String] {
    let lead = try leadRow(key)
    return try database.merges.members(of: lead.id).compactMap { member in
      member.lead == lead.id ? nil : try database.leads.row(id: member.lead)?.key
    }
  }

  private func mergeWrite(_ asOf: Int64, _ body: (MergeWork) throws -> Int64) throws -> LeadMerge {
    try write {
      try checkClock(asOf)
      if !models.isEmpty, pack.id == 0 {
        throw StoreError.damaged("signal_pack, which does not fit the active rules; run `leadscore score --all`")
      }
      _ = try advanceDueLeads(to: asOf)
      let work = MergeWork(self, asOf: asOf)
      let id = try body(work)
      try work.finish()
      guard let row = try database.merges.merge(id) else { throw StoreError.damaged("merge \(id)") }
      return try withKeys(row)
    }
  }

  private func mergeInForce(_ name: String) throws -> MergeRow {
    if let id = Int64(name), let merge = try database.merges.merge(id) {
      if let undone = merge.undoneAsOf { throw MergeRefusal.undoneAlready(id, at: undone) }
      return merge
    }
    guard let lead = try database.leads.row(key: LeadKey.folded(name)) else {
      throw MergeRefusal.unknownMerge(name)
    }
    if let merge = try database.merges.merge(ofLead: lead.id) { return merge }
    throw MergeRefusal.notMerged(lead.key, members: try mergedKeys(ofLead: lead.key))
  }

  private func withKeys(_ row: MergeRow) throws -> LeadMerge {
    LeadMerge(
      row: row, key: try database.leads.row(id: row.lead)?.key ?? "",
      intoKey: try database.leads.row(id: row.into)?.key ?? "")
  }

  private func checkNotEmpty(_ text: String, _ name: String) throws {
    guard !NormalizedText.trimmed(text).isEmpty else { throw MergeRefusal.empty(name) }
  }
}
