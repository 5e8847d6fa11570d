/// What a rule change would do as of an instant.
public struct PreviewReport: Sendable {
  /// What one rule contributes under both versions.
  public struct RuleImpact: Sendable, Equatable {
    /// How the rule differs between the versions.
    public enum Change: String, Sendable {
      case added
      case removed
      case changed
      case unchanged
    }

    public var id: String
    public var change: Change
    /// Leads to which the rule gives other than 0.
    public var leadsBefore: Int64 = 0
    public var leadsAfter: Int64 = 0
    /// The sum over all leads, in hundredths, before group clamps.
    public var pointsBefore: Int64 = 0
    public var pointsAfter: Int64 = 0
  }

  /// A lead that comes out differently.
  public struct Move: Sendable, Equatable {
    public var key: String
    /// Hundredths.
    public var before: Int64
    public var after: Int64
    public var stageBefore: String?
    public var stageAfter: String?
    public var gradeBefore: String?
    public var gradeAfter: String?
    /// The rules whose points differ, the largest difference first.
    public var reasons: [Reason]
  }

  /// A rule's points for one lead under both versions, in hundredths.
  public struct Reason: Sendable, Equatable {
    public var rule: String
    public var before: Int64
    public var after: Int64
  }

  /// How many leads have a score in a range.
  public struct Bucket: Sendable, Equatable {
    /// The range's lower end, in hundredths.
    public var from: Int64
    public var before: Int64 = 0
    public var after: Int64 = 0

    /// A range with nobody in it.
    public init(from: Int64) {
      self.from = from
    }
  }

  /// The number of the plan that was recorded; nil for none.
  public var plan: Int64?
  /// The previewed version's number; nil for a document that is no version yet.
  public var version: Int?
  public var baseVersion: Int
  /// In milliseconds since 1970.
  public var asOf: Int64
  public var leads: Int64 = 0
  /// Leads whose score, stage or grade would change.
  public var changed: Int64 = 0
  public var scoresUp: Int64 = 0
  public var scoresDown: Int64 = 0
  /// Every pair of stages with at least one lead, unchanged leads included.
  public var stageMatrix: [ApplyReport.StageMove: Int64] = [:]
  /// Which of the guards the change would not stay within, in words; nil for none.
  public var breach: String?
  /// The stages that hand over to sales under the previewed rules.
  public var handoffStages: [String] = []
  /// Rules in the order of the previewed document, removed ones at the end.
  public var rules: [RuleImpact] = []
  /// Leads whose score, stage or grade may change with time alone within a week under the previewed rules.
  public var dueSoon: Int64 = 0
  /// The largest moves.
  public var top: [Move] = []
  /// The distribution of scores, in rising ranges of equal width.
  public var distribution: [Bucket] = []
  /// By an attribute's value: leads that would enter and leave hand-off stages.
  public var handoffsBy: [(value: String, entering: Int64, leaving: Int64)] = []
  /// All stages of both versions, lowest first.
  public var stages: [String] = []

  /// Rules of the previewed document that give nobody points: stale, or not yet met.
  public var idleRules: [String] {
    leads == 0 ? [] : rules.filter { $0.change != .removed && $0.leadsAfter == 0 }.map(\.id)
  }

  /// Leads that would enter each stage, by its id.
  public var entering: [String: Int64] { moves(\.to) }

  /// Leads that would leave each stage.
  public var leaving: [String: Int64] { moves(\.from) }

  /// Leads whose stage would change.
  public var stageChanges: Int64 { stageMatrix.reduce(0) { $0 + ($1.key.from == $1.key.to ? 0 : $1.value) } }

  private func moves(_ side: KeyPath<ApplyReport.StageMove, String?>) -> [String: Int64] {
    var counts: [String: Int64] = [:]
    for (move, count) in stageMatrix where move.from != move.to {
      if let stage = move[keyPath: side] { counts[stage, default: 0] += count }
    }
    return counts
  }
}
