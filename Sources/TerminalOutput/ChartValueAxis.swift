/// The scale from points to rows. A row stands for a fixed number of points, ticks for round ones.
///
/// A value belongs to the row at or below it. Where the thresholds lie on rows, which the choice of scale prefers, the
/// line touches a threshold exactly when the score reaches it.
struct ValueAxis: Equatable {
  /// The value of the bottom row in hundredths of a point: a multiple of `step`.
  let low: Int64
  /// Hundredths between two ticks.
  let step: Int64
  /// Rows between two ticks.
  let rowsPerStep: Int64
  let rows: Int

  /// Greater values are drawn at the edge: beyond it the arithmetic would overflow, and no score goes there.
  static func clamp(_ value: Int64) -> Int64 {
    min(max(value, -1_000_000_000_000_000), 1_000_000_000_000_000)
  }

  /// - Parameters:
  ///   - low, high: the extremes of the score.
  ///   - thresholds: values that the scale should include where the line does not become flat by it.
  ///   - rows: the rows to fill at most; at least 4.
  init(low: Int64, high: Int64, thresholds: [Int64], rows limit: Int) {
    let thresholds = thresholds.map(ValueAxis.clamp)
    let (least, greatest) = ValueAxis.range(low: low, high: high, thresholds: thresholds)
    // A row is left free at the top for the number over a mark.
    let usable = Int64(max(3, limit - 1))
    var best: (low: Int64, step: Int64, perStep: Int64, cost: Double)?
    for perStep in Int64(1)...5 where perStep <= usable {
      guard
        let step = ValueAxis.steps.first(where: { step in
          let bottom = flooredDivision(least, step).quotient * step
          return (greatest - bottom) * perStep / step + 1 <= usable
        })
      else { continue }
      let bottom = flooredDivision(least, step).quotient * step
      let inside = thresholds.filter { $0 >= least && $0 <= greatest }
      let isAligned = inside.allSatisfy { ($0 - bottom) * perStep % step == 0 }
      let isRound = step % perStep == 0
      var cost = Double(step) / Double(perStep)
      if !isAligned { cost *= 1.6 }
      if !isRound { cost *= 1.2 }
      if step % 100 != 0 { cost *= 1.3 }
      if perStep == 1 { cost *= 1.5 }
      if cost < (best?.cost ?? .infinity) { best = (bottom, step, perStep, cost) }
    }
    let chosen = best ?? (least, max(1, greatest - least), 1, 0)
    self.low = chosen.low
    step = chosen.step
    rowsPerStep = chosen.perStep
    rows = min(limit, Int((greatest - chosen.low) * chosen.perStep / chosen.step) + 2)
  }

  /// The row that shows a value, or nil outside the scale.
  func row(of value: Int64) -> Int? {
    let up = flooredDivision((ValueAxis.clamp(value) - low) * rowsPerStep, step).quotient
    return up >= 0 && up < Int64(rows) ? rows - 1 - Int(up) : nil
  }

  func clampedRow(of value: Int64) -> Int {
    row(of: value) ?? (value < low ? rows - 1 : 0)
  }

  /// The texts of the ticks by row, with as many decimals as the step has.
  func labels() -> [Int: String] {
    var result: [Int: String] = [:]
    let decimals = step % 100 == 0 ? 0 : step % 10 == 0 ? 1 : 2
    for row in stride(from: rows - 1, through: 0, by: -Int(rowsPerStep)) {
      let value = low + Int64((rows - 1 - row) / Int(rowsPerStep)) * step
      var text = formatPoints(value)
      let shown = text.split(separator: ".").count > 1 ? text.split(separator: ".")[1].count : 0
      if shown < decimals { text += (shown == 0 ? "." : "") + String(repeating: "0", count: decimals - shown) }
      result[row] = text
    }
    return result
  }

  /// 1, 2, 2.5 and 5 times the powers of ten, in hundredths of a point, ascending.
  private static let steps: [Int64] = {
    var result: [Int64] = []
    var power: Int64 = 1
    while power <= 1_000_000_000_000_000 {
      result += [power, power * 2]
      if power >= 10 { result.append(power / 10 * 25) }
      result.append(power * 5)
      power *= 10
    }
    return result
  }()

  /// The range to show: the score's own, the next threshold on either side and those beyond that do not double it.
  private static func range(low: Int64, high: Int64, thresholds: [Int64]) -> (Int64, Int64) {
    var least = low
    var greatest = high
    for (index, value) in thresholds.filter({ $0 > high }).sorted().enumerated()
    where index == 0 ? value - least <= 4 * max(greatest - least, 2500) : value - least <= 2 * (greatest - least) {
      greatest = value
    }
    for (index, value) in thresholds.filter({ $0 < low }).sorted(by: >).enumerated()
    where index == 0 ? greatest - value <= 4 * max(greatest - least, 2500) : greatest - value <= 2 * (greatest - least)
    {
      least = value
    }
    // A flat line needs some air; below zero only where the score itself goes there.
    let air: Int64 = 1000
    if greatest - least < air {
      let middle = least + (greatest - least) / 2
      let lifted = flooredDivision(middle - air / 2, 500).quotient * 500
      least = min(least, low >= 0 ? max(0, lifted) : lifted)
      greatest = max(greatest, least + air)
    }
    return (least, greatest)
  }
}

/// What stands to the right of the plot: the thresholds' labels and the score as it is.
struct ChartMargin {
  private var segments: [Int: [(text: String, style: Style)]] = [:]
  /// Columns, the space before the texts included.
  let width: Int

  init(
    axis: ValueAxis,
    thresholds: [ScoreChart.Threshold],
    current: Int64?,
    currentStyle: Style,
    palette: StagePalette,
    limit: Int,
    glyphs: ChartGlyphs
  ) {
    if let current {
      segments[axis.clampedRow(of: current), default: []].append((formatPoints(current), currentStyle.union(.bold)))
    }
    for threshold in thresholds.sorted(by: { $0.hundredths > $1.hundredths }) {
      let text = "\(glyphs.text(threshold.label)) \(formatPoints(threshold.hundredths))"
      let style = palette.style(for: threshold.label).union(.dim)
      if let row = axis.row(of: threshold.hundredths) {
        segments[row, default: []].append((text, style))
      } else {
        let isAbove = threshold.hundredths > axis.low
        let row = isAbove ? 0 : axis.rows - 1
        segments[row, default: []].append(("\(isAbove ? glyphs.above : glyphs.below) \(text)", style))
      }
    }
    let room = max(8, limit)
    for (row, parts) in segments {
      var left = room - 1
      var fitted: [(text: String, style: Style)] = []
      for part in parts where left > 0 {
        let text = truncated(part.text, to: left, unicode: glyphs.isUnicode)
        fitted.append((text, part.style))
        left -= displayWidth(of: text) + 2
      }
      segments[row] = fitted
    }
    let widest = segments.values.map { parts in parts.reduce(-2) { $0 + 2 + displayWidth(of: $1.text) } }.max() ?? 0
    width = widest <= 0 ? 0 : widest + 1
  }

  func append(row: Int, to line: inout StyledLine) {
    for (index, segment) in (segments[row] ?? []).enumerated() {
      line.append(index == 0 ? " " : "  ")
      line.append(segment.text, segment.style)
    }
  }
}
