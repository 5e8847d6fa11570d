internal import LeadStore
internal import RecordFormats
internal import RuleFile
internal import ScoreEngine

extension ScoringSession {
  /// Imports files of events and brings scores up to date, all in one transaction: all files or none.
  ///
  /// - Parameters:
  ///   - paths: files; `-` is standard input.
  ///   - asOf: `T`, in milliseconds since 1970.
  /// - Throws: ``ScoringError``, `SourceError`, `DatabaseError`.
  /// - Complexity: O(rows log rows) time, bounded memory but for some bytes a key.
  public func importEvents(_ paths: [String], asOf: Int64, options: ImportOptions) throws -> [ImportReport] {
    try importing(paths, kind: .events, asOf: asOf, options: options) { path, scorer in
      try EventImport(self, scorer, options: options, asOf: asOf).run(path)
    }
  }
}

/// The import of one file of events: its rows are put into the order of leads and instants, then each lead's pages,
/// signals and scores are brought up to date once.
private final class EventImport {
  private struct PropertyColumn {
    let column: Int
    let label: String
    let tail: PropertyTail
  }

  private let session: ScoringSession
  private let scorer: LeadScorer
  private let options: ImportOptions
  private let asOf: Int64
  @exclusivity(unchecked) private var directory: LeadDirectory
  private let staged: StagedRows
  @exclusivity(unchecked) private var counts = ImportCounts()
  @exclusivity(unchecked) private var tail: [UInt8] = []
  @exclusivity(unchecked) private var scratch: [UInt8] = []
  @exclusivity(unchecked) private var batch = EventBatch()
  @exclusivity(unchecked) private var previous: SignalRecord
  @exclusivity(unchecked) private var record: SignalRecord

  init(_ session: ScoringSession, _ scorer: LeadScorer, options: ImportOptions, asOf: Int64) throws {
    self.session = session
    self.scorer = scorer
    self.options = options
    self.asOf = asOf
    directory = try LeadDirectory(session.database)
    staged = StagedRows(folder: session.temporaryFolder, capacity: options.bufferSize)
    previous = SignalRecord(kinds: session.pack.kinds)
    record = SignalRecord(kinds: session.pack.kinds)
  }

  func run(_ path: String) throws -> ImportCounts {
    let file = FactFile(path, kind: .events, options: options, session: session)
    try file.read(&counts, csv: csvRow, json: jsonRow)
    try apply()
    return counts
  }

  // MARK: Rows

  /// A property's name, by number and as the JSON text that begins a literal.
  private struct PropertyTail {
    let number: Int
    let opening: [UInt8]

    init(_ name: String, number: Int) {
      self.number = number
      var opening: [UInt8] = [UInt8(ascii: "[")]
      var name = name
      name.withUTF8 { NormalizedText.appendJSON($0, to: &opening) }
      opening.append(UInt8(ascii: ","))
      self.opening = opening
    }
  }

  private func csvRow(_ columns: CSVColumns) throws -> (CSVReader) throws -> Void {
    // A tail lists its properties in the order of their names' numbers, so that equal ones have equal bytes.
    var properties: [PropertyColumn] = []
    for field in columns.fields {
      let number = try session.dictionary.name(field.name)
      properties.append(
        PropertyColumn(
          column: field.column, label: field.name, tail: PropertyTail(field.name, number: number)))
    }
    var constants: [(PropertyTail, [UInt8])] = []
    for constant in columns.constants {
      var writer = JSONWriter()
      constant.value.write(to: &writer)
      constants.append(
        (PropertyTail(constant.name, number: try session.dictionary.name(constant.name)), writer.bytes))
    }
    enum Source {
      case column(PropertyColumn)
      case constant(PropertyTail, [UInt8])
    }
    let sources =
      (properties.map { ($0.tail.number, Source.column($0)) }
      + constants.map { ($0.0.number, Source.constant($0.0, $0.1)) })
      .sorted { $0.0 < $1.0 }.map(\.1)

    return { [self] reader in
      guard let column = columns.occurredAt else { return }
      let lead = try directory.lead(columns.keyCell(reader))
      let instant = try FactLimits.instant(reader.field(column), "occurred_at")
      let type: String
      switch columns.type {
      case .text(let text): type = text
      case .column(let column, let prefix):
        let cell = NormalizedText.trimmed(reader.field(column))
        guard !cell.isEmpty else { throw RowProblem("the type is empty") }
        type = prefix + NormalizedText.nfc(String(decoding: cell, as: UTF8.self))
      }
      try begin(type)
      if let column = columns.id, !columns.isAbsent(reader.field(column)) {
        try FactLimits.check(reader.field(column), "the id")
        tail.append(UInt8(ascii: ","))
        appendText(reader.field(column), to: &tail)
      }
      for source in sources {
        switch source {
        case .column(let property):
          let cell = reader.field(property.column)
          if columns.isAbsent(cell) { continue }
          try FactLimits.check(cell, "column '\(property.label)'")
          scratch.removeAll(keepingCapacity: true)
          appendText(cell, to: &scratch)
          try appendProperty(property.tail, scratch)
        case .constant(let property, let json): try appendProperty(property, json)
        }
      }
      try stage(lead, instant)
    }
  }

  private func jsonRow(_ object: JSONObject) throws {
    try object.checkMembers(
      ["id", "key", "email", "type", "occurred_at", "properties"], hint: "properties stand under \"properties\"")
    guard case .string(let rawType)? = object["type"] else { throw RowProblem("no \"type\"") }
    let type = NormalizedText.nfc(NormalizedText.trimmed(rawType))
    guard !type.isEmpty else { throw RowProblem("the type is empty") }
    guard case .string(var occurredAt)? = object["occurred_at"] else {
      throw RowProblem("no \"occurred_at\", or it is not a text such as 2026-11-21T09:00:00Z")
    }
    let instant = try occurredAt.withUTF8 { try FactLimits.instant($0, "occurred_at") }
    var key = try object.factKey()
    let lead = try key.withUTF8 { try directory.lead($0) }
    try begin(type)
    switch object["id"] {
    case nil, .null, .string(""): break
    case .string(let text): try appendID(text)
    case .number(let number): try appendID(number.text)
    case let other?: throw RowProblem("\"id\" is \(other.kindName), not a text")
    }
    var properties: [(PropertyTail, [UInt8])] = []
    switch object["properties"] {
    case nil, .null: break
    case .object(let members):
      for member in members.members {
        let name = NormalizedText.nfc(member.key)
        try FactLimits.checkName(name, "a property")
        guard let value = try FactLimits.value(member.value, "property '\(name)'") else { continue }
        var writer = JSONWriter()
        value.write(to: &writer)
        properties.append((PropertyTail(name, number: try session.dictionary.name(name)), writer.bytes))
      }
    case let other?: throw RowProblem("\"properties\" is \(other.kindName), not an object")
    }
    for (property, json) in properties.sorted(by: { $0.0.number < $1.0.number }) { try appendProperty(property, json) }
    try stage(lead, instant)
  }

  private func begin(_ type: String) throws {
    try FactLimits.checkName(type, "an event's type")
    tail.removeAll(keepingCapacity: true)
    tail.append(UInt8(ascii: ","))
    DecimalText.append(Int64(try session.dictionary.type(type)), to: &tail)
  }

  private func appendID(_ text: String) throws {
    var text = NormalizedText.nfc(text)
    try text.withUTF8 {
      try FactLimits.check($0, "the id")
      tail.append(UInt8(ascii: ","))
      NormalizedText.appendJSON($0, to: &tail)
    }
  }

  private func appendText(_ cell: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
    if NormalizedText.isASCII(cell) {
      NormalizedText.appendJSON(cell, to: &bytes)
    } else {
      var text = NormalizedText.nfc(String(decoding: cell, as: UTF8.self))
      text.withUTF8 { NormalizedText.appendJSON($0, to: &bytes) }
    }
  }

  private func appendProperty(_ property: PropertyTail, _ json: [UInt8]) throws {
    try json.withUnsafeBufferPointer { json in
      tail.append(UInt8(ascii: ","))
      if let number = try session.dictionary.property(name: property.number, json: json) {
        DecimalText.append(Int64(number), to: &tail)
      } else {
        tail.append(contentsOf: property.opening)
        tail.append(contentsOf: json)
        tail.append(UInt8(ascii: "]"))
      }
    }
  }

  private func stage(_ lead: Int64, _ instant: Int64) throws {
    try tail.withUnsafeBufferPointer { try staged.append(lead: lead, order: instant, $0) }
  }

  // MARK: Leads

  private func apply() throws {
    var lead: Int64 = -1
    var done: Int64 = 0
    try staged.forEachSorted { row in
      done += 1
      if done & 0x3FF == 0 {
        session.onProgress?(
          ScoringSession.Progress(label: "Scoring", unit: "events", done: done, total: staged.count, items: done))
      }
      if row.lead != lead {
        if lead >= 0 { try apply(to: lead) }
        lead = row.lead
        batch.removeAll()
      }
      batch.append(at: row.order, tail: row.bytes)
    }
    if lead >= 0 { try apply(to: lead) }
  }

  /// Adds the batch to a lead.
  private func apply(to lead: Int64) throws {
    let isNew = directory.takeNew(lead)
    if isNew {
      try directory.withNewKey(lead) { folded, spelling in
        try Array("{}".utf8).withUnsafeBufferPointer { json in
          try session.database.leads.insert(
            id: lead, folded: folded, given: spelling, createdAt: asOf, isGiven: false, attributes: json)
        }
      }
      counts.leadsCreated += 1
    }
    var accepted: Int64 = 0
    session.finder.reset()
    try session.database.events.merge(batch, lead: lead, isNew: isNew) { index in
      accepted += 1
      try batch.withTail(index) { try session.finder.add(at: batch.instant(index), tail: $0) }
    }
    counts.created += accepted
    counts.duplicates += Int64(batch.count) - accepted
    guard accepted > 0, !session.models.isEmpty else { return }
    if isNew {
      session.finder.fill(&record, createdAt: asOf, previous: nil, attributes: nil)
      try scorer.store(record, lead: lead)
      try scorer.evaluate(lead: lead, previous: nil, record: record, at: asOf, cause: .event)
      return
    }
    guard try session.unpack(lead: lead, into: &previous) else {
      throw StoreError.damaged("the signal state of lead \(lead); run `leadscore score --all`")
    }
    session.finder.fill(&record, createdAt: previous.createdAt, previous: previous, attributes: nil)
    try scorer.store(record, lead: lead)
    try scorer.evaluate(lead: lead, previous: previous, record: record, at: asOf, cause: .event)
  }
}
