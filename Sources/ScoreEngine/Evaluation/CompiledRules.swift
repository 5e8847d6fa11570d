/// A rule document made ready to score leads: names become positions, conditions become signals, decays become tables.
public struct CompiledRules: Sendable {
  /// The document.
  public let document: RuleDocument
  /// The signals that the rules ask for, each once.
  public let signals: [SignalDefinition]
  /// The groups, in the order in which they are first named: those of `groups`, then those that rules or `part_of`
  /// name. The root is not among them.
  public let groupNames: [String]
  /// The rules' ids in the document's order, and `adjustment` as the last.
  public let ruleNames: [String]
  /// The stages, lowest first, then `disqualified`.
  public let stageNames: [String]

  /// The position of `disqualified` among ``stageNames``.
  public var disqualifiedStage: Int { stageNames.count - 1 }

  /// How many stages the document has.
  public var stageCount: Int { stageNames.count - 1 }

  let rules: [CompiledRule]
  let groups: [CompiledGroup]
  /// Groups in an order in which parts come before what they are part of.
  let groupOrder: [Int]
  let root: CompiledGroup
  let stages: [CompiledStage]
  /// The conditions' signals.
  let disqualifications: [Int]
  let scales: [CompiledScale]
  /// The worth of an event by decay steps, for all rules that decay, one after the other.
  let decayWorth: [Int64]
  /// For each entry of `decayWorth`: the next step at which the worth differs, or -1.
  let decayNextStep: [Int32]

  /// Compiles a valid document. O(its size), and the length of its decays.
  public init(_ document: RuleDocument) {
    self.document = document

    var groupNumbers: [String: Int] = [:]
    var groupNames: [String] = []
    func number(ofGroup name: String) -> Int {
      if name == RuleDocument.rootGroup { return -1 }
      if let number = groupNumbers[name] { return number }
      groupNumbers[name] = groupNames.count
      groupNames.append(name)
      return groupNames.count - 1
    }
    for group in document.groups { _ = number(ofGroup: group.name) }
    for group in document.groups { _ = number(ofGroup: group.partOf) }
    for rule in document.rules { _ = number(ofGroup: rule.group) }

    var signalNumbers: [SignalDefinition: Int] = [:]
    var signals: [SignalDefinition] = []
    func number(of signal: SignalDefinition) -> Int {
      if let number = signalNumbers[signal] { return number }
      signalNumbers[signal] = signals.count
      signals.append(signal)
      return signals.count - 1
    }
    func events(_ filter: EventFilter) -> Int { number(of: .events(filter, ignore: document.ignore)) }
    func gate(_ condition: Condition?) -> Int {
      guard let condition, condition != .always else { return -1 }
      return number(of: .condition(condition))
    }

    var worth: [Int64] = []
    var nextStep: [Int32] = []
    var rules: [CompiledRule] = []
    for rule in document.rules {
      var compiled = CompiledRule(
        points: rule.points.hundredths, group: number(ofGroup: rule.group), gate: gate(rule.condition))
      switch rule.clause {
      case .attributes: break
      case .every(let clause):
        compiled.kind = .every
        compiled.signal = events(clause.filter)
        compiled.oncePer = clause.oncePer
        compiled.within = clause.within?.milliseconds ?? Int64.max
        compiled.limit = clause.limit.map { Int(clamping: $0) } ?? Int.max
        if let decay = clause.decay {
          compiled.decayEvery = decay.every.milliseconds
          compiled.decayStart = worth.count
          let table = DecayTable(points: rule.points.hundredths, decay: decay)
          compiled.decayCount = table.worth.count
          worth.append(contentsOf: table.worth)
          nextStep.append(contentsOf: table.nextStep)
        }
      case .when(let clause):
        compiled.kind = .when
        compiled.signal = events(clause.filter)
        compiled.oncePer = clause.oncePer
        compiled.within = clause.within?.milliseconds ?? Int64.max
        compiled.limit = Int(clamping: clause.atLeast)
      case .silence(let clause):
        compiled.kind = .silence
        compiled.signal = events(clause.filter)
        compiled.within = clause.span.milliseconds
        compiled.limit = Int(clamping: clause.repeatCount)
      }
      rules.append(compiled)
    }

    var groups = groupNames.map { _ in CompiledGroup(parent: -1, takesHighest: false, limits: Limits()) }
    for group in document.groups {
      groups[number(ofGroup: group.name)] = CompiledGroup(
        parent: number(ofGroup: group.partOf), takesHighest: group.take == .highest, limits: group.limits)
    }

    self.groupOrder = CompiledRules.partsFirst(groups)
    self.groups = groups
    self.root = CompiledGroup(parent: -1, takesHighest: false, limits: document.scoreLimits)
    self.stages = document.stages.map { stage in
      func minimums(_ map: [String: Points]?) -> [CompiledStage.Minimum] {
        (map ?? [:]).map { CompiledStage.Minimum(group: number(ofGroup: $0.key), points: $0.value.hundredths) }
          .sorted { $0.group < $1.group }
      }
      return CompiledStage(
        enter: minimums(stage.enter), keep: minimums(stage.keep ?? stage.enter), gate: gate(stage.condition))
    }
    self.disqualifications = document.disqualify.map { number(of: .condition($0.condition)) }
    self.scales = document.grade.map { scale in
      CompiledScale(
        group: number(ofGroup: scale.group),
        bands: scale.bands.map { ($0.at?.hundredths ?? Int64.min, $0.label) }.sorted { $0.0 > $1.0 })
    }
    self.rules = rules
    self.decayWorth = worth
    self.decayNextStep = nextStep
    self.signals = signals
    self.groupNames = groupNames
    self.ruleNames = document.rules.map(\.id) + [RuleDocument.adjustmentRule]
    self.stageNames = document.stages.map(\.id) + [RuleDocument.disqualifiedStage]
  }

  private static func partsFirst(_ groups: [CompiledGroup]) -> [Int] {
    // The longest way to the root, so that deeper groups come first; a cycle, which no valid document has, ends too.
    func depth(_ group: Int) -> Int {
      var depth = 0
      var current = group
      while current >= 0, depth <= groups.count {
        depth += 1
        current = groups[current].parent
      }
      return depth
    }
    return groups.indices.sorted { (depth($0), $1) > (depth($1), $0) }
  }
}

struct CompiledRule: Sendable {
  enum Kind: UInt8, Sendable {
    case attributes
    case every
    case when
    case silence
  }

  var kind = Kind.attributes
  /// Hundredths.
  var points: Int64
  /// -1 for the root.
  var group: Int
  /// The signal of `if`; -1 for none.
  var gate: Int
  /// The events' signal.
  var signal = -1
  var oncePer: OncePer?
  /// `within`, or the span of a silence, in milliseconds.
  var within = Int64.max
  /// `limit`, `at_least` or `repeat`.
  var limit = Int.max
  var decayEvery: Int64 = 0
  var decayStart = 0
  var decayCount = 0

  init(points: Int64, group: Int, gate: Int) {
    self.points = points
    self.group = group
    self.gate = gate
  }
}

struct CompiledGroup: Sendable {
  var parent: Int
  var takesHighest: Bool
  var min: Int64
  var max: Int64

  init(parent: Int, takesHighest: Bool, limits: Limits) {
    self.parent = parent
    self.takesHighest = takesHighest
    self.min = limits.min?.hundredths ?? Int64.min
    self.max = limits.max?.hundredths ?? Int64.max
  }

  func clamp(_ value: Int64) -> Int64 { Swift.max(min, Swift.min(max, value)) }
}

struct CompiledStage: Sendable {
  struct Minimum: Sendable {
    /// -1 for the root.
    var group: Int
    var points: Int64
  }

  var enter: [Minimum]
  var keep: [Minimum]
  var gate: Int
}

struct CompiledScale: Sendable {
  var group: Int
  /// From the greatest minimum down.
  var bands: [(at: Int64, label: String)]

  func label(_ band: Int) -> String { band < bands.count ? bands[band].label : "" }
}

/// The worth of one event after each decay step, in hundredths, truncated towards zero at every step; 0 after the last.
struct DecayTable {
  private(set) var worth: [Int64] = []
  private(set) var nextStep: [Int32] = []

  init(points: Int64, decay: Decay) {
    var step: Int64 = 0
    var value = points
    // Truncation takes a hundredth at each step at least, so both forms reach 0.
    while value != 0 {
      worth.append(value)
      step += 1
      value = decay.isLinear ? points * max(0, 100 - decay.percent * step) / 100 : value * (100 - decay.percent) / 100
    }
    nextStep = Array(repeating: -1, count: worth.count)
    var next = worth.count
    for index in worth.indices.reversed() {
      if index + 1 < worth.count, worth[index + 1] != worth[index] { next = index + 1 }
      nextStep[index] = Int32(next)
    }
  }
}
