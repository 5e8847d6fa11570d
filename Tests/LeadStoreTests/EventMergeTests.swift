import LeadStore
import Testing

/// An event as the tests write it down.
private struct ModelEvent: Equatable {
  var instant: Int64
  var id: String?
  var tail: String
  /// What tells it from others at its instant.
  var identity: String { id ?? "all of " + tail }
}

/// What a lead's events should be: an array.
private struct ModelLead {
  var events: [ModelEvent] = []

  /// Adds events in order; returns the positions of those that were new.
  mutating func merge(_ batch: [ModelEvent]) -> [Int] {
    var accepted: [Int] = []
    for (index, event) in batch.enumerated() {
      if events.contains(where: { $0.instant == event.instant && $0.identity == event.identity }) { continue }
      events.insert(event, at: events.firstIndex { $0.instant > event.instant } ?? events.count)
      accepted.append(index)
    }
    return accepted
  }
}

extension SeededRandom {
  fileprivate mutating func event(at instants: ClosedRange<Int64>, longest: Int) -> ModelEvent {
    var id: String?
    var tail = ",\(Int.random(in: 1...3, using: &self))"
    if chance(30) {
      id = [#""a""#, #""b""#, #""x\"],[""#, #""\\""#].randomElement(using: &self)
      tail += "," + (id ?? "")
    }
    for _ in 0..<Int.random(in: 0...2, using: &self) { tail += ",\(Int.random(in: 1...4, using: &self))" }
    if chance(20) {
      let text = String(repeating: "é]", count: Int.random(in: 0...longest, using: &self))
      tail += #",["n","\#(text)"]"#
    }
    return ModelEvent(instant: Int64.random(in: instants, using: &self), id: id, tail: tail)
  }

  /// In order of instants, as merging wants them, and otherwise as they came.
  fileprivate mutating func batch(_ count: Int, at instants: ClosedRange<Int64>, longest: Int) -> [ModelEvent] {
    inOrder((0..<count).map { _ in event(at: instants, longest: longest) })
  }
}

private func inOrder(_ events: [ModelEvent]) -> [ModelEvent] {
  events.enumerated().sorted { ($0.element.instant, $0.offset) < ($1.element.instant, $1.offset) }.map(\.element)
}

@Suite("Merging events into pages")
struct EventMergeTests {
  private let folder: TestFolder
  private let database: LeadDatabase
  private var connection: Connection { database.connection }

  init() throws {
    folder = try TestFolder()
    database = try LeadDatabase.make(in: folder)
  }

  @discardableResult
  private func merge(
    _ events: [ModelEvent], lead: Int64, isNew: Bool = false, mayStandBeside: Bool = false
  ) throws -> [Int] {
    var batch = EventBatch()
    for event in events {
      var tail = event.tail
      tail.withUTF8 { batch.append(at: event.instant, tail: $0) }
    }
    var accepted: [Int] = []
    try database.events.merge(batch, lead: lead, isNew: isNew, mayStandBeside: mayStandBeside) { accepted.append($0) }
    return accepted
  }

  /// The stored events of a lead, after a look at every page of it.
  private func stored(_ lead: Int64) throws -> [ModelEvent] {
    var previous: EventPage?
    var inPages = 0
    var numbers: [Int64] = []
    try connection.forEachRow(
      """
      SELECT id, first_at, last_at, count, body, 0 FROM event_page WHERE id / 1048576 = ?1
      UNION ALL SELECT id, first_at, last_at, count, body, 1 FROM recent_event_page WHERE id / 1048576 = ?1
      ORDER BY id
      """, [lead]
    ) { row in
      let page = EventPage(
        id: row.integer(0), firstAt: row.integer(1), lastAt: row.integer(2), count: Int(row.integer(3)),
        body: row.withBytes(4) { Array($0) })
      var instants: [Int64] = []
      try page.body.withUnsafeBufferPointer { text in
        try EventPage.forEachEvent(in: text, firstAt: page.firstAt) { instant, _ in instants.append(instant) }
      }
      #expect(instants == instants.sorted())
      #expect(page.firstAt == instants.first)
      #expect(page.lastAt == instants.last)
      #expect(page.count == instants.count)
      #expect(page.lead == lead)
      if row.integer(5) == 1 {
        #expect(page.count <= 8)
      } else {
        // An event alone may be as long as it is; the brackets and the instant come on top.
        #expect(page.count == 1 || page.body.count <= EventPage.fullSize + 24)
        #expect(previous?.isRecent != true, "pages after the one beside them")
      }
      if let previous { #expect(previous.lastAt <= page.firstAt) }
      numbers.append(page.id % EventPage.pagesPerLead)
      previous = page
      previous?.isRecent = row.integer(5) == 1
      inPages += page.count
    }
    #expect(numbers == Array(0..<Int64(numbers.count)))
    let wrong = try connection.integer("SELECT count(*) FROM event_page WHERE NOT json_valid(body)")
    #expect(wrong == 0)

    var events: [ModelEvent] = []
    try database.events.forEachEvent(leads: lead...lead) { found, instant, tail in
      #expect(found == lead)
      let id = EventTail(tail)?.id.map { String(decoding: $0, as: UTF8.self) }
      events.append(ModelEvent(instant: instant, id: id, tail: String(decoding: tail, as: UTF8.self)))
    }
    #expect(events.count == inPages)
    return events
  }

  @Test("any batches in any order, against an array", arguments: 0..<40 as Range<UInt64>)
  func random(_ seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    // From a handful of instants, so that many are equal, up to so many that hardly any is; from small events to ones
    // that fill a page each.
    let span: Int64 = [3, 40, 1_000_000_000_000].randomElement(using: &random) ?? 3
    let longest = [3, 60, 900, 2500].randomElement(using: &random) ?? 3
    var models: [Int64: ModelLead] = [:]
    for _ in 0..<25 {
      let lead = Int64.random(in: 1...3, using: &random)
      var batch = random.batch(
        Int.random(in: 0...25, using: &random), at: (-span)...span, longest: longest)
      let known = models[lead]?.events ?? []
      if random.chance(30) { batch = inOrder(batch + known.filter { _ in random.chance(50) }) }
      if random.chance(20), let last = known.last?.instant {
        batch = random.batch(3, at: last...(last + 5), longest: longest)
      }
      let expected = models[lead, default: ModelLead()].merge(batch)
      let isNew = known.isEmpty && random.chance(50)
      #expect(try merge(batch, lead: lead, isNew: isNew, mayStandBeside: random.chance(60)) == expected)
      for (lead, model) in models { #expect(try stored(lead) == model.events) }
    }
  }

  @Test("the same events in whatever batches give the same pages' content", arguments: 0..<10 as Range<UInt64>)
  func batching(_ seed: UInt64) throws {
    var random = SeededRandom(seed: 1000 + seed)
    var events: [ModelEvent] = []
    for index in 0..<400 {
      var event = random.event(at: 0...0, longest: 30)
      event.instant = Int64(index) * 60_000
      events.append(event)
    }
    for lead in Int64(1)...8 {
      // Everything at once, one by one, in order in pieces, in disorder in pieces with repetitions.
      let way = lead % 4
      var rest = way == 0 ? events.shuffled(using: &random) : events
      while !rest.isEmpty {
        let count = way == 1 ? rest.count : way == 2 ? 1 : Int.random(in: 1...min(40, rest.count), using: &random)
        var batch = Array(rest.prefix(count))
        rest.removeFirst(count)
        if way == 0 { batch += events.filter { batch.contains($0) && random.chance(30) } }
        try merge(inOrder(batch), lead: lead, mayStandBeside: lead > 4)
      }
      #expect(try stored(lead) == events)
    }
  }

  @Test("every order of arrival of a few events, exhaustively")
  func smallWorld() throws {
    let world = [
      ModelEvent(instant: 1, id: nil, tail: ",1"), ModelEvent(instant: 1, id: #""a""#, tail: #",1,"a""#),
      ModelEvent(instant: 2, id: #""a""#, tail: #",1,"a""#), ModelEvent(instant: 2, id: #""a""#, tail: #",2,"a",7"#),
    ]
    var lead: Int64 = 0
    try connection.write {
      for first in world.indices {
        for second in world.indices {
          for third in world.indices {
            for isSplit in [false, true] {
              lead += 1
              let events = [world[first], world[second], world[third]]
              var model = ModelLead()
              for batch in isSplit ? events.map({ [$0] }) : [inOrder(events)] {
                let accepted = try merge(batch, lead: lead)
                #expect(accepted == model.merge(batch))
              }
              let found = try stored(lead)
              #expect(found == model.events)
            }
          }
        }
      }
    }
  }

  @Test("an id is the event's identity at its instant, whatever else the repetition says")
  func identity() throws {
    let first = ModelEvent(instant: 5, id: #""a""#, tail: #",1,"a",7"#)
    let changed = ModelEvent(instant: 5, id: #""a""#, tail: #",2,"a",8"#)
    let later = ModelEvent(instant: 6, id: #""a""#, tail: #",1,"a",7"#)
    let without = ModelEvent(instant: 5, id: nil, tail: ",1,7")
    #expect(try merge([first, changed, without, without, later], lead: 1) == [0, 2, 4])
    #expect(try merge([first, changed, without, later], lead: 1) == [])
    #expect(try stored(1) == [first, without, later])
  }

  @Test("an event may be longer than a page")
  func longEvent() throws {
    let long = String(repeating: "x", count: 3 * EventPage.fullSize)
    let events = (0..<5).map { ModelEvent(instant: $0, id: nil, tail: #",1,["n","\#(long)"]"#) }
    try merge([events[0], events[2]], lead: 1)
    try merge([events[1], events[3], events[4]], lead: 1)
    #expect(try stored(1) == events)
  }

  @Test("removing from a page on leaves the pages before and other leads")
  func remove() throws {
    var random = SeededRandom(seed: 3)
    let events = inOrder((0..<300).map { _ in random.event(at: 0...1_000_000, longest: 60) })
    for lead in Int64(1)...3 { try merge(events, lead: lead) }
    let kept = try #require(try database.events.page(lead: 2, upTo: 1))
    try database.events.remove(lead: 2, from: 2)
    #expect(try database.events.last(lead: 2)?.id == kept.id)
    try database.events.remove(lead: 2, from: 0)
    #expect(try stored(2) == [])
    #expect(try database.events.last(lead: 2) == nil)
    var model = ModelLead()
    _ = model.merge(events)
    #expect(try stored(1) == model.events)
    #expect(try stored(3) == model.events)
    let summary = try database.events.summary()
    #expect(summary.count == Int64(2 * model.events.count))
    #expect(summary.first == model.events.first?.instant)
    #expect(summary.last == model.events.last?.instant)
  }

  // MARK: Cost

  /// Rows changed, and pages of the file written, by one more event at the end.
  private func cost(ofAppendingTo lead: Int64, at instant: Int64) throws -> (rows: Int64, pages: Int64) {
    try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    let before = try connection.integer("SELECT total_changes()") ?? 0
    try connection.write {
      let event = ModelEvent(instant: instant, id: nil, tail: #",1,["n","a new one"]"#)
      let accepted = try merge([event], lead: lead)
      #expect(accepted == [0])
    }
    let rows = (try connection.integer("SELECT total_changes()") ?? 0) - before
    let frames = try connection.firstRow("PRAGMA wal_checkpoint(PASSIVE)") { $0.integer(1) } ?? 0
    return (rows, frames)
  }

  @Test("an event at the end writes a constant number of pages, however many there are")
  func constantCost() throws {
    let count: Int64 = 5000
    try connection.write {
      for lead in Int64(1)...300 {
        try merge([ModelEvent(instant: 0, id: nil, tail: ",1")], lead: lead, isNew: true)
      }
      try merge(
        (0..<count).map { ModelEvent(instant: $0 * 1000, id: nil, tail: #",1,["path","/page/\#($0)"]"#) }, lead: 200)
    }
    #expect(try stored(200).count == Int(count) + 1)
    #expect(try connection.integer("SELECT count(*) FROM event_page WHERE id / 1048576 = 200") ?? 0 > 40)
    for step in Int64(1)...200 {
      let (rows, pages) = try cost(ofAppendingTo: 200, at: (count + step) * 1000)
      // The last page, and a new one when that is full; above them the tree's path where it splits.
      #expect((1...2).contains(rows))
      #expect(pages <= 6)
    }
  }

  @Test("a few events stand beside a lead's pages, which stay as they are until there are more")
  func beside() throws {
    func append(_ instants: ClosedRange<Int64>) throws {
      try merge(instants.map { ModelEvent(instant: $0, id: nil, tail: ",1") }, lead: 1, mayStandBeside: true)
    }
    func beside() throws -> [[String?]] {
      try connection.rows("SELECT id & 1048575, count FROM recent_event_page", columns: 2)
    }
    try append(1...500)
    let pages = try connection.rows("SELECT id, count, body FROM event_page ORDER BY id", columns: 3)
    #expect(pages.count == 2)
    try append(501...503)
    try append(504...508)
    #expect(try connection.rows("SELECT id, count, body FROM event_page ORDER BY id", columns: 3) == pages)
    #expect(try beside() == [["2", "8"]])
    try append(509...509)
    #expect(try beside() == [])
    #expect(try stored(1).count == 509)
    try append(510...512)
    // One of before them, and one that is there already.
    try append(512...512)
    #expect(try beside() == [["2", "3"]])
    // Between them and before the first of them, but after the pages.
    try merge([ModelEvent(instant: 511, id: nil, tail: ",3")], lead: 1, mayStandBeside: true)
    try append(600...600)
    #expect(try beside() == [["2", "5"]])
    try append(100...100)
    try merge([ModelEvent(instant: 300, id: nil, tail: ",2")], lead: 1, mayStandBeside: true)
    #expect(try beside() == [])
    #expect(try stored(1).count == 515)
    try append(700...700)
    try append(650...650)
    #expect(try beside() == [["2", "2"]])
    try append(720...722)
    try database.events.remove(lead: 1, from: 0)
    #expect(try stored(1) == [])
    #expect(try database.events.isEmpty())
  }

  @Test("leads with few others near them may have events beside their pages")
  func density() {
    #expect(
      EventPageTable.mayStandBeside([1, 2, 16, 17, 18, 19, 20, 40, 1 << 41, 1 << 44])
        == [true, true, true, false, false, false, false, true, true, false])
    #expect(EventPageTable.mayStandBeside([]) == [])
  }

  @Test("a late event leaves the pages before its own alone")
  func lateCost() throws {
    let events = (0..<2000).map { ModelEvent(instant: $0 * 1000, id: nil, tail: ",1,22,333,4444") }
    try merge(events, lead: 1, isNew: true)
    let before = try connection.rows("SELECT id, body FROM event_page ORDER BY id", columns: 2)
    try merge([ModelEvent(instant: 1_900_500, id: nil, tail: ",1")], lead: 1)
    let after = try connection.rows("SELECT id, body FROM event_page ORDER BY id", columns: 2)
    #expect(before.count > 10)
    #expect(after.prefix(before.count - 3) == before.prefix(before.count - 3))
    #expect(try stored(1).count == 2001)
  }

  @Test("a batch of nothing but repetitions writes nothing")
  func repetitions() throws {
    let events = (0..<1000).map { ModelEvent(instant: $0 * 1000, id: nil, tail: ",1,22") }
    try merge(events, lead: 1, isNew: true)
    let before = try connection.integer("SELECT total_changes()")
    #expect(try merge(events, lead: 1) == [])
    #expect(try connection.integer("SELECT total_changes()") == before)
  }
}
