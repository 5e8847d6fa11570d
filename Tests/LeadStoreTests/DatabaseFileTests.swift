import LeadStore
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite("Database files")
struct DatabaseFileTests {
  private let folder: TestFolder
  private var path: String { folder.file("leads.db") }

  init() throws {
    folder = try TestFolder()
  }

  @Test("creating runs the body in one transaction")
  func create() throws {
    try LeadDatabase.create(at: path) { database in
      #expect(database.connection.isInTransaction)
      try database.addLead(1, "ann")
    }
    #expect(try LeadDatabase.open(path: path).leads.count() == 1)
  }

  @Test("nothing is left of a file whose creation failed")
  func createFails() throws {
    #expect(throws: TestFault()) {
      try LeadDatabase.create(at: path) { database in
        try database.addLead(1, "ann")
        throw TestFault()
      }
    }
    #expect(folder.files == [])
  }

  @Test("a file that is there is not touched by creating")
  func exists() throws {
    try writeFile(Array("mine".utf8), to: path)
    #expect(throws: StoreError.exists(path: path)) {
      try LeadDatabase.create(at: path) { _ in }
    }
    #expect(try fileBytes(path) == Array("mine".utf8))
  }

  @Test("a folder that is not there is said to be the trouble")
  func cannotCreate() throws {
    let path = folder.file("no/such/leads.db")
    do {
      try LeadDatabase.create(at: path) { _ in }
      Issue.record("made a file in no folder")
    } catch StoreError.cannotCreate(path: let refused, reason: let reason) {
      #expect(refused == path)
      #expect(!reason.isEmpty)
    }
  }

  @Test("a missing file, a folder and a path through a file are told apart")
  func missing() throws {
    #expect(throws: StoreError.missing(path: path)) { try LeadDatabase.open(path: path) }
    #expect(throws: StoreError.missing(path: path)) { try DatabaseInfo.read(path: path) }
    #expect(throws: StoreError.isDirectory(path: folder.path)) { try LeadDatabase.open(path: folder.path) }
    try writeFile([1], to: folder.file("file"))
    #expect(throws: StoreError.missing(path: folder.file("file/leads.db"))) {
      try LeadDatabase.open(path: folder.file("file/leads.db"))
    }
    #expect(folder.files == ["file"])
  }

  @Test("what is not a lead database is not ours, and stays as it is")
  func notOurs() throws {
    let others = try Connection(path: folder.file("others.db"), mode: .create)
    try others.execute("CREATE TABLE song (id INTEGER PRIMARY KEY)")
    let named = try Connection(path: folder.file("named.db"), mode: .create)
    try named.execute("PRAGMA application_id = 7")
    try writeFile([], to: folder.file("empty.db"))
    try writeFile(Array("key,title\nann,VP\n".utf8), to: folder.file("leads.csv"))
    try writeFile([UInt8](repeating: 0x5A, count: 8192), to: folder.file("noise.db"))
    for name in ["others.db", "named.db", "empty.db", "leads.csv", "noise.db"] {
      let path = folder.file(name)
      let before = try fileBytes(path)
      #expect(throws: StoreError.notOurs(path: path), "\(name)") { try LeadDatabase.open(path: path) }
      #expect(throws: StoreError.notOurs(path: path), "\(name)") { try LeadDatabase.openOverlay(path: path) }
      #expect(throws: StoreError.notOurs(path: path), "\(name)") {
        try DatabaseMigration.migrate(path: path, now: { 1 }, program: "1")
      }
      #expect(throws: StoreError.notOurs(path: path), "\(name)") { try DatabaseInfo.read(path: path) }
      #expect(try fileBytes(path) == before, "\(name)")
    }
  }

  @Test("another program's file is not migrated into ours")
  func migrateOthers() throws {
    let connection = try Connection(path: path, mode: .create)
    try connection.execute("CREATE TABLE song (id INTEGER PRIMARY KEY)")
    #expect(throws: StoreError.notOurs(path: path)) {
      try Migrator().migrate(connection, now: { 1 }, program: "1")
    }
    #expect(!connection.isInTransaction)
    #expect(try connection.rows("SELECT name FROM sqlite_schema", columns: 1) == [["song"]])
  }

  @Test("a damaged file is an error and not a crash")
  func damaged() throws {
    do {
      let database = try LeadDatabase.make(in: folder)
      for id in Int64(1)...200 { try database.addLead(id, "lead-\(id)") }
      try database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }
    let sound = try fileBytes(path)
    var random = SeededRandom(seed: 11)
    for round in 0..<60 {
      var bytes = sound
      if round.isMultiple(of: 3) {
        bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random))
      } else {
        for _ in 0..<300 {
          bytes[Int.random(in: 100..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
      }
      for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
      try writeFile(bytes, to: path)
      do {
        let database = try LeadDatabase.open(path: path)
        try database.leads.forEach({ _ in })
        try database.events.forEachEvent(leads: 1...Int64.max) { _, _, _ in }
        _ = try database.history.count()
      } catch is DatabaseError {
      } catch is StoreError {}
    }
  }

  @Test("what a database holds is told")
  func info() throws {
    let database = try LeadDatabase.make(in: folder)
    var info = try DatabaseInfo.read(path: path)
    #expect(info.leads == 0)
    #expect(info.events == 0)
    #expect(info.firstEvent == nil)
    #expect(info.evaluatedAt == nil)
    let (model, _) = try database.addModel()
    try database.addLead(1, "ann")
    try database.events.insert(
      EventPage(id: 1 << 20, firstAt: -5, lastAt: 70, count: 2, body: Array("[[0,1],[75,1]]".utf8)))
    try database.history.append(.sample(model: model, lead: 1, at: 10, before: nil, after: 100))
    try database.models.setEvaluated(model, at: 900)
    try database.imports.record(1, kind: "leads", file: "a.csv", asOf: 1, recordedAt: 1, ImportCounts())
    info = try DatabaseInfo.read(path: path)
    #expect(info.path == path)
    #expect(info.bytes == Int64(try fileBytes(path).count))
    #expect(info.layout == Migration.all.count)
    #expect(info.pending == [])
    #expect(info.journalMode == "wal")
    #expect(info.leads == 1)
    #expect(info.events == 2)
    #expect(info.firstEvent == -5)
    #expect(info.lastEvent == 70)
    #expect(info.historyRows == 1)
    #expect(info.imports == 1)
    #expect(info.evaluatedAt == 900)
  }
}
