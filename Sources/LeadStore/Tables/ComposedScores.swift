/// The scores of leads with consecutive numbers, whole blocks of them, and their rows of history, as they are stored: who
/// writes them has nothing left to do but to hand them over. In buffers that are used again, by one thread at a time.
public final class ComposedScores: @unchecked Sendable {
  struct Block {
    let id: Int64
    /// Where its text ends; it begins where the one before ends.
    let end: Int
    /// When any of its leads is due.
    let earliest: Int64
  }

  @exclusivity(unchecked) fileprivate(set) var model: Int64 = 0
  /// The leads whose scores these are, all of them.
  @exclusivity(unchecked) public fileprivate(set) var leads: ClosedRange<Int64> = 1...1
  @exclusivity(unchecked) fileprivate var texts = ByteBuffer()
  @exclusivity(unchecked) fileprivate(set) var blocks: [Block] = []
  @exclusivity(unchecked) fileprivate(set) var history = ComposedHistory()

  /// Nothing.
  public init() {}

  /// Calls `body` with each block's text.
  func forEachBlock(_ body: (Block, UnsafeRawBufferPointer) throws -> Void) throws {
    try texts.withUnsafeBytes { texts in
      var start = 0
      for block in blocks {
        try body(block, UnsafeRawBufferPointer(rebasing: texts[start..<block.end]))
        start = block.end
      }
    }
  }
}

/// Composes what is stored of leads that are scored one after the other, in order of their numbers. One thread's.
public final class ScoreComposer {
  private let model: Int64
  private let cursor: StoredScoreCursor
  private let before: UnsafePointer<StoredScore>
  private let pointsCapacity: Int
  @exclusivity(unchecked) private var texts = JSONTextTable()
  @exclusivity(unchecked) private var history: HistoryComposer
  @exclusivity(unchecked) private var target = ComposedScores()
  /// Of the target, while there is one.
  @exclusivity(unchecked) private var bytes = ByteBuffer()
  /// The block at hand; of no meaning where it has no line yet.
  @exclusivity(unchecked) private var block: Int64 = -1
  @exclusivity(unchecked) private var earliest = DueBlocks.never

  /// A composer of scores and history under a model.
  ///
  /// - Parameters:
  ///   - cursor: gives the scores of before, and what the numbers of texts mean.
  ///   - origin: what all rows of history have in common.
  ///   - pointsCapacity: how many bytes the points of a lead may take.
  public init(model: Int64, cursor: StoredScoreCursor, origin: HistoryOrigin, pointsCapacity: Int) {
    self.model = model
    self.cursor = cursor
    before = cursor.score
    self.pointsCapacity = pointsCapacity
    history = HistoryComposer(origin)
  }

  /// Begins with a range of leads, whole blocks, of which the cursor is at the first one's score.
  public func begin(leads: ClosedRange<Int64>, into target: ComposedScores) {
    self.target = target
    target.model = model
    target.leads = leads
    swap(&bytes, &target.texts)
    bytes.removeAll()
    target.blocks.removeAll(keepingCapacity: true)
    block = -1
    history.begin(into: &target.history)
  }

  /// Goes forward to a lead, and keeps the scores of those before it as they are; false where it has none.
  @inline(__always)
  public func advance(to lead: Int64) throws -> Bool {
    while cursor.lead < lead { try keep() }
    return cursor.lead == lead
  }

  @inline(never)
  private func keep() throws {
    guard let text = cursor.text else { return }
    beginLine(cursor.lead, cursor.score.pointee.nextChange)
    bytes.append(text)
    try cursor.next()
  }

  /// Puts a score in the place of the one at hand, where that is the same lead's, and adds a row of history where score,
  /// stage or grade are others.
  ///
  /// - Parameter points: writes the points of groups and rules, as they are stored.
  /// - Returns: whether there is a row of history.
  @inline(__always)
  public func put(_ score: StoredScore, isNew: Bool, points: (UnsafeMutablePointer<UInt8>) -> Int) throws -> Bool {
    for number in [score.stage, score.ruleStage, score.grade] { know(number) }
    let before = before.pointee
    beginLine(score.lead, score.nextChange)
    bytes.append(addingCapacity: ScoreLine.longestNumbers + 3 * texts.capacity + pointsCapacity) { target in
      ScoreLine.write(score, to: target, text: { texts.write($0, to: $1) }, points: points)
    }
    let isChanged =
      isNew || before.score != score.score || before.stage != score.stage || before.grade != score.grade
    if isChanged {
      if !isNew { know(before.stage) }
      history.append(
        lead: score.lead, before: isNew ? nil : before.score, after: score.score,
        HistoryComposer.Head(stageBefore: isNew ? 0 : before.stage, stageAfter: score.stage, gradeAfter: score.grade),
        texts)
    }
    if !isNew { try cursor.next() }
    return isChanged
  }

  @inline(__always)
  private func know(_ number: Int) { texts.know(number) { cursor.texts.text($0) } }

  @inline(__always)
  private func beginLine(_ lead: Int64, _ nextChange: Int64) {
    let id = LeadBlocks.id(owner: model, lead: lead)
    if id != block {
      endBlock()
      block = id
      earliest = DueBlocks.never
      bytes.append(UInt8(ascii: "["))
      bytes.append(UInt8(ascii: "0"))
    }
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(UInt8(ascii: ","))
    earliest = min(earliest, nextChange)
  }

  private func endBlock() {
    guard block >= 0 else { return }
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(UInt8(ascii: "]"))
    target.blocks.append(ComposedScores.Block(id: block, end: bytes.count, earliest: earliest))
    block = -1
  }

  /// Keeps the scores that are left as they are, and ends.
  public func finish() throws {
    while cursor.lead < Int64.max { try keep() }
    endBlock()
    swap(&bytes, &target.texts)
    history.finish(&target.history)
  }
}

extension LeadDatabase {
  /// Writes composed scores and rows of history. Inside `history.addMany` alone.
  public func write(_ composed: ComposedScores) throws {
    try scores.put(composed)
    try history.append(composed.history, model: composed.model)
  }
}
