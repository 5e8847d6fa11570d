internal import LeadStore
internal import RecordFormats
internal import RuleFile
internal import ScoreEngine

extension ScoringSession {
  /// Imports files of leads and brings scores up to date, all in one transaction: all files or none.
  ///
  /// - Parameters:
  ///   - paths: files; `-` is standard input.
  ///   - asOf: `T`, in milliseconds since 1970.
  /// - Throws: ``ScoringError``, `SourceError`, `DatabaseError`.
  /// - Complexity: O(rows) time, bounded memory but for some bytes a key.
  public func importLeads(_ paths: [String], asOf: Int64, options: ImportOptions) throws -> [ImportReport] {
    if let preset = options.preset {
      return try importPreset(preset, paths, kind: .leads, asOf: asOf, options: options)
    }
    return try importing(paths, kind: .leads, asOf: asOf, options: options) { path, scorer in
      try LeadImport(self, scorer, path, options: options, asOf: asOf).run()
    }
  }

  /// Runs an import of each file inside one write transaction, which is undone where anything fails.
  func importing(
    _ paths: [String], kind: ImportMapping.Kind, asOf: Int64, options: ImportOptions,
    _ body: (_ path: String, _ scorer: LeadScorer) throws -> ImportCounts
  ) throws -> [ImportReport] {
    if let mapping = options.mapping, mapping.kind != kind {
      throw ScoringError.wrongMapping(kind: mapping.kind, expected: kind)
    }
    // What makes many rows cheaper costs more than a few rows do.
    let isBulk = options.preset != nil || !paths.allSatisfy(FactFile.isSmall)
    return try write(undo: options.isDryRun, bulk: isBulk) {
      try checkReady(asOf)
      var reports: [ImportReport] = []
      for path in paths {
        let (number, recordedAt) = (try database.imports.nextNumber(), clock())
        let scorer = try LeadScorer(self, reference: String(number))
        let counts = try body(path, scorer)
        try database.imports.record(
          number, kind: kind.rawValue, file: path, asOf: asOf, recordedAt: recordedAt, counts)
        reports.append(
          ImportReport(
            file: path, counts: counts, leadsRescored: scorer.counts.rescored,
            stageChanges: scorer.counts.stageChanges))
        if scorer.counts.rescored > 0 {
          for model in models { try database.models.setEvaluated(model.row.id, at: asOf) }
        }
      }
      let due = try advanceDueLeads(to: asOf)
      if !reports.isEmpty {
        reports[reports.count - 1].leadsRescored += due.rescored
        reports[reports.count - 1].stageChanges += due.stageChanges
      }
      try options.beforeCommit?()
      return reports
    }
  }
}

extension ScoringSession {
  /// Sees that facts can be added and scored as of an instant.
  func checkReady(_ asOf: Int64) throws {
    try checkClock(asOf)
    if !models.isEmpty, pack.id == 0 {
      throw StoreError.damaged("signal_pack, which does not fit the active rules; run `leadscore score --all`")
    }
  }
}

/// The import of one file of leads: its rows are put into the order of leads, then each lead is changed and scored once.
final class LeadImport {
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
    rows = try FactRows(session, path, kind: .leads, options: options)
  }

  func run() throws -> ImportCounts {
    try rows.read { file, sink in
      let rows = LeadRows(sink: sink)
      try file.read(csv: rows.csv, json: rows.json)
    }
    counts.read = rows.readCount
    counts.rejected = rows.rejectedCount
    let knownNames = Set(try session.database.leads.attributeNames())
    var workers: [AttributeBlockScorer] = []
    try rows.forEachBlock(
      AttributeBlock.init,
      worker: {
        let worker = AttributeBlockScorer(
          session, origin: scorer.origin, asOf: asOf, knownNames: knownNames)
        workers.append(worker)
        return worker.score
      }, store: { [self] in try store($0) })
    for worker in workers { scorer.counts.add(worker.counts) }
    try rows.members.changeAttributes(scorer, at: asOf, &counts)
    return counts
  }

  private func store(_ block: AttributeBlock) throws {
    let leads = session.database.leads
    for name in block.names { try leads.addAttributeName(name) }
    try block.attributes.withUnsafeBytes { raw in
      let bytes = raw.assumingMemoryBound(to: UInt8.self)
      newLeads.removeAll(keepingCapacity: true)
      var start = 0
      for change in block.changes {
        let json = UnsafeBufferPointer(rebasing: bytes[start..<change.end])
        start = change.end
        if change.isNew {
          let key = rows.directory.newKey(change.lead)
          newLeads.append(
            NewLead(
              id: change.lead, folded: key.folded, given: key.given, createdAt: change.createdAt,
              isCreatedAtGiven: change.isCreatedAtGiven, attributes: json))
        } else {
          try leads.update(
            id: change.lead, createdAt: change.createdAt, isGiven: change.isCreatedAtGiven, attributes: json)
        }
      }
      try leads.insert(newLeads)
    }
    try block.results.write(to: session)
    counts.created += block.counts.created
    counts.updated += block.counts.updated
    counts.unchanged += block.counts.unchanged
    counts.duplicates += block.counts.duplicates
  }
}
