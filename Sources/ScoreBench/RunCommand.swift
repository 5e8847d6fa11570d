import ArgumentParser
import Foundation

/// Measures the program beside SQLite and DuckDB.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Measures the program beside SQLite and DuckDB.",
    discussion: """
      Both sides must give every lead the same score, grade, group scores and rule points, or the exit status is 1. A \
      peer that is not here is left out.

      ScoreBench run --size small --markdown bench.md
      """)

  @Option(help: "tiny, small, medium or large.") var size = BenchSize.small
  @Option(help: "How often each side runs.") var runs = 3
  @Option(help: "Work in this folder and leave it there (default: one below .build/bench, removed afterwards).")
  var folder: String?
  @Option(help: "Write everything that was measured here.") var json: String?
  @Option(help: "Write the table here too.") var markdown: String?
  @Option(help: "sqlite, duckdb, both with a comma between, or none.") var peers = "sqlite,duckdb"
  @Option(help: "The program to measure (default: leadscore beside this one).") var program: String?
  @Option(help: "Python, with the module duckdb where that is to be a peer.") var python = "python3"
  @Option(help: "The folder of the rule documents and of peer.py.") var documents = "examples/bench"

  func validate() throws {
    guard runs >= 1 else { throw ValidationError("--runs is \(runs); it must be 1 or more") }
    _ = try BenchPeer.list(peers)
  }

  func run() throws {
    let own = URL(fileURLWithPath: Bundle.main.executablePath ?? CommandLine.arguments[0])
    let program = program ?? own.deletingLastPathComponent().appendingPathComponent("leadscore").path
    let ofRun = "\(size.rawValue)-\(ProcessInfo.processInfo.processIdentifier)"
    let place = try BenchFolder(folder ?? ".build/bench/\(ofRun)")
    defer { if folder == nil { try? place.remove() } }
    let found = BenchPeers(
      wanted: try BenchPeer.list(peers), python: python, script: "\(documents)/peer.py", folder: place)
    var session = BenchSession(
      size: size, runs: runs, folder: place, peers: found, program: program, documents: documents,
      progress: { FileHandle.standardError.write(Data("\($0)\n".utf8)) })
    do {
      let report = try session.report()
      print(report.markdown(), terminator: "")
      if let json { try report.json().write(to: URL(fileURLWithPath: json)) }
      if let markdown { try Data(report.markdown().utf8).write(to: URL(fileURLWithPath: markdown)) }
    } catch let problem as BenchProblem {
      FileHandle.standardError.write(Data("ScoreBench: error: \(problem)\n".utf8))
      throw ExitCode(1)
    }
  }
}
