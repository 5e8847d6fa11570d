/// The history of one score as a step chart: what the score was at each moment, where the stages lie and when the lead
/// moved between them.
///
/// ```
/// 60 ┤                  ╭──────●  57
/// 40 ┤┄┄┄┄┄┄┄┄┄┄┄▲──────╯┄┄┄┄┄┄┄  mql 40
/// 20 ┤     ╭─────╯
///  0 ┤─────╯
///    └──┬──────────┬──────────┬─
///   3 Nov 2026   10 Nov     17 Nov
/// 1 ▲  2026-11-10 14:20  nurture → mql  event
/// ```
public struct ScoreChart: Sendable {
  /// The score from an instant on.
  public struct Point: Sendable, Hashable {
    /// Since 1970-01-01T00:00:00Z.
    public var milliseconds: Int64
    public var hundredths: Int64

    public init(milliseconds: Int64, hundredths: Int64) {
      self.milliseconds = milliseconds
      self.hundredths = hundredths
    }
  }

  /// The score at which a stage begins.
  public struct Threshold: Sendable, Hashable {
    public var label: String
    public var hundredths: Int64

    public init(label: String, hundredths: Int64) {
      self.label = label
      self.hundredths = hundredths
    }
  }

  /// The lead's move from one stage to another.
  public struct StageChange: Sendable, Hashable {
    public var milliseconds: Int64
    /// Nil when the lead got its first stage.
    public var from: String?
    public var to: String
    public var cause: String

    public init(milliseconds: Int64, from: String?, to: String, cause: String) {
      self.milliseconds = milliseconds
      self.from = from
      self.to = to
      self.cause = cause
    }
  }

  /// In any order; where instants are equal the last one holds.
  public var points: [Point]
  /// The left edge, though not before the first point; nil is the first point. The last earlier point gives the score
  /// that the chart begins with.
  public var start: Int64?
  /// The right edge. Later points and stage changes are not drawn.
  public var end: Int64
  public var thresholds: [Threshold]
  public var stageChanges: [StageChange]
  /// The stages' colours and order.
  public var palette: StagePalette
  /// The stage changes that the legend lists: the last ones.
  public var legendLimit = 20

  /// - Parameter stages: the stages' ids, lowest first. Nil takes the first change's stages that have no threshold and
  ///   then the thresholds' labels.
  public init(
    points: [Point],
    start: Int64? = nil,
    end: Int64,
    thresholds: [Threshold] = [],
    stageChanges: [StageChange] = [],
    stages: [String]? = nil
  ) {
    self.points = points
    self.start = start
    self.end = end
    self.thresholds = thresholds
    self.stageChanges = stageChanges
    palette = StagePalette(stages: stages ?? ScoreChart.impliedStages(thresholds, stageChanges))
  }

  /// The chart and under it the legend, each line ending in a newline; `no scores in this period` where there is
  /// nothing to draw.
  ///
  /// - Parameters:
  ///   - width: columns of the whole; at least 30 are used.
  ///   - height: lines without the legend, at most; at least 6 are used.
  ///   - color: whether escape sequences may be written.
  ///   - unicode: false draws with ASCII alone.
  /// - Complexity: O(n log n) in the points and stage changes.
  public func render(width: Int, height: Int, color: Bool, unicode: Bool = true) -> String {
    let width = max(30, width)
    let steps = visiblePoints()
    guard let first = steps.first else { return "no scores in this period\n" }
    // A lead first scored just now stands at the right edge of the day that led to it.
    let left = first.milliseconds < end ? first.milliseconds : TimeAxis.clamp(end) - 86_400_000
    let changes = visibleChanges(from: left)

    let values = steps.map(\.hundredths)
    let valueAxis = ValueAxis(
      low: values.min() ?? 0, high: values.max() ?? 0, thresholds: thresholds.map(\.hundredths),
      rows: max(4, height - 2))
    let glyphs = unicode ? ChartGlyphs.unicode : ChartGlyphs.ascii
    let margin = ChartMargin(
      axis: valueAxis, thresholds: thresholds, current: steps.last?.hundredths,
      currentStyle: style(of: changes.last?.to),
      palette: palette, limit: width / 4, glyphs: glyphs)
    let labels = valueAxis.labels()
    let labelWidth = labels.values.map { displayWidth(of: $0) }.max() ?? 0
    let plotLeft = labelWidth + 2
    let plotWidth = max(10, width - plotLeft - margin.width)
    let timeAxis = TimeAxis(start: left, end: end, columns: plotWidth)

    var canvas = ChartCanvas(columns: plotWidth, rows: valueAxis.rows)
    drawThresholds(on: &canvas, axis: valueAxis, glyphs: glyphs)
    let columns = ChartColumn.reduce(steps, axis: timeAxis)
    drawLine(on: &canvas, columns: columns, changes: changes, values: valueAxis, times: timeAxis, glyphs: glyphs)
    drawMarks(on: &canvas, columns: columns, changes: changes, values: valueAxis, times: timeAxis, glyphs: glyphs)

    var result = ""
    for row in 0..<valueAxis.rows {
      var line = StyledLine()
      let label = labels[row]
      line.append(padded(label ?? "", to: labelWidth, .right) + " ", .dim)
      line.append(label == nil ? glyphs.axis : glyphs.axisTick, .dim)
      canvas.append(row: row, to: &line)
      margin.append(row: row, to: &line)
      result += line.rendered(color: color) + "\n"
    }
    for text in timeAxis.lines(plotLeft: plotLeft, width: width, glyphs: glyphs) {
      var line = StyledLine()
      line.append(text, .dim)
      result += line.rendered(color: color) + "\n"
    }
    let legend = ChartLegend(changes: changes, palette: palette, limit: legendLimit, width: width, glyphs: glyphs)
    return result + legend.render(color: color)
  }

  private static func impliedStages(_ thresholds: [Threshold], _ changes: [StageChange]) -> [String] {
    let named = thresholds.sorted { $0.hundredths < $1.hundredths }.map(\.label)
    var below: [String] = []
    for stage in changes.flatMap({ [$0.from, $0.to].compactMap { $0 } })
    where !named.contains(stage) && !below.contains(stage) {
      below.append(stage)
    }
    return below + named
  }

  /// The points that the chart shows, in order of time, beginning with the one that holds at the left edge.
  private func visiblePoints() -> [Point] {
    let clamped = points.filter { $0.milliseconds <= end }.map {
      Point(milliseconds: TimeAxis.clamp($0.milliseconds), hundredths: ValueAxis.clamp($0.hundredths))
    }
    let sorted = clamped.enumerated()
      .sorted { ($0.element.milliseconds, $0.offset) < ($1.element.milliseconds, $1.offset) }
      .map(\.element)
    var distinct: [Point] = []
    distinct.reserveCapacity(sorted.count)
    for point in sorted {
      // Of several scores at one instant only the last one ever held.
      if distinct.last?.milliseconds == point.milliseconds { distinct.removeLast() }
      distinct.append(point)
    }
    guard let start else { return distinct }
    if start > end { return [] }
    guard let holding = distinct.lastIndex(where: { $0.milliseconds <= start }) else { return distinct }
    var visible = Array(distinct[holding...])
    visible[0].milliseconds = TimeAxis.clamp(start)
    return visible
  }

  private func visibleChanges(from left: Int64) -> [StageChange] {
    stageChanges.filter { $0.milliseconds >= left && $0.milliseconds <= end }.enumerated()
      .sorted { ($0.element.milliseconds, $0.offset) < ($1.element.milliseconds, $1.offset) }
      .map(\.element)
  }

  private func style(of stage: String?) -> Style {
    guard let stage else { return .cyan }
    let style = palette.style(for: stage)
    return style.isEmpty ? .cyan : style
  }

  private func drawThresholds(on canvas: inout ChartCanvas, axis: ValueAxis, glyphs: ChartGlyphs) {
    for threshold in thresholds {
      guard let row = axis.row(of: threshold.hundredths) else { continue }
      let style = palette.style(for: threshold.label).union(.dim)
      for column in 0..<canvas.columns { canvas.set(glyphs.dots, style, column: column, row: row) }
    }
  }

  private func drawLine(
    on canvas: inout ChartCanvas,
    columns: [ChartColumn?],
    changes: [StageChange],
    values: ValueAxis,
    times: TimeAxis,
    glyphs: ChartGlyphs
  ) {
    let before = stageBefore(changes)
    var next = 0
    var current = before
    for (index, column) in columns.enumerated() {
      while next < changes.count, times.column(of: changes[next].milliseconds) <= index {
        current = changes[next].to
        next += 1
      }
      guard let column else { continue }
      let style = style(of: current)
      let exit = values.clampedRow(of: column.exit)
      let entry = column.entry.map { values.clampedRow(of: $0) }
      let top = values.clampedRow(of: column.high)
      let bottom = values.clampedRow(of: column.low)
      for row in top...bottom {
        var sides = ChartGlyphs.Sides()
        if row == entry { sides.insert(.left) }
        if row == exit { sides.insert(.right) }
        if row > top { sides.insert(.up) }
        if row < bottom { sides.insert(.down) }
        // How far the score swung within the column, beyond its way from one end to the other, steps back.
        let isSwing = row < min(entry ?? exit, exit) || row > max(entry ?? exit, exit)
        canvas.set(glyphs.line(sides), isSwing ? style.union(.dim) : style, column: index, row: row, isLine: true)
      }
    }
    if let last = columns.indices.last(where: { columns[$0] != nil }), let column = columns[last] {
      canvas.set(
        glyphs.now, style(of: current).union(.bold), column: last, row: values.clampedRow(of: column.exit), isLine: true
      )
    }
  }

  /// The stage that held before the first visible change: its `from`, else the last one before the left edge.
  private func stageBefore(_ changes: [StageChange]) -> String? {
    if let first = changes.first { return first.from }
    return stageChanges.filter { $0.milliseconds <= end }.max { $0.milliseconds < $1.milliseconds }?.to
  }

  private func drawMarks(
    on canvas: inout ChartCanvas,
    columns: [ChartColumn?],
    changes: [StageChange],
    values: ValueAxis,
    times: TimeAxis,
    glyphs: ChartGlyphs
  ) {
    var index = 0
    while index < changes.count {
      let place = times.column(of: changes[index].milliseconds)
      var last = index
      while last + 1 < changes.count, times.column(of: changes[last + 1].milliseconds) == place { last += 1 }
      defer { index = last + 1 }
      // A change before the first score has no line to stand on.
      guard let column = columns[place] else { continue }
      let row = values.clampedRow(of: column.exit)
      let directions = Set(
        changes[index...last].map { change in change.from.flatMap { palette.rises(from: $0, to: change.to) } })
      let rises = directions.count == 1 ? directions.first ?? nil : nil
      let mark = directions.count == 1 ? StageFlow.mark(rises: rises, unicode: glyphs.isUnicode) : glyphs.mixedMark
      let style = style(of: changes[last].to).union(.bold)
      canvas.set(Character(mark), style, column: place, row: row, isLine: true)
      let number = index == last ? "\(index + 1)" : "\(index + 1)-\(last + 1)"
      canvas.write(number, .bold, near: place, rows: rises == false ? [row + 1, row - 1] : [row - 1, row + 1])
    }
  }
}
