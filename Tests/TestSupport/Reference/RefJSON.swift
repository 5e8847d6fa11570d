/// An ordered tree: the shape in which tests build, change and render rule documents.
///
/// A number keeps its text, so that exact decimals survive. Texts of numbers are valid JSON.
public indirect enum RefJSON: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([RefJSON])
  case object([RefEntry])

  /// The value of `key` in an object; `nil` elsewhere. Setting replaces in place, appends, or with `nil` removes.
  public subscript(key: String) -> RefJSON? {
    get {
      guard case .object(let entries) = self else { return nil }
      return entries.first { $0.key == key }?.value
    }
    set {
      guard case .object(var entries) = self else { return }
      let position = entries.firstIndex { $0.key == key }
      switch (position, newValue) {
      case (let position?, let value?): entries[position].value = value
      case (let position?, nil): entries.remove(at: position)
      case (nil, let value?): entries.append(RefEntry(key, value))
      case (nil, nil): break
      }
      self = .object(entries)
    }
  }

  /// The elements of an array; empty elsewhere.
  public var elements: [RefJSON] {
    if case .array(let items) = self { return items }
    return []
  }

  /// The entries of an object; empty elsewhere.
  public var entries: [RefEntry] {
    if case .object(let entries) = self { return entries }
    return []
  }

  /// The text of a string; `nil` elsewhere.
  public var text: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  /// The tree as JSON on one line.
  public func renderJSON() -> String {
    switch self {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .number(let text): return text
    case .string(let text): return Self.quoted(text)
    case .array(let items): return "[" + items.map { $0.renderJSON() }.joined(separator: ",") + "]"
    case .object(let entries):
      return "{" + entries.map { Self.quoted($0.key) + ":" + $0.value.renderJSON() }.joined(separator: ",") + "}"
    }
  }

  /// `text` as a JSON string, quotes included; with `ascii` everything outside ASCII is escaped.
  public static func quoted(_ text: String, ascii: Bool = false) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      default:
        if scalar.value < 0x20 || (ascii && scalar.value > 0x7e) {
          for unit in String(scalar).utf16 {
            let hex = String(unit, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
          }
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}

/// A key and its value in a `RefJSON` object.
public struct RefEntry: Equatable, Sendable {
  public var key: String
  public var value: RefJSON

  /// Pairs `key` with `value`.
  public init(_ key: String, _ value: RefJSON) {
    self.key = key
    self.value = value
  }
}

extension RefJSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .number("\(value)") }
  public init(floatLiteral value: Double) { self = .number("\(value)") }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(arrayLiteral elements: RefJSON...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, RefJSON)...) {
    self = .object(elements.map { RefEntry($0.0, $0.1) })
  }
}
