import LeadScoring
import LeadStore
import ScoreEngine
import TestSupport
import Testing

/// Looks at a database in which leads are merged and merges taken back, and hands its leads over: ledgers add up, the past
/// is as it was recorded, and each consumer gets each entry once.
struct MergedPast {
  private static let models = ["main", "other"]
  /// One consumer gets all, the other none too soon.
  private static let cooldowns: [String: Int64?] = ["crm": nil, "mailer": 200 * RefInstant.day]
  var choice: SplitMix64
  /// How many entries were given, and how many left out.
  private(set) var given = 0
  private(set) var spared = 0

  init(choice: SplitMix64) {
    self.choice = choice
  }

  // MARK: Looking

  /// - Parameters:
  ///   - keys: of the leads that stand for themselves.
  ///   - now: the instant that all of them were brought to.
  mutating func look(_ session: ScoringSession, keys: [String], now: Int64, _ place: String) throws {
    guard !keys.isEmpty else { return }
    for model in MergedPast.models {
      let key = choice.pick(keys)
      let lead = try session.lead(key, model: model)
      let current = try session.explain(key, model: model, asOf: now)
      current.expectSums("\(place) \(model) \(key)")
      #expect(
        current.score == lead.score && current.stage == lead.stage && current.grade == lead.grade,
        "\(place) \(model): the explanation of \(key) is not what is stored")
      let instant = now - Int64(choice.int(0...60)) * RefInstant.day + Int64(choice.int(-1...1))
      try session.explain(key, model: model, asOf: instant).expectSums("\(place) \(model) \(key) at \(instant)")
      try session.explain(key, model: model, asOf: instant, version: 1).expectSums(
        "\(place) \(model) \(key), version 1")
      try compareStanding(session, model, now, place)
    }
  }

  /// All leads as they stood at an instant, beside their rows of history and the merges of then.
  private mutating func compareStanding(_ session: ScoringSession, _ model: String, _ now: Int64, _ place: String)
    throws
  {
    var rows: [String: [HistoryRow]] = [:]
    try session.forEachHistoryRow(key: nil, model: model, filter: HistoryFilter()) { rows[$1, default: []].append($0) }
    let instant = choice.chance(30) ? now : choice.pick(rows.values.flatMap { $0 }.map(\.at).sorted())
    var into: [String: String] = [:]
    for merge in try session.merges() where merge.row.asOf <= instant && merge.row.undoneAsOf ?? .max > instant {
      into[merge.key] = merge.intoKey
    }
    func root(_ key: String) -> String { into[key].map(root) ?? key }
    var listed: [String: ScoredLead] = [:]
    try session.forEachLead(LeadQuery(), model: model, at: instant) { listed[$0.key] = $0 }
    for key in rows.keys {
      let row = rows[root(key)]?.last { $0.at <= instant }
      #expect(try session.historyRow(key: key, model: model, at: instant)?.row == row, "\(place): \(key) at \(instant)")
      guard into[key] == nil else { continue }
      let lead = listed.removeValue(forKey: key)
      #expect(lead?.score == row?.after && lead?.stage == row?.stageAfter, "\(place): \(key) at \(instant)")
    }
    #expect(listed.isEmpty, "\(place): \(listed.keys) stood nowhere")
  }

  // MARK: Handing over

  private func stages(_ session: ScoringSession, _ model: String) throws -> [String] {
    try session.stageNames(model: model).filter { $0 != RuleDocument.disqualifiedStage }
  }

  /// Hands over to some consumers what they have not had.
  mutating func handOver(_ session: ScoringSession, now: Int64, toAll: Bool = false) throws {
    for model in MergedPast.models {
      for (consumer, cooldown) in MergedPast.cooldowns.sorted(by: { $0.key < $1.key }) where toAll || choice.chance(40)
      {
        var options = HandoverOptions()
        options.stages = try stages(session, model)
        // Not every document has stages.
        guard !options.stages.isEmpty else { continue }
        options.includesRuleChanges = true
        options.cooldown = cooldown
        _ = try session.handOver(to: consumer, model: model, asOf: now, options: options)
      }
    }
  }

  /// No lead is merged any more, and all was handed over: every entry was given or left out for the cooldown, once.
  mutating func compareHandovers(_ session: ScoringSession, _ place: String) throws {
    let connection = session.database.connection
    func numbers(_ sql: String, _ values: [any BindableValue]) throws -> [Int64] {
      var numbers: [Int64] = []
      try connection.forEachRow(sql, values) { numbers.append($0.integer(0)) }
      return numbers
    }
    for model in MergedPast.models {
      let id = try session.modelRow(model).id
      let names = try stages(session, model)
      guard !names.isEmpty else { continue }
      var filter = HistoryFilter()
      filter.onlyStageChanges = true
      var entries: [Int64] = []
      try session.forEachHistoryRow(key: nil, model: model, filter: filter) { row, _ in
        if let stage = row.stageAfter, names.contains(stage) { entries.append(row.id) }
      }
      let list = names.indices.map { "?\($0 + 2)" }.joined(separator: ", ")
      for (consumer, cooldown) in MergedPast.cooldowns {
        let given = try numbers(
          """
          SELECT history_id FROM handoff JOIN handoff_batch ON handoff_batch.id = batch_id
          WHERE model_id = ?1 AND handoff.consumer = ?\(names.count + 2) AND stage IN (\(list))
          """, [id] + names + [consumer])
        let skipped = try session.skippedEntries(consumer: consumer, model: model)
        let left = skipped.filter { names.contains($0.stage) }.map(\.history)
        self.given += given.count
        spared += left.count
        #expect(
          (given + left).sorted() == entries.sorted(), "\(place), \(model): \(consumer) lacks or doubles an entry")
        #expect(skipped.allSatisfy { $0.at - $0.earlierAt < cooldown ?? 0 }, "\(place), \(model): \(consumer)")
      }
    }
  }
}
