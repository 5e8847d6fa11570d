/// Text in the making: CSV rows as RFC 4180 wants them, or JSON Lines.
struct SampleText {
  private(set) var bytes: [UInt8] = []

  /// One row; a cell is quoted where it has to be.
  mutating func row(_ cells: [String]) {
    for (index, cell) in cells.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      guard cell.utf8.contains(where: SampleText.needsQuotes) else {
        bytes.append(contentsOf: cell.utf8)
        continue
      }
      bytes.append(UInt8(ascii: "\""))
      for byte in cell.utf8 {
        if byte == UInt8(ascii: "\"") { bytes.append(byte) }
        bytes.append(byte)
      }
      bytes.append(UInt8(ascii: "\""))
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  /// One event as an object on a line, with what it has of `texts` and `numbers` as its properties.
  mutating func object(
    _ members: [(String, String)], texts: [(String, String)], numbers: [(String, Int?)]
  ) {
    var written = members.map { "\(SampleText.quoted($0.0)):\(SampleText.quoted($0.1))" }
    var properties = texts.filter { !$0.1.isEmpty }.map { "\(SampleText.quoted($0.0)):\(SampleText.quoted($0.1))" }
    for case (let name, let number?) in numbers { properties.append("\(SampleText.quoted(name)):\(number)") }
    written.append("\"properties\":{\(properties.joined(separator: ","))}")
    bytes.append(contentsOf: "{\(written.joined(separator: ","))}\n".utf8)
  }

  private static func needsQuotes(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
  }

  /// The sample's texts hold no control characters, so quotes and backslashes are all there is to escape.
  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { quoted.append("\\") }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }
}
