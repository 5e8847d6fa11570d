internal import LeadStore
internal import RecordFormats
internal import ScoreEngine

/// How often people overruled the rules, and what came of it.
public struct OverruleReport: Sendable {
  /// How a person overruled the rules.
  public enum Kind: String, CaseIterable, Sendable {
    /// A fast-track to a higher stage than the rules gave.
    case trackUp = "fast-track up"
    /// To a lower one.
    case trackDown = "fast-track down"
    /// To the same one, which keeps a lead where it is.
    case trackSame = "fast-track same"
    /// Points given.
    case pointsUp = "adjustment +"
    /// Points taken.
    case pointsDown = "adjustment -"
  }

  /// What judgements of one kind, by one person, came to.
  public struct Row: Sendable, Equatable {
    /// Nil for all.
    public var kind: Kind?
    /// Nil for everybody.
    public var person: String?
    public var judgements: Int64 = 0
    public var leads: Int64 = 0
    /// Leads for which such a judgement still holds.
    public var inForce: Int64 = 0
    /// Leads that converted after such a judgement; nil where the rules do not say what a conversion is.
    public var converted: Int64?
    /// Of leads that the rules gave the same stages and that nobody overruled, how many converted after they entered
    /// it, in hundredths of a percent: the mean over the stages, each as often as it occurs among the leads judged. Nil
    /// where there is nothing to compare with.
    public var comparison: Int64?
    /// How many leads are compared with.
    public var comparisonLeads: Int64 = 0
  }

  /// All; then each kind; then each person, and each kind of theirs.
  public var rows: [Row]
  /// Whether the active version says what a conversion is.
  public var hasConversion: Bool
}

extension ScoringSession {
  /// Counts how people overruled the rules of a model, as of an instant.
  ///
  /// - Complexity: O(events + history of the model) where the rules have a `conversion`.
  public func overruleReport(model name: String, asOf: Int64) throws -> OverruleReport {
    let model = try activeModel(name)
    let judgements = try database.judgedStages.all(model: model.row.id).filter { $0.from <= asOf }
    let filter = model.rules.document.conversion
    guard !judgements.isEmpty else { return OverruleReport(rows: [], hasConversion: filter != nil) }
    let conversions = try filter.map { try self.conversions($0, until: asOf) }
    let untouched = try conversions.map { try untouchedStages(model: model.row.id, conversions: $0, asOf: asOf) }
    var stages: [Int: [String]] = [:]
    let kinds = try judgements.map { try kind(of: $0, model: model.row.id, &stages) }

    func row(_ kind: OverruleReport.Kind?, _ person: String?) -> OverruleReport.Row? {
      let mine = zip(judgements, kinds).filter {
        (kind == nil || $0.1 == kind) && (person == nil || $0.0.person == person)
      }.map(\.0)
      guard !mine.isEmpty else { return nil }
      var row = OverruleReport.Row(kind: kind, person: person, judgements: Int64(mine.count))
      let firsts = Dictionary(grouping: mine, by: \.lead).compactMapValues { $0.min { $0.from < $1.from } }
      row.leads = Int64(firsts.count)
      row.inForce = Int64(Set(mine.filter { $0.until.map { asOf < $0 } ?? true }.map(\.lead)).count)
      guard let conversions, let untouched else { return row }
      row.converted = Int64(
        firsts.values.count { first in conversions[first.lead]?.contains { $0 > first.from } ?? false })
      let known = firsts.values.compactMap { $0.ruleStage.flatMap { untouched[$0] } }
      if !known.isEmpty {
        row.comparison = known.reduce(0) { $0 + $1.converted * 1_000_000 / $1.leads } / Int64(known.count) / 100
        row.comparisonLeads = Set(firsts.values.compactMap(\.ruleStage)).reduce(0) { $0 + (untouched[$1]?.leads ?? 0) }
      }
      return row
    }
    var rows = [row(nil, nil)] + OverruleReport.Kind.allCases.map { row($0, nil) }
    for person in Set(judgements.map(\.person)).sorted() {
      rows += [row(nil, person)] + OverruleReport.Kind.allCases.map { row($0, person) }
    }
    return OverruleReport(rows: rows.compactMap { $0 }, hasConversion: filter != nil)
  }

  /// How a judgement goes against the rules: by the order of the stages in the version of that time.
  private func kind(
    of row: JudgedStageRow, model: Int64, _ stages: inout [Int: [String]]
  ) throws -> OverruleReport.Kind {
    switch row.kind {
    case .adjustment(let points): return points < 0 ? .pointsDown : .pointsUp
    case .fastTrack(let stage):
      if stages[row.version] == nil {
        let version = try database.models.version(model: model, number: row.version)
        stages[row.version] = try version.map { try ScoringSession.document(of: $0).stages.map(\.id) } ?? []
      }
      let order = stages[row.version] ?? []
      func rank(_ id: String?) -> Int {
        id == RuleDocument.disqualifiedStage ? -1 : id.flatMap { order.firstIndex(of: $0) } ?? 0
      }
      let (named, given) = (rank(stage), rank(row.ruleStage))
      return named > given ? .trackUp : named < given ? .trackDown : .trackSame
    }
  }

  /// How many leads that nobody judged were ever in each stage, and how many of them converted after they entered it.
  private func untouchedStages(
    model: Int64, conversions: [Int64: [Int64]], asOf: Int64
  ) throws -> [String: (leads: Int64, converted: Int64)] {
    var counts: [String: (leads: Int64, converted: Int64)] = [:]
    try database.judgedStages.forEachUntouchedEntry(model: model, until: asOf) { entry in
      let converted = conversions[entry.lead]?.contains { $0 > entry.at } ?? false
      counts[entry.stage, default: (0, 0)].leads += 1
      if converted { counts[entry.stage, default: (0, 0)].converted += 1 }
    }
    return counts
  }
}
