public import ScoreEngine

/// A person's own mapping of the columns of a CSV file to leads or events.
public struct ImportMapping: Hashable, Sendable {
  /// What the rows of the file are.
  public enum Kind: String, Hashable, Sendable {
    case leads
    case events
  }

  /// Where an event's type comes from.
  public enum EventType: Hashable, Sendable {
    /// The text of a column, after a prefix that may be empty.
    case column(String, prefix: String)
    /// The same type for every row.
    case text(String)
  }

  /// An attribute or property and the column that it is read from.
  public struct Field: Hashable, Sendable {
    public var name: String
    public var column: String

    /// A field.
    public init(name: String, column: String) {
      self.name = name
      self.column = column
    }
  }

  /// An attribute or property with the same value in every row.
  public struct Constant: Hashable, Sendable {
    public var name: String
    public var value: Value

    /// A constant.
    public init(name: String, value: Value) {
      self.name = name
      self.value = value
    }
  }

  public var kind: Kind
  /// Columns with the lead's key: the first that has a value counts. Empty where the mapping names none.
  public var key: [String]
  /// Leads: the column with the instant at which a lead came to be.
  public var createdAt: String?
  /// Events: where the type comes from; nil where the mapping says nothing.
  public var type: EventType?
  /// Events: the column with the instant.
  public var occurredAt: String?
  /// Events: the column with the source's own identity of the event.
  public var id: String?
  /// Attributes of leads or properties of events that have another name than their column.
  public var fields: [Field]
  /// Whether columns that are named nowhere are kept under their own names.
  public var keepsOthers: Bool
  /// Columns that are left out.
  public var skip: [String]
  /// Attributes or properties with the same value in every row.
  public var set: [Constant]
  /// Texts that mean "no answer" in any cell; compared after trimming, whatever the case.
  public var absent: [String]
  /// The file's encoding, one of ``encodings``; nil for the importer's own guess.
  public var encoding: String?
  /// The ASCII character between cells; nil for the importer's own guess.
  public var delimiter: UInt8?

  /// A mapping; without anything else the importer recognises columns by their names.
  public init(
    kind: Kind, key: [String] = [], createdAt: String? = nil, type: EventType? = nil, occurredAt: String? = nil,
    id: String? = nil, fields: [Field] = [], keepsOthers: Bool = true, skip: [String] = [], set: [Constant] = [],
    absent: [String] = [], encoding: String? = nil, delimiter: UInt8? = nil
  ) {
    self.kind = kind
    self.key = key
    self.createdAt = createdAt
    self.type = type
    self.occurredAt = occurredAt
    self.id = id
    self.fields = fields
    self.keepsOthers = keepsOthers
    self.skip = skip
    self.set = set
    self.absent = absent
    self.encoding = encoding
    self.delimiter = delimiter
  }

  /// Encodings that a mapping may name.
  public static let encodings = ["auto", "utf-8", "utf-16", "utf-16le", "utf-16be", "latin-1", "windows-1252"]
}

/// What reading a mapping gave.
public struct ImportMappingResult: Sendable {
  /// Nil when there is any error.
  public var mapping: ImportMapping?
  /// Errors and warnings, by position.
  public var diagnostics: [Diagnostic]

  /// A result.
  public init(mapping: ImportMapping?, diagnostics: [Diagnostic]) {
    self.mapping = mapping
    self.diagnostics = diagnostics
  }
}

extension ImportMapping {
  /// Reads a mapping from YAML; reports all faults at once, as ``RuleFile/parse(_:fileName:)`` does.
  public static func parse(_ text: String, fileName: String) -> ImportMappingResult {
    let (mapping, diagnostics) = RuleFile.read(text, fileName: fileName) { root, sink in
      MappingReader.read(root, sink)
    }
    return ImportMappingResult(mapping: mapping, diagnostics: diagnostics)
  }
}
