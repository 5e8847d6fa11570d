/// What one import of one file did.
public struct ImportCounts: Sendable, Equatable {
  /// Rows read, rejected ones included.
  public var read: Int64 = 0
  /// New leads, or new events.
  public var created: Int64 = 0
  /// Leads first seen through an event.
  public var leadsCreated: Int64 = 0
  /// Known leads that changed.
  public var updated: Int64 = 0
  /// Known leads that did not.
  public var unchanged: Int64 = 0
  /// Events known already; further rows of a lead in the same file.
  public var duplicates: Int64 = 0
  /// Rows that were not understood.
  public var rejected: Int64 = 0

  /// Nothing.
  public init() {}

  /// Adds what another part of the same import did.
  public mutating func add(_ other: ImportCounts) {
    read += other.read
    created += other.created
    leadsCreated += other.leadsCreated
    updated += other.updated
    unchanged += other.unchanged
    duplicates += other.duplicates
    rejected += other.rejected
  }
}

/// All SQL of `import_run`.
public final class ImportRunTable {
  private let connection: Connection

  init(_ connection: Connection) {
    self.connection = connection
  }

  /// Adds a run that has yet to be counted; returns its number.
  public func begin(kind: String, file: String, asOf: Int64, recordedAt: Int64) throws -> Int64 {
    try connection.run(
      """
      INSERT INTO import_run (kind, file, as_of, recorded_at, read, created, leads_created, updated, unchanged,
        duplicates, rejected)
      VALUES (?1, ?2, ?3, ?4, 0, 0, 0, 0, 0, 0, 0)
      """, kind, file, asOf, recordedAt)
    return connection.lastInsertedRow
  }

  /// Records what a run did.
  public func finish(_ id: Int64, _ counts: ImportCounts) throws {
    try connection.run(
      """
      UPDATE import_run SET read = ?2, created = ?3, leads_created = ?4, updated = ?5, unchanged = ?6, duplicates = ?7,
        rejected = ?8
      WHERE id = ?1
      """, id, counts.read, counts.created, counts.leadsCreated, counts.updated, counts.unchanged, counts.duplicates,
      counts.rejected)
  }

  /// How many runs there were.
  public func count() throws -> Int64 {
    try connection.firstRow("SELECT count(*) FROM import_run") { $0.integer(0) } ?? 0
  }
}
