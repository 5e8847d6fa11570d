#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// SIGINT and SIGTERM as an end of standard input: what reads it ends as it would at the end, with all that came in place.
enum StopSignal {
  // Written by the handler, read elsewhere; one byte is never half written.
  nonisolated(unsafe) private static let flag = {
    let flag = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
    flag.initialize(to: 0)
    return flag
  }()

  /// Whether one of them came.
  static var isRaised: Bool { flag.pointee != 0 }

  /// From now on the first of them ends standard input; a second one ends the program.
  static func endsStandardInput() {
    guard !isRaised else { return }
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        let code = errno
        StopSignal.flag.pointee = 1
        // A reader that waits begins again, and finds the end.
        let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
        if nothing >= 0 { dup2(nothing, STDIN_FILENO) }
        signal(number, SIG_DFL)
        errno = code
      }
    }
  }

  /// Whether standard input is something that goes on while it is read: a pipe, a socket, a terminal.
  static var canGoOn: Bool {
    var status = stat()
    return fstat(STDIN_FILENO, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
  }
}
