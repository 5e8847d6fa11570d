/// Why a file cannot be used as a lead database, or a request to it not be met.
public enum StoreError: Error, Sendable, Equatable {
  /// There is no such file.
  case missing(path: String)
  /// The file cannot be made.
  case cannotCreate(path: String, reason: String)
  /// There is such a file already.
  case exists(path: String)
  /// The path names a folder.
  case isDirectory(path: String)
  /// The file cannot be looked at.
  case unreadable(path: String, reason: String)
  /// The file is an SQLite database of another program, or no database at all.
  case notOurs(path: String)
  /// The database has had a migration that this program does not know.
  case newer(path: String, found: Int, known: Int)
  /// The database lacks migrations that this program relies on.
  case older(path: String, pending: [String])
  /// A migration that the database has had says something else in this program.
  case editedMigration(path: String, name: String)
  /// The database skipped a migration.
  case missingMigration(path: String, number: Int)
  /// A migration left rows that refer to nothing.
  case brokenReferences(path: String, table: String)
  /// A lead has a number that none can have, which somebody gave it.
  case leadNumber(Int64)
  /// There is no number for another lead.
  case noLeadNumber
  /// Stored bytes are not what this program writes.
  case damaged(String)
}
