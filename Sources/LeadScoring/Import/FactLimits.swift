internal import RecordFormats
internal import ScoreEngine

/// Why a row is refused.
struct RowProblem: Error {
  let reason: String

  init(_ reason: String) {
    self.reason = reason
  }
}

/// What a fact may be.
enum FactLimits {
  /// The longest text, in bytes of UTF-8.
  static let longestText = 128 << 10
  /// The longest name of an attribute, a property or an event type.
  static let longestName = 256

  /// An instant from a cell.
  static func instant(_ cell: UnsafeBufferPointer<UInt8>, _ field: String) throws -> Int64 {
    let trimmed = NormalizedText.trimmed(cell)
    guard let instant = Instant(utf8: trimmed) else { throw noInstant(trimmed, field) }
    try check(instant, field)
    return instant.milliseconds
  }

  /// An instant from a cell, by a reader that knows others.
  @inline(__always)
  static func instant(
    _ cell: UnsafeBufferPointer<UInt8>, _ field: StaticString, _ reader: InstantReader
  ) throws -> Int64 {
    let trimmed = NormalizedText.trimmed(cell)
    guard let instant = reader.read(trimmed) else { throw noInstant(trimmed, field.description) }
    if instant < Instant.earliestFact || instant >= Instant.latestFact { try check(instant, field.description) }
    return instant.milliseconds
  }

  @inline(never)
  private static func noInstant(_ trimmed: UnsafeBufferPointer<UInt8>, _ field: String) -> RowProblem {
    let text = String(decoding: trimmed.prefix(40), as: UTF8.self)
    return RowProblem("\(field) '\(text)' is not an instant; write 2026-11-21T09:00:00Z or 2026-11-21")
  }

  /// Sees that a fact may have an instant.
  static func check(_ instant: Instant, _ field: String) throws {
    guard instant >= Instant.earliestFact, instant < Instant.latestFact else {
      throw RowProblem("\(field) '\(instant)' is outside the years 1900 to 2199")
    }
  }

  /// Sees that a text is neither too long nor has NUL bytes.
  static func check(_ cell: UnsafeBufferPointer<UInt8>, _ field: @autoclosure () -> String) throws {
    guard cell.count <= longestText else {
      throw RowProblem("\(field()) has \(cell.count) bytes, more than the \(longestText) that a text may have")
    }
    guard !cell.contains(0) else { throw RowProblem("\(field()) has a NUL byte") }
  }

  /// Sees that a name can be one.
  static func checkName(_ name: String, _ what: String) throws {
    guard !name.isEmpty else { throw RowProblem("\(what) without a name") }
    guard name.utf8.count <= longestName else {
      throw RowProblem("the name of \(what) has \(name.utf8.count) bytes, more than \(longestName)")
    }
    guard !name.utf8.contains(0) else { throw RowProblem("the name of \(what) has a NUL byte") }
  }

  /// A value from JSON; nil where it is absent.
  static func value(_ json: JSONValue, _ field: String) throws -> Value? {
    switch json {
    case .null: return nil
    case .bool(let truth): return .boolean(truth)
    case .number(let number):
      guard number.double.isFinite else { throw RowProblem("\(field) is a number beyond all bounds") }
      return .number(number.double)
    case .string(let text):
      guard !text.isEmpty else { return nil }
      return .text(try self.text(text, field))
    case .array(let elements):
      var texts: [String] = []
      for element in elements {
        switch element {
        case .null: continue
        case .string(let text):
          if !text.isEmpty { texts.append(try self.text(text, field)) }
        case .bool(let truth): texts.append(truth ? "true" : "false")
        case .number(let number): texts.append(Value.text(of: number.double))
        case .array, .object:
          throw RowProblem("\(field) is a list with \(element.kindName) in it; write a list of texts")
        }
      }
      return texts.isEmpty ? nil : .list(texts)
    case .object: throw RowProblem("\(field) is an object; write a text, a number, true or false, or a list of texts")
    }
  }

  private static func text(_ text: String, _ field: String) throws -> String {
    var text = text.nfc
    try text.withUTF8 { try check($0, field) }
    return text
  }
}
