internal import LeadStore
internal import ScoreEngine

/// What an import brings under the keys of merged leads. It is kept with the lead whose key it came under, so that
/// undoing the merge gives it back; each person is put together and evaluated once, when all rows are in.
final class MemberImport {
  private struct Touched {
    /// Events of the person before the import; nil where none came.
    var events: Int64?
    var received: Int64 = 0
  }

  private let session: ScoringSession
  private let facts: MemberFacts
  private let hasMembers: Bool
  /// All leads of groups, where so many rows come that one look at all of them costs less than one for each.
  private let members: Set<Int64>?
  private let staged: LeadPartitions
  private var touched: [Int64: Touched] = [:]
  private var order: [Int64] = []

  /// - Parameter isSmall: whether few rows are to come.
  init(_ session: ScoringSession, bufferSize: Int, isSmall: Bool) throws {
    self.session = session
    facts = MemberFacts(session)
    hasMembers = try session.database.merges.hasMembers()
    members = try isSmall || !hasMembers ? nil : session.database.merges.allMembers()
    staged = LeadPartitions(folder: session.temporaryFolder, capacity: bufferSize)
  }

  // MARK: Rows

  /// Whether a lead is one of a merged group.
  func takes(_ lead: Int64) throws -> Bool {
    guard hasMembers else { return false }
    if let members { return members.contains(lead) }
    return try session.gate.pass { try session.database.merges.rootOfMember(lead) } != nil
  }

  /// Adds a row of a lead of a group, as the importers make them.
  func append(lead: Int64, order: Int64, _ bytes: UnsafeBufferPointer<UInt8>) throws {
    try staged.append(lead: lead, order: order, bytes)
  }

  /// Calls `body` with the rows of each lead, in order.
  private func forEachLead(_ body: (_ lead: Int64, _ rows: [(Int64, UnsafeBufferPointer<UInt8>)]) throws -> Void) throws
  {
    let block = SortedRows()
    while try staged.next(block) {
      try block.withBytes { bytes in
        for group in block.groups {
          let rows = block.rows[group.rows].map { row in
            (row.order, UnsafeBufferPointer(rebasing: bytes[Int(row.start)..<Int(row.start + row.count)]))
          }
          try body(group.lead, rows)
        }
      }
    }
  }

  /// Adds the rows as events and brings their persons up to date.
  func addEvents(_ scorer: LeadScorer, at asOf: Int64, _ counts: inout ImportCounts) throws {
    try forEachLead { lead, rows in
      var batch = EventBatch()
      for (instant, tail) in rows { batch.append(at: instant, tail: tail) }
      try add(batch, to: lead)
    }
    let merged = try finish(scorer, at: asOf, cause: .event)
    counts.created += merged.created
    counts.duplicates += merged.duplicates
  }

  /// Takes the rows as attributes and brings their persons up to date.
  func changeAttributes(_ scorer: LeadScorer, at asOf: Int64, _ counts: inout ImportCounts) throws {
    try forEachLead { lead, rows in
      let rows = rows.map { LeadRowBytes($0.1) }
      let isChanged = try change(lead, createdAt: rows.lazy.compactMap(\.createdAt).first) { attributes in
        for row in rows { AttributeBlockScorer.merge(row, into: &attributes) }
        for member in attributes.members { try session.database.leads.addAttributeName(member.name) }
      }
      counts.duplicates += Int64(rows.count - 1)
      if isChanged { counts.updated += 1 } else { counts.unchanged += 1 }
    }
    _ = try finish(scorer, at: asOf, cause: .attributes)
  }

  // MARK: Facts

  /// Adds events to a lead of a group.
  private func add(_ batch: EventBatch, to lead: Int64) throws {
    let root = try session.database.merges.root(of: lead)
    var person = touch(root)
    if person.events == nil { person.events = try eventCount(root) }
    person.received += Int64(batch.count)
    touched[root] = person
    _ = try facts.add(batch, to: lead)
  }

  /// Changes the attributes and the creation of a lead of a group; false where nothing changes.
  private func change(
    _ lead: Int64, createdAt given: Int64?, _ merge: (inout AttributeSet) throws -> Void
  ) throws -> Bool {
    let root = try session.database.merges.root(of: lead)
    guard var member = try session.database.merges.members(of: root).first(where: { $0.lead == lead }) else {
      throw StoreError.damaged("the merge of lead \(lead)")
    }
    let before = member
    let attributesBefore = AttributeSet(json: member.attributes)
    var attributes = attributesBefore
    try merge(&attributes)
    if !member.isCreatedAtGiven, let given {
      member.createdAt = given
      member.isCreatedAtGiven = true
    }
    if attributes != attributesBefore { member.attributes = String(decoding: attributes.json, as: UTF8.self) }
    guard member != before else { return false }
    touched[root] = touch(root)
    try session.database.merges.put(member)
    if lead != root {
      try Array(member.attributes.utf8).withUnsafeBufferPointer {
        try session.database.leads.update(
          id: lead, createdAt: member.createdAt, isGiven: member.isCreatedAtGiven, attributes: $0)
      }
    }
    return true
  }

  /// Puts together and evaluates all persons that something came for.
  ///
  /// - Returns: how many events were new to them, and how many were not.
  private func finish(_ scorer: LeadScorer, at asOf: Int64, cause: Cause) throws -> (created: Int64, duplicates: Int64)
  {
    var created: Int64 = 0
    var duplicates: Int64 = 0
    for root in order {
      guard let person = touched[root] else { continue }
      var previous = SignalRecord(kinds: session.pack.kinds)
      guard try session.models.isEmpty || session.unpack(lead: root, into: &previous) else {
        throw StoreError.damaged("the signal state of lead \(root); run `leadscore score --all`")
      }
      guard let before = try session.database.leads.row(id: root) else { throw StoreError.damaged("lead \(root)") }
      let union = try facts.assemble(root)
      var isChanged =
        AttributeSet(json: before.attributes) != union.attributes || before.createdAt != union.createdAt
      if let events = person.events {
        created += union.events - events
        duplicates += person.received - (union.events - events)
        isChanged = isChanged || union.events != events
      }
      guard isChanged, !session.models.isEmpty else { continue }
      try scorer.store(union.record, lead: root)
      try scorer.evaluate(lead: root, previous: previous, record: union.record, at: asOf, cause: cause)
    }
    touched = [:]
    order = []
    return (created, duplicates)
  }

  private func touch(_ root: Int64) -> Touched {
    if let known = touched[root] { return known }
    order.append(root)
    return Touched()
  }

  private func eventCount(_ lead: Int64) throws -> Int64 {
    var count: Int64 = 0
    try session.database.events.forEachEvent(leads: lead...lead) { _, _, _ in count += 1 }
    return count
  }
}
