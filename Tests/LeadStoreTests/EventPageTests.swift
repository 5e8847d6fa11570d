import LeadStore
import Testing

@Suite("Pages of events")
struct EventPageTests {
  private let tails = [
    ",1", ",12", #",3,"e-17""#, #",3,"""#, #",3,"a\"],[\\""#, ",3,42", ",3,42,7", #",3,"id",42,["n",1.5]"#,
    #",3,["n","]"]"#, #",3,["n","\"]"],5"#, #",3,["l",["a","[","]\\"]],["t",true],9"#, #",3,["é","😀"]"#,
  ]

  private func read(_ body: [UInt8], firstAt: Int64 = 0) throws -> [(Int64, String)] {
    var events: [(Int64, String)] = []
    try body.withUnsafeBufferPointer { text in
      try EventPage.forEachEvent(in: text, firstAt: firstAt) {
        events.append(($0, String(decoding: $1, as: UTF8.self)))
      }
    }
    return events
  }

  @Test("what is appended is read back")
  func roundTrip() throws {
    var page = EventPage(startingAt: -5, id: 3 * EventPage.pagesPerLead + 7)
    var expected: [(Int64, String)] = []
    for (index, tail) in tails.enumerated() {
      let instant = -5 + Int64(index * index) * 1_000_000_007
      var tail = tail
      tail.withUTF8 { page.append(at: instant, tail: $0) }
      expected.append((instant, tail))
      #expect(page.count == index + 1)
      #expect(page.lastAt == instant)
      let events = try read(page.body, firstAt: page.firstAt)
      #expect(events.map(\.0) == expected.map(\.0))
      #expect(events.map(\.1) == expected.map(\.1))
    }
    #expect(page.firstAt == -5)
    #expect(page.lead == 3)
  }

  @Test("an empty page has no events")
  func empty() throws {
    #expect(try read(EventPage(startingAt: 9, id: 0).body).isEmpty)
  }

  @Test(
    "what is not a page is damage",
    arguments: [
      "", "[", "]", "x", "{}", "[[0,1]", "[[0,1", "[[0,1],", "[[0,1]]]", "[[0,1]] ", "[[0,\"1]]", "[[0,1],x]",
    ])
  func damaged(_ text: String) throws {
    #expect(throws: StoreError.self) { try read(Array(text.utf8)) }
  }

  @Test("no bytes crash the reading of pages, tails and properties")
  func fuzz() throws {
    var random = SeededRandom(seed: 5)
    let sound = Array(("[" + tails.enumerated().map { "[\($0)\($1)]" }.joined(separator: ",") + "]").utf8)
    let alphabet = Array("[],\"\\0123456789ax".utf8)
    for round in 0..<4000 {
      var bytes = sound
      if round < sound.count {
        bytes = Array(sound.prefix(round))
      } else {
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let place = Int.random(in: 0..<bytes.count, using: &random)
          switch Int.random(in: 0...2, using: &random) {
          case 0: bytes[place] = alphabet.randomElement(using: &random) ?? 0
          case 1: bytes.insert(alphabet.randomElement(using: &random) ?? 0, at: place)
          default: bytes.remove(at: place)
          }
        }
      }
      try bytes.withUnsafeBufferPointer { text in
        do {
          try EventPage.forEachEvent(in: text, firstAt: 0) { _, tail in
            EventTail(tail)?.forEachProperty(interned: { _ in }, literal: { _ in })
          }
        } catch is StoreError {}
        EventTail(text)?.forEachProperty(interned: { _ in }, literal: { _ in })
      }
    }
  }

  private struct Parts: Equatable {
    var type: Int
    var id: String?
    var interned: [Int32] = []
    var literals: [String] = []
  }

  private func parts(_ tail: String) -> Parts? {
    var tail = tail
    return tail.withUTF8 { bytes in
      guard let read = EventTail(bytes) else { return nil }
      var parts = Parts(type: read.type, id: read.id.map { String(decoding: $0, as: UTF8.self) })
      read.forEachProperty(
        interned: { parts.interned.append($0) }, literal: { parts.literals.append(String(decoding: $0, as: UTF8.self)) }
      )
      return parts
    }
  }

  @Test("a tail falls into type, id and properties")
  func tailParts() {
    #expect(parts(",1") == Parts(type: 1))
    #expect(parts(",12,5,67") == Parts(type: 12, interned: [5, 67]))
    #expect(parts(#",3,"e-17""#) == Parts(type: 3, id: #""e-17""#))
    #expect(parts(#",3,"""#) == Parts(type: 3, id: #""""#))
    #expect(parts(#",3,"a\"],[\\",8"#) == Parts(type: 3, id: #""a\"],[\\""#, interned: [8]))
    #expect(
      parts(#",3,["l",["a","[","]\\"]],9,["t",true]"#)
        == Parts(type: 3, interned: [9], literals: [#"["l",["a","[","]\\"]]"#, #"["t",true]"#]))
    #expect(parts("") == nil)
    #expect(parts("1,2") == nil)
  }

  @Test func decimalDigitsOfAllLengths() {
    // All numbers of few digits, and those beside each power of ten.
    for value in Int64(0)...20_000 { decimal(value) }
    var power: Int64 = 1
    for _ in 0..<18 {
      power *= 10
      for value in (power - 2)...(power + 2) {
        decimal(value)
        decimal(-value)
      }
      // Each pair of digits in each place.
      for pair in Int64(0)..<100 where power < Int64.max / 1000 {
        decimal(power * pair + pair)
        decimal(power * 100 - 1 - pair)
      }
    }
  }

  @Test("decimal digits", arguments: [Int64.min, -10, -1, 0, 1, 9, 10, 99, 100, 1_234_567_890, Int64.max])
  func decimal(_ value: Int64) {
    var bytes: [UInt8] = [65]
    DecimalText.append(value, to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == "A\(value)")
  }
}
