import RecordFormats
import Testing

@Suite struct CSVHeaderTests {
  private func fault(_ text: String, require: [String] = []) -> CSVError? {
    #expect(throws: CSVError.self) {
      try CSVHeader(reading: CSVReader(source: MemoryByteSource(text))).require(require)
    }
  }

  @Test func theHeaderIsJudged() {
    #expect(fault("")?.kind == .emptyFile)
    #expect(fault("\na,b\n")?.kind == .emptyFile)
    #expect(fault("a,b,a,c,b,a\n")?.message == "the header names a column more than once: \"a\", \"b\"")
    #expect(fault("a,b\"c\n")?.kind == .badHeader)
    #expect(fault("a,b\n", require: ["key", "b", "type"])?.message.contains("columns \"key\", \"type\"") == true)
  }

  @Test func columnsWithoutANameMayRepeat() throws {
    let header = try CSVHeader(reading: CSVReader(source: MemoryByteSource("a,,\n")))
    #expect(header.names == ["a", "", ""])
    #expect(header.index(of: "a") == 0)
    #expect(header.index(of: "b") == nil)
    #expect(header.missing(["b", "a"]) == ["b"])
  }

  @Test func rowsOfAnotherWidthAreProblems() throws {
    let reader = CSVReader(source: MemoryByteSource("a,b,c\n1,2,3,4\n\n1,2,3\n\"1\"\n"))
    let header = try CSVHeader(reading: reader)
    #expect(try reader.next())
    #expect(header.problem(in: reader)?.description == "line 2: row has 4 cells, the header 3")
    #expect(try reader.next())
    #expect(reader.isBlank)
    #expect(try reader.next())
    #expect(header.problem(in: reader) == nil)
    #expect(try reader.next())
    #expect(header.problem(in: reader)?.description == "line 5: row has 1 cell, the header 3")
  }
}
