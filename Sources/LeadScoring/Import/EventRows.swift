internal import LeadStore
internal import RecordFormats
internal import RuleFile
internal import ScoreEngine

/// Turns the rows of a file of events into tails of events, whose texts are interned on the way. On the reader's thread.
final class EventRows {
  private let dictionary: PropertyDictionary
  private let sink: RowSink
  @exclusivity(unchecked) private var scratch: [UInt8] = []
  @exclusivity(unchecked) private var typeCount = 0
  /// Numbers of event types by the bytes of their cells (tag 0), and of properties (tag: the source's place, from 1).
  private let known = ByteTable()

  init(_ dictionary: PropertyDictionary, sink: RowSink) {
    self.dictionary = dictionary
    self.sink = sink
  }

  /// A property's name, by number and as the JSON text that begins a literal.
  private struct PropertyName {
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

  /// Where a property of a CSV file comes from.
  private struct Source {
    let name: PropertyName
    let label: String
    /// -1 for a constant.
    let column: Int
    let constant: [UInt8]
  }

  // MARK: CSV

  /// What is to be done with each row of a CSV file.
  func csv(_ columns: CSVColumns) throws -> (CSVReader) throws -> Void {
    guard let occurredAt = columns.occurredAt else { return { _ in } }
    var sources: [Source] = []
    for field in columns.fields {
      let name = PropertyName(field.name, number: try dictionary.name(field.name))
      sources.append(Source(name: name, label: field.name, column: field.column, constant: []))
    }
    for constant in columns.constants {
      var writer = JSONWriter()
      constant.value.write(to: &writer)
      let name = PropertyName(constant.name, number: try dictionary.name(constant.name))
      sources.append(Source(name: name, label: constant.name, column: -1, constant: writer.bytes))
    }
    // A tail lists its properties in the order of their names' numbers, so that equal ones have equal bytes.
    sources.sort { $0.name.number < $1.name.number }
    // Apart from the sources, so that a row takes numbers only.
    let places = ContiguousArray(sources.map(\.column))
    let onlyKey = columns.key.count == 1 ? columns.key[0] : -1
    let hasAbsentTexts = columns.hasAbsentTexts
    let id = columns.id ?? -1
    var typeColumn = -1
    var typeText = ""
    switch columns.type {
    case .text(let text): typeText = text
    case .column(let column, let prefix):
      typeColumn = column
      typeText = prefix
    }
    let (column, text) = (typeColumn, typeText)

    return { [self] reader in
      try sink.begin(key: onlyKey >= 0 ? reader.field(onlyKey) : columns.keyCell(reader))
      let instant = try FactLimits.instant(reader.field(occurredAt), "occurred_at")
      if column >= 0 { try append(type: reader.field(column), prefix: text) } else { try append(type: text) }
      if id >= 0 { try append(id: reader.field(id), columns) }
      for index in places.indices {
        guard places[index] >= 0 else {
          try append(sources[index].name, sources[index].constant)
          continue
        }
        let cell = reader.field(places[index])
        if cell.isEmpty || (hasAbsentTexts && columns.isAbsent(cell)) { continue }
        let tag = UInt8(truncatingIfNeeded: index + 1)
        if index < 255, let number = known.value(for: cell, tag: tag) {
          sink.append(comma: Int64(number))
          continue
        }
        if let number = try append(sources[index], cell), index < 255 {
          known.insert(cell, tag: tag, value: UInt32(number))
        }
      }
      sink.finish(order: instant)
    }
  }

  private func append(id cell: UnsafeBufferPointer<UInt8>, _ columns: CSVColumns) throws {
    if columns.isAbsent(cell) { return }
    try FactLimits.check(cell, "the id")
    scratch.removeAll(keepingCapacity: true)
    EventRows.appendText(cell, to: &scratch)
    sink.append(UInt8(ascii: ","))
    sink.append(scratch)
  }

  @inline(__always)
  private func append(type cell: UnsafeBufferPointer<UInt8>, prefix: String) throws {
    if let number = known.value(for: cell) {
      sink.append(comma: Int64(number))
      return
    }
    let trimmed = NormalizedText.trimmed(cell)
    guard !trimmed.isEmpty else { throw RowProblem("the type is empty") }
    let number = try append(type: prefix + NormalizedText.nfc(String(decoding: trimmed, as: UTF8.self)))
    // So many types are none that recur.
    if typeCount < 10_000, cell.count < ByteTable.longest {
      typeCount += 1
      known.insert(cell, value: UInt32(number))
    }
  }

  @discardableResult
  private func append(type: String) throws -> Int {
    try FactLimits.checkName(type, "an event's type")
    let number = try dictionary.type(type)
    sink.append(comma: Int64(number))
    return number
  }

  @inline(never)
  private func append(_ source: Source, _ cell: UnsafeBufferPointer<UInt8>) throws -> Int32? {
    try FactLimits.check(cell, "column '\(source.label)'")
    scratch.removeAll(keepingCapacity: true)
    EventRows.appendText(cell, to: &scratch)
    return try append(source.name, scratch)
  }

  static func appendText(_ cell: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
    if NormalizedText.isASCII(cell) {
      NormalizedText.appendJSON(cell, to: &bytes)
    } else {
      var text = NormalizedText.nfc(String(decoding: cell, as: UTF8.self))
      text.withUTF8 { NormalizedText.appendJSON($0, to: &bytes) }
    }
  }

  /// Adds a property; returns its number where it is interned.
  @discardableResult
  private func append(_ name: PropertyName, _ json: [UInt8]) throws -> Int32? {
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
    let type = NormalizedText.nfc(NormalizedText.trimmed(type))
    guard !type.isEmpty else { throw RowProblem("the type is empty") }
    var key = key
    try key.withUTF8 { try sink.begin(key: $0) }
    try append(type: type)
    if let id, !id.isEmpty { try appendID(id) }
    var found: [(PropertyName, [UInt8])] = []
    for property in properties {
      let name = NormalizedText.nfc(property.name)
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
    var text = NormalizedText.nfc(text)
    scratch.removeAll(keepingCapacity: true)
    try text.withUTF8 {
      try FactLimits.check($0, "the id")
      NormalizedText.appendJSON($0, to: &scratch)
    }
    sink.append(UInt8(ascii: ","))
    sink.append(scratch)
  }
}
