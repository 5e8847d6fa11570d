/// A list of horizontal bars on one scale.
public struct Bars: Sendable {
  public struct Bar: Sendable {
    public var label: String
    /// What the bar's length shows: its magnitude. The scale is the greatest magnitude in the list.
    public var value: Int64
    /// What stands behind the bar, for instance `1,234 (12%)`.
    public var text: String
    public var style: Style

    /// - Parameter text: nil is the value with thousands separators.
    public init(label: String, value: Int64, text: String? = nil, style: Style = .cyan) {
      self.label = label
      self.value = value
      self.text = text ?? formatCount(value)
      self.style = style
    }
  }

  public var bars: [Bar]
  /// The columns of the longest bar where there is room.
  public var longest: Int

  public init(_ bars: [Bar], longest: Int = 40) {
    self.bars = bars
    self.longest = longest
  }

  /// The list, a line a bar, labels cut to a third of the width; empty for an empty list. A value other than 0 is never
  /// drawn as nothing.
  public func render(width: Int, color: Bool, unicode: Bool = true) -> String {
    let labels = bars.map { truncated($0.label, to: max(8, width / 3), unicode: unicode) }
    let texts = bars.map { sanitized($0.text) }
    let labelWidth = labels.map { displayWidth(of: $0) }.max() ?? 0
    let textWidth = texts.map { displayWidth(of: $0) }.max() ?? 0
    let room = max(4, min(longest, width - labelWidth - textWidth - 4))
    let greatest = bars.map { $0.value.magnitude }.max() ?? 0

    var result = ""
    for (index, bar) in bars.enumerated() {
      var line = StyledLine()
      line.append(padded(labels[index], to: labelWidth))
      line.append("  ")
      line.append(padded(texts[index], to: textWidth, .right))
      line.append("  ")
      line.append(Bars.drawn(bar.value.magnitude, of: greatest, columns: room, unicode: unicode), bar.style)
      result += line.rendered(color: color) + "\n"
    }
    return result
  }

  /// A bar in eighths of a column, in whole columns without Unicode.
  static func drawn(_ value: UInt64, of greatest: UInt64, columns: Int, unicode: Bool) -> String {
    guard value > 0, greatest > 0 else { return "" }
    let parts = unicode ? 8 : 1
    let length = max(1, Int((Double(value) / Double(greatest) * Double(columns * parts)).rounded()))
    if !unicode { return String(repeating: "#", count: length) }
    let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    return String(repeating: "█", count: length / 8) + eighths[length % 8]
  }
}

/// How many leads go from which stage to which: `nurture → mql  12 ▲`.
public struct StageFlow: Sendable {
  public struct Move: Sendable {
    /// Nil for leads that had no stage before.
    public var from: String?
    public var to: String
    public var count: Int64

    public init(from: String?, to: String, count: Int64) {
      self.from = from
      self.to = to
      self.count = count
    }
  }

  public var moves: [Move]
  /// Knows which stage is higher.
  public var palette: StagePalette

  public init(_ moves: [Move], palette: StagePalette) {
    self.moves = moves
    self.palette = palette
  }

  /// The moves, a line each, those upwards first, each part by falling count. Leads that stay where they are and counts
  /// of 0 are left out.
  public func render(width: Int, color: Bool, unicode: Bool = true) -> String {
    let shown = moves.filter { $0.from != $0.to && $0.count > 0 }.enumerated()
      .sorted { first, second in
        let (left, right) = (order(first.element), order(second.element))
        if left != right { return left < right }
        if first.element.count != second.element.count { return first.element.count > second.element.count }
        return first.offset < second.offset
      }
      .map(\.element)
    let arrow = unicode ? " → " : " -> "
    let none = unicode ? "–" : "-"
    let names = shown.map { (from: sanitized($0.from ?? none), to: sanitized($0.to)) }
    let counts = shown.map { formatCount($0.count) }
    let fromWidth = names.map { displayWidth(of: $0.from) }.max() ?? 0
    let toWidth = names.map { displayWidth(of: $0.to) }.max() ?? 0
    let countWidth = counts.map { $0.utf8.count }.max() ?? 0
    let greatest = shown.map { $0.count.magnitude }.max() ?? 0
    let room = min(30, width - fromWidth - toWidth - countWidth - arrow.count - 6)

    var result = ""
    for (index, move) in shown.enumerated() {
      let rises = move.from.flatMap { palette.rises(from: $0, to: move.to) }
      let style: Style = rises == true ? .green : rises == false ? .red : []
      var line = StyledLine()
      line.append(padded(names[index].from, to: fromWidth, .right), move.from.map { palette.style(for: $0) } ?? .dim)
      line.append(arrow, .dim)
      line.append(padded(names[index].to, to: toWidth), palette.style(for: move.to))
      line.append("  ")
      line.append(padded(counts[index], to: countWidth, .right), .bold)
      line.append(" " + StageFlow.mark(rises: rises, unicode: unicode), style)
      if room >= 4 {
        line.append("  ")
        line.append(Bars.drawn(move.count.magnitude, of: greatest, columns: room, unicode: unicode), style)
      }
      result += line.rendered(color: color) + "\n"
    }
    return result
  }

  private func order(_ move: Move) -> Int {
    guard let rises = move.from.flatMap({ palette.rises(from: $0, to: move.to) }) else { return 2 }
    return rises ? 0 : 1
  }

  /// The sign of a rise, a fall, or a first stage.
  static func mark(rises: Bool?, unicode: Bool) -> String {
    switch rises {
    case true?: unicode ? "▲" : "^"
    case false?: unicode ? "▼" : "v"
    case nil: unicode ? "●" : "o"
    }
  }
}
