import RecordFormats
import Testing

@Suite struct LineReaderTests {
  private func lines(_ text: String, chunk: Int) throws -> [String] {
    let reader = LineReader(source: MemoryByteSource(text, chunk: chunk))
    var lines: [String] = []
    while try reader.next() {
      lines.append(String(decoding: reader.line, as: UTF8.self))
      #expect(reader.lineNumber == lines.count)
    }
    return lines
  }

  @Test func everySmallTextIsCutAtItsLineEnds() throws {
    for bytes in everyText(over: Array("a\n\r".utf8), upTo: 6) {
      var expected: [String] = []
      var line: [UInt8] = []
      for byte in bytes {
        if byte == UInt8(ascii: "\n") {
          if line.last == UInt8(ascii: "\r") { line.removeLast() }
          expected.append(String(decoding: line, as: UTF8.self))
          line = []
        } else {
          line.append(byte)
        }
      }
      if !line.isEmpty { expected.append(String(decoding: line, as: UTF8.self)) }
      let text = String(decoding: bytes, as: UTF8.self)
      for chunk in [1, 2, 100] where try lines(text, chunk: chunk) != expected {
        Issue.record("\(text.debugDescription) by \(chunk)")
      }
    }
  }

  @Test func faultsNameTheirLine() throws {
    for chunk in [1, 1000] {
      let fits = LineReader(source: MemoryByteSource("12345\r\n12345", chunk: chunk), maxLineBytes: 5)
      #expect(try fits.next())
      #expect(try fits.next())
      let long = LineReader(source: MemoryByteSource("1\n123456\n", chunk: chunk), maxLineBytes: 5)
      #expect(try long.next())
      let tooLong = #expect(throws: LineError.self) { try long.next() }
      #expect(tooLong?.kind == .lineTooLong)
      #expect(tooLong?.line == 2)
      let latin = LineReader(source: MemoryByteSource([0x61, 0x0A, 0x62, 0xE9, 0x0A], chunk: chunk))
      #expect(try latin.next())
      let invalid = #expect(throws: LineError.self) { try latin.next() }
      #expect(invalid?.kind == .invalidUTF8)
      #expect(invalid?.line == 2)
    }
  }
}
