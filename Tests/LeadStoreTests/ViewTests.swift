import LeadStore
import Testing

@Suite("Views for people")
struct ViewTests {
  private let folder: TestFolder
  private let database: LeadDatabase
  private let connection: Connection

  init() throws {
    folder = try TestFolder()
    database = try LeadDatabase.make(in: folder)
    // As people open it: older versions of SQLite let no view call a JSON function where the schema is not trusted.
    connection = try Connection(path: folder.file("leads.db"), mode: .readOnly)
    try connection.execute("PRAGMA trusted_schema = ON")
  }

  @Test("leads: the key as given, the instant as people write it, attributes as JSON")
  func leads() throws {
    try database.addLead(
      1, "ann@example.com", given: "Ann@Example.com", createdAt: 1_700_000_000_123,
      attributes: #"{"title":"VP \"Sales\""}"#)
    try database.addLead(2, "bob", createdAt: -1)
    #expect(
      try connection.rows("SELECT lead_id, key, created_at, attributes ->> 'title' FROM v_leads", columns: 4) == [
        ["1", "Ann@Example.com", "2023-11-14T22:13:20.123Z", "VP \"Sales\""],
        ["2", "bob", "1969-12-31T23:59:59.999Z", nil],
      ])
  }

  @Test("instants lose no millisecond")
  func instants() throws {
    var random = SeededRandom(seed: 1)
    try database.connection.write {
      for id in Int64(1)...2000 {
        try database.addLead(
          id, "\(id)", createdAt: Int64.random(in: -2_208_988_800_000..<7_258_118_400_000, using: &random))
      }
    }
    let wrong = try connection.rows(
      """
      SELECT l.created_at, v.created_at FROM v_leads AS v JOIN lead AS l ON l.id = v.lead_id
      WHERE CAST(strftime('%s', substr(v.created_at, 1, 19)) AS INTEGER) * 1000 + substr(v.created_at, 21, 3)
        IS NOT l.created_at
      """, columns: 2)
    #expect(wrong.isEmpty)
  }

  @Test("events: ids, interned and other properties, lists and text with quotes")
  func events() throws {
    try database.addLead(1, "ann", given: "Ann")
    try database.addLead(2, "bob")
    let view = try database.dictionary.addType("page_view")
    let odd = try database.dictionary.addType("it's \"odd\"")
    let path = try database.dictionary.addPropertyName("path")
    let tags = try database.dictionary.addPropertyName("ta\"gs")
    try intern(10, path, #""/pricing?a=\"b\"""#)
    try intern(11, path, "12.5")
    try intern(12, tags, #"["a","b]\"["]"#)
    try intern(13, tags, "true")
    try put(
      lead: 1, firstAt: 1_700_000_000_000,
      [
        "0,\(view)", #"1,\#(odd),"e-17""#, #"1500,\#(view),"q\"]['",10,12"#,
        #"1500,\#(view),11,13,["no\"te","a \\ b"],["n",-1e3],["l",["x","]"]],["t",false]"#,
      ])
    try put(lead: 2, firstAt: -500, ["0,\(view)"])
    #expect(
      try connection.rows("SELECT lead_id, key, type, occurred_at, id, properties FROM v_events", columns: 6) == [
        ["1", "Ann", "page_view", "2023-11-14T22:13:20.000Z", nil, "{}"],
        ["1", "Ann", "it's \"odd\"", "2023-11-14T22:13:20.001Z", "e-17", "{}"],
        [
          "1", "Ann", "page_view", "2023-11-14T22:13:21.500Z", "q\"]['",
          #"{"path":"/pricing?a=\"b\"","ta\"gs":["a","b]\"["]}"#,
        ],
        [
          "1", "Ann", "page_view", "2023-11-14T22:13:21.500Z", nil,
          #"{"path":12.5,"ta\"gs":true,"no\"te":"a \\ b","n":-1e3,"l":["x","]"],"t":false}"#,
        ],
        ["2", "bob", "page_view", "1969-12-31T23:59:59.500Z", nil, "{}"],
      ])
    // A page beside the others.
    try database.connection.execute(
      "INSERT INTO recent_change SELECT 2 * id + 1, 0, 0, 1, '[[0,\(view)]]' FROM event_page")
    let last = try connection.rows("SELECT key, occurred_at FROM v_events ORDER BY lead_id, occurred_at", columns: 2)
    #expect(last.count == 7 && last.contains(["bob", "1970-01-01T00:00:00.000Z"]))
  }

  @Test("scores: points in points, groups and rules by their names")
  func scores() throws {
    let (model, _) = try database.addModel()
    try database.addLead(1, "ann", given: "Ann")
    try database.scores.put(
      ScoreRow(
        model: model, lead: 1, version: 1, score: -4505, stage: "mql", ruleStage: "new", enteredStageAt: 1000,
        grade: "A1", groups: "[1500,-5]", rules: "[0,1000,2,-250]", scoredAt: 2000, nextChangeAt: 3001))
    try database.addLead(2, "bob")
    try database.scores.put(
      ScoreRow(
        model: model, lead: 2, version: 1, score: 0, stage: nil, ruleStage: nil, enteredStageAt: 0, grade: nil,
        groups: "[0,0]", rules: "[]", scoredAt: 0, nextChangeAt: nil))
    #expect(
      try connection.rows(
        """
        SELECT model, key, score, stage, grade, groups, rules, version, scored_at, next_change_at, entered_stage_at
        FROM v_scores ORDER BY key
        """, columns: 11) == [
          [
            "main", "Ann", "-45.05", "mql", "A1", #"{"fit":15.0,"en\"gagement":-0.05}"#, #"{"a":10.0,"c":-2.5}"#, "1",
            "1970-01-01T00:00:02.000Z", "1970-01-01T00:00:03.001Z", "1970-01-01T00:00:01.000Z",
          ],
          [
            "main", "bob", "0.0", nil, nil, #"{"fit":0.0,"en\"gagement":0.0}"#, "{}", "1", "1970-01-01T00:00:00.000Z",
            nil, "1970-01-01T00:00:00.000Z",
          ],
        ])
  }

  @Test("history: each row as it was recorded, also in a run", arguments: [false, true])
  func history(_ isFolded: Bool) throws {
    let (model, _) = try database.addModel()
    try database.addLead(1, "ann", given: "Ann")
    try database.history.append(
      .sample(model: model, lead: 1, at: 1000, before: nil, after: 150, stageBefore: nil, cause: .fastTrack))
    try database.history.append(.sample(model: model, lead: 1, at: 2000, before: 150, after: -1, stageAfter: "mql"))
    if isFolded { try database.connection.write { try database.history.foldRecent() } }
    #expect(
      try connection.rows(
        """
        SELECT history_id, model, key, at, recorded_at, before, after, stage_before, stage_after, grade_after, cause,
          cause_ref, version
        FROM v_history ORDER BY history_id
        """, columns: 13) == [
          [
            "1", "main", "Ann", "1970-01-01T00:00:01.000Z", "1970-01-01T00:00:01.001Z", nil, "1.5", nil, "new", "A1",
            "fast-track", "7", "1",
          ],
          [
            "2", "main", "Ann", "1970-01-01T00:00:02.000Z", "1970-01-01T00:00:02.001Z", "1.5", "-0.01", "new", "mql",
            "A1", "event", "7", "1",
          ],
        ])
  }

  @Test("versions: the active one is marked, in every model its own")
  func versions() throws {
    let (main, _) = try database.addModel()
    _ = try database.addModel("other")
    let number = try database.models.addVersion(
      model: main, name: nil, document: "x", digest: "second", layout: "{}", createdAt: 800, author: nil, note: "n")
    #expect(number == 2)
    let columns = "SELECT model, version, name, is_active, created_at, author, note, digest, document FROM v_versions"
    let document = "rules: []\n# a 'quoted' remark\n"
    #expect(
      try connection.rows(columns + " ORDER BY model, version", columns: 9) == [
        ["main", "1", "first", "1", "1970-01-01T00:00:00.600Z", "Ann", nil, "d-main", document],
        ["main", "2", nil, "0", "1970-01-01T00:00:00.800Z", nil, "n", "second", "x"],
        ["other", "1", "first", "1", "1970-01-01T00:00:00.600Z", "Ann", nil, "d-other", document],
      ])
    let second = try #require(try database.models.version(model: main, number: 2))
    try database.models.activate(
      model: main, version: second.id, asOf: 0, recordedAt: 0, person: nil, kind: "apply")
    #expect(
      try connection.rows("SELECT model, version FROM v_versions WHERE is_active ORDER BY model", columns: 2)
        == [["main", "2"], ["other", "1"]])
  }

  // MARK: Filling

  private func intern(_ id: Int64, _ name: Int64, _ json: String) throws {
    var json = json
    try json.withUTF8 { try database.dictionary.addProperty(id: id, name: name, value: $0) }
  }

  /// A page made of the texts between the brackets of its events.
  private func put(lead: Int64, firstAt: Int64, _ events: [String]) throws {
    let last = events.last.flatMap { Int64($0.prefix { $0 != "," }) } ?? 0
    try database.events.insert(
      EventPage(
        id: lead * EventPage.pagesPerLead, firstAt: firstAt, lastAt: firstAt + last, count: events.count,
        body: Array(("[" + events.map { "[\($0)]" }.joined(separator: ",") + "]").utf8)))
  }
}
