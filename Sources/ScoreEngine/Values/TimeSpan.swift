/// A duration of the rule document: a positive whole number and a unit, such as `90s` or `28d`. A day is 24 hours.
public struct TimeSpan: Hashable, Sendable {
  /// The units a duration is written in.
  public enum Unit: String, CaseIterable, Sendable {
    case seconds = "s"
    case minutes = "m"
    case hours = "h"
    case days = "d"
    case weeks = "w"

    /// The unit's length in milliseconds.
    public var milliseconds: Int64 {
      switch self {
      case .seconds: 1000
      case .minutes: 60_000
      case .hours: 3_600_000
      case .days: 86_400_000
      case .weeks: 604_800_000
      }
    }
  }

  /// How many units; at least 1.
  public let count: Int64
  /// The unit it was written in.
  public let unit: Unit

  /// The length in milliseconds.
  public var milliseconds: Int64 { count * unit.milliseconds }

  /// The longest duration there is: 1,000 years of 365 days. It keeps every sum of an instant and a duration in range.
  public static let longestMilliseconds: Int64 = 365_000 * 86_400_000

  /// Nil for a count below 1 or a length above ``longestMilliseconds``.
  public init?(count: Int64, unit: Unit) {
    guard count >= 1, count <= TimeSpan.longestMilliseconds / unit.milliseconds else { return nil }
    self.count = count
    self.unit = unit
  }

  /// Reads `90s`, `15m`, `12h`, `28d`, `4w`; nil for anything else.
  public init?(_ text: String) {
    guard let last = text.last, let unit = Unit(rawValue: String(last)) else { return nil }
    let digits = text.dropLast()
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }), let count = Int64(digits) else {
      return nil
    }
    self.init(count: count, unit: unit)
  }

  // Two spellings of the same length ask the same question.
  public static func == (left: TimeSpan, right: TimeSpan) -> Bool {
    left.milliseconds == right.milliseconds
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(milliseconds)
  }
}

extension TimeSpan: CustomStringConvertible {
  /// As it was written: `28d`.
  public var description: String { String(count) + unit.rawValue }
}
