/// All SQL of `score_block`.
public final class ScoreTable {
  private let connection: Connection
  private let recent: RecentChanges
  private let find: Statement
  private let insert: Statement
  private let update: Statement
  private let due: DueBlocks
  @exclusivity(unchecked) private var body: [UInt8] = []
  @exclusivity(unchecked) private var beside: [UInt8] = []

  init(_ connection: Connection) throws(DatabaseError) {
    self.connection = connection
    recent = try RecentChanges(connection, .scores)
    find = try connection.prepare("SELECT body FROM score_block WHERE id = ?1")
    insert = try connection.prepare("INSERT OR FAIL INTO score_block (id, body) VALUES (?1, ?2)")
    update = try connection.prepare("UPDATE OR FAIL score_block SET body = ?2 WHERE id = ?1")
    due = try DueBlocks(connection)
  }

  // MARK: One lead

  /// Calls `body` with the line of a lead; nil where it has none.
  @discardableResult
  func withLine<Result>(
    model: Int64, lead: Int64, mayBeRecent: Bool = true, _ body: (ScoreLine) throws -> Result
  ) throws -> Result? {
    if mayBeRecent, let result = try recent.withRow(owner: model, lead: lead, { try body(ScoreTable.line($0)) }) {
      return result
    }
    try find.bind(1, LeadBlocks.id(owner: model, lead: lead))
    defer { find.reset() }
    guard try find.step() else { return nil }
    return try find.withBytes(0) { text in
      var lines = ScoreLines(text)
      while let bytes = try lines.next() {
        guard try ScoreLines.lead(of: bytes) == lead else { continue }
        return try body(ScoreTable.line(bytes))
      }
      return nil
    }
  }

  private static func line(_ bytes: UnsafeBufferPointer<UInt8>) throws -> ScoreLine {
    guard let line = ScoreLine(bytes) else { throw ScoreLines.damaged }
    return line
  }

  private static func state(_ line: ScoreLine) throws -> ScoreState {
    guard let state = line.state else { throw ScoreLines.damaged }
    return state
  }

  private static func row(model: Int64, _ line: ScoreLine) throws -> ScoreRow {
    ScoreRow(
      model: model, lead: line.lead, try state(line), groups: String(decoding: line.groups, as: UTF8.self),
      rules: String(decoding: line.rules, as: UTF8.self))
  }

  /// The stored score of a lead.
  public func row(model: Int64, lead: Int64) throws -> ScoreRow? {
    try withLine(model: model, lead: lead) { try ScoreTable.row(model: model, $0) }
  }

  /// The state of a lead's stored score.
  ///
  /// - Parameter mayBeRecent: whether anything may stand of the lead beside its blocks; see ``RecentLeads``.
  public func state(model: Int64, lead: Int64, mayBeRecent: Bool = true) throws -> ScoreState? {
    try withLine(model: model, lead: lead, mayBeRecent: mayBeRecent) { try ScoreTable.state($0) }
  }

  /// Stores a score in the place of the one before. Inside a write transaction.
  public func put(_ row: ScoreRow) throws {
    var batch = ScoreBatch()
    batch.add(model: row.model, lead: row.lead, row.state, groups: row.groups, rules: row.rules)
    try put(batch)
  }

  /// Forgets the score of a lead.
  func remove(model: Int64, lead: Int64) throws {
    try replace(block: LeadBlocks.id(owner: model, lead: lead), [], removing: lead, isAnyBeside: true)
  }

  // MARK: Many leads

  /// Stores scores in the place of those before. O(blocks that they are in).
  func put(_ batch: borrowing ScoreBatch) throws {
    let scores = batch.scores
    var order = Array(scores.indices)
    func key(_ index: Int) -> (Int64, Int64, Int) {
      (LeadBlocks.id(owner: scores[index].model, lead: scores[index].lead), scores[index].lead, index)
    }
    if zip(order, order.dropFirst()).contains(where: { key($0) > key($1) }) { order.sort { key($0) < key($1) } }
    let isAnyBeside = try scores.count < LeadBlocks.size || recent.isAny()
    try batch.bytes.withUnsafeBufferPointer { bytes in
      var lines: [NewLine] = []
      lines.reserveCapacity(LeadBlocks.size)
      var block: Int64?
      for index in order {
        let score = scores[index]
        let id = LeadBlocks.id(owner: score.model, lead: score.lead)
        if let block, block != id {
          try put(block: block, lines, isAnyBeside)
          lines.removeAll(keepingCapacity: true)
        }
        block = id
        // Of several scores of a lead the last one counts.
        if lines.last?.lead == score.lead { lines.removeLast() }
        lines.append(
          NewLine(
            lead: score.lead, bytes: UnsafeBufferPointer(rebasing: bytes[score.line]),
            scoredAt: score.scoredAt, nextChangeAt: score.nextChangeAt))
      }
      if let block { try put(block: block, lines, isAnyBeside) }
    }
  }

  /// Stores whole blocks of scores in the place of those before, and of what stands beside them.
  func put(_ composed: ComposedScores) throws {
    try connection.withStatement("INSERT OR REPLACE INTO score_block (id, body) VALUES (?1, ?2)") { store in
      try composed.forEachBlock { block, text in
        try ScoreTable.run(store, block.id, text)
        try due.set(block.earliest, block: block.id)
      }
    }
    guard try recent.isAny() else { return }
    try recent.remove(owner: composed.model, composed.leads)
  }

  private struct NewLine {
    var lead: Int64
    var bytes: UnsafeBufferPointer<UInt8>
    var scoredAt: Int64 = 0
    var nextChangeAt: Int64?
  }

  /// Puts lines, in order of their leads, in the place of those about the same leads: into their block, or, while they
  /// are few, beside it.
  private func put(block id: Int64, _ lines: [NewLine], _ isAnyBeside: Bool) throws {
    // What is laid over a file that cannot be written to stands beside the blocks.
    let room =
      connection.isWritable ? try recent.room(ofBlock: id, for: lines.lazy.map(\.lead), isAny: isAnyBeside) : 0
    guard let room else {
      return try replace(block: id, lines, isAnyBeside: isAnyBeside)
    }
    var earliest = DueBlocks.never
    var scoredAt = Int64.min
    for line in lines {
      try recent.put(
        owner: id >> LeadBlocks.ownerShift, lead: line.lead, UnsafeRawBufferPointer(line.bytes), stored: room)
      earliest = min(earliest, line.nextChangeAt ?? DueBlocks.never)
      scoredAt = max(scoredAt, line.scoredAt)
    }
    let before = try due.instant(block: id)
    if earliest < before ?? DueBlocks.never {
      try due.set(earliest, block: id, before: before)
    } else if let before, before <= scoredAt {
      // It was due, perhaps for these leads alone.
      try due.set(earliestChange(block: id), block: id, before: before)
    }
  }

  /// Puts lines, in order of their leads, into a block, with all that stands beside it.
  private func replace(block id: Int64, _ new: [NewLine], removing removed: Int64? = nil, isAnyBeside: Bool) throws {
    beside.removeAll(keepingCapacity: true)
    var ends: [(lead: Int64, end: Int)] = []
    if isAnyBeside {
      try recent.forEach(ofBlock: id) { lead, bytes in
        guard lead != removed, !new.contains(where: { $0.lead == lead }) else { return }
        beside.append(contentsOf: bytes)
        ends.append((lead, beside.count))
      }
    }
    guard !ends.isEmpty else {
      try write(block: id, new, removing: removed)
      if isAnyBeside { try recent.remove(ofBlock: id) }
      return
    }
    try beside.withUnsafeBufferPointer { bytes in
      var lines = new
      var start = 0
      for (lead, end) in ends {
        let line = try ScoreTable.line(UnsafeBufferPointer(rebasing: bytes[start..<end]))
        lines.append(NewLine(lead: lead, bytes: line.bytes, nextChangeAt: line.nextChangeAt))
        start = end
      }
      lines.sort { $0.lead < $1.lead }
      try write(block: id, lines, removing: removed)
    }
    try recent.remove(ofBlock: id)
  }

  /// Puts lines, in order of their leads, in the place of a block's lines about the same leads.
  private func write(block id: Int64, _ lines: [NewLine], removing removed: Int64?) throws {
    body.removeAll(keepingCapacity: true)
    body.append(contentsOf: [UInt8(ascii: "["), UInt8(ascii: "0")])
    var earliest = DueBlocks.never
    func add(_ bytes: UnsafeBufferPointer<UInt8>, _ nextChangeAt: Int64?) {
      body.append(contentsOf: [UInt8(ascii: "\n"), UInt8(ascii: ",")])
      body.append(contentsOf: bytes)
      if let nextChangeAt { earliest = min(earliest, nextChangeAt) }
    }
    var index = 0
    try find.bind(1, id)
    let isStored = try find.step()
    do {
      defer { find.reset() }
      if isStored {
        try find.withBytes(0) { text in
          var stored = ScoreLines(text)
          while let bytes = try stored.next() {
            let lead = try ScoreLines.lead(of: bytes)
            while index < lines.count, lines[index].lead < lead {
              add(lines[index].bytes, lines[index].nextChangeAt)
              index += 1
            }
            if lead == removed || (index < lines.count && lines[index].lead == lead) { continue }
            add(bytes, try ScoreTable.line(bytes).nextChangeAt)
          }
        }
      }
    }
    for line in lines[index...] { add(line.bytes, line.nextChangeAt) }
    body.append(contentsOf: [UInt8(ascii: "\n"), UInt8(ascii: "]")])
    try body.withUnsafeBytes { body in
      if isStored { try ScoreTable.run(update, id, body) } else { try ScoreTable.run(insert, id, body) }
    }
    try due.set(earliest, block: id)
  }

  private static func run(_ statement: borrowing Statement, _ id: Int64, _ body: UnsafeRawBufferPointer) throws {
    try statement.bind(1, id)
    try statement.bindTextInPlace(2, body)
    try statement.run()
  }

  // MARK: Passes

  /// Calls `body` with each line of a model's leads with numbers in a range, in their order.
  func forEachLine(model: Int64, leads: ClosedRange<Int64> = 1...Int64.max, _ body: (ScoreLine) throws -> Void) throws {
    let cursor = try ScoreLineCursor(connection, model: model)
    defer { cursor.finish() }
    try cursor.begin(leads: leads)
    while let line = cursor.line {
      try body(line)
      try cursor.next()
    }
  }

  /// Calls `body` with the number and the score, in hundredths, of each lead of a model, in their order.
  func forEachHead(model: Int64, _ body: (_ lead: Int64, _ score: Int64) throws -> Void) throws {
    let cursor = try ScoreTextCursor(connection, model: model)
    defer { cursor.finish() }
    try cursor.begin(leads: 1...Int64.max)
    while let text = cursor.text {
      guard let head = ScoreLine.head(of: text) else { throw ScoreLines.damaged }
      try body(head.lead, head.score)
      try cursor.next()
    }
  }

  /// Calls `body` with the state of each score of a model with a lead's number in a range, in their order.
  public func forEachState(
    model: Int64, leads: ClosedRange<Int64>, _ body: (_ lead: Int64, ScoreState) throws -> Void
  ) throws {
    try forEachLine(model: model, leads: leads) { try body($0.lead, ScoreTable.state($0)) }
  }

  /// Calls `body` for each score of a model with a lead's number in a range, in their order.
  public func forEach(
    model: Int64, leads: ClosedRange<Int64> = 1...Int64.max, _ body: (ScoreRow) throws -> Void
  ) throws {
    try forEachLine(model: model, leads: leads) { try body(ScoreTable.row(model: model, $0)) }
  }

  /// How many leads of a model are in each stage. O(leads).
  public func stageCounts(model: Int64) throws -> [(stage: String?, count: Int64)] {
    var numbers = TextNumbers()
    var counts: [Int64] = []
    try forEachLine(model: model) { line in
      let number = try numbers.number(json: line.stage, line)
      while counts.count <= number { counts.append(0) }
      counts[number] += 1
    }
    return counts.indices.filter { counts[$0] > 0 }.map { (numbers.text($0), counts[$0]) }
      .sorted { ($0.stage ?? "") < ($1.stage ?? "") }
  }

  // MARK: The clock

  /// Lets `body` store scores of many leads, and writes when they are due once it has ended. Inside a write transaction,
  /// which is to be undone where this throws.
  public func putMany<Result>(_ body: () throws -> Result) throws -> Result { try due.gather(body) }

  /// Calls `body` with each line of a block's leads, first of those beside it.
  private func forEachLine(ofBlock id: Int64, _ body: (ScoreLine) throws -> Void) throws {
    var beside = 0
    try recent.forEach(ofBlock: id) { lead, bytes in
      beside |= 1 << LeadBlocks.place(of: lead)
      try body(ScoreTable.line(bytes))
    }
    try find.bind(1, id)
    defer { find.reset() }
    guard try find.step() else { return }
    try find.withBytes(0) { text in
      var lines = ScoreLines(text)
      while let bytes = try lines.next() {
        guard try beside >> LeadBlocks.place(of: ScoreLines.lead(of: bytes)) & 1 == 0 else { continue }
        try body(ScoreTable.line(bytes))
      }
    }
  }

  private func earliestChange(block id: Int64) throws -> Int64 {
    var earliest = DueBlocks.never
    try forEachLine(ofBlock: id) { earliest = min(earliest, $0.nextChangeAt ?? DueBlocks.never) }
    return earliest
  }

  /// Whether any lead of a model is due by an instant. Most often O(log blocks).
  public func isAnyDue(model: Int64, by instant: Int64) throws -> Bool {
    try !due(model: model, by: instant, limit: 1).isEmpty
  }

  /// Whether at least so many blocks of a model's leads are to be looked at by an instant. O(count)
  public func areBlocksDue(_ count: Int, model: Int64, by instant: Int64) throws -> Bool {
    var found = 0
    try due.forEachBlock(by: instant, model: model) { _ in
      found += 1
      return found < count
    }
    return found >= count
  }

  /// The leads of a model that are due by an instant, in order of their numbers, at most `limit`.
  ///
  /// - Complexity: O(their blocks, and those of other models that are due).
  public func due(model: Int64, by instant: Int64, limit: Int) throws -> [Int64] {
    try dueLeads(model: model, by: instant, limit: limit).leads
  }

  /// The same, inside a write transaction: blocks whose leads have come to be due later are not looked at again until
  /// then.
  public func settledDue(model: Int64, by instant: Int64, limit: Int) throws -> [Int64] {
    let (leads, later) = try dueLeads(model: model, by: instant, limit: limit)
    for (block, earliest) in later { try due.set(earliest, block: block) }
    return leads
  }

  /// The leads that are due, and the blocks that none of them is in, with when any of theirs is.
  private func dueLeads(
    model: Int64, by instant: Int64, limit: Int
  ) throws -> (leads: [Int64], later: [(block: Int64, earliest: Int64)]) {
    var leads: [Int64] = []
    var later: [(block: Int64, earliest: Int64)] = []
    try due.forEachBlock(by: instant, model: model) { block in
      let count = leads.count
      var earliest = DueBlocks.never
      try forEachLine(ofBlock: block) { line in
        guard let next = line.nextChangeAt else { return }
        if next <= instant { leads.append(line.lead) } else { earliest = min(earliest, next) }
      }
      if leads.count == count { later.append((block, earliest)) }
      return leads.count < limit
    }
    return (leads.count > limit ? Array(leads[..<limit]).sorted() : leads.sorted(), later)
  }
}
