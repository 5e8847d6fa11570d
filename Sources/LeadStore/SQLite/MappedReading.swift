extension Connection {
  /// Runs `body`, which passes over much of the file, with the file in the address space (2 GB of it at most), so that
  /// pages are read where they are rather than copied into memory that the system has to clear first:
  /// https://sqlite.org/mmap.html
  func readMapped<Result>(_ body: () throws -> Result) throws -> Result {
    try execute("PRAGMA mmap_size = 2147418112")
    readPagesAhead()
    defer {
      readPagesAsAsked()
      try? execute("PRAGMA mmap_size = 0")
    }
    return try body()
  }
}
