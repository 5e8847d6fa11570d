import RecordFormats
import Testing

/// The collection `sineemore/csv-test-data`, read from beside the checkout.
@Suite(.enabled(if: sharedData("csv-test-data") != nil, "needs shared/data/csv-test-data beside the checkout"))
struct CSVConformanceTests {
  static let folder = sharedData("csv-test-data") ?? ""
  static let names = fileNames(in: folder + "/csv").map { String($0.dropLast(4)) }
  static let header = ["foo", "bar", "baz"]

  private func reader(_ name: String) throws -> CSVReader {
    CSVReader(source: try openText(path: "\(Self.folder)/csv/\(name).csv"))
  }

  private func cells(_ reader: CSVReader) -> [String] {
    (0..<reader.fieldCount).map { reader.string($0) }
  }

  @Test func theCollectionIsThere() {
    #expect(Self.names.count >= 24)
  }

  @Test(arguments: names.filter { !$0.hasPrefix("bad-") })
  func validFilesGiveTheirJSON(name: String) throws {
    let reader = try reader(name)
    let expected = try JSONParser.parse(readAll(FileByteSource(path: "\(Self.folder)/json/\(name).json")))
    var rows: [JSONValue] = []
    if name.hasPrefix("header-") {
      let header = try CSVHeader(reading: reader)
      #expect(header.names == Self.header)
      while try reader.next() {
        #expect(header.problem(in: reader) == nil)
        let members = zip(header.names, cells(reader)).map { JSONObject.Member(key: $0, value: .string($1)) }
        rows.append(.object(JSONObject(members)))
      }
    } else {
      while try reader.next() {
        #expect(reader.problem == nil)
        rows.append(.array(cells(reader).map { .string($0) }))
      }
    }
    #expect(JSONValue.array(rows) == expected)
  }

  @Test(arguments: names.filter { $0.hasPrefix("bad-") })
  func badFilesAreDiagnosedWithALine(name: String) throws {
    let lines: [String: Int] = [
      "bad-header-less-fields": 2, "bad-header-more-fields": 2, "bad-header-no-header": 1,
      "bad-header-wrong-header": 1, "bad-missing-quote": 2, "bad-quotes-with-unescaped-quote": 2,
      "bad-unescaped-quote": 2,
    ]
    #expect(try diagnosis(name) == lines[name] ?? 0, "a line for every bad file")
  }

  /// The line of the first fault.
  private func diagnosis(_ name: String) throws -> Int? {
    do {
      let reader = try reader(name)
      let header = try CSVHeader(reading: reader)
      try header.require(Self.header)
      while try reader.next() {
        if let problem = header.problem(in: reader) { return problem.line }
      }
      return nil
    } catch let error as CSVError {
      return error.line
    }
  }
}
