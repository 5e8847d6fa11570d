/// A person's sign-off of a version, for a role.
public struct ApprovalRow: Sendable, Equatable {
  public var role: String
  public var person: String
  /// In milliseconds since 1970.
  public var recordedAt: Int64
}

/// All SQL of the table `approval`.
public final class ApprovalTable {
  private let connection: Connection

  init(_ connection: Connection) {
    self.connection = connection
  }

  /// The approvals of a version, the oldest first; those of another document's digest do not count.
  public func all(version: Int64, digest: String) throws -> [ApprovalRow] {
    var rows: [ApprovalRow] = []
    try connection.forEachRow(
      "SELECT role, person, recorded_at FROM approval WHERE version_id = ?1 AND digest = ?2 ORDER BY id",
      [version, digest]
    ) { rows.append(ApprovalRow(role: $0.text(0), person: $0.text(1), recordedAt: $0.integer(2))) }
    return rows
  }

  /// Adds an approval.
  public func add(version: Int64, digest: String, role: String, person: String, recordedAt: Int64) throws {
    try connection.run(
      "INSERT INTO approval (version_id, digest, role, person, recorded_at) VALUES (?1, ?2, ?3, ?4, ?5)", version,
      digest, role, person, recordedAt)
  }
}
