internal import CSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Reads CSV (RFC 4180) record by record, in one pass over bounded memory.
///
/// LF, CRLF and a lone CR end a record outside quotes; the last one needs no line end. Spaces belong to their cell. A
/// blank line is a record with one empty cell. A record is handed out as soon as its line end has arrived.
public final class CSVReader {
  /// No record has more cells than this.
  public static let maxCells = 1 << 16

  // Unchecked, because checking each access takes longer than the parsing; nothing here calls out to code that has the
  // reader, but for the source's `read`, which must not use it.
  @exclusivity(unchecked) private var input: InputBuffer
  @exclusivity(unchecked) private var scan = CSVScan()
  @exclusivity(unchecked) private var cells = CSVCells()
  private let maxRecordBytes: Int
  private var givenDelimiter: UInt8?
  private var recordLength = 0
  /// How many bytes of `input` the current record takes, with its line end.
  private var recordExtent = 0
  /// The last record ended with a CR at the end of what had arrived: an LF that follows belongs to it.
  private var skipsLineFeed = false
  private var recordLine = 0
  private var nextLine = 1
  private var failure: CSVError?

  /// Reads UTF-8 from the source.
  ///
  /// Without a `delimiter` it is the one of comma, semicolon, tab and bar that the first record has most of outside
  /// quotes (a comma if it has none). A record longer than `maxRecordBytes` is an error.
  public init(source: any ByteSource, delimiter: UInt8? = nil, maxRecordBytes: Int = 16 << 20) {
    precondition(delimiter.map(Self.isUsable(delimiter:)) ?? true, "not a CSV delimiter; ask isUsable(delimiter:)")
    input = InputBuffer(source)
    givenDelimiter = delimiter
    self.maxRecordBytes = max(1, maxRecordBytes)
  }

  /// Whether a byte can separate cells: ASCII, and neither a quote nor a line end.
  public static func isUsable(delimiter: UInt8) -> Bool {
    delimiter < 0x80 && delimiter != 0 && delimiter != .quote && delimiter != .lineFeed
      && delimiter != .carriageReturn
  }

  /// The separator in use; nil while it is not known, which is before the first `next()`.
  public var delimiter: UInt8? { givenDelimiter }

  /// The physical line, from 1, on which the current record starts; line ends within quotes count.
  public var line: Int { recordLine }

  /// What is wrong with the current record alone; its cells are then incomplete.
  public var problem: CSVProblem? {
    guard let bareQuote = scan.bareQuote else { return nil }
    return CSVProblem(
      line: bareQuote.line,
      message: "cell \(bareQuote.cell) has a quote in text that is not quoted; "
        + "put the cell in quotes and double the quotes in it")
  }

  /// How many cells the current record has.
  public var fieldCount: Int { cells.count }

  /// Whether the current record is an empty line.
  public var isBlank: Bool { recordLength == 0 }

  /// Whether the current record is a row as it should be: not blank, without a problem, and of so many cells.
  public func isRow(ofCells count: Int) -> Bool { cells.count == count && recordLength > 0 && scan.bareQuote == nil }

  /// The current record as it stands in the file, without its line end. Valid until `next()`.
  public var rawRecord: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: input.record, count: recordLength)
  }

  /// A cell's text as UTF-8, unquoted; empty where there is no such cell. Valid until `next()`. O(1).
  public func field(_ index: Int) -> UnsafeBufferPointer<UInt8> { record[index] }

  /// The current record's cells. Valid until `next()`.
  public var record: CSVRecord { cells.view(record: input.record) }

  /// A cell's text.
  public func string(_ index: Int) -> String {
    String(decoding: field(index), as: UTF8.self)
  }

  /// Whether `next()` would return without waiting for the source, because a complete record has arrived already, or one
  /// that cannot be read further.
  ///
  /// Scans up to the end of that record.
  public var hasBufferedRecord: Bool {
    let bytes = input.record
    let count = input.available
    var at = recordExtent
    if skipsLineFeed, at < count, bytes[at] == .lineFeed { at += 1 }
    guard at < count else { return false }
    if input.sourceEnded { return true }
    if let end = memchr(bytes + at, Int32(UInt8.lineFeed), count - at),
      memchr(bytes + at, Int32(UInt8.quote), UnsafeRawPointer(end) - UnsafeRawPointer(bytes + at)) == nil
    {
      return true
    }
    return hasEnd(from: at)
  }

  /// Looks for the end of a record with quotes, or with a CR alone behind it, by the rules of `CSVScan`.
  private func hasEnd(from start: Int) -> Bool {
    let bytes = input.record
    let count = input.available
    func isDelimiter(_ byte: UInt8) -> Bool {
      givenDelimiter.map { $0 == byte } ?? [.comma, .semicolon, .tab, .bar].contains(byte)
    }
    var at = start
    var isCellStart = true
    while at < count {
      let byte = bytes[at]
      if byte == .lineFeed || byte == .carriageReturn { return true }
      if byte == .quote {
        // A quote within a cell spoils the record, which then ends with its line.
        guard isCellStart else { return bytes.hasLineEnd(from: at, to: count) }
        at += 1
        while true {
          while at < count, bytes[at] != .quote { at += 1 }
          // A quote at the end may be the first of two.
          guard at + 1 < count else { return false }
          guard bytes[at + 1] == .quote else { break }
          at += 2
        }
        guard isDelimiter(bytes[at + 1]) else { return true }
        at += 2
        continue
      }
      isCellStart = isDelimiter(byte)
      at += 1
    }
    return false
  }

  /// Waits so many milliseconds (a negative number: without limit) for more of the source, and takes what has arrived;
  /// false where nothing has. Throws what the source throws.
  public func fetch(timeoutMilliseconds: Int) throws -> Bool {
    guard input.pollReadable(timeoutMilliseconds: timeoutMilliseconds) else { return false }
    _ = try input.fill()
    return true
  }

  /// Whether the source has no more.
  public var sourceEnded: Bool { input.sourceEnded }

  /// Goes to the next record; false at the end.
  ///
  /// Throws `CSVError` where the file cannot be read further (each later call throws it again), and what the source
  /// throws.
  public func next() throws -> Bool {
    if let failure { throw failure }
    if takePlainRecord() { return true }
    do {
      return try advance()
    } catch let error as CSVError {
      failure = error
      clearRecord()
      throw error
    }
  }

  private func clearRecord() {
    input.start += recordExtent
    recordExtent = 0
    recordLength = 0
    if scan.isBegun { scan = CSVScan() }
    cells.removeAll()
  }

  /// Goes to the next record where all of it has arrived and it is as most are: ASCII without quotes, in a line that ends
  /// with LF or CRLF. False where it is another one, and is still to be read.
  private func takePlainRecord() -> Bool {
    guard CSYSTEM_HAS_MARKS == 1, let delimiter = givenDelimiter, !skipsLineFeed else { return false }
    clearRecord()
    let bytes = input.record
    let count = input.available
    let room = cells.room
    var cell = 0
    var at = 0
    var start = 0
    while count &- at >= CSVScan.marked {
      let marks = csystem_marks(bytes + at, delimiter)
      var hits = marks & 0xFFFF_FFFF
      if marks != hits { return false }
      while hits != 0 {
        let hit = at &+ hits.trailingZeroBitCount
        hits &= hits &- 1
        // There is more room for the records that follow.
        guard cell < room.count else { return false }
        room[cell] = CSVRecord.Span(start: start, length: hit &- start, isEscaped: false)
        cell &+= 1
        start = hit &+ 1
        let byte = bytes[hit]
        if byte == delimiter { continue }
        if byte == .carriageReturn, start < count, bytes[start] == .lineFeed {
          start &+= 1
        } else if byte != .lineFeed {
          return false
        }
        guard hit <= maxRecordBytes else { return false }
        cells.use(cell)
        recordLength = hit
        recordExtent = start
        recordLine = nextLine
        nextLine &+= 1
        return true
      }
      at &+= CSVScan.marked
    }
    return false
  }

  private func advance() throws -> Bool {
    clearRecord()
    if try !startRecord() { return false }
    let delimiter = try givenDelimiter ?? detectDelimiter()
    recordLine = nextLine
    while try !scan.run(input.record, count: input.available, delimiter: delimiter, line: recordLine, into: &cells) {
      if input.available > maxRecordBytes { throw tooLong() }
      if try !input.fill() {
        try scan.finish(input.record, count: input.available, line: recordLine, into: &cells)
        break
      }
    }
    if scan.length > maxRecordBytes { throw tooLong() }
    try completeRecord()
    return true
  }

  /// Sees that there is a byte of the next record; false at the end.
  private func startRecord() throws -> Bool {
    while true {
      if input.available == 0, try !input.fill() { return false }
      guard skipsLineFeed else { return true }
      skipsLineFeed = false
      if input.record[0] == .lineFeed { input.start += 1 }
    }
  }

  private func detectDelimiter() throws -> UInt8 {
    var sniffer = DelimiterSniffer()
    while !sniffer.scan(input.record, count: input.available), input.available <= maxRecordBytes {
      if try !input.fill() { break }
    }
    let found = sniffer.best
    givenDelimiter = found
    return found
  }

  private func completeRecord() throws(CSVError) {
    recordLength = scan.length
    recordExtent = scan.extent
    skipsLineFeed = scan.endsWithOpenReturn
    nextLine = recordLine + scan.lineEnds + 1
    if scan.sawHighBits, let at = firstInvalidUTF8(rawRecord) { throw invalidUTF8(at: at) }
    cells.unescape(record: input.record, length: recordLength)
  }

  private func tooLong() -> CSVError {
    CSVError(
      kind: .recordTooLong, line: recordLine,
      message: "the record that starts here is longer than \(maxRecordBytes) bytes; is a quote never closed?")
  }

  private func invalidUTF8(at offset: Int) -> CSVError {
    let before = UnsafeBufferPointer(rebasing: rawRecord[..<offset])
    let place = TextPlace(atEndOf: before)
    return CSVError(
      kind: .invalidUTF8, line: recordLine + place.lineEnds,
      message: invalidUTF8Message(byte: rawRecord[offset], column: place.column))
  }
}

/// Where a text ends, as an editor would say it.
struct TextPlace {
  /// Line ends (LF, CRLF or CR) in the text.
  private(set) var lineEnds = 0
  /// From 1, in Unicode scalars.
  private(set) var column = 1

  init(atEndOf text: UnsafeBufferPointer<UInt8>) {
    var previous: UInt8 = 0
    for byte in text {
      if byte == .lineFeed || byte == .carriageReturn {
        if byte != .lineFeed || previous != .carriageReturn { lineEnds += 1 }
        column = 1
      } else if byte & 0xC0 != 0x80 {
        column += 1
      }
      previous = byte
    }
  }
}

extension UnsafePointer<UInt8> {
  fileprivate func hasLineEnd(from start: Int, to end: Int) -> Bool {
    UnsafeBufferPointer(start: self + start, count: end - start).contains { $0 == .lineFeed || $0 == .carriageReturn }
  }
}
