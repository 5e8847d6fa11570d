/// The scale from instants to columns, with ticks at round moments of the UTC calendar.
struct TimeAxis {
  let start: Int64
  let end: Int64
  let columns: Int

  struct Tick {
    var instant: Int64
    var column: Int
    var label: String
  }

  private enum Step {
    case milliseconds(Int64)
    case months(Int64)
  }

  private static let minute: Int64 = 60_000
  private static let hour: Int64 = 3_600_000
  private static let day: Int64 = 86_400_000
  private static let week: Int64 = 7 * day

  /// Instants beyond some 270,000 years are drawn at the edge: there the calendar's arithmetic would overflow.
  static func clamp(_ milliseconds: Int64) -> Int64 {
    min(max(milliseconds, -8_640_000_000_000_000), 8_640_000_000_000_000)
  }

  /// - Parameters:
  ///   - end: after `start`.
  ///   - columns: at least 1.
  init(start: Int64, end: Int64, columns: Int) {
    self.start = TimeAxis.clamp(start)
    self.end = TimeAxis.clamp(end)
    self.columns = columns
  }

  /// The column that an instant falls in; instants outside belong to the first or last.
  func column(of instant: Int64) -> Int {
    guard end > start else { return 0 }
    let instant = min(max(instant, start), end)
    let place = Double(instant - start) / Double(end - start) * Double(columns)
    return min(columns - 1, Int(place))
  }

  /// The axis and its labels, as two lines that begin at the left edge of the chart.
  func lines(plotLeft: Int, width: Int, glyphs: ChartGlyphs) -> [String] {
    let ticks = fittingTicks(plotLeft: plotLeft, width: width)
    var axis = [Character](repeating: glyphs.axisLine, count: columns)
    var labels = ""
    for tick in ticks.sorted(by: { $0.column < $1.column }) {
      axis[tick.column] = glyphs.timeTick
      let begin = TimeAxis.begin(of: tick.label, at: plotLeft + tick.column, width: width)
      labels += String(repeating: " ", count: max(0, begin - labels.utf8.count)) + tick.label
    }
    return [String(repeating: " ", count: plotLeft - 1) + String(glyphs.corner) + String(axis), labels]
  }

  private static func begin(of label: String, at column: Int, width: Int) -> Int {
    min(max(0, column - label.utf8.count / 2), max(0, width - label.utf8.count))
  }

  /// The finest ticks whose labels keep two spaces between them.
  func fittingTicks(plotLeft: Int, width: Int) -> [Tick] {
    for step in TimeAxis.steps {
      let ticks = ticks(every: step)
      guard ticks.count >= 2 else { continue }
      var free = 0
      let fits = ticks.allSatisfy { tick in
        let begin = TimeAxis.begin(of: tick.label, at: plotLeft + tick.column, width: width)
        defer { free = begin + tick.label.utf8.count + 2 }
        return begin >= free
      }
      if fits { return ticks }
    }
    // Too short a time or too narrow a chart for two round moments: say when it begins.
    let time = CivilTime(milliseconds: start)
    return [Tick(instant: start, column: 0, label: "\(TimeAxis.dayName(time)) \(time.year) \(time.clock)")]
  }

  private static let steps: [Step] =
    [
      1000, 5000, 10_000, 30_000, minute, 5 * minute, 10 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour,
      12 * hour, day, 2 * day, 3 * day, 5 * day, week, 2 * week,
    ].map(Step.milliseconds)
    + [1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000, 12_000, 60_000, 120_000, 600_000, 1_200_000].map(Step.months)

  /// The ticks of a step; none where there would be more than the columns can hold.
  private func ticks(every step: Step) -> [Tick] {
    var instants: [Int64] = []
    switch step {
    case .milliseconds(let size):
      guard (end - start) / size <= Int64(columns / 4) else { return [] }
      // 1970 began on a Thursday; weeks begin on Mondays.
      let origin = size % TimeAxis.week == 0 ? 4 * TimeAxis.day : 0
      var instant = flooredDivision(start - origin + size - 1, size).quotient * size + origin
      while instant <= end {
        instants.append(instant)
        instant += size
      }
    case .months(let size):
      guard (end - start) / (28 * TimeAxis.day * size) <= Int64(columns / 4) else { return [] }
      let first = CivilTime(milliseconds: start)
      var month = flooredDivision(first.year * 12 + first.month - 1, size).quotient * size
      while true {
        let (year, index) = flooredDivision(month, 12)
        let instant = CivilTime.midnight(year: year, month: index + 1, day: 1)
        if instant > end { break }
        if instant >= start { instants.append(instant) }
        month += size
      }
    }
    var previous: CivilTime?
    return instants.map { instant in
      let time = CivilTime(milliseconds: instant)
      defer { previous = time }
      return Tick(
        instant: instant, column: column(of: instant), label: TimeAxis.label(time, after: previous, step: step))
    }
  }

  /// The least that says which moment it is, given the label before it.
  private static func label(_ time: CivilTime, after previous: CivilTime?, step: Step) -> String {
    let isNewYear = previous?.year != time.year
    switch step {
    case .months(let size):
      if size % 12 == 0 { return String(time.year) }
      return isNewYear ? "\(monthName(time)) \(time.year)" : monthName(time)
    case .milliseconds(let size) where size >= day:
      return isNewYear ? "\(dayName(time)) \(time.year)" : dayName(time)
    case .milliseconds(let size):
      let clock = size < minute ? "\(time.clock):\(twoDigits(time.second))" : time.clock
      guard let previous else { return "\(dayName(time)) \(time.year) \(clock)" }
      return previous.date == time.date ? clock : dayName(time)
    }
  }

  private static func dayName(_ time: CivilTime) -> String {
    "\(time.day) \(monthName(time))"
  }

  private static func monthName(_ time: CivilTime) -> String {
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return names[Int(time.month - 1)]
  }
}
