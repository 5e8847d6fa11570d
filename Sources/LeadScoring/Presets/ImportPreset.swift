internal import LeadStore
internal import RuleFile
internal import ScoreEngine

extension ScoringSession {
  /// Imports files as another system exports or sends them, and brings scores up to date, all in one transaction. A file
  /// of messages holds leads, events and joins of keys all at once.
  ///
  /// Leads come first, then keys are joined to the persons whose they are, then the events: those of a key that the same
  /// file joins are the person's at once.
  ///
  /// - Throws: ``ScoringError``, `SourceError`, `DatabaseError`.
  func importPreset(
    _ preset: Preset, _ paths: [String], kind: ImportMapping.Kind, asOf: Int64, options: ImportOptions
  ) throws -> [ImportReport] {
    var extras: [(joined: Int64, notes: [String])] = []
    var reports = try importing(paths, kind: kind, asOf: asOf, options: options) { path, scorer in
      let work = PresetImport(self, scorer, kind: kind, preset: preset, options: options, asOf: asOf)
      let counts = try work.run(path)
      extras.append((work.joined, work.notes))
      return counts
    }
    for index in reports.indices { (reports[index].joined, reports[index].notes) = extras[index] }
    return reports
  }
}

/// The import of one file of another system.
private final class PresetImport {
  private let session: ScoringSession
  private let scorer: LeadScorer
  private let kind: ImportMapping.Kind
  private let preset: Preset
  private let options: ImportOptions
  private let asOf: Int64
  private(set) var joined: Int64 = 0
  private(set) var notes: [String] = []
  /// Leads first seen through a join.
  private var leadsCreated: Int64 = 0

  init(
    _ session: ScoringSession, _ scorer: LeadScorer, kind: ImportMapping.Kind, preset: Preset, options: ImportOptions,
    asOf: Int64
  ) {
    self.session = session
    self.scorer = scorer
    self.kind = kind
    self.preset = preset
    self.options = options
    self.asOf = asOf
  }

  func run(_ path: String) throws -> ImportCounts {
    let rows = PresetRows(session, asOf: asOf)
    let file = PresetFile(path, kind: kind, preset: preset, options: options, session: session, rows: rows)
    var counts = try file.read()
    var inner = options
    inner.isStrict = false
    inner.feed = rows.leads
    let leads = try LeadImport(session, scorer, path, options: inner, asOf: asOf).run()
    try join(rows.joins, file, &counts)
    inner.feed = rows.events
    let events = try EventImport(session, scorer, path, options: inner, asOf: asOf).run()

    counts.rejected += leads.rejected + events.rejected
    counts.updated = leads.updated
    counts.unchanged = leads.unchanged
    counts.created = kind == .leads && preset != .segment ? leads.created : events.created
    // Rows of a stream that say the same of a lead again are no repetitions worth counting.
    counts.duplicates = kind == .leads && preset != .segment ? leads.duplicates : events.duplicates
    counts.leadsCreated = leads.created + events.leadsCreated + leadsCreated
    if options.isStrict, counts.rejected > 0, let first = file.firstRejection {
      throw ScoringError.rowsRejected(file: path, count: counts.rejected, first: first)
    }
    let left = rows.notes.map { "\($0.text)\($0.count > 1 ? " (\($0.count) times)" : "")" }
    if !left.isEmpty { notes.insert("not kept: \(left.joined(separator: ", "))", at: 0) }
    return counts
  }

  // MARK: Joins

  /// Joins keys to persons. A key that is another person's already, or whose join a person took back, stays as it is.
  private func join(_ joins: [PresetJoin], _ file: PresetFile, _ counts: inout ImportCounts) throws {
    guard !joins.isEmpty else { return }
    let merges = session.database.merges
    let work = MergeWork(session, asOf: asOf)
    var kept = 0
    var takenBack = 0
    for join in joins {
      // Nobody is made a lead by a join that is not done.
      let person = try session.database.leads.row(key: LeadKey.folded(join.person))?.id
      let root = try person.map { try merges.root(of: $0) }
      if let key = try session.database.leads.row(key: LeadKey.folded(join.key))?.id {
        let standing = try merges.root(of: key)
        if standing == root { continue }
        guard standing == key else {
          if let message = join.message {
            try file.refuse(
              message, line: join.line,
              "'\(join.key.prefix(60))' was joined to another person before; see `leadscore leads merges`", &counts)
          } else {
            kept += 1
          }
          continue
        }
        if try merges.wasUndone(lead: key) {
          takenBack += 1
          continue
        }
      }
      let into = try root ?? lead(join.person, isPerson: true)
      let key = try lead(join.key, isPerson: false)
      _ = try work.merge(key, into: into, person: nil, reason: "\(preset.rawValue): \(join.reason)")
      joined += 1
    }
    try work.finish()
    scorer.counts.rescored += work.counts.rescored
    scorer.counts.changed += work.counts.changed
    scorer.counts.stageChanges += work.counts.stageChanges
    if kept > 0 {
      notes.append("\(kept) \(kept == 1 ? "id stays" : "ids stay") with the person to whom it was joined first")
    }
    if takenBack > 0 { notes.append("\(takenBack) not joined: a person took that back before") }
  }

  /// The number of the lead with a key, which becomes one where there is none.
  private func lead(_ key: String, isPerson: Bool) throws -> Int64 {
    let leads = session.database.leads
    var folded = LeadKey.folded(key)
    if let row = try leads.row(key: folded) { return row.id }
    let spelling = NormalizedText.trimmed(key.nfc)
    let given = spelling == folded ? nil : spelling
    let id = try leads.nextID()
    try folded.withUTF8 { folded in
      try Array("{}".utf8).withUnsafeBufferPointer {
        try leads.insert(id: id, folded: folded, given: given, createdAt: asOf, isGiven: false, attributes: $0)
      }
    }
    // A key that nothing came under yet is none that anybody would count.
    if isPerson { leadsCreated += 1 }
    return id
  }
}
