import Foundation
import RecordFormats
import Testing

/// A folder of its own for a test, removed afterwards, and the program at work in it.
final class Workspace {
  /// The instants as of which tests work, in order.
  static let t0 = "2026-03-01T00:00:00Z"
  static let t1 = "2026-03-02T00:00:00Z"
  static let t2 = "2026-03-03T00:00:00Z"

  /// The working directory of every run.
  let folder: String
  private let scratch: String

  init() throws {
    let root = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("leadscore-test-\(UUID().uuidString)")
    folder = root.appendingPathComponent("work").path
    scratch = root.appendingPathComponent("scratch").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(at: URL(fileURLWithPath: folder).deletingLastPathComponent())
  }

  // MARK: Files

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)))
  }

  func write(_ name: String, bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path(name)))
  }

  func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path(name))) }

  func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

  func copy(_ name: String, to other: String) throws {
    try? FileManager.default.removeItem(atPath: path(other))
    try FileManager.default.copyItem(atPath: path(name), toPath: path(other))
  }

  // MARK: Runs

  /// What every run has in its environment. No terminal, no colours, no database named.
  private func environment(_ extra: [String: String]) -> [String: String] {
    let programs = URL(fileURLWithPath: Location.leadscore).deletingLastPathComponent().path
    let inherited = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    var all = ["PATH": "\(programs):\(inherited)", "HOME": folder, "TMPDIR": scratch, "LANG": "C.UTF-8"]
    if let library = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] { all["LD_LIBRARY_PATH"] = library }
    all.merge(extra) { $1 }
    return all
  }

  func start(_ arguments: [String], input: String = "", environment extra: [String: String] = [:]) throws
    -> RunningProgram
  {
    try RunningProgram.start(
      Location.leadscore, arguments, input: input, environment: environment(extra), folder: folder, scratch: scratch)
  }

  /// Runs `leadscore`.
  func run(
    _ arguments: String..., input: String = "", environment extra: [String: String] = [:], limit: Double = 300
  ) throws -> ProgramRun {
    try run(arguments, input: input, environment: extra, limit: limit)
  }

  func run(
    _ arguments: [String], input: String = "", environment extra: [String: String] = [:], limit: Double = 300
  ) throws -> ProgramRun {
    try start(arguments, input: input, environment: extra).wait(limit: limit)
  }

  /// Runs a command line of the shell, in which `leadscore` and `ScoreBench` are the programs under test.
  func shell(_ script: String, environment extra: [String: String] = [:], limit: Double = 300) throws -> ProgramRun {
    try startShell(script, environment: extra).wait(limit: limit)
  }

  /// Starts a command line of the shell.
  func startShell(_ script: String, environment extra: [String: String] = [:]) throws -> RunningProgram {
    try RunningProgram.start(
      "/bin/sh", ["-c", script], environment: environment(extra), folder: folder, scratch: scratch)
  }

  /// Runs `leadscore` and expects that it succeeds.
  @discardableResult
  func done(
    _ arguments: String..., input: String = "", environment extra: [String: String] = [:],
    at location: SourceLocation = #_sourceLocation
  ) throws -> ProgramRun {
    let run = try run(arguments, input: input, environment: extra)
    #expect(
      run.status == 0, "leadscore \(arguments.joined(separator: " ")): \(run.errors)", sourceLocation: location)
    #expect(!run.errors.contains("leadscore: error:"), "an error line with exit status 0", sourceLocation: location)
    return run
  }

  /// Runs `leadscore` and expects that it refuses: this status, one line `leadscore: error: …`, nothing to read for
  /// other programs, no crash.
  ///
  /// - Parameter remarks: whether lines may stand before the error, such as rejected rows and diagnostics.
  /// - Returns: what stands after `leadscore: error: `.
  @discardableResult
  func refused(
    _ status: Int32, _ arguments: String..., remarks: Bool = false, limit: Double = 300,
    at location: SourceLocation = #_sourceLocation
  ) throws -> String {
    expectRefusal(try run(arguments, limit: limit), status, remarks: remarks, at: location)
  }

  @discardableResult
  func expectRefusal(
    _ run: ProgramRun, _ status: Int32, remarks: Bool = false, at location: SourceLocation = #_sourceLocation
  ) -> String {
    let prefix = "leadscore: error: "
    let shown = String(run.errors.prefix(2000))
    #expect(run.status == status, "\(shown)", sourceLocation: location)
    let errors = run.errorLines.filter { $0.hasPrefix(prefix) }
    #expect(errors.count == 1, "not one error line: \(shown)", sourceLocation: location)
    #expect(run.errorLines.last?.hasPrefix(prefix) == true, "not the last line: \(shown)", sourceLocation: location)
    if !remarks { #expect(run.errorLines.count == 1, "more than one line: \(shown)", sourceLocation: location) }
    #expect(run.output.isEmpty, "standard output: \(run.output.prefix(200))", sourceLocation: location)
    for word in ["Fatal error", "Stack dump", ".swift:", "Crash", "Thread "] {
      #expect(!run.errors.contains(word), "\(shown)", sourceLocation: location)
    }
    return String((errors.first ?? "").dropFirst(prefix.count))
  }

  // MARK: A small database

  static let rules = """
    rules:
      - id: title
        points: 15
        if: { title: { contains: vp } }
      - id: views
        points: 5
        every: { event: view, within: 30d }
    stages:
      - id: nurture
      - id: mql
        enter: { score: 20 }

    """

  /// A folder with `leads.db`, evaluated as of `t1`: two leads and two events.
  static func prepared() throws -> Workspace {
    let work = try Workspace()
    try work.write("rules.yaml", rules)
    try work.write("l.csv", "key,title,created_at\nann@x,VP Sales,2026-01-01\nbob@x,Intern,2026-01-02\n")
    try work.write("e.csv", "key,type,occurred_at\nann@x,view,2026-02-20T10:00:00Z\nann@x,view,2026-02-21T10:00:00Z\n")
    try work.done("init", "--rules", "rules.yaml", "--as-of", t0)
    try work.done("import", "leads", "l.csv", "--as-of", t1)
    try work.done("import", "events", "e.csv", "--as-of", t1)
    return work
  }

  /// A digest-like text of everything in a database; equal texts mean equal content.
  func dump(_ name: String = "leads.db", ignoring columns: Set<String> = []) throws -> String {
    try DatabaseDump.text(path(name), scratch: scratch, ignoring: columns)
  }

  /// Expects that what `body` does leaves the database as it is and no file beside it.
  func unchanged(_ name: String = "leads.db", at location: SourceLocation = #_sourceLocation, _ body: () throws -> Void)
    throws
  {
    let before = try dump(name)
    try body()
    let same = try dump(name) == before
    #expect(same, "the database changed", sourceLocation: location)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder).filter {
      $0.hasSuffix("-journal") || $0.hasSuffix(".tmp")
    }
    #expect(left.isEmpty, "left behind: \(left)", sourceLocation: location)
  }

  /// The JSON values of lines.
  func lines(_ run: ProgramRun) throws -> [JSONValue] { try run.outputLines.map { try JSONParser.parse($0) } }
}
