extension CompiledRules {
  /// The instant after which an event must have occurred to matter to what these rules make of some signals as of an
  /// instant: a record without the earlier ones gives the same results, when anything changes next among them. For
  /// events that are still to be found; of those in a record ``reach(asOf:pack:)`` tells more.
  ///
  /// - Parameters:
  ///   - signals: those from whose findings earlier events may be missing.
  ///   - instant: the only one that the record is evaluated at, in milliseconds.
  /// - Returns: milliseconds since 1970; `Int64.min` where every event may matter. O(rules)
  public func eventsMatter(of signals: Set<SignalDefinition>, asOf instant: Int64) -> Int64 {
    var oldest = Int64.max
    for rule in rules where rule.signal >= 0 && signals.contains(self.signals[rule.signal]) {
      oldest = min(oldest, eventsMatter(to: rule, asOf: instant))
    }
    return oldest == Int64.max ? Int64.min : oldest
  }

  private func eventsMatter(to rule: CompiledRule, asOf instant: Int64) -> Int64 {
    // A silence asks for the last event, and what is dated for all that may come to match.
    guard rule.kind == .every || rule.kind == .when, rule.within != Int64.max,
      signals[rule.signal].kind == .instants
    else { return Int64.min }
    let (oldest, overflow) = instant.subtractingReportingOverflow(rule.within)
    if overflow { return Int64.min }
    guard rule.oncePer != nil else { return oldest }
    // The first event of an hour, day or week hides later ones wherever it lies itself.
    let (start, isBeyond) = oldest.subtractingReportingOverflow(OncePer.longest)
    return isBeyond ? Int64.min : start
  }
}

extension OncePer {
  /// The longest of the spans: a week, in milliseconds.
  fileprivate static let longest: Int64 = 7 * 86_400_000
}
