/// Which stored scores are asked for, and in which order.
public struct ScoreFilter: Sendable {
  /// What scores can be put in order by.
  public enum Column: String, Sendable {
    case key = "lead.key"
    case score = "listed.score"
    case stage = "listed.stage"
    case grade = "listed.grade"
    case createdAt = "lead.created_at"
    case scoredAt = "listed.scored_at"
    case nextChangeAt = "listed.next_change_at"
    case enteredStageAt = "listed.entered_stage_at"
  }

  /// Any of these stages; empty for all.
  public var stages: [String] = []
  /// Hundredths.
  public var minimumScore: Int64?
  public var grade: String?
  public var order: [(column: Column, descending: Bool)] = []
  public var limit: Int?

  /// All scores, by key.
  public init() {}
}

/// A lead and its stored score.
public struct ListedScore: Sendable {
  public var score: ScoreRow
  /// The key as it was first given.
  public var key: String
  public var createdAt: Int64
}

extension LeadDatabase {
  /// Calls `body` for each stored score of a model that a filter lets through, with the lead's attributes, a JSON object;
  /// until it returns false.
  ///
  /// - Complexity: O(leads), and a narrow temporary table of those that are let through, or, where no more are asked for,
  ///   of those that come first by what they are put in order by. The first ones by their keys alone are looked up.
  public func forEachScore(
    model: Int64, _ filter: ScoreFilter,
    _ body: (ListedScore, _ attributes: UnsafeBufferPointer<UInt8>) throws -> Bool
  ) throws {
    try connection.read { try readScores(model: model, filter, body) }
  }

  private func readScores(
    model: Int64, _ filter: ScoreFilter,
    _ body: (ListedScore, _ attributes: UnsafeBufferPointer<UInt8>) throws -> Bool
  ) throws {
    let isByKeyAlone = filter.limit != nil && filter.letsAllThrough && filter.order.first?.column == .key
    let order = filter.order.map { "\($0.column.rawValue)\($0.descending ? " DESC" : "")" } + ["lead.key"]
    var left = filter.limit ?? Int.max
    var sql = "SELECT lead.id FROM lead ORDER BY \(order[0])"
    let table = isByKeyAlone ? nil : connection.newTemporaryName()
    // A table that is still read, by a listing within a listing, cannot be dropped; each has one of its own.
    defer { if let table { try? connection.execute("DROP TABLE IF EXISTS temp.\(table)") } }
    if let table {
      try list(model: model, filter, into: table)
      sql = """
        SELECT listed.lead_id FROM temp.\(table) AS listed JOIN lead ON lead.id = listed.lead_id
        ORDER BY \(order.joined(separator: ", "))
        """
    }
    let rows = try connection.prepare(sql)
    defer { rows.reset() }
    while left > 0, try rows.step() {
      guard let score = try scores.row(model: model, lead: rows.integer(0)) else { continue }
      left -= 1
      if try !show(score, body) { return }
    }
  }

  private func show(
    _ score: ScoreRow, _ body: (ListedScore, UnsafeBufferPointer<UInt8>) throws -> Bool
  ) throws -> Bool {
    try connection.firstRow(
      "SELECT coalesce(key_as_given, key), created_at, attributes FROM lead WHERE id = ?1", [score.lead]
    ) { row in
      let listed = ListedScore(score: score, key: row.text(0), createdAt: row.integer(1))
      return try row.withBytes(2) { try body(listed, $0) }
    } ?? true
  }

  /// Puts what a filter lets through, as far as it can come out, into a temporary table.
  private func list(model: Int64, _ filter: ScoreFilter, into table: String) throws {
    try connection.execute(
      """
      CREATE TEMP TABLE \(table) (lead_id INTEGER PRIMARY KEY, score, stage, grade, scored_at, next_change_at,
        entered_stage_at)
      """)
    let insert = try connection.prepare("INSERT INTO temp.\(table) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
    func add(_ line: ScoreLine) throws {
      guard let state = line.state else { throw ScoreLines.damaged }
      try insert.bind(1, line.lead)
      try insert.bind(2, line.score)
      try insert.bind(3, state.stage)
      try insert.bind(4, state.grade)
      try insert.bind(5, state.scoredAt)
      try insert.bind(6, state.nextChangeAt)
      try insert.bind(7, state.enteredStageAt)
      try insert.run()
    }
    var gate = ScoreGate(filter)
    guard let limit = filter.limit, let first = filter.order.first, let rank = ScoreRank(first.column, first.descending)
    else {
      try scores.forEachLine(model: model) { if try gate.admits($0) { try add($0) } }
      return
    }
    var foremost = ForemostLeads(limit: limit)
    if rank.isScore, filter.letsAllThrough {
      try scores.forEachHead(model: model) { foremost.add(lead: $0, rank: rank.rank(score: $1)) }
    } else {
      try scores.forEachLine(model: model) { line in
        let rank = rank.rank(line)
        if rank >= foremost.least, try gate.admits(line) { foremost.add(lead: line.lead, rank: rank) }
      }
    }
    let leads = foremost.leads()
    if leads.count - 10_000 <= limit {
      for lead in leads { try scores.withLine(model: model, lead: lead) { try add($0) } }
    } else {
      // As many are equal, one pass costs less than to look up each.
      try scores.forEachLine(model: model) { line in
        if rank.rank(line) >= foremost.least, try gate.admits(line) { try add(line) }
      }
    }
  }
}

extension ScoreFilter {
  /// Whether no score is kept back.
  fileprivate var letsAllThrough: Bool { stages.isEmpty && minimumScore == nil && grade == nil }
}

/// Whether a filter lets a line through.
private struct ScoreGate {
  private var texts = TextNumbers()
  private let stages: Set<Int>
  private let grade: Int?
  private let minimumScore: Int64

  init(_ filter: ScoreFilter) {
    var texts = TextNumbers()
    stages = Set(filter.stages.map { texts.number($0) })
    grade = filter.grade.map { texts.number($0) }
    minimumScore = filter.minimumScore ?? Int64.min
    self.texts = texts
  }

  mutating func admits(_ line: ScoreLine) throws -> Bool {
    guard line.score >= minimumScore else { return false }
    if !stages.isEmpty, !stages.contains(try texts.number(json: line.stage, line)) { return false }
    if let grade, try texts.number(json: line.grade, line) != grade { return false }
    return true
  }
}

/// What a column puts a line in order by: the greatest rank comes first.
private struct ScoreRank {
  private let column: ScoreFilter.Column
  private let descending: Bool

  /// Nil for a column that is no number of the line.
  init?(_ column: ScoreFilter.Column, _ descending: Bool) {
    switch column {
    case .score, .scoredAt, .nextChangeAt, .enteredStageAt: break
    case .key, .stage, .grade, .createdAt: return nil
    }
    self.column = column
    self.descending = descending
  }

  var isScore: Bool { column == .score }

  func rank(score: Int64) -> Int64 { descending ? score : ~score }

  func rank(_ line: ScoreLine) -> Int64 {
    let value: Int64 =
      switch column {
      case .scoredAt: line.scoredAt
      // SQLite has NULL before all numbers.
      case .nextChangeAt: line.nextChangeAt ?? Int64.min
      case .enteredStageAt: line.enteredStageAt
      default: line.score
      }
    return rank(score: value)
  }
}

/// The leads with the greatest ranks, and all that equal the last of them.
private struct ForemostLeads {
  private let limit: Int
  private var found: [(rank: Int64, lead: Int64)] = []
  private var room: Int
  /// What ranks less is not among them.
  private(set) var least = Int64.min

  init(limit: Int) {
    self.limit = max(limit, 0)
    room = min(self.limit, 1 << 40) * 2 + 1024
  }

  mutating func add(lead: Int64, rank: Int64) {
    guard rank >= least else { return }
    found.append((rank, lead))
    if found.count >= room {
      cut()
      // Where many are equal, less often.
      room = max(room, found.count * 2)
    }
  }

  private mutating func cut() {
    guard limit > 0, found.count > limit else {
      if limit == 0 { found = [] }
      return
    }
    least = found.map { $0.rank }.sorted(by: >)[limit - 1]
    found.removeAll { $0.rank < least }
  }

  /// Their numbers, in order.
  mutating func leads() -> [Int64] {
    cut()
    return found.map { $0.lead }.sorted()
  }
}
