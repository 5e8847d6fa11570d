internal import LeadStore
internal import ScoreEngine

/// New rows of a range of leads on their way into the database. Handed from thread to thread.
protocol LeadBlock: AnyObject {
  /// The rows, by lead.
  var rows: SortedRows { get }
  /// Reads what the database has of the leads.
  func read(_ source: LeadBlockSource) throws
  /// Forgets all but the rows, which are filled anew.
  func removeAll()
}

/// Where blocks read what the database has of their leads: by the connection that writes, or by another one that reads the
/// state before the transaction, which is then the thread's that computes.
struct LeadBlockSource {
  let database: LeadDatabase
  /// The models' numbers.
  let models: [Int64]
  let pack: Int64
  /// Whether anybody said anything about any lead.
  let asksJudgement: Bool
  let hasEvents: Bool
  /// Whether the database lacks a lead.
  let isNew: (Int64) -> Bool

  init(_ session: ScoringSession, _ database: LeadDatabase, isNew: @escaping (Int64) -> Bool) throws {
    self.database = database
    models = session.models.map(\.row.id)
    pack = session.pack.id
    asksJudgement = try !database.judgements.isEmpty()
    hasEvents = try !database.events.isEmpty()
    self.isNew = isNew
  }
}

/// What the database has of a block's leads, by their order in the block.
final class LeadBlockFacts {
  @exclusivity(unchecked) private(set) var isNew: [Bool] = []
  /// Whether anything may stand of a lead beside its blocks and its pages.
  @exclusivity(unchecked) private(set) var mayBeRecent: [Bool] = []
  /// The leads' records, one after the other; none for a new lead.
  @exclusivity(unchecked) private var states: [UInt8] = []
  @exclusivity(unchecked) private var stateEnds: [Int] = []
  /// By model.
  @exclusivity(unchecked) private var scores: [[ScoreState?]] = []
  /// By model; empty where nobody ever said anything.
  @exclusivity(unchecked) private var judgements: [[Judgement]] = []

  /// Forgets everything.
  func removeAll() {
    isNew.removeAll(keepingCapacity: true)
    mayBeRecent.removeAll(keepingCapacity: true)
    states.removeAll(keepingCapacity: true)
    stateEnds.removeAll(keepingCapacity: true)
    scores.removeAll(keepingCapacity: true)
    judgements.removeAll(keepingCapacity: true)
  }

  /// Calls `body` with a lead's record.
  func withState<Result>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    let start = index == 0 ? 0 : stateEnds[index - 1]
    return try states.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[start..<stateEnds[index]])) }
  }

  /// The stored score of a lead.
  func score(model: Int, _ index: Int) -> ScoreState? { scores[model][index] }

  /// What people said about a lead.
  func judgement(model: Int, _ index: Int) -> Judgement { judgements.isEmpty ? .none : judgements[model][index] }

  /// Reads everything.
  ///
  /// - Parameter leads: in their order.
  func read(_ leads: [SortedRows.Group], _ source: LeadBlockSource) throws {
    guard let first = leads.first?.lead, let last = leads.last?.lead else { return }
    isNew = leads.map { source.isNew($0.lead) }
    mayBeRecent = isNew.map { !$0 }
    guard !source.models.isEmpty else { return }
    let database = source.database
    // Where most leads of a range are asked for, one pass over the range costs less than a look-up for each; but it
    // takes statements of its own.
    let isDense = leads.count >= 16 && leads.count * 3 > Int(last - first)
    stateEnds.reserveCapacity(leads.count)
    func fill(upTo index: Int) { while stateEnds.count < index { stateEnds.append(states.count) } }
    if isNew.allSatisfy(\.self) {
      // Nothing to be read.
    } else if isDense {
      var index = 0
      try database.signals.forEachState(pack: source.pack, leads: first...last) { lead, bytes in
        while index < leads.count, leads[index].lead < lead { index += 1 }
        guard index < leads.count, leads[index].lead == lead else { return }
        fill(upTo: index)
        states.append(contentsOf: bytes)
        fill(upTo: index + 1)
      }
    } else {
      for (index, group) in leads.enumerated() where !isNew[index] {
        mayBeRecent[index] = try database.recentLeads.isAny(of: group.lead)
        fill(upTo: index)
        _ = try database.signals.withState(pack: source.pack, lead: group.lead, mayBeRecent: mayBeRecent[index]) {
          states.append(contentsOf: $0)
        }
        fill(upTo: index + 1)
      }
    }
    fill(upTo: leads.count)

    for model in source.models {
      var found = [ScoreState?](repeating: nil, count: leads.count)
      if isNew.allSatisfy(\.self) {
        // Nothing to be read.
      } else if isDense {
        var index = 0
        try database.scores.forEachState(model: model, leads: first...last) { lead, state in
          while index < leads.count, leads[index].lead < lead { index += 1 }
          if index < leads.count, leads[index].lead == lead { found[index] = state }
        }
      } else {
        for (index, group) in leads.enumerated() where !isNew[index] {
          found[index] = try database.scores.state(model: model, lead: group.lead, mayBeRecent: mayBeRecent[index])
        }
      }
      scores.append(found)
      if source.asksJudgement {
        judgements.append(try leads.map { try database.judgement(model: model, lead: $0.lead) })
      }
    }
  }
}

/// Records and scores of a block's leads that are to be written.
final class LeadBlockResults {
  @exclusivity(unchecked) fileprivate var records = RecordBatch()
  @exclusivity(unchecked) fileprivate var scores = ScoreBatch()

  /// Forgets everything.
  func removeAll() {
    records.removeAll()
    scores.removeAll()
  }

  /// Writes everything.
  func write(to session: ScoringSession) throws {
    try records.write(to: session.database, pack: session.pack.id)
    try session.database.write(scores)
  }
}

/// Scores the leads of blocks by their new facts. On a thread of its own.
final class LeadBlockScorer {
  private let asOf: Int64
  private let models: [ActiveModel]
  private let kernel: ScoreKernel
  /// Finds what the facts say.
  let finder: SignalFinder
  @exclusivity(unchecked) private var previous: SignalRecord
  @exclusivity(unchecked) private var record: SignalRecord

  /// - Parameters:
  ///   - origin: of what is recorded; the same for all workers of an import.
  ///   - isAlone: whether it is used on the thread that has the session, and so needs no tools of its own.
  init(_ session: ScoringSession, origin: RecordingOrigin, asOf: Int64, isAlone: Bool = false) {
    self.asOf = asOf
    let pack = session.pack
    models = isAlone ? session.models : session.models.compactMap { $0.copy(pack: pack.definitions) }
    kernel = ScoreKernel(origin)
    finder = isAlone ? session.finder : SignalFinder(pack: pack, dictionary: session.dictionary.copy())
    previous = SignalRecord(kinds: pack.kinds)
    record = SignalRecord(kinds: pack.kinds)
  }

  /// What was done so far.
  var counts: ScoringCounts { kernel.counts }

  /// Scores a lead by what the finder found last.
  ///
  /// - Parameters:
  ///   - createdAt: nil for the one before.
  ///   - attributes: nil where they are as before.
  func score(
    _ lead: Int64, _ index: Int, _ facts: LeadBlockFacts, createdAt: Int64?, attributes: AttributeSet?, cause: Cause,
    into results: LeadBlockResults
  ) throws {
    guard !models.isEmpty else { return }
    try score(lead, index, facts, createdAt, attributes, cause, results, &previous, &record)
  }

  /// The records come as arguments, so that they can be lent without being copied.
  private func score(
    _ lead: Int64, _ index: Int, _ facts: LeadBlockFacts, _ createdAt: Int64?, _ attributes: AttributeSet?,
    _ cause: Cause, _ results: LeadBlockResults, _ previous: inout SignalRecord, _ record: inout SignalRecord
  ) throws {
    let isNew = facts.isNew[index]
    if isNew {
      finder.fill(&record, createdAt: createdAt ?? asOf, previous: nil, attributes: attributes)
    } else {
      guard facts.withState(index, { !$0.isEmpty && previous.unpack($0) }) else {
        throw StoreError.damaged("the signal state of lead \(lead); run `leadscore score --all`")
      }
      finder.fill(&record, createdAt: createdAt ?? previous.createdAt, over: previous, attributes: attributes)
    }
    results.records.add(record, lead: lead)
    kernel.counts.rescored += 1
    for number in models.indices {
      kernel.score(
        models[number], lead: lead, before: facts.score(model: number, index),
        judgement: facts.judgement(model: number, index), previous: previous, isNew: isNew, record: record,
        at: asOf, cause: cause, into: &results.scores)
    }
  }
}
