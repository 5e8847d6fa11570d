import Foundation
import RuleFile
import Testing

/// Whatever the bytes, reading ends with a document or with diagnostics that point into the file.
@Suite struct HostileInputTests {
  private func check(_ text: String) {
    let result = RuleFile.parse(text, fileName: "r")
    #expect((result.document == nil) == !result.errors.isEmpty)
    let lines = text.unicodeScalars.count { "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0) } + 1
    for diagnostic in result.diagnostics {
      #expect(diagnostic.line >= 1 && diagnostic.line <= lines)
      #expect(diagnostic.column >= 1 && diagnostic.column <= diagnostic.sourceLine.unicodeScalars.count + 1)
    }
  }

  @Test func everyPrefixOfTheExample() {
    let bytes = Array(Samples.full.utf8)
    for count in bytes.indices { check(String(decoding: bytes[..<count], as: UTF8.self)) }
  }

  @Test func changedBytesOfTheExample() {
    let bytes = Array(Samples.full.utf8)
    let replacements = Array("\"'{}[]:,-?*&!|>%@`#~\n\t\0 9z".utf8) + [0xFF, 0xC3, 0x80]
    var state: UInt64 = 20_260_101
    for _ in 0..<2000 {
      var changed = bytes
      for _ in 0...2 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let place = Int((state >> 33) % UInt64(changed.count))
        let byte = replacements[Int((state >> 20) % UInt64(replacements.count))]
        if state & 0x100 == 0 { changed[place] = byte } else { changed.insert(byte, at: place) }
      }
      check(String(decoding: changed, as: UTF8.self))
    }
  }

  // Not arguments of the test: a log of them would be as hostile.
  private static let oddShapes: [String] = [
    String(repeating: "- ", count: 100_000), String(repeating: "? ", count: 50_000),
    String(repeating: "[? ", count: 5000), String(repeating: "{a: ", count: 5000),
    (0..<3000).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
    String(repeating: "a: 1\n", count: 2000), (0..<3000).map { "k\($0): 1\nk\($0): 2\n" }.joined(),
    "&a [*a]", "&a {x: *a}", "*a : 1", "&a a: 1\n*a : 2\n", "&a x: 1\n&b x: 2\n", "%YAML 1.1\n---\na: 1\n",
    "%YAML 9.9\n---\na: 1\n", "\u{FEFF}\u{FEFF}a", "\"\\ud83d\": 1", "{\"\\ud83d\": 1}", "{\"a\\ud83d\\ude00\\ud83d",
    "a\0b",
    "\u{FFFE}", "? a\n? a\n", "'': 1\n'': 2\n", "\"a\\tb\": 1\n\"a\\tb\": 2\n", "'a''b': 1\n'a''b': 2\n",
    "{a: 1, ? a : 2}", "...\n...\n", "---\n---\n", "a: |\n  x\n --- y\n", "\u{100000}: 1\na: 1\na: 2\n",
    "[]: 1\n[]: 2\n",
  ]

  @Test func oddShapes() {
    for text in HostileInputTests.oddShapes { check(text) }
  }

  @Test func manyFaultsAreAllFound() {
    let rules = (0..<500).map { "  - { id: r\($0), pionts: 1 }\n" }.joined()
    #expect(RuleFile.parse("rules:\n" + rules, fileName: "r").errors.count == 500)
  }

  /// Of files with a fault in every few letters a thousand are listed, of those on one long line fewer.
  @Test func faultsWithoutEndAreCutShort() throws {
    let lines = String(repeating: "a: 1\n", count: 3000)
    let errors = RuleFile.parse(lines, fileName: "r").errors
    #expect(errors.count == 1001)
    #expect(errors.last?.message.contains("not listed") == true)
    check("{" + String(repeating: "a,", count: 40_000) + "}")
    #expect(RuleFile.parse("[" + String(repeating: "!x a,", count: 40_000) + "]", fileName: "r").errors.count < 50)
  }

  @Test func anErrorBehindManyWarningsIsListed() {
    let rules = (0..<1200).map { "  - { id: r\($0), points: 1, if: { x: { gt: 10, lt: 5 } } }\n" }.joined()
    check("rules:\n" + rules + "  - { id: last, pionts: 1, if: { x: 1 } }\n")
  }

  /// Each is a long name once more.
  @Test func manyAliasesOfALongKeyAreRead() {
    let name = String(repeating: "k", count: 100_000)
    let errors = RuleFile.parse(
      "a: &a \(name)\nb:\n" + String(repeating: "  *a : x\n", count: 20_000), fileName: "r"
    ).errors
    #expect(errors.contains { $0.line == 3 && $0.message == "a key has at most 4096 bytes; this one has 100000" })
    #expect(errors.count <= 1001)
  }

  @Test func placesBehindManyJoinedPairsAreFound() {
    let pairs = String(repeating: "\"\\ud83d\\ude00\",", count: 20_000)
    let result = RuleFile.parse("{\"name\":[" + pairs + "1],\"x\":1}", fileName: "r")
    #expect(result.errors.contains { $0.message.contains("'x'") && $0.column == 9 + 20_000 * 15 + 4 })
  }
}
