import RecordFormats
import ScoreEngine
import TerminalOutput

/// A value of a record that a reading command prints.
enum OutputValue {
  case text(String?)
  /// Hundredths of a point.
  case points(Int64?)
  /// Milliseconds since 1970.
  case instant(Int64?)
  case integer(Int64?)
  case truth(Bool)
  /// Anything else, as JSON.
  case json((inout JSONWriter) -> Void)

  func write(to writer: inout JSONWriter) {
    switch self {
    case .text(let text): if let text { writer.string(text) } else { writer.null() }
    case .points(let points): if let points { writer.hundredths(points) } else { writer.null() }
    case .instant(let instant):
      if let instant { writer.string(Instant(milliseconds: instant).description) } else { writer.null() }
    case .integer(let integer): if let integer { writer.integer(integer) } else { writer.null() }
    case .truth(let truth): writer.bool(truth)
    case .json(let write): write(&writer)
    }
  }

  /// The value in a cell of CSV; nothing for what is absent.
  var cell: String {
    switch self {
    case .text(let text): return text ?? ""
    case .points(let points): return points.map { Points(hundredths: $0).description } ?? ""
    case .instant(let instant): return instant.map { Instant(milliseconds: $0).description } ?? ""
    case .integer(let integer): return integer.map(String.init) ?? ""
    case .truth(let truth): return truth ? "true" : "false"
    case .json(let write):
      var writer = JSONWriter()
      write(&writer)
      return String(decoding: writer.bytes, as: UTF8.self)
    }
  }
}

/// A record: its fields in the order in which programs get them.
typealias OutputRecord = [(name: String, value: OutputValue)]

/// Prints records one by one in the format that was asked for.
final class RecordOutput {
  private let format: OutputFormat
  private let output: any OutputSink
  private var table: Table
  private var writer = JSONWriter()
  private let protectsFormulas: Bool
  private var count = 0

  /// - Parameters:
  ///   - columns: the columns of the table for people.
  ///   - protectsFormulas: whether a cell of CSV that a spreadsheet would run is written so that it does not.
  init(_ format: OutputFormat, to output: any OutputSink, columns: [Table.Column], protectsFormulas: Bool = true) {
    self.protectsFormulas = protectsFormulas
    self.format = format
    self.output = output
    table = Table(columns: columns)
  }

  /// Prints a record; `cells` are what the table shows of it.
  func print(_ record: @autoclosure () -> OutputRecord, cells: @autoclosure () -> [String]) throws {
    count += 1
    switch format {
    case .table: table.rows.append(cells())
    case .json, .jsonl:
      if format == .json { try output.write(count == 1 ? "[" : ",\n ") }
      writer.removeAll()
      RecordOutput.write(record(), to: &writer)
      try writer.bytes.withUnsafeBytes { try output.write(bytes: $0) }
      if format == .jsonl { try output.write("\n") }
    case .csv:
      let record = record()
      var writer = CSVWriter(protectsFormulas: protectsFormulas)
      if count == 1 { writer.record(record.map(\.name)) }
      writer.record(record.map(\.value.cell))
      try writer.bytes.withUnsafeBytes { try output.write(bytes: $0) }
    }
  }

  /// Ends the output.
  ///
  /// - Parameters:
  ///   - names: the names of the fields, for the header of a CSV file without records.
  ///   - ifNone: what people are told where there was no record.
  func finish(names: [String], ifNone: String) throws {
    switch format {
    case .table:
      if table.rows.isEmpty {
        note(ifNone)
      } else {
        let width = Terminal.widthLimit(1)
        try output.write(table.render(width: width, color: Terminal.supportsColor(1), unicode: Terminal.usesUTF8()))
      }
    case .json: try output.write(count == 0 ? "[]\n" : "]\n")
    case .jsonl: break
    case .csv:
      if count == 0 {
        var writer = CSVWriter()
        writer.record(names)
        try writer.bytes.withUnsafeBytes { try output.write(bytes: $0) }
      }
    }
    try (output as? BufferedOutput)?.flush()
  }

  static func write(_ record: OutputRecord, to writer: inout JSONWriter) {
    writer.beginObject()
    for field in record {
      writer.key(field.name)
      field.value.write(to: &writer)
    }
    writer.endObject()
  }
}

/// Prints one JSON value and a line end.
func printJSON(pretty: Bool = true, _ body: (inout JSONWriter) -> Void) throws {
  var writer = JSONWriter(pretty: pretty)
  body(&writer)
  let output = BufferedOutput.standardOutput()
  try output.write(writer.bytes)
  try output.write("\n")
  try output.flush()
}

/// Prints one record to standard output, for programs.
func printRecord(_ record: OutputRecord, _ format: OutputFormat) throws {
  guard format == .csv else { return try printJSON(pretty: format == .json) { RecordOutput.write(record, to: &$0) } }
  let output = RecordOutput(.csv, to: BufferedOutput.standardOutput(), columns: [])
  try output.print(record, cells: [])
  try output.finish(names: record.map(\.name), ifNone: "")
}

/// Prints a text for people to standard output.
func printText(_ text: String) throws {
  let output = BufferedOutput.standardOutput()
  try output.write(text.hasSuffix("\n") ? text : text + "\n")
  try output.flush()
}
