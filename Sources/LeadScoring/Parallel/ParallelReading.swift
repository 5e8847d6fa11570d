internal import LeadStore

extension ScoringSession {
  /// Runs `body` on one state of the file, which the session knows, and lends it other connections that read the same
  /// state, for other threads: up to `count`, and none where they cannot be had.
  func readInParallel<Result>(_ count: Int, _ body: (_ others: [LeadDatabase]) throws -> Result) throws -> Result {
    let connection = database.connection
    guard count > 0, connection.mode == .readWrite, !connection.isInTransaction else {
      return try read { try body([]) }
    }
    // Nobody commits anything between the two looks at the version where they agree, so all transactions that began in
    // between read the same state: https://sqlite.org/pragma.html#pragma_data_version
    let version = try connection.dataVersion()
    var others: [LeadDatabase] = []
    for _ in 0..<count {
      guard let other = try? LeadDatabase.open(path: connection.path, mode: .readOnly),
        (try? other.connection.mapFile()) != nil,
        (try? other.connection.execute("BEGIN")) != nil, (try? other.connection.dataVersion()) != nil
      else { break }
      others.append(other)
    }
    return try connection.readMapped {
      try read { try body(connection.dataVersion() == version ? others : []) }
    }
  }

  /// The same, for a pass over all leads: with the file in its address space.
  func otherMappingReader() -> LeadDatabase? {
    guard let other = otherReader(), (try? other.connection.mapFile()) != nil else { return nil }
    return other
  }

  /// Another connection that reads the state before the transaction of this one; nil where there can be none.
  func otherReader() -> LeadDatabase? {
    guard database.connection.mode == .readWrite, database.connection.isInTransaction,
      let other = try? LeadDatabase.open(path: database.connection.path, mode: .readOnly),
      (try? other.connection.keepFewPages()) != nil,
      (try? other.connection.execute("BEGIN")) != nil
    else { return nil }
    return other
  }
}
