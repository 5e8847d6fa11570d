import Foundation
import Testing

/// The commands of the README run as they stand there, in order, as in one shell in one folder, and print what it says.
///
/// A mark on the line above a block changes that: `<!-- not run: why -->`, `<!-- exit 65 -->` for a block that ends with
/// that status, `<!-- needs TOOL -->` for one that is passed over where the tool is missing.
struct ReadmeTests {
  @Test func everyCommandRunsAndPrintsWhatTheReadmeSays() throws {
    let work = try Workspace()
    var printed: String?
    var count = 0
    for block in try MarkdownBlock.all(in: "\(Location.checkout)/README.md") {
      switch block.language {
      case "sh":
        printed = nil
        let mark = block.mark ?? ""
        if mark.hasPrefix("not run: ") { continue }
        if mark.hasPrefix("needs "), Location.tool(String(mark.dropFirst(6))) == nil { continue }
        let status = mark.hasPrefix("exit ") ? Int32(mark.dropFirst(5)) : 0
        // As if all were pasted into one shell: what a block exports holds for the blocks after it.
        let run = try work.shell(
          "set -e; exec 2>&1\n[ ! -f ../environment ] || . ../environment\n\(block.text)\nexport -p > ../environment")
        #expect(run.status == status, "README.md:\(block.line): \(run.output)")
        printed = run.output
        count += 1
      case "text" where block.followsDirectly:
        guard let output = printed else { continue }
        #expect(output == block.text, "README.md:\(block.line)")
      default: continue
      }
    }
    #expect(count >= 12)
  }

  /// A block that does not run says why; every other mark is one that this test understands.
  @Test func marksAreUnderstood() throws {
    for block in try MarkdownBlock.all(in: "\(Location.checkout)/README.md") {
      guard let mark = block.mark else { continue }
      let isKnown = ["not run: ", "exit ", "needs "].contains { mark.hasPrefix($0) && mark.count > $0.count }
      #expect(isKnown, "README.md:\(block.line): \(mark)")
    }
  }

  /// What the README names exists: files that it links to, and every command of the program.
  @Test func linksAndCommands() throws {
    let text = try String(contentsOfFile: "\(Location.checkout)/README.md", encoding: .utf8)
    for match in text.matches(of: #/\]\((?<target>[^)#:]+)\)/#) {
      let path = "\(Location.checkout)/\(match.output.target)"
      #expect(FileManager.default.fileExists(atPath: path), "\(match.output.target)")
    }
    let work = try Workspace()
    let help = try work.done("--help").output
    let commands = help.matches(of: #/(?m)^  (?<name>[a-z][a-z-]*)  +[A-Z]/#).map { String($0.output.name) }
    #expect(commands.count >= 10)
    for command in commands {
      let isNamed = text.contains("leadscore \(command)") || text.contains("`\(command)")
      #expect(isNamed, "the README does not name \(command)")
    }
  }
}
