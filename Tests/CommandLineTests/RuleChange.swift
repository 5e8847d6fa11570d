import Foundation
import RecordFormats
import Testing

/// A change of rules about to be made.
enum RuleChange {
  static let rules = """
    rules:
      - { id: gold, points: 30, if: { tier: gold } }
      - { id: silver, points: 15, if: { tier: silver } }
    stages:
      - id: nurture
      - { id: mql, enter: { score: 20 } }
      - { id: sql, enter: { score: 40 }, handoff: true }
    disqualify:
      - { id: gone, if: { gone: true } }

    """

  /// Twelve leads as of `t0`: three of gold, four of silver, four of neither, and one who is gone. Version 2, not
  /// applied, brings the first into sql and the second into mql.
  static func prepared() throws -> Workspace {
    let work = try Workspace()
    try work.write("1.yaml", rules)
    try work.write(
      "2.yaml",
      rules.replacing("points: 30", with: "points: 45.5").replacing("points: 15", with: "points: 20"))
    try work.write(
      "3.yaml",
      rules.replacing(
        "stages:", with: "  - { id: any, points: 1, if: { tier: { exists: true } } }\nstages:"))
    var leads = "key,tier,owner,gone\n"
    for lead in 1...3 { leads += "gold\(lead)@x,gold,\(lead == 3 ? "lee" : "kim"),\n" }
    for lead in 1...4 { leads += "silver\(lead)@x,silver,lee,\n" }
    for lead in 1...4 { leads += "none\(lead)@x,,kim,\n" }
    try work.write("l.csv", leads + "gone@x,gold,kim,yes\n")
    try work.done("init", "--rules", "1.yaml", "--as-of", Workspace.t0)
    try work.done("import", "leads", "l.csv", "--as-of", Workspace.t0)
    #expect(try work.done("rules", "add", "2.yaml", "--by", "ann").output == "2\n")
    return work
  }

  /// What `rules preview --format json` says.
  static func preview(_ work: Workspace, _ rules: String = "2", _ more: String...) throws -> JSONValue {
    let run = try work.run(["rules", "preview", rules, "--as-of", Workspace.t0, "--format", "json"] + more)
    #expect(run.status == 0, "\(run.errors)")
    return try JSONParser.parse(run.output)
  }

  /// Where every lead stands, a line each.
  static func standings(_ work: Workspace, at asOf: String) throws -> [String] {
    try work.done("leads", "list", "--sort", "key", "--format", "jsonl", "--breakdown", "--as-of", asOf).outputLines
  }
}

extension JSONValue {
  static func integer(_ value: Int) -> JSONValue { .number(JSONNumber(Int64(value))) }

  var isText: Bool { stringValue != nil }
  var isNumber: Bool { numberValue != nil }
  var isCount: Bool { numberValue.map { $0.text.allSatisfy(\.isNumber) } ?? false }
  var members: [JSONValue]? { objectValue?.members.map(\.value) }
}
