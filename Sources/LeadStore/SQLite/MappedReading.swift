extension Connection {
  /// Runs `body`, which passes over much of the file, with the file in the address space, so that pages are read where
  /// they are rather than copied into memory that the system has to clear first: https://sqlite.org/mmap.html
  ///
  /// - Parameter size: how many bytes of the file, at most.
  func readMapped<Result>(size: Int64 = 2_147_418_112, _ body: () throws -> Result) throws -> Result {
    guard mayReadPagesAhead else { return try body() }
    try execute("PRAGMA mmap_size = \(size)")
    readPagesAhead()
    defer {
      readPagesAsAsked()
      try? execute("PRAGMA mmap_size = 0")
    }
    return try body()
  }
}
