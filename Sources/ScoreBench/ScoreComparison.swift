import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Reads results of all leads from files and says where they differ.
enum ScoreComparison {
  /// The checksum of what `leads list` wrote, and the earliest instants at which leads are due, in order.
  static func listed(_ path: String, earliestDue limit: Int = 0) throws -> (sum: ScoreChecksum, due: [String]) {
    var sum = ScoreChecksum()
    var due: [String] = []
    try forEachLine(path) { line in
      let lead = try ListedLead(line)
      sum.add(lead.result)
      if limit > 0, let instant = lead.nextChangeAt {
        due.append(instant)
        if due.count >= 4 * limit { due = Array(due.sorted().prefix(limit)) }
      }
    }
    return (sum, Array(due.sorted().prefix(limit)))
  }

  /// The checksum of what a peer wrote.
  static func peer(_ path: String) throws -> ScoreChecksum {
    var sum = ScoreChecksum()
    try forEachPeerLine(path) { _, result in sum.add(result) }
    return sum
  }

  /// What differs, as lines for people: the first leads, as each side has them.
  static func differences(ours: String, theirs: String, limit: Int = 5) throws -> [String] {
    var digests: [UInt64: UInt64] = [:]
    try forEachPeerLine(theirs) { _, result in digests[LeadResult.hash(result.key)] = result.digest }
    var differing: [UInt64: String] = [:]
    var order: [UInt64] = []
    try forEachLine(ours) { line in
      let result = try ListedLead(line).result
      let key = LeadResult.hash(result.key)
      let theirs = digests.removeValue(forKey: key)
      guard theirs != result.digest, order.count < limit else { return }
      order.append(key)
      differing[key] = "ours: \(String(decoding: line.prefix(1500), as: UTF8.self))"
    }
    // What is left is there only with the peer.
    let missing = Set(digests.keys.prefix(limit))
    let names = try forEachPeerLine(theirs) { line, result in
      let key = LeadResult.hash(result.key)
      let theirs = String(decoding: line, as: UTF8.self)
      if let text = differing[key] {
        differing[key] = text + "\npeer: \(theirs)"
      } else if missing.contains(key) {
        order.append(key)
        differing[key] = "ours: no such lead\npeer: \(theirs)"
      }
    }
    return ["columns of the peer: \(names)"] + order.prefix(limit).compactMap { differing[$0] }
  }

  /// Returns the header.
  @discardableResult
  private static func forEachPeerLine(
    _ path: String, _ body: (_ line: [UInt8], _ result: LeadResult) throws -> Void
  ) throws -> String {
    var table: PeerTable?
    var header = ""
    try forEachLine(path) { line in
      guard let table else {
        table = try PeerTable(header: line)
        header = String(decoding: line, as: UTF8.self)
        return
      }
      try body(line, try table.result(line))
    }
    return header
  }

  private static func forEachLine(_ path: String, _ body: ([UInt8]) throws -> Void) throws {
    guard let file = fopen(path, "r") else { throw BenchProblem(description: "cannot read \(path)") }
    defer { fclose(file) }
    var buffer: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(buffer) }
    while true {
      let length = getline(&buffer, &capacity, file)
      guard length > 0, let buffer else { return }
      let bytes = UnsafeRawBufferPointer(start: buffer, count: length)
      let end = bytes.last == UInt8(ascii: "\n") ? length - 1 : length
      try body(Array(bytes[..<end]))
    }
  }
}
