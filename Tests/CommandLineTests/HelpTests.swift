import Foundation
import Testing

/// Every command explains itself, with an example that works.
struct HelpTests {
  /// The commands that do something, found by walking through the help.
  private func commands(_ work: Workspace, under path: [String] = []) throws -> [[String]] {
    let run = try work.run(path + ["--help"], environment: ["COLUMNS": "80"])
    #expect(run.status == 0 && run.errors.isEmpty)
    guard let start = run.output.range(of: "SUBCOMMANDS:\n") else { return [path] }
    var found: [[String]] = []
    for line in run.output[start.upperBound...].split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty { break }
      // A name stands two columns in; what is further in goes on with the line above.
      guard line.hasPrefix("  "), !line.hasPrefix("   "), let name = line.split(separator: " ").first else { continue }
      found += try commands(work, under: path + [String(name)])
    }
    return found
  }

  /// The command line after `Example: ` and whether there is one.
  private func example(_ help: String) -> String? {
    guard let start = help.range(of: "Example:") else { return nil }
    let lines = help[start.upperBound...].split(separator: "\n", omittingEmptySubsequences: false)
    return lines.prefix { !$0.allSatisfy(\.isWhitespace) || $0 == lines.first }
      .map { $0.drop { $0 == " " } }.joined(separator: " ").drop { $0 == " " }.description
  }

  @Test func everyCommandHasAnExampleThatParses() throws {
    let work = try Workspace()
    let commands = try commands(work)
    #expect(commands.count >= 18)
    for command in commands {
      let name = command.joined(separator: " ")
      let help = try work.run(command + ["--help"])
      #expect(help.output.contains("OVERVIEW: "), "\(name) has no overview")
      let line = try #require(example(help.output), "\(name) has no example")
      #expect(line.hasPrefix("leadscore \(name)"), "the example of \(name) is '\(line)'")
      // There is no database and no file here, so it ends early; but not for the way it is written.
      let run = try Workspace().shell(line)
      #expect(run.status != 64, "\(line): \(run.errors)")
      #expect([0, 66].contains(run.status), "\(line): \(run.errors)")
    }
  }

  @Test func helpSaysTheExitStatuses() throws {
    let run = try Workspace().run("--help")
    for status in ["64", "65", "66", "69", "73", "74", "75"] { #expect(run.output.contains(status)) }
  }

  @Test func version() throws {
    let run = try Workspace().run("--version")
    #expect(run.output.split(separator: ".").count == 3, "\(run.output)")
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func completionScripts(shell: String) throws {
    let work = try Workspace()
    let run = try work.run("--generate-completion-script", shell)
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    for word in ["leadscore", "history", "stage-changes"] { #expect(run.output.contains(word)) }
    guard let program = Location.tool(shell) else { return }
    try work.write("script", run.output)
    let checked = try work.shell("\(program) -n script")
    #expect(checked.status == 0, "\(checked.errors)")
  }
}
