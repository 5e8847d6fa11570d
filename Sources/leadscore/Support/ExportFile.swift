import ArgumentParser
import LeadScoring
import RecordFormats
import TerminalOutput

/// What `export` writes.
enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
  case csv
  case jsonl
  case json

  /// The format that a file's name tells; nil where it tells none.
  init?(path: String) {
    let name = path.lowercased()
    if name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson") {
      self = .jsonl
    } else if name.hasSuffix(".json") {
      self = .json
    } else if name.hasSuffix(".csv") {
      self = .csv
    } else {
      return nil
    }
  }

  var outputFormat: OutputFormat {
    switch self {
    case .csv: .csv
    case .jsonl: .jsonl
    case .json: .json
    }
  }
}

/// The output of an export. A file stands under another name until `commit()`.
struct ExportFile {
  private let format: ExportFormat
  private let isForPreset: Bool
  private let file: AtomicFileOutput?

  /// - Parameters:
  ///   - path: the file; `-` is standard output.
  ///   - isForPreset: whether the rows are another system's, which takes every cell as it is.
  init(path: String, format: ExportFormat, isForPreset: Bool) throws {
    self.format = format
    self.isForPreset = isForPreset
    file = path == "-" ? nil : try AtomicFileOutput(path: path)
  }

  /// Whether nothing of it is to be seen before `commit()`.
  var isHidden: Bool { file.map { !$0.isWrittenInPlace } ?? false }

  /// Writes rows; those of a file are on the disk afterwards.
  func write(
    _ names: [String], _ body: ((_ row: [(name: String, value: JSONValue)]) throws -> Void) throws -> Void
  ) throws {
    let records = RecordOutput(
      format.outputFormat, to: file ?? BufferedOutput.standardOutput(), columns: [],
      protectsFormulas: !isForPreset)
    try body { row in try records.print(row.map { ($0.name, ExportFile.value($0.value)) }, cells: []) }
    try records.finish(names: names, ifNone: "")
    try file?.synchronize()
  }

  /// Gives the file its name.
  func commit() throws {
    try file?.commit()
  }

  private static func value(_ value: JSONValue) -> OutputValue {
    switch value {
    case .null: .text(nil)
    case .string(let text): .text(text)
    case .bool(let truth): .truth(truth)
    case .number, .array, .object: .json { $0.value(value) }
    }
  }
}
