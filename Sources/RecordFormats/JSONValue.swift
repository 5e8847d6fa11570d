/// A JSON document or a part of one.
public enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// The text, where this is one.
  public var stringValue: String? { if case .string(let text) = self { text } else { nil } }

  /// The number, where this is one.
  public var numberValue: JSONNumber? { if case .number(let number) = self { number } else { nil } }

  /// The truth value, where this is one.
  public var boolValue: Bool? { if case .bool(let truth) = self { truth } else { nil } }

  /// The elements, where this is an array.
  public var arrayValue: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }

  /// The members, where this is an object.
  public var objectValue: JSONObject? { if case .object(let object) = self { object } else { nil } }

  /// Whether this is null.
  public var isNull: Bool { self == .null }

  /// The member of this name, where this is an object that has it. O(members).
  public subscript(name: String) -> JSONValue? { objectValue?[name] }

  /// What kind of value it is, for messages: `null`, `a boolean`, `a number`, `a text`, `a list`, `an object`.
  public var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a text"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

/// A number with the text that it was read from. Equal where the doubles are.
public struct JSONNumber: Equatable, Sendable {
  /// The nearest double; never infinite, never NaN.
  public let double: Double
  /// As it stands in the document, for instance `12.50`.
  public let text: String

  /// For the parser, which knows that they agree.
  init(double: Double, text: String) {
    self.double = double
    self.text = text
  }

  /// The number with its shortest text; nil where JSON cannot write it (infinite or NaN).
  public init?(_ double: Double) {
    guard double.isFinite else { return nil }
    self.init(double: double, text: JSONWriter.text(of: double))
  }

  /// A whole number; `text` is exact, `double` the nearest.
  public init(_ integer: Int64) {
    self.init(double: Double(integer), text: String(integer))
  }

  /// Equal where the doubles are, however they are written.
  public static func == (one: JSONNumber, other: JSONNumber) -> Bool { one.double == other.double }
}

/// The members of a JSON object in the order of the document. Equal where members and order are.
public struct JSONObject: Equatable, Sendable {
  /// One name with its value.
  public struct Member: Equatable, Sendable {
    /// The name.
    public let key: String
    /// The value.
    public let value: JSONValue

    /// One name with its value.
    public init(key: String, value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// The members in order; the parser sees to it that no name comes twice.
  public private(set) var members: [Member]

  /// An object of these members, whose names must differ.
  public init(_ members: [Member] = []) {
    self.members = members
  }

  /// How many members there are.
  public var count: Int { members.count }

  /// The names in order.
  public var keys: [String] { members.map(\.key) }

  /// The value of this name. Setting replaces it in its place or adds it at the end; setting nil removes it. O(members).
  public subscript(key: String) -> JSONValue? {
    get { members.first { $0.key == key }?.value }
    set {
      let index = members.firstIndex { $0.key == key }
      switch (index, newValue) {
      case (let index?, let value?): members[index] = Member(key: key, value: value)
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append(Member(key: key, value: value))
      case (nil, nil): break
      }
    }
  }
}
