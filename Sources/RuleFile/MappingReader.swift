import ScoreEngine

/// The keys of an import mapping.
enum MappingKeys {
  static let leads = Section(title: "a mapping of leads", name: "leads", keys: head + leadsOnly + tail)
  static let events = Section(title: "a mapping of events", name: "events", keys: head + eventsOnly + tail)

  static let eventType = Section(
    title: "type", name: "type",
    keys: [
      KeySpec(name: "column", shape: .text, summary: "The column with the type."),
      KeySpec(name: "prefix", shape: .text, summary: "Put before the column's text."),
      KeySpec(name: "text", shape: .text, summary: "The same type for every row."),
    ])

  private static let head = [
    KeySpec(name: "kind", shape: .choice(["leads", "events"]), summary: "What the rows are."),
    KeySpec(name: "key", shape: .texts, summary: "The column with the lead's key, or several: the first with a value."),
  ]

  static let leadsOnly = [
    KeySpec(name: "created_at", shape: .text, summary: "The column with the instant at which the lead came to be."),
    KeySpec(name: "attributes", shape: .map(.text), summary: "Attributes by name, and their columns."),
  ]

  static let eventsOnly = [
    KeySpec(name: "type", shape: .either([.text, .section(eventType)]), summary: "The column with the event's type."),
    KeySpec(name: "occurred_at", shape: .text, summary: "The column with the event's instant."),
    KeySpec(name: "id", shape: .text, summary: "The column with the source's identity of the event."),
    KeySpec(name: "properties", shape: .map(.text), summary: "Properties by name, and their columns."),
  ]

  private static let tail = [
    KeySpec(name: "others", shape: .choice(["keep", "drop"]), summary: "Columns that are named nowhere."),
    KeySpec(name: "skip", shape: .texts, summary: "Columns left out."),
    KeySpec(name: "set", shape: .map(.operand), summary: "The same value in every row."),
    KeySpec(name: "absent", shape: .texts, summary: "Texts that mean that there is no value."),
    KeySpec(name: "encoding", shape: .choice(ImportMapping.encodings), summary: "The file's encoding."),
    KeySpec(name: "delimiter", shape: .text, summary: "The character between cells, or comma, semicolon, tab, pipe."),
  ]
}

/// Reads an import mapping.
struct MappingReader {
  let fields: FieldReader
  let sink: DiagnosticSink

  static func read(_ root: SourceNode, _ sink: DiagnosticSink) -> ImportMapping? {
    guard case .map(let entries) = root.content, !entries.isEmpty else {
      let what = root.isNull ? "the file is empty" : "a mapping must be a map; this is \(root.words)"
      sink.error(root.isNull ? .start : root.position, what, hint: "it has keys such as key and created_at")
      return nil
    }
    guard let kind = kind(entries, sink) else { return nil }
    let section = kind == .leads ? MappingKeys.leads : MappingKeys.events
    let foreign = kind == .leads ? MappingKeys.eventsOnly : MappingKeys.leadsOnly
    let own = entries.filter { entry in
      guard foreign.contains(where: { $0.name == entry.name }) else { return true }
      let other = kind == .leads ? "events" : "leads"
      sink.error(
        entry.position, "'\(entry.name)' belongs in a mapping of \(other)", hint: "this one is of \(kind.rawValue)")
      return false
    }
    let node = SourceNode(position: root.position, content: .map(own))
    guard let fields = FieldReader(node, section, sink) else { return nil }
    return MappingReader(fields: fields, sink: sink).mapping(kind)
  }

  /// As `kind` says, or else by the keys that only events have.
  private static func kind(_ entries: [SourceEntry], _ sink: DiagnosticSink) -> ImportMapping.Kind? {
    if let entry = entries.first(where: { $0.name == "kind" }) {
      return Scalars.choice(entry.value, "kind", ["leads", "events"], sink).flatMap { ImportMapping.Kind(rawValue: $0) }
    }
    let names = Set(entries.map(\.name))
    return names.isDisjoint(with: ["type", "occurred_at", "properties"]) ? .leads : .events
  }

  private func mapping(_ kind: ImportMapping.Kind) -> ImportMapping {
    let renames = kind == .leads ? "attributes" : "properties"
    let mapping = ImportMapping(
      kind: kind, key: fields.texts("key") ?? [], createdAt: fields.text("created_at"),
      type: fields.node("type").flatMap(eventType), occurredAt: fields.text("occurred_at"), id: fields.text("id"),
      fields: fields.map(renames, like: "{ amount: amount_requested }").compactMap { entry in
        Scalars.text(entry.value, "the column of '\(entry.name)'", sink).map {
          ImportMapping.Field(name: entry.name, column: $0)
        }
      },
      keepsOthers: fields.choice("others") != "drop", skip: names("skip"), set: constants(), absent: names("absent"),
      encoding: encoding(), delimiter: delimiter())
    warnOfSkipped(mapping, renames)
    return mapping
  }

  /// A text or a list, which may be empty here.
  private func names(_ key: String) -> [String] {
    if case .list(let items)? = fields.node(key)?.content, items.isEmpty { return [] }
    return fields.texts(key) ?? []
  }

  private func eventType(_ node: SourceNode) -> ImportMapping.EventType? {
    if node.scalar != nil { return Scalars.text(node, "type", sink).map { .column($0, prefix: "") } }
    let hint = "write a column, { column: …, prefix: … } or { text: … }"
    guard let fields = FieldReader(node, MappingKeys.eventType, sink, hint: hint) else { return nil }
    let text = fields.text("text")
    let column = fields.text("column")
    let prefix = fields.prose("prefix")
    if fields.has("text"), fields.has("column") || fields.has("prefix") {
      sink.error(fields.keyPosition("text"), "type has either 'text' or 'column'")
    } else if !fields.has("text"), !fields.has("column") {
      sink.error(node.position, "type needs 'column' or 'text'")
    }
    return column.map { .column($0, prefix: prefix ?? "") } ?? text.map { .text($0) }
  }

  private func constants() -> [ImportMapping.Constant] {
    fields.map("set", like: "{ product: loan }").compactMap { entry in
      value(entry).map { ImportMapping.Constant(name: entry.name, value: $0) }
    }
  }

  private func value(_ entry: SourceEntry) -> Value? {
    let name = "the value of '\(entry.name)'"
    if case .list(let items) = entry.value.content {
      if items.isEmpty {
        sink.error(entry.value.position, "'\(entry.name)' has an empty list", hint: "which is no value at all")
        return nil
      }
      return .list(items.compactMap { Scalars.text($0, "an entry of '\(entry.name)'", sink) })
    }
    switch entry.value.scalar?.kind {
    case .boolean(let value): return .boolean(value)
    case .number: return Scalars.number(entry.value, name, sink).map { .number($0) }
    default: return Scalars.text(entry.value, name, sink).map { .text($0) }
    }
  }

  /// Encodings have many spellings: capitals, with or without hyphens.
  private func encoding() -> String? {
    func letters(_ name: String) -> String { name.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " } }
    let others = ["iso88591": "latin-1", "cp1252": "windows-1252", "ansi": "windows-1252", "ascii": "utf-8"]
    if let text = fields.node("encoding")?.scalar?.text {
      let name = letters(text)
      if let known = ImportMapping.encodings.first(where: { letters($0) == name }) ?? others[name] { return known }
    }
    return fields.choice("encoding")
  }

  private func delimiter() -> UInt8? {
    guard let text = fields.text("delimiter") else { return nil }
    let words = ["comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"]
    let bytes = Array((words[text] ?? text).utf8)
    let isLetter = bytes.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) }
    guard bytes.count == 1, bytes[0] < 0x80, !isLetter, !"\"\r\n".utf8.contains(bytes[0]) else {
      sink.error(
        fields.valuePosition("delimiter"),
        "delimiter must be one ASCII character, or comma, semicolon, tab or pipe; this is '\(text)'")
      return nil
    }
    return bytes[0]
  }

  private func warnOfSkipped(_ mapping: ImportMapping, _ renames: String) {
    var used = mapping.key + mapping.fields.map(\.column)
    used += [mapping.createdAt, mapping.occurredAt, mapping.id].compactMap { $0 }
    if case .column(let column, _) = mapping.type { used.append(column) }
    for column in mapping.skip where used.contains(column) {
      sink.warning(
        fields.valuePosition("skip"), "the column '\(column)' is both left out and used", hint: "it is used")
    }
  }
}
