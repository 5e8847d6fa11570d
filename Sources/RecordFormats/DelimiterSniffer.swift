/// Counts what could separate the cells of the first record, taking up where it stopped when more bytes arrive.
struct DelimiterSniffer {
  private var counts = (comma: 0, semicolon: 0, tab: 0, bar: 0)
  private var position = 0
  private var isQuoted = false
  private var previous = UInt8.comma

  /// Scans what is there; true when the record's end was found.
  mutating func scan(_ bytes: UnsafePointer<UInt8>, count: Int) -> Bool {
    while position < count {
      let byte = bytes[position]
      if isQuoted {
        if byte == .quote { isQuoted = false }
      } else {
        switch byte {
        case .comma: counts.comma += 1
        case .semicolon: counts.semicolon += 1
        case .tab: counts.tab += 1
        case .bar: counts.bar += 1
        case .lineFeed, .carriageReturn: return true
        // A quote opens at the start of a cell; right after a closing quote it was a doubled one.
        case .quote: isQuoted = [.comma, .semicolon, .tab, .bar, .quote].contains(previous)
        default: break
        }
      }
      previous = byte
      position += 1
    }
    return false
  }

  /// The most frequent; of equals, and for none, the first of comma, semicolon, tab, bar.
  var best: UInt8 {
    var best = (delimiter: UInt8.comma, count: counts.comma)
    for (delimiter, count) in [
      (UInt8.semicolon, counts.semicolon), (UInt8.tab, counts.tab), (UInt8.bar, counts.bar),
    ] where count > best.count {
      best = (delimiter, count)
    }
    return best.delimiter
  }
}
