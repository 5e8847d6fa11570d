internal import LeadStore
internal import ScoreEngine

/// The facts of merged leads. Each keeps what came under its own key; the one that stands for them all has the union:
/// every event once, the earliest creation, and of attributes its own before those of the leads merged into it, which
/// fill gaps in the order of their merges. Inside a write transaction.
struct MemberFacts {
  private let session: ScoringSession
  private var database: LeadDatabase { session.database }

  init(_ session: ScoringSession) {
    self.session = session
  }

  /// Begins to keep a lead's own facts apart, as they stand now.
  func enroll(_ lead: Int64, root: Int64) throws {
    guard let row = try database.leads.row(id: lead) else { throw StoreError.damaged("lead \(lead)") }
    try database.merges.put(
      MemberRow(
        lead: lead, root: root, createdAt: row.createdAt, isCreatedAtGiven: row.isCreatedAtGiven,
        attributes: row.attributes))
    var own = EventBatch()
    try database.events.forEachEvent(leads: lead...lead) { own.append(at: $1, tail: $2) }
    try database.memberEvents.append(own, Array(0..<own.count), lead: lead)
  }

  /// Adds events to those of a member; returns how many it did not have.
  func add(_ batch: EventBatch, to lead: Int64) throws -> Int {
    var known: Set<[UInt8]> = []
    try database.memberEvents.forEachEvent(lead: lead) { known.insert(MemberFacts.identity($0, $1)) }
    let fresh = (0..<batch.count).filter { index in
      batch.withTail(index) { known.insert(MemberFacts.identity(batch.instant(index), $0)).inserted }
    }
    try database.memberEvents.append(batch, fresh, lead: lead)
    return fresh.count
  }

  /// What tells an event of a lead from its others: the instant, and the source's id or else all there is.
  private static func identity(_ instant: Int64, _ tail: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    DecimalText.append(instant, to: &bytes)
    bytes.append(contentsOf: EventTail(tail)?.id ?? tail)
    return bytes
  }

  /// What a lead stands for, put together.
  struct Union {
    var createdAt: Int64
    var isCreatedAtGiven: Bool
    var attributes: AttributeSet
    /// How many events there are, each counted once.
    var events: Int64
    /// What the signals find in all of it.
    var record: SignalRecord
  }

  /// Puts the facts of a lead together from those of the leads that it stands for, and stores them as its own.
  ///
  /// - Complexity: O(events of the person), in time and memory.
  func assemble(_ root: Int64) throws -> Union {
    let members = try ordered(database.merges.members(of: root), root: root)
    guard let first = members.first else { throw StoreError.damaged("the merge of lead \(root)") }
    let earliest = members.min { $0.createdAt < $1.createdAt } ?? first
    var attributes = AttributeSet()
    for member in members {
      for attribute in AttributeSet(json: member.attributes).members where attributes[attribute.name] == nil {
        attributes.set(attribute.name, attribute.value)
      }
    }
    var union = Union(
      createdAt: earliest.createdAt, isCreatedAtGiven: earliest.isCreatedAtGiven, attributes: attributes, events: 0,
      record: SignalRecord(kinds: session.pack.kinds))
    try attributes.json.withUnsafeBufferPointer {
      try database.leads.update(
        id: root, createdAt: earliest.createdAt, isGiven: earliest.isCreatedAtGiven, attributes: $0)
    }

    let events = try inOrder(members.map(\.lead))
    session.finder.reset()
    try database.events.remove(lead: root, from: 0)
    try database.events.merge(events, lead: root, isNew: true) { index in
      union.events += 1
      try events.withTail(index) { try session.finder.add(at: events.instant(index), tail: $0) }
    }
    session.finder.fill(&union.record, createdAt: union.createdAt, previous: nil, attributes: attributes)
    return union
  }

  /// Lets a lead that stands for itself alone again be like any other.
  func dismissIfAlone(_ root: Int64) throws {
    guard try database.merges.members(of: root).count == 1 else { return }
    try database.memberEvents.remove(lead: root)
    try database.merges.remove(member: root)
  }

  /// The leads of a group, each followed by those merged into it in the order of their merges.
  private func ordered(_ members: [MemberRow], root: Int64) throws -> [MemberRow] {
    let byLead = Dictionary(members.map { ($0.lead, $0) }) { first, _ in first }
    var ordered: [MemberRow] = []
    var open = [root]
    while let lead = open.popLast() {
      if let member = byLead[lead] { ordered.append(member) }
      open.append(contentsOf: try database.merges.merges(into: lead).map(\.lead).reversed())
    }
    guard ordered.count == members.count else { throw StoreError.damaged("the merge of lead \(root)") }
    return ordered
  }

  /// All events of some members in order of their instants and, where equal, as the members come.
  private func inOrder(_ leads: [Int64]) throws -> EventBatch {
    var gathered = EventBatch()
    for lead in leads { try database.memberEvents.forEachEvent(lead: lead) { gathered.append(at: $0, tail: $1) } }
    let order = (0..<gathered.count).sorted { (gathered.instant($0), $0) < (gathered.instant($1), $1) }
    var sorted = EventBatch()
    for index in order { gathered.withTail(index) { sorted.append(at: gathered.instant(index), tail: $0) } }
    return sorted
  }
}
