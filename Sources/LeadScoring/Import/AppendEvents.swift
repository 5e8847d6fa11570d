internal import LeadStore
internal import RecordFormats
internal import RuleFile
public import ScoreEngine

/// An event to be added.
public struct NewEvent: Sendable {
  /// The lead's key; a lead that is not known yet is made.
  public var key: String
  /// What happened, such as `page_view`.
  public var type: String
  /// When, in milliseconds since 1970.
  public var occurredAt: Int64
  /// The source's own identity of it, where it has one.
  public var id: String?
  /// Each name once.
  public var properties: [String: Value]

  /// An event.
  public init(key: String, type: String, occurredAt: Int64, id: String? = nil, properties: [String: Value] = [:]) {
    self.key = key
    self.type = type
    self.occurredAt = occurredAt
    self.id = id
    self.properties = properties
  }
}

extension ScoringSession {
  /// Adds events and brings all scores up to date, in one transaction: all events or none. Those that are there already
  /// are left out.
  ///
  /// - Parameter asOf: `T`, in milliseconds since 1970.
  /// - Throws: ``ScoringError/badInput(file:line:reason:)`` for an event that cannot be one, with its number from 1 as the
  ///   line; ``ScoringError/backInTime(asked:last:)``; `DatabaseError`.
  /// - Complexity: for few events, a constant number of pages of the file for each, whatever the database's size.
  @discardableResult
  public func append(_ events: [NewEvent], asOf: Int64) throws -> ImportReport {
    let name = "events of the application"
    var options = ImportOptions()
    options.isSmall = events.count < 5000
    return try write(bulk: options.isSmall == false) {
      try checkReady(asOf)
      let scorer = try LeadScorer(self)
      let work = try EventImport(self, scorer, name, options: options, asOf: asOf)
      let dictionary = dictionary
      let counts = try work.run { _, sink in
        let rows = EventRows(dictionary, sink: sink)
        var progress = FactProgress()
        for (index, event) in events.enumerated() {
          progress.read += 1
          do {
            try FactLimits.check(Instant(milliseconds: event.occurredAt), "occurred_at")
            try rows.add(
              key: event.key, type: event.type, at: event.occurredAt, id: event.id,
              event.properties.map { ($0.key, try $0.value.factJSON()) })
          } catch let problem as RowProblem {
            throw ScoringError.badInput(file: name, line: index + 1, reason: problem.reason)
          } catch let problem as LeadKey.Problem {
            throw ScoringError.badInput(file: name, line: index + 1, reason: problem.reason)
          }
          try sink.advance(progress)
        }
        try sink.flush(progress)
      }
      if scorer.counts.rescored > 0 {
        for model in models { try database.models.setEvaluated(model.row.id, at: asOf) }
      }
      let due = try advanceDueLeads(to: asOf)
      return ImportReport(
        file: name, counts: counts, leadsRescored: scorer.counts.rescored + due.rescored,
        stageChanges: scorer.counts.stageChanges + due.stageChanges)
    }
  }
}

extension Value {
  /// The value as an event of JSON Lines has it.
  fileprivate func factJSON() throws -> JSONValue {
    switch self {
    case .text(let text): return .string(text)
    case .boolean(let truth): return .bool(truth)
    case .list(let texts): return .array(texts.map { .string($0) })
    case .number(let double):
      guard let number = JSONNumber(double) else { throw RowProblem("a number beyond all bounds") }
      return .number(number)
    }
  }
}
