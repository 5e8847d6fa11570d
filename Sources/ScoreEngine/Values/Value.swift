/// The value of an attribute or an event property. Absence is the missing value, never an empty text or list.
public enum Value: Hashable, Sendable {
  /// Text in Unicode NFC, not empty.
  case text(String)
  /// A finite IEEE double.
  case number(Double)
  case boolean(Bool)
  /// At least one text, in Unicode NFC.
  case list([String])
}

extension Value {
  /// A number's text: the shortest decimal that reads back as the same double, `3` and not `3.0`.
  public static func text(of number: Double) -> String {
    if number.magnitude < 1e16, Double(Int64(number)) == number, !(number == 0 && number.sign == .minus) {
      return String(Int64(number))
    }
    let text = number.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
