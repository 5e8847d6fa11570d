import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How a program ended and what it wrote, to the last byte.
struct ProgramRun {
  /// The exit status; 128 and the signal's number where a signal ended it, as in a shell.
  let status: Int32
  let output: String
  let errors: String

  /// The lines of standard error.
  var errorLines: [String] { errors.split(separator: "\n").map(String.init) }

  /// The lines of standard output.
  var outputLines: [String] { output.split(separator: "\n").map(String.init) }
}

/// What could not be done to run a program.
struct ProgramProblem: Error, CustomStringConvertible {
  let description: String
}

/// A program at work.
///
/// Standard output and standard error go to files, so that a program never waits for a reader and nothing is cut off.
/// The caller must end it by `wait` or `kill`.
struct RunningProgram {
  private let process: pid_t
  private let outputPath: String
  private let errorPath: String

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - input: what it reads from standard input.
  ///   - environment: all of it; nothing is inherited.
  ///   - scratch: a folder for what it writes.
  static func start(
    _ path: String, _ arguments: [String], input: String = "", environment: [String: String], folder: String,
    scratch: String
  ) throws -> RunningProgram {
    let name = "\(scratch)/\(UUID().uuidString)"
    try Data(input.utf8).write(to: URL(fileURLWithPath: name + ".in"))

    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
    #else
      var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, name + ".in", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, name + ".out", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, name + ".err", O_WRONLY | O_CREAT | O_TRUNC, 0o600)

    // A test's thread may hold signals back; the program is not to inherit that.
    #if canImport(Darwin)
      var attributes: posix_spawnattr_t?
    #else
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var mask = sigset_t()
    sigemptyset(&mask)
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    // The shell changes the working directory, which posix_spawn cannot everywhere, and becomes the program.
    let command = ["/bin/sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh", folder, path] + arguments
    let words = command.map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    var process = pid_t()
    let problem = posix_spawn(&process, "/bin/sh", &actions, &attributes, words, variables)
    guard problem == 0 else {
      throw ProgramProblem(description: "cannot start \(path): \(String(cString: strerror(problem)))")
    }
    return RunningProgram(process: process, outputPath: name + ".out", errorPath: name + ".err")
  }

  /// Waits for the end; after `limit` seconds the program is killed and that is an error.
  func wait(limit: Double = 300) throws -> ProgramRun {
    let deadline = Date().addingTimeInterval(limit)
    var pause: UInt32 = 500
    var state: Int32 = 0
    while true {
      let ended = waitpid(process, &state, WNOHANG)
      if ended == process { break }
      guard ended == 0 || errno == EINTR else {
        throw ProgramProblem(description: "cannot wait for process \(process): \(String(cString: strerror(errno)))")
      }
      guard Date() < deadline else {
        kill()
        throw ProgramProblem(description: "no end within \(limit) seconds")
      }
      usleep(pause)
      pause = min(pause * 2, 10_000)
    }
    let signal = state & 0x7F
    return ProgramRun(
      status: signal == 0 ? (state >> 8) & 0xFF : 128 + signal, output: RunningProgram.text(outputPath),
      errors: RunningProgram.text(errorPath))
  }

  /// Sends it a signal.
  func signal(_ number: Int32) {
    #if canImport(Glibc)
      _ = Glibc.kill(process, number)
    #else
      _ = Darwin.kill(process, number)
    #endif
  }

  /// Ends it as `kill -9` does.
  ///
  /// - Returns: whether it was still at work.
  @discardableResult
  func kill() -> Bool {
    #if canImport(Glibc)
      _ = Glibc.kill(process, SIGKILL)
    #else
      _ = Darwin.kill(process, SIGKILL)
    #endif
    var state: Int32 = 0
    while waitpid(process, &state, 0) < 0, errno == EINTR {}
    return state & 0x7F == SIGKILL
  }

  private static func text(_ path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
  }
}
