import RecordFormats
import Testing

@Suite struct StreamingTests {
  @Test func csvRecordsComeAsSoonAsTheyHaveArrived() throws {
    let pipe = try TestPipe()
    let reader = CSVReader(source: pipe.source)
    #expect(!pipe.source.pollReadable(timeoutMilliseconds: 0))
    pipe.send("a,b\n1,2\r3,\"x\ny")
    #expect(pipe.source.pollReadable(timeoutMilliseconds: 0))
    #expect(!reader.hasBufferedRecord)
    #expect(try reader.next())
    #expect(reader.hasBufferedRecord)
    #expect(try reader.next())
    #expect(reader.string(1) == "2")
    #expect(!reader.hasBufferedRecord, "a line end within quotes ends nothing")
    pipe.send("\"\r")
    #expect(try reader.next(), "a CR ends the record although an LF may follow")
    #expect(reader.string(1) == "x\ny")
    #expect(!reader.hasBufferedRecord)
    pipe.send("\n5,6\n")
    #expect(try reader.next())
    #expect(reader.line == 5)
    #expect(reader.string(0) == "5")
    pipe.send("7")
    pipe.finish()
    #expect(try reader.next())
    #expect(reader.string(0) == "7")
    #expect(try !reader.next())
  }

  @Test func textIsPassedOnAsItArrives() throws {
    let pipe = try TestPipe()
    pipe.send("a\n")
    let source = try openTextOfPipe(pipe)
    let reader = LineReader(source: source)
    #expect(try reader.next())
    #expect(!source.pollReadable(timeoutMilliseconds: 0))
    pipe.send("b\nc\nd")
    #expect(source.pollReadable(timeoutMilliseconds: 0))
    #expect(try reader.next())
    #expect(reader.hasBufferedRecord)
    #expect(try reader.next())
    #expect(!reader.hasBufferedRecord)
    pipe.finish()
    #expect(try reader.next())
    #expect(String(decoding: reader.line, as: UTF8.self) == "d")
    #expect(try !reader.next())
  }

  @Test func jsonLinesComeAsSoonAsTheyHaveArrived() throws {
    let pipe = try TestPipe()
    let reader = JSONRecordReader(source: pipe.source)
    pipe.send("{\"a\":1}\n{\"a\":2}\n{\"a\"")
    #expect(try reader.next())
    #expect(reader.hasBufferedRecord)
    #expect(try reader.next())
    #expect(!reader.hasBufferedRecord)
    pipe.send(":3}\n")
    #expect(try reader.next())
    #expect(reader.line == 3)
    pipe.finish()
    #expect(try !reader.next())
  }

  @Test func elementsOfAnArrayComeAsSoonAsTheyHaveArrived() throws {
    let pipe = try TestPipe()
    let reader = JSONRecordReader(source: pipe.source)
    pipe.send("[{\"a\":[1,2]},\n {\"a\":\"]}\"}, {")
    #expect(try reader.next())
    #expect(reader.hasBufferedRecord)
    #expect(try reader.next())
    #expect(!reader.hasBufferedRecord)
    pipe.send("}]")
    #expect(try reader.next())
    pipe.finish()
    #expect(try !reader.next())
  }

  @Test func aSpoiledRecordIsWholeWithItsLine() throws {
    let pipe = try TestPipe()
    let reader = CSVReader(source: pipe.source)
    pipe.send("a,b\n1,x\"y\n2,\"p\"\"q\",")
    #expect(try reader.next())
    #expect(reader.hasBufferedRecord, "a quote within a cell opens none")
    #expect(try reader.next())
    #expect(reader.problem != nil)
    #expect(!reader.hasBufferedRecord)
    pipe.send("\n")
    #expect(try reader.fetch(timeoutMilliseconds: -1))
    #expect(reader.hasBufferedRecord)
    #expect(try reader.next())
    #expect(reader.string(1) == "p\"q")
    pipe.send("3,\"z\"")
    #expect(try reader.fetch(timeoutMilliseconds: -1))
    #expect(!reader.hasBufferedRecord, "the last quote may be doubled yet")
    pipe.send("z")
    #expect(try reader.fetch(timeoutMilliseconds: -1))
    #expect(reader.hasBufferedRecord, "nothing more is needed to refuse it")
    #expect(throws: CSVError.self) { try reader.next() }
  }

  @Test func waitingTakesNoRecord() throws {
    let pipe = try TestPipe()
    let reader = JSONRecordReader(source: pipe.source)
    #expect(try !reader.fetch(timeoutMilliseconds: 0))
    pipe.send("1\n\n \n")
    #expect(try reader.fetch(timeoutMilliseconds: -1))
    #expect(reader.hasBufferedRecord)
    #expect(try reader.next())
    reader.passBlankLines()
    #expect(!reader.hasBufferedRecord, "blank lines are no records")
    pipe.send("2\n \n")
    #expect(try reader.fetch(timeoutMilliseconds: -1))
    reader.passBlankLines()
    #expect(reader.hasBufferedRecord)
    #expect(try reader.next())
    #expect(reader.line == 4)
    reader.passBlankLines()
    #expect(!reader.hasBufferedRecord && !reader.sourceEnded)
    pipe.send("3")
    #expect(try reader.fetch(timeoutMilliseconds: -1))
    #expect(!reader.hasBufferedRecord)
    pipe.finish()
    #expect(try reader.fetch(timeoutMilliseconds: -1))
    #expect(reader.hasBufferedRecord && reader.sourceEnded)
    #expect(try reader.next())
    #expect(reader.line == 6)
    #expect(try !reader.next())
  }

  @Test func theEndOfAnArrayIsNoRecord() throws {
    let pipe = try TestPipe()
    let reader = JSONRecordReader(source: pipe.source)
    pipe.send("[1, 2 ]")
    #expect(try reader.fetch(timeoutMilliseconds: -1))
    #expect(try reader.next())
    #expect(reader.hasBufferedRecord)
    #expect(try reader.next())
    #expect(!reader.hasBufferedRecord)
    pipe.finish()
    #expect(try reader.fetch(timeoutMilliseconds: -1))
    #expect(try !reader.next())
  }

  private func openTextOfPipe(_ pipe: TestPipe) throws -> any ByteSource {
    try textSource(from: pipe.source, path: "pipe")
  }
}
