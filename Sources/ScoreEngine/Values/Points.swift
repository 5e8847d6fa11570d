/// An exact number of points with at most two decimal places, kept as whole hundredths.
public struct Points: Hashable, Comparable, Sendable {
  /// Hundredths of a point.
  public var hundredths: Int64

  /// So many hundredths of a point.
  public init(hundredths: Int64) {
    self.hundredths = hundredths
  }

  /// No points.
  public static let zero = Points(hundredths: 0)

  /// The largest size that a rule document may name, in hundredths: ten million points.
  public static let largestHundredths: Int64 = 1_000_000_000

  /// Reads `[+-]digits[.digits]` with at most two significant decimal places; nil for anything else and beyond
  /// ``largestHundredths``.
  public init?(_ text: String) {
    var digits = Substring(text)
    var isNegative = false
    if let first = digits.first, first == "-" || first == "+" {
      isNegative = first == "-"
      digits = digits.dropFirst()
    }
    let parts = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = parts.first, !whole.isEmpty, Points.isDigits(whole) else { return nil }
    var hundredths: Int64 = 0
    if parts.count == 2 {
      guard !parts[1].isEmpty, Points.isDigits(parts[1]) else { return nil }
      let fraction = Array(parts[1].utf8)
      guard fraction.dropFirst(2).allSatisfy({ $0 == 48 }) else { return nil }
      hundredths = Int64(fraction[0] - 48) * 10 + (fraction.count > 1 ? Int64(fraction[1] - 48) : 0)
    }
    guard let units = Int64(whole), units <= Points.largestHundredths / 100 else { return nil }
    hundredths += units * 100
    guard hundredths <= Points.largestHundredths else { return nil }
    self.hundredths = isNegative ? -hundredths : hundredths
  }

  private static func isDigits(_ text: Substring) -> Bool {
    text.utf8.allSatisfy { (48...57).contains($0) }
  }

  public static func < (left: Points, right: Points) -> Bool {
    left.hundredths < right.hundredths
  }

  public static func + (left: Points, right: Points) -> Points {
    Points(hundredths: left.hundredths + right.hundredths)
  }

  public static func - (left: Points, right: Points) -> Points {
    Points(hundredths: left.hundredths - right.hundredths)
  }
}

extension Points: CustomStringConvertible {
  /// The shortest decimal: `45`, `45.5`, `-0.05`.
  public var description: String {
    let size = hundredths.magnitude
    let sign = hundredths < 0 ? "-" : ""
    let whole = sign + String(size / 100)
    let rest = size % 100
    if rest == 0 { return whole }
    if rest % 10 == 0 { return whole + "." + String(rest / 10) }
    return whole + (rest < 10 ? ".0" : ".") + String(rest)
  }
}
