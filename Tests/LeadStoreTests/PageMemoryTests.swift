import Testing

@testable import LeadStore

@Suite("Pages in memory")
struct PageMemoryTests {
  private let folder: TestFolder
  private let connection: Connection

  init() throws {
    folder = try TestFolder()
    connection = try Connection(path: folder.file("pages.db"), mode: .create)
    try connection.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)")
    try connection.write {
      for id in 1...4000 {
        try connection.run("INSERT INTO t VALUES (?1, ?2)", Int64(id), String(repeating: "x", count: 100))
      }
    }
    // What is in the log alone cannot be mapped.
    try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
  }

  private func setting(_ name: String) throws -> Int64? {
    try connection.firstRow("PRAGMA \(name)") { $0.integer(0) }
  }

  private func sum(_ ids: ClosedRange<Int64>) throws -> Int64? {
    try connection.firstRow(
      "SELECT sum(id * length(text)) FROM t WHERE id BETWEEN ?1 AND ?2", [ids.lowerBound, ids.upperBound]
    ) {
      $0.integer(0)
    }
  }

  /// Whether any of the file is in the address space.
  private func isMapped() throws -> Bool {
    try String(decoding: fileBytes("/proc/self/maps"), as: UTF8.self).split(separator: "\n")
      .contains { $0.hasSuffix(folder.file("pages.db")) }
  }

  @Test("are let go of in the middle of a snapshot, and those after them read from the map again")
  func letGo() throws {
    try connection.read {
      try connection.readMapped(size: 1 << 20) {
        #expect(try setting("mmap_size") == 1 << 20)
        #expect(try sum(1...2000) == 2000 * 2001 / 2 * 100)
        #if os(Linux)
          #expect(try isMapped())
        #endif
        try connection.letGoOfMap()
        #if os(Linux)
          #expect(try !isMapped())
        #endif
        #expect(try setting("mmap_size") == 1 << 20)
        #expect(try sum(1...4000) == 4000 * 4001 / 2 * 100)
      }
      #expect(try setting("mmap_size") == 0)
    }
  }

  @Test("are not mapped by who only lets go of them")
  func notMapped() throws {
    try connection.letGoOfMap()
    #expect(try setting("mmap_size") == 0)
    try connection.mapFile()
    let size = try setting("mmap_size")
    #expect(try #require(size) > 0)
    try connection.letGoOfMap()
    #expect(try setting("mmap_size") == size)
  }

  @Test("are few while few are to be kept, and as many as before afterwards, whatever happens")
  func few() throws {
    let usual = try setting("cache_size")
    let few = try connection.keepingFewPages {
      #expect(try sum(1...4000) == 4000 * 4001 / 2 * 100)
      return try setting("cache_size")
    }
    #expect(try #require(few) > #require(usual))
    #expect(try setting("cache_size") == usual)
    #expect(throws: TestFault()) { try connection.keepingFewPages { throw TestFault() } }
    #expect(try setting("cache_size") == usual)
    try connection.write {
      try connection.keepingFewPages { try connection.run("UPDATE t SET text = 'y'") }
      #expect(try sum(1...4000) == 4000 * 4001 / 2)
    }
    #expect(try sum(1...4000) == 4000 * 4001 / 2)
  }
}
