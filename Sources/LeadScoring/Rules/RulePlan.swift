internal import LeadStore
internal import ScoreEngine

/// What moved between a preview and its application.
public struct PlanMoves: Sendable, Equatable {
  /// Leads whose facts changed and that come out differently now; how many, and the keys of the first ones.
  public var byFacts: Int64 = 0
  /// Leads that come out differently though no fact that the applied rules see changed: the clock moved on.
  public var byTime: Int64 = 0
  /// Leads that are there now and were not.
  public var new: Int64 = 0
  /// Leads that were there and are not now.
  public var gone: Int64 = 0
  /// The keys of the first leads that moved.
  public var keys: [String] = []

  /// How many leads moved.
  public var count: Int64 { byFacts + byTime + new + gone }
}

/// Compares what an application gives with what its plan saw, lead by lead in the order of their numbers.
struct RulePlan {
  /// The layout of plans that this program writes and reads.
  static let format = 2
  /// How many keys a refusal names.
  static let namedLeads = 10

  let row: PlanRow
  private let session: ScoringSession
  private var hashes: [Int64: [UInt64]] = [:]
  private var seen: Int64 = 0
  /// Whether the clock may be why a lead comes out differently.
  private let isLater: Bool
  private(set) var moves = PlanMoves()

  /// Reads a plan and sees that it can be applied as a version: it is for that document and this model, and the same
  /// version is active as then.
  ///
  /// - Throws: ``ScoringError/unknownPlan(_:)``, ``ScoringError/planRefused(_:)``
  init(
    _ id: Int64, version: RuleVersionRow, active: RuleVersionRow?, asOf: Int64, session: ScoringSession
  ) throws {
    guard let row = try session.database.plans.plan(id), row.model == version.model else {
      throw ScoringError.unknownPlan(id)
    }
    guard row.format == RulePlan.format else {
      throw ScoringError.planRefused("plan \(id) was made by leadscore \(row.program) in another form; preview again")
    }
    guard row.documentDigest == version.digest else {
      throw ScoringError.planRefused("plan \(id) is for another document than version \(version.number)")
    }
    guard row.baseVersion == active?.id else {
      throw ScoringError.planRefused(
        "plan \(id) no longer holds: version \(active?.number ?? 0) became active since; preview version "
          + "\(version.number) again")
    }
    guard asOf >= row.asOf else {
      throw ScoringError.planRefused(
        "plan \(id) is as of \(Instant(milliseconds: row.asOf)), and --as-of is before that; leave it out")
    }
    self.row = row
    self.session = session
    isLater = asOf > row.asOf
    var blocks: [Int64: [UInt64]] = [:]
    try session.database.plans.forEachBlock(plan: id) { blocks[$0] = $1 }
    hashes = blocks
  }

  /// Holds a lead's new result against the plan.
  mutating func check(_ lead: Int64, result: UInt64, facts: UInt64) throws {
    let size = PlanTable.blockSize
    let first = (lead - 1) / size * size + 1
    let index = Int(lead - first) * 2
    let block = hashes[first]
    let planned = block.map { $0[index] } ?? 0
    if planned != 0 { seen += 1 }
    guard planned != result else { return }
    if planned == 0 {
      moves.new += 1
    } else if !isLater || block?[index + 1] != facts {
      moves.byFacts += 1
    } else {
      moves.byTime += 1
    }
    if moves.keys.count < RulePlan.namedLeads, let key = try session.database.leads.row(id: lead)?.key {
      moves.keys.append(key)
    }
  }

  /// Refuses where any lead came out differently.
  ///
  /// - Throws: ``ScoringError/planMoved(_:_:)``
  mutating func finish() throws {
    moves.gone = row.leads - seen
    if moves.count > 0 { throw ScoringError.planMoved(row.id, moves) }
  }
}
