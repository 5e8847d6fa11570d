private let millisecondsPerDay: Int64 = 86_400_000

/// A day and a time of day in UTC by the proleptic Gregorian calendar.
struct CivilTime {
  var year: Int64
  var month: Int64
  var day: Int64
  /// Milliseconds since midnight.
  var millisecondOfDay: Int64

  /// - Parameter milliseconds: since 1970-01-01T00:00:00Z; any value.
  init(milliseconds: Int64) {
    let (days, rest) = flooredDivision(milliseconds, millisecondsPerDay)
    millisecondOfDay = rest
    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days: eras of 400 years from 1 March.
    let (era, dayOfEra) = flooredDivision(days + 719_468, 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// The instant at which a day begins, in milliseconds since 1970. `month` is 1 to 12.
  static func midnight(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = flooredDivision(shifted, 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return (era * 146_097 + dayOfEra - 719_468) * millisecondsPerDay
  }

  var hour: Int64 { millisecondOfDay / 3_600_000 }
  var minute: Int64 { millisecondOfDay / 60_000 % 60 }
  var second: Int64 { millisecondOfDay / 1000 % 60 }
  var millisecond: Int64 { millisecondOfDay % 1000 }

  var date: String {
    let digits = String(year.magnitude)
    let zeros = String(repeating: "0", count: max(0, 4 - digits.utf8.count))
    return "\(year < 0 ? "-" : "")\(zeros)\(digits)-\(twoDigits(month))-\(twoDigits(day))"
  }

  var clock: String { "\(twoDigits(hour)):\(twoDigits(minute))" }
}

/// The quotient rounded towards minus infinity and the remainder, which is not negative. The divisor is positive.
func flooredDivision(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
  let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
  return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

/// An instant in RFC 3339, in UTC, with milliseconds only when they are not zero: `2026-11-21T09:00:00Z`.
///
/// - Parameter milliseconds: since 1970-01-01T00:00:00Z.
public func formatInstant(_ milliseconds: Int64) -> String {
  let time = CivilTime(milliseconds: milliseconds)
  var result = "\(time.date)T\(time.clock):\(twoDigits(time.second))"
  if time.millisecond != 0 {
    result += time.millisecond < 100 ? ".0\(twoDigits(time.millisecond))" : ".\(time.millisecond)"
  }
  return result + "Z"
}

/// An instant to the minute for tables, in UTC: `2026-11-21 09:00`.
public func formatMinute(_ milliseconds: Int64) -> String {
  let time = CivilTime(milliseconds: milliseconds)
  return time.date + " " + time.clock
}

/// The UTC day of an instant: `2026-11-21`.
public func formatDate(_ milliseconds: Int64) -> String {
  CivilTime(milliseconds: milliseconds).date
}

/// A length of time in its two greatest units, rounded down: `3 d 4 h`, `2 h 10 min`, `45 s`, `120 ms`.
///
/// - Parameter milliseconds: the length; a negative one counts as its magnitude.
public func formatDuration(_ milliseconds: Int64) -> String {
  let length = Int64(clamping: milliseconds.magnitude)
  if length < 1000 { return "\(length) ms" }
  let units: [(size: Int64, name: String)] = [
    (millisecondsPerDay, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"),
  ]
  guard let first = units.firstIndex(where: { length >= $0.size }) else { return "\(length) ms" }
  let head = "\(formatCount(length / units[first].size)) \(units[first].name)"
  guard first + 1 < units.count else { return head }
  let rest = length % units[first].size / units[first + 1].size
  return rest == 0 ? head : "\(head) \(rest) \(units[first + 1].name)"
}

/// How far an instant lies from another, in words, rounded down to one unit: `in 3 days`, `2 hours ago`, `now`
/// (within a second).
///
/// - Parameters:
///   - instant: in milliseconds since 1970.
///   - now: the instant it is seen from.
public func formatRelative(_ instant: Int64, from now: Int64) -> String {
  let (difference, overflow) = instant.subtractingReportingOverflow(now)
  let length = overflow ? Int64.max : Int64(clamping: difference.magnitude)
  let isFuture = instant > now
  let units: [(size: Int64, name: String)] = [
    (365 * millisecondsPerDay, "year"), (60 * millisecondsPerDay, "month"), (14 * millisecondsPerDay, "week"),
    (millisecondsPerDay, "day"), (3_600_000, "hour"), (60_000, "minute"), (1000, "second"),
  ]
  guard let unit = units.first(where: { length >= $0.size }) else { return "now" }
  // A month is said from two of them on and a week from two on; before that days are clearer.
  let size =
    switch unit.name {
    case "month": 30 * millisecondsPerDay
    case "week": 7 * millisecondsPerDay
    default: unit.size
    }
  let words = plural(length / size, unit.name)
  return isFuture ? "in \(words)" : "\(words) ago"
}
