import LeadStore
import Testing

@Suite("Events in runs")
struct EventRunTests {
  private struct Event: Equatable {
    var instant: Int64
    var type: Int
    var properties: [Int32]
    var literals: [String] = []
  }

  private func event(_ reader: EventPageReader) -> Event {
    Event(
      instant: reader.instant, type: reader.type, properties: Array(reader.properties),
      literals: reader.hasLiterals
        ? reader.literals.map { String(decoding: reader.literal($0), as: UTF8.self) } : [])
  }

  private func oneByOne(_ text: UnsafeBufferPointer<UInt8>) throws -> [Event] {
    let reader = EventPageReader()
    try reader.begin(text, firstAt: -7)
    var events: [Event] = []
    while try reader.next() { events.append(event(reader)) }
    return events
  }

  private func inRuns(_ text: UnsafeBufferPointer<UInt8>, after oldest: Int64? = nil) throws -> [Event] {
    let reader = EventPageReader()
    if let oldest {
      try reader.begin(text, firstAt: -7, after: oldest)
    } else {
      try reader.begin(text, firstAt: -7)
    }
    var events: [Event] = []
    while true {
      let run = try reader.nextRun()
      var part = run.parts
      for index in 0..<run.count {
        let count = Int(part[1])
        events.append(
          Event(
            instant: run.instants[index], type: Int(part[0]),
            properties: Array(UnsafeBufferPointer(start: part + 2, count: count))))
        part += 2 + count
      }
      if run.hasOther { events.append(event(reader)) }
      if run.isLast { return events }
    }
  }

  private func page(_ random: inout SeededRandom, events: Int) -> [UInt8] {
    func number(_ random: inout SeededRandom, _ digits: ClosedRange<Int>) -> String {
      let count = Int.random(in: digits, using: &random)
      return String((0..<count).map { _ in Character(String(Int.random(in: 0...9, using: &random))) })
    }
    let texts: [String] = (0..<events).map { _ in
      var text = "[" + number(&random, 1...14) + "," + number(&random, random.chance(80) ? 1...1 : 1...4)
      if random.chance(5) { text += #","id]\"["# + "\"" }
      for _ in 0..<Int.random(in: 0...(random.chance(5) ? 40 : 3), using: &random) {
        text += "," + number(&random, 1...8)
      }
      if random.chance(5) { text += #",["name","a],[1"]"# }
      return text + "]"
    }
    return Array(("[" + texts.joined(separator: ",") + "]").utf8)
  }

  @Test("the same events as one by one, and of damaged pages none")
  func same() throws {
    var random = SeededRandom(seed: 71)
    var damaged = 0
    for round in 0..<3000 {
      var bytes = page(&random, events: round % 7 == 0 ? 300 : Int.random(in: 0...12, using: &random))
      if random.chance(40) {
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          let place = Int.random(in: 0..<bytes.count, using: &random)
          bytes[place] = Array("[],\"\\019-x".utf8)[Int.random(in: 0...9, using: &random)]
        }
        if random.chance(20) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
      }
      // In memory of just that size, so that looking behind the end is found.
      let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
      defer { memory.deallocate() }
      _ = memory.initialize(from: bytes)
      let text = UnsafeBufferPointer(memory)
      let expected = try? oneByOne(text)
      let found = try? inRuns(text)
      #expect(expected == found, "\(String(decoding: bytes, as: UTF8.self))")
      if expected == nil { damaged += 1 }
    }
    #expect(damaged > 300 && damaged < 2000, "\(damaged)")
  }

  @Test("events after an instant, and of earlier ones none where no text is in the page")
  func after() throws {
    var random = SeededRandom(seed: 79)
    var (passed, kept) = (0, 0)
    for _ in 0..<1000 {
      var offsets = (0..<Int.random(in: 0...30, using: &random)).map { _ in
        Int64.random(in: 0...(random.chance(50) ? 9 : 1_000_000), using: &random)
      }.sorted()
      if !offsets.isEmpty { offsets[0] = 0 }
      let hasTexts = random.chance(20)
      let texts = offsets.map { offset in
        "[\(offset),1\(random.chance(50) ? ",12,7" : "")\(hasTexts ? #","a],[1","# + #"["n","[0,1]"]"# : "")]"
      }
      let bytes = Array("[\(texts.joined(separator: ","))]".utf8)
      let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
      defer { memory.deallocate() }
      _ = memory.initialize(from: bytes)
      let text = UnsafeBufferPointer(memory)
      let all = try inRuns(text)
      #expect(all.count == offsets.count)
      for oldest in [Int64.min, -8, -7, -6, 0, (offsets.randomElement(using: &random) ?? 0) - 7, Int64.max] {
        let late = try inRuns(text, after: oldest)
        #expect(late == (hasTexts ? all : all.filter { $0.instant > oldest }), "\(oldest)")
        passed += all.count - late.count
        kept += late.count
      }
    }
    #expect(passed > 1000 && kept > 1000, "\(passed), \(kept)")
  }
}
