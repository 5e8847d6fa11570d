internal import LeadStore
internal import RecordFormats
internal import RuleFile
internal import ScoreEngine

/// What the rows of a file of leads say, as bytes: the instant of creation in eight, a byte that is 1 where the object
/// can be stored as it is, and a JSON object of attributes, null for one to be removed.
struct LeadRowBytes {
  /// Stands for a row without `created_at`.
  static let notGiven = Int64.min
  static let headerSize = 9

  /// In milliseconds; nil where the row gives none.
  let createdAt: Int64?
  /// Whether the object has no null and no name twice.
  let isClean: Bool
  let attributes: UnsafeBufferPointer<UInt8>

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    let given = UnsafeRawBufferPointer(bytes).loadUnaligned(as: Int64.self)
    createdAt = given == LeadRowBytes.notGiven ? nil : given
    isClean = bytes[8] == 1
    attributes = UnsafeBufferPointer(rebasing: bytes[LeadRowBytes.headerSize...])
  }
}

/// Turns the rows of a file of leads into bytes. On the reader's thread.
final class LeadRows {
  private let sink: RowSink
  @exclusivity(unchecked) private var scratch: [UInt8] = []

  init(sink: RowSink) {
    self.sink = sink
  }

  /// Begins a row with its lead's key and its instant of creation.
  func begin(_ key: UnsafeBufferPointer<UInt8>, _ createdAt: Int64, isClean: Bool) throws {
    try sink.begin(key: key)
    withUnsafeBytes(of: createdAt) { sink.append($0.assumingMemoryBound(to: UInt8.self)) }
    sink.append(isClean ? 1 : 0)
    sink.append(UInt8(ascii: "{"))
  }

  /// Ends a row.
  func end() {
    sink.append(UInt8(ascii: "}"))
    sink.finish(order: 0)
  }

  /// What is to be done with each row of a CSV file.
  func csv(_ columns: CSVColumns) -> (CSVReader) throws -> Void {
    let rows = LeadCSVRows(columns, self, sink)
    return { try rows.take($0) }
  }

  /// Adds a text as JSON.
  func appendText(_ cell: UnsafeBufferPointer<UInt8>) {
    scratch.removeAll(keepingCapacity: true)
    EventRows.appendText(cell, to: &scratch)
    sink.append(scratch)
  }

  /// Adds a record of JSON Lines.
  func json(_ object: JSONObject) throws {
    try object.checkMembers(
      ["key", "email", "created_at", "attributes"], hint: "attributes stand under \"attributes\"")
    var createdAt = LeadRowBytes.notGiven
    switch object["created_at"] {
    case nil, .null: break
    case .string(var text): createdAt = try text.withUTF8 { try FactLimits.instant($0, "created_at") }
    case let other?: throw RowProblem("\"created_at\" is \(other.kindName), not a text")
    }
    var members: [(name: String, value: JSONValue)] = []
    switch object["attributes"] {
    case nil, .null: break
    case .object(let attributes): members = attributes.members.map { ($0.key, $0.value) }
    case let other?: throw RowProblem("\"attributes\" is \(other.kindName), not an object")
    }
    // An e-mail address that stands in for the key is an attribute too, as it is in CSV.
    if object["key"] != nil || object["email"] != nil, let email = object["email"],
      !members.contains(where: { $0.name == "email" })
    {
      members.append(("email", email))
    }
    var key = try object.factKey()
    try key.withUTF8 { try begin($0, createdAt, isClean: false) }
    let empty = sink.size
    for member in members {
      let name = member.name.nfc
      try FactLimits.checkName(name, "an attribute")
      let value = try FactLimits.value(member.value, "attribute '\(name)'")
      if value == nil, member.value != .null { continue }
      if sink.size > empty { sink.append(UInt8(ascii: ",")) }
      scratch.removeAll(keepingCapacity: true)
      var text = name
      text.withUTF8 { NormalizedText.appendJSON($0, to: &scratch) }
      sink.append(scratch)
      sink.append(UInt8(ascii: ":"))
      if let value {
        var writer = JSONWriter()
        value.write(to: &writer)
        sink.append(writer.bytes)
      } else {
        sink.append(Array("null".utf8))
      }
    }
    end()
  }
}
