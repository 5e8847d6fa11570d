public import LeadStore
public import RecordFormats
public import RuleFile

/// What an import reads and how.
public struct ImportOptions {
  /// The layout of a file.
  public enum Format: String, Sendable, CaseIterable {
    case csv
    case jsonl

    /// The format that a file's name tells, without regard to `.gz`; nil where it tells none.
    public init?(path: String) {
      var name = path.lowercased()
      if name.hasSuffix(".gz") { name.removeLast(3) }
      if [".csv", ".tsv", ".txt"].contains(where: name.hasSuffix) {
        self = .csv
      } else if [".jsonl", ".ndjson", ".json"].contains(where: name.hasSuffix) {
        self = .jsonl
      } else {
        return nil
      }
    }
  }

  /// Nil: by the file's name.
  public var format: Format?
  /// The column that holds the key.
  public var key: String?
  /// A user's own mapping of columns.
  public var mapping: ImportMapping?
  public var encoding = TextEncoding.auto
  /// Whether a rejected row fails the import.
  public var isStrict = false
  /// Whether everything is undone at the end.
  public var isDryRun = false
  /// The buffer for putting rows into the order of leads, in bytes.
  public var bufferSize = 32 << 20
  /// Is called with each rejected row and its bytes as they stand in the file.
  public var onRejection: ((RowRejection, UnsafeBufferPointer<UInt8>) throws -> Void)?
  /// Is called with the header row of a CSV file, before any row of it is rejected.
  public var onHeader: ((String, UnsafeBufferPointer<UInt8>) throws -> Void)?
  /// Is called with what of a file is not taken as somebody may expect, for people.
  public var onNote: ((_ file: String, _ text: String) throws -> Void)?
  /// Is called when all files are read and scored, or a part of a stream is, at the end of the transaction, which is undone
  /// where it throws.
  public var beforeCommit: (() throws -> Void)?

  /// Whose exports or messages the files are; nil for the program's own layouts and mappings.
  public var preset: Preset?
  /// Rows already read from a file, in the program's own form.
  var feed: RowSpool?
  /// A stream of which the import takes one part.
  var stream: FactStream?
  /// Whether there are so few rows that threads of their own and preparations for many would not pay; nil: by the file.
  var isSmall: Bool?

  /// The defaults.
  public init() {}
}

/// What an import of one file did.
public struct ImportReport: Sendable, Equatable {
  /// The file, as it was named.
  public var file: String
  public var counts: ImportCounts
  /// Leads evaluated because of the file.
  public var leadsRescored: Int64
  /// Changes of stage, a lead's first one not among them.
  public var stageChanges: Int64
  /// Keys that were joined to the person whose they are.
  public var joined: Int64 = 0
  /// What was not kept, or not done, of rows that were read, for people.
  public var notes: [String] = []
}
