internal import LeadStore
internal import RecordFormats
internal import RuleFile

/// Reads the rows of one file, CSV or JSON Lines, and turns the faults of files into errors and those of rows into
/// rejections. Used on one thread, which need not be the one that has the database.
final class FactFile {
  private let path: String
  private let kind: ImportMapping.Kind
  private let options: ImportOptions
  private let sink: RowSink
  private var progress = FactProgress()
  private var rejected: Int64 = 0
  /// The first rejection, for the message of a strict import.
  private var firstRejection: RowRejection?

  init(_ path: String, kind: ImportMapping.Kind, options: ImportOptions, sink: RowSink) {
    self.path = path
    self.kind = kind
    self.options = options
    self.sink = sink
  }

  /// Whether a file is so small that a thread of its own would not pay.
  static func isSmall(_ path: String) -> Bool {
    guard path != "-", let source = try? FileByteSource(path: path), let size = source.rawByteCount else {
      return false
    }
    return size < 256 << 10
  }

  /// Reads all rows.
  ///
  /// - Parameters:
  ///   - csv: is told the columns, and gives what is to be called for each row; throws ``RowProblem`` or
  ///     ``LeadKey/Problem`` for a row to be rejected.
  ///   - json: is called for each record.
  func read(csv: (CSVColumns) throws -> (CSVReader) throws -> Void, json: (JSONObject) throws -> Void) throws {
    if let feed = options.feed { return try read(feed, json) }
    do {
      let source = try open()
      progress.size = source.rawByteCount
      switch options.format ?? ImportOptions.Format(path: path) {
      case .csv: try readCSV(source, csv)
      case .jsonl: try readJSON(source, json)
      case nil:
        throw ScoringError.badInput(
          file: path, line: nil, reason: "its name does not tell its format; say --input csv or --input jsonl")
      }
      try sink.flush(progress)
    } catch let error as CSVError {
      try sink.flush(progress)
      throw ScoringError.badInput(file: path, line: error.line, reason: error.message)
    } catch let error as LineError {
      try sink.flush(progress)
      throw ScoringError.badInput(file: path, line: error.line, reason: error.message)
    }
    if options.isStrict, let first = firstRejection {
      throw ScoringError.rowsRejected(file: path, count: rejected, first: first)
    }
  }

  /// A large file is read a little ahead of its parsing.
  private func open() throws -> any ByteSource {
    let file = try FileByteSource(path: path)
    guard let size = file.rawByteCount, size >= FactFile.largeSize, WorkerThread.processors > 1,
      let ahead = try? ReadAhead(file)
    else { return try textSource(from: file, path: path, encoding: encoding) }
    return try textSource(from: ahead, path: path, encoding: encoding)
  }

  /// In bytes.
  private static let largeSize: Int64 = 8 << 20

  private var encoding: TextEncoding {
    if options.encoding == .auto, let name = options.mapping?.encoding { return TextEncoding(name: name) ?? .auto }
    return options.encoding
  }

  private func readCSV(
    _ source: any ByteSource, _ csv: (CSVColumns) throws -> (CSVReader) throws -> Void
  ) throws {
    let reader = CSVReader(source: source, delimiter: options.mapping?.delimiter)
    let header = try CSVHeader(reading: reader)
    let headerRecord = Array(reader.rawRecord)
    sink.note(header: headerRecord)
    let columns: CSVColumns
    do {
      columns = try CSVColumns(header: header, kind: kind, options: options)
    } catch let problem as RowProblem {
      throw ScoringError.badInput(file: path, line: header.line, reason: problem.reason)
    }
    let row = try csv(columns)
    while try reader.next() {
      if reader.isBlank { continue }
      progress.read += 1
      do {
        if let problem = header.problem(in: reader) { throw RowProblem(problem.message) }
        if reader.rawRecord.count == headerRecord.count, reader.rawRecord.elementsEqual(headerRecord) {
          throw RowProblem("the header stands here once more")
        }
        try row(reader)
      } catch let problem as RowProblem {
        reject(reader.line, problem.reason, reader.rawRecord)
      } catch let problem as LeadKey.Problem {
        reject(reader.line, problem.reason, reader.rawRecord)
      }
      try sink.advance(progress(source))
    }
    progress = progress(source)
  }

  private func readJSON(
    _ source: any ByteSource, _ json: (JSONObject) throws -> Void
  ) throws {
    let reader = JSONRecordReader(source: source)
    let mapped = MappedRecord(options, kind: kind)
    while try reader.next() {
      progress.read += 1
      do {
        switch reader.result {
        case .failure(let problem):
          throw RowProblem((problem.column.map { "column \($0): " } ?? "") + problem.message)
        case .success(.object(let object)): try json(mapped?.record(object) ?? object)
        case .success(let other): throw RowProblem("the line is \(other.kindName), not an object")
        }
      } catch let problem as RowProblem {
        reject(reader.line, problem.reason, reader.raw)
      } catch let problem as LeadKey.Problem {
        reject(reader.line, problem.reason, reader.raw)
      }
      try sink.advance(progress(source))
    }
    progress = progress(source)
  }

  /// Takes rows that were read already.
  private func read(_ feed: RowSpool, _ json: (JSONObject) throws -> Void) throws {
    try feed.forEachRow { line, row in
      progress.read += 1
      do {
        guard case .object(let object) = try JSONParser.parse(row) else { return }
        try json(object)
      } catch let problem as RowProblem {
        reject(line, problem.reason, row)
      } catch let problem as LeadKey.Problem {
        reject(line, problem.reason, row)
      }
      try sink.advance(progress)
    }
    try sink.flush(progress)
  }

  private func reject(_ line: Int, _ reason: String, _ raw: UnsafeBufferPointer<UInt8>) {
    sink.abandon()
    let rejection = RowRejection(file: path, line: line, reason: reason)
    if firstRejection == nil { firstRejection = rejection }
    rejected += 1
    sink.reject(rejection, raw)
  }

  private func progress(_ source: any ByteSource) -> FactProgress {
    progress.consumed = source.rawBytesConsumed
    return progress
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
