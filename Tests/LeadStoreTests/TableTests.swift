import Testing

@testable import LeadStore

@Suite("Tables")
struct TableTests {
  private let folder: TestFolder
  private let database: LeadDatabase

  init() throws {
    folder = try TestFolder()
    database = try LeadDatabase.make(in: folder)
  }

  // MARK: Leads

  @Test("a number that no lead can have is named", arguments: [0, -1, Int64.min, 1 << 32, Int64.max])
  func leadNumbers(_ number: Int64) throws {
    try database.addLead(LeadTable.greatestNumber - 1, "ann")
    #expect(try database.leads.nextID() == LeadTable.greatestNumber)
    try database.addLead(LeadTable.greatestNumber, "bob")
    #expect(try database.leads.greatestID() == LeadTable.greatestNumber)
    #expect(throws: StoreError.noLeadNumber) { try database.leads.nextID() }
    try database.addLead(number, "cid")
    #expect(throws: StoreError.leadNumber(number)) { try database.leads.greatestID() }
  }

  @Test("the pieces of leads to go over have all leads, and leave out large gaps")
  func pieces() throws {
    let leads = database.leads
    #expect(try leads.pieces(of: 10) == [])
    let ids: [Int64] = [1, 10, 11, 645, 1290, 1300, 50_000, 4_000_000_000, LeadTable.greatestNumber]
    for id in ids { try database.addLead(id, "lead \(id)") }
    for size in [1, 10, 2048, 1 << 40] as [Int64] {
      let pieces = try leads.pieces(of: size)
      #expect(pieces == Array(Set(pieces)).sorted())
      #expect(ids.allSatisfy { pieces.contains(Int(($0 - 1) / size)) })
      #expect(pieces.count <= ids.count * 64)
      #expect(pieces.last == Int((LeadTable.greatestNumber - 1) / size))
    }
    #expect(try leads.pieces(of: 1 << 40) == [0])
    #expect(try leads.pieces(of: 1 << 31) == [0, 1])
  }

  @Test("whether anything stands beside a lead's blocks and pages, whatever stands there of those around it")
  func recentLeads() throws {
    let recent = database.recentLeads
    // A lead's rows are those with its number in front of 21 bits.
    for id in [3 << 21 - 1, 4 << 21, 9 << 21 + 1 << 20, 12 << 21 - 1] as [Int64] {
      try database.connection.run("INSERT INTO recent_change VALUES (?1, 0, 0, 1, '[[0,1]]')", id)
    }
    let found = try (1...13).filter { try recent.isAny(of: $0) }
    #expect(found == [2, 4, 9, 11])
    #expect(try !recent.isAny(of: Int64.max))
    #expect(try !recent.isAny(of: -1))
  }

  @Test("leads are found by number and by key, and changed")
  func leads() throws {
    let leads = database.leads
    #expect(try leads.greatestID() == 0)
    #expect(try leads.row(id: 1) == nil)
    try database.addLead(3, "ann", given: "Ann", createdAt: 5, attributes: #"{"a":"\u0000"}"#)
    try database.addLead(7, "bob\0x")
    let ann = LeadRow(id: 3, key: "Ann", createdAt: 5, isCreatedAtGiven: true, attributes: #"{"a":"\u0000"}"#)
    #expect(try leads.row(id: 3) == ann)
    #expect(try leads.row(key: "ann") == ann)
    #expect(try leads.row(key: "Ann") == nil)
    #expect(try leads.id(key: "bob\0x") == 7)
    #expect(try leads.id(key: "bob") == nil)
    let found = try Array("ann".utf8).withUnsafeBufferPointer { try leads.id(key: $0) }
    #expect(found == 3)
    #expect(try leads.greatestID() == 7)
    #expect(try leads.count() == 2)

    try Array("{}".utf8).withUnsafeBufferPointer {
      try leads.update(id: 3, createdAt: 4, isGiven: false, attributes: $0)
    }
    #expect(
      try leads.row(id: 3) == LeadRow(id: 3, key: "Ann", createdAt: 4, isCreatedAtGiven: false, attributes: "{}"))
    var seen: [Int64] = []
    try leads.forEach(from: 1) { seen.append($0.id) }
    try leads.forEach(from: 4) { seen.append($0.id) }
    try leads.forEach(from: 1, through: 3) { seen.append($0.id) }
    #expect(seen == [3, 7, 7, 3])
  }

  @Test("keys for a suggestion begin as what was asked for")
  func suggestions() throws {
    for (index, key) in ["ann", "anna", "bob", "zoe"].enumerated() { try database.addLead(Int64(index + 1), key) }
    #expect(try database.leads.keys(startingWith: "ann", limit: 2) == ["ann", "anna"])
    let keys = try database.leads.keys(startingWith: "ann", limit: 10)
    #expect(keys == ["ann", "anna"])
  }

  @Test("attribute names stay in the order first seen")
  func attributeNames() throws {
    for name in ["title", "Alter", "title", "é", "title"] { try database.leads.addAttributeName(name) }
    #expect(try database.leads.attributeNames() == ["title", "Alter", "é"])
  }

  // MARK: Dictionary

  @Test("types and properties have numbers")
  func dictionary() throws {
    let dictionary = database.dictionary
    let view = try dictionary.addType("page_view")
    let odd = try dictionary.addType("a'\"b\0c")
    #expect(try dictionary.type("page_view") == view)
    #expect(try dictionary.type("a'\"b\0c") == odd)
    #expect(try dictionary.type("Page_View") == nil)
    #expect(try dictionary.typeName(odd) == "a'\"b\0c")
    #expect(try dictionary.typeName(99) == nil)
    #expect(try dictionary.types().map(\.name) == ["page_view", "a'\"b\0c"])
    #expect(try databaseError { _ = try dictionary.addType("page_view") }?.kind == .constraint)

    let path = try dictionary.addPropertyName("path")
    let color = try dictionary.addPropertyName("color")
    #expect(try dictionary.propertyNames().map(\.name) == ["path", "color"])
    #expect(try dictionary.greatestProperty() == 0)
    let values = [#""/pricing""#, "12.5", "true", #"["a","b"]"#]
    for (index, value) in values.enumerated() {
      try Array(value.utf8).withUnsafeBufferPointer {
        try dictionary.addProperty(id: Int64(index + 10), name: path, value: $0)
      }
    }
    for (index, value) in values.enumerated() {
      let found = try #require(try dictionary.property(Int64(index + 10)))
      #expect(found.name == path)
      #expect(found.value == value)
      try Array(value.utf8).withUnsafeBufferPointer { bytes in
        let ids = [
          try dictionary.property(name: path, value: bytes), try dictionary.property(name: color, value: bytes),
        ]
        #expect(ids == [Int64(index + 10), nil])
      }
    }
    #expect(try dictionary.greatestProperty() == 13)
    #expect(try dictionary.valueCount(ofName: path) == 4)
    #expect(try dictionary.valueCount(ofName: color) == 0)
    #expect(try dictionary.property(99) == nil)
  }

  // MARK: Models

  @Test("versions are numbered within their model, activations decide which is active")
  func models() throws {
    let models = database.models
    let (main, first) = try database.addModel()
    let (other, _) = try database.addModel("other")
    #expect(first.number == 1)
    #expect(first.model == main)
    #expect(first.author == "Ann")
    #expect(first.note == nil)
    let second = try models.addVersion(
      model: main, name: nil, document: "two", digest: "2", layout: "{}", createdAt: 9, author: nil, note: "n")
    #expect(second == 2)
    #expect(try models.versions(model: main).map(\.number) == [1, 2])
    #expect(try models.versions(model: other).map(\.number) == [1])
    #expect(try models.version(model: main, digest: "2")?.document == "two")
    #expect(try models.version(model: other, digest: "2") == nil)
    #expect(try models.version(model: main, number: 3) == nil)
    #expect(try models.activeVersion(model: main) == first)
    let row = try #require(try models.version(model: main, number: 2))
    try models.activate(model: main, version: row.id, asOf: 10, recordedAt: 11, person: nil, kind: "apply")
    #expect(try models.activeVersion(model: main) == row)
    try models.activate(model: main, version: first.id, asOf: 12, recordedAt: 13, person: "B", kind: "rollback")
    #expect(try models.activeVersion(model: main) == first)
    #expect(try models.activations(model: main).map(\.version) == [1, 2, 1])
    #expect(try models.activations(model: main).last?.kind == "rollback")
    #expect(try models.activations(model: other).count == 1)
    #expect(try models.all().map(\.name) == ["main", "other"])
  }

  @Test("the last evaluation never goes back")
  func evaluated() throws {
    let (main, _) = try database.addModel()
    let (other, _) = try database.addModel("other")
    #expect(try database.models.lastEvaluation() == nil)
    try database.models.setEvaluated(main, at: -50)
    #expect(try database.models.lastEvaluation() == -50)
    try database.models.setEvaluated(main, at: 100)
    try database.models.setEvaluated(main, at: 40)
    try database.models.setEvaluated(other, at: 70)
    #expect(try database.models.all().map(\.evaluatedAt) == [100, 70])
    #expect(try database.models.lastEvaluation() == 100)
  }

  // MARK: Derived state

  @Test("signals are numbered by what they ask, packs hold a record a lead")
  func signals() throws {
    let signals = database.signals
    let first = try signals.id(ofDefinition: "events {}")
    let second = try signals.id(ofDefinition: "if {}")
    #expect(first != second)
    #expect(try signals.id(ofDefinition: "events {}") == first)
    #expect(try signals.currentPack() == nil)
    let pack = try signals.addPack(signals: "[\(first)]")
    let newer = try signals.addPack(signals: "[\(first),\(second)]")
    #expect(try signals.currentPack()?.id == newer)
    for lead in Int64(1)...3 {
      try database.addLead(lead, "\(lead)")
      try [UInt8(lead), 0, 255].withUnsafeBytes { try signals.put(pack: pack, lead: lead, $0) }
    }
    try [UInt8]().withUnsafeBytes { try signals.put(pack: pack, lead: 2, $0) }
    var states: [[UInt8]] = []
    #expect(try signals.withState(pack: pack, lead: 1) { states.append(Array($0)) })
    #expect(try signals.withState(pack: pack, lead: 2) { states.append(Array($0)) })
    #expect(try !signals.withState(pack: newer, lead: 1) { _ in })
    #expect(states == [[1, 0, 255], []])
    var leads: [Int64] = []
    try signals.forEachState(pack: pack, leads: 2...9) { lead, _ in leads.append(lead) }
    #expect(leads == [2, 3])
    try signals.removePack(pack)
    #expect(try !signals.withState(pack: pack, lead: 3) { _ in })
    #expect(try signals.currentPack()?.id == newer)
  }

  @Test("scores replace one another; those that are due are found")
  func scores() throws {
    let scores = database.scores
    let (model, _) = try database.addModel()
    let (other, _) = try database.addModel("other")
    func row(_ model: Int64, _ lead: Int64, stage: String?, next: Int64?) -> ScoreRow {
      ScoreRow(
        model: model, lead: lead, version: 1, score: -lead, stage: stage, ruleStage: "new", enteredStageAt: 5,
        grade: nil, groups: "[]", rules: "[]", scoredAt: 6, nextChangeAt: next)
    }
    for lead in Int64(1)...5 {
      try database.addLead(lead, "\(lead)")
      try scores.put(row(model, lead, stage: lead < 4 ? "new" : nil, next: lead == 5 ? nil : 100 - lead * 10))
    }
    try scores.put(row(other, 1, stage: "new", next: 1))
    #expect(try scores.row(model: model, lead: 2) == row(model, 2, stage: "new", next: 80))
    #expect(try scores.row(model: other, lead: 2) == nil)
    #expect(try scores.due(model: model, by: 59, limit: 10) == [])
    #expect(try !scores.isAnyDue(model: model, by: 59))
    #expect(try scores.isAnyDue(model: model, by: 60))
    #expect(try scores.due(model: model, by: 80, limit: 10) == [2, 3, 4])
    #expect(try scores.due(model: model, by: 80, limit: 2).count == 2)
    try scores.put(row(model, 3, stage: "mql", next: nil))
    #expect(try scores.due(model: model, by: 1000, limit: 10) == [1, 2, 4])
    var seen: [Int64] = []
    try scores.forEach(model: model, leads: 2...4) { seen.append($0.lead) }
    try scores.forEach(model: other) { seen.append($0.lead) }
    #expect(seen == [2, 3, 4, 1])
    let counts = try scores.stageCounts(model: model).map { "\($0.stage ?? "-") \($0.count)" }
    #expect(counts.sorted() == ["- 2", "mql 1", "new 2"])
  }

  // MARK: History

  @Test("history is filtered, ordered and limited")
  func history() throws {
    let (model, _) = try database.addModel()
    let (other, _) = try database.addModel("other")
    try database.addLead(1, "ann", given: "Ann")
    try database.addLead(2, "bob")
    let rows: [HistoryRow] = [
      .sample(model: model, lead: 1, at: 30, before: nil, after: 1, stageBefore: nil, cause: .import),
      .sample(model: model, lead: 2, at: 10, before: nil, after: 2, stageBefore: nil, stageAfter: nil, cause: .event),
      .sample(model: model, lead: 1, at: 40, before: 1, after: 3, stageAfter: "mql", cause: .time),
      .sample(model: other, lead: 1, at: 40, before: nil, after: 4, cause: .rules),
      .sample(
        model: model, lead: 1, at: 40, before: 3, after: 5, stageBefore: "mql", stageAfter: "mql", cause: .recompute),
    ]
    for row in rows { try database.history.append(row) }
    func ids(limit: Int = -1, _ change: (inout HistoryFilter) -> Void) throws -> [Int64] {
      var filter = HistoryFilter()
      change(&filter)
      var ids: [Int64] = []
      try database.history.forEach(model: model, filter: filter, limit: limit) { row, key in
        var expected = rows[Int(row.id) - 1]
        expected.id = row.id
        #expect(row == expected)
        #expect(key == (row.lead == 1 ? "Ann" : "bob"))
        ids.append(row.id)
      }
      return ids
    }
    #expect(try ids { _ in } == [2, 1, 3, 5])
    #expect(try ids(limit: 2) { _ in } == [2, 1])
    #expect(try ids { $0.lead = 1 } == [1, 3, 5])
    #expect(try ids { $0.since = 30 } == [1, 3, 5])
    #expect(try ids { $0.until = 30 } == [2, 1])
    #expect(try ids { $0.causes = [.time, .event] } == [2, 3])
    #expect(try ids { $0.onlyStageChanges = true } == [1, 3])
    #expect(
      try ids {
        $0.lead = 1
        $0.since = 31
        $0.until = 40
        $0.causes = Cause.allCases
        $0.onlyStageChanges = true
      } == [3])
    #expect(try database.history.row(model: model, lead: 1, at: 29) == nil)
    #expect(try database.history.row(model: model, lead: 1, at: 39)?.id == 1)
    #expect(try database.history.row(model: model, lead: 1, at: 40)?.id == 5)
    #expect(try database.history.count() == 5)
  }

  @Test("every cause can be stored")
  func causes() throws {
    let (model, _) = try database.addModel()
    try database.addLead(1, "ann")
    for cause in Cause.allCases {
      try database.history.append(.sample(model: model, lead: 1, at: 1, before: 1, after: 1, cause: cause))
    }
    #expect(try database.history.count() == Int64(Cause.allCases.count))
  }

  // MARK: People and imports

  @Test("what people said is read back in the order in which they said it")
  func judgements() throws {
    let (model, _) = try database.addModel()
    let (other, _) = try database.addModel("other")
    try database.addLead(1, "ann")
    #expect(try database.judgements.isEmpty())
    let connection = database.connection
    for (model, stage, until) in [(model, "mql", Int64?.none), (other, "x", nil), (model, "sql", 90)] {
      try connection.run(
        "INSERT INTO fast_track (model_id, lead_id, stage, from_at, until_at, person, reason, recorded_at) "
          + "VALUES (?1, 1, ?2, 10, ?3, 'Ann', 'why', 0)", model, stage, until)
    }
    #expect(try !database.judgements.isEmpty())
    #expect(
      try database.judgements.fastTracks(model: model, lead: 1) == [
        FastTrackRow(id: 1, lead: 1, stage: "mql", from: 10, until: nil, person: "Ann", reason: "why"),
        FastTrackRow(id: 3, lead: 1, stage: "sql", from: 10, until: 90, person: "Ann", reason: "why"),
      ])
    #expect(try database.judgements.fastTracks(model: model, lead: 2) == [])
    try connection.run("DELETE FROM fast_track")
    try connection.run(
      "INSERT INTO adjustment (lead_id, points, from_at, until_at, person, reason, recorded_at) "
        + "VALUES (1, -250, 5, NULL, 'Bob', 'no', 0)")
    #expect(try !database.judgements.isEmpty())
    #expect(
      try database.judgements.adjustments(lead: 1) == [
        AdjustmentRow(id: 1, lead: 1, points: -250, from: 5, until: nil, person: "Bob", reason: "no")
      ])
  }

  @Test("an import is recorded with its counts")
  func imports() throws {
    #expect(try database.imports.nextNumber() == 1)
    var counts = ImportCounts()
    try database.imports.record(1, kind: "events", file: "a 'b'.csv", asOf: 5, recordedAt: 6, counts)
    #expect(try database.imports.nextNumber() == 2)
    counts.read = 1
    counts.created = 2
    counts.leadsCreated = 3
    counts.updated = 4
    counts.unchanged = 5
    counts.duplicates = 6
    counts.rejected = 7
    try database.imports.record(1, kind: "events", file: "a 'b'.csv", asOf: 5, recordedAt: 60, counts)
    #expect(try database.imports.count() == 1)
    #expect(
      try database.connection.rows(
        "SELECT kind, file, as_of, recorded_at, read, created, leads_created, updated, unchanged, duplicates, rejected "
          + "FROM import_run", columns: 11) == [
          ["events", "a 'b'.csv", "5", "6", "1", "2", "3", "4", "5", "6", "7"]
        ])
  }
}
