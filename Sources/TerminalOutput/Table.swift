/// A table for people: an upper-case header, no lines, two spaces between columns.
///
/// In a terminal the columns that may be cut are cut, the widest first, until the rows fit; elsewhere nothing is cut.
public struct Table: Sendable {
  /// One column and how its cells look.
  public struct Column: Sendable {
    public var title: String
    public var alignment: Alignment
    /// The columns of the terminal below which cells are not cut.
    public var minWidth: Int
    /// Whether cells may be cut. False for what people copy: keys, ids.
    public var isTruncatable: Bool
    /// Whether the title is somebody's text, such as a key, which keeps its case.
    public var isVerbatim: Bool
    /// The style of a cell, from its full text. Nil is plain.
    public var style: (@Sendable (String) -> Style)?

    public init(
      _ title: String,
      alignment: Alignment = .left,
      minWidth: Int = 8,
      isTruncatable: Bool = false,
      isVerbatim: Bool = false,
      style: (@Sendable (String) -> Style)? = nil
    ) {
      self.title = title
      self.alignment = alignment
      self.minWidth = minWidth
      self.isTruncatable = isTruncatable
      self.isVerbatim = isVerbatim
      self.style = style
    }
  }

  public var columns: [Column]
  /// The cells as they are; they are sanitized when they are drawn. A row may be short: missing cells are empty.
  public var rows: [[String]]

  public init(columns: [Column], rows: [[String]] = []) {
    self.columns = columns
    self.rows = rows
  }

  /// The table, each line ending in a newline; empty when there is no column.
  ///
  /// - Parameters:
  ///   - width: the columns to fit, or nil for no limit (`Terminal.widthLimit`).
  ///   - color: whether escape sequences may be written.
  ///   - unicode: whether `…` may be written.
  /// - Complexity: O(cells); memory for the whole text.
  public func render(width: Int?, color: Bool, unicode: Bool = true) -> String {
    guard !columns.isEmpty else { return "" }
    let titles = columns.map { $0.isVerbatim ? sanitized($0.title) : sanitized($0.title).uppercased() }
    let cells = rows.map { row in columns.indices.map { $0 < row.count ? sanitized(row[$0]) : "" } }
    let widths = fittedWidths(natural: naturalWidths(titles: titles, cells: cells), width: width)

    var result = line(titles, widths: widths, unicode: unicode) { _, _ in .bold }.rendered(color: color) + "\n"
    for (row, raw) in zip(cells, rows) {
      let styled = line(row, widths: widths, unicode: unicode) { column, cell in
        columns[column].style?(column < raw.count ? raw[column] : cell) ?? []
      }
      result += styled.rendered(color: color) + "\n"
    }
    return result
  }

  private func naturalWidths(titles: [String], cells: [[String]]) -> [Int] {
    var widths = titles.map { displayWidth(of: $0) }
    for row in cells {
      for (index, cell) in row.enumerated() { widths[index] = max(widths[index], displayWidth(of: cell)) }
    }
    return widths
  }

  /// Lowers the columns that may be cut to one common width, the greatest with which the rows fit, though none below
  /// its own minimum.
  private func fittedWidths(natural: [Int], width: Int?) -> [Int] {
    guard let width else { return natural }
    let room = width - 2 * (columns.count - 1)
    func capped(at cap: Int) -> [Int] {
      columns.indices.map { index in
        guard columns[index].isTruncatable else { return natural[index] }
        return min(natural[index], max(cap, columns[index].minWidth, 1))
      }
    }
    var fits = 0
    var tooWide = (natural.max() ?? 0) + 1
    while tooWide - fits > 1 {
      let middle = (fits + tooWide) / 2
      if capped(at: middle).reduce(0, +) <= room { fits = middle } else { tooWide = middle }
    }
    var widths = capped(at: fits)
    // What the common width leaves over goes to the first columns that can use it.
    var spare = room - widths.reduce(0, +)
    for index in columns.indices where spare > 0 && widths[index] < natural[index] {
      widths[index] += 1
      spare -= 1
    }
    return widths
  }

  private func line(
    _ cells: [String],
    widths: [Int],
    unicode: Bool,
    style: (Int, String) -> Style
  ) -> StyledLine {
    var line = StyledLine()
    for (index, cell) in cells.enumerated() {
      let text = truncated(cell, to: widths[index], unicode: unicode)
      let filling = String(repeating: " ", count: max(0, widths[index] - displayWidth(of: text)))
      if index > 0 { line.append("  ") }
      if columns[index].alignment == .right { line.append(filling) }
      line.append(text, style(index, cell))
      if columns[index].alignment == .left { line.append(filling) }
    }
    return line
  }
}
