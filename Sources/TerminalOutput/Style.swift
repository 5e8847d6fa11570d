/// How a piece of text looks in a terminal: any union of weight and one colour.
public struct Style: OptionSet, Sendable, Hashable {
  public let rawValue: UInt8

  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  public static let bold = Style(rawValue: 1 << 0)
  public static let dim = Style(rawValue: 1 << 1)
  public static let red = Style(rawValue: 1 << 2)
  public static let green = Style(rawValue: 1 << 3)
  public static let yellow = Style(rawValue: 1 << 4)
  public static let blue = Style(rawValue: 1 << 5)
  public static let cyan = Style(rawValue: 1 << 6)

  private static let codes: [(Style, String)] = [
    (.bold, "1"), (.dim, "2"), (.red, "31"), (.green, "32"), (.yellow, "33"), (.blue, "34"), (.cyan, "36"),
  ]

  /// The text between the escape sequences of this style, or the text itself when `enabled` is false, the style is
  /// plain or the text is empty. The text is not sanitized: see `sanitized(_:)`.
  public func apply(to text: String, enabled: Bool) -> String {
    guard enabled, !isEmpty, !text.isEmpty else { return text }
    var sequence = ""
    for (style, code) in Style.codes where contains(style) {
      sequence += sequence.isEmpty ? code : ";" + code
    }
    return "\u{1B}[\(sequence)m\(text)\u{1B}[0m"
  }
}

/// The colours of stages, the same in every table, chart and summary: the first stage blue, the last green, those
/// between alternately cyan and yellow, `disqualified` red.
public struct StagePalette: Sendable {
  /// The stages' ids, lowest first.
  public let stages: [String]

  public init(stages: [String]) {
    self.stages = stages.filter { $0 != StagePalette.disqualified }
  }

  /// The colour of a stage; plain for one that the palette does not know.
  public func style(for stage: String) -> Style {
    if stage == StagePalette.disqualified { return .red }
    guard let index = stages.firstIndex(of: stage) else { return [] }
    if index == 0 { return .blue }
    if index == stages.count - 1 { return .green }
    return index % 2 == 1 ? .cyan : .yellow
  }

  /// Where a stage stands, for comparisons: `disqualified` lowest; nil for a stage that the palette does not know.
  func rank(of stage: String) -> Int? {
    stage == StagePalette.disqualified ? -1 : stages.firstIndex(of: stage)
  }

  /// Whether a lead that goes from one stage to the other rises; nil where that is unknown or it stays.
  func rises(from: String, to: String) -> Bool? {
    guard let before = rank(of: from), let after = rank(of: to), before != after else { return nil }
    return after > before
  }

  private static let disqualified = "disqualified"
}

/// A line of text in several styles. Neighbours of one style share an escape sequence.
struct StyledLine {
  private var runs: [(text: String, style: Style)] = []

  mutating func append(_ text: String, _ style: Style = []) {
    if let last = runs.indices.last, runs[last].style == style {
      runs[last].text += text
    } else if !text.isEmpty {
      runs.append((text, style))
    }
  }

  /// The line without trailing spaces and without a newline.
  func rendered(color: Bool) -> String {
    var kept = runs
    while let last = kept.indices.last {
      while kept[last].text.last == " " { kept[last].text.removeLast() }
      guard kept[last].text.isEmpty else { break }
      kept.removeLast()
    }
    return kept.reduce(into: "") { $0 += $1.style.apply(to: $1.text, enabled: color) }
  }
}
