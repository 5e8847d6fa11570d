#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the file descriptors and the environment say about the terminal.
///
/// Every question takes the environment as a function, so that an answer can be tested without changing the process.
public enum Terminal {
  /// The width assumed where nothing tells it, in columns.
  public static let defaultWidth = 100

  /// The value of an environment variable of this process.
  public static func environment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    return String(cString: value)
  }

  /// Whether the descriptor is a terminal.
  public static func isTerminal(_ fd: Int32) -> Bool {
    isatty(fd) == 1
  }

  /// Whether colour may be written to the descriptor: it is a terminal, that terminal is not `dumb` and `NO_COLOR` is
  /// absent or empty (https://no-color.org).
  public static func supportsColor(
    _ fd: Int32,
    environment: (String) -> String? = Terminal.environment
  ) -> Bool {
    supportsColor(isTerminal: isTerminal(fd), environment: environment)
  }

  static func supportsColor(isTerminal: Bool, environment: (String) -> String?) -> Bool {
    if let refusal = environment("NO_COLOR"), !refusal.isEmpty { return false }
    return isTerminal && !isDumb(environment: environment)
  }

  /// Whether the terminal cannot move its cursor: `TERM` is `dumb`, empty or absent.
  static func isDumb(environment: (String) -> String?) -> Bool {
    let term = environment("TERM") ?? ""
    return term.isEmpty || term == "dumb"
  }

  /// The columns to lay out for: the terminal's own, else `COLUMNS`, else `defaultWidth`.
  public static func width(
    _ fd: Int32,
    environment: (String) -> String? = Terminal.environment
  ) -> Int {
    var size = winsize()
    if ioctl(fd, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
    if let columns = environment("COLUMNS").flatMap({ Int($0) }), columns > 0 { return columns }
    return defaultWidth
  }

  /// The columns that a line must fit, or nil, which is no limit, when the descriptor is not a terminal.
  public static func widthLimit(
    _ fd: Int32,
    environment: (String) -> String? = Terminal.environment
  ) -> Int? {
    isTerminal(fd) ? width(fd, environment: environment) : nil
  }

  /// Whether the locale (`LC_ALL`, else `LC_CTYPE`, else `LANG`) writes text in UTF-8.
  public static func usesUTF8(environment: (String) -> String? = Terminal.environment) -> Bool {
    for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
      guard let value = environment(name), !value.isEmpty else { continue }
      let lowered = value.lowercased()
      return lowered.contains("utf-8") || lowered.contains("utf8")
    }
    return false
  }
}
