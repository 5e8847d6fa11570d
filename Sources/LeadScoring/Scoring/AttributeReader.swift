internal import RecordFormats
internal import ScoreEngine

/// Reads the JSON objects in which leads keep their attributes, for conditions over them.
///
/// A value that recurs is known by its JSON text and parsed once. A field with more than ``valuesLimit`` different
/// values, or a value longer than ``lengthLimit``, is parsed each time, so memory stays bounded.
final class AttributeReader {
  /// At most so many values of one field are remembered.
  static let valuesLimit = 20_000
  /// The longest value that is remembered, in bytes of JSON.
  static let lengthLimit = 200
  /// How many names are expected in their usual order.
  private static let expectedLimit = 64

  /// The conditions, with the attributes of the lead read last.
  let matcher: AttributeMatcher
  private let fieldNumbers: [String: Int]
  // By field: what stands for each value that was seen.
  @exclusivity(unchecked) private var values: [ByteTable]
  // The names with quotation marks and colon, in the order in which most objects have them, and their fields; -1 for one
  // that no condition asks for.
  @exclusivity(unchecked) private var expectedBytes: [UInt8] = []
  @exclusivity(unchecked) private var expected: [(start: Int, end: Int, field: Int)] = []
  /// Where set, the names of attributes that ``read(_:)`` met, each at least once.
  @exclusivity(unchecked) var names: [String]?

  init(definitions: [SignalDefinition]) {
    matcher = AttributeMatcher(definitions: definitions)
    var numbers: [String: Int] = [:]
    for (field, name) in matcher.fields.enumerated() { numbers[name] = field }
    fieldNumbers = numbers
    values = matcher.fields.map { _ in ByteTable() }
  }

  /// Takes a lead without attributes.
  func readNothing() { matcher.begin() }

  /// Takes a lead's attributes.
  func read(_ attributes: AttributeSet) {
    matcher.begin()
    for (field, name) in matcher.fields.enumerated() {
      if let value = attributes[name] { matcher.set(field: field, value: value) }
    }
  }

  /// Takes a lead's attributes from the JSON object that is stored. O(text)
  func read(_ json: UnsafeBufferPointer<UInt8>) {
    matcher.begin()
    guard !matcher.isEmpty || names != nil else { return }
    // The quick way is for the form in which attributes are written; any other is left to the parser.
    if !scan(json) {
      let attributes = AttributeSet(json: json)
      names?.append(contentsOf: attributes.members.map(\.name))
      read(attributes)
    }
  }

  private func scan(_ json: UnsafeBufferPointer<UInt8>) -> Bool {
    guard json.count >= 2, json[0] == UInt8(ascii: "{"), json[json.count - 1] == UInt8(ascii: "}") else { return false }
    if json.count == 2 { return true }
    var position = 1
    var next = 0
    while true {
      guard let field = field(json, &position, &next) else { return false }
      guard let end = AttributeReader.end(ofValueAt: position, in: json), end < json.count else { return false }
      if field >= 0, !take(field, UnsafeBufferPointer(rebasing: json[position..<end])) { return false }
      position = end + 1
      switch json[end] {
      case UInt8(ascii: ","): continue
      case UInt8(ascii: "}"): return position == json.count
      default: return false
      }
    }
  }

  // MARK: Names

  /// The field of the name at a place, which moves behind the colon; -1 for a name that is not asked for.
  @inline(__always)
  private func field(_ json: UnsafeBufferPointer<UInt8>, _ position: inout Int, _ next: inout Int) -> Int? {
    let known = expectedBytes.withUnsafeBufferPointer { bytes -> Int? in
      var index = next
      while index < expected.count {
        let name = expected[index]
        let count = name.end &- name.start
        if count <= json.count &- position, AttributeReader.equal(json, position, bytes, name.start, count) {
          position &+= count
          next = index &+ 1
          return name.field
        }
        index &+= 1
      }
      return nil
    }
    return known ?? newField(json, &position)
  }

  @inline(never)
  private func newField(_ json: UnsafeBufferPointer<UInt8>, _ position: inout Int) -> Int? {
    guard json[position] == UInt8(ascii: "\""), let end = AttributeReader.end(ofTextAt: position, in: json),
      end < json.count, json[end] == UInt8(ascii: ":")
    else { return nil }
    let bytes = UnsafeBufferPointer(rebasing: json[position..<end])
    guard let parsed = try? JSONParser.parse(bytes), let name = parsed.stringValue else { return nil }
    names?.append(name)
    let field = fieldNumbers[name] ?? -1
    if expected.count < AttributeReader.expectedLimit {
      let start = expectedBytes.count
      expectedBytes.append(contentsOf: json[position...end])
      expected.append((start, expectedBytes.count, field))
    }
    position = end + 1
    return field
  }

  @inline(__always)
  private static func equal(
    _ left: UnsafeBufferPointer<UInt8>, _ leftStart: Int, _ right: UnsafeBufferPointer<UInt8>, _ rightStart: Int,
    _ count: Int
  ) -> Bool {
    var index = 0
    while index < count {
      if left[leftStart &+ index] != right[rightStart &+ index] { return false }
      index &+= 1
    }
    return true
  }

  // MARK: Values

  /// Takes an attribute's value; false where it is no JSON.
  @inline(__always)
  private func take(_ field: Int, _ json: UnsafeBufferPointer<UInt8>) -> Bool {
    if let number = values[field].value(for: json) {
      matcher.set(field: field, number: Int(number))
      return true
    }
    return takeNew(field, json)
  }

  @inline(never)
  private func takeNew(_ field: Int, _ json: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let parsed = try? JSONParser.parse(json) else { return false }
    let value = Value(json: parsed)
    if json.count <= AttributeReader.lengthLimit, values[field].count < AttributeReader.valuesLimit {
      let number = matcher.remember(value, ofField: field)
      values[field].insert(json, value: UInt32(number))
      matcher.set(field: field, number: number)
    } else {
      matcher.set(field: field, value: value)
    }
    return true
  }

  /// The place behind the value at `start`; nil where it does not end.
  @inline(__always)
  private static func end(ofValueAt start: Int, in json: UnsafeBufferPointer<UInt8>) -> Int? {
    guard start < json.count else { return nil }
    switch json[start] {
    case UInt8(ascii: "\""): return end(ofTextAt: start, in: json)
    case UInt8(ascii: "["), UInt8(ascii: "{"): return end(ofNestedAt: start, in: json)
    default:
      var position = start
      while position < json.count, json[position] != UInt8(ascii: ","), json[position] != UInt8(ascii: "}") {
        position &+= 1
      }
      return position
    }
  }

  /// The place behind the text whose opening quotation mark is at `start`.
  @inline(__always)
  private static func end(ofTextAt start: Int, in json: UnsafeBufferPointer<UInt8>) -> Int? {
    var position = start &+ 1
    while position < json.count {
      let byte = json[position]
      if byte == UInt8(ascii: "\"") { return position &+ 1 }
      position &+= byte == UInt8(ascii: "\\") ? 2 : 1
    }
    return nil
  }

  private static func end(ofNestedAt start: Int, in json: UnsafeBufferPointer<UInt8>) -> Int? {
    var position = start
    var depth = 0
    while position < json.count {
      switch json[position] {
      case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      case UInt8(ascii: "\""):
        guard let end = end(ofTextAt: position, in: json) else { return nil }
        position = end
        continue
      default: break
      }
      position += 1
      if depth == 0 { return position }
    }
    return nil
  }
}
