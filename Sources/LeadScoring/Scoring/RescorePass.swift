internal import LeadStore
internal import ScoreEngine

/// What came of one piece of a pass that scores all leads anew.
struct RescorePart: Sendable {
  var leads: Int64 = 0
  var records = RecordBatch()
  var scores = ScoreBatch()
  var counts = ScoringCounts()
}

/// A worker of such a pass: it reads the state before the transaction and writes nothing.
protocol RescoreWorker: AnyObject {
  /// What is to be written, and whatever the pass counts beside.
  associatedtype Part: Sendable

  /// Works on a range of leads; has let go of all that it reads when it returns.
  func work(on leads: ClosedRange<Int64>) throws -> Part
}

/// A worker with its connection.
private final class PassWorker<Worker: RescoreWorker>: RangeWorker {
  private let worker: Worker
  private let database: LeadDatabase
  private var pieces = 0

  /// So many pieces' pages stay in memory at most.
  private static var mappedPieces: Int { 4 }

  init(_ worker: Worker, _ database: LeadDatabase) {
    self.worker = worker
    self.database = database
  }

  func work(on piece: Int) throws -> Worker.Part {
    let first = Int64(piece) * RescorePass.pieceSize + 1
    let part = try worker.work(on: first...(first + RescorePass.pieceSize - 1))
    pieces += 1
    if pieces % PassWorker.mappedPieces == 0 { try database.connection.letGoOfMap() }
    return part
  }
}

/// A pass over all leads that computes on all cores, each with a connection of its own, and writes in their order. Inside a
/// write transaction.
enum RescorePass {
  /// Leads of a piece.
  static let pieceSize: Int64 = 2048
  /// So many leads may get so many rows of history that these become a run.
  private static let manyLeads: Int64 = 5000

  /// How many rows of history a pass adds.
  enum Rows {
    case few
    /// Most leads are expected to get one.
    case many
    /// They are composed in pages, which stand in a run.
    case composed
  }

  /// - Parameters:
  ///   - old: a pack that workers read and that is to be removed; nil for none.
  ///   - make: a worker with a connection.
  ///   - store: writes what came of a piece.
  static func run<Worker: RescoreWorker>(
    _ session: ScoringSession, adds rows: Rows, removes old: Int64? = nil, _ make: (LeadDatabase) throws -> Worker,
    store: (Worker.Part) throws -> Void
  ) throws {
    let database = session.database
    let greatest = try database.leads.greatestID()
    let pieces = try database.leads.pieces(of: pieceSize)
    func removeOld() throws { if let old { try database.signals.removePack(old) } }
    guard !pieces.isEmpty else { return try removeOld() }
    var workers = try readers(session, pieces: pieces.count).map { PassWorker(try make($0), $0) }
    let areApart = !workers.isEmpty
    if !areApart { workers = [PassWorker(try make(database), database)] }
    // Who reads the state before the transaction does not miss it, and what is written finds room in its pages.
    if areApart { try removeOld() }
    func run() throws {
      // What it writes it does not look at again, so that pages need not wait in memory on their way into the log.
      try database.connection.keepingFewPages { try OrderedRanges.run(pieces, workers: workers, store) }
    }
    try database.scores.putMany {
      if rows == .composed || (rows == .many && greatest >= manyLeads) {
        try database.history.addMany(run)
      } else {
        try run()
      }
    }
    if !areApart { try removeOld() }
  }

  /// A connection for each thread beside the one that writes; none where one thread does it all.
  private static func readers(_ session: ScoringSession, pieces: Int) -> [LeadDatabase] {
    let count = min(WorkerThread.processors, pieces / 4)
    guard count > 1, session.isUntouched else { return [] }
    var readers: [LeadDatabase] = []
    while readers.count < count, let reader = session.otherMappingReader() { readers.append(reader) }
    return readers
  }
}

/// What every worker of a rescoring pass has: the rules, and how to score by them, for one thread alone.
final class RescoreTools {
  let database: LeadDatabase
  let models: [ActiveModel]
  let kernel: ScoreKernel
  private let cursors: [ScoreCursor]
  private let asksJudgement: Bool

  /// - Parameters:
  ///   - models: those to be scored, of the session.
  ///   - origin: of what is recorded; the same for all workers of a pass.
  init(
    _ session: ScoringSession, _ database: LeadDatabase, models: [ActiveModel], origin: RecordingOrigin
  ) throws {
    self.database = database
    let pack = session.pack.definitions
    self.models = models.compactMap { $0.copy(pack: pack) }
    kernel = ScoreKernel(origin)
    cursors = try self.models.map { try ScoreCursor(database, model: $0.row.id) }
    asksJudgement = try !database.judgements.isEmpty()
  }

  func begin(_ leads: ClosedRange<Int64>) throws {
    kernel.counts = ScoringCounts()
    for cursor in cursors { try cursor.begin(leads: leads) }
  }

  func finish() {
    for cursor in cursors { cursor.finish() }
  }

  /// The stored scores by model.
  func cursor(_ model: Int) -> ScoreCursor { cursors[model] }

  func judgement(_ model: Int, _ lead: Int64) throws -> Judgement {
    try asksJudgement ? database.judgement(model: models[model].row.id, lead: lead) : .none
  }
}
