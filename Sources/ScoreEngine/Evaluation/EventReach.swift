/// How far back rules look at the events of each slot of a pack, when they are evaluated as of one instant alone.
public final class EventReach: @unchecked Sendable {
  /// By slot: events before the last one that is not after this instant do not matter. Milliseconds.
  // Written before anybody else has it.
  let oldest: UnsafePointer<Int64>
  let slotCount: Int

  init(_ oldest: [Int64]) {
    slotCount = oldest.count
    let memory = UnsafeMutablePointer<Int64>.allocate(capacity: oldest.count)
    memory.initialize(from: oldest, count: oldest.count)
    self.oldest = UnsafePointer(memory)
  }

  deinit { oldest.deallocate() }
}

extension CompiledRules {
  /// What of a record in a pack matters to an evaluation as of one instant: the results, and when anything changes next,
  /// are the same without the rest.
  ///
  /// ``eventsMatter(of:asOf:)`` is for who has yet to find the events, and cannot tell which is the last one before.
  ///
  /// - Complexity: O(rules + the pack's signals)
  public func reach(asOf instant: Int64, pack: [SignalDefinition]) -> EventReach {
    var oldest = [Int64](repeating: Int64.max, count: signals.count)
    for rule in rules where rule.signal >= 0 {
      oldest[rule.signal] = min(oldest[rule.signal], reach(of: rule, asOf: instant))
    }
    var bySignal: [SignalDefinition: Int64] = [:]
    for (signal, oldest) in zip(signals, oldest) { bySignal[signal] = oldest }
    return EventReach(pack.map { bySignal[$0] ?? Int64.max })
  }

  private func reach(of rule: CompiledRule, asOf instant: Int64) -> Int64 {
    // Of a silence, the last event before the instant.
    if rule.kind == .silence { return instant }
    // The event before the oldest that counts tells whether that is the first one of its hour, day or week.
    if rule.within != Int64.max { return instant.addingSaturated(-rule.within) }
    guard rule.decayEvery > 0 else { return Int64.min }
    return instant.addingSaturated(-rule.decayEvery.multipliedSaturated(by: Int64(rule.decayCount)))
  }
}
