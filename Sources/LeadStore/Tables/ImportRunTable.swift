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

  /// The number that the next run is to have. Inside a write transaction.
  public func nextNumber() throws -> Int64 {
    try connection.firstRow("SELECT coalesce(max(id), 0) + 1 FROM import_run") { $0.integer(0) } ?? 1
  }

  /// Records what a run did; of one that was recorded before, only the counts.
  ///
  /// A run is recorded when it has ended: its page would be written to the log twice, before and after all others, and
  /// SQLite would go over all of them once more.
  public func record(
    _ number: Int64, kind: String, file: String, asOf: Int64, recordedAt: Int64, _ counts: ImportCounts
  ) throws {
    try connection.run(
      """
      INSERT INTO import_run (id, kind, file, as_of, recorded_at, read, created, leads_created, updated, unchanged,
        duplicates, rejected)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
      ON CONFLICT (id) DO UPDATE SET read = ?6, created = ?7, leads_created = ?8, updated = ?9, unchanged = ?10,
        duplicates = ?11, rejected = ?12
      """, number, kind, file, asOf, recordedAt, counts.read, counts.created, counts.leadsCreated, counts.updated,
      counts.unchanged, counts.duplicates, counts.rejected)
  }

  /// How many runs there were.
  public func count() throws -> Int64 {
    try connection.firstRow("SELECT count(*) FROM import_run") { $0.integer(0) } ?? 0
  }
}
