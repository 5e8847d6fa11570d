import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A program that was run at a terminal of its own, with somebody typing.
struct TerminalRun {
  let status: Int32
  /// All that appeared on the terminal, with what was typed.
  let screen: String

  /// Runs a program to its end.
  ///
  /// - Parameters:
  ///   - typed: what is typed; a line ends by a newline, end of input is `\u{4}`.
  ///   - environment: all of it; nothing is inherited.
  static func run(
    _ path: String, _ arguments: [String], typed: String, environment: [String: String], limit: Double = 60
  ) throws -> TerminalRun {
    var (master, slave) = (Int32(-1), Int32(-1))
    guard openpty(&master, &slave, nil, nil, nil) == 0 else {
      throw ProgramProblem(description: "cannot open a terminal: \(String(cString: strerror(errno)))")
    }
    // The own copy of the program's end is held open, so that the terminal lives on when the program ends.
    defer {
      close(slave)
      close(master)
    }
    _ = fcntl(master, F_SETFL, fcntl(master, F_GETFL) | O_NONBLOCK)

    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
    #else
      var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor in Int32(0)...2 { posix_spawn_file_actions_adddup2(&actions, slave, descriptor) }
    let words = ([path] + arguments).map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    var process = pid_t()
    let problem = posix_spawn(&process, path, &actions, nil, words, variables)
    guard problem == 0 else {
      throw ProgramProblem(description: "cannot start \(path): \(String(cString: strerror(problem)))")
    }
    let bytes = Array(typed.utf8)
    _ = write(master, bytes, bytes.count)

    var screen: [UInt8] = []
    var state: Int32 = 0
    let deadline = Date().addingTimeInterval(limit)
    while true {
      let ended = waitpid(process, &state, WNOHANG) == process
      var chunk = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = read(master, &chunk, chunk.count)
        if count <= 0 { break }
        screen += chunk[..<count]
      }
      if ended { break }
      guard Date() < deadline else {
        _ = kill(process, SIGKILL)
        waitpid(process, &state, 0)
        throw ProgramProblem(
          description: "no end within \(limit) seconds; on the terminal: \(String(decoding: screen, as: UTF8.self))")
      }
      usleep(2000)
    }
    let signal = state & 0x7F
    return TerminalRun(
      status: signal == 0 ? (state >> 8) & 0xFF : 128 + signal, screen: String(decoding: screen, as: UTF8.self))
  }
}
