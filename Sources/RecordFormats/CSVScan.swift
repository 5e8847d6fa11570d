internal import CSystem

/// Finds the cells and the end of one record, taking up where it stopped when more bytes arrive.
///
/// All offsets count from the record's first byte. Eight bytes and more are looked at at a time.
struct CSVScan {
  private enum Mode {
    case plain
    case quoted
    /// After a bare quote: the rest of the line is passed over.
    case skippingLine
  }

  /// Bytes that ``csystem_marks(_:_:)`` looks at.
  static let marked = 32

  private var mode = Mode.plain
  private var position = 0
  private var cellStart = 0
  private var isEscaped = false
  private var quoteLine = 0
  private var high: UInt64 = 0

  /// Whether anything was scanned.
  private(set) var isBegun = false
  /// The record's bytes without its line end; known at the end.
  private(set) var length = 0
  /// The record's bytes with its line end.
  private(set) var extent = 0
  /// It ended with a CR that was the last byte there: an LF may follow.
  private(set) var endsWithOpenReturn = false
  /// Line ends within quotes.
  private(set) var lineEnds = 0
  /// Where a quote stands within text that is not quoted: the cell and the line, both from 1.
  private(set) var bareQuote: (cell: Int, line: Int)?

  /// Whether some byte was not ASCII (perhaps one beyond the record).
  var sawHighBits: Bool { high & highBits != 0 }

  /// Scans what is there; true when the record is complete.
  mutating func run(
    _ bytes: UnsafePointer<UInt8>, count: Int, delimiter: UInt8, line: Int, into cells: inout CSVCells
  ) throws(CSVError) -> Bool {
    isBegun = true
    while true {
      let before = mode
      let isComplete =
        switch before {
        case .plain: try scanPlain(bytes, count, delimiter, line, &cells)
        case .quoted: try scanQuoted(bytes, count, delimiter, line, &cells)
        case .skippingLine: skipLine(bytes, count)
        }
      if isComplete { return true }
      if mode == before { return false }
    }
  }

  /// The source has ended: what was scanned is the last record.
  mutating func finish(
    _ bytes: UnsafePointer<UInt8>, count: Int, line: Int, into cells: inout CSVCells
  ) throws(CSVError) {
    length = count
    extent = count
    switch mode {
    case .plain: try add(to: &cells, end: count, line: line)
    case .quoted:
      // Only a quote that could still have been doubled is left over.
      guard position < count else {
        throw CSVError(kind: .unterminatedQuote, line: quoteLine, message: "the quote that opens here is never closed")
      }
      try add(to: &cells, end: count - 1, line: line)
    case .skippingLine: break
    }
  }

  private mutating func scanPlain(
    _ bytes: UnsafePointer<UInt8>, _ count: Int, _ delimiter: UInt8, _ line: Int, _ cells: inout CSVCells
  ) throws(CSVError) -> Bool {
    var at = position
    var start = cellStart
    var high = self.high
    defer {
      position = at
      cellStart = start
      self.high = high
    }
    while CSYSTEM_HAS_MARKS == 1, count &- at >= CSVScan.marked {
      let marks = csystem_marks(bytes + at, delimiter)
      var hits = marks & 0xFFFF_FFFF
      if marks != hits { high = highBits }
      let place = at
      at &+= CSVScan.marked
      while hits != 0 {
        let hit = place &+ hits.trailingZeroBitCount
        hits &= hits &- 1
        guard bytes[hit] == delimiter else {
          return try takeOther(bytes, count, hit, line, &at, &start, &cells)
        }
        try add(to: &cells, from: start, end: hit, line: line)
        start = hit &+ 1
      }
    }
    let delimiters = repeated(delimiter)
    while at < count {
      // The top bit of each byte that is a hit, and perhaps of one beside it.
      let words: SIMD2<UInt64>
      let place = at
      if count &- at >= 16 {
        words = UnsafeRawPointer(bytes).loadUnaligned(fromByteOffset: at, as: SIMD2<UInt64>.self)
        at &+= 16
      } else {
        words = SIMD2(load(bytes, at, count), 0)
        at = min(at &+ 8, count)
      }
      high |= words[0] | words[1]
      let marks = special(words, delimiters)
      for half in 0..<2 {
        var hits = UInt64(littleEndian: marks[half])
        while hits != 0 {
          let hit = place &+ half &* 8 &+ hits.trailingZeroBitCount &>> 3
          hits &= hits &- 1
          let byte = bytes[hit]
          if byte == delimiter {
            try add(to: &cells, from: start, end: hit, line: line)
            start = hit &+ 1
          } else if byte == .lineFeed || byte == .carriageReturn || byte == .quote {
            return try takeOther(bytes, count, hit, line, &at, &start, &cells)
          }
        }
      }
    }
    return false
  }

  /// Takes a line end, which makes the record complete, or a quote, after which the mode is another one.
  ///
  /// - Parameters:
  ///   - at: where the scan goes on.
  ///   - start: where the cell begins.
  private mutating func takeOther(
    _ bytes: UnsafePointer<UInt8>, _ count: Int, _ hit: Int, _ line: Int, _ at: inout Int, _ start: inout Int,
    _ cells: inout CSVCells
  ) throws(CSVError) -> Bool {
    if bytes[hit] != .quote {
      try add(to: &cells, from: start, end: hit, line: line)
      endRecord(bytes, count, at: hit)
      return true
    }
    if hit == start {
      mode = .quoted
      quoteLine = line + lineEnds
      start = hit + 1
      at = hit + 1
    } else {
      bareQuote = (cells.count + 1, line + lineEnds)
      mode = .skippingLine
      at = hit
    }
    return false
  }

  private mutating func scanQuoted(
    _ bytes: UnsafePointer<UInt8>, _ count: Int, _ delimiter: UInt8, _ line: Int, _ cells: inout CSVCells
  ) throws(CSVError) -> Bool {
    scanning: while position < count {
      let word = load(bytes, position, count)
      high |= word
      var hits =
        zeroBytes(word ^ repeated(.quote)) | zeroBytes(word ^ repeated(.lineFeed))
        | zeroBytes(word ^ repeated(.carriageReturn))
      while hits != 0 {
        let hit = position + hits.trailingZeroBitCount / 8
        hits &= hits - 1
        switch bytes[hit] {
        case .carriageReturn: lineEnds += 1
        case .lineFeed:
          // The opening quote stands before, so there is a byte before.
          if bytes[hit - 1] != .carriageReturn { lineEnds += 1 }
        case .quote:
          let after = hit + 1
          if after == count {
            position = hit
            return false
          }
          switch bytes[after] {
          case .quote:
            isEscaped = true
            position = after + 1
            continue scanning
          case delimiter:
            try add(to: &cells, end: hit, line: line)
            mode = .plain
            cellStart = after + 1
            position = after + 1
            return false
          case .lineFeed, .carriageReturn:
            try add(to: &cells, end: hit, line: line)
            endRecord(bytes, count, at: after)
            return true
          default:
            throw CSVError(
              kind: .textAfterQuote, line: line + lineEnds,
              message: "cell \(cells.count + 1) goes on after its closing quote; double the quotes within the text")
          }
        default: break
        }
      }
      position = min(position + 8, count)
    }
    return false
  }

  private mutating func skipLine(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    high = highBits
    while position < count {
      if bytes[position] == .lineFeed || bytes[position] == .carriageReturn {
        endRecord(bytes, count, at: position)
        return true
      }
      position += 1
    }
    return false
  }

  private mutating func endRecord(_ bytes: UnsafePointer<UInt8>, _ count: Int, at end: Int) {
    length = end
    extent = end + 1
    guard bytes[end] == .carriageReturn else { return }
    if extent == count {
      endsWithOpenReturn = true
    } else if bytes[extent] == .lineFeed {
      extent += 1
    }
  }

  private mutating func add(to cells: inout CSVCells, end: Int, line: Int) throws(CSVError) {
    if isEscaped {
      isEscaped = false
      cells.append(from: cellStart, to: end, isEscaped: true)
    } else {
      try add(to: &cells, from: cellStart, end: end, line: line)
    }
  }

  @inline(__always)
  private func add(to cells: inout CSVCells, from start: Int, end: Int, line: Int) throws(CSVError) {
    if cells.count == CSVReader.maxCells {
      throw CSVError(kind: .tooManyCells, line: line, message: "the record has more than \(CSVReader.maxCells) cells")
    }
    cells.append(from: start, to: end)
  }

  /// Eight bytes; those beyond the end read as zero.
  @inline(__always)
  private func load(_ bytes: UnsafePointer<UInt8>, _ at: Int, _ count: Int) -> UInt64 {
    let word = UInt64(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(fromByteOffset: at, as: UInt64.self))
    let left = count - at
    return left >= 8 ? word : word & (1 << UInt64(8 * left) - 1)
  }
}

/// Sets the top bit of each byte that ends a cell or is a quote, and perhaps of a byte beside one; callers look at the
/// byte.
@inline(__always)
private func special(_ words: SIMD2<UInt64>, _ delimiters: UInt64) -> SIMD2<UInt64> {
  zeroBytes(words ^ SIMD2<UInt64>(repeating: delimiters))
    | zeroBytes(words ^ SIMD2<UInt64>(repeating: repeated(.quote)))
    | zeroBytes(words ^ SIMD2<UInt64>(repeating: repeated(.lineFeed)))
    | zeroBytes(words ^ SIMD2<UInt64>(repeating: repeated(.carriageReturn)))
}

/// As for one word. Of the operations on vectors, those on whole words become instructions of the processor.
@inline(__always)
private func zeroBytes(_ words: SIMD2<UInt64>) -> SIMD2<UInt64> {
  (words &- SIMD2<UInt64>(repeating: 0x0101_0101_0101_0101)) & (words ^ SIMD2<UInt64>(repeating: .max))
    & SIMD2<UInt64>(repeating: highBits)
}
