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
        (try? other.connection.execute("BEGIN")) != nil, (try? other.connection.dataVersion()) != nil
      else { break }
      others.append(other)
    }
    return try read {
      guard try connection.dataVersion() == version else { return try body([]) }
      return try body(others)
    }
  }
}
