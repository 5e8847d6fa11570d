/// One thing that happens in a generated history. Points are hundredths, instants milliseconds.
public enum RandomStep: Equatable, Sendable {
  /// Activates `document` as version `number`; a number that came before stands for the same document again.
  case applyVersion(RefJSON, number: Int, at: Int64)
  case importLeads([RefLeadRow], at: Int64)
  case importEvents([RefEventRow], at: Int64)
  case advance(to: Int64)
  case addAdjustment(key: String, points: Int, from: Int64, until: Int64?, at: Int64)
  case setFastTrack(key: String, stage: String, until: Int64?, at: Int64)
  case liftFastTrack(key: String, at: Int64)

  /// When it happens.
  public var instant: Int64 {
    switch self {
    case .applyVersion(_, _, let at), .importLeads(_, let at), .importEvents(_, let at), .advance(let at),
      .addAdjustment(_, _, _, _, let at), .setFastTrack(_, _, _, let at), .liftFastTrack(_, let at):
      return at
    }
  }
}

extension ReferenceWorld {
  /// Carries out one generated step.
  ///
  /// - Throws: `ReferenceError` where a document cannot be read.
  @discardableResult
  public mutating func perform(_ step: RandomStep) throws -> RefImportSummary? {
    switch step {
    case .applyVersion(let tree, let number, let at):
      applyVersion(try ReferenceDocument(tree), number: number, at: at)
    case .importLeads(let rows, let at): return importLeads(at: at, rows: rows)
    case .importEvents(let rows, let at): return importEvents(at: at, rows: rows)
    case .advance(let instant): advance(to: instant)
    case .addAdjustment(let key, let points, let from, let until, let at):
      addAdjustment(key, points: points, from: from, until: until, at: at)
    case .setFastTrack(let key, let stage, let until, let at):
      setFastTrack(key, stage: stage, until: until, at: at)
    case .liftFastTrack(let key, let at): liftFastTrack(key, at: at)
    }
    return nil
  }
}

/// A random history, the same for the same seed: rules first, then facts, changes of rules, judgements and time.
public struct RandomCase: Sendable {
  public let seed: UInt64
  public let steps: [RandomStep]

  /// - Throws: `ReferenceError` where a generated document cannot be read, which would be a fault of the generator.
  public init(seed: UInt64) throws {
    var maker = CaseMaker(seed: seed)
    try maker.run()
    self.seed = seed
    steps = maker.steps
  }
}

private struct CaseMaker {
  private var random: SplitMix64
  private var world = ReferenceWorld()
  private var facts: RandomFacts
  /// By version number, less one.
  private var documents: [RefJSON] = []
  private var active: RefJSON = [:]
  /// Stages that a fast-track has named; versions to come keep them.
  private var named: Set<String> = []
  private(set) var steps: [RandomStep] = []

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    facts = RandomFacts(using: &random)
  }

  mutating func run() throws {
    let start = randomEpoch + Int64(random.int(0...60)) * 12 * RefInstant.hour
    active = RandomDocument.make(using: &random)
    documents = [active]
    try add(.applyVersion(active, number: 1, at: start))
    try add(.importLeads(facts.leads(at: start, using: &random), at: start))
    try add(.importEvents(facts.events(at: start, using: &random), at: start))
    for _ in 0..<random.int(5...11) { try step() }
  }

  private mutating func add(_ step: RandomStep) throws {
    steps.append(step)
    try world.perform(step)
  }

  private mutating func step() throws {
    switch random.int(1...100) {
    case 1...18:
      let now = instant()
      try add(.importLeads(facts.leads(at: now, using: &random), at: now))
    case 19...48:
      let now = instant()
      try add(.importEvents(facts.events(at: now, using: &random), at: now))
    case 49...68:
      try add(.advance(to: random.chance(25) ? world.now + Int64(random.int(20...100)) * RefInstant.day : instant()))
    case 69...80:
      try changeRules()
    case 81...86:
      let now = instant()
      let from = now + Int64(random.pick([-48, 0, 0, 5, 24])) * RefInstant.hour
      let length = Int64(random.int(1...100)) * RefInstant.hour
      try add(
        .addAdjustment(
          key: random.pick(world.keys), points: random.pick([-2000, -50, 125, 500, 1000, 4000]), from: from,
          until: random.chance(60) ? from + length : nil, at: now))
    case 87...91:
      let stages = RandomDocument.stageIDs(active)
      guard !stages.isEmpty else { return }
      let now = instant()
      let stage = random.pick(stages)
      named.insert(stage)
      let until = now + Int64(random.int(1...100)) * RefInstant.hour
      try add(
        .setFastTrack(key: random.pick(world.keys), stage: stage, until: random.chance(60) ? until : nil, at: now))
    case 92...93:
      // Out and back in, with time between: a stage that was kept is lost, and must be entered again.
      let key = random.pick(world.keys)
      var now = instant()
      try add(.importLeads([RefLeadRow(key: key, attributes: ["unsubscribed": .text("yes")])], at: now))
      now = instant()
      try add(.advance(to: now))
      now += random.pick([0, RefInstant.hour, 3 * RefInstant.day])
      try add(.importLeads([RefLeadRow(key: key, attributes: ["unsubscribed": .boolean(false)])], at: now))
    case 94...95:
      if !named.isEmpty { try add(.liftFastTrack(key: random.pick(world.keys), at: instant())) }
    default:
      let imports = steps.filter {
        switch $0 {
        case .importLeads, .importEvents: return true
        default: return false
        }
      }
      let now = instant()
      switch random.pick(imports) {
      case .importLeads(let rows, _): try add(.importLeads(rows, at: now))
      case .importEvents(let rows, _): try add(.importEvents(rows, at: now))
      default: break
      }
    }
  }

  private mutating func changeRules() throws {
    let earlier = documents.indices.filter {
      documents[$0] != active && named.isSubset(of: RandomDocument.stageIDs(documents[$0]))
    }
    if !earlier.isEmpty, random.chance(20) {
      let index = random.pick(earlier)
      active = documents[index]
      try add(.applyVersion(active, number: index + 1, at: instant()))
      return
    }
    let changed = RandomMutation.changed(active, keeping: named, using: &random)
    active = changed
    let known = documents.firstIndex(of: changed)
    if known == nil { documents.append(changed) }
    try add(.applyVersion(changed, number: (known ?? documents.count - 1) + 1, at: instant()))
  }

  /// When the next step happens: now, exactly on an edge or a millisecond beside it, or some time on.
  private mutating func instant() -> Int64 {
    let now = world.now
    switch random.int(1...100) {
    case 1...30: return now
    case 31...60:
      let edges = world.edges(through: now + 40 * RefInstant.day)
      guard !edges.isEmpty else { return now }
      let edge = random.chance(60) ? edges[0] : random.pick(Array(edges.prefix(20)))
      return max(now, edge + random.pick([0, 0, 0, 0, -1, 1]))
    case 61...80: return now + Int64(random.int(1...30)) * RefInstant.hour
    case 81...95: return now + Int64(random.int(1...9)) * RefInstant.day
    default: return now + Int64(random.int(1...100_000_000))
    }
  }
}
