/// Rows of history on their way into the database. What rows have in common stands once, so that no text is kept, and
/// counted, for each of them.
struct HistoryBatch: Sendable {
  struct Row: Sendable {
    var model: Int64
    var lead: Int64
    var at: Int64
    var recordedAt: Int64
    var before: Int64?
    var after: Int64
    /// The number of its head.
    var head: Int32
  }

  private(set) var rows: [Row] = []
  /// By number.
  private(set) var heads: [HistoryHead] = []
  /// Numbers of the first heads, those used most before others.
  private var order: [Int32] = []
  /// The same by head, once there are many.
  private var numbers: [HistoryHead: Int32] = [:]

  private static let fewHeads = 64

  /// No rows.
  init() {}

  /// Rows that somebody made one by one.
  init(_ rows: [HistoryRow]) {
    for row in rows { add(row) }
  }

  var isEmpty: Bool { rows.isEmpty }

  /// Forgets the rows and keeps the heads, which mostly occur again, unless they are many.
  mutating func removeAll() {
    rows.removeAll(keepingCapacity: true)
    guard heads.count > HistoryBatch.fewHeads else { return }
    heads.removeAll(keepingCapacity: true)
    order.removeAll(keepingCapacity: true)
    numbers.removeAll()
  }

  /// The number of a head, which gets one where it has none.
  mutating func number(
    version: Int, _ cause: Cause, _ reference: String?, stageBefore: String?, stageAfter: String?, gradeAfter: String?
  ) -> Int32 {
    for index in order.indices {
      let number = order[index]
      let isFound = heads.withUnsafeBufferPointer { heads in
        heads[Int(number)].gradeAfter == gradeAfter && heads[Int(number)].stageAfter == stageAfter
          && heads[Int(number)].stageBefore == stageBefore && heads[Int(number)].causeReference == reference
          && heads[Int(number)].version == version && heads[Int(number)].cause == cause
      }
      guard isFound else { continue }
      // What occurs often comes to be looked at first.
      if index > 0 { order.swapAt(index, index - 1) }
      return number
    }
    return add(
      HistoryHead(
        version: version, cause: cause, causeReference: reference, stageBefore: stageBefore, stageAfter: stageAfter,
        gradeAfter: gradeAfter))
  }

  @inline(never)
  private mutating func add(_ head: HistoryHead) -> Int32 {
    if let known = numbers[head] { return known }
    let number = Int32(heads.count)
    heads.append(head)
    if order.count < HistoryBatch.fewHeads { order.append(number) } else { numbers[head] = number }
    return number
  }

  /// Adds a row whose head has a number.
  mutating func add(_ row: Row) { rows.append(row) }

  private mutating func add(_ row: HistoryRow) {
    let head = number(
      version: row.version, row.cause, row.causeReference, stageBefore: row.stageBefore, stageAfter: row.stageAfter,
      gradeAfter: row.gradeAfter)
    add(Row(row, head: head))
  }

  /// A row with its texts.
  func row(_ index: Int) -> HistoryRow {
    let row = rows[index]
    let head = heads[Int(row.head)]
    return HistoryRow(
      model: row.model, lead: row.lead, at: row.at, recordedAt: row.recordedAt, before: row.before, after: row.after,
      stageBefore: head.stageBefore, stageAfter: head.stageAfter, gradeAfter: head.gradeAfter, cause: head.cause,
      causeReference: head.causeReference, version: head.version)
  }
}

extension HistoryBatch.Row {
  init(_ row: HistoryRow, head: Int32) {
    self.init(
      model: row.model, lead: row.lead, at: row.at, recordedAt: row.recordedAt, before: row.before, after: row.after,
      head: head)
  }
}
