internal import LeadStore
internal import RecordFormats
internal import RuleFile
internal import ScoreEngine

/// Turns events that come as records into tails of events, whose texts are interned on the way. On the reader's thread.
final class EventRows {
  private let dictionary: PropertyDictionary
  private let sink: RowSink
  @exclusivity(unchecked) private var scratch: [UInt8] = []

  init(_ dictionary: PropertyDictionary, sink: RowSink) {
    self.dictionary = dictionary
    self.sink = sink
  }

  /// A property's name, by number and as the JSON text that begins a literal.
  struct PropertyName {
    let number: Int
    let opening: [UInt8]

    init(_ name: String, number: Int) {
      self.number = number
      var opening: [UInt8] = [UInt8(ascii: "[")]
      var name = name
      name.withUTF8 { NormalizedText.appendJSON($0, to: &opening) }
      opening.append(UInt8(ascii: ","))
      self.opening = opening
    }
  }

  // MARK: CSV

  /// What is to be done with each row of a CSV file.
  func csv(_ columns: CSVColumns) throws -> (CSVReader) throws -> Void {
    guard let rows = try EventCSVRows(columns, self, sink, dictionary) else { return { _ in } }
    return { try rows.take($0) }
  }

  /// Adds an event's type; returns its number.
  @discardableResult
  func append(type: String) throws -> Int {
    try FactLimits.checkName(type, "an event's type")
    let number = try dictionary.type(type)
    sink.append(comma: Int64(number))
    return number
  }

  static func appendText(_ cell: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
    if NormalizedText.isASCII(cell) {
      NormalizedText.appendJSON(cell, to: &bytes)
    } else {
      var text = String(decoding: cell, as: UTF8.self).nfc
      text.withUTF8 { NormalizedText.appendJSON($0, to: &bytes) }
    }
  }

  /// Adds a property; returns its number where it is interned.
  @discardableResult
  func append(_ name: PropertyName, _ json: [UInt8]) throws -> Int32? {
    let number = try json.withUnsafeBufferPointer { try dictionary.property(name: name.number, json: $0) }
    if let number {
      sink.append(comma: Int64(number))
    } else {
      sink.append(UInt8(ascii: ","))
      sink.append(name.opening)
      sink.append(json)
      sink.append(UInt8(ascii: "]"))
    }
    return number
  }

  // MARK: JSON Lines

  /// Adds a record of JSON Lines.
  func json(_ object: JSONObject) throws {
    try object.checkMembers(
      ["id", "key", "email", "type", "occurred_at", "properties"], hint: "properties stand under \"properties\"")
    guard case .string(let type)? = object["type"] else { throw RowProblem("no \"type\"") }
    guard case .string(var occurredAt)? = object["occurred_at"] else {
      throw RowProblem("no \"occurred_at\", or it is not a text such as 2026-11-21T09:00:00Z")
    }
    let instant = try occurredAt.withUTF8 { try FactLimits.instant($0, "occurred_at") }
    let id: String?
    switch object["id"] {
    case nil, .null: id = nil
    case .string(let text): id = text
    case .number(let number): id = number.text
    case let other?: throw RowProblem("\"id\" is \(other.kindName), not a text")
    }
    let properties: [(String, JSONValue)]
    switch object["properties"] {
    case nil, .null: properties = []
    case .object(let members): properties = members.members.map { ($0.key, $0.value) }
    case let other?: throw RowProblem("\"properties\" is \(other.kindName), not an object")
    }
    try add(key: try object.factKey(), type: type, at: instant, id: id, properties)
  }

  /// Adds an event.
  ///
  /// - Parameter instant: one that a fact may have.
  func add(
    key: String, type: String, at instant: Int64, id: String?, _ properties: [(name: String, value: JSONValue)]
  ) throws {
    let type = NormalizedText.trimmed(type).nfc
    guard !type.isEmpty else { throw RowProblem("the type is empty") }
    var key = key
    try key.withUTF8 { try sink.begin(key: $0) }
    try append(type: type)
    if let id, !id.isEmpty { try appendID(id) }
    var found: [(PropertyName, [UInt8])] = []
    for property in properties {
      let name = property.name.nfc
      try FactLimits.checkName(name, "a property")
      guard let value = try FactLimits.value(property.value, "property '\(name)'") else { continue }
      var writer = JSONWriter()
      value.write(to: &writer)
      found.append((PropertyName(name, number: try dictionary.name(name)), writer.bytes))
    }
    for (name, json) in found.sorted(by: { $0.0.number < $1.0.number }) { try append(name, json) }
    sink.finish(order: instant)
  }

  private func appendID(_ text: String) throws {
    var text = text.nfc
    scratch.removeAll(keepingCapacity: true)
    try text.withUTF8 {
      try FactLimits.check($0, "the id")
      NormalizedText.appendJSON($0, to: &scratch)
    }
    sink.append(UInt8(ascii: ","))
    sink.append(scratch)
  }
}
