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
