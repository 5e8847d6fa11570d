import RecordFormats
import Testing

@Suite struct JSONRecordReaderTests {
  /// Each record as `line:json` or `line:!`, and at the end the fault, if any.
  private func records(_ text: String, chunk: Int = .max) throws -> [String] {
    let reader = JSONRecordReader(source: MemoryByteSource(text, chunk: chunk))
    var found: [String] = []
    do {
      while try reader.next() {
        switch reader.result {
        case .success(let value):
          var writer = JSONWriter()
          writer.value(value)
          found.append("\(reader.line):" + String(decoding: writer.bytes, as: UTF8.self))
        case .failure(let problem): found.append("\(problem.line):!")
        }
      }
    } catch let error as LineError {
      found.append("\(error.kind) \(error.line)")
    }
    return found
  }

  @Test(arguments: [
    ("{\"a\":1}\n\n  \r\n{\"a\":2}", ["1:{\"a\":1}", "4:{\"a\":2}"]),
    ("{\"a\":1}\n{\"a\":\n{\"a\":3}\n", ["1:{\"a\":1}", "2:!", "3:{\"a\":3}"]),
    ("{\"a\":\n{\"a\":2}\n", ["1:!", "2:{\"a\":2}"]),
    ("x\n1\n", ["1:!", "2:1"]),
    ("", []), ("\n\n", []), ("{}", ["1:{}"]), ("{", ["1:!"]),
    ("[]", []), (" [ ]\n", []), ("[{\"a\":1},{\"b\":\"],}\"}]", ["1:{\"a\":1}", "1:{\"b\":\"],}\"}"]),
    ("\n[\n {\"a\":\n  1},\n {\"b\":2}\n]\n", ["3:{\"a\":1}", "5:{\"b\":2}"]),
    ("[1,\"a\\\"]\",null,[2,[]] , tru]", ["1:1", "1:\"a\\\"]\"", "1:null", "1:[2,[]]", "1:!"]),
    ("[{\"a\":x},\n{\"b\":2}]", ["1:!", "2:{\"b\":2}"]),
    ("[1,]", ["1:1", "malformedArray 1"]), ("[,1]", ["malformedArray 1"]), ("[1 2]", ["1:1", "malformedArray 1"]),
    ("[1]\n[2]", ["1:1", "malformedArray 2"]), ("[1,\n2", ["1:1", "2:2", "unfinishedValue 2"]),
    ("[1,\n{\"a\":1", ["1:1", "unfinishedValue 2"]), ("[", ["unfinishedValue 1"]),
    ("{\n  \"a\": 1\n}\n", ["1:{\"a\":1}"]),
    ("{\r\n\"a\":1}{\"b\":2}\n\n{\n}", ["1:{\"a\":1}", "2:{\"b\":2}", "4:{}"]),
    ("{\n\"a\":1,\n}\n{\"b\":2}", ["3:!", "4:{\"b\":2}"]), ("{\n\"a\":1\n", ["unfinishedValue 1"]),
    ("{\n}\n]\n{}", ["1:{}", "3:!", "4:{}"]),
  ])
  func everyLayoutIsRead(text: String, expected: [String]) throws {
    for chunk in [1, 2, 3, 1000] {
      #expect(try records(text, chunk: chunk) == expected, "\(text) by \(chunk)")
    }
  }

  @Test func theRawTextIsKept() throws {
    let reader = JSONRecordReader(source: MemoryByteSource("{\"a\": 1 x}\n"))
    #expect(try reader.next())
    #expect(String(decoding: reader.raw, as: UTF8.self) == "{\"a\": 1 x}")
    guard case .failure(let problem) = reader.result else {
      Issue.record("not refused")
      return
    }
    #expect(problem.description == "line 1, column 9: expected ',' or the end of the object, found 'x'")
  }

  @Test func valuesLongerThanTheLimitAreRefused() throws {
    for text in ["[\"0123456789\"]", "{\n\"0123456789\":1}", "\"0123456789\""] {
      let reader = JSONRecordReader(source: MemoryByteSource(text), maxRecordBytes: 10)
      #expect(throws: LineError.self) { try reader.next() }
    }
  }
}
