import LeadScoring
import ScoreEngine
import TerminalOutput

/// How many leads have a score in each range, before and after, and below it how many more or fewer that is.
struct DistributionChart {
  /// A stage's minimum of the score.
  struct Threshold {
    let stage: String
    let before: Int64?
    let after: Int64?
  }

  /// How many leads have a score in a range that begins at `from`, in hundredths.
  struct Bar {
    let from: Int64
    var before: Int64 = 0
    var after: Int64 = 0
  }

  private static let width = 960.0
  private static let left = 56.0
  private static let right = 944.0
  private static let top = 60.0
  private static let upper = 200.0
  private static let between = 44.0
  private static let lower = 96.0
  private static let mostBars = 40
  /// A range of the report: ten points.
  private static let reportWidth: Int64 = 1000

  /// The ranges that are drawn, without holes.
  let buckets: [Bar]
  /// Hundredths.
  let bucketWidth: Int64
  private let thresholds: [Threshold]

  init(_ report: PreviewReport, from old: RuleDocument, to new: RuleDocument) {
    let source = report.distribution.filter { $0.before != 0 || $0.after != 0 }
    let lowest = source.map(\.from).min() ?? 0
    let highest = source.map(\.from).max() ?? 0
    var width = DistributionChart.reportWidth
    var step = 0
    while highest / width - lowest / width >= Int64(DistributionChart.mostBars) {
      // 10, 20, 50, 100 … points.
      width = step % 3 == 1 ? width / 2 * 5 : width * 2
      step += 1
    }
    var merged: [Int64: Bar] = [:]
    for bucket in source {
      let from = DistributionChart.floor(bucket.from, width)
      var sum = merged[from] ?? Bar(from: from)
      sum.before += bucket.before
      sum.after += bucket.after
      merged[from] = sum
    }
    let first = DistributionChart.floor(lowest, width)
    let last = DistributionChart.floor(highest, width)
    bucketWidth = width
    buckets =
      source.isEmpty
      ? []
      : stride(from: first, through: last, by: Int64.Stride(width)).map { merged[$0] ?? Bar(from: $0) }
    thresholds = DistributionChart.thresholds(old, new)
  }

  private static func floor(_ value: Int64, _ width: Int64) -> Int64 {
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: width)
    return (rest < 0 ? quotient - 1 : quotient) * width
  }

  private static func thresholds(_ old: RuleDocument, _ new: RuleDocument) -> [Threshold] {
    func minimum(_ document: RuleDocument, _ stage: String) -> Int64? {
      document.stages.first { $0.id == stage }?.enter?[RuleDocument.rootGroup]?.hundredths
    }
    let gone = old.stages.map(\.id).filter { id in !new.stages.contains { $0.id == id } }
    return (new.stages.map(\.id) + gone).compactMap { id in
      let threshold = Threshold(stage: id, before: minimum(old, id), after: minimum(new, id))
      return threshold.before == nil && threshold.after == nil ? nil : threshold
    }
  }

  /// How far the drawing reaches: steps of a round number.
  private static func axis(_ greatest: Int64, ticks: Int64) -> (step: Int64, top: Int64) {
    var step: Int64 = 1
    var turn = 0
    while step * ticks < greatest {
      step = turn % 3 == 1 ? step / 2 * 5 : step * 2
      turn += 1
    }
    return (step, max(step, (greatest + step - 1) / step * step))
  }

  // MARK: Markup

  private var barSpace: Double { (DistributionChart.right - DistributionChart.left) / Double(max(1, buckets.count)) }

  private func x(_ score: Int64) -> Double {
    guard let first = buckets.first else { return DistributionChart.left }
    return DistributionChart.left + (Double(score) - Double(first.from)) / Double(bucketWidth) * barSpace
  }

  var svg: Markup {
    guard !buckets.isEmpty else { return .none }
    let (step, most) = DistributionChart.axis(buckets.map { max($0.before, $0.after) }.max() ?? 1, ticks: 4)
    let base = DistributionChart.top + DistributionChart.upper
    func y(_ count: Int64) -> Double { base - Double(count) / Double(most) * DistributionChart.upper }
    let bar = min(26, barSpace * 0.4)
    var parts: [Markup] = []
    for tick in stride(from: Int64(0), through: most, by: Int64.Stride(step)) {
      parts.append(line(y(tick), formatCompact(tick), isBase: tick == 0))
    }
    parts.append(contentsOf: thresholdLines(base: base))
    for bucket in buckets {
      let middle = x(bucket.from) + barSpace / 2
      parts.append(
        """
        <g><title>\(rangeName(bucket)): \(formatCount(bucket.before)) before, \(formatCount(bucket.after)) after</title>\
        <rect class="before" x="\(middle - bar)" y="\(y(bucket.before))" width="\(bar)" \
        height="\(base - y(bucket.before))"/>\
        <rect class="after" x="\(middle)" y="\(y(bucket.after))" width="\(bar)" height="\(base - y(bucket.after))"/></g>
        """)
    }
    parts.append(contentsOf: scoreLabels(y: base + 18))
    parts.append(differences(top: base + DistributionChart.between))
    let height = base + DistributionChart.between + DistributionChart.lower + 12
    return """
      <svg class="chart distribution" viewBox="0 0 \(DistributionChart.width) \(height)" role="img" \
      aria-labelledby="dist-title dist-desc">
      <title id="dist-title">Distribution of scores before and after</title>
      <desc id="dist-desc">Two bars for each range of \(PageNumber.points(bucketWidth)) points; the table below has the \
      numbers.</desc>
      <g class="legend"><rect class="before" x="\(DistributionChart.left)" y="4" width="12" height="12" rx="2"/>\
      <text x="\(DistributionChart.left + 18)" y="14">leads now</text>\
      <rect class="after" x="\(DistributionChart.left + 102)" y="4" width="12" height="12" rx="2"/>\
      <text x="\(DistributionChart.left + 120)" y="14">with the change</text></g>
      \(parts.joined(by: "\n"))
      </svg>
      """
  }

  /// `40 to 50`: the upper end is not part of the range.
  func rangeName(_ bucket: Bar) -> String {
    "\(PageNumber.points(bucket.from)) to \(PageNumber.points(bucket.from + bucketWidth))"
  }

  private func line(_ y: Double, _ label: String, isBase: Bool) -> Markup {
    """
    <line class="\(isBase ? "base" : "grid")" x1="\(DistributionChart.left)" y1="\(y)" \
    x2="\(DistributionChart.right)" y2="\(y)"/>\
    <text class="tick" x="\(DistributionChart.left - 8)" y="\(y + 4)" text-anchor="end">\(label)</text>
    """
  }

  private func scoreLabels(y: Double) -> [Markup] {
    let every = max(1, Int((46 / barSpace).rounded(.up)))
    return (0...buckets.count).filter { $0 % every == 0 }.compactMap { index in
      guard let first = buckets.first else { return nil }
      let score = first.from + Int64(index) * bucketWidth
      return
        "<text class=\"tick\" x=\"\(x(score))\" y=\"\(y)\" text-anchor=\"middle\">\(PageNumber.points(score))</text>"
    }
  }

  private func thresholdLines(base: Double) -> [Markup] {
    var ends = [0.0, 0.0]
    return thresholds.compactMap { threshold in
      guard let shown = threshold.after ?? threshold.before else { return nil }
      let at = x(shown)
      guard at >= DistributionChart.left, at <= DistributionChart.right else { return nil }
      let name = truncated(threshold.stage, to: 20)
      let text: String
      switch (threshold.before, threshold.after) {
      case (let before?, let after?) where before != after:
        text = "\(name) \(PageNumber.points(before)) → \(PageNumber.points(after))"
      case (nil, let after?): text = "\(name) \(PageNumber.points(after)), new"
      case (_?, nil): text = "\(name) \(PageNumber.points(shown)), gone"
      default: text = "\(name) \(PageNumber.points(shown))"
      }
      // Two rows, so that near thresholds do not cover each other's names; a third one goes without.
      let row = ends.firstIndex { $0 <= at }
      var label = Markup.none
      var y = DistributionChart.top
      if let row {
        ends[row] = at + Double(text.unicodeScalars.count) * 7 + 14
        y = DistributionChart.top - 21 + Double(row) * 15
        label = "<text class=\"threshold\" x=\"\(at + 5)\" y=\"\(y)\">\(text)</text>"
      }
      var old = Markup.none
      if let before = threshold.before, before != shown, x(before) >= DistributionChart.left {
        old = """
          <line class="threshold old" x1="\(x(before))" y1="\(DistributionChart.top)" x2="\(x(before))" y2="\(base)"/>
          """
      }
      return """
        <g><title>minimum of \(text)</title>\(old)<line class="threshold" x1="\(at)" y1="\(y - 9)" x2="\(at)" \
        y2="\(base)"/>\(label)</g>
        """
    }
  }

  private func differences(top: Double) -> Markup {
    let most = max(1, buckets.map { ($0.after - $0.before).magnitude }.max() ?? 1)
    let middle = top + DistributionChart.lower / 2
    let scale = (DistributionChart.lower / 2 - 14) / Double(most)
    let bar = min(40, barSpace * 0.7)
    let bars: [Markup] = buckets.compactMap { bucket in
      let change = bucket.after - bucket.before
      guard change != 0 else { return nil }
      let size = max(1, Double(change.magnitude) * scale)
      let x = self.x(bucket.from) + barSpace / 2
      let number: Markup =
        barSpace < 21
        ? .none
        : """
        <text class="tick" x="\(x)" y="\(change > 0 ? middle - size - 4 : middle + size + 12)" \
        text-anchor="middle">\(PageNumber.change(change).count <= 4 || barSpace > 40 ? PageNumber.change(change) : "")</text>
        """
      return """
        <g><title>\(rangeName(bucket)): \(PageNumber.change(change))</title>\
        <rect class="\(change > 0 ? "after" : "before")" x="\(x - bar / 2)" y="\(change > 0 ? middle - size : middle)" \
        width="\(bar)" height="\(size)"/>\(number)</g>
        """
    }
    return """
      <line class="base" x1="\(DistributionChart.left)" y1="\(middle)" x2="\(DistributionChart.right)" y2="\(middle)"/>\
      <text class="tick" x="\(DistributionChart.left - 8)" y="\(middle - 8)" text-anchor="end">more</text>\
      <text class="tick" x="\(DistributionChart.left - 8)" y="\(middle + 16)" text-anchor="end">fewer</text>
      \(bars.joined(by: "\n"))
      """
  }
}
