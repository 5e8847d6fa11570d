internal import LeadStore
internal import ScoreEngine

/// Evaluates leads one after the other and stores what comes out. Inside a write transaction.
final class LeadScorer {
  private let session: ScoringSession
  /// Of what is recorded.
  let origin: RecordingOrigin
  private let kernel: ScoreKernel
  // Looked up when the first lead is evaluated, which many a scorer never does.
  private lazy var judged = Result { try !session.database.judgements.isEmpty() }
  // Kept for their buffers.
  @exclusivity(unchecked) private var batch = ScoreBatch()
  @exclusivity(unchecked) private var packed: [UInt8] = []

  init(_ session: ScoringSession, reference: String? = nil) throws {
    self.session = session
    origin = RecordingOrigin(recordedAt: session.clock(), reference: reference)
    kernel = ScoreKernel(origin)
  }

  /// What was done so far.
  var counts: ScoringCounts {
    get { kernel.counts }
    set { kernel.counts = newValue }
  }

  /// Brings a lead, whose facts have not changed, to an instant: it is evaluated at every instant in between at which
  /// something may change.
  ///
  /// - Parameter storesAtOnce: otherwise what comes out is stored by ``store()``, and the lead must not be asked for before.
  func catchUp(_ model: ActiveModel, lead: Int64, record: SignalRecord, to asOf: Int64, storesAtOnce: Bool = true)
    throws
  {
    guard let state = try session.database.scores.state(model: model.row.id, lead: lead),
      let due = state.nextChangeAt, due <= asOf
    else { return }
    kernel.counts.rescored += 1
    try kernel.advance(model, lead: lead, state, judgement(model, lead), record, through: asOf, into: &batch)
    if storesAtOnce { try store() }
  }

  /// Evaluates a lead as of an instant under one model and stores the result where it is another.
  ///
  /// - Parameters:
  ///   - row: the stored score, brought to the instant under the facts of before; nil for a lead never scored.
  ///   - cause: why.
  func evaluate(
    _ model: ActiveModel, lead: Int64, row: ScoreRow?, record: SignalRecord, at instant: Int64, cause: Cause
  ) throws {
    let state = try kernel.evaluate(
      model, lead: lead, before: row?.state, judgement: judgement(model, lead), record: record, at: instant,
      cause: cause, into: &batch)
    if let row, state == row.state {
      let isSame = batch.withLastPoints { $0.elementsEqual(row.groups.utf8) && $1.elementsEqual(row.rules.utf8) }
      if isSame == true { batch.removeLast() }
    }
    try store()
  }

  /// Evaluates a lead with new facts under all models: first as of each instant that fell due under the old facts, then
  /// as of `asOf` under the new ones.
  ///
  /// - Parameters:
  ///   - previous: the record of the facts of before.
  ///   - cause: why; the first row under a model has the cause `import`.
  func evaluate(
    lead: Int64, previous: SignalRecord, record: SignalRecord, at asOf: Int64, cause: Cause
  ) throws {
    kernel.counts.rescored += 1
    for model in session.models {
      kernel.score(
        model, lead: lead, before: try session.database.scores.state(model: model.row.id, lead: lead),
        judgement: try judgement(model, lead), previous: previous, record: record, at: asOf, cause: cause, into: &batch)
    }
    try store()
  }

  /// Stores a lead's record.
  func store(_ record: SignalRecord, lead: Int64) throws {
    packed.removeAll(keepingCapacity: true)
    record.pack(into: &packed)
    try packed.withUnsafeBytes { try session.database.signals.put(pack: session.pack.id, lead: lead, $0) }
  }

  /// Stores what came out so far.
  func store() throws {
    session.isUntouched = false
    try session.database.write(batch)
    batch.removeAll()
  }

  private func judgement(_ model: ActiveModel, _ lead: Int64) throws -> Judgement {
    try judged.get() ? session.judgement(model: model, lead: lead) : .none
  }
}

extension ScoringSession {
  /// Unpacks a lead's record; false where there is none.
  func unpack(lead: Int64, into record: inout SignalRecord) throws -> Bool {
    try database.signals.withState(pack: pack.id, lead: lead) { bytes in
      guard record.unpack(bytes) else { throw StoreError.damaged("the signal state of lead \(lead)") }
    }
  }
}
