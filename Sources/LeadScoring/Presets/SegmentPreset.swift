internal import RecordFormats
internal import ScoreEngine

/// Messages of the Segment specification, one by one.
struct SegmentPreset {
  /// Event types of messages that have no event name of their own.
  static let viewTypes = ["page": "page_view", "screen": "screen_view"]
  /// Where an event's instant comes from: the first of these that is there.
  static let instants = ["timestamp", "originalTimestamp", "sentAt", "receivedAt"]
  /// Members that are read, or that say nothing about the person or what it did.
  static let members: Set<String> = [
    "type", "userId", "anonymousId", "messageId", "timestamp", "originalTimestamp", "sentAt", "receivedAt", "context",
    "integrations", "traits", "properties", "event", "name", "category", "previousId", "groupId", "version", "channel",
    "projectId", "writeKey", "metadata", "_metadata",
  ]
  /// Members of `context` that become properties.
  static let contextProperties = ["userAgent": "user_agent"]
  /// Members of `context.page` that become properties where the message has none of that name.
  static let pageProperties = ["path", "referrer", "search", "title", "url"]
  /// Members of `context.campaign` and the properties they become.
  static let campaignProperties = [
    "name": "utm_campaign", "source": "utm_source", "medium": "utm_medium", "term": "utm_term",
    "content": "utm_content",
  ]
  /// Members of `context` that are read, or that describe the device, the library and the like and are not kept.
  static let contextMembers: Set<String> = [
    "traits", "userId", "userAgent", "page", "campaign", "library", "ip", "locale", "timezone", "device", "os", "app",
    "screen", "network", "location", "active", "direct", "groupId", "instanceId", "userAgentData", "externalIds",
    "protocols", "sessionId", "sessionStart",
  ]

  private let rows: PresetRows
  /// The trait that names the person, besides the user id.
  private let keyTrait: String?

  init(_ rows: PresetRows, keyTrait: String?) {
    self.rows = rows
    self.keyTrait = keyTrait
  }

  /// The messages of a batch; nil for a message that is none. What the batch says of all of them is put into each.
  static func batch(_ object: JSONObject) throws -> [JSONValue]? {
    guard let batch = object["batch"] else {
      guard object["type"]?.stringValue == "batch" else { return nil }
      throw RowProblem("no \"batch\", a list of messages")
    }
    guard case .array(let messages) = batch else { throw RowProblem("\"batch\" is \(batch.kindName), not a list") }
    let shared = ["context", "sentAt", "receivedAt", "timestamp", "userId", "anonymousId"]
    return messages.map { message in
      guard case .object(var own) = message else { return message }
      for name in shared where own[name] == nil {
        if let value = object[name] { own[name] = value }
      }
      return .object(own)
    }
  }

  /// Takes one message.
  ///
  /// - Throws: ``RowProblem`` where it is not understood; then nothing of it is taken.
  func take(_ message: JSONObject, line: Int) throws {
    let type = try self.type(message)
    let context = message["context"]?.objectValue ?? JSONObject()
    let user =
      try PresetValue.key(message["userId"], "userId") ?? PresetValue.key(context["userId"], "context.userId")
      ?? PresetValue.key(context["traits"]?["userId"], "context.traits.userId")
    let anonymous = try PresetValue.key(message["anonymousId"], "anonymousId")
    if type == "alias" {
      try takeAlias(message, user: user, anonymous: anonymous, line: line)
      noteRest(message, context)
      return
    }
    guard let key = user ?? anonymous else { throw RowProblem("neither \"userId\" nor \"anonymousId\"") }
    var attributes = PresetFields()
    try add(context["traits"], to: &attributes, without: ["userId", "createdAt"])
    var createdAt: String?
    switch type {
    case "identify":
      let traits = try object(message, "traits")
      createdAt = try PresetValue.instant(traits["createdAt"] ?? traits["created_at"], "traits.createdAt")
      try add(.object(traits), to: &attributes, without: ["createdAt", "created_at"])
    case "group":
      guard let group = try PresetValue.key(message["groupId"], "groupId") else { throw RowProblem("no \"groupId\"") }
      try attributes.set("group_id", .string(group))
      try PresetValue.flatten(.object(object(message, "traits")), "group", into: &attributes, rows)
    default: break
    }
    // Everything that can be refused comes before anything is taken.
    let event = try event(type, message, context)
    if event == nil || !attributes.isEmpty {
      try rows.lead(key, createdAt: createdAt, attributes: attributes, line: line)
    }
    if let event {
      try rows.event(
        key, type: event.type, occurredAt: event.occurredAt, id: event.id, properties: event.properties, line: line)
    }
    if let user, let anonymous { rows.join(anonymous, to: user, reason: "anonymousId of a message", line: line) }
    if let keyTrait, let user, let value = try PresetValue.key(attributes[keyTrait], keyTrait) {
      rows.join(user, to: value, reason: "the trait \(keyTrait)", line: line)
    }
    noteRest(message, context)
  }

  private func type(_ message: JSONObject) throws -> String {
    switch message["type"] {
    case .string(let text):
      let known = ["identify", "track", "page", "screen", "group", "alias"]
      guard known.contains(text) else {
        throw RowProblem("unknown type '\(text.prefix(40))'; it is one of \(known.joined(separator: ", ")), batch")
      }
      return text
    case nil where message["event"] != nil: return "track"
    case nil: throw RowProblem("no \"type\"")
    case let other?: throw RowProblem("\"type\" is \(other.kindName), not a text")
    }
  }

  private func takeAlias(_ message: JSONObject, user: String?, anonymous: String?, line: Int) throws {
    guard let user else { throw RowProblem("no \"userId\" to which the previous id belongs") }
    let previous = try PresetValue.key(message["previousId"], "previousId")
    guard previous != nil || anonymous != nil else { throw RowProblem("no \"previousId\"") }
    if let previous {
      rows.join(previous, to: user, reason: "alias", line: line, message: SegmentPreset.text(message))
    }
    if let anonymous { rows.join(anonymous, to: user, reason: "anonymousId of a message", line: line) }
  }

  private struct Event {
    var type: String
    var occurredAt: String
    var id: String?
    var properties: PresetFields
  }

  private func event(_ type: String, _ message: JSONObject, _ context: JSONObject) throws -> Event? {
    let name: String
    if let view = SegmentPreset.viewTypes[type] {
      name = view
    } else if type == "track" {
      guard case .string(let event)? = message["event"], !NormalizedText.trimmed(event).isEmpty else {
        throw RowProblem("no \"event\", the name of what was done")
      }
      name = event
    } else {
      return nil
    }
    var properties = PresetFields()
    try add(.object(object(message, "properties")), to: &properties, without: [])
    func fill(_ name: String, _ value: JSONValue?) throws {
      guard let value, !value.isNull, properties[name] == nil else { return }
      try PresetValue.flatten(value, name, into: &properties, rows)
    }
    if type != "track" {
      try fill("name", message["name"])
      try fill("category", message["category"])
    }
    for (member, property) in SegmentPreset.contextProperties.sorted(by: { $0.key < $1.key }) {
      try fill(property, context[member])
    }
    for (member, property) in SegmentPreset.campaignProperties.sorted(by: { $0.key < $1.key }) {
      try fill(property, context["campaign"]?[member])
    }
    for member in SegmentPreset.pageProperties { try fill(member, context["page"]?[member]) }
    if type == "page", case .string(let url)? = properties["url"] {
      try fill("path", WebAddress.path(url).map { .string($0) })
    }
    var occurredAt: String?
    for member in SegmentPreset.instants where occurredAt == nil {
      occurredAt = try PresetValue.instant(message[member], member)
    }
    return Event(
      type: name, occurredAt: try occurredAt ?? rows.firstReceived(SegmentPreset.text(message)),
      id: try PresetValue.key(message["messageId"], "messageId"), properties: properties)
  }

  private static func text(_ message: JSONObject) -> [UInt8] {
    var writer = JSONWriter()
    writer.value(.object(message))
    return writer.bytes
  }

  private func object(_ message: JSONObject, _ name: String) throws -> JSONObject {
    switch message[name] {
    case nil, .null: return JSONObject()
    case .object(let object): return object
    case let other?: throw RowProblem("\"\(name)\" is \(other.kindName), not an object")
    }
  }

  private func add(_ values: JSONValue?, to fields: inout PresetFields, without left: Set<String>) throws {
    for member in values?.objectValue?.members ?? [] where !left.contains(member.key) {
      try PresetValue.flatten(member.value, member.key, into: &fields, rows)
    }
  }

  /// Names what the message says besides.
  private func noteRest(_ message: JSONObject, _ context: JSONObject) {
    for name in message.keys where !SegmentPreset.members.contains(name) { rows.note("member \"\(name.prefix(60))\"") }
    for name in context.keys where !SegmentPreset.contextMembers.contains(name) {
      rows.note("context.\(name.prefix(60))")
    }
  }
}

/// The parts of a web address.
enum WebAddress {
  /// The path, `/` where it is empty; nil where the text is no address.
  static func path(_ address: String) -> String? {
    guard let scheme = address.firstRange(of: "://"), scheme.lowerBound != address.startIndex else { return nil }
    let rest = address[scheme.upperBound...]
    guard let slash = rest.firstIndex(where: { "/?#".contains($0) }), rest[slash] == "/" else { return "/" }
    return String(rest[slash...].prefix { $0 != "?" && $0 != "#" })
  }
}
