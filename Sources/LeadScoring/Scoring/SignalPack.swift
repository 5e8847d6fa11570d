internal import LeadStore
internal import RecordFormats
internal import ScoreEngine

/// The signals that all active versions of all models ask for, and where their findings stand.
struct SignalPack {
  /// The pack's number in the database.
  let id: Int64
  /// The signals, in the order of the records' slots.
  let definitions: [SignalDefinition]
  /// What each slot holds.
  let kinds: [SignalKind]

  init(id: Int64, definitions: [SignalDefinition]) {
    self.id = id
    self.definitions = definitions
    self.kinds = definitions.map(\.kind)
  }

  /// The union of what some rules ask for, each signal once, in order of first mention.
  static func union(_ rules: [CompiledRules]) -> [SignalDefinition] {
    var seen: Set<SignalDefinition> = []
    return rules.flatMap(\.signals).filter { seen.insert($0).inserted }
  }

  /// The database's pack, whose signals are those of `rules` in whatever order; nil where it has another one or none.
  static func stored(in database: LeadDatabase, for rules: [CompiledRules]) throws -> SignalPack? {
    guard let (id, json) = try database.signals.currentPack(),
      let numbers = try? JSONParser.parse(json).arrayValue
    else { return nil }
    var byNumber: [Int64: SignalDefinition] = [:]
    for definition in union(rules) {
      byNumber[try database.signals.id(ofDefinition: definition.canonicalText)] = definition
    }
    guard numbers.count == byNumber.count else { return nil }
    var definitions: [SignalDefinition] = []
    for number in numbers {
      guard let value = number.numberValue?.double, let definition = byNumber[Int64(value)] else { return nil }
      definitions.append(definition)
    }
    return SignalPack(id: id, definitions: definitions)
  }

  /// Adds a pack of these signals to the database.
  static func add(_ definitions: [SignalDefinition], to database: LeadDatabase) throws -> SignalPack {
    var writer = JSONWriter()
    writer.beginArray()
    for definition in definitions {
      writer.integer(try database.signals.id(ofDefinition: definition.canonicalText))
    }
    writer.endArray()
    let id = try database.signals.addPack(signals: String(decoding: writer.bytes, as: UTF8.self))
    return SignalPack(id: id, definitions: definitions)
  }
}

/// Finds what the signals of a pack say about leads.
final class SignalFinder {
  let pack: SignalPack
  private let matcher: EventMatcher
  private let conditions: [(slot: Int, condition: CompiledCondition)]
  private let dictionary: PropertyDictionary
  // What the events at hand add to each slot.
  @exclusivity(unchecked) private var instants: [[Int64]]
  @exclusivity(unchecked) private var dated: [[DatedEvent]]
  @exclusivity(unchecked) private var properties: [Int32] = []
  @exclusivity(unchecked) private var literals: [(name: String, value: Value)] = []

  init(pack: SignalPack, dictionary: PropertyDictionary) {
    self.pack = pack
    self.dictionary = dictionary
    matcher = EventMatcher(definitions: pack.definitions)
    var conditions: [(Int, CompiledCondition)] = []
    for (slot, definition) in pack.definitions.enumerated() {
      if case .condition(let condition) = definition { conditions.append((slot, CompiledCondition(condition))) }
    }
    self.conditions = conditions
    instants = pack.definitions.map { _ in [] }
    dated = pack.definitions.map { _ in [] }
  }

  /// Forgets the events added so far.
  func reset() {
    for index in instants.indices {
      instants[index].removeAll(keepingCapacity: true)
      dated[index].removeAll(keepingCapacity: true)
    }
  }

  /// Adds an event that is not earlier than those added since the last reset.
  func add(at instant: Int64, tail: UnsafeBufferPointer<UInt8>) throws {
    guard !matcher.isEmpty else { return }
    guard let parts = EventTail(tail) else { throw StoreError.damaged("an event") }
    properties.removeAll(keepingCapacity: true)
    literals.removeAll(keepingCapacity: true)
    parts.forEachProperty(
      interned: { properties.append($0) },
      literal: { json in
        if let parsed = try? JSONParser.parse(json), case .array(let pair) = parsed, pair.count == 2,
          let name = pair[0].stringValue, let value = Value(json: pair[1])
        {
          literals.append((name, value))
        }
      })
    properties.withUnsafeBufferPointer { properties in
      matcher.match(type: parts.type, properties: properties, literals: literals, source: dictionary) { match in
        switch match {
        case .always(let slot): instants[slot].append(instant)
        case .dated(let slot, let timeline): dated[slot].append(DatedEvent(instant: instant, matches: timeline))
        }
      }
    }
    if let failure = dictionary.failure { throw failure }
  }

  /// Fills a record from what was added since the last reset, on top of what a record before it held.
  ///
  /// - Parameters:
  ///   - previous: the lead's record before; nil to start from the added events alone.
  ///   - attributes: the lead's attributes where they are new; nil keeps the timelines of `previous`.
  func fill(
    _ record: inout SignalRecord, createdAt: Int64, previous: SignalRecord?, attributes: AttributeSet?
  ) {
    record.reset(createdAt: createdAt)
    var next = conditions.startIndex
    for slot in pack.kinds.indices {
      switch pack.kinds[slot] {
      case .timeline:
        let condition = conditions[next].condition
        next += 1
        if let attributes {
          record.append(timeline: condition.timeline { attributes[$0] })
        } else if let previous {
          record.append(slot: slot, of: previous)
        } else {
          record.append(timeline: condition.timeline { _ in nil })
        }
      case .instants:
        if let previous {
          record.append(merging: previous.slot(slot), instants[slot])
        } else {
          record.append(instants: instants[slot])
        }
      case .datedInstants:
        record.append(dated: merge(previous?.dated(slot) ?? [], dated[slot]))
      }
    }
  }

  private func merge(_ left: [DatedEvent], _ right: [DatedEvent]) -> [DatedEvent] {
    guard !left.isEmpty, !right.isEmpty else { return left.isEmpty ? right : left }
    // Stable: events known before come first among equal instants, though scores do not depend on it.
    return (left + right).enumerated().sorted { ($0.element.instant, $0.offset) < ($1.element.instant, $1.offset) }
      .map(\.element)
  }
}
