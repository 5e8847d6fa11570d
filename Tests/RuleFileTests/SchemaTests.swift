import Foundation
import RuleFile
import Testing

/// The schema says what the parser says.
@Suite struct SchemaTests {
  private func schema() throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(RuleFile.schema().utf8))
    return try #require(object as? [String: Any])
  }

  @Test func examplesOfTheRepositoryHoldUnderParserAndSchema() throws {
    let root = try schema()
    let examples = try Examples.rules() + [("full", Samples.full)]
    for (path, text) in examples {
      let result = RuleFile.parse(text, fileName: path)
      #expect(result.diagnostics.rendered == "")
      #expect(result.document != nil)
    }
    let checker = SchemaChecker(root: root)
    #expect(checker.faults(SchemaSamples.valid) == [])
    for (fault, value) in SchemaSamples.invalid { #expect(checker.faults(value) != [], "\(fault)") }
  }

  /// The parser lists the keys it knows by refusing all others: each key of the schema must not be unknown to it.
  @Test func everyKeyOfTheSchemaIsKnownToTheParser() throws {
    let definitions = try #require(try schema()["definitions"] as? [String: [String: Any]])
    let places = [
      "rule": "rules: [ { KEY: ~ } ]", "every": "rules: [ { every: { KEY: ~ } } ]",
      "when": "rules: [ { when: { KEY: ~ } } ]", "silence": "rules: [ { silence: { KEY: ~ } } ]",
      "decay": "rules: [ { every: { decay: { KEY: ~ } } } ]", "group": "groups: { g: { KEY: ~ } }",
      "score": "score: { KEY: ~ }", "filter": "ignore: [ { KEY: ~ } ]", "stage": "stages: [ { KEY: ~ } ]",
      "disqualification": "disqualify: [ { KEY: ~ } ]", "scale": "grade: [ { KEY: ~ } ]",
      "band": "grade: [ { bands: [ { KEY: ~ } ] } ]", "expectation": "expect: [ { KEY: ~ } ]",
      "matcher": "ignore: [ { where: { x: { KEY: ~ } } } ]",
    ]
    for (name, place) in places {
      let properties = try #require(definitions[name]?["properties"] as? [String: [String: Any]], "\(name)")
      #expect(!properties.isEmpty)
      #expect(definitions[name]?["additionalProperties"] as? Bool == false)
      for (key, property) in properties {
        #expect((property["description"] as? String)?.isEmpty == false)
        let text = place.replacing("KEY", with: key)
        let messages = RuleFile.parse(text, fileName: "r").diagnostics.map(\.message)
        #expect(!messages.contains { $0.contains("unknown") && $0.contains("'\(key)'") }, "\(name)/\(key)")
      }
    }
    let sections = Set(definitions.keys).subtracting(["condition", "operand"])
    #expect(sections == Set(places.keys))
  }
}

/// As much of JSON Schema as the schema uses.
private struct SchemaChecker {
  let root: [String: Any]

  func faults(_ value: Any) -> [String] { faults(value, root, "") }

  private func faults(_ value: Any, _ schema: [String: Any], _ path: String) -> [String] {
    var found: [String] = []
    if let reference = schema["$ref"] as? String, let name = reference.split(separator: "/").last {
      let definitions = root["definitions"] as? [String: [String: Any]]
      return faults(value, definitions?[String(name)] ?? ["type": "missing"], path)
    }
    let types = (schema["type"] as? [String]) ?? (schema["type"] as? String).map { [$0] }
    if let types, !types.contains(where: { isType(value, $0) }) { found.append("\(path): not \(types)") }
    if let words = schema["enum"] as? [String], !((value as? String).map(words.contains) ?? false) {
      found.append("\(path): not one of \(words)")
    }
    if let pattern = schema["pattern"] as? String, let text = value as? String,
      text.range(of: pattern, options: .regularExpression) == nil
    {
      found.append("\(path): not like \(pattern)")
    }
    if let number = value as? NSNumber {
      if let least = schema["minimum"] as? NSNumber, number.doubleValue < least.doubleValue {
        found.append("\(path): low")
      }
      if let most = schema["maximum"] as? NSNumber, number.doubleValue > most.doubleValue {
        found.append("\(path): high")
      }
    }
    for part in schema["allOf"] as? [[String: Any]] ?? [] { found += faults(value, part, path) }
    if let parts = schema["anyOf"] as? [[String: Any]], !parts.contains(where: { faults(value, $0, path).isEmpty }) {
      found.append("\(path): none of several")
    }
    if let items = schema["items"] as? [String: Any], let list = value as? [Any] {
      for (index, item) in list.enumerated() { found += faults(item, items, "\(path)/\(index)") }
    }
    guard let map = value as? [String: Any] else { return found }
    let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
    for key in schema["required"] as? [String] ?? [] where map[key] == nil { found.append("\(path): needs \(key)") }
    for (key, member) in map {
      if let property = properties[key] {
        found += faults(member, property, "\(path)/\(key)")
      } else if let others = schema["additionalProperties"] as? [String: Any] {
        found += faults(member, others, "\(path)/\(key)")
      } else if schema["additionalProperties"] as? Bool == false {
        found.append("\(path): unknown \(key)")
      }
    }
    return found
  }

  private func isType(_ value: Any, _ type: String) -> Bool {
    switch type {
    case "object": return value is [String: Any]
    case "array": return value is [Any]
    case "string": return value is String
    case "null": return value is NSNull
    case "boolean": return isBoolean(value)
    case "number": return value is NSNumber && !isBoolean(value)
    case "integer": return (value as? NSNumber).map { $0.doubleValue == $0.doubleValue.rounded() } ?? false
    default: return false
    }
  }

  private func isBoolean(_ value: Any) -> Bool {
    (value as? NSNumber).map { String(cString: $0.objCType) == "c" } ?? false
  }
}

/// Documents for the schema, as JSON reads them.
private enum SchemaSamples {
  static var valid: Any {
    read(
      """
      {"name": "x", "score": {"min": 0, "max": 200.5}, "groups": {"fit": null, "job": {"part_of": "fit", "take": "highest"}},
       "ignore": [{"event": "click", "where": {"agent": {"contains": "bot"}}}], "conversion": {"event": ["a", "b"]},
       "rules": [{"id": "a", "points": 1.5, "if": {"any": [{"x": 1}, {"y": {"in": [true, "t"]}}]},
         "every": {"event": "e", "once_per": "day", "within": "9d", "limit": 3, "decay": {"percent": 5, "every": "3d"}}},
         {"id": "b", "points": -1, "silence": {"for": "28d", "repeat": 2}}, {"id": "c", "points": 1, "when": {"at_least": 2}}],
       "stages": [{"id": "new"}, {"id": "mql", "enter": {"score": 3}, "keep": {"fit": 2}, "handoff": true}],
       "disqualify": [{"id": "no", "if": {"not": {"z": {"exists": true}}}}],
       "grade": [{"group": "fit", "bands": [{"at": 5, "label": "A"}, {"label": 1}]}],
       "expect": [{"from": "new", "to": "mql", "within": "90d", "min": 1, "max": 2}]}
      """)
  }

  static var invalid: [(String, Any)] {
    [
      ("unknown key", "{\"nmae\": \"x\"}"), ("no points", "{\"rules\": [{\"id\": \"a\"}]}"),
      ("bad id", "{\"rules\": [{\"id\": \"A b\", \"points\": 1}]}"),
      ("text as points", "{\"rules\": [{\"id\": \"a\", \"points\": \"1\"}]}"),
      ("bad duration", "{\"rules\": [{\"id\": \"a\", \"points\": 1, \"when\": {\"within\": \"0d\"}}]}"),
      ("unknown operator", "{\"disqualify\": [{\"id\": \"a\", \"if\": {\"x\": {\"eq\": 1}}}]}"),
      ("unknown word", "{\"groups\": {\"a\": {\"take\": \"max\"}}}"),
      ("percent", "{\"expect\": [{\"from\": \"a\", \"to\": \"b\", \"min\": 101}]}"),
      ("list as matcher", "{\"disqualify\": [{\"id\": \"a\", \"if\": {\"x\": [1]}}]}"),
    ].map { ($0.0, read($0.1)) }
  }

  private static func read(_ text: String) -> Any {
    (try? JSONSerialization.jsonObject(with: Data(text.utf8))) ?? NSNull()
  }
}
