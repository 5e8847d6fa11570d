internal import LeadStore
internal import RecordFormats
internal import RuleFile

/// An open input of rows, CSV or JSON Lines, that is read to its end, or in parts. Turns the faults of inputs into
/// errors and those of rows into rejections.
final class FactInput {
  private enum Layout {
    case csv(CSVReader, CSVHeader, record: [UInt8], CSVColumns)
    case json(JSONRecordReader, MappedRecord?)
  }

  let path: String
  /// The header row of a CSV file.
  var header: [UInt8]? {
    if case .csv(_, _, let record, _) = layout { record } else { nil }
  }
  /// What of its columns is not taken as somebody may expect, for people.
  var notes: [String] {
    if case .csv(_, _, _, let columns) = layout { columns.notes } else { [] }
  }
  private let source: any ByteSource
  private let layout: Layout
  /// How far the reader has come; rows are counted from the beginning of the part.
  @exclusivity(unchecked) private(set) var progress = FactProgress()
  /// Rows rejected in this part.
  @exclusivity(unchecked) private(set) var rejected: Int64 = 0
  /// The first rejection, for the message of a strict import.
  private(set) var firstRejection: RowRejection?

  /// Opens a file and reads its header, if it has one.
  ///
  /// - Throws: ``ScoringError/badInput(file:line:reason:)``, `SourceError`.
  init(_ path: String, kind: ImportMapping.Kind, options: ImportOptions) throws {
    self.path = path
    source = try FactInput.open(path, options)
    progress.size = source.rawByteCount
    switch options.format ?? ImportOptions.Format(path: path) {
    case .csv:
      let reader = CSVReader(source: source, delimiter: options.mapping?.delimiter)
      layout = try FactInput.naming(path) {
        let header = try CSVHeader(reading: reader)
        do {
          let columns = try CSVColumns(header: header, kind: kind, options: options)
          return .csv(reader, header, record: Array(reader.rawRecord), columns)
        } catch let problem as RowProblem {
          throw ScoringError.badInput(file: path, line: header.line, reason: problem.reason)
        }
      }
    case .jsonl: layout = .json(JSONRecordReader(source: source), MappedRecord(options, kind: kind))
    case nil:
      throw ScoringError.badInput(
        file: path, line: nil, reason: "its name does not tell its format; say --input csv or --input jsonl")
    }
  }

  /// A large file is read a little ahead of its parsing.
  private static func open(_ path: String, _ options: ImportOptions) throws -> any ByteSource {
    let file = try FileByteSource(path: path)
    guard let size = file.rawByteCount, size >= largeSize, WorkerThread.processors > 1,
      let ahead = try? ReadAhead(file)
    else { return try textSource(from: file, path: path, encoding: encoding(options)) }
    return try textSource(from: ahead, path: path, encoding: encoding(options))
  }

  /// In bytes.
  private static let largeSize: Int64 = 8 << 20

  private static func encoding(_ options: ImportOptions) -> TextEncoding {
    if options.encoding == .auto, let name = options.mapping?.encoding { return TextEncoding(name: name) ?? .auto }
    return options.encoding
  }

  /// Says of which file an error is.
  private static func naming<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as CSVError {
      throw ScoringError.badInput(file: path, line: error.line, reason: error.message)
    } catch let error as LineError {
      throw ScoringError.badInput(file: path, line: error.line, reason: error.message)
    }
  }

  // MARK: Reading

  /// Reads rows into a sink: all, or a part.
  ///
  /// - Parameters:
  ///   - csv: is told the columns, and gives what is to be called for each row; throws ``RowProblem`` or
  ///     ``LeadKey/Problem`` for a row to be rejected.
  ///   - json: is called for each record.
  ///   - goesOn: whether another row is to be read; asked before each.
  func read(
    into sink: RowSink, csv: (CSVColumns) throws -> (CSVReader) throws -> Void, json: (JSONObject) throws -> Void,
    while goesOn: (() throws -> Bool)? = nil
  ) throws {
    progress.read = 0
    rejected = 0
    do {
      try FactInput.naming(path) {
        switch layout {
        case .csv(let reader, let header, let record, let columns):
          try read(reader, header, record, sink, csv(columns), goesOn)
        case .json(let reader, let mapped): try read(reader, mapped, sink, json, goesOn)
        }
      }
      progress.consumed = source.rawBytesConsumed
      try sink.flush(progress)
    } catch let error as ScoringError {
      // What was rejected before is told first.
      try sink.flush(progress)
      throw error
    }
  }

  private func read(
    _ reader: CSVReader, _ header: CSVHeader, _ headerRecord: [UInt8], _ sink: RowSink,
    _ row: (CSVReader) throws -> Void, _ goesOn: (() throws -> Bool)?
  ) throws {
    let columnCount = header.names.count
    while try goesOn?() ?? true, try reader.next() {
      let isRow = reader.isRow(ofCells: columnCount)
      if !isRow, reader.isBlank { continue }
      progress.read += 1
      do {
        if !isRow, let problem = header.problem(in: reader) { throw RowProblem(problem.message) }
        let raw = reader.rawRecord
        if raw.count == headerRecord.count, raw.elementsEqual(headerRecord) {
          throw RowProblem("the header stands here once more")
        }
        try row(reader)
      } catch let problem as RowProblem {
        reject(sink, reader.line, problem.reason, reader.rawRecord)
      } catch let problem as LeadKey.Problem {
        reject(sink, reader.line, problem.reason, reader.rawRecord)
      }
      try sink.advance(progress(source))
    }
  }

  private func read(
    _ reader: JSONRecordReader, _ mapped: MappedRecord?, _ sink: RowSink, _ json: (JSONObject) throws -> Void,
    _ goesOn: (() throws -> Bool)?
  ) throws {
    while try goesOn?() ?? true, try reader.next() {
      progress.read += 1
      do {
        switch reader.result {
        case .failure(let problem):
          throw RowProblem((problem.column.map { "column \($0): " } ?? "") + problem.message)
        case .success(.object(let object)): try json(mapped?.record(object) ?? object)
        case .success(let other): throw RowProblem("the line is \(other.kindName), not an object")
        }
      } catch let problem as RowProblem {
        reject(sink, reader.line, problem.reason, reader.raw)
      } catch let problem as LeadKey.Problem {
        reject(sink, reader.line, problem.reason, reader.raw)
      }
      try sink.advance(progress(source))
    }
  }

  private func reject(_ sink: RowSink, _ line: Int, _ reason: String, _ raw: UnsafeBufferPointer<UInt8>) {
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

  // MARK: Waiting

  /// Whether the next row can be read without waiting.
  var hasRow: Bool {
    switch layout {
    case .csv(let reader, _, _, _): reader.hasBufferedRecord
    case .json(let reader, _): reader.hasBufferedRecord
    }
  }

  /// Goes past blank lines that have arrived.
  func passBlankLines() {
    if case .json(let reader, _) = layout { reader.passBlankLines() }
  }

  /// Whether the source has no more; the last rows may not have been read yet.
  var sourceEnded: Bool {
    switch layout {
    case .csv(let reader, _, _, _): reader.sourceEnded
    case .json(let reader, _): reader.sourceEnded
    }
  }

  /// Waits so many milliseconds for more of the source; false where nothing came.
  func fetch(timeoutMilliseconds: Int) throws -> Bool {
    try FactInput.naming(path) {
      switch layout {
      case .csv(let reader, _, _, _): try reader.fetch(timeoutMilliseconds: timeoutMilliseconds)
      case .json(let reader, _): try reader.fetch(timeoutMilliseconds: timeoutMilliseconds)
      }
    }
  }
}
