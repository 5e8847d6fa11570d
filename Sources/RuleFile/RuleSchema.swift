extension RuleFile {
  /// A JSON Schema (draft 7, which editors' YAML servers read) of the rule document, for completion, descriptions on
  /// hover and checking while typing. It is made from the table of keys that the parser reads.
  public static func schema() -> String {
    let writer = SchemaWriter()
    var root: [(String, SchemaValue)] = [
      ("$schema", .text("http://json-schema.org/draft-07/schema#")),
      ("title", .text("leadscore rules")),
    ]
    root += writer.members(of: KeyTable.document)
    root.append(("definitions", .object(writer.definitions)))
    return SchemaValue.object(root).json + "\n"
  }
}

/// A value of the schema; members keep their order.
private indirect enum SchemaValue {
  case text(String)
  case number(Int64)
  case flag(Bool)
  case list([SchemaValue])
  case object([(String, SchemaValue)])

  var json: String { json(indent: "") }

  private func json(indent: String) -> String {
    let inner = indent + "  "
    switch self {
    case .text(let text): return SchemaValue.quoted(text)
    case .number(let number): return String(number)
    case .flag(let flag): return String(flag)
    case .list(let items): return "[" + items.map { $0.json(indent: inner) }.joined(separator: ", ") + "]"
    case .object(let members):
      if members.isEmpty { return "{}" }
      let lines = members.map { inner + SchemaValue.quoted($0.0) + ": " + $0.1.json(indent: inner) }
      return "{\n" + lines.joined(separator: ",\n") + "\n" + indent + "}"
    }
  }

  /// The texts of the key table hold no control characters.
  private static func quoted(_ text: String) -> String {
    let escaped = text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }
    return "\"" + escaped.joined() + "\""
  }
}

private struct SchemaWriter {
  /// Sections are written once; conditions nest.
  var definitions: [(String, SchemaValue)] {
    let sections = KeyTable.allSections.filter { $0.name != KeyTable.document.name } + [KeyTable.matcher]
    return sections.map { ($0.name, SchemaValue.object(members(of: $0))) } + [
      ("condition", condition),
      ("operand", .object([("type", types("string", "number", "boolean"))])),
    ]
  }

  func members(of section: Section) -> [(String, SchemaValue)] {
    let properties = section.keys.map { key in
      let isReference = if case .section = key.shape { true } else { false }
      var members = members(of: key.shape)
      // Beside `$ref` draft 7 ignores everything else.
      if isReference || members.first?.0 == "$ref" { members = [("allOf", .list([.object(members)]))] }
      if key.mayBeEmpty { members = [("anyOf", .list([.object(members), .object([("type", .text("null"))])]))] }
      return (key.name, SchemaValue.object([("description", .text(key.summary))] + members))
    }
    var result: [(String, SchemaValue)] = [
      ("type", .text("object")), ("additionalProperties", .flag(false)), ("properties", .object(properties)),
    ]
    let required = section.keys.filter(\.isRequired).map { SchemaValue.text($0.name) }
    if !required.isEmpty { result.append(("required", .list(required))) }
    return result
  }

  private func members(of shape: Shape) -> [(String, SchemaValue)] {
    switch shape {
    case .text: [("type", types("string", "number", "boolean"))]
    case .identifier:
      [("type", types("string", "integer")), ("pattern", .text("^[a-z0-9][a-z0-9_-]*$"))]
    case .points, .number: [("type", .text("number"))]
    case .duration: [("type", .text("string")), ("pattern", .text("^0*[1-9][0-9]*[smhdw]$"))]
    case .count(let most): [("type", .text("integer")), ("minimum", .number(1)), ("maximum", .number(most))]
    case .share: [("type", .text("number")), ("minimum", .number(0)), ("maximum", .number(100))]
    case .flag: [("type", .text("boolean"))]
    case .instant: [("type", .text("string")), ("pattern", .text("^[0-9]{4}-[0-9]{2}-[0-9]{2}"))]
    case .choice(let words): [("enum", .list(words.map { .text($0) }))]
    case .operand: [("$ref", .text("#/definitions/operand"))]
    case .texts: members(of: .either([.text, .list(.text)]))
    case .condition: [("$ref", .text("#/definitions/condition"))]
    case .section(let section): [("$ref", .text("#/definitions/\(section.name)"))]
    case .list(let item): [("type", .text("array")), ("items", .object(members(of: item)))]
    case .map(let value):
      // Only a group may be empty: `fit:` declares it.
      [("type", .text("object")), ("additionalProperties", .object(members(ofEntry: value)))]
    case .either(let shapes): [("anyOf", .list(shapes.map { .object(members(of: $0)) }))]
    }
  }

  private func members(ofEntry shape: Shape) -> [(String, SchemaValue)] {
    guard case .section = shape else { return members(of: shape) }
    return [("anyOf", .list([.object(members(of: shape)), .object([("type", .text("null"))])]))]
  }

  /// Any field beside the three connectives.
  private var condition: SchemaValue {
    let reference = SchemaValue.object(members(of: .condition))
    let conditions = SchemaValue.object([
      ("type", .text("array")), ("minItems", .number(1)), ("items", reference),
    ])
    let matcher = SchemaValue.object([
      ("anyOf", .list([.object(members(of: .operand)), .object([("$ref", .text("#/definitions/matcher"))])]))
    ])
    return .object([
      ("type", .text("object")),
      (
        "properties",
        .object([
          ("all", described(conditions, "Every one of these conditions holds.")),
          ("any", described(conditions, "At least one of these conditions holds.")),
          ("not", described(reference, "This condition does not hold.")),
        ])
      ),
      ("additionalProperties", matcher),
    ])
  }

  private func described(_ schema: SchemaValue, _ summary: String) -> SchemaValue {
    .object([("description", .text(summary)), ("allOf", .list([schema]))])
  }

  private func types(_ names: String...) -> SchemaValue {
    .list(names.map { .text($0) })
  }
}
