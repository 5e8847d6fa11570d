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
  /// - Complexity: O(rows log rows) time, bounded memory but for some bytes a key.
  public func importLeads(_ paths: [String], asOf: Int64, options: ImportOptions) throws -> [ImportReport] {
    try importing(paths, kind: .leads, asOf: asOf, options: options) { path, scorer in
      try LeadImport(self, scorer, options: options, asOf: asOf).run(path)
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
    return try write(undo: options.isDryRun, bulk: true) {
      try checkClock(asOf)
      if !models.isEmpty, pack.id == 0 {
        throw StoreError.damaged("signal_pack, which does not fit the active rules; run `leadscore score --all`")
      }
      var reports: [ImportReport] = []
      for path in paths {
        let id = try database.imports.begin(
          kind: kind.rawValue, file: path, asOf: asOf, recordedAt: clock())
        let scorer = try LeadScorer(self, reference: String(id))
        let counts = try body(path, scorer)
        try database.imports.finish(id, counts)
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
      return reports
    }
  }
}

/// The import of one file of leads: its rows are put into the order of leads, then each lead is changed and scored once.
private final class LeadImport {
  private let session: ScoringSession
  private let scorer: LeadScorer
  private let options: ImportOptions
  private let asOf: Int64
  @exclusivity(unchecked) private var directory: LeadDirectory
  private let staged: StagedRows
  @exclusivity(unchecked) private var counts = ImportCounts()
  @exclusivity(unchecked) private var payload: [UInt8] = []
  @exclusivity(unchecked) private var attributeNames: Set<String>
  @exclusivity(unchecked) private var previous: SignalRecord
  @exclusivity(unchecked) private var record: SignalRecord

  /// Stands for a row without `created_at`.
  private static let notGiven = Int64.min

  init(_ session: ScoringSession, _ scorer: LeadScorer, options: ImportOptions, asOf: Int64) throws {
    self.session = session
    self.scorer = scorer
    self.options = options
    self.asOf = asOf
    directory = try LeadDirectory(session.database)
    staged = StagedRows(folder: session.temporaryFolder, capacity: options.bufferSize)
    attributeNames = Set(try session.database.leads.attributeNames())
    previous = SignalRecord(kinds: session.pack.kinds)
    record = SignalRecord(kinds: session.pack.kinds)
  }

  func run(_ path: String) throws -> ImportCounts {
    let file = FactFile(path, kind: .leads, options: options, session: session)
    try file.read(&counts, csv: csvRow, json: jsonRow)
    try apply()
    return counts
  }

  // MARK: Rows

  // A staged row is its `created_at` in eight bytes and a JSON object of attributes, null for one to be removed.

  private func csvRow(_ columns: CSVColumns) -> (CSVReader) throws -> Void {
    let names = columns.fields.map { field in
      var name: [UInt8] = []
      var text = field.name
      text.withUTF8 { NormalizedText.appendJSON($0, to: &name) }
      name.append(UInt8(ascii: ":"))
      return name
    }
    var constants: [UInt8] = []
    for constant in columns.constants {
      var name = constant.name
      if !constants.isEmpty { constants.append(UInt8(ascii: ",")) }
      name.withUTF8 { NormalizedText.appendJSON($0, to: &constants) }
      constants.append(UInt8(ascii: ":"))
      var writer = JSONWriter()
      constant.value.write(to: &writer)
      constants.append(contentsOf: writer.bytes)
    }
    return { [self] reader in
      var createdAt = LeadImport.notGiven
      if let column = columns.createdAt, !columns.isAbsent(reader.field(column)) {
        createdAt = try FactLimits.instant(reader.field(column), "created_at")
      }
      begin(createdAt)
      for (index, field) in columns.fields.enumerated() {
        let cell = reader.field(field.column)
        if columns.isAbsent(cell) { continue }
        try FactLimits.check(cell, "column '\(field.name)'")
        if payload.count > 9 { payload.append(UInt8(ascii: ",")) }
        payload.append(contentsOf: names[index])
        appendText(cell)
      }
      if !constants.isEmpty {
        if payload.count > 9 { payload.append(UInt8(ascii: ",")) }
        payload.append(contentsOf: constants)
      }
      payload.append(UInt8(ascii: "}"))
      try stage(columns.keyCell(reader))
    }
  }

  private func jsonRow(_ object: JSONObject) throws {
    try object.checkMembers(
      ["key", "email", "created_at", "attributes"], hint: "attributes stand under \"attributes\"")
    var createdAt = LeadImport.notGiven
    switch object["created_at"] {
    case nil, .null: break
    case .string(var text): createdAt = try text.withUTF8 { try FactLimits.instant($0, "created_at") }
    case let other?: throw RowProblem("\"created_at\" is \(other.kindName), not a text")
    }
    begin(createdAt)
    var members: [(name: String, value: JSONValue)] = []
    switch object["attributes"] {
    case nil, .null: break
    case .object(let attributes): members = attributes.members.map { ($0.key, $0.value) }
    case let other?: throw RowProblem("\"attributes\" is \(other.kindName), not an object")
    }
    // An e-mail address that stands in for the key is an attribute too, as it is in CSV.
    if object["key"] != nil || object["email"] != nil, let email = object["email"],
      !members.contains(where: { $0.name == "email" })
    {
      members.append(("email", email))
    }
    for member in members {
      let name = NormalizedText.nfc(member.name)
      try FactLimits.checkName(name, "an attribute")
      let value = try FactLimits.value(member.value, "attribute '\(name)'")
      if value == nil, member.value != .null { continue }
      if payload.count > 9 { payload.append(UInt8(ascii: ",")) }
      var text = name
      text.withUTF8 { NormalizedText.appendJSON($0, to: &payload) }
      payload.append(UInt8(ascii: ":"))
      if let value {
        var writer = JSONWriter()
        value.write(to: &writer)
        payload.append(contentsOf: writer.bytes)
      } else {
        payload.append(contentsOf: "null".utf8)
      }
    }
    payload.append(UInt8(ascii: "}"))
    var key = try object.factKey()
    try key.withUTF8 { try stage($0) }
  }

  private func begin(_ createdAt: Int64) {
    payload.removeAll(keepingCapacity: true)
    withUnsafeBytes(of: createdAt) { payload.append(contentsOf: $0) }
    payload.append(UInt8(ascii: "{"))
  }

  private func appendText(_ cell: UnsafeBufferPointer<UInt8>) {
    if NormalizedText.isASCII(cell) {
      NormalizedText.appendJSON(cell, to: &payload)
    } else {
      var text = NormalizedText.nfc(String(decoding: cell, as: UTF8.self))
      text.withUTF8 { NormalizedText.appendJSON($0, to: &payload) }
    }
  }

  private func stage(_ key: UnsafeBufferPointer<UInt8>) throws {
    let lead = try directory.lead(key)
    try payload.withUnsafeBufferPointer { try staged.append(lead: lead, order: 0, $0) }
  }

  // MARK: Leads

  private func apply() throws {
    var lead: Int64 = -1
    var rows: [[UInt8]] = []
    var done: Int64 = 0
    try staged.forEachSorted { row in
      done += 1
      if done & 0x3FF == 0 {
        session.onProgress?(
          ScoringSession.Progress(label: "Scoring", unit: "rows", done: done, total: staged.count, items: done))
      }
      if row.lead != lead {
        if lead >= 0 { try apply(rows, to: lead) }
        lead = row.lead
        rows.removeAll(keepingCapacity: true)
      }
      rows.append(Array(row.bytes))
    }
    if lead >= 0 { try apply(rows, to: lead) }
  }

  private func apply(_ rows: [[UInt8]], to lead: Int64) throws {
    counts.duplicates += Int64(rows.count - 1)
    let given = rows.lazy.map { $0.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) } }
      .first { $0 != LeadImport.notGiven }
    session.finder.reset()
    if directory.takeNew(lead) {
      var attributes = AttributeSet()
      for row in rows { LeadImport.merge(row, into: &attributes) }
      try note(attributes)
      try directory.withNewKey(lead) { folded, spelling in
        try attributes.json.withUnsafeBufferPointer { json in
          try session.database.leads.insert(
            id: lead, folded: folded, given: spelling, createdAt: given ?? asOf, isGiven: given != nil,
            attributes: json)
        }
      }
      counts.created += 1
      guard !session.models.isEmpty else { return }
      session.finder.fill(&record, createdAt: given ?? asOf, previous: nil, attributes: attributes)
      try scorer.store(record, lead: lead)
      try scorer.evaluate(lead: lead, previous: nil, record: record, at: asOf, cause: .import)
      return
    }
    guard let stored = try session.database.leads.row(id: lead) else {
      throw StoreError.damaged("lead \(lead)")
    }
    let before = AttributeSet(json: stored.attributes)
    var attributes = before
    for row in rows { LeadImport.merge(row, into: &attributes) }
    let createdAt = stored.isCreatedAtGiven ? stored.createdAt : given ?? stored.createdAt
    let isGiven = stored.isCreatedAtGiven || given != nil
    guard attributes != before || createdAt != stored.createdAt || isGiven != stored.isCreatedAtGiven else {
      counts.unchanged += 1
      return
    }
    counts.updated += 1
    try note(attributes)
    try attributes.json.withUnsafeBufferPointer { json in
      try session.database.leads.update(id: lead, createdAt: createdAt, isGiven: isGiven, attributes: json)
    }
    guard !session.models.isEmpty else { return }
    guard try session.unpack(lead: lead, into: &previous) else {
      throw StoreError.damaged("the signal state of lead '\(stored.key)'; run `leadscore score --all`")
    }
    session.finder.fill(&record, createdAt: createdAt, previous: previous, attributes: attributes)
    try scorer.store(record, lead: lead)
    try scorer.evaluate(lead: lead, previous: previous, record: record, at: asOf, cause: .attributes)
  }

  private static func merge(_ row: [UInt8], into attributes: inout AttributeSet) {
    row.withUnsafeBufferPointer { bytes in
      guard let parsed = try? JSONParser.parse(UnsafeBufferPointer(rebasing: bytes[8...])),
        case .object(let object) = parsed
      else { return }
      for member in object.members {
        if let value = Value(json: member.value) {
          attributes.set(member.key, value)
        } else {
          attributes.remove(member.key)
        }
      }
    }
  }

  private func note(_ attributes: AttributeSet) throws {
    for member in attributes.members where attributeNames.insert(member.name).inserted {
      try session.database.leads.addAttributeName(member.name)
    }
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
