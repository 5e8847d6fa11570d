import RecordFormats
import Testing

@Suite struct JSONWriterTests {
  private func written(_ write: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter()
    write(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  @Test func commasAndColonsComeByThemselves() {
    let text = written {
      $0.beginObject()
      $0.key("a")
      $0.beginArray()
      $0.integer(1)
      $0.null()
      $0.beginObject()
      $0.endObject()
      $0.endArray()
      $0.key("b")
      $0.bool(true)
      $0.endObject()
      $0.endLine()
      $0.beginArray()
      $0.endArray()
    }
    #expect(text == "{\"a\":[1,null,{}],\"b\":true}\n[]")
  }

  @Test func prettyOutputHasAnElementALine() throws {
    var writer = JSONWriter(pretty: true)
    writer.value(try JSONParser.parse("{\"a\":[1,{}],\"b\":[]}"))
    let expected = """
      {
        "a": [
          1,
          {}
        ],
        "b": []
      }
      """
    #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
  }

  @Test(arguments: [
    (0.0, "0"), (-0.0, "0"), (3.0, "3"), (-12.5, "-12.5"), (0.1, "0.1"), (123_456_789_012_345, "123456789012345"),
    (999_999_999_999_999, "999999999999999"), (.infinity, "null"), (.nan, "null"), (1e15, "1000000000000000"),
  ])
  func numbersAreShort(double: Double, expected: String) {
    #expect(written { $0.number(double) } == expected)
  }

  @Test(arguments: [1e16, 1.5e300, .leastNonzeroMagnitude, 1e-5, .pi, 9_007_199_254_740_992, .greatestFiniteMagnitude])
  func numbersReadBack(double: Double) throws {
    #expect(try JSONParser.parse(written { $0.number(double) }).numberValue?.double == double)
    #expect(JSONNumber(double)?.double == double)
  }

  @Test(arguments: [
    (4500, "45"), (4550, "45.5"), (4505, "45.05"), (-5, "-0.05"), (-50, "-0.5"), (0, "0"), (-100, "-1"), (99, "0.99"),
    (Int64.max, "92233720368547758.07"), (.min, "-92233720368547758.08"),
  ])
  func hundredthsAreDecimals(hundredths: Int64, expected: String) {
    #expect(written { $0.hundredths(hundredths) } == expected)
  }

  @Test func textsAreEscaped() throws {
    #expect(written { $0.string("a\"\\/\n\t\u{1}\u{7F}é😎") } == "\"a\\\"\\\\/\\n\\t\\u0001\\u007fé😎\"")
    let everything = String((0..<0x250).compactMap { Unicode.Scalar($0).map(Character.init) })
    #expect(try JSONParser.parse(written { $0.string(everything) }).stringValue == everything)
  }

  @Test func longOutputCanGoPieceByPiece() {
    var writer = JSONWriter()
    var text = ""
    writer.beginArray()
    for number in 0..<3 {
      writer.integer(Int64(number))
      text += String(decoding: writer.bytes, as: UTF8.self)
      writer.removeAll()
    }
    writer.endArray()
    #expect(text + String(decoding: writer.bytes, as: UTF8.self) == "[0,1,2]")
  }
}
