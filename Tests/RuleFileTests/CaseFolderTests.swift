import Foundation
import RuleFile
import Testing

/// One folder a fault: `rules.yaml` (or `mapping.yaml`) and `expected.txt`, the diagnostics as a person sees them.
@Suite struct CaseFolderTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Cases")

  static var names: [String] {
    let found = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    return (found ?? []).filter { !$0.hasPrefix(".") }.sorted()
  }

  @Test func casesAreFound() {
    #expect(CaseFolderTests.names.count >= 50)
  }

  @Test(arguments: names)
  func diagnosticsAreAsExpected(_ name: String) throws {
    let folder = CaseFolderTests.folder.appending(path: name)
    let mapping = folder.appending(path: "mapping.yaml")
    let expected = try String(contentsOf: folder.appending(path: "expected.txt"), encoding: .utf8)
    let diagnostics: [Diagnostic]
    let isUsable: Bool
    if FileManager.default.fileExists(atPath: mapping.path) {
      let result = ImportMapping.parse(try String(contentsOf: mapping, encoding: .utf8), fileName: "mapping.yaml")
      (diagnostics, isUsable) = (result.diagnostics, result.mapping != nil)
    } else {
      let text = try String(contentsOf: folder.appending(path: "rules.yaml"), encoding: .utf8)
      let result = RuleFile.parse(text, fileName: "rules.yaml")
      (diagnostics, isUsable) = (result.diagnostics, result.document != nil)
    }
    // To accept new wording, set this variable and read the difference before committing it.
    if ProcessInfo.processInfo.environment["RECORD_CASES"] != nil {
      try diagnostics.rendered.write(to: folder.appending(path: "expected.txt"), atomically: true, encoding: .utf8)
    } else {
      #expect(diagnostics.rendered == expected)
    }
    #expect(isUsable == !diagnostics.contains { $0.severity == .error })
  }
}
