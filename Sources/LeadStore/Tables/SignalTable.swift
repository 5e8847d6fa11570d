/// All SQL of `signal`, `signal_pack` and `signal_block`.
public final class SignalTable {
  private let connection: Connection
  private let recent: RecentChanges
  private let find: Statement
  private let insert: Statement
  private let update: Statement
  @exclusivity(unchecked) private var block = SignalBlock()
  /// The pack whose inner pages were visited last, and its blocks then.
  private var visited: (pack: Int64, ids: ClosedRange<Int64>)?

  init(_ connection: Connection) throws(DatabaseError) {
    self.connection = connection
    recent = try RecentChanges(connection, .signals)
    find = try connection.prepare("SELECT present, ends, body FROM signal_block WHERE id = ?1")
    insert = try connection.prepare(
      "INSERT OR FAIL INTO signal_block (id, present, ends, body) VALUES (?1, ?2, ?3, ?4)")
    update = try connection.prepare("UPDATE OR FAIL signal_block SET present = ?2, ends = ?3, body = ?4 WHERE id = ?1")
  }

  /// The number of a definition, which is added where it is new.
  public func id(ofDefinition definition: String) throws -> Int64 {
    if let id = try connection.firstRow("SELECT id FROM signal WHERE definition = ?1", [definition], { $0.integer(0) })
    {
      return id
    }
    try connection.run("INSERT INTO signal (definition) VALUES (?1)", definition)
    return connection.lastInsertedRow
  }

  /// The newest pack, and the numbers of its signals as a JSON array.
  public func currentPack() throws -> (id: Int64, signals: String)? {
    try connection.firstRow("SELECT id, signals FROM signal_pack ORDER BY id DESC LIMIT 1") {
      ($0.integer(0), $0.text(1))
    }
  }

  /// The numbers of all packs.
  func packs() throws -> [Int64] {
    var packs: [Int64] = []
    try connection.forEachRow("SELECT id FROM signal_pack") { packs.append($0.integer(0)) }
    return packs
  }

  /// Adds a pack; returns its number.
  public func addPack(signals: String) throws -> Int64 {
    try connection.run("INSERT INTO signal_pack (signals) VALUES (?1)", signals)
    return connection.lastInsertedRow
  }

  /// Removes a pack and all it found. Where no other pack found anything, its pages need not be written to be let go of.
  public func removePack(_ id: Int64) throws {
    let ids = LeadBlocks.ids(owner: id)
    let ends = try connection.firstRow("SELECT (SELECT min(id) FROM signal_block), (SELECT max(id) FROM signal_block)")
    {
      ($0.optionalInteger(0), $0.optionalInteger(1))
    }
    if let first = ends?.0, let last = ends?.1, ids.contains(first), ids.contains(last) {
      // Without a condition SQLite empties the tree as a whole.
      try connection.execute("DELETE FROM signal_block")
    } else {
      try connection.run("DELETE FROM signal_block WHERE id BETWEEN ?1 AND ?2", ids.lowerBound, ids.upperBound)
    }
    try recent.remove(owner: id, 1...Int64.max)
    try connection.run("DELETE FROM signal_pack WHERE id = ?1", id)
  }

  // MARK: Inner pages

  private static let visits: Int64 = 32

  /// Reads here and there in a pack, so that SQLite keeps the inner pages of its tree in memory while all blocks are
  /// written in their order.
  ///
  /// Where blocks grow, an inner page changes together with the one before it, and long after that once more. If it was
  /// written to the log meanwhile to make room, SQLite would go over the whole log again when it commits.
  public func visitInnerPages(pack: Int64) throws {
    if visited?.pack != pack {
      let ids = LeadBlocks.ids(owner: pack)
      let last = try connection.firstRow(
        "SELECT max(id) FROM signal_block WHERE id BETWEEN ?1 AND ?2", [ids.lowerBound, ids.upperBound]
      ) { $0.optionalInteger(0) }
      visited = (pack, ids.lowerBound...max(ids.lowerBound, last.flatMap(\.self) ?? ids.lowerBound))
    }
    guard let ids = visited?.ids else { return }
    for visit in 0...SignalTable.visits {
      try find.bind(1, ids.lowerBound + (ids.upperBound - ids.lowerBound) * visit / SignalTable.visits)
      defer { find.reset() }
      _ = try find.step()
    }
  }

  // MARK: Records

  /// Calls `body` with a lead's record; false where there is none.
  ///
  /// - Parameter mayBeRecent: whether anything may stand of the lead beside its blocks; see ``RecentLeads``.
  public func withState(
    pack: Int64, lead: Int64, mayBeRecent: Bool = true, _ body: (UnsafeBufferPointer<UInt8>) throws -> Void
  ) throws -> Bool {
    if mayBeRecent, try recent.withRow(owner: pack, lead: lead, body) != nil { return true }
    try find.bind(1, LeadBlocks.id(owner: pack, lead: lead))
    defer { find.reset() }
    guard try find.step() else { return false }
    let layout = try SignalBlock.Layout(find, 0, 1, 2)
    guard let place = layout.record(LeadBlocks.place(of: lead)) else { return false }
    try find.withBytes(2) { try body(UnsafeBufferPointer(rebasing: $0[place])) }
    return true
  }

  /// Calls `body` with the records of the leads with numbers in a range, in their order.
  public func forEachState(
    pack: Int64, leads: ClosedRange<Int64>, _ body: (Int64, UnsafeBufferPointer<UInt8>) throws -> Void
  ) throws {
    let cursor = try RecordCursor(connection, pack: pack)
    defer { cursor.finish() }
    try cursor.begin(leads: leads)
    while let lead = cursor.lead {
      try cursor.withRecord { try body(lead, $0) }
      try cursor.next()
    }
  }

  /// Stores a lead's record in the place of the one before. Inside a write transaction.
  public func put(pack: Int64, lead: Int64, _ bytes: UnsafeRawBufferPointer) throws {
    try put(pack: pack, [(lead, bytes.count)], bytes)
  }

  /// Stores the records of leads in the place of those before. O(blocks that they are in).
  ///
  /// - Parameters:
  ///   - leads: each with the place in `bytes` where its record ends, in order of their numbers.
  ///   - bytes: the records, one after the other.
  public func put(pack: Int64, _ leads: [(lead: Int64, end: Int)], _ bytes: UnsafeRawBufferPointer) throws {
    let isAnyBeside = try leads.count < LeadBlocks.size || recent.isAny()
    var index = 0
    var start = 0
    while index < leads.count {
      let id = LeadBlocks.id(owner: pack, lead: leads[index].lead)
      let end = leads[index...].firstIndex { LeadBlocks.id(owner: pack, lead: $0.lead) != id } ?? leads.count
      let changed = leads[index..<end]
      if let stored = try recent.room(ofBlock: id, for: changed.lazy.map(\.lead), isAny: isAnyBeside) {
        for (lead, end) in changed {
          try recent.put(
            owner: pack, lead: lead, UnsafeRawBufferPointer(rebasing: bytes[start..<end]), stored: stored)
          start = end
        }
      } else {
        let isStored = try load(id, isAnyBeside)
        for (lead, end) in changed {
          block.replace(LeadBlocks.place(of: lead), with: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
          start = end
        }
        try store(id, isStored, isAnyBeside)
      }
      index = end
    }
  }

  /// Forgets a lead's record.
  func remove(pack: Int64, lead: Int64) throws {
    let id = LeadBlocks.id(owner: pack, lead: lead)
    let isStored = try load(id, true)
    block.remove(LeadBlocks.place(of: lead))
    try store(id, isStored, true)
  }

  /// Writes blocks anew, each with what stands beside it: of damaged ones nothing else is left. Inside a write
  /// transaction.
  public func rewrite(blocks: [Int64]) throws {
    for id in blocks { try store(id, load(id, true), true) }
  }

  /// Begins to change a block, with what stands beside it; false where none is stored. Of one that is damaged, nothing
  /// can be kept.
  private func load(_ id: Int64, _ isAnyBeside: Bool) throws -> Bool {
    block.removeAll()
    try find.bind(1, id)
    defer { find.reset() }
    let isStored = try find.step()
    if isStored, let layout = try? SignalBlock.Layout(find, 0, 1, 2) {
      find.withBytes(2) { block.load($0, layout) }
    }
    if isAnyBeside {
      try recent.forEach(ofBlock: id) { block.replace(LeadBlocks.place(of: $0), with: UnsafeRawBufferPointer($1)) }
    }
    return isStored
  }

  private func store(_ id: Int64, _ isStored: Bool, _ isAnyBeside: Bool) throws {
    if isAnyBeside { try recent.remove(ofBlock: id) }
    try block.withParts { present, ends, body in
      if isStored {
        try SignalTable.run(update, id, present, ends, body)
      } else {
        try SignalTable.run(insert, id, present, ends, body)
      }
    }
  }

  private static func run(
    _ statement: borrowing Statement, _ id: Int64, _ present: Int64, _ ends: UnsafeRawBufferPointer,
    _ body: UnsafeRawBufferPointer
  ) throws {
    try statement.bind(1, id)
    try statement.bind(2, present)
    try statement.bindTextInPlace(3, ends)
    try statement.bindBlobInPlace(4, body)
    try statement.run()
  }
}
