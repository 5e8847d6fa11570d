import Foundation
import LeadScoring
import LeadStore
import ScoreEngine
import TestSupport
import Testing

@testable import RuleFile

/// Previews of real data: every lead's standing before and after equals the slow reference evaluator's.
///
/// The data stands beside a checkout or where `LEADSCORE_SHARED_DATA` says; without it these tests are skipped.
@Suite struct RealDataPreviewTests {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let data =
    ProcessInfo.processInfo.environment["LEADSCORE_SHARED_DATA"].map { URL(filePath: $0) }
    ?? root.deletingLastPathComponent().appending(path: "shared/data")

  static func has(_ file: String) -> Bool { FileManager.default.fileExists(atPath: data.appending(path: file).path) }

  @Test(.enabled(if: has("x-education/Leads.csv"), "x-education stands nowhere near"))
  func xEducation() throws {
    try compare(
      example: "x-education", leads: ("Leads.csv", Int.max), events: nil, asOf: "2026-01-01T00:00:00Z",
      // Points, a threshold and a condition differ.
      change: { text in
        text.replacingOccurrences(of: "points: 12", with: "points: 13.5").replacingOccurrences(
          of: "gte: 800", with: "gte: 900")
      })
  }

  @Test(.enabled(if: has("loans/events.csv"), "loans stand nowhere near"))
  func loans() throws {
    try compare(
      example: "loans", leads: ("applications.csv", 600), events: "events.csv", asOf: "2011-10-20T00:00:00Z",
      change: { text in
        text.replacingOccurrences(of: "points: 30", with: "points: 22").replacingOccurrences(
          of: "event: O_SENT_BACK }", with: "event: O_SENT_BACK, within: 9d }")
      })
  }

  private func compare(
    example: String, leads: (file: String, rows: Int), events: String?, asOf instant: String,
    change: (String) -> String
  ) throws {
    let asOf = try #require(Instant(instant)).milliseconds
    let folder = try ScratchFolder()
    let examples = RealDataPreviewTests.root.appending(path: "examples/\(example)")
    let text = try String(contentsOf: examples.appending(path: "rules.yaml"), encoding: .utf8)
    let changed = change(text)
    #expect(changed != text)
    let path = folder.path("leads.db")
    try DatabaseCreation.create(
      path: path, rules: try CheckedRules(text: text, file: "rules"), asOf: asOf, clock: { asOf }, program: "test",
      by: nil)
    let session = try ScoringSession(try LeadDatabase.open(path: path), clock: { asOf })
    try importFiles(session, example, leads, events, asOf, folder, examples)

    // The reference gets the same facts and the same documents, read by the YAML library alone.
    var reference = ReferenceWorld()
    reference.applyVersion(try ReferenceDocument(try tree(text)), number: 1, at: asOf)
    var rows: [RefLeadRow] = []
    var eventRows: [RefEventRow] = []
    try session.forEachLead(LeadQuery(), model: "main") { lead in
      rows.append(
        RefLeadRow(key: lead.key, createdAt: lead.createdAt, attributes: values(lead.attributes)))
    }
    for row in rows {
      for event in try session.events(ofLead: row.key) {
        eventRows.append(
          RefEventRow(
            id: event.id, key: row.key, type: event.type, occurredAt: event.occurredAt,
            properties: values(event.properties)))
      }
    }
    reference.importLeads(at: asOf, rows: rows)
    reference.importEvents(at: asOf, rows: eventRows)
    let before = reference.results
    reference.applyVersion(try ReferenceDocument(try tree(changed)), number: 2, at: asOf)
    let after = reference.results

    var options = PreviewOptions()
    var moves: [String: PreviewReport.Move] = [:]
    options.onChange = { moves[$0.key] = $0 }
    let report = try session.previewRules(
      try CheckedRules(text: changed, file: "changed"), number: nil, model: "main", asOf: asOf, options: options)
    #expect(report.leads == Int64(rows.count))
    var matrix: [ApplyReport.StageMove: Int64] = [:]
    var differing = 0
    for row in rows {
      let key = ReferenceWorld.normalized(row.key)
      let old = try #require(before[key])
      let new = try #require(after[key])
      matrix[ApplyReport.StageMove(from: old.stage, to: new.stage), default: 0] += 1
      guard old.score != new.score || old.stage != new.stage || old.grade != new.grade else {
        #expect(moves[row.key] == nil, "\(row.key) does not change")
        continue
      }
      differing += 1
      let move = try #require(moves[row.key], "\(row.key) changes")
      #expect(move.before == Int64(old.score) && move.after == Int64(new.score), "\(row.key)")
      #expect(move.stageBefore == old.stage && move.stageAfter == new.stage, "\(row.key)")
      #expect(move.gradeBefore == old.grade && move.gradeAfter == new.grade, "\(row.key)")
    }
    #expect(differing > 0)
    #expect(report.changed == Int64(differing))
    #expect(report.stageMatrix == matrix)
    for rule in report.rules {
      #expect(
        rule.pointsAfter == after.values.reduce(0) { $0 + Int64($1.rules[rule.id] ?? 0) }, "points of \(rule.id)")
      #expect(
        rule.leadsBefore == before.values.reduce(0) { $0 + (($1.rules[rule.id] ?? 0) == 0 ? 0 : 1) },
        "leads of \(rule.id)")
    }
  }

  private func importFiles(
    _ session: ScoringSession, _ example: String, _ leads: (file: String, rows: Int), _ events: String?,
    _ asOf: Int64, _ folder: ScratchFolder, _ examples: URL
  ) throws {
    let source = RealDataPreviewTests.data.appending(path: example)
    func mapping(_ name: String) throws -> ImportMapping {
      let text = try String(contentsOf: examples.appending(path: name), encoding: .utf8)
      return try #require(ImportMapping.parse(text, fileName: name).mapping)
    }
    var options = ImportOptions()
    options.mapping = try mapping("leads.map.yaml")
    var file = source.appending(path: leads.file).path
    var keys: Set<Substring> = []
    if leads.rows < Int.max {
      // These files have neither quotes nor line ends in cells.
      let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").prefix(leads.rows + 1)
      keys = Set(lines.dropFirst().compactMap { $0.split(separator: ",").first })
      file = try folder.write(lines.joined(separator: "\n") + "\n", to: "leads.csv")
    }
    _ = try session.importLeads([file], asOf: asOf, options: options)
    guard let events else { return }
    let lines = try String(contentsOf: source.appending(path: events), encoding: .utf8).split(separator: "\n")
    let kept = lines.dropFirst().filter { keys.contains($0.split(separator: ",").first ?? "") }
    let eventFile = try folder.write(([lines[0]] + kept).joined(separator: "\n") + "\n", to: "events.csv")
    options.mapping = try mapping("events.map.yaml")
    _ = try session.importEvents([eventFile], asOf: asOf, options: options)
  }

  private func values(_ set: AttributeSet) -> [String: RefValue] {
    var values: [String: RefValue] = [:]
    for member in set.members {
      switch member.value {
      case .text(let text): values[member.name] = .text(text)
      case .number(let number): values[member.name] = .number(number)
      case .boolean(let truth): values[member.name] = .boolean(truth)
      case .list(let texts): values[member.name] = .list(texts)
      }
    }
    return values
  }

  /// A document as a tree, scalars by the core schema.
  private func tree(_ yaml: String) throws -> RefJSON {
    let sink = DiagnosticSink(source: SourceText(yaml, fileName: "document"))
    return tree(try #require(YAMLReader.read(sink)))
  }

  private func tree(_ node: SourceNode) -> RefJSON {
    switch node.content {
    case .map(let entries): return .object(entries.map { RefEntry($0.name, tree($0.value)) })
    case .list(let items): return .array(items.map { tree($0) })
    case .scalar(let scalar):
      switch scalar.kind {
      case .boolean(let truth): return .bool(truth)
      case .number: return .number(scalar.text)
      case .text: return .string(scalar.text)
      case .null: return .null
      }
    }
  }
}
