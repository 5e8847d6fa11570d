/// Compiled rules as flat memory: what an evaluation looks at for each lead, without arrays in between.
///
/// Groups are numbered as in ``CompiledRules``; the root is the number after the last.
final class FlatRules {
  struct Rule {
    var points: Int64
    /// Hundredths of a silence's or a clause's span in milliseconds; `Int64.max` for none.
    var within: Int64
    var limit: Int
    var decayEvery: Int64
    /// 2^64 - 1 over the span that ages are divided by, rounded down.
    var inverse: UInt64
    var decayStart: Int
    var decayCount: Int
    /// Slots of the pack; -1 for none.
    var slot: Int
    var gate: Int
    var group: Int
    var kind: CompiledRule.Kind
    var isOncePer: Bool
    var oncePer: OncePer
    /// Its position in the document.
    var index: Int
  }

  /// What has to be looked at to evaluate a rule. Rules are in the order of their shapes, so that one loop need not tell
  /// them apart.
  enum Shape: Int {
    /// `if` alone, in a group that sums.
    case attributes
    /// `if` alone, in a group that takes the highest.
    case highest
    /// A silence without `if`, in a group that sums.
    case silence
    /// Other clauses without `if` over events that are not dated, in a group that sums.
    case events
    /// Any other.
    case other
  }

  /// What tells of a rule of the shape `events` whether it has to be looked at.
  struct Watch {
    /// The slot of its events.
    var slot: Int
    /// Its span in milliseconds, or one before all instants.
    var within: Int64
    /// Its position in the document.
    var index: Int
  }

  struct Group {
    var parent: Int
    var takesHighest: Bool
    var min: Int64
    var max: Int64
  }

  /// The worth of an event after a number of decay steps, and after how many milliseconds it is worth something else.
  struct DecayStep {
    var worth: Int64
    var end: Int64
  }

  struct Stage {
    var gate: Int
    /// Places in ``minimums``: those to enter, then those to keep.
    var enter: Int
    var keep: Int
    var end: Int
  }

  struct Minimum {
    var group: Int
    var points: Int64
  }

  let rules: UnsafeBufferPointer<Rule>
  /// Where the rules of each shape end, in the order of shapes.
  let ends: (attributes: Int, highest: Int, silence: Int, events: Int)
  /// By rule of the shape `events`.
  let watches: UnsafeBufferPointer<Watch>
  let groups: UnsafeBufferPointer<Group>
  let groupOrder: UnsafeBufferPointer<Int>
  let decaySteps: UnsafeBufferPointer<DecayStep>
  let stages: UnsafeBufferPointer<Stage>
  let minimums: UnsafeBufferPointer<Minimum>
  let disqualifications: UnsafeBufferPointer<Int>
  /// By scale: its group, and where its bands begin in ``bands``, with the end of the last one behind.
  let scaleGroups: UnsafeBufferPointer<Int>
  let scaleStarts: UnsafeBufferPointer<Int>
  /// The minimums of all scales' bands, from the greatest down.
  let bands: UnsafeBufferPointer<Int64>

  /// - Parameters:
  ///   - slots: the slot of the pack for each of the rules' signals.
  ///   - kinds: what each slot of the pack holds.
  init(_ compiled: CompiledRules, slots: [Int], kinds: [SignalKind]) {
    let root = compiled.groups.count
    func group(_ number: Int) -> Int { number < 0 ? root : number }
    func slot(_ signal: Int) -> Int { signal < 0 ? -1 : slots[signal] }

    // Sums that may leave their range depend on the order of what is added.
    let isOrderFree = FlatRules.areSumsInRange(compiled.rules)
    let shapes = compiled.rules.map { rule in
      isOrderFree ? FlatRules.shape(rule, compiled, rule.signal < 0 ? nil : kinds[slots[rule.signal]]) : .other
    }
    func end(_ last: Shape) -> Int { shapes.count { $0.rawValue <= last.rawValue } }
    ends = (end(.attributes), end(.highest), end(.silence), end(.events))
    let order = compiled.rules.indices.sorted { (shapes[$0].rawValue, $0) < (shapes[$1].rawValue, $1) }
    rules = FlatRules.memory(
      order.map { index in
        let rule = compiled.rules[index]
        let divisor = rule.kind == .silence ? rule.within : rule.decayEvery
        return Rule(
          points: rule.points, within: rule.within, limit: rule.limit, decayEvery: rule.decayEvery,
          inverse: divisor > 0 ? UInt64.max / UInt64(divisor) : 0,
          decayStart: rule.decayStart, decayCount: rule.decayCount,
          slot: slot(rule.signal), gate: slot(rule.gate), group: group(rule.group), kind: rule.kind,
          isOncePer: rule.oncePer != nil, oncePer: rule.oncePer ?? .day, index: index)
      })
    watches = FlatRules.memory(
      rules[ends.silence..<ends.events].map {
        Watch(slot: $0.slot, within: Swift.min($0.within, 1 << 60), index: $0.index)
      })
    groups = FlatRules.memory(
      (compiled.groups + [compiled.root]).map {
        Group(parent: group($0.parent), takesHighest: $0.takesHighest, min: $0.min, max: $0.max)
      })
    groupOrder = FlatRules.memory(compiled.groupOrder)

    var steps: [DecayStep] = []
    for rule in compiled.rules {
      for index in rule.decayStart..<(rule.decayStart + rule.decayCount) {
        let (end, overflow) = Int64(compiled.decayNextStep[index]).multipliedReportingOverflow(by: rule.decayEvery)
        // Beyond all instants; the sum with one of them does not overflow.
        steps.append(
          DecayStep(worth: compiled.decayWorth[index], end: overflow ? 1 << 60 : Swift.min(end, 1 << 60)))
      }
    }
    decaySteps = FlatRules.memory(steps)

    var minimums: [Minimum] = []
    var stages: [Stage] = []
    for stage in compiled.stages {
      let enter = minimums.count
      minimums += stage.enter.map { Minimum(group: group($0.group), points: $0.points) }
      let keep = minimums.count
      minimums += stage.keep.map { Minimum(group: group($0.group), points: $0.points) }
      stages.append(Stage(gate: slot(stage.gate), enter: enter, keep: keep, end: minimums.count))
    }
    self.stages = FlatRules.memory(stages)
    self.minimums = FlatRules.memory(minimums)
    disqualifications = FlatRules.memory(compiled.disqualifications.map(slot))
    scaleGroups = FlatRules.memory(compiled.scales.map { group($0.group) })
    var starts = [0]
    for scale in compiled.scales { starts.append((starts.last ?? 0) + scale.bands.count) }
    scaleStarts = FlatRules.memory(starts)
    bands = FlatRules.memory(compiled.scales.flatMap { $0.bands.map(\.at) })
  }

  deinit {
    rules.deallocate()
    watches.deallocate()
    groups.deallocate()
    groupOrder.deallocate()
    decaySteps.deallocate()
    stages.deallocate()
    minimums.deallocate()
    disqualifications.deallocate()
    scaleGroups.deallocate()
    scaleStarts.deallocate()
    bands.deallocate()
  }

  private static func shape(_ rule: CompiledRule, _ compiled: CompiledRules, _ kind: SignalKind?) -> Shape {
    if rule.group >= 0, compiled.groups[rule.group].takesHighest {
      return rule.kind == .attributes && rule.gate >= 0 ? .highest : .other
    }
    if rule.kind == .attributes { return rule.gate >= 0 ? .attributes : .other }
    guard rule.gate < 0, kind == .instants else { return .other }
    return rule.kind == .silence ? .silence : .events
  }

  /// Whether no sum of the rules' points leaves the range of an integer, whatever the facts.
  private static func areSumsInRange(_ rules: [CompiledRule]) -> Bool {
    // More events than bytes that fit into a blob of SQLite.
    let mostEvents: Int64 = 1 << 31
    var most: Int64 = 0
    for rule in rules {
      let times =
        rule.kind == .every ? min(Int64(rule.limit), mostEvents) : rule.kind == .silence ? Int64(rule.limit) : 1
      guard rule.points != Int64.min else { return false }
      let (largest, isBeyond) = abs(rule.points).multipliedReportingOverflow(by: times)
      let (sum, isSumBeyond) = most.addingReportingOverflow(largest)
      if isBeyond || isSumBeyond { return false }
      most = sum
    }
    return true
  }

  private static func memory<Element>(_ elements: [Element]) -> UnsafeBufferPointer<Element> {
    let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
    _ = memory.initialize(from: elements)
    return UnsafeBufferPointer(memory)
  }
}
