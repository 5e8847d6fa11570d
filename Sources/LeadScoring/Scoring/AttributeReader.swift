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
  // By field: what stands for each value that was seen. Held without counting, since each attribute asks one.
  private let values: UnsafeMutablePointer<Unmanaged<ByteTable>>
  // The names in the order in which most objects have them.
  private let expected = UnsafeMutablePointer<Expected>.allocate(capacity: AttributeReader.expectedLimit)
  @exclusivity(unchecked) private var expectedCount = 0
  /// Where set, the names of attributes that ``read(_:)`` met, each at least once.
  @exclusivity(unchecked) var names: [String]?

  /// A name with its quotation marks and colon, and its field; -1 for one that no condition asks for.
  private struct Expected {
    let text: UnsafePointer<UInt8>
    let count: Int
    let field: Int
  }

  init(definitions: [SignalDefinition]) {
    matcher = AttributeMatcher(definitions: definitions)
    var numbers: [String: Int] = [:]
    for (field, name) in matcher.fields.enumerated() { numbers[name] = field }
    fieldNumbers = numbers
    values = .allocate(capacity: max(1, matcher.fields.count))
    for field in matcher.fields.indices { (values + field).initialize(to: Unmanaged.passRetained(ByteTable())) }
  }

  deinit {
    for field in fieldNumbers.values { values[field].release() }
    values.deallocate()
    for index in 0..<expectedCount { expected[index].text.deallocate() }
    expected.deallocate()
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
    guard let base = json.baseAddress else { return nil }
    var index = next
    while index < expectedCount {
      let name = expected[index]
      if name.count <= json.count &- position, AttributeReader.equal(base + position, name.text, name.count) {
        position &+= name.count
        next = index &+ 1
        return name.field
      }
      index &+= 1
    }
    return newField(json, &position)
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
    if expectedCount < AttributeReader.expectedLimit {
      let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: end + 1 - position)
      _ = text.initialize(from: json[position...end])
      if let start = text.baseAddress {
        (expected + expectedCount).initialize(
          to: Expected(text: UnsafePointer(start), count: text.count, field: field))
        expectedCount += 1
      }
    }
    position = end + 1
    return field
  }

  @inline(__always)
  private static func word(_ place: UnsafePointer<UInt8>) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(place).loadUnaligned(as: UInt64.self))
  }

  @inline(__always)
  private static func equal(_ left: UnsafePointer<UInt8>, _ right: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    var index = 0
    while index &+ 8 <= count {
      if word(left + index) != word(right + index) { return false }
      index &+= 8
    }
    // The last eight may be some of those before.
    if count >= 8 { return word(left + (count &- 8)) == word(right + (count &- 8)) }
    while index < count {
      if left[index] != right[index] { return false }
      index &+= 1
    }
    return true
  }

  // MARK: Values

  /// Takes an attribute's value; false where it is no JSON.
  @inline(__always)
  private func take(_ field: Int, _ json: UnsafeBufferPointer<UInt8>) -> Bool {
    if let number = values[field]._withUnsafeGuaranteedRef({ $0.value(for: json) }) {
      matcher.set(field: field, number: Int(number))
      return true
    }
    return takeNew(field, json)
  }

  @inline(never)
  private func takeNew(_ field: Int, _ json: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let parsed = try? JSONParser.parse(json) else { return false }
    let value = Value(json: parsed)
    let table = values[field].takeUnretainedValue()
    if json.count <= AttributeReader.lengthLimit, table.count < AttributeReader.valuesLimit {
      let number = matcher.remember(value, ofField: field)
      table.insert(json, value: UInt32(number))
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
    guard let base = json.baseAddress else { return nil }
    var position = start &+ 1
    while position &+ 8 <= json.count {
      let word = word(base + position)
      let marks = ends(word, UInt8(ascii: "\"")) | ends(word, UInt8(ascii: "\\"))
      if marks == 0 {
        position &+= 8
        continue
      }
      position &+= marks.trailingZeroBitCount &>> 3
      if base[position] == UInt8(ascii: "\"") { return position &+ 1 }
      position &+= 2
    }
    while position < json.count {
      let byte = base[position]
      if byte == UInt8(ascii: "\"") { return position &+ 1 }
      position &+= byte == UInt8(ascii: "\\") ? 2 : 1
    }
    return nil
  }

  /// The eighth bit of the first byte that has a value; bits above it mean nothing.
  @inline(__always)
  private static func ends(_ word: UInt64, _ byte: UInt8) -> UInt64 {
    let difference = word ^ (UInt64(byte) &* 0x0101_0101_0101_0101)
    return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
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
