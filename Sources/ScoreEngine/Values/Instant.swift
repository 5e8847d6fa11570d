/// A point in time: UTC, in whole milliseconds since 1970-01-01T00:00:00Z.
public struct Instant: Hashable, Comparable, Sendable {
  /// Milliseconds since 1970-01-01T00:00:00Z; negative before.
  public var milliseconds: Int64

  /// The instant so many milliseconds after 1970-01-01T00:00:00Z.
  public init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  public static func < (left: Instant, right: Instant) -> Bool {
    left.milliseconds < right.milliseconds
  }

  /// The earliest instant that a fact may carry: 1900-01-01T00:00:00Z.
  public static let earliestFact = Instant(milliseconds: -2_208_988_800_000)

  /// The first instant that no fact may carry any more: 2200-01-01T00:00:00Z.
  public static let latestFact = Instant(milliseconds: 7_258_118_400_000)
}

extension Instant {
  /// Reads RFC 3339 (also with an offset without its colon), `YYYY-MM-DD`, or `YYYY-MM-DD HH:MM[:SS[.fff]]` with an
  /// optional zone (UTC where it names none). Digits beyond the millisecond are cut off. Nothing else is an instant:
  /// nil for impossible dates, surrounding spaces, leap seconds, and `T` without a zone.
  public init?(_ text: String) {
    var text = text
    let parsed = text.withUTF8 { Instant(utf8: $0) }
    guard let parsed else { return nil }
    self = parsed
  }

  /// Reads the same grammar as ``init(_:)-(String)`` from UTF-8 bytes.
  public init?(utf8 bytes: UnsafeBufferPointer<UInt8>) {
    var reader = DigitReader(bytes: bytes)
    guard let year = reader.number(digits: 4), reader.take(UInt8(ascii: "-")),
      let month = reader.number(digits: 2), reader.take(UInt8(ascii: "-")),
      let day = reader.number(digits: 2),
      (1...12).contains(month), day >= 1, day <= CivilDate.days(inMonth: month, year: year)
    else { return nil }
    let days = CivilDate.daysSince1970(year: year, month: month, day: day)
    let midnight = Int64(days) * 86_400_000
    if reader.isAtEnd {
      self.init(milliseconds: midnight)
      return
    }

    let hasLetter: Bool
    if reader.take(UInt8(ascii: "T")) || reader.take(UInt8(ascii: "t")) {
      hasLetter = true
    } else if reader.take(UInt8(ascii: " ")) {
      hasLetter = false
    } else {
      return nil
    }
    guard let hour = reader.number(digits: 2), hour < 24, reader.take(UInt8(ascii: ":")),
      let minute = reader.number(digits: 2), minute < 60
    else { return nil }
    var second = 0
    var millisecond = 0
    var hasSecond = false
    if reader.take(UInt8(ascii: ":")) {
      guard let value = reader.number(digits: 2), value < 60 else { return nil }
      second = value
      hasSecond = true
      if reader.take(UInt8(ascii: ".")) {
        guard let fraction = reader.fraction() else { return nil }
        millisecond = fraction
      }
    }
    guard let offset = reader.zone() else {
      // RFC 3339 requires a zone; only the form with a space may leave it out.
      guard !hasLetter, reader.isAtEnd else { return nil }
      self.init(milliseconds: midnight + Instant.timeOfDay(hour, minute, second, millisecond))
      return
    }
    guard reader.isAtEnd, hasSecond || !hasLetter else { return nil }
    self.init(
      milliseconds: midnight + Instant.timeOfDay(hour, minute, second, millisecond) - Int64(offset) * 60_000)
  }

  private static func timeOfDay(_ hour: Int, _ minute: Int, _ second: Int, _ millisecond: Int) -> Int64 {
    Int64((hour * 60 + minute) * 60 + second) * 1000 + Int64(millisecond)
  }
}

extension Instant: CustomStringConvertible {
  /// RFC 3339 in UTC, with milliseconds only when they are not zero: `2026-11-21T09:00:00Z`.
  public var description: String {
    let days = milliseconds.flooredQuotient(86_400_000)
    let time = Int(milliseconds - days * 86_400_000)
    let (year, month, day) = CivilDate.civil(daysSince1970: Int(days))
    var text = ""
    text.reserveCapacity(24)
    text.append(padded(year, 4))
    text.append("-")
    text.append(padded(month, 2))
    text.append("-")
    text.append(padded(day, 2))
    text.append("T")
    text.append(padded(time / 3_600_000, 2))
    text.append(":")
    text.append(padded(time / 60_000 % 60, 2))
    text.append(":")
    text.append(padded(time / 1000 % 60, 2))
    if time % 1000 != 0 {
      text.append(".")
      text.append(padded(time % 1000, 3))
    }
    text.append("Z")
    return text
  }

  /// The calendar date in UTC: `2026-11-21`.
  public var date: String {
    let (year, month, day) = CivilDate.civil(daysSince1970: Int(milliseconds.flooredQuotient(86_400_000)))
    return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2)
  }

  private func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return digits.count >= width ? digits : String(repeating: "0", count: width - digits.count) + digits
  }
}

/// The proleptic Gregorian calendar, by Howard Hinnant's `days_from_civil` and `civil_from_days`.
enum CivilDate {
  static func days(inMonth month: Int, year: Int) -> Int {
    switch month {
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  static func civil(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}

private struct DigitReader {
  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0

  init(bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
  }

  var isAtEnd: Bool { position == bytes.count }

  mutating func take(_ byte: UInt8) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  mutating func number(digits: Int) -> Int? {
    guard position + digits <= bytes.count else { return nil }
    var value = 0
    for index in position..<(position + digits) {
      let digit = Int(bytes[index]) - 48
      guard (0...9).contains(digit) else { return nil }
      value = value * 10 + digit
    }
    position += digits
    return value
  }

  /// One or more digits after the point, as milliseconds; further digits are cut off.
  mutating func fraction() -> Int? {
    var value = 0
    var count = 0
    while position < bytes.count, (48...57).contains(bytes[position]) {
      if count < 3 { value = value * 10 + Int(bytes[position]) - 48 }
      count += 1
      position += 1
    }
    guard count > 0 else { return nil }
    while count < 3 {
      value *= 10
      count += 1
    }
    return value
  }

  /// `Z`, `+hh:mm` or `+hhmm`, as minutes east of UTC; nil, and nothing taken, for anything else.
  mutating func zone() -> Int? {
    if take(UInt8(ascii: "Z")) || take(UInt8(ascii: "z")) { return 0 }
    let start = position
    let sign: Int
    if take(UInt8(ascii: "+")) {
      sign = 1
    } else if take(UInt8(ascii: "-")) {
      sign = -1
    } else {
      return nil
    }
    if let hour = number(digits: 2), hour < 24 {
      _ = take(UInt8(ascii: ":"))
      if let minute = number(digits: 2), minute < 60 { return sign * (hour * 60 + minute) }
    }
    position = start
    return nil
  }
}

extension Int64 {
  /// The sum, or the nearest number there is: no rule document may stop the program.
  @inlinable
  func addingSaturated(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other < 0 ? .min : .max) : sum
  }

  /// The product, or the nearest number there is.
  @inlinable
  func multipliedSaturated(by other: Int64) -> Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
  }

  /// The quotient rounded towards negative infinity; `divisor` is positive.
  @inlinable
  func flooredQuotient(_ divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}
