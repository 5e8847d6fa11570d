import TerminalOutput

/// A piece of HTML or SVG.
///
/// What a literal says stands as it is; every text that is interpolated is escaped, so nothing that comes from a file
/// or a database can become a tag or leave its attribute. Attributes must stand in quotes.
struct Markup: ExpressibleByStringInterpolation, Sendable {
  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var text: String

    init(literalCapacity: Int, interpolationCount: Int) {
      text = ""
      text.reserveCapacity(literalCapacity + interpolationCount * 12)
    }

    mutating func appendLiteral(_ literal: String) { text += literal }

    mutating func appendInterpolation(_ value: String) { text += Markup.escaped(value) }

    mutating func appendInterpolation(_ value: Markup) { text += value.text }

    mutating func appendInterpolation(_ value: Int) { text += String(value) }

    /// A coordinate, to a tenth of a unit.
    mutating func appendInterpolation(_ value: Double) { text += Markup.coordinate(value) }
  }

  private(set) var text: String

  init(stringLiteral literal: String) { text = literal }

  init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

  /// Nothing.
  static let none: Markup = ""

  var isEmpty: Bool { text.isEmpty }

  static func + (left: Markup, right: Markup) -> Markup {
    var sum = left
    sum.text += right.text
    return sum
  }

  static func += (left: inout Markup, right: Markup) { left.text += right.text }

  /// The text as HTML shows it; characters that would change the direction of what follows are made visible.
  private static func escaped(_ value: String) -> String {
    let value = sanitized(value)
    guard value.utf8.contains(where: { entity($0) != nil }) else { return value }
    var result: [UInt8] = []
    result.reserveCapacity(value.utf8.count + 32)
    for byte in value.utf8 {
      if let entity = entity(byte) { result.append(contentsOf: entity.utf8) } else { result.append(byte) }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func entity(_ byte: UInt8) -> String? {
    switch byte {
    case UInt8(ascii: "&"): "&amp;"
    case UInt8(ascii: "<"): "&lt;"
    case UInt8(ascii: ">"): "&gt;"
    case UInt8(ascii: "\""): "&quot;"
    case UInt8(ascii: "'"): "&#39;"
    default: nil
    }
  }

  /// The same digits on every platform, without an exponent.
  private static func coordinate(_ value: Double) -> String {
    let tenths = (value * 10).rounded()
    guard tenths.magnitude < 1e12 else { return "0" }
    let whole = Int64(tenths)
    let sign = whole < 0 ? "-" : ""
    let rest = whole.magnitude % 10
    return "\(sign)\(whole.magnitude / 10)" + (rest == 0 ? "" : ".\(rest)")
  }
}

extension Sequence<Markup> {
  /// The pieces one after the other.
  func joined(by separator: Markup = .none) -> Markup {
    var result = Markup.none
    var isFirst = true
    for piece in self {
      if !isFirst { result += separator }
      isFirst = false
      result += piece
    }
    return result
  }
}

/// Numbers as the page shows them: a true minus sign, thousands separators.
enum PageNumber {
  static func count(_ value: Int64) -> String { typographic(formatCount(value)) }

  /// A change of a count, with its sign; `0` for none.
  static func change(_ value: Int64) -> String { typographic((value > 0 ? "+" : "") + formatCount(value)) }

  /// Points from hundredths.
  static func points(_ hundredths: Int64, signed: Bool = false) -> String {
    typographic(formatPoints(hundredths, signed: signed))
  }

  /// The class that colours a change.
  static func tone(_ change: Int64) -> String { change > 0 ? "up" : change < 0 ? "down" : "same" }

  private static func typographic(_ text: String) -> String {
    text.first == "-" ? "\u{2212}" + text.dropFirst() : text
  }
}
