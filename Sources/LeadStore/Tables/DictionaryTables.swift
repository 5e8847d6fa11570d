/// All SQL of `event_type`, `property_name` and `property`: texts that stand in the event pages as small numbers.
public final class DictionaryTables {
  private let connection: Connection

  init(_ connection: Connection) {
    self.connection = connection
  }

  // MARK: Event types

  /// The number of an event type, where it has one.
  public func type(_ name: String) throws -> Int64? {
    try connection.firstRow("SELECT id FROM event_type WHERE name = ?1", [name]) { $0.integer(0) }
  }

  /// The name of an event type.
  public func typeName(_ id: Int64) throws -> String? {
    try connection.firstRow("SELECT name FROM event_type WHERE id = ?1", [id]) { $0.text(0) }
  }

  /// Adds an event type; returns its number.
  public func addType(_ name: String) throws -> Int64 {
    try connection.run("INSERT INTO event_type (name) VALUES (?1)", name)
    return connection.lastInsertedRow
  }

  /// All event types by number.
  public func types() throws -> [(id: Int64, name: String)] {
    var all: [(Int64, String)] = []
    try connection.forEachRow("SELECT id, name FROM event_type ORDER BY id") { all.append(($0.integer(0), $0.text(1))) }
    return all
  }

  // MARK: Property names

  /// All property names with the count of their interned values.
  public func propertyNames() throws -> [(id: Int64, name: String)] {
    var all: [(Int64, String)] = []
    try connection.forEachRow("SELECT id, name FROM property_name ORDER BY id") {
      all.append(($0.integer(0), $0.text(1)))
    }
    return all
  }

  /// Adds a property name; returns its number.
  public func addPropertyName(_ name: String) throws -> Int64 {
    try connection.run("INSERT INTO property_name (name) VALUES (?1)", name)
    return connection.lastInsertedRow
  }

  /// How many values of a property are interned. O(values).
  public func valueCount(ofName id: Int64) throws -> Int64 {
    try connection.firstRow("SELECT count(*) FROM property WHERE name_id = ?1", [id]) { $0.integer(0) } ?? 0
  }

  // MARK: Properties

  /// The number of an interned property, where it has one.
  ///
  /// - Parameter value: the value as JSON.
  public func property(name: Int64, value: UnsafeBufferPointer<UInt8>) throws -> Int64? {
    try connection.withStatement("SELECT id FROM property WHERE name_id = ?1 AND value = ?2") { statement in
      try statement.bind(1, name)
      try statement.bindText(2, UnsafeRawBufferPointer(value))
      return try statement.step() ? statement.integer(0) : nil
    }
  }

  /// The greatest number of any property; 0 where there is none.
  public func greatestProperty() throws -> Int64 {
    try connection.firstRow("SELECT max(id) FROM property") { $0.integer(0) } ?? 0
  }

  /// Adds a property under a number of the caller's.
  public func addProperty(id: Int64, name: Int64, value: UnsafeBufferPointer<UInt8>) throws {
    try connection.withStatement("INSERT INTO property (id, name_id, value) VALUES (?1, ?2, ?3)") { statement in
      try statement.bind(1, id)
      try statement.bind(2, name)
      try statement.bindText(3, UnsafeRawBufferPointer(value))
      try statement.run()
    }
  }

  /// The name and the value, as JSON, of an interned property.
  public func property(_ id: Int64) throws -> (name: Int64, value: String)? {
    try connection.firstRow("SELECT name_id, value FROM property WHERE id = ?1", [id]) { ($0.integer(0), $0.text(1)) }
  }
}
