internal import LeadStore
internal import RecordFormats
internal import ScoreEngine

/// The texts that stand in event pages as numbers: event types, and property values that recur.
///
/// Each text is asked of the database once. A property with more than ``namesLimit`` different values, or a value longer
/// than ``lengthLimit``, is not interned, so memory stays bounded whatever comes in.
final class PropertyDictionary: PropertySource {
  /// At most so many values of one property are interned.
  static let namesLimit = 20_000
  /// The longest value that is interned, in bytes of JSON.
  static let lengthLimit = 120

  // Nil in a copy for another thread, which knows what was known when it was made.
  private let tables: DictionaryTables?
  private let gate: Gate
  @exclusivity(unchecked) private var typeNumbers: [String: Int] = [:]
  @exclusivity(unchecked) private var typeNames: [Int: String] = [:]
  @exclusivity(unchecked) private var nameNumbers: [String: Int] = [:]
  @exclusivity(unchecked) private var nameTexts: [String] = [""]
  @exclusivity(unchecked) private var valueCounts: [Int?] = [nil]
  @exclusivity(unchecked) private var nextProperty = 1
  private var hasStoredProperties = false
  private let numbers: ByteTable
  @exclusivity(unchecked) private var known: [Int32: (name: Int, value: Value)] = [:]
  // By property number: where the key stands in `numbers`, for those asked for by this process; 0 for others.
  @exclusivity(unchecked) private var places: [UInt32] = []
  @exclusivity(unchecked) private var scratch: [UInt8] = []
  /// A failure of the database while a number was looked up, where no error could be thrown.
  private(set) var failure: (any Error)?

  /// - Parameter gate: through which the database is asked, from whatever thread.
  init(_ database: LeadDatabase, gate: Gate) throws {
    self.gate = gate
    let tables = database.dictionary
    self.tables = tables
    numbers = ByteTable()
    let greatest = try tables.greatestProperty()
    hasStoredProperties = greatest > 0
    nextProperty = Int(greatest) + 1
    for (id, name) in try tables.types() {
      typeNumbers[name] = Int(id)
      typeNames[Int(id)] = name
    }
    for (id, name) in try tables.propertyNames() { note(name: name, id: Int(id)) }
  }

  private init(copying other: PropertyDictionary) {
    tables = nil
    gate = other.gate
    numbers = other.numbers.copy()
    places = other.places
    typeNumbers = other.typeNumbers
    typeNames = other.typeNames
    nameNumbers = other.nameNumbers
    nameTexts = other.nameTexts
    valueCounts = other.valueCounts
  }

  /// A copy that knows the types, and the properties that were asked for so far, and asks no database for others. For
  /// another thread, which may use it while this one adds nothing.
  func copy() -> PropertyDictionary { PropertyDictionary(copying: self) }

  /// Asks the database.
  private func ask<Result>(_ body: (DictionaryTables) throws -> Result) throws -> Result {
    guard let tables else { throw StoreError.damaged("an event, which names what no table has") }
    return try gate.pass { try body(tables) }
  }

  private func note(name: String, id: Int) {
    while nameTexts.count <= id {
      nameTexts.append("")
      valueCounts.append(nil)
    }
    nameTexts[id] = name
    nameNumbers[name] = id
    if !hasStoredProperties { valueCounts[id] = 0 }
  }

  /// The number of an event type, which is added where it is new.
  func type(_ name: String) throws -> Int {
    if let number = typeNumbers[name] { return number }
    let number = Int(try ask { try $0.addType(name) })
    typeNumbers[name] = number
    typeNames[number] = name
    return number
  }

  /// The number of a property's name, which is added where it is new.
  func name(_ name: String) throws -> Int {
    if let number = nameNumbers[name] { return number }
    let number = Int(try ask { try $0.addPropertyName(name) })
    note(name: name, id: number)
    valueCounts[number] = 0
    return number
  }

  /// The text of a property's name.
  func nameText(_ number: Int) -> String { number < nameTexts.count ? nameTexts[number] : "" }

  /// The number of a property, which is added where it is new; nil where it is not interned.
  ///
  /// - Parameter json: the value as JSON.
  func property(name: Int, json: UnsafeBufferPointer<UInt8>) throws -> Int32? {
    guard json.count <= PropertyDictionary.lengthLimit else { return nil }
    scratch.removeAll(keepingCapacity: true)
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: name)) { scratch.append(contentsOf: $0) }
    scratch.append(contentsOf: json)
    if let number = scratch.withUnsafeBufferPointer({ numbers.value(for: $0) }) { return Int32(number) }
    if hasStoredProperties, let stored = try ask({ try $0.property(name: Int64(name), value: json) }) {
      insert(Int(stored))
      return Int32(stored)
    }
    let count = try valueCounts[name] ?? Int(ask { try $0.valueCount(ofName: Int64(name)) })
    valueCounts[name] = count
    guard count < PropertyDictionary.namesLimit else { return nil }
    let number = nextProperty
    try ask { try $0.addProperty(id: Int64(number), name: Int64(name), value: json) }
    nextProperty += 1
    valueCounts[name] = count + 1
    insert(number)
    return Int32(number)
  }

  /// Keeps the property whose key stands in `scratch`.
  private func insert(_ number: Int) {
    scratch.withUnsafeBufferPointer { numbers.insert($0, value: UInt32(number)) }
    while places.count <= number { places.append(0) }
    places[number] = UInt32(numbers.lastKeyOffset)
  }

  // MARK: PropertySource

  func typeName(_ type: Int) -> String {
    if let name = typeNames[type] { return name }
    do {
      let name = try ask { try $0.typeName(Int64(type)) } ?? ""
      typeNames[type] = name
      return name
    } catch {
      failure = error
      return ""
    }
  }

  func propertyName(_ property: Int) -> String { nameText(lookUp(property).name) }

  func propertyValue(_ property: Int) -> Value { lookUp(property).value }

  private func lookUp(_ property: Int) -> (name: Int, value: Value) {
    if let entry = known[Int32(property)] { return entry }
    do {
      if property < places.count, places[property] > 0 {
        let entry = try numbers.withKey(at: Int(places[property])) { key in
          let name = UnsafeRawBufferPointer(key).loadUnaligned(as: UInt32.self)
          guard let value = Value(json: try JSONParser.parse(UnsafeBufferPointer(rebasing: key[4...]))) else {
            throw StoreError.damaged("property \(property)")
          }
          return (name: Int(name), value: value)
        }
        known[Int32(property)] = entry
        return entry
      }
      guard let stored = try ask({ try $0.property(Int64(property)) }) else {
        throw StoreError.damaged("property \(property)")
      }
      guard let value = Value(json: try JSONParser.parse(stored.value)) else {
        throw StoreError.damaged("property \(property)")
      }
      if Int(stored.name) >= nameTexts.count {
        for (id, name) in try ask({ try $0.propertyNames() }) where id >= nameTexts.count {
          note(name: name, id: Int(id))
        }
      }
      let entry = (name: Int(stored.name), value: value)
      known[Int32(property)] = entry
      return entry
    } catch {
      failure = error
      return (0, .text(""))
    }
  }
}
