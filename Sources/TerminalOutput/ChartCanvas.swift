/// The characters that a chart is drawn with.
struct ChartGlyphs: Sendable {
  /// The sides of a cell that a line leaves through.
  struct Sides: OptionSet {
    let rawValue: Int
    static let left = Sides(rawValue: 1)
    static let right = Sides(rawValue: 2)
    static let up = Sides(rawValue: 4)
    static let down = Sides(rawValue: 8)
  }

  let isUnicode: Bool
  let axis: String
  let axisTick: String
  let corner: Character
  let axisLine: Character
  let timeTick: Character
  let dots: Character
  /// Where the line ends: the score as it stands.
  let now: Character
  /// Several stage changes in different directions in one column.
  let mixedMark: String
  let arrow: String
  let above: String
  let below: String
  /// A character for each set of sides, by its raw value.
  private let lines: [Character]

  func line(_ sides: Sides) -> Character {
    lines[sides.rawValue & 15]
  }

  /// What may be shown of a text in this alphabet.
  func text(_ text: String) -> String {
    isUnicode ? sanitized(text) : asciiOnly(text)
  }

  static let unicode = ChartGlyphs(
    isUnicode: true, axis: "│", axisTick: "┤", corner: "└", axisLine: "─", timeTick: "┬", dots: "┄", now: "●",
    mixedMark: "◆", arrow: "→", above: "↑", below: "↓", lines: Array("·───│╯╰┴│╮╭┬│┤├┼"))

  static let ascii = ChartGlyphs(
    isUnicode: false, axis: "|", axisTick: "+", corner: "+", axisLine: "-", timeTick: "+", dots: ".", now: "o",
    mixedMark: "*", arrow: "->", above: "^", below: "v", lines: Array(".---|+++|+++|+++"))
}

/// The plot as a grid of cells. Row 0 is the top.
struct ChartCanvas {
  private struct Cell {
    var glyph: Character = " "
    var style: Style = []
    /// Whether the score's line or a label runs through it, so that no label may be written over it.
    var isTaken = false
  }

  let columns: Int
  let rows: Int
  private var cells: [Cell]

  init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
    cells = Array(repeating: Cell(), count: columns * rows)
  }

  mutating func set(_ glyph: Character, _ style: Style, column: Int, row: Int, isLine: Bool = false) {
    guard (0..<columns).contains(column), (0..<rows).contains(row) else { return }
    cells[row * columns + column] = Cell(glyph: glyph, style: style, isTaken: isLine)
  }

  /// Writes ASCII text at or beside a column in the first of the rows where it has room; else leaves it out.
  mutating func write(_ text: String, _ style: Style, near column: Int, rows candidates: [Int]) {
    let length = text.utf8.count
    for row in candidates where (0..<rows).contains(row) {
      for start in [column, column - length + 1, column + 1, column - length] where isFree(row, start, length) {
        for (offset, character) in text.enumerated() {
          set(character, style, column: start + offset, row: row, isLine: true)
        }
        return
      }
    }
  }

  private func isFree(_ row: Int, _ start: Int, _ length: Int) -> Bool {
    guard start >= 0, start + length <= columns else { return false }
    // Two numbers side by side would read as one.
    let around = max(0, start - 1)..<min(columns, start + length + 1)
    return (start..<start + length).allSatisfy { !cells[row * columns + $0].isTaken }
      && around.allSatisfy { !cells[row * columns + $0].glyph.isNumber }
  }

  func append(row: Int, to line: inout StyledLine) {
    for cell in cells[row * columns..<(row + 1) * columns] { line.append(String(cell.glyph), cell.style) }
  }
}

/// What the score did during one column of the chart.
struct ChartColumn: Equatable {
  /// The score when the column begins; nil where there was none yet.
  var entry: Int64?
  /// The score when the column ends.
  var exit: Int64
  var low: Int64
  var high: Int64

  /// Every column's score, from points at distinct instants in order of time; nil before the first point.
  static func reduce(_ points: [ScoreChart.Point], axis: TimeAxis) -> [ChartColumn?] {
    var result: [ChartColumn?] = []
    result.reserveCapacity(axis.columns)
    var carried: Int64?
    var next = 0
    for index in 0..<axis.columns {
      var column = carried.map { ChartColumn(entry: $0, exit: $0, low: $0, high: $0) }
      while next < points.count, axis.column(of: points[next].milliseconds) <= index {
        let value = points[next].hundredths
        next += 1
        var grown = column ?? ChartColumn(entry: nil, exit: value, low: value, high: value)
        grown.exit = value
        grown.low = min(grown.low, value)
        grown.high = max(grown.high, value)
        column = grown
        carried = value
      }
      result.append(column)
    }
    return result
  }
}
