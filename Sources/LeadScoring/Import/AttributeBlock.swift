internal import LeadStore
internal import RecordFormats
internal import ScoreEngine

/// New rows of a range of leads: their attributes and when they were created.
final class AttributeBlock: LeadBlock {
  /// A lead that is new, or whose attributes or creation change.
  struct Change {
    var lead: Int64
    var isNew: Bool
    var createdAt: Int64
    var isCreatedAtGiven: Bool
    /// Where the JSON object of its attributes ends among those of all.
    var end: Int
  }

  let rows = SortedRows()
  let facts = LeadBlockFacts()
  /// By lead; nil for a new one.
  @exclusivity(unchecked) fileprivate(set) var stored: [LeadRow?] = []

  @exclusivity(unchecked) fileprivate(set) var changes: [Change] = []
  @exclusivity(unchecked) fileprivate(set) var attributes = ByteBuffer()
  /// Names of attributes that the worker had not met before, in the order in which it met them.
  @exclusivity(unchecked) fileprivate(set) var names: [String] = []
  @exclusivity(unchecked) fileprivate(set) var counts = ImportCounts()
  let results = LeadBlockResults()

  func removeAll() {
    facts.removeAll()
    stored.removeAll(keepingCapacity: true)
    changes.removeAll(keepingCapacity: true)
    attributes.removeAll()
    names.removeAll(keepingCapacity: true)
    counts = ImportCounts()
    results.removeAll()
  }

  func read(_ source: LeadBlockSource) throws {
    let groups = rows.groups
    try facts.read(groups, source)
    stored = Array(repeating: nil, count: groups.count)
    guard let first = groups.first?.lead, let last = groups.last?.lead else { return }
    if facts.isNew.allSatisfy(\.self) { return }
    if groups.count * 3 > Int(last - first) {
      var index = 0
      try source.database.leads.forEach(from: first, through: last) { row in
        while index < groups.count, groups[index].lead < row.id { index += 1 }
        if index < groups.count, groups[index].lead == row.id { stored[index] = row }
      }
    } else {
      for (index, group) in groups.enumerated() where !facts.isNew[index] {
        stored[index] = try source.database.leads.row(id: group.lead)
      }
    }
  }
}

/// Merges the attributes of blocks and scores their leads. On a thread of its own.
final class AttributeBlockScorer {
  private let scorer: LeadBlockScorer
  private let asOf: Int64
  @exclusivity(unchecked) private var knownNames: Set<String>
  // Of the lead at hand.
  @exclusivity(unchecked) private var rows: [LeadRowBytes] = []

  /// - Parameter knownNames: the names of attributes that the database has.
  init(_ session: ScoringSession, origin: RecordingOrigin, asOf: Int64, knownNames: Set<String>) {
    scorer = LeadBlockScorer(session, origin: origin, asOf: asOf)
    self.asOf = asOf
    self.knownNames = knownNames
  }

  /// What was done so far.
  var counts: ScoringCounts { scorer.counts }

  /// Fills the block with what is to be written.
  func score(_ block: AttributeBlock) throws {
    try block.rows.withBytes { bytes in
      for (index, group) in block.rows.groups.enumerated() {
        rows.removeAll(keepingCapacity: true)
        for row in block.rows.rows[group.rows] {
          rows.append(LeadRowBytes(UnsafeBufferPointer(rebasing: bytes[Int(row.start)..<Int(row.start + row.count)])))
        }
        try score(block, index, group.lead, rows)
      }
    }
  }

  private func score(_ block: AttributeBlock, _ index: Int, _ lead: Int64, _ rows: [LeadRowBytes]) throws {
    block.counts.duplicates += Int64(rows.count - 1)
    let given = rows.lazy.compactMap(\.createdAt).first
    scorer.finder.reset()
    if block.facts.isNew[index] {
      block.counts.created += 1
      let createdAt = given ?? asOf
      if rows.count == 1, rows[0].isClean {
        // What most rows of a file are: stored as they stand.
        block.attributes.append(rows[0].attributes)
        scorer.finder.read(attributesJSON: rows[0].attributes) { note($0, block) }
      } else {
        var attributes = AttributeSet()
        for row in rows { AttributeBlockScorer.merge(row, into: &attributes) }
        attributes.json.withUnsafeBufferPointer {
          block.attributes.append($0)
          scorer.finder.read(attributesJSON: $0) { note($0, block) }
        }
      }
      block.changes.append(
        AttributeBlock.Change(
          lead: lead, isNew: true, createdAt: createdAt, isCreatedAtGiven: given != nil, end: block.attributes.count))
      try scorer.score(
        lead, index, block.facts, createdAt: createdAt, attributes: nil, cause: .import, into: block.results)
      return
    }
    guard let stored = block.stored[index] else { throw StoreError.damaged("lead \(lead)") }
    let before = AttributeSet(json: stored.attributes)
    var attributes = before
    for row in rows { AttributeBlockScorer.merge(row, into: &attributes) }
    let createdAt = stored.isCreatedAtGiven ? stored.createdAt : given ?? stored.createdAt
    let isGiven = stored.isCreatedAtGiven || given != nil
    guard attributes != before || createdAt != stored.createdAt || isGiven != stored.isCreatedAtGiven else {
      block.counts.unchanged += 1
      return
    }
    block.counts.updated += 1
    attributes.json.withUnsafeBufferPointer { block.attributes.append($0) }
    for member in attributes.members { note(member.name, block) }
    block.changes.append(
      AttributeBlock.Change(
        lead: lead, isNew: false, createdAt: createdAt, isCreatedAtGiven: isGiven, end: block.attributes.count))
    try scorer.score(
      lead, index, block.facts, createdAt: createdAt, attributes: attributes, cause: .attributes, into: block.results)
  }

  static func merge(_ row: LeadRowBytes, into attributes: inout AttributeSet) {
    guard let parsed = try? JSONParser.parse(row.attributes), case .object(let object) = parsed else { return }
    for member in object.members {
      if let value = Value(json: member.value) {
        attributes.set(member.key, value)
      } else {
        attributes.remove(member.key)
      }
    }
  }

  private func note(_ name: String, _ block: AttributeBlock) {
    if knownNames.insert(name).inserted { block.names.append(name) }
  }
}
