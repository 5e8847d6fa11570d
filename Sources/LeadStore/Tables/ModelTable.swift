/// A model: its own rule versions, scores and stages over the shared facts.
public struct ModelRow: Sendable, Equatable {
  public var id: Int64
  public var name: String
  /// In milliseconds since 1970.
  public var createdAt: Int64
  /// The latest instant as of which any lead was evaluated.
  public var evaluatedAt: Int64?
}

/// A version of a model's rules. It never changes.
public struct RuleVersionRow: Sendable, Equatable {
  public var id: Int64
  public var model: Int64
  /// Numbered from 1 within the model.
  public var number: Int
  public var name: String?
  /// The document as it was written.
  public var document: String
  /// SHA-256 of the document's canonical form.
  public var digest: String
  /// JSON: what stored positions mean.
  public var layout: String
  /// In milliseconds since 1970.
  public var createdAt: Int64
  public var author: String?
  public var note: String?
}

/// When a version became active.
public struct ActivationRow: Sendable, Equatable {
  public var id: Int64
  public var version: Int
  public var asOf: Int64
  public var recordedAt: Int64
  public var person: String?
  /// The plan that was applied; nil for none, or for one that was dropped since.
  public var plan: Int64?
  /// `apply` or `rollback`.
  public var kind: String
}

/// All SQL of `model`, `rule_version` and `activation`.
public final class ModelTable {
  private let connection: Connection

  init(_ connection: Connection) {
    self.connection = connection
  }

  /// All models in the order in which they were added.
  public func all() throws -> [ModelRow] {
    var models: [ModelRow] = []
    try connection.forEachRow("SELECT id, name, created_at, evaluated_at FROM model ORDER BY id") {
      models.append(
        ModelRow(
          id: $0.integer(0), name: $0.text(1), createdAt: $0.integer(2), evaluatedAt: $0.optionalInteger(3)))
    }
    return models
  }

  /// Adds a model; returns its number.
  public func add(_ name: String, createdAt: Int64) throws -> Int64 {
    try connection.run("INSERT INTO model (name, created_at) VALUES (?1, ?2)", name, createdAt)
    return connection.lastInsertedRow
  }

  /// Notes that leads of a model were evaluated as of an instant.
  public func setEvaluated(_ model: Int64, at instant: Int64) throws {
    try connection.run(
      "UPDATE model SET evaluated_at = max(?2, coalesce(evaluated_at, ?2)) WHERE id = ?1", model, instant)
  }

  /// The latest instant as of which any lead of any model was evaluated.
  public func lastEvaluation() throws -> Int64? {
    try connection.firstRow("SELECT max(evaluated_at) FROM model") { $0.optionalInteger(0) } ?? nil
  }

  // MARK: Versions

  /// All versions of a model, by number.
  public func versions(model: Int64) throws -> [RuleVersionRow] {
    var rows: [RuleVersionRow] = []
    try connection.forEachRow(ModelTable.versionColumns + " WHERE model_id = ?1 ORDER BY number", [model]) {
      rows.append(ModelTable.version($0))
    }
    return rows
  }

  /// A version by its number.
  public func version(model: Int64, number: Int) throws -> RuleVersionRow? {
    try connection.firstRow(ModelTable.versionColumns + " WHERE model_id = ?1 AND number = ?2", [model, number]) {
      ModelTable.version($0)
    }
  }

  /// A version by its document's digest.
  public func version(model: Int64, digest: String) throws -> RuleVersionRow? {
    try connection.firstRow(ModelTable.versionColumns + " WHERE model_id = ?1 AND digest = ?2", [model, digest]) {
      ModelTable.version($0)
    }
  }

  /// Adds a version under the next number, which it returns.
  public func addVersion(
    model: Int64, name: String?, document: String, digest: String, layout: String, createdAt: Int64, author: String?,
    note: String?
  ) throws -> Int {
    let number =
      try connection.firstRow(
        "SELECT coalesce(max(number), 0) + 1 FROM rule_version WHERE model_id = ?1", [model]
      ) { $0.integer(0) } ?? 1
    try connection.run(
      """
      INSERT INTO rule_version (model_id, number, name, document, digest, layout, created_at, author, note)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
      """, model, number, name, document, digest, layout, createdAt, author, note)
    return Int(number)
  }

  private static let versionColumns =
    "SELECT id, model_id, number, name, document, digest, layout, created_at, author, note FROM rule_version"

  private static func version(_ row: borrowing Statement) -> RuleVersionRow {
    RuleVersionRow(
      id: row.integer(0), model: row.integer(1), number: Int(row.integer(2)), name: row.optionalText(3),
      document: row.text(4), digest: row.text(5), layout: row.text(6), createdAt: row.integer(7),
      author: row.optionalText(8), note: row.optionalText(9))
  }

  // MARK: Activations

  /// The active version of a model, where there is one.
  public func activeVersion(model: Int64) throws -> RuleVersionRow? {
    try connection.firstRow(
      ModelTable.versionColumns + """
         WHERE id = (SELECT version_id FROM activation WHERE model_id = ?1 ORDER BY id DESC LIMIT 1)
        """, [model]
    ) { ModelTable.version($0) }
  }

  /// Makes a version the active one.
  public func activate(
    model: Int64, version: Int64, asOf: Int64, recordedAt: Int64, person: String?, plan: Int64? = nil, kind: String
  ) throws {
    try connection.run(
      """
      INSERT INTO activation (model_id, version_id, as_of, recorded_at, person, plan_id, kind)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
      """, model, version, asOf, recordedAt, person, plan, kind)
  }

  /// All activations of a model, the oldest first.
  public func activations(model: Int64) throws -> [ActivationRow] {
    var rows: [ActivationRow] = []
    try connection.forEachRow(
      """
      SELECT activation.id, rule_version.number, as_of, recorded_at, person, plan_id, kind
      FROM activation JOIN rule_version ON rule_version.id = activation.version_id
      WHERE activation.model_id = ?1 ORDER BY activation.id
      """, [model]
    ) {
      rows.append(
        ActivationRow(
          id: $0.integer(0), version: Int($0.integer(1)), asOf: $0.integer(2), recordedAt: $0.integer(3),
          person: $0.optionalText(4), plan: $0.optionalInteger(5), kind: $0.text(6)))
    }
    return rows
  }
}
