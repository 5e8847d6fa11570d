/// Scores leads, one after the other, by one version's rules. Its results stay in place until the next evaluation, so a
/// pass over many leads allocates nothing for each. Not for use by two threads at once.
public final class LeadEvaluator {
  /// The rules.
  public let rules: CompiledRules
  private let flat: FlatRules
  let groupCount: Int
  // The scores of the groups, with the root's behind the last; the greatest of each one's rules and parts.
  let sums: UnsafeMutablePointer<Int64>
  private let greatest: UnsafeMutablePointer<Int64>
  let points: UnsafeMutableBufferPointer<Int64>
  private let gradeTexts: GradeTexts

  /// The score in hundredths.
  @exclusivity(unchecked) public private(set) var score: Int64 = 0
  /// The position of the stage that the rules give; -1 for a document without stages.
  @exclusivity(unchecked) public private(set) var ruleStage = -1
  /// Whether a `disqualify` entry holds.
  @exclusivity(unchecked) public private(set) var isDisqualified = false
  /// The stage that a person named, where one holds.
  @exclusivity(unchecked) public private(set) var fastTrack: FastTrack?
  /// Whether ``fastTrack`` is not nil.
  @exclusivity(unchecked) public private(set) var isFastTracked = false
  /// The earliest instant after the evaluation at which anything may change, in milliseconds; `Int64.max` for never.
  @exclusivity(unchecked) public private(set) var nextChange = Int64.max
  /// A number for the grade, the same for the same labels of all scales.
  @exclusivity(unchecked) public private(set) var gradeNumber = 0

  // Events matching at the instant of a dated signal.
  @exclusivity(unchecked) private var matching: [Int64] = []

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
    flat = FlatRules(rules, slots: slots, kinds: pack.map(\.kind))
    groupCount = rules.groupNames.count
    sums = .allocate(capacity: groupCount + 1)
    sums.initialize(repeating: 0, count: groupCount + 1)
    greatest = .allocate(capacity: groupCount + 1)
    greatest.initialize(repeating: 0, count: groupCount + 1)
    points = .allocate(capacity: rules.ruleNames.count)
    points.initialize(repeating: 0)
    gradeTexts = GradeTexts(rules.scales)
  }

  deinit {
    sums.deallocate()
    greatest.deallocate()
    points.deallocate()
  }

  // MARK: Results

  /// The last evaluation's result in numbers.
  public struct Outcome: Sendable {
    /// The score in hundredths.
    public let score: Int64
    /// The position of the stage that the rules give; -1 for none.
    public let ruleStage: Int
    /// The position of the stage shown where nobody was fast-tracked; -1 for none.
    public let stageNumber: Int
    /// Whether a person named the stage that is shown.
    public let isFastTracked: Bool
    /// A number for the grade.
    public let gradeNumber: Int
    /// When anything may change next, in milliseconds; `Int64.max` for never.
    public let nextChange: Int64
  }

  /// The last evaluation's result in numbers.
  public var outcome: Outcome {
    Outcome(
      score: score, ruleStage: ruleStage, stageNumber: stageNumber, isFastTracked: isFastTracked,
      gradeNumber: gradeNumber, nextChange: nextChange)
  }

  /// The score of each group, in hundredths.
  public var groupScores: [Int64] { Array(UnsafeBufferPointer(start: sums, count: groupCount)) }

  /// The points of each rule, in hundredths, before its group's clamp; the last are the adjustments.
  public var rulePoints: [Int64] { Array(points) }

  /// Lends ``rulePoints`` in place.
  @inline(__always)
  public var rulePointsInPlace: UnsafeBufferPointer<Int64> { UnsafeBufferPointer(points) }

  /// The stage shown: the fast-track's, else `disqualified`, else the rules'; nil for a document without stages.
  public var stage: String? {
    if let fastTrack { return fastTrack.stage }
    if isDisqualified { return RuleDocument.disqualifiedStage }
    return ruleStageName
  }

  /// The position in ``CompiledRules/stageNames`` of the stage shown where nobody was fast-tracked; -1 for none.
  public var stageNumber: Int { isDisqualified ? rules.disqualifiedStage : ruleStage }

  /// The stage that the rules give, whatever is shown.
  public var ruleStageName: String? { ruleStage >= 0 ? rules.stageNames[ruleStage] : nil }

  /// The labels of all scales joined; nil for a document without `grade`.
  public var grade: String? { grade(gradeNumber) }

  /// The grade with a number that the evaluator gave.
  public func grade(_ number: Int) -> String? { gradeTexts.text(number) }

  /// The position of a stage by its id; the first stage for an id that these rules lack, or for none.
  public func position(ofStage id: String?) -> Int {
    guard rules.stageCount > 0 else { return -1 }
    guard let id, let position = rules.stageNames.firstIndex(of: id), position < rules.stageCount else { return 0 }
    return position
  }

  // MARK: Evaluation

  /// Scores a lead as of an instant.
  ///
  /// - Parameters:
  ///   - record: what the pack's signals found.
  ///   - instant: `T`, in milliseconds.
  ///   - currentStage: the position of the stage that the rules gave last; 0 for a new lead.
  ///   - judgement: what people said; nil for nothing.
  /// - Complexity: O(rules × log events), and the events alive under `once_per` or a decay.
  public func evaluate(
    _ record: borrowing SignalRecord, at instant: Int64, currentStage: Int, judgement: Judgement? = nil
  ) {
    evaluate(record.view, instant, currentStage, judgement)
  }

  private func evaluate(
    _ record: SignalRecord.View, _ instant: Int64, _ currentStage: Int, _ judgement: Judgement?
  ) {
    let groupCount = self.groupCount
    let sums = self.sums
    let greatest = self.greatest
    for index in 0...groupCount {
      sums[index] = 0
      greatest[index] = Int64.min
    }
    var arithmetic = RuleArithmetic(record: record, instant: instant, decaySteps: flat.decaySteps)
    let ruleCount = flat.rules.count
    if let rules = flat.rules.baseAddress, let points = points.baseAddress {
      evaluateAttributes(rules, flat.ends.attributes, points, &arithmetic)
      evaluateHighest(rules + flat.ends.attributes, flat.ends.highest &- flat.ends.attributes, points, &arithmetic)
      evaluateSilences(rules + flat.ends.highest, flat.ends.silence &- flat.ends.highest, points, &arithmetic)
      evaluateEvents(rules + flat.ends.silence, flat.ends.events &- flat.ends.silence, points, &arithmetic)
      evaluateOthers(rules + flat.ends.events, ruleCount &- flat.ends.events, points, &arithmetic)
    }
    var adjusted: Int64 = 0
    if let judgement, !judgement.adjustments.isEmpty { adjusted = adjust(judgement.adjustments, &arithmetic) }
    points[ruleCount] = adjusted
    sums[groupCount] = sums[groupCount].addingSaturated(adjusted)
    for index in flat.groupOrder {
      let group = flat.groups[index]
      let sum = group.takesHighest ? (greatest[index] == Int64.min ? 0 : greatest[index]) : sums[index]
      let score = max(group.min, min(group.max, sum))
      sums[index] = score
      sums[group.parent] = sums[group.parent].addingSaturated(score)
      greatest[group.parent] = max(greatest[group.parent], score == 0 ? Int64.min : score)
    }
    let root = flat.groups[groupCount]
    score = max(root.min, min(root.max, sums[groupCount]))
    sums[groupCount] = score
    gradeNumber = decideGrade()
    decideStage(&arithmetic, currentStage, judgement)
    nextChange = arithmetic.nextChange <= LeadEvaluator.lastInstant ? arithmetic.nextChange : Int64.max
  }

  /// 9999-12-31T23:59:59.999Z; RFC 3339 knows no later year.
  private static let lastInstant: Int64 = 253_402_300_799_999

  // MARK: Rules

  // The sums of those that are not `other` stay in range.

  @inline(__always)
  private func evaluateAttributes(
    _ rules: UnsafePointer<FlatRules.Rule>, _ count: Int, _ points: UnsafeMutablePointer<Int64>,
    _ arithmetic: inout RuleArithmetic
  ) {
    let sums = self.sums
    for index in 0..<count {
      let rule = rules + index
      // Without a branch: whom a condition holds for cannot be foretold.
      let given = rule.pointee.points & (0 &- Int64(arithmetic.truth(rule.pointee.gate)))
      points[rule.pointee.index] = given
      sums[rule.pointee.group] &+= given
    }
  }

  @inline(__always)
  private func evaluateHighest(
    _ rules: UnsafePointer<FlatRules.Rule>, _ count: Int, _ points: UnsafeMutablePointer<Int64>,
    _ arithmetic: inout RuleArithmetic
  ) {
    let greatest = self.greatest
    for index in 0..<count {
      let rule = rules + index
      let given = rule.pointee.points & (0 &- Int64(arithmetic.truth(rule.pointee.gate)))
      points[rule.pointee.index] = given
      greatest[rule.pointee.group] = max(greatest[rule.pointee.group], given == 0 ? Int64.min : given)
    }
  }

  @inline(__always)
  private func evaluateSilences(
    _ rules: UnsafePointer<FlatRules.Rule>, _ count: Int, _ points: UnsafeMutablePointer<Int64>,
    _ arithmetic: inout RuleArithmetic
  ) {
    let sums = self.sums
    let record = arithmetic.record
    for index in 0..<count {
      let rule = rules + index
      let start = record.starts[rule.pointee.slot]
      let given = arithmetic.silence(
        rule, record.values + start, record.starts[rule.pointee.slot &+ 1] &- start)
      points[rule.pointee.index] = given
      sums[rule.pointee.group] &+= given
    }
  }

  @inline(__always)
  private func evaluateEvents(
    _ rules: UnsafePointer<FlatRules.Rule>, _ count: Int, _ points: UnsafeMutablePointer<Int64>,
    _ arithmetic: inout RuleArithmetic
  ) {
    let sums = self.sums
    let record = arithmetic.record
    var first = 0
    while first < count {
      var recent = recentRules(first, min(count, first &+ 64), points, arithmetic)
      while recent != 0 {
        let rule = rules + (first &+ recent.trailingZeroBitCount)
        recent &= recent &- 1
        let start = record.starts[rule.pointee.slot]
        let given = arithmetic.points(
          rule, record.values + start, record.starts[rule.pointee.slot &+ 1] &- start)
        points[rule.pointee.index] = given
        sums[rule.pointee.group] &+= given
      }
      first &+= 64
    }
  }

  /// A bit for each of some rules over events, set where there is an event that is young enough; the points of all of
  /// them become 0. Without branches: most often there is no event, or none of late, and for whom cannot be foretold.
  @inline(__always)
  private func recentRules(
    _ first: Int, _ end: Int, _ points: UnsafeMutablePointer<Int64>, _ arithmetic: borrowing RuleArithmetic
  ) -> UInt64 {
    guard let watches = flat.watches.baseAddress else { return 0 }
    let record = arithmetic.record
    let instant = arithmetic.instant
    var recent: UInt64 = 0
    var index = end
    while index > first {
      index &-= 1
      let watch = watches[index]
      points[watch.index] = 0
      let start = record.starts[watch.slot]
      let end = record.starts[watch.slot &+ 1]
      // There is room for a number where there are none.
      let last = record.values[max(end, 1) &- 1]
      // Below 0 where there are events; below 0 where the last one is after the oldest instant that counts.
      let found = Int64(truncatingIfNeeded: start &- end) & (instant &- watch.within &- last)
      recent = recent &<< 1 | UInt64(bitPattern: found) &>> 63
    }
    return recent
  }

  @inline(__always)
  private func evaluateOthers(
    _ rules: UnsafePointer<FlatRules.Rule>, _ count: Int, _ points: UnsafeMutablePointer<Int64>,
    _ arithmetic: inout RuleArithmetic
  ) {
    let sums = self.sums
    let greatest = self.greatest
    for index in 0..<count {
      let rule = rules + index
      let given = self.points(of: rule, &arithmetic)
      points[rule.pointee.index] = given
      // Without a branch: whether a rule gives anything cannot be foretold.
      let group = rule.pointee.group
      sums[group] = sums[group].addingSaturated(given)
      greatest[group] = max(greatest[group], given == 0 ? Int64.min : given)
    }
  }

  @inline(__always)
  private func points(of rule: UnsafePointer<FlatRules.Rule>, _ arithmetic: inout RuleArithmetic) -> Int64 {
    if rule.pointee.kind == .attributes {
      return rule.pointee.gate < 0 || arithmetic.holds(rule.pointee.gate) ? rule.pointee.points : 0
    }
    if rule.pointee.gate >= 0, !arithmetic.holds(rule.pointee.gate) { return 0 }
    let slot = rule.pointee.slot
    let record = arithmetic.record
    if record.kinds[slot] == .datedInstants { return datedPoints(of: rule, &arithmetic) }
    let start = record.starts[slot]
    return arithmetic.points(rule, record.values + start, record.starts[slot &+ 1] &- start)
  }

  @inline(never)
  private func datedPoints(of rule: UnsafePointer<FlatRules.Rule>, _ arithmetic: inout RuleArithmetic) -> Int64 {
    arithmetic.collectMatching(rule.pointee.slot, into: &matching)
    return matching.withUnsafeBufferPointer { events in
      arithmetic.points(rule, events.baseAddress ?? arithmetic.record.values, events.count)
    }
  }

  @inline(never)
  private func adjust(_ adjustments: [Adjustment], _ arithmetic: inout RuleArithmetic) -> Int64 {
    var adjusted: Int64 = 0
    let instant = arithmetic.instant
    for adjustment in adjustments {
      if adjustment.from <= instant, adjustment.until.map({ instant < $0 }) ?? true {
        adjusted = adjusted.addingSaturated(adjustment.points)
      }
      arithmetic.mayChange(at: adjustment.from)
      if let until = adjustment.until { arithmetic.mayChange(at: until) }
    }
    return adjusted
  }

  // MARK: Grade and stage

  @inline(__always)
  private func decideGrade() -> Int {
    guard let groups = flat.scaleGroups.baseAddress, let starts = flat.scaleStarts.baseAddress else { return 0 }
    var number = 0
    var scale = 0
    let count = flat.scaleGroups.count
    while scale < count {
      let score = sums[groups[scale]]
      let end = starts[scale &+ 1]
      // From the greatest minimum down: those that are too great are the first ones.
      var band = 0
      var index = starts[scale]
      if let bands = flat.bands.baseAddress {
        while index < end {
          band &+= bands[index] > score ? 1 : 0
          index &+= 1
        }
      }
      number = gradeTexts.number(number, scale, band)
      scale &+= 1
    }
    return number
  }

  @inline(__always)
  private func decideStage(
    _ arithmetic: inout RuleArithmetic, _ currentStage: Int, _ judgement: Judgement?
  ) {
    var isDisqualified = false
    for slot in flat.disqualifications where arithmetic.holds(slot) { isDisqualified = true }
    self.isDisqualified = isDisqualified
    let hasFastTrack = judgement?.fastTracks.isEmpty == false
    if isFastTracked || hasFastTrack { takeFastTrack(judgement?.fastTracks ?? [], &arithmetic) }
    let stages = flat.stages
    guard !stages.isEmpty else {
      ruleStage = -1
      return
    }
    var stage = 0
    // All stages are looked at, since each one's condition may tell when the stage changes next.
    var index = 1
    while index < stages.count {
      let candidate = stages[index]
      if candidate.gate < 0 || arithmetic.holds(candidate.gate),
        meets(candidate.enter, candidate.keep) || (currentStage >= index && meets(candidate.keep, candidate.end))
      {
        stage = index
      }
      index &+= 1
    }
    ruleStage = isDisqualified ? 0 : stage
  }

  @inline(never)
  private func takeFastTrack(_ fastTracks: [FastTrack], _ arithmetic: inout RuleArithmetic) {
    let instant = arithmetic.instant
    fastTrack = nil
    for track in fastTracks {
      if track.from <= instant, track.until.map({ instant < $0 }) ?? true { fastTrack = track }
      arithmetic.mayChange(at: track.from)
      if let until = track.until { arithmetic.mayChange(at: until) }
    }
    isFastTracked = fastTrack != nil
  }

  @inline(__always)
  private func meets(_ start: Int, _ end: Int) -> Bool {
    var index = start
    while index < end {
      if sums[flat.minimums[index].group] < flat.minimums[index].points { return false }
      index &+= 1
    }
    return true
  }
}
