/// A plan: what a preview found.
public struct PlanRow: Sendable, Equatable {
  /// 0 for a plan not yet stored.
  public var id: Int64
  public var model: Int64
  /// The layout of ``PlanTable/putBlock(plan:firstLead:_:)`` and of `summary`.
  public var format: Int
  /// The version of the program that made it.
  public var program: String
  /// The previewed version's row; nil for a document that was not a version yet.
  public var version: Int64?
  public var documentDigest: String
  public var document: String
  /// The row of the version that was active.
  public var baseVersion: Int64
  /// In milliseconds since 1970.
  public var asOf: Int64
  public var recordedAt: Int64
  public var leads: Int64
  /// JSON: how much applying it may do.
  public var guards: String
  /// A hash over the results of all leads.
  public var digest: String
  /// JSON.
  public var summary: String

  /// A row.
  public init(
    id: Int64 = 0, model: Int64, format: Int, program: String, version: Int64?, documentDigest: String,
    document: String, baseVersion: Int64, asOf: Int64, recordedAt: Int64, leads: Int64, guards: String = "{}",
    digest: String, summary: String
  ) {
    self.id = id
    self.model = model
    self.format = format
    self.program = program
    self.version = version
    self.documentDigest = documentDigest
    self.document = document
    self.baseVersion = baseVersion
    self.asOf = asOf
    self.recordedAt = recordedAt
    self.leads = leads
    self.guards = guards
    self.digest = digest
    self.summary = summary
  }
}

/// All SQL of `plan` and `plan_block`.
public final class PlanTable {
  private let connection: Connection

  /// How many leads a block stands for.
  public static let blockSize: Int64 = 4096

  init(_ connection: Connection) {
    self.connection = connection
  }

  private static let columns = """
    SELECT id, model_id, format, program, version_id, document_digest, document, base_version_id, as_of, recorded_at,
      leads, guards, digest, summary
    FROM plan
    """

  private static func row(_ row: borrowing Statement) -> PlanRow {
    PlanRow(
      id: row.integer(0), model: row.integer(1), format: Int(row.integer(2)), program: row.text(3),
      version: row.optionalInteger(4), documentDigest: row.text(5), document: row.text(6), baseVersion: row.integer(7),
      asOf: row.integer(8), recordedAt: row.integer(9), leads: row.integer(10), guards: row.text(11),
      digest: row.text(12), summary: row.text(13))
  }

  /// A plan by its number.
  public func plan(_ id: Int64) throws -> PlanRow? {
    try connection.firstRow(PlanTable.columns + " WHERE id = ?1", [id]) { PlanTable.row($0) }
  }

  /// The plans of a model, the oldest first.
  public func all(model: Int64) throws -> [PlanRow] {
    var rows: [PlanRow] = []
    try connection.forEachRow(PlanTable.columns + " WHERE model_id = ?1 ORDER BY id", [model]) {
      rows.append(PlanTable.row($0))
    }
    return rows
  }

  /// Adds a plan; returns its number.
  public func add(_ plan: PlanRow) throws -> Int64 {
    try connection.run(
      """
      INSERT INTO plan (model_id, format, program, version_id, document_digest, document, base_version_id, as_of,
        recorded_at, leads, guards, digest, summary)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
      """, plan.model, plan.format, plan.program, plan.version, plan.documentDigest, plan.document, plan.baseVersion,
      plan.asOf, plan.recordedAt, plan.leads, plan.guards, plan.digest,
      plan.summary)
    return connection.lastInsertedRow
  }

  /// Replaces a plan's summary, which names the plan's own number.
  public func setSummary(_ id: Int64, _ summary: String) throws {
    try connection.run("UPDATE plan SET summary = ?2 WHERE id = ?1", id, summary)
  }

  /// Removes a plan; false where there is none.
  public func remove(_ id: Int64) throws -> Bool {
    try connection.run("DELETE FROM plan WHERE id = ?1", id)
    return connection.changes > 0
  }

  /// Stores the hashes of a block of leads.
  public func putBlock(plan: Int64, firstLead: Int64, _ hashes: [UInt64]) throws {
    try connection.withStatement(
      "INSERT INTO plan_block (plan_id, first_lead, hashes) VALUES (?1, ?2, ?3)"
    ) { statement in
      try statement.bind(1, plan)
      try statement.bind(2, firstLead)
      try hashes.map { $0.littleEndian }.withUnsafeBytes { try statement.bindBlob(3, $0) }
      try statement.run()
    }
  }

  /// Calls `body` with each block of a plan, in the order of leads.
  public func forEachBlock(plan: Int64, _ body: (_ firstLead: Int64, _ hashes: [UInt64]) throws -> Void) throws {
    try connection.forEachRow(
      "SELECT first_lead, hashes FROM plan_block WHERE plan_id = ?1 ORDER BY first_lead", [plan]
    ) { row in
      let first = row.integer(0)
      let hashes = row.withBytes(1) { bytes in
        (0..<(bytes.count / 8)).map {
          UInt64(littleEndian: UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: $0 * 8, as: UInt64.self))
        }
      }
      try body(first, hashes)
    }
  }
}
