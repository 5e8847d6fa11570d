import LeadStore
import Testing

@Suite("From a database with recent changes in three tables")
struct RecentChangeMigrationTests {
  /// Of a lead that has nothing beside the others.
  private static let tooGreat: Int64 = 1 << 42 + 1

  @Test("scores, records and events beside the others stay those of their leads, and go with them")
  func upgrade() throws {
    let folder = try TestFolder()
    let path = folder.file("leads.db")
    let great: Int64 = 1 << 40 - 1
    let line = #"[%,1,1500,"new","new",5,null,[15],[0,1500],7,90]"#
    do {
      let connection = try Connection(path: path, mode: .create)
      try Migrator(migrations: Array(Migration.all.prefix(8))).migrate(connection, now: { 1 }, program: "1")
      try connection.execute(
        """
        INSERT INTO model VALUES (1, 'main', 0, 7), (2, 'other', 0, 7);
        INSERT INTO signal_pack VALUES (1, '[]'), (3, '[]');
        INSERT INTO event_type VALUES (1, 'view');
        """)
      for lead: Int64 in [1, 2, 16, 17, great] {
        try connection.run("INSERT INTO lead VALUES (?1, ?2, NULL, 0, 0, '{}')", lead, "lead\(lead)")
        let text = line.replacing("%", with: "\(lead)")
        for model in Int64(1)...2 where lead != 16 {
          try connection.run("INSERT INTO recent_score VALUES (?1, ?2)", model << 40 | lead, text)
        }
        for pack in [Int64(1), 3] where lead != 17 {
          try connection.run(
            "INSERT INTO recent_signals VALUES (?1, CAST(?2 AS BLOB))", pack << 40 | lead, "\(pack)-\(lead)")
        }
        try connection.run(
          "INSERT INTO recent_event_page VALUES (?1, 4, 9, 2, '[[0,1],[5,1]]')", lead << 20 | (lead == 2 ? 7 : 0))
      }
      try connection.run(
        "INSERT INTO recent_event_page VALUES (?1, 4, 9, 2, '[[0,1],[5,1]]')", RecentChangeMigrationTests.tooGreat << 20
      )
      try connection.execute(
        """
        INSERT INTO score_block VALUES (1 << 40, '[0' || char(10) || ',\(line.replacing("%", with: "2"))' || char(10)
          || ',\(line.replacing("%", with: "3"))' || char(10) || ']');
        INSERT INTO lead VALUES (3, 'lead3', NULL, 0, 0, '{}');
        INSERT INTO recent_history (id, model_id, lead_id, at, recorded_at, after, cause, version)
          VALUES (4, 1, 2, 5, 5, 5, 'event', 1), (5, 1, 17, 5, 5, 5, 'event', 1), (6, 1, 2, 6, 6, 6, 'event', 1);
        """)
      try Migrator().migrate(connection, now: { 2 }, program: "2")
      #expect(try connection.text("PRAGMA integrity_check") == "ok")
    }
    let database = try LeadDatabase.open(path: path)
    func scored(_ model: Int64) throws -> [Int64] {
      var leads: [Int64] = []
      try database.scores.forEach(model: model) { leads.append($0.lead) }
      return leads
    }
    func found(_ pack: Int64) throws -> [Int64: String] {
      var records: [Int64: String] = [:]
      try database.signals.forEachState(pack: pack, leads: 1...Int64.max) {
        records[$0] = String(decoding: $1, as: UTF8.self)
      }
      return records
    }
    func events() throws -> [Int64: [Int64]] {
      var instants: [Int64: [Int64]] = [:]
      try database.events.forEachEvent(leads: 1...(1 << 41)) { lead, instant, _ in
        instants[lead, default: []].append(instant)
      }
      return instants
    }
    #expect(try scored(1) == [1, 2, 3, 17, great])
    #expect(try scored(2) == [1, 2, 17, great])
    for pack in [Int64(1), 3] {
      #expect(try found(pack) == [1: "\(pack)-1", 2: "\(pack)-2", 16: "\(pack)-16", great: "\(pack)-\(great)"])
    }
    #expect(try events() == [1: [4, 9], 2: [4, 9], 16: [4, 9], 17: [4, 9], great: [4, 9]])
    #expect(
      try database.connection.rows("SELECT id >> 20, count FROM event_page", columns: 2)
        == [["\(RecentChangeMigrationTests.tooGreat)", "2"]])
    #expect(try database.events.recentPage(lead: 2)?.id == 2 << 20 | 7)
    // A person with plain SQL sees the same, under the names of before too.
    try database.connection.execute("PRAGMA trusted_schema = ON")
    let rows = try database.connection.rows(
      "SELECT model_id, group_concat(lead_id) FROM (SELECT * FROM lead_score ORDER BY 1, 2) GROUP BY 1", columns: 2)
    #expect(rows == [["1", "1,2,3,17,\(great)"], ["2", "1,2,17,\(great)"]])
    #expect(
      try database.connection.rows("SELECT id & 1048575 FROM recent_event_page ORDER BY id", columns: 1)
        == [["0"], ["7"], ["0"], ["0"], ["0"]])
    #expect(
      try database.connection.integer("SELECT count(*) FROM v_events WHERE type = 'view' AND lead_id < 1 << 41") == 10)
    #expect(
      try database.connection.rows(
        "SELECT id >> 40, CAST(record AS TEXT) FROM recent_signals ORDER BY 1, 2", columns: 2
      )
      .prefix(2) == [["1", "1-1"], ["1", "1-\(great)"]])
    // One lead's history, of which no index tells.
    var filter = HistoryFilter()
    filter.lead = 2
    var ids: [Int64] = []
    try database.history.forEach(model: 1, filter: filter) { row, _ in ids.append(row.id) }
    #expect(ids == [4, 6])

    try database.connection.run("DELETE FROM lead WHERE id = 2")
    #expect(try scored(1) == [1, 3, 17, great] && scored(2) == [1, 17, great])
    #expect(try found(3)[2] == nil && events()[2] == nil)
    #expect(try database.connection.integer("SELECT count(*) FROM recent_change WHERE id >> 21 = 2") == 0)
    #expect(try database.connection.integer("SELECT count(*) FROM recent_history") == 1)
    try database.signals.removePack(1)
    #expect(try found(1).isEmpty && found(3).count == 3)
  }
}
