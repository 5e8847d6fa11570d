import CSQLite
import Testing

@testable import LeadStore

@Suite("Several connections")
struct ConcurrencyTests {
  private let folder: TestFolder
  private let database: LeadDatabase
  private var connection: Connection { database.connection }
  private var path: String { folder.file("leads.db") }

  init() throws {
    folder = try TestFolder()
    database = try LeadDatabase.make(in: folder)
  }

  @Test("a second writer is told that the file is busy, and gets in afterwards", arguments: [0, 30])
  func busy(_ timeout: Int32) throws {
    let second = try LeadDatabase.open(path: path, busyTimeout: timeout)
    try connection.write {
      try database.leads.addAttributeName("first")
      let error = try databaseError { try second.connection.write { _ = Issue.record("two writers at once") } }
      #expect(error?.kind == .busy)
      #expect(error?.code == SQLITE_BUSY)
      #expect(!second.connection.isInTransaction)
    }
    try second.connection.write { try second.leads.addAttributeName("second") }
    #expect(try database.leads.attributeNames() == ["first", "second"])
  }

  @Test("a reader keeps its state while a writer writes, and holds up nobody")
  func readersBesideWriter() throws {
    let reader = try LeadDatabase.open(path: path, mode: .readOnly, busyTimeout: 0)
    try database.addLead(1, "a")
    try reader.connection.read {
      #expect(try reader.leads.count() == 1)
      try connection.write {
        try database.addLead(2, "b")
        #expect(try reader.leads.count() == 1)
      }
      #expect(try reader.leads.count() == 1)
      try database.addLead(3, "c")
    }
    #expect(try reader.leads.count() == 3)
  }

  @Test("an open read on a state that has passed cannot become a write")
  func staleUpgrade() throws {
    let second = try LeadDatabase.open(path: path, busyTimeout: 0)
    let error = try databaseError {
      try second.connection.read {
        #expect(try second.leads.count() == 0)
        try database.addLead(1, "a")
        try second.addLead(1, "b")
      }
    }
    #expect(error?.kind == .busy)
    #expect(try second.leads.row(id: 1)?.key == "a")
  }

  @Test("many readers on many threads see whole transactions only")
  func manyReaders() async throws {
    let path = path
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 1...8 {
        group.addTask {
          let reader = try LeadDatabase.open(path: path, mode: .readOnly)
          var torn = 0
          var seen: Int64 = 0
          while seen < 200 {
            // Each transaction adds ten leads.
            seen = try reader.leads.count()
            if !seen.isMultiple(of: 10) { torn += 1 }
            await Task.yield()
          }
          return torn
        }
      }
      group.addTask {
        let writer = try LeadDatabase.open(path: path)
        for round in Int64(0)..<20 {
          try writer.connection.write {
            for number in 1...10 { try writer.addLead(round * 10 + Int64(number), "\(round)-\(number)") }
          }
          await Task.yield()
        }
        return 0
      }
      for try await torn in group { #expect(torn == 0) }
    }
    #expect(try database.leads.count() == 200)
  }

  @Test("who reads no snapshot misses no event that goes from beside a lead's pages into them")
  func movingEvents() async throws {
    let leads = Int64(1)...100
    func merge(_ instants: ClosedRange<Int64>, _ lead: Int64, beside: Bool, _ database: LeadDatabase) throws {
      var batch = EventBatch()
      for instant in instants { Array(",1".utf8).withUnsafeBufferPointer { batch.append(at: instant, tail: $0) } }
      try database.connection.write {
        try database.events.merge(batch, lead: lead, isNew: false, mayStandBeside: beside) { _ in }
      }
    }
    for lead in leads { try merge(1...2, lead, beside: true, database) }
    let path = path
    try await withThrowingTaskGroup(of: Set<Int>.self) { group in
      group.addTask {
        let reader = try LeadDatabase.open(path: path, mode: .readOnly)
        var seen: Set<Int> = []
        for lead in leads {
          var count = 0
          while count != 3 {
            count = 0
            try reader.events.forEachEvent(leads: lead...lead) { _, _, _ in count += 1 }
            seen.insert(count)
          }
        }
        return seen
      }
      for lead in leads {
        try merge(3...3, lead, beside: false, database)
        await Task.yield()
      }
      for try await seen in group { #expect(seen.isSubset(of: [2, 3])) }
    }
  }

  @Test("many writers on many threads wait for one another")
  func manyWriters() async throws {
    let path = path
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in Int64(0)..<6 {
        group.addTask {
          let database = try LeadDatabase.open(path: path, busyTimeout: 60_000)
          for number in Int64(1)...20 {
            try database.connection.write {
              let id = try database.leads.greatestID() + 1
              try database.addLead(id, "\(writer)-\(number)")
            }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try database.leads.count() == 120)
    #expect(try database.leads.greatestID() == 120)
  }

  @Test("a running statement can be stopped")
  func interrupt() throws {
    var rows = 0
    let error = try databaseError {
      try connection.forEachRow("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n") {
        _ in
        rows += 1
        if rows == 3 { connection.interrupt() }
      }
    }
    #expect(error?.code == SQLITE_INTERRUPT)
    #expect(rows == 3)
    #expect(try database.leads.count() == 0)
  }
}
