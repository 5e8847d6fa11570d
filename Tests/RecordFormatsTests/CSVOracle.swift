import RecordFormats

/// What reading a CSV text gives, in a form that can be compared.
struct CSVOutcome: Equatable {
  struct Record: Equatable {
    var line: Int
    var cells: [String]
    var raw: String
    var hasProblem: Bool
  }

  var records: [Record] = []
  var fault: CSVError.Kind?
  var faultLine: Int?

  /// What the reader under test gives.
  static func ofReader(_ bytes: [UInt8], chunk: Int = .max, delimiter: UInt8? = 0x2C) throws -> CSVOutcome {
    let reader = CSVReader(source: MemoryByteSource(bytes, chunk: chunk), delimiter: delimiter)
    var outcome = CSVOutcome()
    do {
      while try reader.next() {
        outcome.records.append(
          Record(
            line: reader.line, cells: (0..<reader.fieldCount).map { reader.string($0) },
            raw: String(decoding: reader.rawRecord, as: UTF8.self), hasProblem: reader.problem != nil))
      }
    } catch let error as CSVError {
      outcome.fault = error.kind
      outcome.faultLine = error.line
    }
    return outcome
  }

  /// The same, slowly and obviously: one byte after the other, by RFC 4180.
  static func ofOracle(_ bytes: [UInt8]) -> CSVOutcome {
    var oracle = CSVOracle(bytes: bytes)
    return oracle.run()
  }
}

private struct CSVOracle {
  let bytes: [UInt8]
  var at = 0
  var line = 1
  var outcome = CSVOutcome()

  private static let quote = UInt8(ascii: "\"")
  private static let lf = UInt8(ascii: "\n")
  private static let cr = UInt8(ascii: "\r")
  private static let comma = UInt8(ascii: ",")

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func run() -> CSVOutcome {
    while at < bytes.count, outcome.fault == nil { record() }
    return outcome
  }

  private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }
  private var isAtLineEnd: Bool { peek == nil || peek == Self.lf || peek == Self.cr }

  private mutating func takeLineEnd() {
    if peek == Self.cr {
      at += 1
      if peek == Self.lf { at += 1 }
      line += 1
    } else if peek == Self.lf {
      at += 1
      line += 1
    }
  }

  private mutating func record() {
    let start = at
    let startLine = line
    var cells: [String] = []
    var hasProblem = false
    while true {
      var cell: [UInt8] = []
      if peek == Self.quote {
        guard quotedCell(into: &cell) else { return }
      } else {
        while !isAtLineEnd, peek != Self.comma, peek != Self.quote {
          cell.append(bytes[at])
          at += 1
        }
        if peek == Self.quote {
          hasProblem = true
          while !isAtLineEnd { at += 1 }
        }
      }
      if !hasProblem { cells.append(String(decoding: cell, as: UTF8.self)) }
      if !isAtLineEnd, peek == Self.comma {
        at += 1
        continue
      }
      break
    }
    let raw = String(decoding: bytes[start..<at], as: UTF8.self)
    outcome.records.append(.init(line: startLine, cells: cells, raw: raw, hasProblem: hasProblem))
    takeLineEnd()
  }

  private mutating func quotedCell(into cell: inout [UInt8]) -> Bool {
    let openLine = line
    at += 1
    while let byte = peek {
      if byte == Self.quote {
        at += 1
        if peek == Self.quote {
          cell.append(byte)
          at += 1
          continue
        }
        if isAtLineEnd || peek == Self.comma { return true }
        outcome.fault = .textAfterQuote
        outcome.faultLine = line
        return false
      }
      if byte == Self.lf || byte == Self.cr {
        let from = at
        takeLineEnd()
        cell += bytes[from..<at]
      } else {
        cell.append(byte)
        at += 1
      }
    }
    outcome.fault = .unterminatedQuote
    outcome.faultLine = openLine
    return false
  }
}
