import Foundation

/// One run of the whole benchmark: what is measured, in which order, and what must come out the same.
struct BenchSession {
  let size: BenchSize
  let runs: Int
  let folder: BenchFolder
  let peers: BenchPeers
  /// The program that is measured.
  let program: String
  /// The folder of the rule documents.
  let documents: String
  let progress: (String) -> Void

  private static let asOf = "2026-11-01T00:00:00Z"
  private static let seed: UInt64 = 1
  private static let batch = 10_000
  private static let dueLeads = 1000

  private var measurements = Measurements()
  private var checksums: [BenchReport.Checksum] = []
  private var notes: [String] = []

  init(
    size: BenchSize, runs: Int, folder: BenchFolder, peers: BenchPeers, program: String, documents: String,
    progress: @escaping (String) -> Void
  ) {
    self.size = size
    self.runs = runs
    self.folder = folder
    self.peers = peers
    self.program = program
    self.documents = documents
    self.progress = progress
  }

  /// Measures everything.
  ///
  /// - Throws: `BenchProblem` when a program fails or when the two sides do not agree on every lead.
  mutating func report() throws -> BenchReport {
    progress("writing the workload")
    let events = try writeWorkload()
    try measureImport()
    try measureRules()
    try measureEvents()
    try measureClock()
    try measureLooking()
    return BenchReport(
      size: size.rawValue, leads: size.leads, events: events, runs: runs,
      processors: ProcessInfo.processInfo.activeProcessorCount, peers: peers.names(), rows: rows(),
      checksums: checksums, notes: notes + standingNotes())
  }

  // MARK: Programs

  private func leadscore(
    _ words: String..., database: String, asOf: String = BenchSession.asOf, output: String = "/dev/null"
  ) -> ChildProcess {
    ChildProcess(
      words: [program] + words + ["--db", folder.file(database), "--as-of", asOf], output: output,
      errors: folder.file("leadscore.err"))
  }

  /// In a process of its own: the memory that it needs would count as that of every later child.
  private func writeWorkload() throws -> Int {
    let output = folder.file("workload.out")
    guard let own = Bundle.main.executablePath else { throw BenchProblem(description: "cannot find ScoreBench") }
    _ = try ChildProcess(
      words: [own, "workload", folder.path, "--size", size.rawValue, "--seed", String(BenchSession.seed)],
      output: output, errors: folder.file("workload.err")
    ).run()
    let said = String(decoding: FileManager.default.contents(atPath: output) ?? Data(), as: UTF8.self)
    guard let events = said.split(separator: " ").dropLast().last.flatMap({ Int($0) }) else {
      throw BenchProblem(description: "ScoreBench workload does not say how many events it wrote: \(said)")
    }
    return events
  }

  // MARK: What is measured

  private mutating func measureImport() throws {
    let (folder, peers) = (folder, peers)
    let leads = folder.file("leads.csv")
    let events = folder.file("events.csv")
    let ours = [
      leadscore("init", "--rules", "\(documents)/rules.yaml", database: "base.db"),
      leadscore("import", "leads", leads, database: "base.db"),
      leadscore("import", "events", events, database: "base.db"),
    ]
    var contenders = [
      Contender(name: "import", prepare: { _ in try folder.removeDatabase("base.db") }, work: { _ in ours })
    ]
    if peers.sqlite != nil {
      let load = peers.shell(
        "-csv", folder.file("bare.db"), ".import '\(leads)' leads", ".import '\(events)' events")
      contenders.append(
        Contender(name: "sqlite import", prepare: { _ in try folder.removeDatabase("bare.db") }, work: { _ in [load] }))
    }
    if peers.hasDuckDB {
      contenders.append(
        Contender(name: "duckdb import", work: { _ in [peers.run("load", folder.path)] }, timesItself: true))
    }
    try measurements.alternate(contenders, runs: runs, progress: progress)
    if peers.hasDuckDB {
      progress("DuckDB prepares the facts and scores them, for the comparison")
      _ = try peers.run("prepare", folder.path).run()
      _ = try peers.run("score", folder.path, "--document", "base", "--store").run()
    }
    try compare(database: "base.db", document: "rules.yaml")
  }

  private mutating func measureRules() throws {
    let (folder, peers) = (folder, peers)
    progress("adding the other rule documents")
    try folder.copyDatabase("base.db", to: "versions.db")
    for document in ["rules-changed.yaml", "rules-new-condition.yaml"] {
      _ = try leadscore("rules", "add", "\(documents)/\(document)", database: "versions.db").run()
    }
    try folder.copyDatabase("versions.db", to: "same.db")
    let apply = leadscore("rules", "apply", "2", "--yes", database: "applied.db")
    let fresh = { (_: Int) in try folder.copyDatabase("versions.db", to: "applied.db") }
    let all = leadscore("score", "--all", database: "same.db")
    let previews = ["2", "3"].map {
      leadscore("rules", "preview", $0, "--format", "json", "--no-plan", database: "versions.db")
    }
    var contenders = [
      Contender(name: "apply", prepare: fresh, work: { _ in [apply] }),
      Contender(name: "score all", work: { _ in [all] }),
      Contender(name: "preview", work: { _ in [previews[0]] }),
      Contender(name: "preview, new condition", work: { _ in [previews[1]] }),
    ]
    if peers.hasDuckDB {
      let work = [
        ("duckdb compute", peers.run("score", folder.path, "--document", "changed")),
        ("duckdb compute, new condition", peers.run("score", folder.path, "--document", "new-condition")),
        ("duckdb store", peers.run("score", folder.path, "--document", "changed", "--store")),
      ]
      contenders += work.map { name, process in Contender(name: name, work: { _ in [process] }, timesItself: true) }
    }
    try measurements.alternate(contenders, runs: runs, progress: progress)
    try compare(database: "applied.db", document: "rules-changed.yaml")
    progress("applying the new condition, for the comparison")
    _ = try leadscore("rules", "apply", "3", "--yes", database: "applied.db").run()
    if peers.hasDuckDB {
      _ = try peers.run("score", folder.path, "--document", "new-condition", "--store").run()
    }
    try compare(database: "applied.db", document: "rules-new-condition.yaml")
    for name in ["versions.db", "same.db", "applied.db"] { try folder.removeDatabase(name) }
  }

  private mutating func measureEvents() throws {
    let (folder, peers) = (folder, peers)
    let workload = BenchWorkload(leads: size.leads, seed: BenchSession.seed)
    for run in 0..<runs {
      try workload.writeBatch(
        2 * run, of: BenchSession.batch, to: URL(fileURLWithPath: folder.file("batch\(run).csv")))
      try workload.writeBatch(2 * run + 1, of: 1, to: URL(fileURLWithPath: folder.file("one\(run).csv")))
    }
    try folder.copyDatabase("base.db", to: "grown.db")
    func ours(_ name: String, _ file: String) -> Contender {
      let work = (0..<runs).map { leadscore("import", "events", folder.file("\(file)\($0).csv"), database: "grown.db") }
      return Contender(name: name, work: { [work[$0]] })
    }
    var batch = [ours("batch", "batch")]
    var one = [ours("one event", "one")]
    if peers.sqlite != nil {
      try folder.copyDatabase("bare.db", to: "bare-grown.db")
      let database = folder.file("bare-grown.db")
      if peers.python != nil {
        batch.append(
          Contender(
            name: "sqlite batch", work: { [peers.run("insert", database, folder.file("batch\($0).csv"))] },
            timesItself: true))
      }
      let row = "'lead1@company1.example', 'page_view', '2026-10-31T23:00:00Z', '/pricing', '30', ''"
      let insert = peers.shell(database, "INSERT INTO events VALUES (\(row));")
      one.append(Contender(name: "sqlite one event", work: { _ in [insert] }))
    }
    try measurements.alternate(batch, runs: runs, progress: progress)
    try measurements.alternate(one, runs: runs, progress: progress)
    try measureEventsInProcess()
    progress("computing everything from the facts again, to see that nothing differs")
    _ = try leadscore("score", "--all", database: "grown.db").run()
    for name in ["grown.db", "bare-grown.db"] { try folder.removeDatabase(name) }
  }

  /// Without the start of a process: many single events each way in turn, on copies of their own, since they are of now.
  private mutating func measureEventsInProcess() throws {
    let folder = folder
    guard let own = Bundle.main.executablePath else { throw BenchProblem(description: "cannot find ScoreBench") }
    try folder.copyDatabase("base.db", to: "single.db")
    try folder.removeDatabase("plain.db")
    func contender(_ name: String, _ words: String...) -> Contender {
      let process = ChildProcess(
        words: [own, "event"] + words, output: folder.file("event.out"), errors: folder.file("event.err"))
      return Contender(name: name, work: { _ in [process] }, timesItself: true)
    }
    try measurements.alternate(
      [
        contender("event in process", folder.file("single.db"), "--leads", String(size.leads)),
        contender("sqlite insert in process", folder.file("plain.db"), "--plain"),
      ], runs: runs, progress: progress)
    for name in ["single.db", "plain.db"] { try folder.removeDatabase(name) }
  }

  private mutating func measureClock() throws {
    let (folder, peers) = (folder, peers)
    progress("looking when \(BenchSession.dueLeads) leads are due")
    let list = folder.file("list.jsonl")
    _ = try leadscore("leads", "list", "--format", "jsonl", "--breakdown", database: "base.db", output: list).run()
    let due = try ScoreComparison.listed(list, earliestDue: BenchSession.dueLeads).due
    try FileManager.default.removeItem(atPath: list)
    guard let instant = due.last else { throw BenchProblem(description: "no lead is due at any time") }
    notes.append("\(BenchText.count(due.count)) leads are due by \(instant).")
    let advance = ChildProcess(
      words: [program, "score", "--db", folder.file("later.db"), "--as-of", instant],
      errors: folder.file("leadscore.err"))
    var contenders = [
      Contender(
        name: "clock", prepare: { _ in try folder.copyDatabase("base.db", to: "later.db") }, work: { _ in [advance] })
    ]
    if peers.sqlite != nil, peers.python != nil {
      let (database, count) = (folder.file("bare-scores.db"), String(due.count))
      try folder.copyDatabase("bare.db", to: "bare-scores.db")
      _ = try peers.run("ready", database, count).run()
      contenders.append(
        Contender(name: "sqlite updates", work: { _ in [peers.run("update", database, count)] }, timesItself: true))
    }
    try measurements.alternate(contenders, runs: runs, progress: progress)
    for name in ["later.db", "bare-scores.db"] { try folder.removeDatabase(name) }
  }

  /// One lead, and one hour of all leads, in a database with eight weeks of history; beside one look-up by an index in the
  /// same file, and in a bare table of the same rows.
  private mutating func measureLooking() throws {
    let (folder, peers) = (folder, peers)
    guard peers.sqlite != nil else { return }
    progress("making a long history")
    try folder.copyDatabase("base.db", to: "long.db")
    let (database, end) = (folder.file("long.db"), BenchLooking.end)
    for week in BenchLooking.weeks { _ = try leadscore("score", database: "long.db", asOf: week).run() }
    let bare = folder.file("bare-history.db")
    _ = try peers.shell(bare, BenchLooking.bareHistory(from: database)).run()
    let key = try BenchLooking.key(inTheMiddleOf: folder.file("leads.csv"))
    let own = [
      ("look", leadscore("leads", "show", key, database: "long.db", asOf: end)),
      ("explain", leadscore("explain", key, database: "long.db", asOf: end)),
      ("history", leadscore("history", key, database: "long.db", asOf: end)),
      (
        "history by time",
        leadscore(
          "history", "--since", BenchLooking.hour.from, "--until", BenchLooking.hour.to, database: "long.db", asOf: end)
      ),
    ]
    let contenders =
      [
        Contender(
          name: "start",
          work: { [program] _ in [ChildProcess(words: [program, "--version"], errors: folder.file("leadscore.err"))] }),
        Contender(
          name: "sqlite look-up",
          work: { _ in [peers.shell(database, "SELECT * FROM lead WHERE key = '\(key)'")] }),
        Contender(
          name: "sqlite by time",
          work: { _ in [peers.shell(bare, BenchLooking.rowsOfTheHour)] }),
      ] + own.map { name, process in Contender(name: name, work: { _ in [process] }) }
    // They take milliseconds, and so does whatever else the machine does.
    try measurements.alternate(contenders, runs: 5 * runs, progress: { _ in })
    if let start = measurements.byName["start"] {
      notes.append(
        "Of each look, \(BenchText.seconds(start.median)) are the start of our program (`leadscore --version`).")
    }
    for name in ["long.db", "bare-history.db"] { try folder.removeDatabase(name) }
  }

  // MARK: What must be the same

  /// Compares every lead of a database with what DuckDB stored last.
  private mutating func compare(database: String, document: String) throws {
    progress("comparing every lead by \(document)")
    let list = folder.file("list.jsonl")
    let scores = folder.file("scores.csv")
    _ = try leadscore("leads", "list", "--format", "jsonl", "--breakdown", database: database, output: list).run()
    let ours = try ScoreComparison.listed(list).sum
    guard ours.leads == size.leads else {
      throw BenchProblem(description: "\(database) has \(ours.leads) leads instead of \(size.leads)")
    }
    if peers.hasDuckDB {
      _ = try peers.run("dump", folder.path, scores).run()
      let theirs = try ScoreComparison.peer(scores)
      guard ours == theirs else {
        let lines = try ScoreComparison.differences(ours: list, theirs: scores)
        throw BenchProblem(
          description: "by \(document) the scores differ: ours \(ours.leads) leads, \(ours.totalPoints) points, "
            + "\(ours.text); DuckDB's \(theirs.leads) leads, \(theirs.totalPoints) points, \(theirs.text)\n"
            + lines.joined(separator: "\n"))
      }
      try FileManager.default.removeItem(atPath: scores)
    }
    try FileManager.default.removeItem(atPath: list)
    checksums.append(
      BenchReport.Checksum(
        document: document, digest: ours.text, total: ours.totalPoints, comparedWith: peers.hasDuckDB ? "DuckDB" : nil))
  }

  // MARK: The table

  private func rows() -> [BenchRow] {
    let measured = measurements.byName
    func row(_ work: String, _ ours: String, peer: String, _ theirs: String, atMost: Double) -> BenchRow {
      BenchRow(work: work, peer: peer, atMost: atMost, ours: measured[ours], theirs: measured[theirs])
    }
    func size(_ name: String) -> Measurement? {
      let bytes = folder.databaseSize(name)
      return bytes > 0 ? Measurement(seconds: [Double(bytes)]) : nil
    }
    return [
      row(
        "CSV to an imported, deduplicated, scored database", "import", peer: "sqlite3 .import into bare tables",
        "sqlite import", atMost: 0.35),
      row("the same", "import", peer: "DuckDB, CSV to its tables", "duckdb import", atMost: 1),
      row(
        "full rescore from signals, all points changed, stored", "apply",
        peer: "DuckDB, computing and storing scores and rule points", "duckdb store", atMost: 0.25),
      row("`score --all`, from the facts", "score all", peer: "the same", "duckdb store", atMost: 0.6),
      row(
        "`rules preview`: points, limits, windows, decay, stages", "preview", peer: "DuckDB, computing only",
        "duckdb compute", atMost: 0.1),
      row(
        "the same with a new condition on page views", "preview, new condition", peer: "DuckDB, computing only",
        "duckdb compute, new condition", atMost: 0.35),
      row(
        "\(BenchText.count(BenchSession.batch)) events in one file, imported, rescored", "batch",
        peer: "as many plain inserts in one transaction, SQLite", "sqlite batch", atMost: 12),
      row(
        "one event, durable, whole process", "one event", peer: "one plain durable insert, sqlite3",
        "sqlite one event", atMost: 2),
      row(
        "one event, durable, in process", "event in process", peer: "one plain durable insert, in process",
        "sqlite insert in process", atMost: 2),
      row(
        "the clock moves on, about \(BenchText.count(BenchSession.dueLeads)) leads are due", "clock",
        peer: "as many indexed single-row updates, SQLite", "sqlite updates", atMost: 4),
      row(
        "`leads show KEY`, eight weeks of history, whole process", "look",
        peer: "one look-up by an index in the same file, sqlite3", "sqlite look-up", atMost: 10),
      row("`explain KEY`", "explain", peer: "the same", "sqlite look-up", atMost: 10),
      row("`history KEY`", "history", peer: "the same", "sqlite look-up", atMost: 10),
      row(
        "`history` of all leads in one hour, the first 50", "history by time", peer: "the rows of the hour, sqlite3",
        "sqlite by time", atMost: 10),
      BenchRow(
        work: "the file", peer: "the bare tables of sqlite3 .import", atMost: 0.8, ours: size("base.db"),
        theirs: size("bare.db"), isSize: true),
    ]
  }

  private func standingNotes() -> [String] {
    var notes = [
      "Our seconds are whole processes, start and durable commit included. Those of a peer that Python drives (DuckDB, "
        + "the plain inserts and updates) are without Python's start and its imports. Peaks of memory under some 16 MB do "
        + "not show: a process starts out with ScoreBench's own."
    ]
    let names = peers.names()
    if !names.isEmpty { notes.append("Peers: \(names.joined(separator: ", ")).") }
    return notes
  }
}
