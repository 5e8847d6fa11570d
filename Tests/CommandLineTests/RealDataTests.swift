import Foundation
import RecordFormats
import Testing

/// Data of real companies through the rules and maps of `examples/`.
///
/// The numbers were counted by a program of another language that reads the same files and knows nothing of this one.
/// The data stands beside a checkout or where `LEADSCORE_SHARED_DATA` says; without it these tests are skipped.
struct RealDataTests {
  /// A company's data and what must come of it.
  struct Example: Sendable, CustomTestStringConvertible {
    let name: String
    let asOf: String
    /// Kind, map, file and number of rows, all of which are new.
    let imports: [(kind: String, map: String, file: String, rows: Int)]
    let leads: Int
    let stages: [String: Int]
    /// The sum of all scores, in hundredths.
    let total: Int
    /// For how many leads these rules give other than 0.
    let rules: [String: Int]

    var testDescription: String { name }
    var isPresent: Bool { imports.allSatisfy { Location.hasData("\(name)/\($0.file)") } }
  }

  static let examples = [
    Example(
      name: "loans", asOf: "2012-04-01T00:00:00Z",
      imports: [
        ("leads", "leads.map.yaml", "applications.csv", 6_544), ("events", "events.map.yaml", "events.csv", 131_236),
      ],
      leads: 6_544, stages: ["received": 4_811, "open": 70, "call-first": 1_663], total: 14_522_900,
      rules: [
        "silent": 6_544, "preaccepted": 3_644, "amount-common": 3_380, "offer-sent": 2_489, "unqualified-lead": 2_372,
        "offer-returned": 1_640, "being-validated": 1_615, "hard-to-complete": 1_425, "papers-chased": 828,
        "very-hard-to-complete": 730, "amount-tiny": 551, "offer-call": 283, "fraud-check": 56, "amount-huge": 42,
      ]),
    Example(
      name: "x-education", asOf: "2026-01-01T00:00:00Z",
      imports: [("leads", "leads.map.yaml", "Leads.csv", 4_620)],
      leads: 4_620, stages: ["nurture": 2_654, "mql": 662, "sql": 1_304], total: 11_042_400,
      rules: [
        "says-what-matters": 3_266, "not-in-work": 2_921, "specialization-in-demand": 2_296, "searched": 2_007,
        "glance": 1_737, "long-look": 1_297, "chat-only": 833, "good-look": 468, "do-not-email": 380,
        "added-form": 356, "in-work": 355, "reference": 329,
      ]),
    Example(
      name: "leadforge", asOf: "2024-04-01T00:00:00Z",
      imports: [
        ("leads", "leads.map.yaml", "leads.csv", 5_000), ("events", "sessions.map.yaml", "sessions.csv", 14_565),
        ("events", "touches.map.yaml", "touches.csv", 54_803),
      ],
      leads: 5_000, stages: ["nurture": 4_205, "mql": 660, "sql": 135], total: 5_118_466,
      rules: [
        "gone-dark": 3_424, "prices-seen": 2_687, "inbound": 2_274, "outbound": 1_757, "answers-us": 1_105,
        "long-session": 589, "demo-seen": 500, "in-dialogue": 134, "chased": 2,
      ]),
    Example(
      name: "salesforce", asOf: "2024-02-01T00:00:00Z",
      imports: [("leads", "leads.map.yaml", "Lead.csv", 60)],
      leads: 60, stages: ["nurture": 34, "mql": 20, "sql": 6], total: 161_000,
      rules: [
        "reachable": 60, "source-cold-call": 25, "source-referral": 22, "in-hand": 15, "source-form": 13,
        "active-this-year": 10, "active-this-quarter": 2,
      ]),
  ]

  static let arePresent = examples.allSatisfy(\.isPresent)

  @Test(
    .enabled(if: arePresent, "the shared data is not beside this checkout; LEADSCORE_SHARED_DATA may name its folder"),
    arguments: examples)
  func importsAndScores(example: Example) throws {
    let work = try Workspace()
    let data = "\(Location.sharedData ?? "")/\(example.name)"
    try work.done("init", "--rules", Location.example("\(example.name)/rules.yaml"), "--as-of", example.asOf)

    func load(_ index: Int) throws -> JSONValue? {
      let file = example.imports[index]
      let run = try work.done(
        "import", file.kind, "--map", Location.example("\(example.name)/\(file.map)"), "\(data)/\(file.file)",
        "--as-of", example.asOf, "--format", "json")
      #expect(run.errors.isEmpty)
      return try JSONParser.parse(run.output).arrayValue?.first
    }
    func count(_ report: JSONValue?, _ name: String) -> Int? { report?[name]?.numberValue.flatMap { Int($0.text) } }

    for (index, file) in example.imports.enumerated() {
      let report = try load(index)
      let told = "\(file.file): \(report as Any)"
      #expect(count(report, "read") == file.rows && count(report, "created") == file.rows, "\(told)")
      #expect(count(report, "rejected") == 0 && count(report, "duplicates") == 0, "\(told)")
    }

    let run = try work.done("leads", "list", "--format", "jsonl", "--breakdown", "--as-of", example.asOf)
    var stages: [String: Int] = [:]
    var rules: [String: Int] = [:]
    var total = 0
    for lead in try work.lines(run) {
      stages[lead["stage"]?.stringValue ?? "", default: 0] += 1
      for rule in lead["rules"]?.objectValue?.keys ?? [] { rules[rule, default: 0] += 1 }
      total += Int(((lead["score"]?.numberValue?.double ?? .nan) * 100).rounded())
    }
    #expect(run.outputLines.count == example.leads)
    #expect(stages == example.stages)
    #expect(rules == example.rules)
    #expect(total == example.total)

    // The same files again, and everything once more from the facts, change nothing.
    try work.unchanged {
      let all = try work.done("score", "--all", "--as-of", example.asOf)
      #expect(all.output.isEmpty)
    }
    for (index, file) in example.imports.enumerated() {
      let again = try load(index)
      for name in ["created", "updated", "leads_rescored", "stage_changes"] {
        #expect(count(again, name) == 0, "\(file.file): \(again as Any)")
      }
    }
  }
}
