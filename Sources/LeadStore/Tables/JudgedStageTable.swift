/// A person's judgement of a lead, with the stage that the rules gave it then.
public struct JudgedStageRow: Sendable, Equatable {
  /// What the person did.
  public enum Kind: Sendable, Equatable {
    /// The stage that the person named.
    case fastTrack(stage: String)
    /// Hundredths.
    case adjustment(points: Int64)
  }

  public var kind: Kind
  public var lead: Int64
  public var person: String
  /// In milliseconds since 1970.
  public var from: Int64
  public var until: Int64?
  /// The stage that the rules gave; nil where they have no stages.
  public var ruleStage: String?
  /// The number of the rules' version then.
  public var version: Int
}

/// When a lead first entered a stage.
public struct FirstEntryRow: Sendable, Equatable {
  public var lead: Int64
  public var stage: String
  /// In milliseconds since 1970.
  public var at: Int64
}

/// All SQL of `judged_stage`.
public final class JudgedStageTable {
  private let connection: Connection

  init(_ connection: Connection) {
    self.connection = connection
  }

  /// Records the stage that the rules give a lead at the moment of a judgement, by its score then.
  ///
  /// A disqualified lead's stage underneath is the first one; it counts as disqualified unless a person put it there.
  func add(fastTrack: Int64?, adjustment: Int64?, _ score: ScoreRow) throws {
    try connection.run(
      """
      INSERT OR REPLACE INTO judged_stage (kind, judgement_id, model_id, lead_id, stage, version)
      SELECT iif(?1 IS NULL, 'adjustment', 'fast-track'), coalesce(?1, ?2), ?3, ?4,
        iif(?5 = 'disqualified' AND NOT EXISTS (
              SELECT 1 FROM fast_track
              WHERE lead_id = ?4 AND model_id = ?3 AND stage = 'disqualified' AND id IS NOT ?1),
            ?5, ?6),
        ?7
      """, fastTrack, adjustment, score.model, score.lead, score.stage, score.ruleStage, score.version)
  }

  /// All judgements under a model, ended ones too, in the order in which they were made; those about a lead that was
  /// merged into another are about that one.
  public func all(model: Int64) throws -> [JudgedStageRow] {
    var rows: [JudgedStageRow] = []
    try connection.forEachRow(
      """
      SELECT fast_track.stage, NULL, \(MergeTable.person("fast_track.lead_id")), person, from_at, until_at, judged_stage.stage, version,
        recorded_at
      FROM judged_stage JOIN fast_track ON fast_track.id = judgement_id
      WHERE kind = 'fast-track' AND judged_stage.model_id = ?1
      UNION ALL
      SELECT NULL, points, \(MergeTable.person("adjustment.lead_id")), person, from_at, until_at, judged_stage.stage, version, recorded_at
      FROM judged_stage JOIN adjustment ON adjustment.id = judgement_id
      WHERE kind = 'adjustment' AND judged_stage.model_id = ?1
      ORDER BY recorded_at
      """, [model]
    ) {
      rows.append(
        JudgedStageRow(
          kind: $0.optionalText(0).map { .fastTrack(stage: $0) } ?? .adjustment(points: $0.integer(1)),
          lead: $0.integer(2), person: $0.text(3), from: $0.integer(4), until: $0.optionalInteger(5),
          ruleStage: $0.optionalText(6), version: Int($0.integer(7))))
    }
    return rows
  }

  /// When leads that nobody ever judged first entered each stage, up to an instant; whoever was merged into another is
  /// that one. O(history of the model)
  public func forEachUntouchedEntry(
    model: Int64, until instant: Int64, _ body: (FirstEntryRow) throws -> Void
  ) throws {
    try connection.read {
      var roots: [Int64: Int64] = [:]
      try connection.forEachRow("SELECT lead_id, root_id FROM lead_member") { roots[$0.integer(0)] = $0.integer(1) }
      var judged: Set<Int64> = []
      try connection.forEachRow(
        """
        SELECT \(MergeTable.person("fast_track.lead_id")) FROM fast_track WHERE model_id = ?1
        UNION SELECT \(MergeTable.person("adjustment.lead_id")) FROM adjustment
        """, [model]
      ) { judged.insert($0.integer(0)) }
      let reader = HistoryEntryReader(connection, model: model, wantsReferences: false) {
        $0.changesStage && $0.stageAfter != nil
      }
      var stages: [String: Int] = [:]
      var entries: [(lead: Int64, stage: Int, at: Int64)] = []
      try reader.forEachEntry { entry in
        let lead = roots[entry.lead] ?? entry.lead
        guard entry.at <= instant, !judged.contains(lead), let stage = reader.heads[Int(entry.head)].stageAfter
        else { return }
        let number = stages[stage] ?? stages.count
        stages[stage] = number
        entries.append((lead, number, entry.at))
      }
      let names = stages.sorted { $0.value < $1.value }.map(\.key)
      var last: (lead: Int64, stage: Int)?
      for entry in entries.sorted(by: { ($0.lead, $0.stage, $0.at) < ($1.lead, $1.stage, $1.at) }) {
        if let last, last == (entry.lead, entry.stage) { continue }
        last = (entry.lead, entry.stage)
        try body(FirstEntryRow(lead: entry.lead, stage: names[entry.stage], at: entry.at))
      }
    }
  }
}

extension LeadDatabase {
  /// Records the stage that the rules give a lead at the moment of a fast-track. The lead's score must be up to date.
  public func noteStage(ofFastTrack id: Int64, model: Int64, lead: Int64) throws {
    guard let score = try scores.row(model: model, lead: lead) else { return }
    try judgedStages.add(fastTrack: id, adjustment: nil, score)
  }

  /// Records the stages that the rules give a lead, under all models, at the moment of an adjustment.
  public func noteStages(ofAdjustment id: Int64, lead: Int64) throws {
    for model in try models.all() {
      guard let score = try scores.row(model: model.id, lead: lead) else { continue }
      try judgedStages.add(fastTrack: nil, adjustment: id, score)
    }
  }
}
