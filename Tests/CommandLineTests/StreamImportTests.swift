import Foundation
import RecordFormats
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Events that come on a pipe: committed as they come.
struct StreamImportTests {
  /// A program that reads a pipe, and the pipe's other end.
  private final class Stream {
    let program: RunningProgram
    private var descriptor: Int32
    private var hasEnded = false

    init(_ work: Workspace, _ arguments: [String]) throws {
      let name = "pipe-\(UUID().uuidString)"
      try #require(mkfifo(work.path(name), 0o600) == 0)
      program = try work.startShell("exec leadscore import events - \(arguments.joined(separator: " ")) < \(name)")
      // Waits for the reader; no other program may inherit it, or the pipe would have no end.
      descriptor = open(work.path(name), O_WRONLY | O_CLOEXEC)
      try #require(descriptor >= 0)
    }

    // A child that nobody waits for keeps the test's runner from hearing of others.
    deinit {
      close()
      if !hasEnded { program.kill() }
    }

    func send(_ text: String) throws {
      var bytes = Array(text.utf8)[...]
      while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        try #require(count > 0)
        bytes = bytes.dropFirst(count)
      }
    }

    func close() {
      guard descriptor >= 0 else { return }
      #if canImport(Glibc)
        _ = Glibc.close(descriptor)
      #else
        _ = Darwin.close(descriptor)
      #endif
      descriptor = -1
    }

    func end(limit: Double = 60) throws -> ProgramRun {
      close()
      return try wait(limit: limit)
    }

    func wait(limit: Double) throws -> ProgramRun {
      hasEnded = true
      return try program.wait(limit: limit)
    }

    func kill() {
      hasEnded = true
      program.kill()
    }
  }

  private static let asOf = ["--as-of", Workspace.t2]

  private func line(_ key: String, _ number: Int, type: String = "view") -> String {
    let minute = number % 60
    let hour = number / 60 % 24
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }
    let instant = "2026-02-25T\(two(hour)):\(two(minute)):00Z"
    return #"{"key":"\#(key)","type":"\#(type)","occurred_at":"\#(instant)","id":"n\#(number)"}"# + "\n"
  }

  /// Waits until a query has a result.
  private func wait(_ work: Workspace, until sql: String, is expected: String, limit: Double = 60) throws {
    let deadline = Date().addingTimeInterval(limit)
    var found: String?
    while Date() < deadline {
      found = try PlainConnection(work.path("leads.db")).rows(sql).first?.first ?? nil
      if found == expected { return }
      usleep(20_000)
    }
    Issue.record("\(sql) is \(found ?? "nothing"), not \(expected)")
  }

  private func score(_ work: Workspace, _ key: String, _ arguments: [String] = asOf) throws -> String? {
    let run = try work.run(["leads", "show", key, "--format", "json"] + arguments)
    guard let value = try JSONParser.parse(run.output).objectValue?["score"] else { return nil }
    return value.numberValue?.text
  }

  // MARK: As it comes

  @Test(arguments: ["jsonl", "csv"])
  func anEventIsSeenWhileThePipeStaysOpen(format: String) throws {
    let work = try Workspace.prepared()
    let stream = try Stream(work, ["--input", format, "--format", "json"] + StreamImportTests.asOf)
    let isCSV = format == "csv"
    func row(_ number: Int) -> String {
      isCSV ? "ann@x,view,2026-02-25T10:0\(number):00Z,n\(number)\n" : line("ann@x", number)
    }
    if isCSV { try stream.send("key,type,occurred_at,id\n") }
    try stream.send(row(1))
    try wait(work, until: "SELECT score FROM lead_score WHERE lead_id = 1", is: "3000")
    #expect(try score(work, "ann@x") == "30")
    // Half a row is none, and nobody has to wait for its other half.
    let next = row(2)
    try stream.send(String(next.prefix(20)))
    try work.write("new.csv", "key\nnew@x\n")
    try work.done("import", "leads", "new.csv", "--as-of", Workspace.t2)
    try stream.send(String(next.dropFirst(20)) + (isCSV ? "" : "\n\n"))
    try wait(work, until: "SELECT score FROM lead_score WHERE lead_id = 1", is: "3500")
    try work.write("new.csv", "key\nnewer@x\n")
    try work.done("import", "leads", "new.csv", "--as-of", Workspace.t2)
    let run = try stream.end()
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains(#""read":2,"created":2"#), "\(run.output)")
    let runs = try PlainConnection(work.path("leads.db")).rows(
      "SELECT read, created FROM import_run WHERE kind = 'events' AND file = '-'")
    #expect(runs == [["2", "2"]])
  }

  @Test func withoutAnInstantTheClockRuns() throws {
    let work = try Workspace.prepared()
    let stream = try Stream(work, ["--input", "jsonl"])
    try stream.send(line("ann@x", 1, type: "other"))
    try wait(work, until: "SELECT count(*) FROM import_run WHERE file = '-'", is: "1")
    let connection = try PlainConnection(work.path("leads.db"))
    let first = try connection.rows("SELECT max(evaluated_at) FROM model")
    try stream.send(line("ann@x", 2, type: "other"))
    try wait(work, until: "SELECT created FROM import_run WHERE file = '-'", is: "2")
    let second = try connection.rows("SELECT max(evaluated_at) FROM model")
    #expect((second[0][0] ?? "") > (first[0][0] ?? "x"))
    #expect(try stream.end().status == 0)
  }

  @Test func thousandsGiveWhatAFileGives() throws {
    let work = try Workspace.prepared()
    var rows = "key,type,occurred_at,path\n"
    for index in 0..<30_000 {
      let day = 10 + index / 1800
      let minute = index % 1800 / 30
      rows += "lead\(index * 7919 % 700)@x,\(index % 3 == 0 ? "click" : "view"),2026-02-\(day)T10:"
      rows += "\(minute < 10 ? "0" : "")\(minute):00Z,/page/\(index % 50)\n"
    }
    try work.write("many.csv", rows)
    try work.copy("leads.db", to: "file.db")
    let file = try work.run(
      "import", "events", "many.csv", "--format", "json", "--db", "file.db", "--as-of", Workspace.t2)
    #expect(file.status == 0)
    // In pieces that end anywhere, so that parts of all sizes come about.
    let stream = try Stream(work, ["--input", "csv", "--format", "json"] + StreamImportTests.asOf)
    var rest = Substring(rows)
    var size = 1
    while !rest.isEmpty {
      try stream.send(String(rest.prefix(size)))
      rest = rest.dropFirst(size)
      size = size * 2 > 300_000 ? 17 : size * 2
    }
    let run = try stream.end()
    #expect(run.status == 0, "\(run.errors)")
    let counts = try [file, run].map { try JSONParser.parse($0.output).arrayValue?.first?.objectValue }
    for name in ["read", "created", "duplicates", "rejected", "leads_created"] {
      #expect(counts[0]?[name] == counts[1]?[name], "\(name)")
    }
    for query in [
      "SELECT key, created_at, attributes FROM v_leads ORDER BY key",
      "SELECT key, type, occurred_at, id, properties FROM v_events ORDER BY 1, 3, 2, 5",
      "SELECT key, score, stage, grade, groups, rules, version, next_change_at FROM v_scores ORDER BY key",
    ] {
      let same =
        try PlainConnection(work.path("leads.db")).rows(query) == PlainConnection(work.path("file.db")).rows(query)
      #expect(same, "\(query)")
    }
    let checked = try work.done("score", "--all", "--as-of", Workspace.t2)
    #expect(checked.errors.contains("none differed") && !checked.errors.contains("rebuilt"), "\(checked.errors)")
    // The same once more changes nothing.
    let again = try work.shell("cat many.csv | leadscore import events - --input csv --as-of \(Workspace.t2)")
    #expect(again.errors.contains("0 new") && again.errors.contains("30,000 repeated"), "\(again.errors)")
  }

  // MARK: The end

  @Test func killedInMidStreamItLeavesWholeParts() throws {
    let work = try Workspace.prepared()
    let total = 4000
    let rows = (0..<total).map { line("lead\($0 % 97)@x", $0 % 1440 + $0 / 1440 * 1440) }
    for attempt in 0..<6 {
      let stream = try Stream(work, ["--input", "jsonl"] + StreamImportTests.asOf)
      let sent = Int.random(in: 1..<total)
      for start in stride(from: 0, to: sent, by: 40) {
        try stream.send(rows[start..<min(start + 40, sent)].joined())
        usleep(1000)
      }
      if attempt % 2 == 0 { usleep(UInt32.random(in: 0..<100_000)) }
      stream.kill()
      // What is there is a beginning of what was sent, over all attempts.
      let found = try PlainConnection(work.path("leads.db")).rows(
        "SELECT count(*), max(CAST(substr(id, 2) AS INTEGER)) FROM v_events WHERE id IS NOT NULL")
      if let count = found[0][0].flatMap(Int.init), count > 0 {
        #expect(found[0][1].flatMap(Int.init) == count - 1, "attempt \(attempt): \(found)")
      }
      let checked = try work.run("score", "--all", "--as-of", Workspace.t2)
      #expect(checked.status == 0 && checked.errors.contains("none differed"), "attempt \(attempt): \(checked.errors)")
    }
    try work.write("all.jsonl", rows.joined())
    try work.done("import", "events", "all.jsonl", "--as-of", Workspace.t2)
    #expect(
      try PlainConnection(work.path("leads.db")).rows("SELECT count(*) FROM v_events WHERE id IS NOT NULL")
        == [[String(total)]])
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func aSignalEndsItAsTheEndOfTheInputDoes(signal: Int32) throws {
    let work = try Workspace.prepared()
    let stream = try Stream(work, ["--input", "jsonl", "--rejects", "bad.jsonl"] + StreamImportTests.asOf)
    try stream.send(line("ann@x", 1) + "no json\n" + line("ann@x", 2) + String(line("ann@x", 3).dropLast(9)))
    try wait(work, until: "SELECT read FROM import_run WHERE file = '-'", is: "3")
    stream.program.signal(signal)
    let run = try stream.wait(limit: 60)
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("-:2: ") && run.errors.contains("3 rows: 2 new, 1 rejected"), "\(run.errors)")
    #expect(try work.text("bad.jsonl") == "no json\n")
    #expect(try score(work, "ann@x") == "35")
  }

  @Test func aSignalBeforeAnythingCame() throws {
    let work = try Workspace.prepared()
    for format in ["csv", "jsonl"] {
      let stream = try Stream(work, ["--input", format] + StreamImportTests.asOf)
      // The program is at work once it has opened the database.
      usleep(300_000)
      stream.program.signal(SIGTERM)
      let run = try stream.wait(limit: 60)
      #expect(run.status == 0 || run.status == 128 + SIGTERM, "\(format): \(run.status) \(run.errors)")
      #expect(!run.errors.contains("error:"), "\(run.errors)")
    }
  }

  @Test func whatCannotBeReadFurtherEndsItAfterWhatCameBefore() throws {
    let work = try Workspace.prepared()
    let stream = try Stream(work, ["--input", "csv"] + StreamImportTests.asOf)
    try stream.send("key,type,occurred_at\nann@x,view,2026-02-25\nann@x,view,2026-02-26\nann@x,\"view\"x,2026-02-27\n")
    let run = try stream.end()
    let message = work.expectRefusal(run, 65, remarks: true)
    #expect(message.contains("line 4") || message.contains(":4"), "\(message)")
    #expect(message.hasSuffix("what came before was imported"), "\(message)")
    #expect(run.errors.contains("kept of -: 2 rows: 2 new"), "\(run.errors)")
    #expect(try score(work, "ann@x") == "35")
  }

  @Test func aWriterElsewhereIsWaitedFor() throws {
    let work = try Workspace.prepared()
    let other = try PlainConnection(work.path("leads.db"))
    try other.execute("BEGIN IMMEDIATE")
    let stream = try Stream(work, ["--input", "jsonl"] + StreamImportTests.asOf)
    try stream.send(line("ann@x", 1) + line("ann@x", 2))
    // Longer than any single wait.
    sleep(6)
    try other.execute("ROLLBACK")
    let run = try stream.end()
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("waiting for it") && run.errors.contains("2 rows: 2 new"), "\(run.errors)")
    #expect(try score(work, "ann@x") == "35")
  }

  // MARK: All or nothing

  @Test func strictAndDryRunsLandAsAWholeOrNotAtAll() throws {
    let work = try Workspace.prepared()
    try work.write("e.jsonl", line("ann@x", 1) + "no json\n" + line("ann@x", 2))
    try work.unchanged {
      let strict = try work.shell(
        "cat e.jsonl | leadscore import events - --input jsonl --strict --as-of \(Workspace.t2)")
      work.expectRefusal(strict, 1, remarks: true)
      let dry = try work.shell(
        "cat e.jsonl | leadscore import events - --input jsonl --dry-run --as-of \(Workspace.t2)")
      #expect(dry.status == 0 && dry.errors.contains("nothing was kept"), "\(dry.errors)")
    }
  }

  @Test func anEmptyStream() throws {
    let work = try Workspace.prepared()
    let lines = try work.shell("true | leadscore import events - --input jsonl --as-of \(Workspace.t2)")
    #expect(lines.status == 0 && lines.errors.contains("0 rows: 0 new"), "\(lines.errors)")
    try work.unchanged {
      let csv = try work.shell("true | leadscore import events - --input csv --as-of \(Workspace.t2)")
      #expect(work.expectRefusal(csv, 65).contains("empty"))
      let wrong = try work.shell("echo a,b | leadscore import events - --input csv --as-of \(Workspace.t2)")
      work.expectRefusal(wrong, 65)
      let past = try work.shell("echo '{}' | leadscore import events - --input jsonl --as-of \(Workspace.t0)")
      work.expectRefusal(past, 1, remarks: true)
    }
  }
}
