/// Writes CSV (RFC 4180) into memory. Cells are quoted where they must be.
public struct CSVWriter {
  /// What ends a record.
  public enum LineEnd: Sendable {
    case lf
    case crlf
  }

  /// What was written; take it out and call `removeAll()` to bound the memory.
  public private(set) var bytes: [UInt8] = []
  private let delimiter: UInt8
  private let lineEnd: LineEnd
  private let protectsFormulas: Bool
  private var cellsInRecord = 0
  private var recordStart = 0

  /// `protectsFormulas` puts an apostrophe before a cell that a spreadsheet would run: one that begins with
  /// `=`, `+`, `-`, `@`, one of these in full width, a tab, a CR or an LF, unless it is a plain number such as `-12.5`.
  public init(delimiter: UInt8 = 0x2C, lineEnd: LineEnd = .lf, protectsFormulas: Bool = false) {
    precondition(CSVReader.isUsable(delimiter: delimiter), "not a CSV delimiter; ask CSVReader.isUsable(delimiter:)")
    self.delimiter = delimiter
    self.lineEnd = lineEnd
    self.protectsFormulas = protectsFormulas
  }

  /// Forgets what was written, between records, and keeps the memory.
  public mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    recordStart = 0
  }

  /// Adds a cell to the current record.
  public mutating func field(_ text: String) {
    var text = text
    text.withUTF8 { field($0) }
  }

  /// Adds a cell of UTF-8 text to the current record.
  public mutating func field(_ text: UnsafeBufferPointer<UInt8>) {
    if cellsInRecord > 0 { bytes.append(delimiter) }
    cellsInRecord += 1
    let isProtected = protectsFormulas && Self.looksLikeFormula(text)
    let isQuoted = text.contains { $0 == delimiter || $0 == .quote || $0 == .lineFeed || $0 == .carriageReturn }
    if isQuoted { bytes.append(.quote) }
    if isProtected { bytes.append(.apostrophe) }
    if isQuoted {
      for byte in text {
        if byte == .quote { bytes.append(.quote) }
        bytes.append(byte)
      }
      bytes.append(.quote)
    } else {
      bytes.append(contentsOf: text)
    }
  }

  /// Ends the record. A record of one empty cell is written `""`, so that it is not taken for a blank line.
  public mutating func endRecord() {
    if cellsInRecord == 1, bytes.count == recordStart { bytes.append(contentsOf: [.quote, .quote]) }
    if lineEnd == .crlf { bytes.append(.carriageReturn) }
    bytes.append(.lineFeed)
    cellsInRecord = 0
    recordStart = bytes.count
  }

  /// Writes a whole record.
  public mutating func record(_ cells: [String]) {
    for cell in cells { field(cell) }
    endRecord()
  }

  /// Whether a spreadsheet would run a cell of this text.
  public static func looksLikeFormula(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { looksLikeFormula($0) }
  }

  private static func looksLikeFormula(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = text.first else { return false }
    switch first {
    case UInt8(ascii: "="), UInt8(ascii: "@"), .tab, .carriageReturn, .lineFeed: return true
    // ＝ ＋ － ＠, which some spreadsheets take for their ASCII forms: EF BC and one of 9D 8B 8D A0.
    case 0xEF: return text.count >= 3 && text[1] == 0xBC && [0x9D, 0x8B, 0x8D, 0xA0].contains(text[2])
    case UInt8(ascii: "+"), UInt8(ascii: "-"): return !isUnsignedNumber(text.dropFirst())
    default: return false
    }
  }

  /// Digits, with a fraction and an exponent perhaps.
  private static func isUnsignedNumber(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    var rest = text
    guard skipDigits(&rest) else { return false }
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      guard skipDigits(&rest) else { return false }
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest = rest.dropFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
      guard skipDigits(&rest) else { return false }
    }
    return rest.isEmpty
  }

  private static func skipDigits(_ text: inout Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    let rest = text.drop(while: \.isDigit)
    defer { text = rest }
    return rest.count < text.count
  }
}
