internal import LeadStore
internal import RecordFormats
internal import RuleFile
internal import ScoreEngine

/// How a stream of events is imported.
public struct StreamOptions {
  /// The layout of the rows and what becomes of rejected ones. A stream is neither strict nor a dry run, and has no
  /// preset.
  public var rows = ImportOptions()
  /// `T`, in milliseconds since 1970; nil for the clock at each part, never before the last evaluation.
  public var asOf: Int64?
  /// Whether to end: what has arrived completely is still imported. Asked on whatever thread reads.
  public var isStopped: () -> Bool = { false }
  /// Is called after each part was committed, with what was imported so far.
  public var onCommit: (ImportReport) -> Void = { _ in }
  /// Is called when another process has been writing for longer than the connection waits; the stream tries again.
  public var onBusy: () -> Void = {}

  /// The defaults.
  public init() {}
}

extension ScoringSession {
  /// Imports events from a source that need not end, in parts: what has come is committed as soon as the source pauses,
  /// or when enough has come, with all scores up to date. Leads that fall due meanwhile are brought up to date.
  ///
  /// Where it fails, the parts committed before are kept. All parts are one import in the database's list.
  ///
  /// - Parameter path: a file, a named pipe; `-` is standard input.
  /// - Returns: what was imported.
  /// - Throws: ``ScoringError``, `SourceError`, `DatabaseError`.
  @discardableResult
  public func importEventStream(_ path: String, options: StreamOptions) throws -> ImportReport {
    if let mapping = options.rows.mapping, mapping.kind != .events {
      throw ScoringError.wrongMapping(kind: mapping.kind, expected: .events)
    }
    let input: FactInput
    do {
      input = try FactInput(path, kind: .events, options: options.rows)
    } catch ScoringError.badInput where options.isStopped() {
      // It was ended before its header was there.
      return StreamImport.nothing(path)
    }
    return try StreamImport(self, input, options).run()
  }
}

/// The import of one stream.
private final class StreamImport {
  private let session: ScoringSession
  private let path: String
  private let stream: FactStream
  private let options: StreamOptions
  private var report: ImportReport
  /// The import's number, once there is one.
  private var number: Int64?

  /// How long to wait for a row before looking whether any lead is due, in milliseconds.
  private static let idleWait = 1000

  init(_ session: ScoringSession, _ input: FactInput, _ options: StreamOptions) {
    self.session = session
    self.options = options
    path = input.path
    stream = FactStream(input, isStopped: options.isStopped)
    report = StreamImport.nothing(input.path)
  }

  static func nothing(_ path: String) -> ImportReport {
    ImportReport(file: path, counts: ImportCounts(), leadsRescored: 0, stageChanges: 0)
  }

  func run() throws -> ImportReport {
    while true {
      switch try stream.wait(milliseconds: StreamImport.idleWait) {
      case .row: try takePart()
      case .nothing: try passTime()
      case .end:
        // An import in which nothing came is one nevertheless.
        if number == nil { try takePart() }
        return report
      }
      if let failure = stream.failure { throw failure }
    }
  }

  /// Imports what has come, in one transaction.
  private func takePart() throws {
    while true {
      stream.begin()
      do {
        let part = try session.write(bulk: stream.isBulk) { try importPart() }
        // Known only now that it is committed.
        (number, report) = (part.number, part.report)
        break
      } catch let error as DatabaseError where error.kind == .busy && !stream.hasRead && !options.isStopped() {
        options.onBusy()
      }
    }
    stream.finish()
    options.onCommit(report)
  }

  private func importPart() throws -> (number: Int64, report: ImportReport) {
    let database = session.database
    let asOf = try options.asOf ?? max(session.clock(), database.models.lastEvaluation() ?? Int64.min)
    try session.checkReady(asOf)
    let (id, recordedAt) = (try number ?? database.imports.nextNumber(), session.clock())
    let scorer = try LeadScorer(session, reference: String(id))
    var rows = options.rows
    rows.stream = stream
    rows.isSmall = !stream.isBulk
    let counts = try EventImport(session, scorer, path, options: rows, asOf: asOf).run()
    if scorer.counts.rescored > 0 {
      for model in session.models { try database.models.setEvaluated(model.row.id, at: asOf) }
    }
    let due = try session.advanceDueLeads(to: asOf)
    var whole = report
    whole.counts.add(counts)
    whole.leadsRescored += scorer.counts.rescored + due.rescored
    whole.stageChanges += scorer.counts.stageChanges + due.stageChanges
    try database.imports.record(
      id, kind: "events", file: path, asOf: asOf, recordedAt: recordedAt, whole.counts)
    try options.rows.beforeCommit?()
    return (id, whole)
  }

  /// Brings leads up to date that fell due while nothing came.
  private func passTime() throws {
    guard options.asOf == nil else { return }
    do {
      let now = try max(session.clock(), session.database.models.lastEvaluation() ?? Int64.min)
      let due = try session.bringUpToDate(to: now)
      report.leadsRescored += due.rescored
      report.stageChanges += due.stageChanges
    } catch let error as DatabaseError where error.kind == .busy {
      // The next part does it, or the next look.
    }
  }
}
