internal import LeadStore
internal import RecordFormats
internal import RuleFile

/// Reads a file of another system and turns it into rows of ours. Faults of the file are errors, those of rows rejections.
final class PresetFile {
  private let path: String
  private let preset: Preset
  private let kind: ImportMapping.Kind
  private let options: ImportOptions
  private let session: ScoringSession
  private let rows: PresetRows
  /// The first rejection, for the message of a strict import.
  private(set) var firstRejection: RowRejection?
  private var counts = ImportCounts()

  init(
    _ path: String, kind: ImportMapping.Kind, preset: Preset, options: ImportOptions, session: ScoringSession,
    rows: PresetRows
  ) {
    self.path = path
    self.preset = preset
    self.kind = kind
    self.options = options
    self.session = session
    self.rows = rows
  }

  /// Reads all rows; returns how many there were, and how many were rejected.
  func read() throws -> ImportCounts {
    do {
      let source = try openText(path: path, encoding: options.encoding)
      switch options.format ?? ImportOptions.Format(path: path) ?? (preset == .segment ? .jsonl : nil) {
      case .csv where preset == .segment:
        throw ScoringError.badInput(file: path, line: nil, reason: "messages of Segment are JSON, not CSV")
      case .csv: try readCSV(source)
      case .jsonl: try readJSON(source)
      case nil:
        throw ScoringError.badInput(
          file: path, line: nil, reason: "its name does not tell its format; say --input csv or --input jsonl")
      }
    } catch let error as CSVError {
      throw ScoringError.badInput(file: path, line: error.line, reason: error.message)
    } catch let error as LineError {
      throw ScoringError.badInput(file: path, line: error.line, reason: error.message)
    }
    return counts
  }

  // MARK: CSV

  private func readCSV(_ source: any ByteSource) throws {
    guard let tables = preset.tables else { return }
    let reader = CSVReader(source: source)
    let header = try CSVHeader(reading: reader)
    let headerRecord = Array(reader.rawRecord)
    try headerRecord.withUnsafeBufferPointer { try options.onHeader?(path, $0) }
    let converter = TableConverter(tables, rows)
    let folded = header.names.map(TableLayout.folded)
    let layout: TableLayout
    do {
      layout = try checked(converter.layout(Set(folded)))
    } catch let problem as RowProblem {
      throw ScoringError.badInput(file: path, line: header.line, reason: problem.reason)
    }
    while try reader.next() {
      if reader.isBlank { continue }
      counts.read += 1
      report(source)
      try accept(reader.line, reader.rawRecord) {
        if let problem = header.problem(in: reader) { throw RowProblem(problem.message) }
        if reader.rawRecord.elementsEqual(headerRecord) { throw RowProblem("the header stands here once more") }
        var row = TableRow()
        for (index, name) in header.names.enumerated() { row.add(name, folded[index], .string(reader.string(index))) }
        try converter.take(row, layout, line: reader.line)
      }
    }
  }

  /// Sees that the rows of a layout are those that the command imports.
  private func checked(_ layout: TableLayout?) throws -> TableLayout {
    guard let layout else {
      let known = preset.tables?.layouts.map(\.name).joined(separator: ", ") ?? ""
      throw RowProblem(
        "its columns are those of no export of \(preset.rawValue) that is known (\(known)); describe them by --map FILE"
      )
    }
    guard layout.kind == kind else {
      throw RowProblem(
        "these are \(layout.kind.rawValue) (\(layout.name)); import them by `leadscore import \(layout.kind.rawValue)`")
    }
    return layout
  }

  // MARK: JSON

  private func readJSON(_ source: any ByteSource) throws {
    let reader = JSONRecordReader(source: source)
    while try reader.next() {
      report(source)
      switch reader.result {
      case .failure(let problem):
        counts.read += 1
        let reason = (problem.column.map { "column \($0): " } ?? "") + problem.message
        try reject(reader.line, reason, reader.raw, &counts)
      case .success(.object(let object)):
        try preset == .segment ? takeMessage(object, reader) : takeRecord(object, reader)
      case .success(let other):
        counts.read += 1
        try reject(reader.line, "it is \(other.kindName), not an object", reader.raw, &counts)
      }
    }
  }

  private func takeMessage(_ object: JSONObject, _ reader: JSONRecordReader) throws {
    let segment = SegmentPreset(rows, keyTrait: options.key)
    var batch: [JSONValue]?
    guard try accept(reader.line, reader.raw, { batch = try SegmentPreset.batch(object) }) else {
      counts.read += 1
      return
    }
    try takeAll(batch, of: .object(object), reader) { message in try segment.take(message, line: reader.line) }
  }

  private func takeRecord(_ object: JSONObject, _ reader: JSONRecordReader) throws {
    guard let tables = preset.tables else { return }
    let converter = TableConverter(tables, rows)
    let page = tables.pages.lazy.compactMap { object[$0]?.arrayValue }.first
    try takeAll(page, of: .object(object), reader) { record in
      var row = TableRow()
      for member in record.members {
        if tables.envelopes.contains(member.key), case .object(let inner) = member.value {
          for cell in inner.members { row.add(cell.key, cell.value) }
        } else {
          row.add(member.key, member.value)
        }
      }
      // A list of names and values may hold the columns by which a layout is known.
      var columns = row
      for layout in tables.layouts { for column in layout.unfold { row[column].map { columns.unfold($0) } } }
      try converter.take(row, checked(converter.layout(columns.columns)), line: reader.line)
    }
  }

  /// Takes a value, or each of the values that it holds. One that is refused goes alone into the file of rejections.
  private func takeAll(
    _ values: [JSONValue]?, of whole: JSONValue, _ reader: JSONRecordReader, _ body: (JSONObject) throws -> Void
  ) throws {
    for (index, value) in (values ?? [whole]).enumerated() {
      counts.read += 1
      let place = values == nil ? "" : "number \(index + 1): "
      func take() throws {
        guard case .object(let object) = value else { throw RowProblem("it is \(value.kindName), not an object") }
        try body(object)
      }
      if values == nil {
        try accept(reader.line, reader.raw, take)
        continue
      }
      var writer = JSONWriter()
      writer.value(value)
      _ = try writer.bytes.withUnsafeBufferPointer { raw in try accept(reader.line, raw, place: place, take) }
    }
  }

  // MARK: Rejections

  /// Whether a row was taken; one that was not is reported.
  @discardableResult
  private func accept(
    _ line: Int, _ raw: UnsafeBufferPointer<UInt8>, place: String = "", _ body: () throws -> Void
  ) throws -> Bool {
    do {
      try body()
      return true
    } catch let problem as RowProblem {
      try reject(line, place + problem.reason, raw, &counts)
    } catch let problem as LeadKey.Problem {
      try reject(line, place + problem.reason, raw, &counts)
    }
    return false
  }

  /// Rejects the message of a join that is not done.
  func refuse(_ message: [UInt8], line: Int, _ reason: String, _ counts: inout ImportCounts) throws {
    try message.withUnsafeBufferPointer { try reject(line, reason, $0, &counts) }
  }

  private func reject(
    _ line: Int, _ reason: String, _ raw: UnsafeBufferPointer<UInt8>, _ counts: inout ImportCounts
  ) throws {
    let rejection = RowRejection(file: path, line: line, reason: reason)
    if firstRejection == nil { firstRejection = rejection }
    counts.rejected += 1
    try options.onRejection?(rejection, raw)
  }

  private func report(_ source: any ByteSource) {
    guard counts.read & 0xFFF == 0 else { return }
    session.onProgress?(
      ScoringSession.Progress(
        label: "Reading \(path == "-" ? "standard input" : path)", unit: "rows", done: source.rawBytesConsumed,
        total: source.rawByteCount, items: counts.read))
  }
}
