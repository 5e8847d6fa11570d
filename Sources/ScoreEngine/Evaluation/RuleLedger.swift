/// What one rule gives a lead, event by event: the points of all entries add up to the rule's.
public struct RuleLedger: Hashable, Sendable {
  /// Why an event that matches earns nothing.
  public enum Loss: String, Hashable, Sendable {
    /// It occurs after the evaluation.
    case future
    /// An earlier event of the same hour, day or week counts.
    case notFirst = "not-first"
    /// It is older than `within`.
    case tooOld = "too-old"
    /// More recent events fill the `limit`.
    case overLimit = "over-limit"
    /// Its worth has decayed to nothing.
    case decayed
  }

  /// A matching event.
  public struct Entry: Hashable, Sendable {
    /// The event's position among the events that were given.
    public var event: Int
    /// What it earns, in hundredths. Under `when` the event that completes the number earns all.
    public var points: Int64
    /// What it would earn if nothing were taken away.
    public var fullPoints: Int64
    /// Nil for an event that counts.
    public var loss: Loss?
  }

  /// The rule's points, in hundredths.
  public var points: Int64
  /// Matching events, in order.
  public var entries: [Entry]
  /// Under `silence`: how many spans count, and since when, in milliseconds.
  public var silentSpans: Int64 = 0
  public var silentSince: Int64?

  /// Works out what a rule gives, one step of its definition at a time.
  ///
  /// - Parameters:
  ///   - rule: the rule; its `if` holds.
  ///   - events: the instants of its matching events, rising, in milliseconds; later ones than `instant` too.
  ///   - createdAt: when the lead was created.
  ///   - instant: `T`.
  public init(rule: Rule, events: [Int64], createdAt: Int64, at instant: Int64) {
    let full = rule.points.hundredths
    var entries = events.indices.map { Entry(event: $0, points: 0, fullPoints: full, loss: nil) }
    for index in entries.indices where events[index] > instant { entries[index].loss = .future }
    var points: Int64 = 0
    switch rule.clause {
    case .attributes:
      points = full
    case .silence(let clause):
      let last = entries.last { $0.loss == nil }.map { events[$0.event] } ?? createdAt
      let spans = last > instant ? 0 : (instant - last) / clause.span.milliseconds
      silentSpans = min(spans, clause.repeatCount)
      silentSince = last
      points = full.multipliedSaturated(by: silentSpans)
    case .every(let clause):
      RuleLedger.keepFirst(&entries, events, clause.oncePer)
      RuleLedger.dropOld(&entries, events, clause.within, instant)
      if let limit = clause.limit {
        let counting = entries.indices.filter { entries[$0].loss == nil }
        for index in counting.dropLast(Int(clamping: limit)) { entries[index].loss = .overLimit }
      }
      let table = clause.decay.map { DecayTable(points: full, decay: $0) }
      for index in entries.indices where entries[index].loss == nil {
        var worth = full
        if let table, let decay = clause.decay {
          let step = Int((instant - events[index]) / decay.every.milliseconds)
          worth = step < table.worth.count ? table.worth[step] : 0
          if worth == 0, full != 0 { entries[index].loss = .decayed }
        }
        entries[index].points = worth
        points = points.addingSaturated(worth)
      }
    case .when(let clause):
      RuleLedger.keepFirst(&entries, events, clause.oncePer)
      RuleLedger.dropOld(&entries, events, clause.within, instant)
      let counting = entries.indices.filter { entries[$0].loss == nil }
      points = counting.count >= clause.atLeast ? full : 0
      if points != 0, let index = counting.dropFirst(Int(clamping: clause.atLeast) - 1).first {
        entries[index].points = points
      }
    }
    self.points = points
    self.entries = entries
  }

  private static func keepFirst(_ entries: inout [Entry], _ events: [Int64], _ bucket: OncePer?) {
    guard let bucket else { return }
    var seen: Set<Int64> = []
    for index in entries.indices where entries[index].loss == nil {
      if !seen.insert(bucket.number(of: events[index])).inserted { entries[index].loss = .notFirst }
    }
  }

  private static func dropOld(_ entries: inout [Entry], _ events: [Int64], _ within: TimeSpan?, _ instant: Int64) {
    guard let within else { return }
    for index in entries.indices where entries[index].loss == nil && instant - events[index] >= within.milliseconds {
      entries[index].loss = .tooOld
    }
  }
}
