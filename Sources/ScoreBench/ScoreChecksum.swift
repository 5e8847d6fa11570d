/// One lead's result, in hundredths of a point: as far as two programs must agree on it.
///
/// The stage is left out: it depends on the lead's earlier stage, which a query over facts does not know.
struct LeadResult {
  private(set) var key: ArraySlice<UInt8> = []
  private(set) var score = 0
  /// Mixed from everything below the key; the order of groups and rules does not matter.
  private(set) var mixture: UInt64 = 0

  mutating func setKey(_ bytes: ArraySlice<UInt8>) { key = bytes }

  mutating func setScore(_ hundredths: Int) {
    score = hundredths
    add(LeadResult.hash("score".utf8), hundredths)
  }

  mutating func setGrade(_ label: ArraySlice<UInt8>) { mixture &+= RandomSource.mixed(LeadResult.hash(label) ^ 1) }

  /// A group's or a rule's points, by the hash of its name; 0 is as good as absent.
  mutating func add(_ name: UInt64, _ hundredths: Int) {
    guard hundredths != 0 else { return }
    mixture &+= RandomSource.mixed(name &+ UInt64(bitPattern: Int64(hundredths)) &* 0x9E37_79B9_7F4A_7C15)
  }

  /// Stands for the whole result, key and all.
  var digest: UInt64 { RandomSource.mixed(mixture ^ LeadResult.hash(key)) }

  /// FNV-1a, 64 bits.
  static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return hash
  }
}

/// The sum over all leads, in any order.
struct ScoreChecksum: Equatable {
  private(set) var leads = 0
  private(set) var total = 0
  private(set) var digest: UInt64 = 0

  mutating func add(_ result: LeadResult) {
    leads += 1
    total += result.score
    digest &+= result.digest
  }

  var text: String {
    let digits = String(digest, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The sum of all scores, in points.
  var totalPoints: String {
    let cents = String(abs(total % 100))
    return "\(BenchText.count(total / 100)).\(cents.count < 2 ? "0" : "")\(cents)"
  }
}

/// Reads the results that `leads list --format jsonl --breakdown` writes.
///
/// It trusts the order of members that the command line's contract shows and reads no further than `next_change_at`.
struct ListedLead {
  private(set) var result = LeadResult()
  private(set) var nextChangeAt: String?

  private let line: [UInt8]
  private var place = 0

  init(_ line: [UInt8]) throws {
    self.line = line
    try expect("{")
    while true {
      let name = String(decoding: try string(), as: UTF8.self)
      try expect(":")
      switch name {
      case "key": result.setKey(try string())
      case "score": result.setScore(try hundredths())
      case "grade": if try !skippedNull() { result.setGrade(try string()) }
      case "groups", "rules": try points()
      case "next_change_at":
        if try !skippedNull() { nextChangeAt = String(decoding: try string(), as: UTF8.self) }
        return
      case "stage", "scored_at": if try !skippedNull() { _ = try string() }
      default: _ = try hundredths()
      }
      try expect(",")
    }
  }

  private mutating func points() throws {
    try expect("{")
    if place < line.count, line[place] == UInt8(ascii: "}") {
      place += 1
      return
    }
    while true {
      let name = LeadResult.hash(try string())
      try expect(":")
      result.add(name, try hundredths())
      if place < line.count, line[place] == UInt8(ascii: "}") { break }
      try expect(",")
    }
    place += 1
  }

  private mutating func expect(_ byte: Unicode.Scalar) throws {
    guard place < line.count, line[place] == UInt8(ascii: byte) else { throw fault }
    place += 1
  }

  private mutating func skippedNull() throws -> Bool {
    guard line[place...].starts(with: "null".utf8) else { return false }
    place += 4
    return true
  }

  /// A text without escapes: the workload has none.
  private mutating func string() throws -> ArraySlice<UInt8> {
    try expect("\"")
    let start = place
    while place < line.count, line[place] != UInt8(ascii: "\"") {
      guard line[place] != UInt8(ascii: "\\") else { throw fault }
      place += 1
    }
    try expect("\"")
    return line[start..<place - 1]
  }

  /// A number with at most two decimals.
  private mutating func hundredths() throws -> Int {
    let isNegative = place < line.count && line[place] == UInt8(ascii: "-")
    if isNegative { place += 1 }
    var value = 0
    var decimals: Int?
    let start = place
    while place < line.count {
      let byte = line[place]
      if byte == UInt8(ascii: "."), decimals == nil {
        decimals = 0
      } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
        value = value * 10 + Int(byte - UInt8(ascii: "0"))
        decimals = decimals.map { $0 + 1 }
      } else {
        break
      }
      place += 1
    }
    guard place > start, let scale = [0: 100, 1: 10, 2: 1][decimals ?? 0] else { throw fault }
    return (isNegative ? -value : value) * scale
  }

  private var fault: BenchProblem {
    BenchProblem(
      description: "leads list --format jsonl wrote a line that is not as expected at byte \(place): "
        + String(decoding: line.prefix(300), as: UTF8.self))
  }
}

/// Reads the results that a peer wrote as CSV, a column a value, in hundredths of a point.
struct PeerTable {
  private enum Column {
    case key
    case score
    case grade
    /// The hash of a group's or a rule's name.
    case points(UInt64)
  }

  private let columns: [Column]

  /// - Parameter header: such as `key,score,grade,groups.fit,rules.trial`.
  init(header: [UInt8]) throws {
    columns = try header.split(separator: UInt8(ascii: ",")).map { cell in
      let name = String(decoding: cell.filter { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
      switch name {
      case "key": return .key
      case "score": return .score
      case "grade": return .grade
      default:
        guard let dot = name.firstIndex(of: ".") else {
          throw BenchProblem(description: "the peer's table has a column '\(name)' that is not known")
        }
        return .points(LeadResult.hash(name[name.index(after: dot)...].utf8))
      }
    }
  }

  func result(_ line: [UInt8]) throws -> LeadResult {
    var result = LeadResult()
    let cells = line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard cells.count == columns.count else {
      throw BenchProblem(description: "the peer's table has a row of \(cells.count) cells, not \(columns.count)")
    }
    for (column, cell) in zip(columns, cells) {
      switch column {
      case .key: result.setKey(cell)
      case .grade: result.setGrade(cell)
      case .score: result.setScore(try number(cell))
      case .points(let name): result.add(name, try number(cell))
      }
    }
    return result
  }

  private func number(_ cell: ArraySlice<UInt8>) throws -> Int {
    guard let value = Int(String(decoding: cell, as: UTF8.self)) else {
      throw BenchProblem(description: "the peer's table has '\(String(decoding: cell, as: UTF8.self))' for a number")
    }
    return value
  }
}
