internal import LeadStore
internal import RecordFormats
internal import RuleFile

/// Reads the rows of one file, CSV or JSON Lines, and turns the faults of files into errors and those of rows into
/// rejections.
final class FactFile {
  private let path: String
  private let kind: ImportMapping.Kind
  private let options: ImportOptions
  private let session: ScoringSession
  /// The first rejection, for the message of a strict import.
  private(set) var firstRejection: RowRejection?

  init(_ path: String, kind: ImportMapping.Kind, options: ImportOptions, session: ScoringSession) {
    self.path = path
    self.kind = kind
    self.options = options
    self.session = session
  }

  /// Reads all rows.
  ///
  /// - Parameters:
  ///   - counts: `read` and `rejected` are counted here.
  ///   - csv: is told the columns, and gives what is to be called for each row; throws ``RowProblem`` or
  ///     ``LeadDirectory/KeyProblem`` for a row to be rejected.
  ///   - json: is called for each record.
  func read(
    _ counts: inout ImportCounts, csv: (CSVColumns) throws -> (CSVReader) throws -> Void,
    json: (JSONObject) throws -> Void
  ) throws {
    do {
      let source = try openText(path: path, encoding: encoding)
      switch options.format ?? ImportOptions.Format(path: path) {
      case .csv: try readCSV(source, &counts, csv)
      case .jsonl: try readJSON(source, &counts, json)
      case nil:
        throw ScoringError.badInput(
          file: path, line: nil, reason: "its name does not tell its format; say --input csv or --input jsonl")
      }
    } catch let error as CSVError {
      throw ScoringError.badInput(file: path, line: error.line, reason: error.message)
    } catch let error as LineError {
      throw ScoringError.badInput(file: path, line: error.line, reason: error.message)
    }
    if options.isStrict, let first = firstRejection {
      throw ScoringError.rowsRejected(file: path, count: counts.rejected, first: first)
    }
  }

  private var encoding: TextEncoding {
    if options.encoding == .auto, let name = options.mapping?.encoding { return TextEncoding(name: name) ?? .auto }
    return options.encoding
  }

  private func readCSV(
    _ source: any ByteSource, _ counts: inout ImportCounts, _ csv: (CSVColumns) throws -> (CSVReader) throws -> Void
  ) throws {
    let reader = CSVReader(source: source, delimiter: options.mapping?.delimiter)
    let header = try CSVHeader(reading: reader)
    let headerRecord = Array(reader.rawRecord)
    try headerRecord.withUnsafeBufferPointer { try options.onHeader?(path, $0) }
    let columns: CSVColumns
    do {
      columns = try CSVColumns(header: header, kind: kind, options: options)
    } catch let problem as RowProblem {
      throw ScoringError.badInput(file: path, line: header.line, reason: problem.reason)
    }
    let row = try csv(columns)
    while try reader.next() {
      if reader.isBlank { continue }
      counts.read += 1
      if counts.read & 0xFFF == 0 { report(source, counts.read) }
      do {
        if let problem = header.problem(in: reader) { throw RowProblem(problem.message) }
        if reader.rawRecord.count == headerRecord.count, reader.rawRecord.elementsEqual(headerRecord) {
          throw RowProblem("the header stands here once more")
        }
        try row(reader)
      } catch let problem as RowProblem {
        try reject(reader.line, problem.reason, reader.rawRecord, &counts)
      } catch let problem as LeadDirectory.KeyProblem {
        try reject(reader.line, problem.reason, reader.rawRecord, &counts)
      }
    }
    report(source, counts.read)
  }

  private func readJSON(
    _ source: any ByteSource, _ counts: inout ImportCounts, _ json: (JSONObject) throws -> Void
  ) throws {
    let reader = JSONRecordReader(source: source)
    while try reader.next() {
      counts.read += 1
      if counts.read & 0xFFF == 0 { report(source, counts.read) }
      do {
        switch reader.result {
        case .failure(let problem):
          throw RowProblem((problem.column.map { "column \($0): " } ?? "") + problem.message)
        case .success(.object(let object)): try json(object)
        case .success(let other): throw RowProblem("the line is \(other.kindName), not an object")
        }
      } catch let problem as RowProblem {
        try reject(reader.line, problem.reason, reader.raw, &counts)
      } catch let problem as LeadDirectory.KeyProblem {
        try reject(reader.line, problem.reason, reader.raw, &counts)
      }
    }
    report(source, counts.read)
  }

  private func reject(
    _ line: Int, _ reason: String, _ raw: UnsafeBufferPointer<UInt8>, _ counts: inout ImportCounts
  ) throws {
    let rejection = RowRejection(file: path, line: line, reason: reason)
    if firstRejection == nil { firstRejection = rejection }
    counts.rejected += 1
    try options.onRejection?(rejection, raw)
  }

  private func report(_ source: any ByteSource, _ rows: Int64) {
    session.onProgress?(
      ScoringSession.Progress(
        label: "Reading \(path == "-" ? "standard input" : path)", unit: "rows", done: source.rawBytesConsumed,
        total: source.rawByteCount, items: rows))
  }
}

extension JSONObject {
  /// The key that a record of JSON Lines names: `key`, else `email`.
  func factKey() throws -> String {
    switch self["key"] ?? self["email"] {
    case .string(let text): return text
    case .number(let number): return number.text
    case nil: throw RowProblem("no \"key\"")
    case let other?: throw RowProblem("\"key\" is \(other.kindName), not a text")
    }
  }

  /// Sees that there are no members but the known ones.
  func checkMembers(_ known: [String], hint: String) throws {
    for name in keys where !known.contains(name) { throw RowProblem("unknown member \"\(name.prefix(80))\"; \(hint)") }
  }
}
