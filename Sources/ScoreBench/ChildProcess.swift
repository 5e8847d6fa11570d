import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a program cost, as the system counted it.
struct ProcessCost: Codable, Sendable {
  /// From before its start to after its end, in seconds.
  var wall: Double
  /// Processor time of the program and of the system for it, in seconds.
  var user: Double
  var system: Double
  /// The most memory it held at once, in bytes; not less than what this program held when it started it.
  var peakMemory: Int

  static let nothing = ProcessCost(wall: 0, user: 0, system: 0, peakMemory: 0)

  /// The cost of one after the other.
  static func + (left: ProcessCost, right: ProcessCost) -> ProcessCost {
    ProcessCost(
      wall: left.wall + right.wall, user: left.user + right.user, system: left.system + right.system,
      peakMemory: max(left.peakMemory, right.peakMemory))
  }
}

/// Why the benchmark could not go on.
struct BenchProblem: Error, CustomStringConvertible {
  let description: String
}

/// A program to run, with what it prints in files.
struct ChildProcess {
  let words: [String]
  /// What it is to do, where that stands in SQL or the like.
  var input = "/dev/null"
  var output = "/dev/null"
  let errors: String

  /// Runs it to its end.
  ///
  /// - Throws: `BenchProblem` when it cannot be started or ends with another status than 0.
  func run() throws -> ProcessCost {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
    #else
      var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    let environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("LEADSCORE_") }
    let arguments = words.map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in arguments + variables { free(text) } }

    let start = ContinuousClock.now
    var process = pid_t()
    let problem = posix_spawnp(&process, words[0], &actions, nil, arguments, variables)
    guard problem == 0 else {
      throw BenchProblem(description: "cannot start \(words[0]): \(String(cString: strerror(problem)))")
    }
    var state: Int32 = 0
    var usage = rusage()
    while wait4(process, &state, 0, &usage) < 0 {
      guard errno == EINTR else {
        throw BenchProblem(description: "cannot wait for \(words[0]): \(String(cString: strerror(errno)))")
      }
    }
    let wall = start.duration(to: .now)
    guard state == 0 else {
      let said = String(decoding: FileManager.default.contents(atPath: errors) ?? Data(), as: UTF8.self)
      throw BenchProblem(
        description: "\(words.joined(separator: " ")) ended with \(ChildProcess.ending(state)): \(said.suffix(2000))")
    }
    #if canImport(Darwin)
      let unit = 1
    #else
      let unit = 1024
    #endif
    return ProcessCost(
      wall: wall / .seconds(1), user: ChildProcess.seconds(usage.ru_utime),
      system: ChildProcess.seconds(usage.ru_stime), peakMemory: Int(usage.ru_maxrss) * unit)
  }

  private static func ending(_ state: Int32) -> String {
    let signal = state & 0x7F
    return signal == 0 ? "status \((state >> 8) & 0xFF)" : "signal \(signal)"
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000
  }
}
