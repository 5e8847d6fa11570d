import LeadStore
import TerminalOutput

/// A lead's score over time as a step line, with a ribbon of its stages below and the scores that stages ask for across.
struct HistoryChart {
  private static let width = 960.0
  private static let left = 56.0
  private static let right = 900.0
  private static let top = 30.0
  private static let height = 250.0
  private static let ribbon = 22.0
  /// Beyond so many changes only those of the stage can be pointed at.
  private static let mostPoints = 1500

  /// In the order of recording; not empty.
  let rows: [HistoryRow]
  let start: Int64
  let end: Int64
  let thresholds: [(stage: String, score: Int64)]
  /// Stages, lowest first.
  let stages: [String]
  private let step: Int64
  private let lowest: Int64
  private let highest: Int64

  init(rows: [HistoryRow], end: Int64, thresholds: [(stage: String, score: Int64)], stages: [String]) {
    self.rows = rows
    self.thresholds = thresholds
    self.stages = stages
    let first = rows.first?.at ?? end
    start = first
    // A lead that never changed is drawn as a day.
    self.end = max(end, rows.last?.at ?? end, first + 3_600_000)
    let scores = rows.map(\.after) + rows.compactMap(\.before)
    let least = min(0, scores.min() ?? 0)
    let most = max(scores.max() ?? 0, thresholds.map(\.score).max() ?? 0, least + 100)
    var step: Int64 = 1
    var turn = 0
    while most / step - least / step > 6 {
      step = turn % 3 == 1 ? step / 2 * 5 : step * 2
      turn += 1
    }
    self.step = step
    lowest = HistoryChart.floor(least, step)
    highest = max(-HistoryChart.floor(-most, step), lowest + step)
  }

  private static func floor(_ value: Int64, _ step: Int64) -> Int64 {
    let (quotient, rest) = value.quotientAndRemainder(dividingBy: step)
    return (rest < 0 ? quotient - 1 : quotient) * step
  }

  private func x(_ instant: Int64) -> Double {
    let share = Double(instant - start) / Double(end - start)
    return HistoryChart.left + min(max(share, 0), 1) * (HistoryChart.right - HistoryChart.left)
  }

  private func y(_ score: Int64) -> Double {
    let share = Double(score - lowest) / Double(highest - lowest)
    return HistoryChart.top + HistoryChart.height * (1 - share)
  }

  private var base: Double { HistoryChart.top + HistoryChart.height }

  /// The class that colours a stage.
  func tone(_ stage: String?) -> String {
    guard let stage, let rank = stages.firstIndex(of: stage) else { return "stage-none" }
    return rank == stages.count - 1 ? "stage-none" : "stage-\(min(rank, 5))"
  }

  var svg: Markup {
    let height = base + HistoryChart.ribbon + 46
    return """
      <svg class="chart history" viewBox="0 0 \(HistoryChart.width) \(height)" role="img" \
      aria-labelledby="history-title history-desc">
      <title id="history-title">Score over time</title>
      <desc id="history-desc">A step line of the score, with the lead's stages in a ribbon below; the table below has \
      every change.</desc>
      \(scale)
      \(timeScale)
      \(thresholdLines)
      \(ribbon)
      \(versionLines)
      \(line)
      \(marks)
      \(points)
      </svg>
      """
  }

  private var scale: Markup {
    stride(from: lowest, through: highest, by: Int64.Stride(step)).map { tick -> Markup in
      """
      <line class="\(tick == 0 ? "base" : "grid")" x1="\(HistoryChart.left)" y1="\(y(tick))" \
      x2="\(HistoryChart.right)" y2="\(y(tick))"/>\
      <text class="tick" x="\(HistoryChart.left - 8)" y="\(y(tick) + 4)" text-anchor="end">\(PageNumber.points(tick))\
      </text>
      """
    }.joined(by: "\n")
  }

  private var timeScale: Markup {
    let bottom = base + HistoryChart.ribbon + 14
    return timeTicks(from: start, to: end, characters: 110).map { tick -> Markup in
      let at = x(tick.milliseconds)
      return """
        <line class="grid" x1="\(at)" y1="\(HistoryChart.top)" x2="\(at)" y2="\(bottom)"/>\
        <text class="tick" x="\(at)" y="\(bottom + 16)" text-anchor="middle">\(tick.label)</text>
        """
    }.joined(by: "\n")
  }

  private var thresholdLines: Markup {
    var taken: [Double] = []
    return thresholds.sorted { $0.score < $1.score }.map { threshold -> Markup in
      let at = y(threshold.score)
      // Names of near thresholds would cover each other; the lower one keeps its name, the other has it on hovering.
      let isFree = taken.allSatisfy { abs($0 - at) >= 14 }
      if isFree { taken.append(at) }
      let text = "\(threshold.stage) \(PageNumber.points(threshold.score))"
      let label: Markup =
        isFree
        ? """
        <text class="threshold" x="\(HistoryChart.right + 6)" y="\(at + 4)">\(truncated(threshold.stage, to: 9))</text>
        """
        : .none
      return """
        <g><title>minimum of \(text)</title><line class="threshold" x1="\(HistoryChart.left)" y1="\(at)" \
        x2="\(HistoryChart.right)" y2="\(at)"/>\(label)</g>
        """
    }.joined(by: "\n")
  }

  // MARK: Stages

  /// Runs of one stage: from, to, stage.
  private var runs: [(from: Int64, to: Int64, stage: String?)] {
    var runs: [(from: Int64, to: Int64, stage: String?)] = []
    for row in rows {
      if let last = runs.last, last.stage == row.stageAfter { continue }
      if !runs.isEmpty { runs[runs.count - 1].to = row.at }
      runs.append((row.at, end, row.stageAfter))
    }
    return runs
  }

  private var ribbon: Markup {
    runs.map { run -> Markup in
      let (from, to) = (x(run.from), x(run.to))
      let name = StageRanks.name(run.stage)
      let room = Int((to - from - 8) / 7.5)
      let label: Markup =
        room >= 3
        ? """
        <text class="stage-name" x="\(from + 6)" y="\(base + 23)">\(truncated(name, to: room))</text>
        """
        : .none
      return """
        <g><title>\(name) from \(formatMinute(run.from)) to \(formatMinute(run.to))</title>\
        <rect class="\(tone(run.stage))" x="\(from)" y="\(base + 8)" width="\(max(1, to - from))" \
        height="\(HistoryChart.ribbon)"/>\(label)</g>
        """
    }.joined(by: "\n")
  }

  /// Where other rules became active.
  private var versionLines: Markup {
    rows.indices.filter { $0 > 0 && rows[$0].version != rows[$0 - 1].version }.map { index -> Markup in
      let at = x(rows[index].at)
      return """
        <g><title>version \(rows[index].version) of the rules from \(formatMinute(rows[index].at)) on</title>\
        <line class="version" x1="\(at)" y1="\(HistoryChart.top)" x2="\(at)" y2="\(base)"/>\
        <text class="tick" x="\(at)" y="\(HistoryChart.top - 8)" text-anchor="middle">v\(rows[index].version)</text></g>
        """
    }.joined(by: "\n")
  }

  // MARK: Score

  private var line: Markup {
    guard let first = rows.first else { return .none }
    var path: Markup = "M\(x(first.at)) \(y(first.after))"
    for row in rows.dropFirst() { path += "H\(x(row.at))V\(y(row.after))" }
    return "<path class=\"score\" d=\"\(path)H\(x(end))\"/>"
  }

  /// A dot where the stage changes.
  private var marks: Markup {
    rows.filter { $0.before == nil || $0.stageBefore != $0.stageAfter }.map { row -> Markup in
      "<circle class=\"mark \(tone(row.stageAfter))\" cx=\"\(x(row.at))\" cy=\"\(y(row.after))\" r=\"5\"/>"
    }.joined(by: "\n")
  }

  /// Areas that show what happened when they are pointed at or reached by the keyboard.
  private var points: Markup {
    let isCrowded = rows.count > HistoryChart.mostPoints
    let shown = rows.indices.filter { index in
      !isCrowded || rows[index].before == nil || rows[index].stageBefore != rows[index].stageAfter
    }
    return shown.enumerated().map { position, index -> Markup in
      let row = rows[index]
      let at = x(row.at)
      let next = position + 1 < shown.count ? x(rows[shown[position + 1]].at) : x(end)
      let change = row.before.map { " (\(PageNumber.points(row.after - $0, signed: true)))" } ?? ""
      let stage =
        row.before != nil && row.stageBefore != row.stageAfter
        ? "\(StageRanks.name(row.stageBefore)) → \(StageRanks.name(row.stageAfter))" : StageRanks.name(row.stageAfter)
      let words = "\(formatMinute(row.at)): \(PageNumber.points(row.after))\(change), \(stage), \(row.causeText)"
      let isRight = at > (HistoryChart.left + HistoryChart.right) / 2
      return """
        <g class="point"><title>\(words)</title>\
        <rect class="area" x="\(at)" y="\(HistoryChart.top)" width="\(max(2, next - at))" \
        height="\(HistoryChart.height)"/>\
        <g class="tip"><line x1="\(at)" y1="\(HistoryChart.top)" x2="\(at)" y2="\(base)"/>\
        <circle cx="\(at)" cy="\(y(row.after))" r="4"/>\
        <text x="\(isRight ? at - 8 : at + 8)" y="\(HistoryChart.top - 10)" \
        text-anchor="\(isRight ? "end" : "start")">\(words)</text></g></g>
        """
    }.joined(by: "\n")
  }
}

extension HistoryRow {
  /// `event 2`: the cause and what it refers to.
  var causeText: String { cause.rawValue + (causeReference.map { " \($0)" } ?? "") }
}
