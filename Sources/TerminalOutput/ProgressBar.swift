#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How far a long piece of work has come, on one line of standard error.
///
/// The line appears only in a terminal and only once the work has lasted a second, is redrawn at most ten times a
/// second and leaves nothing behind. `update` is cheap enough to be called for every row, from any thread.
public final class ProgressBar: Sendable {
  private struct State: Sendable {
    var label: String
    /// When this phase began, which the rate counts from.
    var startedAt: Int64
    /// When the line may appear.
    var visibleFrom: Int64
    var done: Int64 = 0
    var total: Int64?
    var items: Int64 = 0
    var isFinished = false
    var isVisible = false
    var drawnAt: Int64 = .min
    var frame = 0
    /// Calls of `update` that may pass before the clock is asked again.
    var stride = 1
    var untilCheck = 1
    var checkedAt: Int64 = .min
  }

  private static let delay: Int64 = 1_000_000_000
  private static let redrawInterval: Int64 = 100_000_000
  private static let longestStride = 256

  private let state: Guarded<State>
  private let unit: String
  private let isEnabled: Bool
  private let style: ProgressLine.Look
  private let width: @Sendable () -> Int
  private let clock: @Sendable () -> Int64
  private let output: @Sendable (String) -> Void

  /// A bar on standard error. Does nothing where that is no terminal.
  ///
  /// - Parameters:
  ///   - label: what is being done: `Importing events`.
  ///   - unit: what the items are, in the plural: `rows`.
  public convenience init(label: String, unit: String) {
    let fd = STDERR_FILENO
    self.init(
      label: label,
      unit: unit,
      isTerminal: Terminal.isTerminal(fd) && !Terminal.isDumb(environment: Terminal.environment),
      color: Terminal.supportsColor(fd),
      unicode: Terminal.usesUTF8(),
      width: { Terminal.width(fd) },
      clock: ProgressBar.monotonicNanoseconds,
      output: ProgressBar.writeToStandardError)
  }

  /// A bar whose surroundings are given, for tests and other outputs.
  ///
  /// - Parameters:
  ///   - isTerminal: whether anything is drawn at all.
  ///   - width: the columns of the terminal, asked at every redraw, because people resize windows.
  ///   - clock: a clock that never goes back, in nanoseconds.
  ///   - output: takes what is to be written, as it is.
  public init(
    label: String,
    unit: String,
    isTerminal: Bool,
    color: Bool,
    unicode: Bool,
    width: @escaping @Sendable () -> Int,
    clock: @escaping @Sendable () -> Int64,
    output: @escaping @Sendable (String) -> Void
  ) {
    self.unit = sanitized(unit)
    isEnabled = isTerminal
    style = ProgressLine.Look(color: color, unicode: unicode)
    self.width = width
    self.clock = clock
    self.output = output
    let now = isTerminal ? clock() : 0
    state = Guarded(State(label: sanitized(label), startedAt: now, visibleFrom: now + ProgressBar.delay))
  }

  deinit {
    finish()
  }

  /// Tells how far the work has come.
  ///
  /// - Parameters:
  ///   - done: what the percentage counts, for instance bytes read.
  ///   - total: what `done` will be at the end, or nil where nobody knows: then a spinner turns.
  ///   - items: what the rate counts, for instance rows.
  public func update(done: Int64, total: Int64?, items: Int64) {
    guard isEnabled else { return }
    state.withLock { state in
      state.done = done
      state.total = total
      state.items = items
      state.untilCheck -= 1
      guard state.untilCheck <= 0, !state.isFinished else { return }
      let now = clock()
      adapt(&state, to: now)
      guard now > state.visibleFrom else { return }
      guard !state.isVisible || now - state.drawnAt >= ProgressBar.redrawInterval else { return }
      draw(&state, at: now)
    }
  }

  /// Begins the next phase of the same work under another label. The line stays; counts and rate start afresh.
  public func restart(label: String) {
    guard isEnabled else { return }
    state.withLock { state in
      let now = clock()
      let visibleFrom = state.isFinished ? now + ProgressBar.delay : state.visibleFrom
      var next = State(label: sanitized(label), startedAt: now, visibleFrom: visibleFrom)
      next.isVisible = state.isVisible
      next.drawnAt = state.drawnAt
      state = next
    }
  }

  /// Writes a line above the bar, for instance a warning, in the way of the bar and of nothing else.
  ///
  /// - Parameter line: without a newline. Sanitized by the caller, because it may hold colours.
  public func note(_ line: String) {
    state.withLock { state in
      let wasVisible = state.isVisible
      erase(&state)
      output(line + "\n")
      if wasVisible { draw(&state, at: clock()) }
    }
  }

  /// Clears the line. Later updates draw nothing. May be called twice.
  public func finish() {
    guard isEnabled else { return }
    state.withLock { state in
      erase(&state)
      state.isFinished = true
    }
  }

  /// Asks the clock every 5 to 20 ms, however fast the calls come.
  private func adapt(_ state: inout State, to now: Int64) {
    if state.checkedAt != .min {
      let passed = now - state.checkedAt
      if passed < 5_000_000 {
        state.stride = min(state.stride * 2, ProgressBar.longestStride)
      } else if passed > 20_000_000 {
        state.stride = passed > 200_000_000 ? 1 : max(1, state.stride / 2)
      }
    }
    state.checkedAt = now
    state.untilCheck = state.stride
  }

  private func draw(_ state: inout State, at now: Int64) {
    let line = ProgressLine(
      label: state.label, unit: unit, done: state.done, total: state.total, items: state.items,
      elapsed: max(1, now - state.startedAt), frame: state.frame)
    state.frame += 1
    state.drawnAt = now
    state.isVisible = true
    // The last column stays empty: some terminals wrap as soon as it is written.
    output("\r\u{1B}[2K" + line.render(width: width() - 1, look: style))
  }

  private func erase(_ state: inout State) {
    guard state.isVisible else { return }
    state.isVisible = false
    output("\r\u{1B}[2K")
  }

  private static func monotonicNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  private static func writeToStandardError(_ text: String) {
    let output = BufferedOutput(fileDescriptor: STDERR_FILENO, name: "standard error")
    // Nobody can be told that the way of telling things is gone.
    try? output.write(text)
    try? output.flush()
  }
}
