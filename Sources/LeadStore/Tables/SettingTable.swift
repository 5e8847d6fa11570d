/// All SQL of the table `setting`.
public final class SettingTable {
  private let connection: Connection

  init(_ connection: Connection) {
    self.connection = connection
  }

  /// The value of a setting; nil where it was never set.
  public func value(_ name: String) throws -> String? {
    try connection.firstRow("SELECT value FROM setting WHERE name = ?1", [name]) { $0.text(0) }
  }

  /// Sets a setting; nil takes it away.
  public func set(_ name: String, _ value: String?) throws {
    if let value {
      try connection.run("INSERT OR REPLACE INTO setting (name, value) VALUES (?1, ?2)", name, value)
    } else {
      try connection.run("DELETE FROM setting WHERE name = ?1", name)
    }
  }
}
