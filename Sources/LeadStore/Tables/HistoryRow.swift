/// Why a score was computed again.
public enum Cause: String, Sendable, CaseIterable {
  /// An import brought the lead.
  case `import`
  /// New events.
  case event
  /// Changed attributes.
  case attributes
  /// The clock.
  case time
  /// Another rule version.
  case rules
  /// A person's fast-track or adjustment.
  case fastTrack = "fast-track"
  /// A full recomputation found a difference.
  case recompute
}

/// One change of a lead's score, stage or grade.
public struct HistoryRow: Sendable, Equatable {
  /// Rising in the order of recording; 0 for a row not yet stored.
  public var id: Int64 = 0
  public var model: Int64
  public var lead: Int64
  /// The instant as of which the lead was evaluated, in milliseconds since 1970.
  public var at: Int64
  /// The clock.
  public var recordedAt: Int64
  /// Hundredths; nil in a lead's first row.
  public var before: Int64?
  /// Hundredths.
  public var after: Int64
  public var stageBefore: String?
  public var stageAfter: String?
  public var gradeAfter: String?
  public var cause: Cause
  /// What the cause refers to: the import's number, the version's.
  public var causeReference: String?
  /// The number of the rule version.
  public var version: Int

  /// A row.
  public init(
    model: Int64, lead: Int64, at: Int64, recordedAt: Int64, before: Int64?, after: Int64, stageBefore: String?,
    stageAfter: String?, gradeAfter: String?, cause: Cause, causeReference: String?, version: Int
  ) {
    self.model = model
    self.lead = lead
    self.at = at
    self.recordedAt = recordedAt
    self.before = before
    self.after = after
    self.stageBefore = stageBefore
    self.stageAfter = stageAfter
    self.gradeAfter = gradeAfter
    self.cause = cause
    self.causeReference = causeReference
    self.version = version
  }
}

/// Which rows of history are asked for.
public struct HistoryFilter: Sendable {
  public var lead: Int64?
  /// From this instant on.
  public var since: Int64?
  /// Up to and with this instant.
  public var until: Int64?
  public var causes: [Cause] = []
  public var onlyStageChanges = false

  /// All rows.
  public init() {}
}
