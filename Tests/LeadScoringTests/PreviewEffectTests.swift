import LeadScoring
import LeadStore
import ScoreEngine
import Testing

/// What a preview reads and writes, and what its plan holds against an application.
@Suite struct PreviewEffectTests {
  /// Fifteen leads with events over some weeks, evaluated as of `now`; all rules are active as version 1.
  private struct World {
    let folder: ScratchFolder
    let session: ScoringSession

    static let day: Int64 = 86_400_000
    static let now: Int64 = 1_770_000_000_000

    static let rules = """
      score: { min: 0, max: 90 }
      groups:
        fit: { min: 0, max: 40 }
        engagement: { min: -20, max: 60 }
      rules:
        - { id: title, group: fit, points: 15, if: { title: { contains: vp } } }
        - id: views
          group: engagement
          points: 5
          every: { event: view, within: 30d, limit: 4 }
        - id: clicks
          group: engagement
          points: 8
          every: { event: click, decay: { percent: 50, every: 10d } }
        - { id: hot, group: engagement, points: 10, when: { event: view, at_least: 2, within: 7d } }
        - { id: dark, group: engagement, points: -6, silence: { for: 14d, repeat: 2 } }
      stages:
        - id: nurture
        - { id: mql, enter: { score: 20 }, keep: { score: 15 } }
        - { id: sql, enter: { score: 35 }, handoff: true }
      grade:
        - { group: fit, bands: [ { at: 10, label: A }, { label: B } ] }

      """

    init() throws {
      try self.init(rules: World.rules)
      var leads = ""
      var events = ""
      for lead in 0..<15 {
        leads += #"{"key":"lead\#(lead)","attributes":{"title":"\#(lead.isMultiple(of: 2) ? "VP" : "Clerk")"}}"# + "\n"
        for number in 0..<(lead % 6) {
          let at = World.now - Int64(number * lead) * World.day
          let type = (lead + number).isMultiple(of: 3) ? "click" : "view"
          events += #"{"key":"lead\#(lead)","type":"\#(type)","occurred_at":"\#(Instant(milliseconds: at))"}"# + "\n"
        }
      }
      try importLeads(leads)
      try importEvents(events)
    }

    /// No leads yet.
    init(rules: String) throws {
      folder = try ScratchFolder()
      try DatabaseCreation.create(
        path: folder.path("leads.db"), rules: try CheckedRules(text: rules, file: "rules"),
        asOf: World.now - World.day, clock: { 0 }, program: "test", by: nil)
      session = try RandomDatabase.open(folder.path("leads.db"))
    }

    func importLeads(_ text: String, at asOf: Int64 = World.now) throws {
      _ = try session.importLeads([try folder.write(text, to: "l.jsonl")], asOf: asOf, options: ImportOptions())
    }

    func importEvents(_ text: String, at asOf: Int64 = World.now) throws {
      _ = try session.importEvents([try folder.write(text, to: "e.jsonl")], asOf: asOf, options: ImportOptions())
    }

    /// The rules with a place changed.
    static func rules(_ old: String, _ new: String) throws -> CheckedRules {
      let parts = rules.split(separator: old, omittingEmptySubsequences: false)
      try #require(parts.count == 2, "'\(old)' stands \(parts.count - 1) times in the rules")
      return try CheckedRules(text: parts.joined(separator: new), file: "rules")
    }

    func add(_ old: String, _ new: String) throws -> Int {
      try session.addRules(World.rules(old, new), model: "main", author: nil, note: nil).number
    }

    /// Previews a version and gives the number of its plan.
    func plan(_ number: Int, at asOf: Int64 = World.now) throws -> Int64 {
      let row = try session.version(number, model: "main").row
      let rules = try CheckedRules(text: row.document, file: "rules")
      return try #require(try session.previewRules(rules, number: number, model: "main", asOf: asOf).plan)
    }

    func apply(_ number: Int, plan: Int64?, at asOf: Int64 = World.now, model: String = "main") throws -> ApplyReport {
      var options = ApplyOptions()
      options.plan = plan
      return try session.applyRules(number, model: model, asOf: asOf, options: options)
    }

    /// Expects a refusal after which everything is as before.
    func refused(
      at location: SourceLocation = #_sourceLocation, _ body: () throws -> Void
    ) throws -> ScoringError? {
      let before = try session.database.connection.contents()
      let error = #expect(throws: ScoringError.self, sourceLocation: location) { try body() }
      let isSame = try session.database.connection.contents() == before
      #expect(isSame, "the refusal changed something", sourceLocation: location)
      return error
    }
  }

  // MARK: Reading

  /// Changes of a version that ask nothing new of the events.
  private static let sameQuestions = [
    ("points: 15", "points: 25"), ("points: 8", "points: -3.25"), ("points: -6", "points: 0"),
    ("limit: 4", "limit: 1"), ("within: 30d", "within: 6d"), ("within: 30d", "within: 300d"),
    ("percent: 50, every: 10d", "percent: 20, every: 3d"),
    ("within: 30d, limit: 4", "within: 30d, decay: { percent: 50, every: 10d, linear: true }"),
    ("at_least: 2, within: 7d", "at_least: 1, within: 2d"), ("for: 14d, repeat: 2", "for: 3d, repeat: 5"),
    ("max: 60", "max: 12"), ("max: 90", "max: 30"),
    ("enter: { score: 20 }, keep: { score: 15 }", "enter: { score: 16 }"),
    ("enter: { score: 35 }", "enter: { score: 25, engagement: 5 }"), ("at: 10, label: A", "at: 20, label: A"),
    ("  - { id: dark, group: engagement, points: -6, silence: { for: 14d, repeat: 2 } }\n", ""),
    ("group: engagement\n    points: 5", "group: fit\n    points: 5"),
  ]

  @Test(arguments: sameQuestions)
  func whatAsksNothingNewReadsNoEvent(old: String, new: String) throws {
    let world = try World()
    let rules = try World.rules(old, new)
    let database = world.session.database
    for asOf in [World.now, World.now + 9 * World.day] {
      var statements: [String] = []
      var moves: [PreviewReport.Move] = []
      var options = PreviewOptions()
      options.onChange = { moves.append($0) }
      database.connection.onStatement = { statements.append($0) }
      let report = try world.session.previewRules(rules, number: nil, model: "main", asOf: asOf, options: options)
      database.connection.onStatement = nil
      #expect(report.leads == 15)
      #expect(statements.contains { $0.contains("signal_block") })
      #expect(!statements.contains { $0.contains("event") }, "reads events")
      #expect(writtenTables(statements).isSubset(of: Connection.planTables))

      // Without any events at all the preview is the same.
      let bare = world.folder.path("bare-\(asOf).db")
      try database.connection.execute("VACUUM INTO '\(bare)'")
      let twin = try RandomDatabase.open(bare)
      try twin.database.connection.execute("DELETE FROM event_page; DELETE FROM recent_change WHERE id & 1048576 = 0")
      var twinMoves: [PreviewReport.Move] = []
      options.onChange = { twinMoves.append($0) }
      let twinReport = try twin.previewRules(rules, number: nil, model: "main", asOf: asOf, options: options)
      #expect(twinMoves == moves)
      #expect(twinReport.stageMatrix == report.stageMatrix && twinReport.rules == report.rules)
      let digests = try [
        world.session.plan(try #require(report.plan), model: "main").digest,
        twin.plan(try #require(twinReport.plan), model: "main").digest,
      ]
      #expect(digests[0] == digests[1])
    }
  }

  @Test func aNewConditionReadsEventsOnceAndWritesOnlyThePlan() throws {
    let world = try World()
    let rules = try World.rules("when: { event: view,", "when: { event: view, where: { path: { exists: false } },")
    var statements: [String] = []
    let stored = try world.session.database.connection.contents(without: Connection.planTables)
    world.session.database.connection.onStatement = { statements.append($0) }
    _ = try world.session.previewRules(rules, number: nil, model: "main", asOf: World.now)
    world.session.database.connection.onStatement = nil
    for pages in ["first_at, body FROM event_page", "first_at, body FROM main.recent_change"] {
      #expect(statements.count { $0.contains(pages) } == 1, "a block of leads is read by one statement")
    }
    #expect(writtenTables(statements).isSubset(of: Connection.planTables))
    #expect(try world.session.database.connection.contents(without: Connection.planTables) == stored)
  }

  @Test func withoutAPlanNothingIsWritten() throws {
    let world = try World()
    let stored = try world.session.database.connection.contents()
    var statements: [String] = []
    world.session.database.connection.onStatement = { statements.append($0) }
    var options = PreviewOptions()
    options.recordsPlan = false
    for (old, new) in [("points: 15", "points: 25"), ("event: click", "event: view")] {
      let report = try world.session.previewRules(
        World.rules(old, new), number: nil, model: "main", asOf: World.now + World.day, options: options)
      #expect(report.plan == nil && report.changed > 0)
    }
    #expect(writtenTables(statements).isEmpty)
    #expect(!statements.contains { $0.contains("IMMEDIATE") }, "takes the lock for writing")
    #expect(try world.session.database.connection.contents() == stored)
  }

  /// The tables that statements write to.
  private func writtenTables(_ statements: [String]) -> Set<String> {
    var tables: Set<String> = []
    for statement in statements {
      let words = statement.split { $0 == " " || $0 == "\n" || $0 == "(" }.map(String.init)
      guard let verb = words.first, ["INSERT", "UPDATE", "DELETE", "REPLACE", "CREATE", "DROP"].contains(verb) else {
        continue
      }
      let place = verb == "UPDATE" ? 1 : (words.firstIndex { $0 == "INTO" || $0 == "FROM" } ?? 0) + 1
      tables.insert(words[place])
    }
    return tables
  }

  @Test func dueLeadsStayDue() throws {
    let world = try World()
    let scores = world.session.database.scores
    let later = World.now + 40 * World.day
    let due = try scores.due(model: 1, by: later, limit: 100)
    #expect(due.count > 3)
    let rules = try World.rules("points: 15", "points: 25")
    _ = try world.session.previewRules(rules, number: nil, model: "main", asOf: later)
    #expect(try scores.due(model: 1, by: later, limit: 100) == due)
    #expect(try world.session.database.models.lastEvaluation() == World.now)
    // An earlier instant is still free to be asked for.
    _ = try world.session.previewRules(rules, number: nil, model: "main", asOf: World.now)
    let error = #expect(throws: ScoringError.self) {
      try world.session.previewRules(rules, number: nil, model: "main", asOf: World.now - 1)
    }
    guard case .backInTime = error else { throw RandomDatabaseFault(description: "\(String(describing: error))") }
  }

  @Test func whatFellDueIsWalkedThroughInOrder() throws {
    let rules = """
      rules:
        - { id: a, points: 25, when: { event: a, at_least: 1, within: 3d } }
        - { id: b, points: 17, when: { event: b, at_least: 1 } }
      stages:
        - id: nurture
        - { id: mql, enter: { score: 20 }, keep: { score: 15 } }

      """
    let world = try World(rules: rules)
    let day = World.day
    try world.importEvents(
      """
      {"key":"ann","type":"a","occurred_at":"\(Instant(milliseconds: World.now - day))"}
      {"key":"ann","type":"b","occurred_at":"\(Instant(milliseconds: World.now + 4 * day))"}

      """)
    // In mql now, out of it when the first event leaves the window; the second is not enough to come back in.
    for (asOf, before) in [(World.now, "mql"), (World.now + 3 * day, "nurture"), (World.now + 5 * day, "nurture")] {
      let easier = try CheckedRules(text: rules.replacing("points: 25", with: "points: 30"), file: "rules")
      let report = try world.session.previewRules(easier, number: nil, model: "main", asOf: asOf)
      #expect(report.stageMatrix == [ApplyReport.StageMove(from: before, to: before): 1])
    }
    let lower = try CheckedRules(
      text: rules.replacing("enter: { score: 20 }", with: "enter: { score: 16 }"), file: "rules")
    let later = World.now + 5 * day
    let report = try world.session.previewRules(lower, number: nil, model: "main", asOf: later)
    #expect(report.stageMatrix == [ApplyReport.StageMove(from: "nurture", to: "mql"): 1])
    let number = try world.session.addRules(lower, model: "main", author: nil, note: nil).number
    #expect(try world.apply(number, plan: report.plan, at: later).stageMatrix == report.stageMatrix)
  }

  // MARK: Refusals

  /// Each of the three that people see counts by itself.
  @Test(arguments: [
    (#"{"t":"b"}"#, "grade"), (#"{"t":"c"}"#, "stage"), (#"{"t":"d"}"#, "score"), (#"{"t":"e"}"#, ""),
  ])
  func scoreStageAndGradeCount(attributes: String, differs: String) throws {
    let rules = """
      groups:
        fit: { min: 0, max: 100 }
        other: { min: 0, max: 100 }
      rules:
        - { id: a, group: fit, points: 30, if: { t: { in: [a, c, d, e] } } }
        - { id: b, group: other, points: 30, if: { t: b } }
        - { id: d, points: 1, if: { t: d } }
        - { id: x, group: fit, points: 2, if: { t: x } }
      stages:
        - id: nurture
        - { id: mql, enter: { score: 10 }, if: { t: { not_in: [c] } } }
      grade:
        - { group: fit, bands: [ { at: 10, label: A }, { label: B } ] }

      """
    let world = try World(rules: rules)
    try world.importLeads(#"{"key":"ann","attributes":{"t":"a"}}"#)
    let changed = try CheckedRules(text: rules.replacing("points: 2,", with: "points: 3,"), file: "rules")
    let number = try world.session.addRules(changed, model: "main", author: nil, note: nil).number
    let plan = try world.plan(number)
    try world.importLeads(#"{"key":"ann","attributes":\#(attributes)}"#)
    guard !differs.isEmpty else {
      #expect(try world.apply(number, plan: plan).changed == 0)
      return
    }
    let error = try world.refused { _ = try world.apply(number, plan: plan) }
    guard case .planMoved(plan, let moves) = error else { throw RandomDatabaseFault(description: "\(error as Any)") }
    #expect(moves.byFacts == 1 && moves.keys == ["ann"], "\(differs)")
  }

  @Test func aPlanHoldsWhileItsBaseIsActive() throws {
    let world = try World()
    let second = try world.add("points: 15", "points: 25")
    let third = try world.add("points: 15", "points: 35")
    let plan = try world.plan(second)
    _ = try world.apply(third, plan: nil)
    let error = try world.refused { _ = try world.apply(second, plan: plan) }
    guard case .planRefused(let reason) = error else { throw RandomDatabaseFault(description: "\(error as Any)") }
    #expect(reason.contains("version \(third) became active"))
    // Active again, and nothing else moved: the plan holds.
    _ = try world.session.rollBackRules(model: "main", asOf: World.now)
    #expect(try world.apply(second, plan: plan).wasApplied)
  }

  @Test func aPlanIsForOneDocumentAndOneModel() throws {
    let world = try World()
    let second = try world.add("points: 15", "points: 25")
    let third = try world.add("points: 15", "points: 35")
    let plan = try world.plan(second)
    guard case .planRefused = try world.refused({ _ = try world.apply(third, plan: plan) }) else {
      throw RandomDatabaseFault(description: "applied as another document")
    }
    guard case .unknownPlan(99) = try world.refused({ _ = try world.apply(second, plan: 99) }) else {
      throw RandomDatabaseFault(description: "plan 99")
    }
    _ = try world.session.addModel("other", rules: nil, asOf: World.now, by: nil)
    let other = try world.session.addRules(
      World.rules("points: 15", "points: 25"), model: "other", author: nil, note: nil
    ).number
    guard case .unknownPlan = try world.refused({ _ = try world.apply(other, plan: plan, model: "other") }) else {
      throw RandomDatabaseFault(description: "applied to another model")
    }
    #expect(throws: ScoringError.self) { try world.session.dropPlan(plan, model: "other") }
    #expect(try world.session.plans(model: "other").isEmpty)
    try world.session.database.connection.execute("UPDATE plan SET format = 1")
    guard case .planRefused = try world.refused({ _ = try world.apply(second, plan: plan) }) else {
      throw RandomDatabaseFault(description: "applied though of another form")
    }
  }

  @Test func onlyResultsThatDifferAreInTheWay() throws {
    let world = try World()
    let second = try world.add("points: 15", "points: 25")
    let plan = try world.plan(second)
    // Facts that no rule minds, and one that two cancel out.
    try world.importLeads(#"{"key":"lead1","attributes":{"title":"Cook","city":"Rome"}}"#)
    try world.importEvents(#"{"key":"lead2","type":"yawn","occurred_at":"2020-01-01T00:00:00Z"}"#)
    let kept = try world.plan(second)
    try world.importLeads(#"{"key":"lead1","attributes":{"title":"VP"}}"#)
    let error = try world.refused { _ = try world.apply(second, plan: plan) }
    guard case .planMoved(plan, let moves) = error else { throw RandomDatabaseFault(description: "\(error as Any)") }
    #expect(moves.byFacts == 1 && moves.count == 1 && moves.keys == ["lead1"])
    try world.importLeads(#"{"key":"lead1","attributes":{"title":"Cook"}}"#)
    #expect(try world.apply(second, plan: kept).changed == 8)
  }

  @Test func aRefusalCountsAllLeadsAndNamesTheFirstTen() throws {
    let world = try World()
    let second = try world.add("points: 15", "points: 25")
    let plan = try world.plan(second)
    var leads = #"{"key":"Late@X","attributes":{"title":"Clerk"}}"# + "\n"
    for lead in 0..<12 { leads += #"{"key":"lead\#(lead)","attributes":{"title":"Vice VP","n":1}}"# + "\n" }
    try world.importLeads(leads)
    let error = try world.refused { _ = try world.apply(second, plan: plan) }
    guard case .planMoved(plan, let moves) = error else { throw RandomDatabaseFault(description: "\(error as Any)") }
    #expect(moves.byFacts == 6 && moves.new == 1 && moves.byTime == 0 && moves.gone == 0)
    #expect(moves.keys == ["lead1", "lead3", "lead5", "lead7", "lead9", "lead11", "Late@X"])

    let another = try world.plan(second)
    try world.importLeads((0..<30).map { #"{"key":"new\#($0)"}"# + "\n" }.joined())
    let more = try world.refused { _ = try world.apply(second, plan: another) }
    guard case .planMoved(another, let moves) = more else { throw RandomDatabaseFault(description: "\(more as Any)") }
    #expect(moves.new == 30 && moves.count == 30)
    #expect(moves.keys == (0..<10).map { "new\($0)" })
  }

  @Test func timeThatPassedIsNamedAsSuch() throws {
    let world = try World()
    let second = try world.add("points: 15", "points: 25")
    let plan = try world.plan(second)
    let error = try world.refused { _ = try world.apply(second, plan: plan, at: World.now + 40 * World.day) }
    guard case .planMoved(plan, let moves) = error else { throw RandomDatabaseFault(description: "\(error as Any)") }
    #expect(moves.byTime > 3 && moves.byTime == moves.count)
    // A moment later nothing has changed by itself.
    #expect(try world.apply(second, plan: plan, at: World.now + 1).changed == 8)
  }

  @Test func aDroppedPlanLeavesItsActivation() throws {
    let world = try World()
    let second = try world.add("points: 15", "points: 25")
    let plan = try world.plan(second)
    _ = try world.apply(second, plan: plan)
    let connection = world.session.database.connection
    let stored = try connection.contents(without: Connection.planTables.union(["activation"]))
    #expect(try world.session.database.models.activations(model: 1).map(\.plan) == [nil, plan])
    try world.session.dropPlan(plan, model: "main")
    #expect(try world.session.plans(model: "main").isEmpty)
    #expect(try world.session.database.models.activations(model: 1).map(\.version) == [1, second])
    #expect(try connection.contents(without: Connection.planTables.union(["activation"])) == stored)
    #expect(try connection.contents()["plan_block"]?.isEmpty == true)
    #expect(throws: ScoringError.self) { try world.session.dropPlan(plan, model: "main") }
  }
}
