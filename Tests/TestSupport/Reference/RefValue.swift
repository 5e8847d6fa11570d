import Foundation

/// A value of an attribute or a property. `null` occurs in imported rows only, never among stored facts.
public enum RefValue: Equatable, Sendable {
  case text(String)
  case number(Double)
  case boolean(Bool)
  case list([String])
  case null

  /// The value as it is stored: text in NFC; `nil` where the row gives nothing (null, empty text, empty list).
  var stored: RefValue? {
    switch self {
    case .text(let text): return text.isEmpty ? nil : .text(nfc(text))
    case .list(let items): return items.isEmpty ? nil : .list(items.map(nfc))
    case .null: return nil
    case .number, .boolean: return self
    }
  }
}

func nfc(_ text: String) -> String { text.precomposedStringWithCanonicalMapping }

/// Text rules of conditions.
enum RefText {
  /// Lower case, each scalar by its own default mapping.
  static func lowered(_ text: String) -> [Unicode.Scalar] {
    text.unicodeScalars.flatMap { Array($0.properties.lowercaseMapping.unicodeScalars) }
  }

  static func contains(_ text: [Unicode.Scalar], _ part: [Unicode.Scalar]) -> Bool {
    if part.isEmpty { return true }
    guard text.count >= part.count else { return false }
    return (0...(text.count - part.count)).contains { Array(text[$0..<($0 + part.count)]) == part }
  }

  /// Whether `pattern` (`*` any run, `?` any one scalar) matches the whole of `text`.
  static func like(_ text: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    if first == "*" {
      return like(text, pattern.dropFirst()) || (!text.isEmpty && like(text.dropFirst(), pattern))
    }
    guard let scalar = text.first, first == "?" || first == scalar else { return false }
    return like(text.dropFirst(), pattern.dropFirst())
  }

  /// The number that `text` reads as: `-?digits[.digits][e[+-]digits]` between optional white space.
  static func number(_ text: String) -> Double? {
    var scalars = Array(text.unicodeScalars)[...]
    while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
    while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
    var accepted = ""

    func eat(_ allowed: String) -> Bool {
      guard let next = scalars.first, allowed.unicodeScalars.contains(next) else { return false }
      accepted.unicodeScalars.append(next)
      scalars.removeFirst()
      return true
    }
    func digits() -> Bool {
      guard eat("0123456789") else { return false }
      while eat("0123456789") {}
      return true
    }

    _ = eat("-")
    guard digits() else { return nil }
    if eat("."), !digits() { return nil }
    if eat("eE") {
      _ = eat("+-")
      guard digits() else { return nil }
    }
    return scalars.isEmpty ? Double(accepted) : nil
  }

  /// The shortest decimal that reads back as `number`, without a fraction of zero.
  static func decimal(_ number: Double) -> String {
    let text = "\(number)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
