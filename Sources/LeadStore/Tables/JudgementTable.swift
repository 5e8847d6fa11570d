/// A person's fast-track of a lead.
public struct FastTrackRow: Sendable, Equatable {
  public var id: Int64
  public var lead: Int64
  public var stage: String
  /// In milliseconds since 1970.
  public var from: Int64
  public var until: Int64?
  public var person: String
  public var reason: String
}

/// A person's adjustment of a lead's score.
public struct AdjustmentRow: Sendable, Equatable {
  public var id: Int64
  public var lead: Int64
  /// Hundredths.
  public var points: Int64
  /// In milliseconds since 1970.
  public var from: Int64
  public var until: Int64?
  public var person: String
  public var reason: String
}

/// All SQL of `fast_track` and `adjustment`.
public final class JudgementTable {
  private let connection: Connection

  init(_ connection: Connection) {
    self.connection = connection
  }

  /// Whether any person said anything about any lead; most databases have none, and then no lead need be asked for.
  public func isEmpty() throws -> Bool {
    try connection.firstRow("SELECT EXISTS (SELECT 1 FROM fast_track) OR EXISTS (SELECT 1 FROM adjustment)") {
      $0.integer(0) == 0
    } ?? true
  }

  /// A lead's fast-tracks under a model, ended ones too, in the order in which they were set.
  public func fastTracks(model: Int64, lead: Int64) throws -> [FastTrackRow] {
    var rows: [FastTrackRow] = []
    try connection.forEachRow(
      """
      SELECT id, lead_id, stage, from_at, until_at, person, reason FROM fast_track
      WHERE model_id = ?1 AND lead_id = ?2 ORDER BY id
      """, [model, lead]
    ) {
      rows.append(
        FastTrackRow(
          id: $0.integer(0), lead: $0.integer(1), stage: $0.text(2), from: $0.integer(3),
          until: $0.optionalInteger(4), person: $0.text(5), reason: $0.text(6)))
    }
    return rows
  }

  /// A lead's adjustments, ended ones too, in the order in which they were added.
  public func adjustments(lead: Int64) throws -> [AdjustmentRow] {
    var rows: [AdjustmentRow] = []
    try connection.forEachRow(
      "SELECT id, lead_id, points, from_at, until_at, person, reason FROM adjustment WHERE lead_id = ?1 ORDER BY id",
      [lead]
    ) {
      rows.append(
        AdjustmentRow(
          id: $0.integer(0), lead: $0.integer(1), points: $0.integer(2), from: $0.integer(3),
          until: $0.optionalInteger(4), person: $0.text(5), reason: $0.text(6)))
    }
    return rows
  }
}
