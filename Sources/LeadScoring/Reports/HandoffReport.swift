public import LeadStore

/// What became of leads that were handed over.
///
/// A lead counts once for each batch in which it stands; one that was merged into another since has the answers that came
/// under either key. Answers count from the batch's instant until the same consumer
/// gets the lead again; where there are several, the last of accepted and rejected counts, and the last of won and lost.
public struct HandoffFigures: Sendable, Equatable {
  public var consumer: String
  /// The batch; nil for all of the consumer.
  public var batch: HandoffBatchRow?
  public var batches: Int64 = 0
  public var confirmed: Int64 = 0
  /// Entries into a stage, and leads.
  public var entries: Int64 = 0
  public var leads: Int64 = 0
  /// Leads with any outcome.
  public var answered: Int64 = 0
  public var accepted: Int64 = 0
  public var rejected: Int64 = 0
  public var won: Int64 = 0
  public var lost: Int64 = 0
  /// From the hand-off to the first outcome, in milliseconds; nil without one.
  public var medianTime: Int64?
  /// Why leads were rejected, the most frequent reason first. Rejections without one are left out.
  public var reasons: [(reason: String, leads: Int64)] = []

  public static func == (left: HandoffFigures, right: HandoffFigures) -> Bool {
    left.consumer == right.consumer && left.batch == right.batch && left.batches == right.batches
      && left.confirmed == right.confirmed && left.entries == right.entries && left.leads == right.leads
      && left.answered == right.answered && left.accepted == right.accepted && left.rejected == right.rejected
      && left.won == right.won && left.lost == right.lost && left.medianTime == right.medianTime
      && left.reasons.elementsEqual(right.reasons, by: ==)
  }
}

extension ScoringSession {
  /// What became of the leads that consumers were given up to an instant: a row for each consumer, in the order of their
  /// names, or for each batch, in the order in which they were recorded.
  ///
  /// - Parameter consumer: only this one.
  /// - Complexity: O(events of the leads that were handed over).
  public func handoffReport(
    model name: String, consumer: String?, byBatch: Bool, asOf: Int64
  ) throws -> [HandoffFigures] {
    let batches = try handoffBatches(consumer: consumer, model: name).filter { $0.asOf <= asOf }
    let answers = try answers(batches, model: modelRow(name).id, consumer: consumer, asOf: asOf)
    let groups: [[HandoffBatchRow]] =
      byBatch
      ? batches.map { [$0] }
      : Dictionary(grouping: batches, by: \.consumer).sorted { $0.key < $1.key }.map(\.value)
    return groups.compactMap { group in
      guard let first = group.first else { return nil }
      var figures = HandoffFigures(consumer: first.consumer, batch: byBatch ? first : nil)
      for batch in group {
        figures.batches += 1
        figures.entries += batch.entries
        figures.leads += batch.leads
        if let at = batch.confirmedAt, at <= asOf { figures.confirmed += 1 }
      }
      figures.add(group.flatMap { answers[$0.id] ?? [] })
      return figures
    }
  }

  /// The answers to each batch: for each lead in it that has any.
  private func answers(
    _ batches: [HandoffBatchRow], model: Int64, consumer: String?, asOf: Int64
  ) throws -> [Int64: [Answer]] {
    // Where sales never answered, nobody's events need be read.
    guard try Outcome.allCases.contains(where: { try database.dictionary.type($0.rawValue) != nil }) else { return [:] }
    let byNumber = Dictionary(uniqueKeysWithValues: batches.map { ($0.id, $0) })
    var batchesOfLead: [Int64: [HandoffBatchRow]] = [:]
    try database.handoffs.forEachEntry(model: model, consumer: consumer) { batch, lead in
      guard let batch = byNumber[batch], batchesOfLead[lead]?.last?.id != batch.id else { return }
      batchesOfLead[lead, default: []].append(batch)
    }
    var answers: [Int64: [Answer]] = [:]
    for (lead, given) in batchesOfLead {
      let outcomes = try outcomes(ofLead: lead, until: asOf)
      guard !outcomes.isEmpty else { continue }
      for (index, batch) in given.enumerated() {
        let next = given[(index + 1)...].first { $0.consumer == batch.consumer }?.asOf ?? Int64.max
        let mine = outcomes.filter {
          $0.at >= batch.asOf && $0.at < next && ($0.consumer == nil || $0.consumer == batch.consumer)
        }
        if let answer = Answer(mine, since: batch.asOf) { answers[batch.id, default: []].append(answer) }
      }
    }
    return answers
  }
}

/// What sales said of one lead in one batch.
private struct Answer {
  var delay: Int64
  var isAccepted: Bool?
  var isWon: Bool?
  var reason: String?

  init?(_ outcomes: [OutcomeEvent], since: Int64) {
    guard let first = outcomes.first else { return nil }
    delay = first.at - since
    for event in outcomes {
      switch event.outcome {
      case .accepted: isAccepted = true
      case .rejected:
        isAccepted = false
        reason = event.reason
      case .won: isWon = true
      case .lost: isWon = false
      }
    }
  }
}

extension HandoffFigures {
  fileprivate init(consumer: String, batch: HandoffBatchRow?) {
    self.consumer = consumer
    self.batch = batch
  }

  fileprivate mutating func add(_ answers: [Answer]) {
    var counts: [String: Int64] = [:]
    for answer in answers {
      answered += 1
      switch answer.isAccepted {
      case true?: accepted += 1
      case false?:
        rejected += 1
        if let reason = answer.reason { counts[reason, default: 0] += 1 }
      case nil: break
      }
      switch answer.isWon {
      case true?: won += 1
      case false?: lost += 1
      case nil: break
      }
    }
    reasons = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
    let delays = answers.map(\.delay).sorted()
    if !delays.isEmpty { medianTime = (delays[(delays.count - 1) / 2] + delays[delays.count / 2]) / 2 }
  }
}
