internal import LeadStore
internal import ScoreEngine

/// What a preview gathers from one range of leads, ready to be added to that of the ranges before it.
struct PreviewPart: Sendable {
  /// The number of the range's first lead.
  var firstLead: Int64
  var leads: Int64 = 0
  var changed: Int64 = 0
  var scoresUp: Int64 = 0
  var scoresDown: Int64 = 0
  var dueSoon: Int64 = 0
  var stageMatrix: [ApplyReport.StageMove: Int64] = [:]
  /// By position in the rules: leads to which a rule gives other than 0, and the sum of what it gives.
  var before: RuleSums
  var after: RuleSums
  /// By a score in hundredths divided by the width of a range of the distribution: how many leads.
  var scoresBefore: [Int64: Int64] = [:]
  var scoresAfter: [Int64: Int64] = [:]
  /// By an attribute's value: leads that enter and leave hand-off stages.
  var handoffsBy: [String: (entering: Int64, leaving: Int64)] = [:]
  /// The largest moves, and those alone.
  var top = LargestMoves()
  /// All moves in the order of leads, where they are asked for.
  var moves: [PreviewReport.Move] = []
  /// Two hashes for each lead, as a plan keeps them; empty where there is no lead.
  var hashes: [UInt64] = []
  /// A hash of all results.
  var digest = FixedHash()

  struct RuleSums: Sendable {
    var leads: [Int64]
    var points: [Int64]

    init(count: Int) {
      leads = Array(repeating: 0, count: count)
      points = Array(repeating: 0, count: count)
    }

    mutating func add(_ other: RuleSums) {
      for index in leads.indices {
        leads[index] += other.leads[index]
        points[index] += other.points[index]
      }
    }
  }

  /// The width of a range of the distribution: ten points.
  static let bucketWidth: Int64 = 1000

  init(firstLead: Int64, _ comparison: RuleComparison) {
    self.firstLead = firstLead
    before = RuleSums(count: comparison.before.ruleNames.count)
    after = RuleSums(count: comparison.after.ruleNames.count)
  }

  /// Adds what a later range gathered, but for its moves and hashes.
  mutating func add(_ other: PreviewPart, top limit: Int) {
    leads += other.leads
    changed += other.changed
    scoresUp += other.scoresUp
    scoresDown += other.scoresDown
    dueSoon += other.dueSoon
    stageMatrix.merge(other.stageMatrix, uniquingKeysWith: +)
    before.add(other.before)
    after.add(other.after)
    scoresBefore.merge(other.scoresBefore, uniquingKeysWith: +)
    scoresAfter.merge(other.scoresAfter, uniquingKeysWith: +)
    handoffsBy.merge(other.handoffsBy) { ($0.entering + $1.entering, $0.leaving + $1.leaving) }
    top.add(other.top, limit: limit)
    if other.leads > 0 {
      digest.combine(other.firstLead)
      digest.combine(other.digest.value)
    }
  }
}

/// The largest moves of leads: changes of stage before others, then by how far the score moves, then the lead that came
/// first.
struct LargestMoves: Sendable {
  private struct Move: Sendable {
    var size: UInt64
    var lead: Int64
  }

  private var moves: [Move] = []
  /// The size that a later lead's move must exceed.
  private var least: UInt64 = 0

  /// Leads, the largest move first.
  var leads: [Int64] { moves.sorted(by: LargestMoves.isLarger).map(\.lead) }

  /// Adds the move of a lead that comes after all others.
  mutating func add(lead: Int64, size: UInt64, limit: Int) {
    guard moves.count < limit || size > least else { return }
    moves.append(Move(size: size, lead: lead))
    // Sorted seldom: only when there are twice as many as are wanted.
    if moves.count >= limit * 2 + 8 { cut(to: limit) }
  }

  mutating func add(_ other: LargestMoves, limit: Int) {
    moves += other.moves
    cut(to: limit)
  }

  private mutating func cut(to limit: Int) {
    moves.sort(by: LargestMoves.isLarger)
    if moves.count > limit { moves.removeLast(moves.count - limit) }
    if moves.count == limit { least = moves.last?.size ?? UInt64.max }
  }

  private static func isLarger(_ left: Move, _ right: Move) -> Bool {
    left.size == right.size ? left.lead < right.lead : left.size > right.size
  }
}

/// Counts and sums by position, in place.
private final class RunningSums {
  /// How many values other than 0 there were.
  let counts: UnsafeMutableBufferPointer<Int64>
  let sums: UnsafeMutableBufferPointer<Int64>

  init(count: Int) {
    counts = .allocate(capacity: count)
    counts.initialize(repeating: 0)
    sums = .allocate(capacity: count)
    sums.initialize(repeating: 0)
  }

  deinit {
    counts.deallocate()
    sums.deallocate()
  }

  func reset() {
    counts.update(repeating: 0)
    sums.update(repeating: 0)
  }

  @inline(__always)
  func add(_ values: UnsafeBufferPointer<Int64>) {
    for index in 0..<min(values.count, counts.count) {
      let value = values[index]
      // One for what is not 0, in a form that several are counted in at once.
      counts[index] &+= Int64(bitPattern: UInt64(bitPattern: value | (0 &- value)) &>> 63)
      // Ten million points of a million million leads would not overflow.
      sums[index] &+= value
    }
  }
}

extension RunningSums {
  /// Adds the values at some positions, those at all others being 0.
  @inline(__always)
  fileprivate func add(_ values: UnsafeBufferPointer<GivenPoints>) {
    for value in values where value.position < counts.count {
      counts[value.position] &+= value.points == 0 ? 0 : 1
      sums[value.position] &+= value.points
    }
  }
}

/// Gathers a preview's figures on one thread.
final class PreviewWorker: RangeWorker {
  /// What is gathered beside the figures.
  struct Wishes: Sendable {
    var top: Int
    var by: String?
    var wantsMoves: Bool
    var wantsHashes: Bool
    var handoffStages: [String]
  }

  let comparer: LeadComparer
  private let wishes: Wishes
  private let greatest: Int64
  // By the numbers of stages and grades: hashes of their texts, and whether a stage hands over.
  @exclusivity(unchecked) private var textHashes: [UInt64] = []
  @exclusivity(unchecked) private var isHandoff: [Bool] = []
  // Leads by stage before and after, `width` numbers a row.
  @exclusivity(unchecked) private var matrix: [Int64] = []
  @exclusivity(unchecked) private var width = 0
  // Leads by range of the distribution, from the least score that is counted here.
  private let scoresBefore = RunningSums(count: PreviewWorker.countedRanges)
  private let scoresAfter = RunningSums(count: PreviewWorker.countedRanges)
  // By position in the rules.
  private let rulesBefore: RunningSums
  private let rulesAfter: RunningSums

  private var pieces = 0

  /// So many pieces' pages stay in memory at most.
  private static let mappedPieces = 2
  private static let countedRanges = 1024
  private static let firstRange: Int64 = -512

  init(_ comparer: LeadComparer, _ wishes: Wishes, greatest: Int64) {
    self.comparer = comparer
    self.wishes = wishes
    self.greatest = greatest
    rulesBefore = RunningSums(count: comparer.comparison.before.ruleNames.count)
    rulesAfter = RunningSums(count: comparer.comparison.after.ruleNames.count)
  }

  func work(on piece: Int) throws -> PreviewPart {
    let first = Int64(piece) * PlanTable.blockSize + 1
    var part = PreviewPart(firstLead: first, comparer.comparison)
    let comparer = self.comparer
    try comparer.begin(leads: first...min(first + PlanTable.blockSize - 1, greatest))
    let week = comparer.comparison.asOf + 7 * 86_400_000
    while try comparer.next() {
      part.leads &+= 1
      count(comparer.stageBefore, comparer.stageAfter)
      // Without branches: which way a lead goes cannot be foretold.
      part.scoresUp &+= comparer.scoreBefore < comparer.scoreAfter ? 1 : 0
      part.scoresDown &+= comparer.scoreBefore > comparer.scoreAfter ? 1 : 0
      part.dueSoon &+= comparer.nextChangeAfter < week ? 1 : 0
      if let given = comparer.givenBefore {
        rulesBefore.add(given)
      } else {
        rulesBefore.add(comparer.pointsEvaluatedBefore)
      }
      rulesAfter.add(comparer.pointsAfter)
      PreviewWorker.count(comparer.scoreBefore, scoresBefore, &part.scoresBefore)
      PreviewWorker.count(comparer.scoreAfter, scoresAfter, &part.scoresAfter)
      if wishes.wantsHashes { note(&part) }
      if comparer.isChanged { try noteChange(&part) }
    }
    comparer.reader.finish()
    collect(&part)
    pieces += 1
    if pieces % PreviewWorker.mappedPieces == 0 { try comparer.database.connection.letGoOfMap() }
    return part
  }

  @inline(__always)
  private static func count(_ score: Int64, _ counts: RunningSums, _ others: inout [Int64: Int64]) {
    let width = PreviewPart.bucketWidth
    let range = score >= 0 ? score / width : (score - width + 1) / width
    let index = range &- firstRange
    if index >= 0, index < countedRanges {
      counts.counts[Int(index)] &+= 1
    } else {
      others[range, default: 0] += 1
    }
  }

  @inline(__always)
  private func count(_ before: Int, _ after: Int) {
    if before >= width || after >= width { widen() }
    matrix[before &* width &+ after] &+= 1
  }

  @inline(never)
  private func widen() {
    let wider = comparer.reader.texts.count + 8
    var grown = [Int64](repeating: 0, count: wider * wider)
    for row in 0..<width {
      for column in 0..<width { grown[row * wider + column] = matrix[row * width + column] }
    }
    matrix = grown
    width = wider
  }

  /// Moves what was counted by number into the part, by name.
  private func collect(_ part: inout PreviewPart) {
    let texts = comparer.reader.texts
    for row in 0..<width {
      for column in 0..<width where matrix[row * width + column] > 0 {
        part.stageMatrix[ApplyReport.StageMove(from: texts.text(row), to: texts.text(column))] =
          matrix[row * width + column]
        matrix[row * width + column] = 0
      }
    }
    for index in 0..<PreviewWorker.countedRanges {
      let range = Int64(index) + PreviewWorker.firstRange
      if scoresBefore.counts[index] > 0 { part.scoresBefore[range, default: 0] += scoresBefore.counts[index] }
      if scoresAfter.counts[index] > 0 { part.scoresAfter[range, default: 0] += scoresAfter.counts[index] }
    }
    (part.before.leads, part.before.points) = (Array(rulesBefore.counts), Array(rulesBefore.sums))
    (part.after.leads, part.after.points) = (Array(rulesAfter.counts), Array(rulesAfter.sums))
    for sums in [scoresBefore, scoresAfter, rulesBefore, rulesAfter] { sums.reset() }
  }

  private func hash(_ number: Int) -> UInt64 {
    while textHashes.count <= number {
      textHashes.append(FixedHash.text(comparer.reader.texts.text(textHashes.count)))
    }
    return textHashes[number]
  }

  @inline(__always)
  private func note(_ part: inout PreviewPart) {
    if part.hashes.isEmpty { part.hashes = Array(repeating: 0, count: Int(PlanTable.blockSize) * 2) }
    let index = Int(comparer.lead - part.firstLead) * 2
    let result = FixedHash.result(
      score: comparer.scoreAfter, stage: hash(comparer.stageAfter), grade: hash(comparer.gradeAfter))
    part.hashes[index] = result
    part.hashes[index + 1] = comparer.facts
    part.digest.combine(comparer.lead)
    part.digest.combine(result)
  }

  private func noteChange(_ part: inout PreviewPart) throws {
    part.changed += 1
    if wishes.by != nil { try countHandoff(&part) }
    if wishes.wantsMoves { part.moves.append(try comparer.move(reasons: 5)) }
    guard wishes.top > 0 else { return }
    let (difference, overflow) = comparer.scoreAfter.subtractingReportingOverflow(comparer.scoreBefore)
    let stages: UInt64 = comparer.stageBefore == comparer.stageAfter ? 0 : 1 << 40
    part.top.add(
      lead: comparer.lead, size: (overflow ? 1 << 62 : difference.magnitude) + stages, limit: wishes.top)
  }

  private func countHandoff(_ part: inout PreviewPart) throws {
    guard let attribute = wishes.by else { return }
    let texts = comparer.reader.texts
    while isHandoff.count < texts.count {
      isHandoff.append(texts.text(isHandoff.count).map { wishes.handoffStages.contains($0) } ?? false)
    }
    let isIn = isHandoff[comparer.stageAfter]
    guard isHandoff[comparer.stageBefore] != isIn else { return }
    let row = try comparer.database.leads.row(id: comparer.lead)
    let value = row.flatMap { AttributeSet(json: $0.attributes)[attribute]?.cellText } ?? ""
    var counts = part.handoffsBy[value] ?? (0, 0)
    if isIn { counts.entering += 1 } else { counts.leaving += 1 }
    part.handoffsBy[value] = counts
  }
}
