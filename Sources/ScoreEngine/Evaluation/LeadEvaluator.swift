/// A person's points for a lead.
public struct Adjustment: Hashable, Sendable {
  /// Hundredths.
  public var points: Int64
  /// Worth its points from here on, in milliseconds.
  public var from: Int64
  /// Worth nothing any more from here on; nil for no end.
  public var until: Int64?

  /// An adjustment.
  public init(points: Int64, from: Int64, until: Int64?) {
    self.points = points
    self.from = from
    self.until = until
  }
}

/// A stage that a person named for a lead.
public struct FastTrack: Hashable, Sendable {
  /// The stage's id.
  public var stage: String
  /// Shown from here on, in milliseconds.
  public var from: Int64
  /// Not shown any more from here on; nil for no end.
  public var until: Int64?

  /// A fast-track.
  public init(stage: String, from: Int64, until: Int64?) {
    self.stage = stage
    self.from = from
    self.until = until
  }
}

/// What a person said about a lead, which outranks the rules.
public struct Judgement: Hashable, Sendable {
  public var adjustments: [Adjustment]
  /// In the order in which they were set; where several hold, the last one does.
  public var fastTracks: [FastTrack]

  /// A judgement; empty unless told otherwise.
  public init(adjustments: [Adjustment] = [], fastTracks: [FastTrack] = []) {
    self.adjustments = adjustments
    self.fastTracks = fastTracks
  }

  /// Nothing said.
  public static let none = Judgement()
}

/// Scores leads, one after the other, by one version's rules. Its results stay in place until the next evaluation, so a
/// pass over many leads allocates nothing for each. Not for use by two threads at once.
public final class LeadEvaluator {
  /// The rules.
  public let rules: CompiledRules
  /// The slot of the pack for each of the rules' signals.
  private let slots: [Int]

  /// The score in hundredths.
  @exclusivity(unchecked) public private(set) var score: Int64 = 0
  /// The score of each group, in hundredths.
  @exclusivity(unchecked) public private(set) var groupScores: [Int64]
  /// The points of each rule, in hundredths, before its group's clamp; the last are the adjustments.
  @exclusivity(unchecked) public private(set) var rulePoints: [Int64]
  /// The position of the stage that the rules give; -1 for a document without stages.
  @exclusivity(unchecked) public private(set) var ruleStage = -1
  /// Whether a `disqualify` entry holds.
  @exclusivity(unchecked) public private(set) var isDisqualified = false
  /// The stage that a person named, where one holds.
  @exclusivity(unchecked) public private(set) var fastTrack: FastTrack?
  /// The earliest instant after the evaluation at which anything may change, in milliseconds; `Int64.max` for never.
  @exclusivity(unchecked) public private(set) var nextChange = Int64.max
  @exclusivity(unchecked) private var bands: [Int]
  @exclusivity(unchecked) private var gradeTexts: [[Int]: String] = [:]

  // Events kept by `once_per`, or matching at the instant of a dated signal.
  @exclusivity(unchecked) private var kept: [Int64] = []
  @exclusivity(unchecked) private var matching: [Int64] = []
  @exclusivity(unchecked) private var greatest: [Int64]

  /// An evaluator of rules over records of a pack.
  ///
  /// - Parameter pack: the pack's signals; it has all that the rules ask for.
  public init?(rules: CompiledRules, pack: [SignalDefinition]) {
    var positions: [SignalDefinition: Int] = [:]
    for (index, definition) in pack.enumerated() { positions[definition] = index }
    var slots: [Int] = []
    for signal in rules.signals {
      guard let slot = positions[signal] else { return nil }
      slots.append(slot)
    }
    self.rules = rules
    self.slots = slots
    groupScores = Array(repeating: 0, count: rules.groupNames.count)
    greatest = Array(repeating: 0, count: rules.groupNames.count)
    rulePoints = Array(repeating: 0, count: rules.ruleNames.count)
    bands = Array(repeating: 0, count: rules.scales.count)
  }

  /// The stage shown: the fast-track's, else `disqualified`, else the rules'; nil for a document without stages.
  public var stage: String? {
    if let fastTrack { return fastTrack.stage }
    if isDisqualified { return RuleDocument.disqualifiedStage }
    return ruleStage >= 0 ? rules.stageNames[ruleStage] : nil
  }

  /// The stage that the rules give, whatever is shown.
  public var ruleStageName: String? { ruleStage >= 0 ? rules.stageNames[ruleStage] : nil }

  /// The labels of all scales joined; nil for a document without `grade`.
  public var grade: String? {
    guard !bands.isEmpty else { return nil }
    if let known = gradeTexts[bands] { return known }
    let text = zip(rules.scales, bands).map { $0.label($1) }.joined()
    gradeTexts[bands] = text
    return text
  }

  /// The position of a stage by its id; the first stage for an id that these rules lack, or for none.
  public func position(ofStage id: String?) -> Int {
    guard rules.stageCount > 0 else { return -1 }
    guard let id, let position = rules.stageNames.firstIndex(of: id), position < rules.stageCount else { return 0 }
    return position
  }

  /// Scores a lead as of an instant.
  ///
  /// - Parameters:
  ///   - record: what the pack's signals found.
  ///   - instant: `T`, in milliseconds.
  ///   - currentStage: the position of the stage that the rules gave last; 0 for a new lead.
  ///   - judgement: what people said.
  /// - Complexity: O(rules × log events), and the events kept by `once_per` or alive under a decay.
  public func evaluate(
    _ record: borrowing SignalRecord, at instant: Int64, currentStage: Int, judgement: Judgement = .none
  ) {
    nextChange = Int64.max
    for index in groupScores.indices {
      groupScores[index] = 0
      greatest[index] = Int64.min
    }
    var total: Int64 = 0
    for index in rules.rules.indices {
      let points = self.points(of: rules.rules[index], record, instant)
      rulePoints[index] = points
      add(points, to: rules.rules[index].group, &total)
    }
    var adjusted: Int64 = 0
    for adjustment in judgement.adjustments {
      if adjustment.from <= instant, adjustment.until.map({ instant < $0 }) ?? true {
        adjusted = adjusted.addingSaturated(adjustment.points)
      }
      mayChange(at: adjustment.from, after: instant)
      if let until = adjustment.until { mayChange(at: until, after: instant) }
    }
    rulePoints[rules.rules.count] = adjusted
    total = total.addingSaturated(adjusted)
    for index in rules.groupOrder {
      let group = rules.groups[index]
      let sum = group.takesHighest ? (greatest[index] == Int64.min ? 0 : greatest[index]) : groupScores[index]
      groupScores[index] = group.clamp(sum)
      add(groupScores[index], to: group.parent, &total)
    }
    score = rules.root.clamp(total)
    for index in rules.scales.indices {
      let scale = rules.scales[index]
      bands[index] = scale.band(for: value(of: scale.group))
    }
    decideStage(record, instant, currentStage, judgement)
  }

  /// 9999-12-31T23:59:59.999Z; RFC 3339 knows no later year.
  private static let lastInstant: Int64 = 253_402_300_799_999

  // MARK: Points

  @inline(__always)
  private func add(_ points: Int64, to group: Int, _ total: inout Int64) {
    if group < 0 {
      total = total.addingSaturated(points)
    } else {
      groupScores[group] = groupScores[group].addingSaturated(points)
      if points != 0 { greatest[group] = max(greatest[group], points) }
    }
  }

  @inline(__always)
  private func mayChange(at edge: Int64, after instant: Int64) {
    if edge > instant, edge < nextChange, edge <= LeadEvaluator.lastInstant { nextChange = edge }
  }

  /// The truth of a condition's signal; notes when it turns over next.
  private func holds(_ signal: Int, _ record: borrowing SignalRecord, _ instant: Int64) -> Bool {
    let slot = slots[signal]
    let toggles = record.slot(slot)
    var truth = record.initials[slot]
    for toggle in toggles {
      if toggle > instant {
        mayChange(at: toggle, after: instant)
        break
      }
      truth.toggle()
    }
    return truth
  }

  private func points(of rule: CompiledRule, _ record: borrowing SignalRecord, _ instant: Int64) -> Int64 {
    if rule.gate >= 0, !holds(rule.gate, record, instant) { return 0 }
    if rule.kind == .attributes { return rule.points }
    let slot = slots[rule.signal]
    if record.kinds[slot] == .datedInstants {
      collectMatching(record, slot, instant)
      return matching.withUnsafeBufferPointer { score(rule, $0, record.createdAt, instant) }
    }
    return record.slot(slot).withUnsafeBufferPointer { score(rule, $0, record.createdAt, instant) }
  }

  /// The instants of a dated signal's events that match as of `instant`, and of later ones, which are never skipped.
  private func collectMatching(_ record: borrowing SignalRecord, _ slot: Int, _ instant: Int64) {
    matching.removeAll(keepingCapacity: true)
    let values = record.slot(slot)
    var position = values.startIndex
    while position < values.endIndex {
      let header = values[position + 1]
      let end = position + 2 + Int(header >> 1)
      var truth = header & 1 == 1
      for toggle in values[(position + 2)..<end] {
        if toggle > instant {
          mayChange(at: toggle, after: instant)
          break
        }
        truth.toggle()
      }
      if truth || values[position] > instant { matching.append(values[position]) }
      position = end
    }
  }

  private func score(
    _ rule: CompiledRule, _ events: UnsafeBufferPointer<Int64>, _ createdAt: Int64, _ instant: Int64
  ) -> Int64 {
    let count = firstIndex(in: events, after: instant)
    if count < events.count { mayChange(at: events[count], after: instant) }
    if rule.kind == .silence {
      return silence(rule, lastEvent: count > 0 ? events[count - 1] : createdAt, instant)
    }
    if let oncePer = rule.oncePer {
      keepFirst(of: events, count: count, per: oncePer)
      return kept.withUnsafeBufferPointer { worth(rule, $0, instant) }
    }
    return worth(rule, UnsafeBufferPointer(rebasing: events[..<count]), instant)
  }

  private func silence(_ rule: CompiledRule, lastEvent: Int64, _ instant: Int64) -> Int64 {
    let spans = lastEvent > instant ? 0 : (instant - lastEvent) / rule.within
    if spans < rule.limit { mayChange(at: lastEvent + (spans + 1) * rule.within, after: instant) }
    return rule.points.multipliedSaturated(by: min(spans, Int64(rule.limit)))
  }

  /// The points of `every` and `when` for the events that `once_per` left, all of them `≤ instant`.
  private func worth(_ rule: CompiledRule, _ events: UnsafeBufferPointer<Int64>, _ instant: Int64) -> Int64 {
    // T − occurred_at < within
    var first = rule.within == Int64.max ? 0 : firstIndex(in: events, after: instant - rule.within)
    if rule.kind == .when {
      guard events.count - first >= rule.limit else { return 0 }
      if rule.within != Int64.max { mayChange(at: events[events.count - rule.limit] + rule.within, after: instant) }
      return rule.points
    }
    if events.count - first > rule.limit { first = events.count - rule.limit }
    guard first < events.count else { return 0 }
    if rule.within != Int64.max { mayChange(at: events[first] + rule.within, after: instant) }
    if rule.decayEvery == 0 { return rule.points.multipliedSaturated(by: Int64(events.count - first)) }
    // Events beyond the table's end are worth nothing for good.
    let span = rule.decayEvery.multipliedReportingOverflow(by: Int64(rule.decayCount))
    if !span.overflow { first = max(first, firstIndex(in: events, after: instant - span.partialValue)) }
    var sum: Int64 = 0
    for index in first..<max(first, events.count) {
      let step = Int((instant - events[index]) / rule.decayEvery)
      guard step < rule.decayCount else { continue }
      sum += rules.decayWorth[rule.decayStart + step]
      let next = Int64(rules.decayNextStep[rule.decayStart + step])
      mayChange(at: events[index] + next * rule.decayEvery, after: instant)
    }
    return sum
  }

  /// The index of the first instant after `instant`. O(log n)
  @inline(__always)
  private func firstIndex(in events: UnsafeBufferPointer<Int64>, after instant: Int64) -> Int {
    var low = 0
    var high = events.count
    while low < high {
      let middle = (low + high) / 2
      if events[middle] <= instant { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func keepFirst(of events: UnsafeBufferPointer<Int64>, count: Int, per bucket: OncePer) {
    kept.removeAll(keepingCapacity: true)
    var previous = Int64.min
    for index in 0..<count {
      let number = bucket.number(of: events[index])
      if number != previous { kept.append(events[index]) }
      previous = number
    }
  }

  // MARK: Stage

  private func value(of group: Int) -> Int64 { group < 0 ? score : groupScores[group] }

  private func decideStage(
    _ record: borrowing SignalRecord, _ instant: Int64, _ currentStage: Int, _ judgement: Judgement
  ) {
    isDisqualified = false
    for signal in rules.disqualifications where holds(signal, record, instant) { isDisqualified = true }
    fastTrack = nil
    for track in judgement.fastTracks {
      if track.from <= instant, track.until.map({ instant < $0 }) ?? true { fastTrack = track }
      mayChange(at: track.from, after: instant)
      if let until = track.until { mayChange(at: until, after: instant) }
    }
    guard !rules.stages.isEmpty else {
      ruleStage = -1
      return
    }
    var stage = 0
    // All stages are looked at, since each one's condition may tell when the stage changes next.
    for index in 1..<max(1, rules.stages.count) {
      let candidate = rules.stages[index]
      if candidate.gate >= 0, !holds(candidate.gate, record, instant) { continue }
      if meets(candidate.enter) || (currentStage >= index && meets(candidate.keep)) { stage = index }
    }
    ruleStage = isDisqualified ? 0 : stage
  }

  private func meets(_ minimums: [CompiledStage.Minimum]) -> Bool {
    for minimum in minimums where value(of: minimum.group) < minimum.points { return false }
    return true
  }
}

extension OncePer {
  /// The number of the UTC hour, day or ISO week that an instant lies in.
  @inline(__always)
  func number(of instant: Int64) -> Int64 {
    switch self {
    case .hour: instant.flooredQuotient(3_600_000)
    case .day: instant.flooredQuotient(86_400_000)
    // 1970-01-01 was a Thursday; ISO weeks begin on Mondays.
    case .week: (instant + 3 * 86_400_000).flooredQuotient(604_800_000)
    }
  }
}
