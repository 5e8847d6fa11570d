public import RecordFormats
public import ScoreEngine

/// The attributes of a lead, in the order in which it got them.
public struct AttributeSet: Sendable, Equatable {
  /// An attribute.
  public struct Member: Sendable, Equatable {
    public var name: String
    public var value: Value
  }

  /// All attributes; names are unique.
  public private(set) var members: [Member] = []
  /// Where a name stands, once there are so many that a search takes long.
  private var positions: [String: Int] = [:]

  private static let searchedMembers = 16

  public static func == (left: AttributeSet, right: AttributeSet) -> Bool { left.members == right.members }

  /// No attributes.
  public init() {}

  /// Reads the JSON object that is stored.
  public init(json: String) {
    var json = json
    self = json.withUTF8 { AttributeSet(json: $0) }
  }

  /// Reads the JSON object that is stored. Values of other kinds are left out. O(text).
  public init(json: UnsafeBufferPointer<UInt8>) {
    guard let parsed = try? JSONParser.parse(json), case .object(let object) = parsed else { return }
    for member in object.members {
      if let value = Value(json: member.value) { set(member.key, value) }
    }
  }

  /// The value of an attribute.
  public subscript(name: String) -> Value? { position(of: name).map { members[$0].value } }

  /// Sets an attribute, at the end where it is new.
  public mutating func set(_ name: String, _ value: Value) {
    if let index = position(of: name) {
      members[index].value = value
      return
    }
    members.append(Member(name: name, value: value))
    if members.count > AttributeSet.searchedMembers {
      if positions.isEmpty { indexAll() } else { positions[name] = members.count - 1 }
    }
  }

  /// Takes an attribute away. O(attributes).
  public mutating func remove(_ name: String) {
    guard let index = position(of: name) else { return }
    members.remove(at: index)
    indexAll()
  }

  private func position(of name: String) -> Int? {
    positions.isEmpty ? members.firstIndex { $0.name == name } : positions[name]
  }

  private mutating func indexAll() {
    positions.removeAll(keepingCapacity: true)
    guard members.count > AttributeSet.searchedMembers else { return }
    for (index, member) in members.enumerated() { positions[member.name] = index }
  }

  /// The JSON object to be stored.
  public var json: [UInt8] {
    var writer = JSONWriter()
    write(to: &writer)
    return writer.bytes
  }

  /// Writes the attributes as a JSON object.
  public func write(to writer: inout JSONWriter) {
    writer.beginObject()
    for member in members {
      writer.key(member.name)
      member.value.write(to: &writer)
    }
    writer.endObject()
  }
}

extension Value {
  /// A value from JSON; nil for null, empty text, an empty list, and what is no value at all.
  public init?(json: JSONValue) {
    switch json {
    case .string(let text): self = .text(text)
    case .number(let number): self = .number(number.double)
    case .bool(let truth): self = .boolean(truth)
    case .array(let elements):
      let texts = elements.compactMap(\.stringValue)
      guard !texts.isEmpty else { return nil }
      self = .list(texts)
    case .null, .object: return nil
    }
  }

  /// Writes the value as JSON.
  public func write(to writer: inout JSONWriter) {
    switch self {
    case .text(let text): writer.string(text)
    case .number(let number): writer.number(number)
    case .boolean(let truth): writer.bool(truth)
    case .list(let texts):
      writer.beginArray()
      for text in texts { writer.string(text) }
      writer.endArray()
    }
  }

  /// The value as a person writes it in a cell; a list's elements joined by semicolons.
  public var cellText: String {
    switch self {
    case .text(let text): text
    case .number(let number): Value.text(of: number)
    case .boolean(let truth): truth ? "true" : "false"
    case .list(let texts): texts.joined(separator: ";")
    }
  }
}
