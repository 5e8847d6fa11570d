import Foundation
import RuleFile
import ScoreEngine
import Testing

@Suite struct MappingTests {
  @Test func leads() throws {
    let result = ImportMapping.parse(
      """
      key: [application_id, id]
      created_at: reg_date
      absent: [Select, n/a, 0]
      skip: [outcome]
      attributes: { amount: amount_requested, "Lead Source": Lead Source }
      others: drop
      set: { product: loan, tier: 2, own: true, tags: [a, 1] }
      encoding: Latin1
      delimiter: ";"
      """, fileName: "m")
    #expect(result.diagnostics.rendered == "")
    let mapping = try #require(result.mapping)
    #expect(
      mapping
        == ImportMapping(
          kind: .leads, key: ["application_id", "id"], createdAt: "reg_date",
          fields: [
            .init(name: "amount", column: "amount_requested"), .init(name: "Lead Source", column: "Lead Source"),
          ],
          keepsOthers: false, skip: ["outcome"],
          set: [
            .init(name: "product", value: .text("loan")), .init(name: "tier", value: .number(2)),
            .init(name: "own", value: .boolean(true)), .init(name: "tags", value: .list(["a", "1"])),
          ],
          absent: ["Select", "n/a", "0"], encoding: "latin-1", delimiter: UInt8(ascii: ";")))
  }

  @Test(arguments: [
    ("type: activity", ImportMapping.EventType.column("activity", prefix: "")),
    ("type: { column: touch, prefix: touch_ }", .column("touch", prefix: "touch_")),
    ("type: { text: session }", .text("session")),
  ])
  func events(_ line: String, _ type: ImportMapping.EventType) throws {
    let text = "key: k\n\(line)\noccurred_at: t\nid: session_id\nproperties: { a: b }\ndelimiter: tab\n"
    let mapping = try #require(ImportMapping.parse(text, fileName: "m").mapping)
    #expect(
      mapping
        == ImportMapping(
          kind: .events, key: ["k"], type: type, occurredAt: "t", id: "session_id",
          fields: [.init(name: "a", column: "b")], delimiter: 9))
  }

  @Test func everyExampleOfTheRepositoryIsRead() throws {
    for (path, text) in try Examples.files(named: ".map.yaml") {
      let result = ImportMapping.parse(text, fileName: path)
      #expect(result.diagnostics.rendered == "")
      #expect(result.mapping != nil)
    }
  }
}

/// The example files of the repository, where they are there.
enum Examples {
  static func files(named suffix: String) throws -> [(path: String, text: String)] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "examples")
    let paths = FileManager.default.subpaths(atPath: root.path) ?? []
    return try paths.filter { $0.hasSuffix(suffix) }.sorted().map {
      ($0, try String(contentsOf: root.appending(path: $0), encoding: .utf8))
    }
  }

  /// Rule documents: everything in YAML that is no mapping.
  static func rules() throws -> [(path: String, text: String)] {
    try files(named: ".yaml").filter { !$0.path.hasSuffix(".map.yaml") }
  }
}
