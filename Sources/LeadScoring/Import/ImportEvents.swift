internal import LeadStore
internal import RuleFile
internal import ScoreEngine

extension ScoringSession {
  /// Imports files of events and brings scores up to date, all in one transaction: all files or none.
  ///
  /// - Parameters:
  ///   - paths: files; `-` is standard input.
  ///   - asOf: `T`, in milliseconds since 1970.
  /// - Throws: ``ScoringError``, `SourceError`, `DatabaseError`.
  /// - Complexity: O(rows) time but for the sorting of each lead's, bounded memory but for some bytes a key.
  public func importEvents(_ paths: [String], asOf: Int64, options: ImportOptions) throws -> [ImportReport] {
    if let preset = options.preset {
      return try importPreset(preset, paths, kind: .events, asOf: asOf, options: options)
    }
    return try importing(paths, kind: .events, asOf: asOf, options: options) { path, scorer in
      try EventImport(self, scorer, path, options: options, asOf: asOf).run()
    }
  }
}

/// The import of one file of events: its rows are put into the order of leads and instants, then each lead's pages,
/// signals and scores are brought up to date once, block by block.
final class EventImport {
  private let session: ScoringSession
  private let scorer: LeadScorer
  private let asOf: Int64
  private let rows: FactRows
  @exclusivity(unchecked) private var counts = ImportCounts()
  @exclusivity(unchecked) private var newLeads: [NewLead] = []

  init(
    _ session: ScoringSession, _ scorer: LeadScorer, _ path: String, options: ImportOptions, asOf: Int64
  ) throws {
    self.session = session
    self.scorer = scorer
    self.asOf = asOf
    rows = try FactRows(session, path, kind: .events, options: options)
  }

  func run() throws -> ImportCounts {
    let dictionary = session.dictionary
    return try run { file, sink in
      let rows = EventRows(dictionary, sink: sink)
      try file.read(csv: rows.csv, json: rows.json)
    }
  }

  /// Imports what `read` puts into the sink; perhaps on another thread.
  func run(_ read: @escaping (FactFile, RowSink) throws -> Void) throws -> ImportCounts {
    try rows.read(read)
    counts.read = rows.readCount
    counts.rejected = rows.rejectedCount
    try apply()
    return counts
  }

  private func apply() throws {
    var workers: [EventBlockScorer] = []
    try rows.forEachBlock(
      EventBlock.init,
      worker: {
        let worker = EventBlockScorer(
          session, origin: scorer.origin, asOf: asOf, isAlone: !rows.isParallel)
        workers.append(worker)
        return worker.score
      }, store: { [self] in try store($0) })
    for worker in workers { scorer.counts.add(worker.counts) }
    try rows.members.addEvents(scorer, at: asOf, &counts)
  }

  private func store(_ block: EventBlock) throws {
    let database = session.database
    try EventImport.noAttributes.withUnsafeBufferPointer { json in
      newLeads.removeAll(keepingCapacity: true)
      for (index, group) in block.rows.groups.enumerated() where block.facts.isNew[index] {
        let key = rows.directory.newKey(group.lead)
        newLeads.append(
          NewLead(
            id: group.lead, folded: key.folded, given: key.given, createdAt: asOf, isCreatedAtGiven: false,
            attributes: json))
      }
      try database.leads.insert(newLeads)
    }
    counts.leadsCreated += Int64(newLeads.count)
    try database.events.write(block.pages)
    try block.results.write(to: session)
    counts.created += block.created
    counts.duplicates += Int64(block.rows.rows.count) - block.created
  }

  private static let noAttributes = Array("{}".utf8)
}
