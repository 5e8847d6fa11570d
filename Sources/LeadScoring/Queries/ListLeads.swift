public import LeadStore
internal import RecordFormats
internal import ScoreEngine

/// A lead with its score, as reading commands show it.
public struct ScoredLead: Sendable {
  public var key: String
  /// Hundredths.
  public var score: Int64
  public var stage: String?
  public var grade: String?
  /// Every group with its score after clamps, in the order of the rule document.
  public var groups: [(name: String, points: Int64)]
  /// The rules that give other than 0, before clamps, in the order of the rule document.
  public var rules: [(id: String, points: Int64)]
  public var version: Int
  /// Milliseconds since 1970.
  public var scoredAt: Int64
  public var nextChangeAt: Int64?
  public var enteredStageAt: Int64
  /// The fast-track that holds.
  public var fastTrack: FastTrackRow?
  /// The adjustments that hold, in the order in which they were added; none where history is asked for.
  public var adjustments: [AdjustmentRow] = []
  public var createdAt: Int64
  public var attributes: AttributeSet
}

/// Which leads are asked for, and in which order.
public struct LeadQuery: Sendable {
  /// What leads can be put in order by.
  public enum SortField: String, CaseIterable, Sendable {
    case score
    case key
    case stage
    case grade
    case createdAt = "created_at"
    case scoredAt = "scored_at"
    case nextChangeAt = "next_change_at"
    case enteredStageAt = "entered_stage_at"

    fileprivate var column: ScoreFilter.Column {
      switch self {
      case .score: .score
      case .key: .key
      case .stage: .stage
      case .grade: .grade
      case .createdAt: .createdAt
      case .scoredAt: .scoredAt
      case .nextChangeAt: .nextChangeAt
      case .enteredStageAt: .enteredStageAt
      }
    }
  }

  /// Any of these stages; empty for all.
  public var stages: [String] = []
  /// Hundredths.
  public var minimumScore: Int64?
  public var grade: String?
  /// Attributes that must equal a text, as `is` compares them.
  public var attributes: [(name: String, text: String)] = []
  public var sort: [(field: SortField, descending: Bool)] = [(.score, true)]
  public var limit: Int?

  /// All leads, the highest scores first.
  public init() {}
}

extension ScoringSession {
  /// Calls `body` for each lead of a model that a query asks for.
  ///
  /// - Throws: ``ScoringError``, `DatabaseError`, what `body` throws.
  /// - Complexity: O(leads).
  public func forEachLead(_ query: LeadQuery, model name: String, _ body: (ScoredLead) throws -> Void) throws {
    let model = try activeModel(name)
    let holds = query.attributes.map { CompiledCondition(.field($0.name, [.equals(.text($0.text))])) }
    var filter = ScoreFilter()
    filter.stages = query.stages
    filter.minimumScore = query.minimumScore
    filter.grade = query.grade
    filter.order = query.sort.map { ($0.field.column, $0.descending) }
    filter.limit = holds.isEmpty ? query.limit : nil
    var left = query.limit ?? Int.max
    guard left > 0 else { return }
    let judgements = try JudgementsInForce(database, model: model.row.id)
    try database.forEachScore(model: model.row.id, filter) { listed, json in
      let attributes = AttributeSet(json: json)
      guard holds.allSatisfy({ $0.holds(at: Instant(milliseconds: 0)) { attributes[$0] } }) else { return true }
      left -= 1
      let score = listed.score
      try body(
        ScoredLead(
          key: listed.key, score: score.score, stage: score.stage, grade: score.grade,
          groups: ActiveModel.named(groups: score.groups, model.rules),
          rules: ActiveModel.named(rules: score.rules, model.rules), version: score.version,
          scoredAt: score.scoredAt, nextChangeAt: score.nextChangeAt, enteredStageAt: score.enteredStageAt,
          fastTrack: judgements.fastTrack(ofLead: score.lead, at: score.scoredAt),
          adjustments: judgements.adjustments(ofLead: score.lead, at: score.scoredAt),
          createdAt: listed.createdAt, attributes: attributes))
      return left > 0
    }
  }

  /// One lead.
  ///
  /// - Throws: ``ScoringError/unknownLead(_:similar:)``
  public func lead(_ key: String, model name: String) throws -> ScoredLead {
    let model = try activeModel(name)
    let lead = try leadRow(key)
    guard let score = try database.scores.row(model: model.row.id, lead: lead.id) else {
      throw StoreError.damaged("the score of lead '\(key)'; run `leadscore score --all`")
    }
    func holds(_ from: Int64, _ until: Int64?) -> Bool {
      from <= score.scoredAt && (until.map { score.scoredAt < $0 } ?? true)
    }
    return ScoredLead(
      key: lead.key, score: score.score, stage: score.stage, grade: score.grade,
      groups: ActiveModel.named(groups: score.groups, model.rules),
      rules: ActiveModel.named(rules: score.rules, model.rules), version: score.version, scoredAt: score.scoredAt,
      nextChangeAt: score.nextChangeAt, enteredStageAt: score.enteredStageAt,
      fastTrack: try database.judgements.fastTracks(model: model.row.id, lead: lead.id).last {
        holds($0.from, $0.until)
      },
      adjustments: try database.judgements.adjustments(lead: lead.id).filter { holds($0.from, $0.until) },
      createdAt: lead.createdAt, attributes: AttributeSet(json: lead.attributes))
  }

  /// The stored lead with a key, however it is spelt; the one that stands for it where it was merged into another.
  func leadRow(_ key: String) throws -> LeadRow {
    let folded = LeadKey.folded(key)
    if let row = try database.leads.row(key: folded) {
      let root = try database.merges.root(of: row.id)
      return root == row.id ? row : try database.leads.row(id: root) ?? row
    }
    let similar =
      folded.isEmpty ? [] : try database.leads.keys(startingWith: String(folded.prefix(3)), limit: 3)
    throw ScoringError.unknownLead(key, similar: similar)
  }

  /// The stages of a model's active rules, lowest first, then `disqualified`.
  public func stageNames(model: String) throws -> [String] { try activeModel(model).rules.stageNames }

  /// Sees that the active rules have a stage.
  ///
  /// - Throws: ``ScoringError/unknownStage(_:known:)``
  public func checkStage(_ stage: String, model: String) throws {
    let known = try stageNames(model: model)
    guard known.contains(stage) else { throw ScoringError.unknownStage(stage, known: known) }
  }
}

extension ActiveModel {
  /// Stored groups with their names.
  static func named(groups json: String, _ rules: CompiledRules) -> [(name: String, points: Int64)] {
    zip(rules.groupNames, integers(json)).map { ($0, $1) }
  }

  /// Stored points of rules with the rules' ids.
  static func named(rules json: String, _ rules: CompiledRules) -> [(id: String, points: Int64)] {
    let numbers = integers(json)
    return stride(from: 0, to: numbers.count - 1, by: 2).compactMap { index in
      let position = Int(numbers[index])
      return rules.ruleNames.indices.contains(position) ? (rules.ruleNames[position], numbers[index + 1]) : nil
    }
  }

  private static func integers(_ json: String) -> [Int64] {
    json.dropFirst().dropLast().split(separator: ",").compactMap { Int64($0) }
  }
}
