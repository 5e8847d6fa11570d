import Foundation
import RecordFormats
import Testing

/// Two consumers, a clock that goes on, imports, and processes that are killed at any moment: each consumer that goes by
/// the numbers of the batches gets every entry exactly once.
@Suite(.serialized)
struct KilledHandoverTests {
  private static let rules = """
    rules:
      - { id: hot, points: 50, when: { event: view, within: 2d } }
    stages:
      - id: nurture
      - { id: sql, enter: { score: 40 }, handoff: true }

    """

  /// An entry of a lead into the stage.
  private struct Entry: Hashable {
    let key: String
    let at: String
  }

  /// A consumer that keeps each batch under its number.
  private struct Consumer {
    let name: String
    let options: [String]
    var batches: [Int: String] = [:]

    /// Fetches the batches that it lacks.
    mutating func catchUp(_ work: Workspace) throws {
      for row in try work.lines(work.done("export", "--for", name, "--batches", "--format", "jsonl")) {
        let number = Int(try #require(row["batch"]?.numberValue).double)
        if batches[number] == nil { batches[number] = try again(number, work) }
      }
    }

    func again(_ number: Int, _ work: Workspace) throws -> String {
      try work.done("export", "--for", name, "--batch", String(number)).output
    }

    func entries() -> [Entry] {
      batches.values.flatMap { text in
        text.split(separator: "\n").dropFirst().map { line in
          let cells = line.split(separator: ",")
          return Entry(key: String(cells[0]), at: String(cells[1]))
        }
      }
    }
  }

  private var clock = Instants()

  private struct Instants {
    var hours = 0

    mutating func advance() { hours += Int.random(in: 1...30) }

    var text: String {
      let date = Date(timeIntervalSince1970: 1_772_323_200 + Double(hours) * 3600)
      return ISO8601DateFormatter().string(from: date)
    }
  }

  @Test mutating func eachConsumerGetsEachEntryOnce() throws {
    let rounds = 100
    let work = try Workspace()
    try work.write("rules.yaml", KilledHandoverTests.rules)
    try work.done("init", "--rules", "rules.yaml", "--as-of", clock.text)
    var length = try importEvents(work)
    var consumers = [
      Consumer(name: "crm", options: []), Consumer(name: "mailer", options: ["--cooldown", "5d"]),
    ]
    var killed = 0
    var whole = 0
    for round in 0..<rounds {
      clock.advance()
      // How long a run takes changes with what else the machine does.
      length = try (2 * length + importEvents(work, killedWithin: round % 3 == 0 ? length : nil)) / 3
      if Bool.random() { clock.advance() }
      let index = Int.random(in: 0...1)
      let consumer = consumers[index]
      try? FileManager.default.removeItem(atPath: work.path("out.csv"))
      let running = try work.start(
        ["export", "--for", consumer.name, "--new", "--columns", "key,entered_stage_at", "-o", "out.csv", "--as-of"]
          + [clock.text] + consumer.options)
      if Int.random(in: 0..<10) < 8 {
        usleep(UInt32.random(in: 0...UInt32(length * 1_000_000)))
        if running.kill() { killed += 1 }
      } else {
        #expect(try running.wait().status == 0)
      }
      // A file that has its name is the newest batch, whole, whenever the process ended.
      if work.exists("out.csv") {
        whole += 1
        let newest = try PlainConnection(work.path("leads.db")).rows(
          "SELECT max(batch) FROM v_handoffs WHERE consumer = '\(consumer.name)'")
        let number = try #require(newest.first?[0].flatMap { Int($0) })
        let expected = try consumer.again(number, work)
        #expect(try work.text("out.csv") == expected, "round \(round)")
      }
      if round % 3 == 1 { try consumers[index].catchUp(work) }
      if round % 5 == 1, let number = consumers[index].batches.keys.randomElement() {
        try work.done("export", "--for", consumer.name, "--confirm", String(number))
      }
    }
    #expect(killed >= rounds / 6, "only \(killed) of \(rounds) were still at work")
    #expect(whole > 0)

    for index in consumers.indices {
      let name = consumers[index].name
      let last = try work.run(
        ["export", "--for", name, "--new", "--columns", "key,entered_stage_at", "--as-of", clock.text]
          + consumers[index].options)
      #expect(last.status == 0, "\(last.errors)")
      try consumers[index].catchUp(work)
      #expect(consumers[index].batches.count > 10, "\(name) has few batches")
      for (number, text) in consumers[index].batches {
        #expect(try consumers[index].again(number, work) == text, "batch \(number) for \(name) changed")
      }
      let numbers = consumers[index].batches.keys.sorted()
      #expect(numbers == Array(1...numbers.count), "\(name): a number is missing")
    }
    try compare(consumers, work)
  }

  /// All entries of the history, those that a cooldown leaves out apart.
  private func compare(_ consumers: [Consumer], _ work: Workspace) throws {
    let rows = try PlainConnection(work.path("leads.db")).rows(
      """
      SELECT key, strftime('%Y-%m-%dT%H:%M:%SZ', at), unixepoch(at) FROM v_history
      WHERE stage_after = 'sql' AND stage_before IS NOT 'sql' ORDER BY history_id
      """)
    var all: [Entry] = []
    var given: [Entry] = []
    var spared: [Entry] = []
    var last: [String: Int] = [:]
    for row in rows {
      let entry = Entry(key: try #require(row[0]), at: try #require(row[1]))
      let at = try #require(row[2].flatMap { Int($0) })
      all.append(entry)
      if let before = last[entry.key], at - before < 5 * 86_400 {
        spared.append(entry)
      } else {
        last[entry.key] = at
        given.append(entry)
      }
    }
    func sorted(_ entries: [Entry]) -> [String] { entries.map { "\($0.key) \($0.at)" }.sorted() }
    #expect(sorted(consumers[0].entries()) == sorted(all))
    #expect(sorted(consumers[1].entries()) == sorted(given))
    let skipped = try work.lines(work.done("export", "--for", "mailer", "--skipped", "--format", "jsonl"))
    let listed = try skipped.map {
      Entry(key: try #require($0["key"]?.stringValue), at: try #require($0["entered_stage_at"]?.stringValue))
    }
    #expect(sorted(listed) == sorted(spared))
    #expect(given.count > 10 && spared.count > 5, "\(given.count) given, \(spared.count) spared")
  }

  /// Some leads look at something now; what is killed is done again.
  ///
  /// - Returns: how long it took, in seconds.
  private func importEvents(_ work: Workspace, killedWithin length: Double? = nil) throws -> Double {
    var lines = "key,type,occurred_at\n"
    for lead in 0..<12 where Int.random(in: 0..<5) == 0 { lines += "lead\(lead)@x,view,\(clock.text)\n" }
    try work.write("events.csv", lines)
    let arguments = ["import", "events", "events.csv", "--as-of", clock.text]
    if let length {
      let running = try work.start(arguments)
      usleep(UInt32.random(in: 0...UInt32(length * 1_000_000)))
      running.kill()
    }
    let start = Date()
    try #require(try work.run(arguments).status == 0)
    return Date().timeIntervalSince(start)
  }
}
