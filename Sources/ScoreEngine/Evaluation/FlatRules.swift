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
    /// 1 over the span that ages are divided by.
    var inverse: Double
    var decayStart: Int
    var decayCount: Int
    /// Slots of the pack; -1 for none.
    var slot: Int
    var gate: Int
    var group: Int
    var kind: CompiledRule.Kind
    var isOncePer: Bool
    var oncePer: OncePer
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

  /// - Parameter slots: the slot of the pack for each of the rules' signals.
  init(_ compiled: CompiledRules, slots: [Int]) {
    let root = compiled.groups.count
    func group(_ number: Int) -> Int { number < 0 ? root : number }
    func slot(_ signal: Int) -> Int { signal < 0 ? -1 : slots[signal] }

    rules = FlatRules.memory(
      compiled.rules.map { rule in
        let divisor = rule.kind == .silence ? rule.within : rule.decayEvery
        return Rule(
          points: rule.points, within: rule.within, limit: rule.limit, decayEvery: rule.decayEvery,
          inverse: divisor > 0 ? 1 / Double(divisor) : 0, decayStart: rule.decayStart, decayCount: rule.decayCount,
          slot: slot(rule.signal), gate: slot(rule.gate), group: group(rule.group), kind: rule.kind,
          isOncePer: rule.oncePer != nil, oncePer: rule.oncePer ?? .day)
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

  private static func memory<Element>(_ elements: [Element]) -> UnsafeBufferPointer<Element> {
    let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
    _ = memory.initialize(from: elements)
    return UnsafeBufferPointer(memory)
  }
}
