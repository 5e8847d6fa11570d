internal import LeadStore
internal import RecordFormats
internal import RuleFile

/// The rows of one file in the order of leads: read on one thread, their leads looked up on another, and then given out
/// in blocks of leads, which several threads work on.
final class FactRows {
  private let session: ScoringSession
  private let path: String
  private let kind: ImportMapping.Kind
  private let options: ImportOptions
  private let staged: LeadPartitions
  /// The rows of merged leads, which go another way.
  let members: MemberImport
  @exclusivity(unchecked) var directory: LeadDirectory
  private(set) var readCount: Int64 = 0
  private(set) var rejectedCount: Int64 = 0

  /// So many leads are looked for at a time: what is read for them stays in a processor's first cache.
  private static let together = 128
  private let places = UnsafeMutablePointer<UInt32>.allocate(capacity: FactRows.together)
  private let leads = UnsafeMutablePointer<Int64>.allocate(capacity: FactRows.together)

  /// Threads that compute beside the one that writes: many events take more than that does.
  private var workers: Int { kind == .events && staged.count >= FactRows.rowsForTwo ? 2 : 1 }
  /// Rows from which on a third thread is worth its start.
  private static let rowsForTwo: Int64 = 200_000
  /// While so many blocks are written, SQLite finds other pages to write to the log than those it has just read.
  private static let blocksBetweenVisits = 8
  /// Rows from which on a second thread is worth its start.
  private static let parallelRows: Int64 = 5000
  /// Rows from which on so much history may come of them that it becomes a run, and so many scores that what is due when
  /// is written at the end.
  private static let manyRows: Int64 = 5000

  init(_ session: ScoringSession, _ path: String, kind: ImportMapping.Kind, options: ImportOptions) throws {
    self.session = session
    self.path = path
    self.kind = kind
    self.options = options
    staged = LeadPartitions(folder: session.temporaryFolder, capacity: options.bufferSize)
    members = try MemberImport(
      session, bufferSize: options.bufferSize, isSmall: options.isSmall ?? FactFile.isSmall(path))
    let roughRows = options.isSmall == true ? 0 : FactFile.roughRows(path)
    directory = try LeadDirectory(session.database, gate: session.gate, rows: roughRows)
  }

  deinit {
    places.deallocate()
    leads.deallocate()
  }

  /// Reads the file.
  ///
  /// - Parameter body: lets the file put its rows into the sink; perhaps on another thread.
  func read(_ body: @escaping (FactFile, RowSink) throws -> Void) throws {
    let (path, kind, options) = (self.path, self.kind, self.options)
    let isSmall = options.isSmall ?? FactFile.isSmall(path)
    let isParallel = WorkerThread.processors > 1 && options.feed == nil && !isSmall
    func run() throws {
      try RowSink.run(
        isParallel: isParallel, hash: directory.hash,
        read: { sink in try body(FactFile(path, kind: kind, options: options, sink: sink), sink) }, take: take)
    }
    if isSmall { try run() } else { try session.database.connection.keepingFewPages(run) }
  }

  private func take(_ batch: RowBatch) throws {
    try batch.header.map { try $0.withUnsafeBufferPointer { try options.onHeader?(path, $0) } }
    for text in batch.notes { try options.onNote?(path, text) }
    for (rejection, raw) in batch.rejections {
      rejectedCount += 1
      try raw.withUnsafeBufferPointer { try options.onRejection?(rejection, $0) }
    }
    readCount = batch.progress.read
    session.onProgress?(
      ScoringSession.Progress(
        label: "Reading \(path == "-" ? "standard input" : path)", unit: "rows", done: batch.progress.consumed,
        total: batch.progress.size, items: batch.progress.read))
    try batch.withBytes { bytes in
      let rows = batch.rows
      var start = 0
      while start < rows.count {
        let end = min(start + FactRows.together, rows.count)
        try take(UnsafeBufferPointer(rebasing: rows[start..<end]), bytes) { batch.given[start + $0] }
        start = end
      }
    }
  }

  /// - Parameter given: the key of one of the rows as it was given, where that differs.
  @inline(__always)
  private func take(
    _ rows: UnsafeBufferPointer<RowBatch.Row>, _ bytes: UnsafeBufferPointer<UInt8>, given: (_ index: Int) -> String?
  ) throws {
    directory.begin(rows, places)
    for index in 0..<rows.count {
      let row = rows[index]
      let key = UnsafeBufferPointer(rebasing: bytes[row.start..<(row.start + Int(row.keyCount))])
      leads[index] = try directory.lead(key, hash: row.hash, place: places[index], given: given(index))
      staged.fetchRoom(lead: leads[index])
    }
    for index in 0..<rows.count {
      let row = rows[index]
      let start = row.start + Int(row.keyCount)
      let content = UnsafeBufferPointer(rebasing: bytes[start..<(start + Int(row.count))])
      if try members.takes(leads[index]) {
        try members.append(lead: leads[index], order: row.order, content)
      } else {
        try staged.append(lead: leads[index], order: row.order, content)
      }
    }
  }

  /// Whether the blocks are worked on by several threads, once all rows are read.
  var isParallel: Bool { staged.count >= FactRows.parallelRows && WorkerThread.processors > 1 }

  /// Works on all blocks of leads, in their order.
  ///
  /// - Parameters:
  ///   - make: an empty block.
  ///   - worker: makes what computes; called once for each thread that does.
  ///   - store: writes what came of it.
  func forEachBlock<Block: LeadBlock>(
    _ make: @escaping () -> Block, worker: () -> (Block) throws -> Void, store: @escaping (Block) throws -> Void
  ) throws {
    directory.endLookups()
    let isParallel = isParallel
    let isNew = directory.isNew
    let source = try LeadBlockSource(session, session.database, isNew: isNew)
    // While the transaction has changed nothing, the computing threads can read by themselves.
    var team: [(Block) throws -> Void] = []
    while isParallel, session.isUntouched, team.count < workers, let other = session.otherReader() {
      let own = try LeadBlockSource(session, other, isNew: isNew)
      let compute = worker()
      team.append { block in
        // Here, and not where the rows are found, so that this processor's cache has them.
        block.rows.sort()
        try block.read(own)
        try compute(block)
      }
    }
    session.isUntouched = false
    let spare = Channel<Block>()
    let (session, staged, kind) = (self.session, self.staged, self.kind)
    var done: Int64 = 0
    let find = {
      let block = spare.takeIfAny() ?? make()
      return try staged.next(unsorted: block.rows) ? block : nil
    }
    var stored = 0
    let finish: (Block) throws -> Void = { block in
      try store(block)
      stored += 1
      if stored % FactRows.blocksBetweenVisits == 0 {
        try session.database.signals.visitInnerPages(pack: session.pack.id)
      }
      done += Int64(block.rows.rows.count)
      session.onProgress?(
        ScoringSession.Progress(
          label: "Scoring", unit: kind == .events ? "events" : "rows", done: done, total: staged.count, items: done))
      block.removeAll()
      spare.put(block)
    }
    func run() throws {
      if team.isEmpty {
        let sorted = {
          let block = try find()
          block?.rows.sort()
          return block
        }
        try BlockPipeline(find: sorted, prepare: { try $0.read(source) }, compute: worker(), store: finish)
          .run(isParallel: isParallel)
      } else {
        try BlockTeam(find: find, workers: team, store: finish).run()
      }
    }
    guard staged.count >= FactRows.manyRows else { return try run() }
    let database = session.database
    try database.history.addMany { try database.scores.putMany(run) }
  }
}

extension ScoringSession {
  /// The folder of the database, where there must be room for temporary files too.
  var temporaryFolder: String {
    let path = database.connection.path
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
