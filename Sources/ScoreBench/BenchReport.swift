import Foundation

/// A line of the benchmark's table: our work beside a peer's.
struct BenchRow {
  let work: String
  let peer: String
  /// The ratio that we mean to stay within.
  let atMost: Double
  /// Seconds, or bytes where `isSize`; absent where there is no peer.
  let ours: Measurement?
  let theirs: Measurement?
  var isSize = false

  /// The ratio of the medians.
  var ratio: Double? {
    guard let ours, let theirs, theirs.median > 0 else { return nil }
    return ours.median / theirs.median
  }

  /// The median of the ratios run by run.
  var pairedRatio: Double? {
    guard let ours, let theirs, theirs.least > 0 else { return nil }
    return Measurement.median(zip(ours.seconds, theirs.seconds).map { $0 / $1 })
  }
}

extension BenchRow: Encodable {
  enum CodingKeys: String, CodingKey {
    case work, peer, atMost, ours, theirs, isSize, ratio, pairedRatio
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(work, forKey: .work)
    try values.encode(peer, forKey: .peer)
    try values.encode(atMost, forKey: .atMost)
    try values.encode(ours, forKey: .ours)
    try values.encode(theirs, forKey: .theirs)
    try values.encode(isSize, forKey: .isSize)
    try values.encode(ratio, forKey: .ratio)
    try values.encode(pairedRatio, forKey: .pairedRatio)
  }
}

/// Everything that a run of the benchmark found.
struct BenchReport: Encodable {
  let size: String
  let leads: Int
  let events: Int
  let runs: Int
  let processors: Int
  let peers: [String]
  let rows: [BenchRow]
  /// By document: the checksum over all leads, the same on both sides where there is a peer.
  let checksums: [Checksum]
  let notes: [String]

  struct Checksum: Encodable {
    let document: String
    let digest: String
    let total: String
    let comparedWith: String?
  }

  func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }

  func markdown() -> String {
    var lines = [
      "\(BenchText.count(leads)) leads, \(BenchText.count(events)) events, 30 rules; \(processors) processors; "
        + "medians of \(runs) runs each (least–most), in turn.", "",
      "| work | ours | peer | the peer's | ratio | pairs | at most | | memory ours / peer |",
      "|---|---:|---|---:|---:|---:|---:|---|---:|",
    ]
    for row in rows {
      let ours = row.ours.map { BenchText.range($0, isSize: row.isSize) } ?? "–"
      let theirs = row.theirs.map { BenchText.range($0, isSize: row.isSize) } ?? "no peer"
      let memory =
        row.isSize
        ? "" : [row.ours, row.theirs].map { $0.map { BenchText.bytes($0.peakMemory) } ?? "–" }.joined(separator: " / ")
      var verdict = ""
      if let ratio = row.ratio, let paired = row.pairedRatio {
        verdict = max(ratio, paired) <= row.atMost ? "yes" : min(ratio, paired) <= row.atMost ? "nearly" : "**no**"
      }
      lines.append(
        "| \(row.work) | \(ours) | \(row.peer) | \(theirs) | \(BenchText.ratio(row.ratio)) | "
          + "\(BenchText.ratio(row.pairedRatio)) | \(BenchText.ratio(row.atMost)) | \(verdict) | \(memory) |")
    }
    lines.append("")
    for sum in checksums {
      lines.append(
        "Checksum, \(sum.document): \(sum.digest), \(sum.total) points"
          + (sum.comparedWith.map { "; equal to \($0)'s for every lead." } ?? "; not compared."))
    }
    if !notes.isEmpty { lines.append("") }
    lines += notes
    return lines.joined(separator: "\n") + "\n"
  }
}

/// Numbers as people read them.
enum BenchText {
  static func ratio(_ value: Double?) -> String {
    value.map { $0 < 10 ? String(format: "%.2f", $0) : String(format: "%.1f", $0) } ?? "–"
  }

  static func seconds(_ value: Double) -> String {
    value < 0.1 ? String(format: "%.1f ms", value * 1000) : String(format: "%.2f s", value)
  }

  static func bytes(_ value: Int) -> String {
    value < 1 << 30
      ? String(format: "%.1f MB", Double(value) / 1e6) : String(format: "%.2f GB", Double(value) / 1e9)
  }

  static func count(_ value: Int) -> String {
    var digits = Array(String(value))
    var place = digits.count - 3
    while place > 0 {
      digits.insert(",", at: place)
      place -= 3
    }
    return String(digits)
  }

  static func range(_ measurement: Measurement, isSize: Bool) -> String {
    if isSize { return bytes(Int(measurement.median)) }
    guard measurement.seconds.count > 1 else { return seconds(measurement.median) }
    return "\(seconds(measurement.median)) (\(seconds(measurement.least))–\(seconds(measurement.most)))"
  }
}
