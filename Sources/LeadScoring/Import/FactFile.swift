internal import LeadStore
internal import RecordFormats
internal import RuleFile

/// Reads the rows that one import is about. Used on one thread, which need not be the one that has the database.
final class FactFile {
  private let path: String
  private let kind: ImportMapping.Kind
  private let options: ImportOptions
  private let sink: RowSink

  init(_ path: String, kind: ImportMapping.Kind, options: ImportOptions, sink: RowSink) {
    self.path = path
    self.kind = kind
    self.options = options
    self.sink = sink
  }

  /// Whether a file is so small that threads of its own and preparations for many rows would not pay.
  static func isSmall(_ path: String) -> Bool {
    size(path).map { $0 < 256 << 10 } ?? false
  }

  /// How many rows a file may have, roughly; 0 where its size is not known.
  static func roughRows(_ path: String) -> Int64 { (size(path) ?? 0) / 64 }

  /// In bytes.
  private static func size(_ path: String) -> Int64? {
    path == "-" ? nil : (try? FileByteSource(path: path))?.rawByteCount
  }

  /// Reads all rows, or those of one part of a stream.
  ///
  /// - Parameters:
  ///   - csv: is told the columns, and gives what is to be called for each row; throws ``RowProblem`` or
  ///     ``LeadKey/Problem`` for a row to be rejected.
  ///   - json: is called for each record.
  func read(csv: (CSVColumns) throws -> (CSVReader) throws -> Void, json: (JSONObject) throws -> Void) throws {
    if let stream = options.stream { return try stream.read(into: sink, csv: csv, json: json) }
    if let feed = options.feed { return try read(feed, json) }
    let input = try FactInput(path, kind: kind, options: options)
    if let header = input.header { sink.note(header: header, input.notes) }
    try input.read(into: sink, csv: csv, json: json)
    if options.isStrict, let first = input.firstRejection {
      throw ScoringError.rowsRejected(file: path, count: input.rejected, first: first)
    }
  }

  /// Takes rows that were read already.
  private func read(_ feed: RowSpool, _ json: (JSONObject) throws -> Void) throws {
    var progress = FactProgress()
    func reject(_ line: Int, _ reason: String, _ raw: UnsafeBufferPointer<UInt8>) {
      sink.abandon()
      sink.reject(RowRejection(file: path, line: line, reason: reason), raw)
    }
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
