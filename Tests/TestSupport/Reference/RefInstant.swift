/// Instants as text. An instant is a number of milliseconds since 1970-01-01T00:00:00Z.
public enum RefInstant {
  public static let second: Int64 = 1000
  public static let minute: Int64 = 60 * second
  public static let hour: Int64 = 60 * minute
  public static let day: Int64 = 24 * hour
  public static let week: Int64 = 7 * day

  /// Reads RFC 3339 (offset with or without colon), `YYYY-MM-DD` or `YYYY-MM-DD HH:MM[:SS[.fff]]` with an optional
  /// zone; `nil` for anything else. Further digits of a fraction are dropped.
  public static func parse(_ text: String) -> Int64? {
    var rest = Array(text.utf8)[...]

    func eat(_ characters: String) -> Bool {
      guard let next = rest.first, characters.utf8.contains(next) else { return false }
      rest.removeFirst()
      return true
    }
    func digits(_ count: Int) -> Int64? {
      var value: Int64 = 0
      for _ in 0..<count {
        guard let next = rest.first, (48...57).contains(next) else { return nil }
        value = value * 10 + Int64(next - 48)
        rest.removeFirst()
      }
      return value
    }

    guard let year = digits(4), eat("-"), let month = digits(2), eat("-"), let day = digits(2),
      (1...12).contains(month), day >= 1, day <= daysInMonth(year, month)
    else { return nil }
    let midnight = daysSinceEpoch(year, month, day) * Self.day
    if rest.isEmpty { return midnight }

    let spaced = eat(" ")
    guard spaced || eat("Tt"), let hour = digits(2), hour < 24, eat(":"), let minute = digits(2), minute < 60
    else { return nil }
    var instant = midnight + hour * Self.hour + minute * Self.minute
    if eat(":") {
      guard let second = digits(2), second < 60 else { return nil }
      instant += second * Self.second
      if eat(".") {
        var worth: Int64 = 100
        guard var digit = digits(1) else { return nil }
        while true {
          instant += digit * worth
          worth /= 10
          guard let next = digits(1) else { break }
          digit = next
        }
      }
    } else if !spaced {
      return nil
    }

    if rest.isEmpty { return spaced ? instant : nil }
    if eat("Zz") { return rest.isEmpty ? instant : nil }
    let west = rest.first == UInt8(ascii: "-")
    guard eat("+-"), let offsetHours = digits(2), offsetHours < 24 else { return nil }
    _ = eat(":")
    guard let offsetMinutes = digits(2), offsetMinutes < 60, rest.isEmpty else { return nil }
    let offset = offsetHours * Self.hour + offsetMinutes * Self.minute
    return west ? instant + offset : instant - offset
  }

  /// `2026-11-21T09:00:00Z`, with milliseconds only where they are not zero.
  public static func rfc3339(_ instant: Int64) -> String {
    let milliseconds = floorMod(instant, second)
    return text(instant, separator: "T") + (milliseconds == 0 ? "" : "." + padded(milliseconds, 3)) + "Z"
  }

  /// Date, separator, hours, minutes and seconds in UTC, without fraction and zone.
  static func text(_ instant: Int64, separator: String) -> String {
    let inDay = floorMod(instant, day)
    let time = [inDay / hour, inDay / minute % 60, inDay / second % 60].map { padded($0, 2) }
    return date(instant) + separator + time.joined(separator: ":")
  }

  /// The UTC date, `YYYY-MM-DD`.
  static func date(_ instant: Int64) -> String {
    var days = floorDiv(instant, day)
    var year: Int64 = 1970
    while days < 0 {
      year -= 1
      days += isLeap(year) ? 366 : 365
    }
    while days >= (isLeap(year) ? 366 : 365) {
      days -= isLeap(year) ? 366 : 365
      year += 1
    }
    var month: Int64 = 1
    while days >= daysInMonth(year, month) {
      days -= daysInMonth(year, month)
      month += 1
    }
    return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(days + 1, 2)
  }

  static func padded(_ value: Int64, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }

  static func isLeap(_ year: Int64) -> Bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
  }

  static func daysInMonth(_ year: Int64, _ month: Int64) -> Int64 {
    switch month {
    case 2: return isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: return 30
    default: return 31
    }
  }

  static func daysSinceEpoch(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    // Days before 1 January of `year`, counted from the year 0 of the proleptic Gregorian calendar.
    func daysBefore(_ year: Int64) -> Int64 {
      let last = year - 1
      return year * 365 + floorDiv(last, 4) - floorDiv(last, 100) + floorDiv(last, 400)
    }
    var days = daysBefore(year) - daysBefore(1970) + day - 1
    for earlier in 1..<max(month, 1) { days += daysInMonth(year, earlier) }
    return days
  }
}

func floorDiv(_ value: Int64, _ divisor: Int64) -> Int64 {
  let quotient = value / divisor
  return value % divisor < 0 ? quotient - 1 : quotient
}

func floorMod(_ value: Int64, _ divisor: Int64) -> Int64 {
  value - floorDiv(value, divisor) * divisor
}
