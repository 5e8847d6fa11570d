internal import LeadStore

/// Lets one thread at a time use a database connection that two share.
final class Gate: Sendable {
  private let monitor = Monitor()

  /// Runs `body` while no other thread is inside. Not from inside another body.
  func pass<Result>(_ body: () throws -> Result) rethrows -> Result { try monitor.locked(body) }
}
