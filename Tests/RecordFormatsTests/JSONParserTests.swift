import RecordFormats
import Testing

@Suite struct JSONParserTests {
  @Test(arguments: [
    "null", "true", "false", "0", "-0.5", "12.50", "1e5", "\"\"", "\"a\"", "[]", "{}", "[1,2,[3,{\"a\":null}]]",
    "{\"a\":1,\"b\":[true,false],\"\":\"é😎\"}", "\"\\u0000\\u001f\\n\\t\\b\\f\\r\\\"\\\\\"",
  ])
  func whatIsWrittenReadsBack(text: String) throws {
    let value = try JSONParser.parse(text)
    var writer = JSONWriter()
    writer.value(value)
    #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
    var pretty = JSONWriter(pretty: true)
    pretty.value(value)
    #expect(try JSONParser.parse(pretty.bytes) == value)
  }

  @Test func membersKeepTheirOrderAndNumbersTheirText() throws {
    let value = try JSONParser.parse(" {\"b\" : 1.50 ,\n\t\"a\":\"\\ud83d\\ude0E\\/\\u00e9\"}\r\n")
    #expect(value.objectValue?.keys == ["b", "a"])
    #expect(value["b"]?.numberValue?.text == "1.50")
    #expect(value["b"]?.numberValue?.double == 1.5)
    #expect(value["a"]?.stringValue == "😎/é")
    #expect(value["c"] == nil)
  }

  @Test(arguments: [
    ("", 1, "ends where a value should stand"), ("  ", 3, "ends where a value should stand"),
    ("nul", 1, "cut off"), ("nulL", 1, "expected 'null'"), ("True", 1, "cannot begin with 'T'"),
    ("'a'", 1, "cannot begin with '''"), ("é", 1, "cannot begin with 'é'"), ("[1,]", 4, "comma stands before the end"),
    ("{\"a\":1,}", 8, "comma stands before the end"), ("[,1]", 2, "cannot begin with ','"),
    ("[1 2]", 4, "expected ',' or the end of the array, found '2'"), ("{a:1}", 2, "member's name in double quotes"),
    ("{\"a\" 1}", 6, "expected ':'"), ("{\"a\"}", 5, "expected ':'"), ("{\"a\":1,\"a\":2}", 8, "\"a\" stands twice"),
    ("{\"a\":1,\"\\u0061\":2}", 8, "stands twice"), ("[1", 3, "never closed"), ("{\"a\":1", 7, "never closed"),
    ("\"abc", 1, "never closed"), ("\"a\\", 1, "never closed"), ("\"\\u12", 2, "cut off"),
    ("\"\\x\"", 2, "'x' is not an escape"),
    ("\"\\u12G4\"", 2, "four hexadecimal digits"), ("\"\\ud800\"", 2, "surrogate"), ("\"\\udc00\"", 2, "surrogate"),
    ("\"\\ud800\\u0041\"", 2, "surrogate"), ("\"a\u{1}\"", 3, "control character 0x1"),
    ("\"a\tb\"", 3, "must be written"),
    ("01", 1, "cannot begin with 0"), ("-01", 1, "cannot begin with 0"), ("-", 2, "cut off"), ("+1", 1, "cannot begin"),
    (".5", 1, "cannot begin"), ("1.", 3, "cut off"), ("1.e5", 3, "expected a digit"), ("1e", 3, "cut off"),
    ("1e999", 1, "too large"), ("-1e999", 1, "too large"), ("NaN", 1, "cannot begin"), ("1 2", 3, "unexpected text"),
    ("[1]]", 4, "unexpected text"), ("{}x", 3, "unexpected text"), ("// c\n1", 1, "cannot begin with '/'"),
    ("\u{FEFF}1", 1, "cannot begin"), ("[\"ééé\" x]", 8, "expected ','"),
  ])
  func badTextsAreRefusedAtTheirColumn(text: String, column: Int, message: String) throws {
    let error = #expect(throws: JSONError.self) { try JSONParser.parse(text) }
    #expect(error?.message.contains(message) == true, "\(text): \(error?.message ?? "")")
    #expect(error?.column == column, "\(text)")
    #expect(error?.line == 1)
  }

  @Test func everyTextCutShortIsIncomplete() throws {
    let text = Array("{\"key\": [1.5e-3, true, \"a\\n\\u00e9\"], \"other\": {\"x\": null}}".utf8)
    for length in 0..<text.count {
      let error = #expect(throws: JSONError.self) { try JSONParser.parse(Array(text[..<length])) }
      #expect(error?.isIncomplete == true, "\(length): \(error?.message ?? "")")
    }
  }

  @Test func linesCount() throws {
    let error = #expect(throws: JSONError.self) { try JSONParser.parse("{\n  \"a\": tru\n}") }
    #expect(error?.line == 2)
    #expect(error?.column == 8)
  }

  @Test func invalidUTF8IsRefused() {
    #expect(throws: JSONError.self) { try JSONParser.parse([0x22, 0xE9, 0x22]) }
  }

  @Test func nestingHasALimit() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(throws: Never.self) { try JSONParser.parse(nested(JSONParser.depthLimit)) }
    let error = #expect(throws: JSONError.self) { try JSONParser.parse(nested(JSONParser.depthLimit + 1)) }
    #expect(error?.message.contains("64 deep") == true)
    #expect(throws: JSONError.self) { try JSONParser.parse(String(repeating: "[", count: 1_000_000)) }
  }

  @Test func duplicatesAreFoundAmongManyNames() throws {
    let members = (0..<1000).map { "\"k\($0)\":\($0)" }
    let object = try JSONParser.parse("{" + members.joined(separator: ",") + "}")
    #expect(object.objectValue?.count == 1000)
    for name in ["k0", "k15", "k16", "k17", "k999"] {
      let text = "{" + members.joined(separator: ",") + ",\"\(name)\":1}"
      #expect(throws: JSONError.self) { try JSONParser.parse(text) }
    }
  }

  @Test(arguments: [
    "0.1", "123456789012345", "1234567890123456", "9007199254740993", "0.000000000000000000000012",
    "1.7976931348623157e308",
    "5e-324", "2.2250738585072011e-308", "123.456", "99999999999.9999", "1e22", "1e23", "0.30000000000000004", "1e-400",
  ])
  func numbersAreTheNearestDouble(text: String) throws {
    for text in [text, "-" + text] {
      #expect(try JSONParser.parse(text).numberValue?.double == Double(text))
    }
  }
}
