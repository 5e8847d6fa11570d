/// The text of one progress line at one moment.
struct ProgressLine {
  struct Look: Sendable {
    var color: Bool
    var unicode: Bool
  }

  var label: String
  var unit: String
  var done: Int64
  var total: Int64?
  var items: Int64
  /// Nanoseconds since the work began; positive.
  var elapsed: Int64
  /// How often the line was drawn before, which turns the spinner.
  var frame: Int

  private static let spinner: [String] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"]
  private static let plainSpinner: [String] = ["|", "/", "-", "\\"]
  private static let widestBar = 30
  private static let narrowestBar = 6

  /// The line in at most `width` columns. Where they do not suffice the bar goes first, then the time, then the rate.
  func render(width: Int, look: Look) -> String {
    guard width > 0 else { return "" }
    let details = total == nil ? spinnerDetails : barDetails
    var count = details.count
    while count > 0, columns(of: details.prefix(count)) > width { count -= 1 }
    let shown = Array(details.prefix(count))
    let spare = width - columns(of: shown[...])

    var line = StyledLine()
    if total == nil {
      let frames = look.unicode ? ProgressLine.spinner : ProgressLine.plainSpinner
      if spare >= 2 {
        line.append(frames[frame % frames.count], .cyan)
        line.append(" ")
      }
    }
    line.append(truncated(label, to: min(width, displayWidth(of: label)), unicode: look.unicode))
    if total != nil, spare >= ProgressLine.narrowestBar + 2 {
      line.append("  ")
      appendBar(to: &line, columns: min(ProgressLine.widestBar, spare - 2), look: look)
    }
    for (index, detail) in shown.enumerated() {
      line.append("  ")
      line.append(detail, index == 0 ? .bold : .dim)
    }
    return line.rendered(color: look.color)
  }

  private func columns(of details: ArraySlice<String>) -> Int {
    details.reduce(displayWidth(of: label)) { $0 + 2 + displayWidth(of: $1) }
  }

  private var barDetails: [String] {
    let percent = total.map { formatPercentFloor(done, of: $0) } ?? ""
    var details = [percent]
    if let rate { details.append(rate) }
    if let timeLeft { details.append(timeLeft) }
    return details
  }

  private var spinnerDetails: [String] {
    var details = ["\(formatCount(items)) \(unit)"]
    if let rate { details.append(rate) }
    details.append(formatDuration(elapsed / 1_000_000_000 * 1000))
    return details
  }

  private var fraction: Double {
    guard let total, total > 0 else { return 0 }
    return min(1, max(0, Double(done) / Double(total)))
  }

  private var rate: String? {
    guard items > 0 else { return nil }
    let perSecond = Double(items) / (Double(elapsed) / 1e9)
    guard perSecond < 1e18 else { return nil }
    if perSecond < 10 {
      let tenths = Int64((perSecond * 10).rounded())
      return "\(tenths / 10).\(tenths % 10) \(unit)/s"
    }
    return "\(formatCompact(Int64(perSecond.rounded()))) \(unit)/s"
  }

  private var timeLeft: String? {
    guard fraction > 0, fraction < 1 else { return nil }
    let seconds = (Double(elapsed) / 1e9 * (1 - fraction) / fraction).rounded(.up)
    guard seconds < 360_000 else { return nil }
    return "\(formatDuration(Int64(seconds) * 1000)) left"
  }

  private func appendBar(to line: inout StyledLine, columns: Int, look: Look) {
    let filled = Int(fraction * Double(columns))
    if look.unicode {
      line.append(String(repeating: "━", count: filled), .cyan)
      // Without colour the rest must differ in shape.
      line.append(String(repeating: look.color ? "━" : "╌", count: columns - filled), .dim)
    } else {
      line.append("[" + String(repeating: "#", count: max(0, min(filled, columns - 2))), [])
      line.append(String(repeating: ".", count: columns - 2 - max(0, min(filled, columns - 2))) + "]", [])
    }
  }

  /// Rounded down, so that 100% means done; three columns, so that the line does not jump.
  private func formatPercentFloor(_ part: Int64, of whole: Int64) -> String {
    let percent = whole <= 0 ? 0 : Int64(fraction * 100)
    return padded("\(percent)%", to: 4, .right)
  }
}
