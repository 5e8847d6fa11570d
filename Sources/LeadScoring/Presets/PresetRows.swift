internal import LeadStore
internal import RecordFormats
internal import ScoreEngine

/// Values by name, each name once, in the order first given.
struct PresetFields {
  private(set) var members: [(name: String, value: JSONValue)] = []
  private var positions: [String: Int] = [:]

  subscript(name: String) -> JSONValue? { positions[name].map { members[$0].value } }

  var isEmpty: Bool { members.isEmpty }

  /// Sets a value in the place of the one before.
  mutating func set(_ name: String, _ value: JSONValue) throws {
    let name = NormalizedText.trimmed(name).nfc
    try FactLimits.checkName(name, "a field")
    _ = try FactLimits.value(value, "'\(name)'")
    if let position = positions[name] {
      members[position].value = value
    } else {
      positions[name] = members.count
      members.append((name, value))
    }
  }

  func write(to writer: inout JSONWriter) {
    writer.beginObject()
    for member in members {
      writer.key(member.name)
      writer.value(member.value)
    }
    writer.endObject()
  }
}

/// Two keys of one person, as a row says.
struct PresetJoin {
  /// The key that is another's.
  var key: String
  /// The person's.
  var person: String
  /// Which member or column said so.
  var reason: String
  var line: Int
  /// The message that says nothing else, so that it is refused where the join is.
  var message: [UInt8]?
}

/// What the rows of one file say in the program's own form.
final class PresetRows {
  let leads: RowSpool
  let events: RowSpool
  private(set) var joins: [PresetJoin] = []
  private var known: Set<String> = []
  /// What was read and not kept, with how often.
  private(set) var notes: [(text: String, count: Int)] = []
  private var notePositions: [String: Int] = [:]
  private let receipts: MessageReceiptTable
  private let asOf: Int64

  init(_ session: ScoringSession, asOf: Int64) {
    leads = RowSpool(folder: session.temporaryFolder)
    events = RowSpool(folder: session.temporaryFolder)
    receipts = session.database.receipts
    self.asOf = asOf
  }

  /// A lead's row.
  func lead(_ key: String, createdAt: String?, attributes: PresetFields, line: Int) throws {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("key")
    writer.string(key)
    if let createdAt {
      writer.key("created_at")
      writer.string(createdAt)
    }
    writer.key("attributes")
    attributes.write(to: &writer)
    writer.endObject()
    try leads.append(line: line, writer.bytes)
  }

  /// An event's row.
  func event(
    _ key: String, type: String, occurredAt: String, id: String?, properties: PresetFields, line: Int
  ) throws {
    try FactLimits.checkName(NormalizedText.trimmed(type).nfc, "an event's type")
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("key")
    writer.string(key)
    writer.key("type")
    writer.string(type)
    writer.key("occurred_at")
    writer.string(occurredAt)
    if let id {
      writer.key("id")
      writer.string(id)
    }
    writer.key("properties")
    properties.write(to: &writer)
    writer.endObject()
    try events.append(line: line, writer.bytes)
  }

  /// Says that a key is a person's.
  func join(_ key: String, to person: String, reason: String, line: Int, message: [UInt8]? = nil) {
    let (one, other) = (LeadKey.folded(key), LeadKey.folded(person))
    guard one != other, known.insert("\(one)\u{0}\(other)").inserted else { return }
    joins.append(PresetJoin(key: key, person: person, reason: reason, line: line, message: message))
  }

  /// Counts something that was read and not kept.
  func note(_ text: String) {
    if let position = notePositions[text] {
      notes[position].count += 1
    } else {
      notePositions[text] = notes.count
      notes.append((text, 1))
    }
  }

  /// The instant at which a message that names none was first received.
  func firstReceived(_ message: [UInt8]) throws -> String {
    Instant(milliseconds: try receipts.firstReceived(digest: SHA256.hexDigest(message), now: asOf)).description
  }
}

/// Values as other systems spell them.
enum PresetValue {
  /// Whether a text is a placeholder that nobody filled in, such as `{{id}}`.
  static func isPlaceholder(_ text: String) -> Bool {
    let text = NormalizedText.trimmed(text)
    return text.utf8.count > 4 && text.hasPrefix("{{") && text.hasSuffix("}}")
  }

  /// A key; nil where there is none.
  ///
  /// - Throws: ``RowProblem`` for one that no lead can have.
  static func key(_ value: JSONValue?, _ field: String) throws -> String? {
    let text: String
    switch value {
    case nil, .null: return nil
    case .string(let string): text = string
    case .number(let number): text = number.text
    case let other?: throw RowProblem("\(field) is \(other.kindName), not a text")
    }
    let folded = LeadKey.folded(text)
    guard !folded.isEmpty, !isPlaceholder(text) else { return nil }
    guard folded.utf8.count <= LeadKey.longest else {
      throw RowProblem(LeadKey.Problem.tooLong.reason)
    }
    guard !folded.utf8.contains(0) else { throw RowProblem(LeadKey.Problem.hasNUL.reason) }
    return text
  }

  /// An instant as the importers read it; seconds and milliseconds since 1970 become one. Nil where there is none.
  ///
  /// - Throws: ``RowProblem`` for anything else.
  static func instant(_ value: JSONValue?, _ field: String) throws -> String? {
    var text: String
    switch value {
    case nil, .null: return nil
    case .string(let string): text = NormalizedText.trimmed(string)
    case .number(let number): text = number.text
    case let other?: throw RowProblem("\(field) is \(other.kindName), not an instant")
    }
    guard !text.isEmpty, !isPlaceholder(text) else { return nil }
    if text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }), [10, 13].contains(text.utf8.count), let number = Int64(text) {
      text = Instant(milliseconds: text.utf8.count == 10 ? number * 1000 : number).description
    }
    _ = try text.withUTF8 { try FactLimits.instant($0, field) }
    return text
  }

  /// Puts a value under a name; the members of an object under names with dots, a list of objects as a list of their
  /// JSON texts. Placeholders are absent.
  static func flatten(
    _ value: JSONValue, _ name: String, into fields: inout PresetFields, _ rows: PresetRows
  ) throws {
    switch value {
    case .object(let object):
      for member in object.members { try flatten(member.value, "\(name).\(member.key)", into: &fields, rows) }
    case .array(let elements):
      let flat: [JSONValue] = elements.map { element in
        switch element {
        case .object, .array:
          var writer = JSONWriter()
          writer.value(element)
          return .string(String(decoding: writer.bytes, as: UTF8.self))
        default: return element
        }
      }
      try fields.set(name, .array(flat))
    case .string(let text) where isPlaceholder(text): rows.note("placeholder \(text.prefix(40)), taken as absent")
    default: try fields.set(name, value)
    }
  }
}
