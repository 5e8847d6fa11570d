/// Finds the signals that an event matches.
///
/// Types and properties come as small numbers that the caller gave to distinct texts. What a property's value says about
/// every question is worked out once for each distinct value, and which signals follow from all of them once for each
/// combination, so an event costs two loads for each property and one look-up. Not for use by two threads at once.
public final class EventMatcher {
  /// Which signals of the pack an event matches.
  public enum Match {
    /// The event counts for the signal, always.
    case always(slot: Int)
    /// The event counts for the signal while the timeline is true.
    case dated(slot: Int, Timeline)
  }

  private struct Predicate {
    let types: Set<String>?
    let node: TruthNode
    let condition: CompiledCondition

    func hasType(_ name: String) -> Bool { types?.contains(name) ?? true }
  }

  private struct EventSignal {
    let slot: Int
    let predicate: Int
    let ignore: [Int]
    let isDated: Bool
  }

  /// What is known about an event type.
  enum TypeState: UInt8 {
    case unknown
    /// No signal asks for it.
    case unasked
    /// Signals ask for it.
    case asked
    /// Signals ask for it, some of them with a condition that compares with the instant of the evaluation.
    case askedWithDates
  }

  private let table: AtomTable
  private let predicates: [Predicate]
  private let signals: [EventSignal]
  let wordCount: Int

  // By type number: its state, the atoms that its signals ask for, and its dated signals.
  @exclusivity(unchecked) var typeStates: UnsafeMutablePointer<TypeState>
  @exclusivity(unchecked) var typeMasks: UnsafeMutablePointer<UInt64>
  @exclusivity(unchecked) var typeCount = 0
  @exclusivity(unchecked) private var datedByType: [[Int]] = []
  // By property number: the mask of its field's atoms, then the mask of those that its value satisfies. A property not
  // seen yet has the first word of all ones, which sends it the slow way.
  @exclusivity(unchecked) var properties: UnsafeMutablePointer<UInt64>
  @exclusivity(unchecked) var propertyCount = 0

  /// The truth of all atoms where no field is there.
  let absent: UnsafeMutablePointer<UInt64>
  /// The truth for the event at hand, and masks to work with.
  let truth: UnsafeMutablePointer<UInt64>
  private let scratch: UnsafeMutablePointer<UInt64>

  // Lists of slots, each its length and the slots.
  @exclusivity(unchecked) var memo: TruthMemo
  @exclusivity(unchecked) var lists = SlotLists()

  // What the events of the lead at hand add to each slot.
  let runs: InstantRuns
  @exclusivity(unchecked) private var datedRuns: [[DatedEvent]]
  @exclusivity(unchecked) private var hasDated = false

  static let unseen = UInt64.max

  /// A matcher for the event signals among the definitions of a pack; a slot is a position in `definitions`.
  public init(definitions: [SignalDefinition]) {
    var found: [(slot: Int, filter: EventFilter, ignore: [EventFilter], isDated: Bool)] = []
    for (slot, definition) in definitions.enumerated() {
      guard case .events(let filter, let ignore) = definition.question else { continue }
      found.append((slot, filter, ignore, definition.kind == .datedInstants))
    }
    var table = AtomTable()
    var predicates: [Predicate] = []
    var numbers: [EventFilter: Int] = [:]
    func predicate(for filter: EventFilter) -> Int {
      if let number = numbers[filter] { return number }
      predicates.append(
        Predicate(
          types: filter.types.map(Set.init), node: table.node(for: filter.condition),
          condition: CompiledCondition(filter.condition)))
      numbers[filter] = predicates.count - 1
      return predicates.count - 1
    }
    signals = found.map { signal in
      EventSignal(
        slot: signal.slot, predicate: predicate(for: signal.filter), ignore: signal.ignore.map(predicate),
        isDated: signal.isDated)
    }
    self.table = table
    self.predicates = predicates
    wordCount = table.wordCount
    absent = .allocate(capacity: wordCount)
    absent.initialize(repeating: 0, count: wordCount)
    for field in table.atomsOfField.indices { table.answer(field, nil, into: absent) }
    truth = .allocate(capacity: wordCount)
    truth.initialize(repeating: 0, count: wordCount)
    scratch = .allocate(capacity: wordCount * 2)
    scratch.initialize(repeating: 0, count: wordCount * 2)
    typeStates = .allocate(capacity: 1)
    typeMasks = .allocate(capacity: 1)
    properties = .allocate(capacity: 1)
    memo = TruthMemo(wordCount: wordCount)
    runs = InstantRuns(slotCount: definitions.count)
    datedRuns = definitions.map { _ in [] }
  }

  deinit {
    absent.deallocate()
    truth.deallocate()
    scratch.deallocate()
    typeStates.deallocate()
    typeMasks.deallocate()
    properties.deallocate()
    memo.deallocate()
    lists.deallocate()
  }

  /// Whether no definition looks at events.
  public var isEmpty: Bool { signals.isEmpty }

  /// The names of the properties that any condition asks for.
  public var fields: Dictionary<String, Int>.Keys { table.fieldNumbers.keys }

  // MARK: Events of a lead

  /// Forgets the events added so far.
  public func forgetEvents() {
    runs.removeAll()
    guard hasDated else { return }
    for slot in datedRuns.indices { datedRuns[slot].removeAll(keepingCapacity: true) }
    hasDated = false
  }

  /// Adds an event, not earlier than those added before, to the slots that it matches.
  ///
  /// - Parameters:
  ///   - type: the number of the event's type.
  ///   - properties: the numbers of its interned properties.
  ///   - literals: its other properties.
  ///   - source: what the numbers stand for.
  public func add(
    at instant: Int64, type: Int, properties: UnsafeBufferPointer<Int32>,
    literals: [(name: String, value: Value)], source: some PropertySource
  ) {
    if literals.isEmpty, addKnown(at: instant, type: type, properties: properties) { return }
    guard isAsked(type, source) else { return }
    judge(properties, literals, source)
    append(instant, toList: Int(plainSlots(type, source)))
    guard !datedByType[type].isEmpty else { return }
    forEachDated(type, properties, literals, source) { slot, timeline in
      hasDated = true
      datedRuns[slot].append(DatedEvent(instant: instant, matches: timeline))
    }
  }

  @inline(__always)
  func append(_ instant: Int64, toList start: Int) {
    for slot in lists[start] { runs.append(instant, to: Int(slot)) }
  }

  /// The instants that were added to a slot, in order; valid until the next event.
  func instants(_ slot: Int) -> UnsafeBufferPointer<Int64> { runs[slot] }

  /// The events that were added to a dated slot.
  func dated(_ slot: Int) -> [DatedEvent] { datedRuns[slot] }

  // MARK: One event

  /// Calls `found` for each signal that an event matches.
  ///
  /// - Parameters:
  ///   - type: the number of the event's type.
  ///   - properties: the numbers of its interned properties.
  ///   - literals: its other properties.
  ///   - source: what the numbers stand for.
  public func match(
    type: Int, properties: UnsafeBufferPointer<Int32>, literals: [(name: String, value: Value)],
    source: some PropertySource, found: (Match) -> Void
  ) {
    guard isAsked(type, source) else { return }
    judge(properties, literals, source)
    let place = Int(plainSlots(type, source))
    for slot in lists[place] { found(.always(slot: Int(slot))) }
    forEachDated(type, properties, literals, source) { found(.dated(slot: $0, $1)) }
  }

  // MARK: Types

  @inline(__always)
  private func isAsked(_ type: Int, _ source: some PropertySource) -> Bool {
    if UInt(bitPattern: type) < UInt(bitPattern: typeCount), typeStates[type] != .unknown {
      return typeStates[type] != .unasked
    }
    return learn(type: type, source)
  }

  @inline(never)
  private func learn(type: Int, _ source: some PropertySource) -> Bool {
    // A number that nothing stands for takes no memory.
    guard type >= 0 else { return false }
    let name = source.typeName(type)
    guard !name.isEmpty else { return false }
    let asking = signals.indices.filter { predicates[signals[$0].predicate].hasType(name) }
    if type >= typeCount {
      let count = max(16, (type + 1) * 2)
      let states = UnsafeMutablePointer<TypeState>.allocate(capacity: count)
      states.initialize(repeating: .unknown, count: count)
      states.update(from: typeStates, count: typeCount)
      let masks = UnsafeMutablePointer<UInt64>.allocate(capacity: count * wordCount)
      masks.initialize(repeating: 0, count: count * wordCount)
      masks.update(from: typeMasks, count: typeCount * wordCount)
      typeStates.deallocate()
      typeMasks.deallocate()
      typeStates = states
      typeMasks = masks
      typeCount = count
      while datedByType.count < count { datedByType.append([]) }
    }
    datedByType[type] = asking.filter { signals[$0].isDated }
    for index in asking where !signals[index].isDated {
      for predicate in [signals[index].predicate] + signals[index].ignore {
        predicates[predicate].node.forEachAtom { typeMasks[type * wordCount + $0 / 64] |= 1 << UInt64($0 % 64) }
      }
    }
    typeStates[type] = asking.isEmpty ? .unasked : datedByType[type].isEmpty ? .asked : .askedWithDates
    return !asking.isEmpty
  }

  // MARK: Properties

  /// Works out the truth of all atoms for an event.
  @inline(__always)
  private func judge(
    _ numbers: UnsafeBufferPointer<Int32>, _ literals: [(name: String, value: Value)], _ source: some PropertySource
  ) {
    for word in 0..<wordCount { truth[word] = absent[word] }
    for number in numbers {
      let property = Int(number)
      if UInt(bitPattern: property) < UInt(bitPattern: propertyCount),
        properties[property &* 2 &* wordCount] != EventMatcher.unseen
      {
        let entry = properties + property &* 2 &* wordCount
        for word in 0..<wordCount {
          truth[word] = truth[word] & ~entry[word] | entry[wordCount &+ word]
        }
      } else {
        learn(property: property, source)
      }
    }
    if !literals.isEmpty { judge(literals) }
  }

  @inline(never)
  private func judge(_ literals: [(name: String, value: Value)]) {
    for literal in literals {
      if let field = table.fieldNumbers[literal.name] { apply(field, literal.value) }
    }
  }

  private func apply(_ field: Int, _ value: Value) {
    scratch.update(repeating: 0, count: wordCount * 2)
    table.cover(field, in: scratch)
    table.answer(field, value, into: scratch + wordCount)
    for word in 0..<wordCount { truth[word] = truth[word] & ~scratch[word] | scratch[wordCount + word] }
  }

  /// Judges a property seen for the first time, and remembers it.
  @inline(never)
  private func learn(property: Int, _ source: some PropertySource) {
    guard property >= 0 else { return }
    let name = source.propertyName(property)
    let field = table.fieldNumbers[name]
    if let field {
      apply(field, source.propertyValue(property))
    } else {
      scratch.update(repeating: 0, count: wordCount * 2)
    }
    // A number that nothing stands for takes no memory.
    guard !name.isEmpty else { return }
    if property >= propertyCount {
      let count = max(256, (property + 1) * 2)
      let grown = UnsafeMutablePointer<UInt64>.allocate(capacity: count * 2 * wordCount)
      grown.initialize(repeating: EventMatcher.unseen, count: count * 2 * wordCount)
      grown.update(from: properties, count: propertyCount * 2 * wordCount)
      properties.deallocate()
      properties = grown
      propertyCount = count
    }
    (properties + property * 2 * wordCount).update(from: scratch, count: wordCount * 2)
  }

  // MARK: Signals

  /// Where the list of the undated slots for the event at hand begins.
  @inline(__always)
  private func plainSlots(_ type: Int, _ source: some PropertySource) -> Int32 {
    let mask = typeMasks + type &* wordCount
    for word in 0..<wordCount { truth[word] &= mask[word] }
    let known = memo.answer(Int32(truncatingIfNeeded: type), truth)
    return known >= 0 ? known : decide(type, source)
  }

  @inline(never)
  private func decide(_ type: Int, _ source: some PropertySource) -> Int32 {
    let name = source.typeName(type)
    if memo.isFull {
      memo.removeAll()
      lists.removeAll()
    }
    var slots: [Int32] = []
    for signal in signals where !signal.isDated {
      let predicate = predicates[signal.predicate]
      guard predicate.hasType(name), predicate.node.holds(truth) else { continue }
      let isIgnored = signal.ignore.contains { predicates[$0].hasType(name) && predicates[$0].node.holds(truth) }
      if !isIgnored { slots.append(Int32(signal.slot)) }
    }
    let start = lists.append(slots)
    memo.insert(Int32(truncatingIfNeeded: type), truth, Int32(start))
    return Int32(start)
  }

  /// Calls `body` for each dated signal that an event may match, with when it does.
  private func forEachDated(
    _ type: Int, _ numbers: UnsafeBufferPointer<Int32>, _ literals: [(name: String, value: Value)],
    _ source: some PropertySource, _ body: (_ slot: Int, _ timeline: Timeline) -> Void
  ) {
    guard !datedByType[type].isEmpty else { return }
    let typeName = source.typeName(type)
    for index in datedByType[type] {
      let signal = signals[index]
      let ignored = signal.ignore.filter { predicates[$0].hasType(typeName) }.map { predicates[$0].condition }
      let whole = CompiledCondition.all([predicates[signal.predicate].condition, .not(.any(ignored))])
      let timeline = whole.timeline { name in
        if let literal = literals.last(where: { $0.name == name }) { return literal.value }
        return numbers.last { source.propertyName(Int($0)) == name }.map { source.propertyValue(Int($0)) }
      }
      if !timeline.isNever { body(signal.slot, timeline) }
    }
  }
}
