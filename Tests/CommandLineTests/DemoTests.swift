import Foundation
import Testing

/// The walk through the program that `make demo` gives, and the picture of it in the README.
struct DemoTests {
  @Test func runsToTheEndAndGivesThePictureOfTheReadme() throws {
    let work = try Workspace()
    let programs = URL(fileURLWithPath: Location.leadscore).deletingLastPathComponent().path
    let run = try work.shell(
      "sh '\(Location.example("demo/demo.sh"))'", environment: ["BIN": programs, "DEMO_DIR": "demo"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(!run.errors.contains("error:"), "\(run.errors)")
    for file in ["leads.csv", "events.csv", "recent.jsonl", "leads.db", "sql.csv"] {
      #expect(work.exists("demo/\(file)"), "\(file)")
    }
    #expect(run.output.contains("\n$ leadscore db info\n"), "it did not come to its last command")

    let blocks = try MarkdownBlock.all(in: "\(Location.checkout)/README.md")
    let pictures = blocks.prefix { $0.language != "sh" }.filter { $0.language == "text" }
    #expect(pictures.count == 2)
    for picture in pictures {
      #expect(run.output.contains("\n\(picture.text)"), "README.md:\(picture.line) is not what the demo prints")
    }
  }
}
