/// The stage changes under a chart, a line each: number, mark, date, stages, cause.
struct ChartLegend {
  var changes: [ScoreChart.StageChange]
  var palette: StagePalette
  /// How many of the last ones are listed.
  var limit: Int
  var width: Int
  var glyphs: ChartGlyphs

  func render(color: Bool) -> String {
    let first = max(0, changes.count - max(1, limit))
    let shown = changes.indices[first...]
    let numberWidth = String(changes.count).utf8.count
    let moves = shown.map { index in move(changes[index]) }
    let moveWidth = min(moves.map { displayWidth(of: $0) }.max() ?? 0, width / 2)

    var result = ""
    if first > 0 {
      var line = StyledLine()
      line.append("\(glyphs.isUnicode ? "…" : "...") \(plural(Int64(first), "earlier stage change"))", .dim)
      result += line.rendered(color: color) + "\n"
    }
    for (index, move) in zip(shown, moves) {
      let change = changes[index]
      let rises = change.from.flatMap { palette.rises(from: $0, to: change.to) }
      let style = palette.style(for: change.to)
      var line = StyledLine()
      line.append(padded(String(index + 1), to: numberWidth, .right), .bold)
      line.append(" ")
      line.append(StageFlow.mark(rises: rises, unicode: glyphs.isUnicode), style.union(.bold))
      line.append("  \(formatMinute(change.milliseconds))  ")
      line.append(padded(truncated(move, to: moveWidth, unicode: glyphs.isUnicode), to: moveWidth), style)
      let room = width - numberWidth - moveWidth - 24
      if room > 0 {
        line.append("  ")
        line.append(truncated(glyphs.text(change.cause), to: room, unicode: glyphs.isUnicode), .dim)
      }
      result += line.rendered(color: color) + "\n"
    }
    return result
  }

  private func move(_ change: ScoreChart.StageChange) -> String {
    let to = glyphs.text(change.to)
    return change.from.map { "\(glyphs.text($0)) \(glyphs.arrow) \(to)" } ?? "\(glyphs.arrow) \(to)"
  }
}
