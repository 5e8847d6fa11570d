import RecordFormats
import Testing

@Suite struct CSVReaderTests {
  static let alphabet = Array("a,\"\n\r".utf8)

  @Test func everySmallTextReadsAsTheObviousParserReadsIt() throws {
    for bytes in everyText(over: Self.alphabet, upTo: 6) {
      let expected = CSVOutcome.ofOracle(bytes)
      let whole = try CSVOutcome.ofReader(bytes)
      if whole != expected { Issue.record("\(String(decoding: bytes, as: UTF8.self).debugDescription)") }
    }
  }

  @Test func everySmallTextReadsTheSameInEveryChunkSize() throws {
    for bytes in everyText(over: Self.alphabet, upTo: 6) {
      let whole = try CSVOutcome.ofReader(bytes)
      for chunk in 1..<max(2, bytes.count) {
        let pieces = try CSVOutcome.ofReader(bytes, chunk: chunk)
        if pieces != whole { Issue.record("\(String(decoding: bytes, as: UTF8.self).debugDescription) by \(chunk)") }
      }
    }
  }

  /// Words of eight bytes begin and end at every place of these; the alphabet leans on what the scan must not miss.
  @Test func longRandomTextsReadAsTheObviousParserReadsThem() throws {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let alphabet = Array("aaaaaaaaaabbbbbbcccccc-+#!éß,,,\n\r\"\u{0B}\u{0C}".utf8)
    for _ in 0..<4000 {
      var bytes: [UInt8] = []
      for _ in 0..<random(60) {
        switch random(6) {
        case 0: bytes += Array("\"x,\r\ny\"\"z\",".utf8)
        case 1: bytes += Array("näher".utf8)
        default:
          let byte = alphabet[random(alphabet.count)]
          if byte < 0x80 { bytes.append(byte) }
        }
      }
      let expected = CSVOutcome.ofOracle(bytes)
      #expect(try CSVOutcome.ofReader(bytes) == expected)
      #expect(try CSVOutcome.ofReader(bytes, chunk: 1 + random(9)) == expected)
    }
  }

  @Test(arguments: [
    ("a;b;c\n1,5;2;3", UInt8(ascii: ";")),
    ("a\tb\n", UInt8(ascii: "\t")),
    ("a|b|c,d\n", UInt8(ascii: "|")),
    ("a,b;c\n", UInt8(ascii: ",")),
    ("\"a;b;c;\"\"d\"\"; \",e\nx;y;z;w\n", UInt8(ascii: ",")),
    ("single\n", UInt8(ascii: ",")),
    ("", UInt8(ascii: ",")),
  ])
  func theDelimiterIsFoundInTheFirstRecord(text: String, delimiter: UInt8) throws {
    for chunk in [1, 3, 1000] {
      let reader = CSVReader(source: MemoryByteSource(text, chunk: chunk))
      #expect(reader.delimiter == nil)
      let hasRecord = try reader.next()
      #expect(hasRecord == !text.isEmpty)
      #expect(reader.delimiter == (hasRecord ? delimiter : nil))
    }
  }

  @Test func faultsNameTheirLineAndStay() throws {
    let reader = CSVReader(source: MemoryByteSource("a,b\n1,\"x\ny\"\n2,\"open\n3,4\n"))
    #expect(try reader.next())
    #expect(try reader.next())
    #expect(reader.line == 2)
    for _ in 0..<2 {
      let error = #expect(throws: CSVError.self) { try reader.next() }
      #expect(error?.kind == .unterminatedQuote)
      #expect(error?.line == 4)
    }
    #expect(reader.fieldCount == 0)
  }

  @Test func aBareQuoteCostsItsLineAlone() throws {
    let reader = CSVReader(source: MemoryByteSource("1,it\"s,3\r\n4,5,6"))
    #expect(try reader.next())
    #expect(reader.problem?.line == 1)
    #expect(reader.problem?.message.contains("cell 2") == true)
    #expect(String(decoding: reader.rawRecord, as: UTF8.self) == "1,it\"s,3")
    #expect(try reader.next())
    #expect(reader.problem == nil)
    #expect(reader.line == 2)
    #expect(reader.string(2) == "6")
    #expect(reader.string(3) == "")
    #expect(reader.string(-1) == "")
    #expect(try !reader.next())
  }

  @Test func aRecordMayBeAsLongAsTheLimitAndNoLonger() throws {
    for chunk in [1, 7, 10_000] {
      let fits = CSVReader(source: MemoryByteSource("abcdefgh\r\n12345678", chunk: chunk), maxRecordBytes: 8)
      #expect(try fits.next())
      #expect(try fits.next())
      #expect(try !fits.next())
      let exceeds = CSVReader(source: MemoryByteSource("a\n\"2345\n78\"\n", chunk: chunk), maxRecordBytes: 8)
      #expect(try exceeds.next())
      let error = #expect(throws: CSVError.self) { try exceeds.next() }
      #expect(error?.kind == .recordTooLong)
      #expect(error?.line == 2)
    }
  }

  @Test func recordsLongerThanTheBufferAreWhole() throws {
    let long = String(repeating: "ä\"\"b", count: 300_000)
    let text = "x,\"\(long)\",y\nshort,row,z\n"
    let reader = CSVReader(source: MemoryByteSource(text, chunk: 50_000), delimiter: UInt8(ascii: ","))
    #expect(try reader.next())
    #expect(reader.fieldCount == 3)
    #expect(reader.string(1) == String(repeating: "ä\"b", count: 300_000))
    #expect(try reader.next())
    #expect(reader.string(0) == "short")
  }

  @Test func tooManyCellsAreRefused() throws {
    let most = String(repeating: ",", count: CSVReader.maxCells - 1)
    let reader = CSVReader(source: MemoryByteSource(most + "\n" + most + ",\n"))
    #expect(try reader.next())
    #expect(reader.fieldCount == CSVReader.maxCells)
    #expect(throws: CSVError.self) { try reader.next() }
  }

  @Test func bytesThatAreNotUTF8AreRefusedWithTheWayOut() throws {
    let bytes = Array("a,b\nfine,\"two\nlines\"\nx,\"\n".utf8) + Array("Caf".utf8) + [0xE9] + Array("\"\n".utf8)
    for chunk in [1, 1000] {
      let reader = CSVReader(source: MemoryByteSource(bytes, chunk: chunk))
      #expect(try reader.next())
      #expect(try reader.next())
      let error = #expect(throws: CSVError.self) { try reader.next() }
      #expect(error?.kind == .invalidUTF8)
      #expect(error?.line == 5)
      #expect(error?.message.contains("0xE9 at column 4") == true)
      #expect(error?.message.contains("--encoding windows-1252") == true)
    }
  }

  /// Against the standard library, which repairs what is invalid: every sequence of bytes at the borders of the rules.
  @Test func everyShortSequenceIsJudgedAsTheStandardLibraryJudgesIt() throws {
    let borders: [UInt8] = [
      0x61, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF,
    ]
    for bytes in everyText(over: borders, upTo: 4) where !bytes.isEmpty {
      let isValid = String(validating: bytes, as: UTF8.self) != nil
      let outcome = try CSVOutcome.ofReader(bytes)
      if (outcome.fault == nil) != isValid { Issue.record("\(bytes)") }
    }
  }
}
