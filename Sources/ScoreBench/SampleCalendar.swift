/// The year that a sample covers. Days count from 1970-01-01; instants are seconds from then, UTC.
struct SampleCalendar {
  static let secondsPerDay = 86_400
  /// How many days of events there are.
  static let length = 365
  /// How many of the last days go to the second file.
  static let recentLength = 3

  /// The sample ends with the start of this day.
  let untilDay: Int

  var firstDay: Int { untilDay - SampleCalendar.length }
  var untilInstant: Int { untilDay * SampleCalendar.secondsPerDay }
  var recentInstant: Int { (untilDay - SampleCalendar.recentLength) * SampleCalendar.secondsPerDay }

  /// The day that `YYYY-MM-DD` names, or nil where it names none.
  static func day(_ text: String) -> Int? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0].count == 4, parts[1].count == 2, parts[2].count == 2,
      let year = Int(parts[0]), let month = Int(parts[1]), let dayOfMonth = Int(parts[2]),
      year >= 1971, (1...12).contains(month), (1...31).contains(dayOfMonth)
    else { return nil }
    let day = day(year: year, month: month, dayOfMonth: dayOfMonth)
    // The 31st of February would come back as another date.
    return date(day) == text ? day : nil
  }

  /// `YYYY-MM-DD`.
  static func date(_ day: Int) -> String {
    let civil = civil(day)
    return "\(padded(civil.year, 4))-\(padded(civil.month, 2))-\(padded(civil.dayOfMonth, 2))"
  }

  /// RFC 3339 in UTC.
  static func text(_ instant: Int) -> String {
    let second = instant % secondsPerDay
    let time = [second / 3_600, second / 60 % 60, second % 60].map { padded($0, 2) }.joined(separator: ":")
    return "\(date(instant / secondsPerDay))T\(time)Z"
  }

  /// 0 is Monday.
  static func weekday(_ day: Int) -> Int { (day + 3) % 7 }

  /// August and the turn of the year, when half of the visitors are away.
  static func isHolidaySeason(_ day: Int) -> Bool {
    let civil = civil(day)
    let isTurnOfYear = (civil.month == 12 && civil.dayOfMonth > 20) || (civil.month == 1 && civil.dayOfMonth < 4)
    return civil.month == 8 || isTurnOfYear
  }

  /// An instant of the day when somebody that many hours east of Greenwich is likely at a desk; seldom on a weekend.
  static func workingInstant(day: Int, hoursEast: Int, random: inout RandomSource) -> Int {
    var day = day
    let weekday = weekday(day)
    if weekday > 4, random.chance(850) { day += 7 - weekday + random.below(5) }
    let hour = random.pick(weighted: hours) - hoursEast
    return day * secondsPerDay + hour * 3_600 + random.below(3_600)
  }

  private static let hours: [(element: Int, weight: Int)] = [
    (7, 3), (8, 9), (9, 14), (10, 15), (11, 14), (12, 6), (13, 9), (14, 14), (15, 13), (16, 11), (17, 6), (18, 3),
    (20, 3), (21, 3), (22, 1),
  ]

  // Days and dates by H. Hinnant's "chrono-compatible low-level date algorithms"; years from 1970 on only.
  private static func day(year: Int, month: Int, dayOfMonth: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let yearOfEra = year % 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + dayOfMonth - 1
    return year / 400 * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func civil(_ day: Int) -> (year: Int, month: Int, dayOfMonth: Int) {
    let shifted = day + 719_468
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    let year = shifted / 146_097 * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
