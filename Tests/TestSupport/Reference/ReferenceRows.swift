/// A row of a file of leads.
public struct RefLeadRow: Equatable, Sendable {
  /// As written: case and white space around it do not matter.
  public var key: String
  public var createdAt: Int64?
  /// `null` removes; an empty text or list leaves the stored value alone.
  public var attributes: [String: RefValue]

  public init(key: String, createdAt: Int64? = nil, attributes: [String: RefValue] = [:]) {
    self.key = key
    self.createdAt = createdAt
    self.attributes = attributes
  }
}

/// A row of a file of events.
public struct RefEventRow: Equatable, Sendable {
  public var id: String?
  public var key: String
  public var type: String
  public var occurredAt: Int64
  public var properties: [String: RefValue]

  public init(
    id: String? = nil, key: String, type: String, occurredAt: Int64, properties: [String: RefValue] = [:]
  ) {
    self.id = id
    self.key = key
    self.type = type
    self.occurredAt = occurredAt
    self.properties = properties
  }
}

/// What an import did, by row. For leads `duplicates` is 0, for events `updated` and `unchanged` are.
public struct RefImportSummary: Equatable, Sendable {
  public var created = 0
  public var updated = 0
  public var unchanged = 0
  public var duplicates = 0
  public var leadsCreated = 0
}

/// Where a lead stands. Points are hundredths.
public struct RefResult: Equatable, Sendable {
  public var score: Int
  /// Every group that is declared, or named by a rule or a `part_of`; after clamps.
  public var groups: [String: Int]
  /// Rules that give other than 0, and `adjustment` where that is not 0; before clamps.
  public var rules: [String: Int]
  /// What is shown: the fast-track's stage, `disqualified`, or the rules' stage; `nil` without stages.
  public var stage: String?
  public var grade: String?
  public var version: Int

  public init(
    score: Int, groups: [String: Int], rules: [String: Int], stage: String?, grade: String?, version: Int
  ) {
    self.score = score
    self.groups = groups
    self.rules = rules
    self.stage = stage
    self.grade = grade
    self.version = version
  }
}

/// A row of score history. Points are hundredths.
public struct RefHistoryRow: Equatable, Sendable {
  /// Trimmed and in lower case.
  public var key: String
  public var at: Int64
  /// `nil` in a lead's first row.
  public var before: Int?
  public var after: Int
  public var stageBefore: String?
  public var stageAfter: String?
  public var gradeAfter: String?
  public var cause: String
  public var version: Int

  public init(
    key: String, at: Int64, before: Int?, after: Int, stageBefore: String?, stageAfter: String?, gradeAfter: String?,
    cause: String, version: Int
  ) {
    self.key = key
    self.at = at
    self.before = before
    self.after = after
    self.stageBefore = stageBefore
    self.stageAfter = stageAfter
    self.gradeAfter = gradeAfter
    self.cause = cause
    self.version = version
  }
}
