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
  /// Who ended it early, and when.
  public var liftedBy: String?
  public var liftedAt: Int64?
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
  /// Who ended it early, and when.
  public var liftedBy: String?
  public var liftedAt: Int64?
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

  /// A condition: the row is about the lead with the number in a parameter, or about one merged into it.
  private static func ofPerson(_ parameter: Int) -> String { MergeTable.isOfPerson("lead_id", "?\(parameter)") }

  // MARK: Fast-tracks

  private static let trackColumns = """
    SELECT id, lead_id, stage, from_at, until_at, person, reason, lifted_by, lifted_at FROM fast_track
    """

  private static func track(_ row: borrowing Statement) -> FastTrackRow {
    FastTrackRow(
      id: row.integer(0), lead: row.integer(1), stage: row.text(2), from: row.integer(3),
      until: row.optionalInteger(4), person: row.text(5), reason: row.text(6), liftedBy: row.optionalText(7),
      liftedAt: row.optionalInteger(8))
  }

  /// The fast-tracks of a lead and of those merged into it under a model, ended ones too, in the order in which they were set.
  public func fastTracks(model: Int64, lead: Int64) throws -> [FastTrackRow] {
    try rows(
      JudgementTable.trackColumns + " WHERE model_id = ?1 AND \(JudgementTable.ofPerson(2)) ORDER BY id", [model, lead]
    ) {
      JudgementTable.track($0)
    }
  }

  /// All fast-tracks under a model, ended ones too.
  public func fastTracks(model: Int64) throws -> [FastTrackRow] {
    try rows(JudgementTable.trackColumns + " WHERE model_id = ?1 ORDER BY id", [model]) { JudgementTable.track($0) }
  }

  /// Adds a fast-track; returns its number.
  public func addFastTrack(
    model: Int64, lead: Int64, stage: String, from: Int64, until: Int64?, person: String, reason: String,
    recordedAt: Int64
  ) throws -> Int64 {
    try connection.run(
      """
      INSERT INTO fast_track (model_id, lead_id, stage, from_at, until_at, person, reason, recorded_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
      """, model, lead, stage, from, until, person, reason, recordedAt)
    return connection.lastInsertedRow
  }

  /// Ends the fast-tracks of a lead that hold at an instant; returns how many.
  public func liftFastTracks(model: Int64, lead: Int64, at instant: Int64, by person: String?) throws -> Int64 {
    try connection.run(
      """
      UPDATE fast_track SET until_at = ?3, lifted_at = ?3, lifted_by = ?4
      WHERE model_id = ?1 AND \(JudgementTable.ofPerson(2)) AND (until_at IS NULL OR until_at > ?3)
      """, model, lead, instant, person)
    return connection.changes
  }

  // MARK: Adjustments

  private static let adjustmentColumns = """
    SELECT id, lead_id, points, from_at, until_at, person, reason, lifted_by, lifted_at FROM adjustment
    """

  private static func adjustment(_ row: borrowing Statement) -> AdjustmentRow {
    AdjustmentRow(
      id: row.integer(0), lead: row.integer(1), points: row.integer(2), from: row.integer(3),
      until: row.optionalInteger(4), person: row.text(5), reason: row.text(6), liftedBy: row.optionalText(7),
      liftedAt: row.optionalInteger(8))
  }

  /// The adjustments of a lead and of those merged into it, ended ones too, in the order in which they were added.
  public func adjustments(lead: Int64) throws -> [AdjustmentRow] {
    try rows(JudgementTable.adjustmentColumns + " WHERE \(JudgementTable.ofPerson(1)) ORDER BY id", [lead]) {
      JudgementTable.adjustment($0)
    }
  }

  /// All adjustments, ended ones too.
  public func adjustments() throws -> [AdjustmentRow] {
    try rows(JudgementTable.adjustmentColumns + " ORDER BY id", []) { JudgementTable.adjustment($0) }
  }

  /// An adjustment by its number.
  public func adjustment(_ id: Int64) throws -> AdjustmentRow? {
    try rows(JudgementTable.adjustmentColumns + " WHERE id = ?1", [id]) { JudgementTable.adjustment($0) }.first
  }

  /// Adds an adjustment; returns its number.
  public func addAdjustment(
    lead: Int64, points: Int64, from: Int64, until: Int64?, person: String, reason: String, recordedAt: Int64
  ) throws -> Int64 {
    try connection.run(
      """
      INSERT INTO adjustment (lead_id, points, from_at, until_at, person, reason, recorded_at)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
      """, lead, points, from, until, person, reason, recordedAt)
    return connection.lastInsertedRow
  }

  /// Ends an adjustment at an instant, or at its own beginning where that is later; false where it has ended already.
  public func liftAdjustment(_ id: Int64, at instant: Int64, by person: String?) throws -> Bool {
    try connection.run(
      """
      UPDATE adjustment SET until_at = max(from_at, ?2), lifted_at = ?2, lifted_by = ?3
      WHERE id = ?1 AND (until_at IS NULL OR until_at > ?2)
      """, id, instant, person)
    return connection.changes > 0
  }

  private func rows<Row>(
    _ sql: String, _ values: [any BindableValue], _ body: (borrowing Statement) -> Row
  ) throws -> [Row] {
    var rows: [Row] = []
    try connection.forEachRow(sql, values) { rows.append(body($0)) }
    return rows
  }
}
