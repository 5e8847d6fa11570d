/// Reading pages where they are, with the file in the address space, rather than copying them into memory that the system
/// has to clear first and that threads get from one place: https://sqlite.org/mmap.html
extension Connection {
  /// SQLite's own limit: 2 GB.
  private static let greatestMap: Int64 = 2_147_418_112

  /// Runs `body`, which passes over much of the file, with the file in the address space.
  public func readMapped<Result>(_ body: () throws -> Result) throws -> Result {
    try readMapped(size: Connection.greatestMap, body)
  }

  /// The same with so many bytes of the file.
  func readMapped<Result>(size: Int64, _ body: () throws -> Result) throws -> Result {
    guard mayReadPagesAhead else { return try body() }
    try map(size: size)
    defer {
      readPagesAsAsked()
      try? execute("PRAGMA mmap_size = 0")
      mappedSize = 0
    }
    return try body()
  }

  /// Has the file in the address space from now on, for passes over much of it.
  public func mapFile() throws { try map(size: Connection.greatestMap) }

  private func map(size: Int64) throws {
    try execute("PRAGMA mmap_size = \(size)")
    mappedSize = size
    readPagesAhead()
  }

  /// Gives back the memory of the pages read so far where the file is in the address space. While a statement stands at a
  /// row nothing is given back.
  public func letGoOfMap() throws {
    guard mappedSize > 0 else { return }
    try execute("PRAGMA mmap_size = 0")
    assert((try? firstRow("PRAGMA mmap_size") { $0.integer(0) }) == 0, "something is being read")
    try execute("PRAGMA mmap_size = \(mappedSize)")
  }
}
