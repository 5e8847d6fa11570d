import Testing

@testable import LeadStore

@Suite("Lines of scores, held against reading byte by byte")
struct ScoreLineTests {
  /// What a line says.
  private struct Content: Equatable {
    var integers: [Int64?] = []
    /// Between their quotation marks.
    var texts: [[UInt8]?] = []
    var arrays: [[UInt8]] = []
    var hasEscapes = false
  }

  /// Reads a line in the plainest way.
  private struct PlainReader {
    let bytes: [UInt8]
    var place = 0
    var isSound = true
    var content = Content()

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    mutating func skip(_ byte: Unicode.Scalar) {
      if next != UInt8(ascii: byte) { isSound = false }
      place += 1
    }

    /// Behind a comma; an `n` is taken for null.
    mutating func isNull() -> Bool {
      guard place + 1 < bytes.count, bytes[place + 1] == UInt8(ascii: "n") else { return false }
      place += 5
      return true
    }

    mutating func integer(after mark: Unicode.Scalar = ",") {
      skip(mark)
      let isNegative = next == UInt8(ascii: "-")
      if isNegative { place += 1 }
      let start = place
      var value: Int64 = 0
      while let digit = next, digit >= 48, digit <= 57 {
        value = value &* 10 &+ Int64(digit - 48)
        place += 1
      }
      if place == start { isSound = false }
      content.integers.append(isNegative ? 0 &- value : value)
    }

    mutating func text() {
      if isNull() { return content.texts.append(nil) }
      skip(",")
      skip("\"")
      var text: [UInt8] = []
      while let byte = next, byte != UInt8(ascii: "\"") {
        let isEscape = byte == UInt8(ascii: "\\")
        if isEscape { content.hasEscapes = true }
        text += bytes[place..<min(place + (isEscape ? 2 : 1), bytes.count)]
        place += isEscape ? 2 : 1
      }
      content.texts.append(text)
      skip("\"")
    }

    mutating func array() {
      skip(",")
      let start = min(place, bytes.count)
      if next != UInt8(ascii: "[") { isSound = false }
      while let byte = next, byte != UInt8(ascii: "]") { place += 1 }
      place += 1
      content.arrays.append(Array(bytes[start..<min(place, bytes.count)]))
    }

    mutating func line() -> Content? {
      integer(after: "[")
      for _ in 0..<2 { integer() }
      for _ in 0..<2 { text() }
      integer()
      text()
      for _ in 0..<2 { array() }
      integer()
      if isNull() { content.integers.append(nil) } else { integer() }
      return isSound && place == bytes.count - 1 && bytes.last == UInt8(ascii: "]") ? content : nil
    }
  }

  private func content(_ line: ScoreLine) -> Content {
    Content(
      integers: [
        line.lead, line.version, line.score, line.enteredStageAt, line.scoredAt, line.nextChangeAt,
      ], texts: [line.stage, line.ruleStage, line.grade].map { $0.map { Array($0) } },
      arrays: [Array(line.groups), Array(line.rules)], hasEscapes: line.hasEscapes)
  }

  private func integer(_ random: inout SeededRandom) -> Int64 {
    let shift = Int64.random(in: 0...63, using: &random)
    return random.chance(5)
      ? [Int64.max, .min, 0].randomElement(using: &random) ?? 0
      : Int64.random(in: Int64.min...Int64.max, using: &random) >> shift
  }

  private func line(_ random: inout SeededRandom) -> [UInt8] {
    let texts = [
      nil, "", "mql", "a longer one than eight", "a \"quoted\" one", "back\\slash\\", "\u{1}\n", "Größe 🎯", "n", "],[",
    ]
    func text(_ random: inout SeededRandom) -> String? { texts.randomElement(using: &random) ?? nil }
    let state = ScoreState(
      version: Int(integer(&random)), score: integer(&random), stage: text(&random), ruleStage: text(&random),
      enteredStageAt: integer(&random), grade: text(&random), scoredAt: integer(&random),
      nextChangeAt: random.chance(50) ? integer(&random) : nil)
    let lead = integer(&random)
    let groups = (0..<Int.random(in: 0...5, using: &random)).map { _ in integer(&random) }
    return bytes(lead, state, "\(groups)".filter { $0 != " " }.utf8 + [UInt8(ascii: ",")] + rules(&random))
  }

  private func rules(_ random: inout SeededRandom) -> [UInt8] {
    var pairs: [String] = []
    for _ in 0..<Int.random(in: 0...8, using: &random) {
      let points = random.chance(80) ? Int64.random(in: -99_999...99_999, using: &random) : integer(&random)
      pairs.append("\(Int.random(in: 0..<(random.chance(80) ? 12 : 12_345), using: &random)),\(points)")
    }
    return Array("[\(pairs.joined(separator: ","))]".utf8)
  }

  private func damage(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
    for _ in 0..<Int.random(in: 1...2, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      let byte = Array("[],\"\\019-n\nx\u{FF}".utf8).randomElement(using: &random) ?? 0
      switch Int.random(in: 0...8, using: &random) {
      case 0: bytes.removeLast(bytes.count - place)
      case 1...2: bytes.remove(at: place)
      case 3...5:
        let count = random.chance(30) ? Int.random(in: 2...9, using: &random) : 1
        bytes.insert(contentsOf: repeatElement(byte, count: count), at: place)
      default: bytes[place] = byte
      }
    }
  }

  /// Lends bytes in memory of just their size, so that looking behind the end is found.
  private func lend<Result>(
    _ bytes: [UInt8], _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) rethrows -> Result {
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    defer { memory.deallocate() }
    _ = memory.initialize(from: bytes)
    return try body(UnsafeBufferPointer(memory))
  }

  @Test("the same values, and the same bytes are no lines")
  func same() {
    var random = SeededRandom(seed: 97)
    var (taken, damaged) = (0, 0)
    for _ in 0..<300 {
      let whole = line(&random)
      for round in 0..<15 {
        var bytes = whole
        if round > 0 { damage(&bytes, &random) }
        var reader = PlainReader(bytes)
        let expected = reader.line()
        let found = lend(bytes) { ScoreLine($0).map { content($0) } }
        #expect(found == expected, "\(String(decoding: bytes, as: UTF8.self))")
        if expected == nil { damaged += 1 } else { taken += 1 }
        if let expected, let head = lend(bytes, { ScoreLine.head(of: $0) }) {
          #expect([head.lead, head.score] == [expected.integers[0], expected.integers[2]])
        }
      }
    }
    #expect(taken > 500 && damaged > 500, "\(taken), \(damaged)")
  }

  /// A line as almost all are.
  private func plainLine(_ random: inout SeededRandom) -> [UInt8] {
    let texts = [nil, "", "mql", "nurture", "eight888", "a longer one than eight", "a much longer one than sixteen"]
    let first = texts.randomElement(using: &random) ?? nil
    let state = ScoreState(
      version: Int.random(in: 1...120, using: &random), score: Int64.random(in: -20_000...90_000, using: &random),
      stage: first, ruleStage: random.chance(50) ? first : texts.randomElement(using: &random) ?? nil,
      enteredStageAt: Int64.random(in: 0...1_900_000_000_000, using: &random),
      grade: [nil, "C3", "A"].randomElement(using: &random) ?? nil,
      scoredAt: Int64.random(in: 0...1_900_000_000_000, using: &random),
      nextChangeAt: random.chance(80) ? Int64.random(in: 0...1_900_000_000_000, using: &random) : nil)
    var positions = Set<Int>()
    for _ in 0..<Int.random(in: 0...12, using: &random) { positions.insert(Int.random(in: 0...40, using: &random)) }
    let pairs = positions.sorted().map { "\($0),\(Int.random(in: -9_999...999_999, using: &random))" }
    return bytes(
      Int64.random(in: 1...9_000_000, using: &random), state,
      Array("[575,0,-125],[\(pairs.joined(separator: ","))]".utf8))
  }

  private func bytes(_ lead: Int64, _ state: ScoreState, _ points: [UInt8]) -> [UInt8] {
    let texts = [state.stage, state.ruleStage, state.grade].map(JSONText.longest).reduce(0, +)
    return Array(unsafeUninitializedCapacity: ScoreLine.longestNumbers + texts + points.count) { memory, count in
      guard let base = memory.baseAddress else { return }
      let (length, place) = ScoreLine.write(lead: lead, state, to: base) { target in
        UnsafeMutableBufferPointer(start: target, count: points.count).update(fromContentsOf: points)
      }
      #expect(Array(memory[place]) == points)
      count = length
    }
  }

  @Test("what is read in the quick way is the same, and damaged lines are left to the other")
  func quick() throws {
    var random = SeededRandom(seed: 109)
    var (quick, left) = (0, 0)
    let given = UnsafeMutableBufferPointer<GivenPoints>.allocate(capacity: 41)
    let others = UnsafeMutableBufferPointer<Int64>.allocate(capacity: 41)
    defer {
      given.deallocate()
      others.deallocate()
    }
    given.initialize(repeating: GivenPoints(position: 0, points: 7))
    others.initialize(repeating: 7)
    var texts = TextNumbers()
    for round in 0..<6000 {
      let isPlain = random.chance(50)
      var bytes = isPlain ? plainLine(&random) : line(&random)
      let isWhole = round % 4 == 0
      if !isWhole { damage(&bytes, &random) }
      // Other lines stand behind most.
      let behind = "\n".utf8 + (random.chance(70) ? [UInt8(ascii: ",")] + plainLine(&random) : [UInt8(ascii: "]")])
      try lend(bytes + behind) { memory in
        let start = try #require(memory.baseAddress)
        guard let found = QuickScoreLine(start, limit: start + memory.count, &texts, given: given) else {
          left += 1
          #expect(!(isPlain && isWhole && behind.count > 2), "\(String(decoding: bytes, as: UTF8.self))")
          return
        }
        quick += 1
        // A line ends before the first line end.
        let text = UnsafeBufferPointer(rebasing: memory[..<(found.end - start)])
        guard found.end < start + memory.count, found.end.pointee == UInt8(ascii: "\n") else { return }
        #expect(memory.firstIndex(of: UInt8(ascii: "\n")) == text.count)
        let expected = try #require(ScoreLine(text), "\(String(decoding: bytes, as: UTF8.self))")
        let score = try StoredScore(expected, &texts)
        let same = StoredScore(found)
        #expect(
          [score.lead, score.score, Int64(score.version), score.enteredStageAt, score.scoredAt, score.nextChange]
            == [same.lead, same.score, Int64(same.version), same.enteredStageAt, same.scoredAt, same.nextChange])
        #expect([score.stage, score.ruleStage, score.grade] == [same.stage, same.ruleStage, same.grade])
        #expect(ScoredLeadReader.readRules(expected.rules, into: others))
        let entries = given[..<found.givenCount]
        #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.position < $1.position })
        var points = [Int64](repeating: 0, count: others.count)
        for entry in entries { points[entry.position] = entry.points }
        #expect(points.elementsEqual(others))
        let bare = try #require(QuickScoreLine(start, limit: start + memory.count, &texts, given: nil))
        #expect(bare.end == found.end && bare.score == found.score && bare.nextChange == found.nextChange)
      }
    }
    #expect(quick > 1000 && left > 1000, "\(quick), \(left)")
  }

  /// The points by position; nil where the text is no array of pairs.
  private func plainPoints(_ text: [UInt8], count: Int) -> [Int64]? {
    guard text.count >= 2, text.first == UInt8(ascii: "["), text.last == UInt8(ascii: "]") else { return nil }
    var points = [Int64](repeating: 0, count: count)
    let last = text.count - 1
    var place = 1
    func integer() -> Int64 {
      let isNegative = text[place] == UInt8(ascii: "-")
      if isNegative { place += 1 }
      var value: Int64 = 0
      while place < last, text[place] >= 48, text[place] <= 57 {
        value = value &* 10 &+ Int64(text[place] - 48)
        place += 1
      }
      return isNegative ? 0 &- value : value
    }
    while place < last {
      let position = integer()
      guard position >= 0, position < count, text[place] == UInt8(ascii: ",") else { return nil }
      place += 1
      points[Int(position)] = integer()
      if text[place] == UInt8(ascii: ",") { place += 1 } else if place < last { return nil }
    }
    return points
  }

  @Test("the same points of rules, wherever their text stands in its line")
  func points() {
    var random = SeededRandom(seed: 101)
    let count = 12_400
    let points = UnsafeMutableBufferPointer<Int64>.allocate(capacity: count)
    defer { points.deallocate() }
    points.initialize(repeating: 0)
    var (taken, damaged) = (0, 0)
    for _ in 0..<300 {
      let whole = rules(&random)
      for round in 0..<8 {
        var text = whole
        if round > 0 { damage(&text, &random) }
        // As in a line, an array ends with its first closing bracket.
        if let end = text.firstIndex(of: UInt8(ascii: "]")) { text.removeLast(text.count - end - 1) }
        let known = random.chance(50) ? count : 9
        let behind = Array(",1700000000000,1]".utf8.prefix(Int.random(in: 0...17, using: &random)))
        let expected = plainPoints(text, count: known)
        let places = UnsafeMutableBufferPointer(rebasing: points[..<known])
        let isRead = lend(text + behind) { line in
          ScoredLeadReader.readRules(UnsafeBufferPointer(rebasing: line[..<text.count]), into: places)
        }
        #expect(isRead == (expected != nil), "\(String(decoding: text + behind, as: UTF8.self))")
        if let expected {
          taken += 1
          #expect(places.elementsEqual(expected), "\(String(decoding: text + behind, as: UTF8.self))")
        } else {
          damaged += 1
        }
      }
    }
    #expect(taken > 300 && damaged > 300, "\(taken), \(damaged)")
  }

  @Test("numbers of any length, with anything or nothing behind them")
  func lengths() {
    let points = UnsafeMutableBufferPointer<Int64>.allocate(capacity: 13)
    defer { points.deallocate() }
    points.initialize(repeating: 0)
    for (position, value) in (0...10).flatMap({ position in (0...10).map { (position, $0) } }) {
      for mark in ["", ",", ",-", "-,", ",,"] {
        let text = Array("[\("0000000012".prefix(position))\(mark)\("1234567890".prefix(value))]".utf8)
        let expected = plainPoints(text, count: points.count)
        for behind in 0...10 {
          let isRead = lend(text + Array(",17000000,1]".utf8.prefix(behind))) { line in
            ScoredLeadReader.readRules(UnsafeBufferPointer(rebasing: line[..<text.count]), into: points)
          }
          #expect(isRead == (expected != nil) && (!isRead || points.elementsEqual(expected ?? [])))
        }
      }
    }
  }
}
