import RecordFormats
import Testing

@Suite struct CSVWriterTests {
  private func written(_ cells: [String], _ writer: CSVWriter = CSVWriter()) -> String {
    var writer = writer
    writer.record(cells)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  @Test func cellsAreQuotedWhereTheyMustBe() {
    #expect(written(["a", "b c", ""]) == "a,b c,\n")
    let cells = ["a,b", "say \"hi\"", "two\nlines", "r\r"]
    #expect(written(cells) == "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"r\r\"\n")
    #expect(written(["a,b", "c;d"], CSVWriter(delimiter: UInt8(ascii: ";"), lineEnd: .crlf)) == "a,b;\"c;d\"\r\n")
    #expect(written([""]) == "\"\"\n")
    #expect(written(["", ""]) == ",\n")
  }

  @Test(arguments: [
    ("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("+cmd", "'+cmd"), ("-", "'-"), ("-1+2", "'-1+2"), ("\tx", "'\tx"),
    ("\r=x", "\"'\r=x\""), ("=a,b", "\"'=a,b\""), ("-12.5", "-12.5"), ("+3", "+3"), ("-1e5", "-1e5"),
    ("-1e+5", "-1e+5"),
    ("-1.", "'-1."), ("-.5", "'-.5"), ("-1e", "'-1e"), ("a=b", "a=b"), ("", ""), ("--1", "'--1"),
  ])
  func formulasAreDisarmed(cell: String, expected: String) {
    #expect(written([cell, "x"], CSVWriter(protectsFormulas: true)) == expected + ",x\n")
  }

  @Test func whatIsWrittenReadsBack() throws {
    let cells = everyText(over: Array("a,\"\n\r".utf8), upTo: 3).map { String(decoding: $0, as: UTF8.self) }
    for first in cells {
      for second in cells {
        let outcome = try CSVOutcome.ofReader(Array(written([first, second]).utf8))
        if outcome.records.map(\.cells) != [[first, second]] { Issue.record("\([first, second])") }
      }
      #expect(try CSVOutcome.ofReader(Array(written([first]).utf8)).records.map(\.cells) == [[first]])
    }
  }

  @Test func memoryCanBeTakenOutBetweenRecords() {
    var writer = CSVWriter()
    writer.record(["a", "b"])
    writer.removeAll()
    writer.record([""])
    #expect(String(decoding: writer.bytes, as: UTF8.self) == "\"\"\n")
  }
}
