internal import RecordFormats
internal import RuleFile
internal import ScoreEngine

/// A row of a system's export, or a record of its API: values by column.
struct TableRow {
  /// Columns in their order: the name as given, the name as the tables have it, the value.
  private(set) var cells: [(name: String, folded: String, value: JSONValue)] = []
  private var positions: [String: Int] = [:]

  subscript(folded: String) -> JSONValue? { positions[folded].map { cells[$0].value } }

  var columns: Set<String> { Set(positions.keys) }

  /// Adds a cell; of two columns of one name the first counts.
  mutating func add(_ name: String, _ value: JSONValue) {
    add(name, TableLayout.folded(name), value)
  }

  mutating func add(_ name: String, _ folded: String, _ value: JSONValue) {
    guard !folded.isEmpty, positions[folded] == nil else { return }
    positions[folded] = cells.count
    cells.append((name, folded, value))
  }

  /// Adds the columns that a JSON value holds, an object or a list of `name` and `value`.
  mutating func unfold(_ value: JSONValue) {
    switch value {
    case .object(let object): for member in object.members { add(member.key, member.value) }
    case .array(let elements):
      for element in elements {
        if let name = element["name"]?.stringValue, let value = element["value"] { add(name, value) }
      }
    default: break
    }
  }
}

/// Turns rows of a system's export into rows of ours.
struct TableConverter {
  private let preset: TablePreset
  private let rows: PresetRows
  private let absent: Set<String>

  /// Columns that hold an address rather than an id.
  private static let addresses: Set<String> = ["email", "emailaddress", "recipient"]
  private static let trueTexts: Set<String> = ["1", "true", "yes", "y", "on"]
  private static let falseTexts: Set<String> = ["", "0", "false", "no", "n", "off"]

  init(_ preset: TablePreset, _ rows: PresetRows) {
    self.preset = preset
    self.rows = rows
    absent = Set(preset.absent.map { $0.lowercased() })
  }

  /// The layout of a file or record with these columns.
  func layout(_ columns: Set<String>) -> TableLayout? { preset.layouts.first { $0.fits(columns) } }

  /// Takes one row.
  ///
  /// - Throws: ``RowProblem`` where it is not understood; then nothing of it is taken.
  func take(_ given: TableRow, _ layout: TableLayout, line: Int) throws {
    var row = given
    for column in layout.unfold {
      guard let value = given[column] else { continue }
      if case .string(let text) = value {
        guard !isAbsent(text) else { continue }
        guard let parsed = try? JSONParser.parse(text) else { throw RowProblem("'\(column)' is not JSON") }
        row.unfold(parsed)
      } else {
        row.unfold(value)
      }
    }
    if let deleted = layout.deleted, try flag(row[deleted.flag], name(deleted.flag, row)) == true {
      guard let id = try id(row, layout.ids, layout), let master = try self.id(row, [deleted.mergedInto], layout) else {
        throw RowProblem("it was deleted there")
      }
      rows.join(id, to: master, reason: "merged there", line: line)
      return
    }
    guard let (keyColumn, key) = try self.key(row, layout) else {
      throw RowProblem("no key: \(layout.key.map { "'\(name($0, row))'" }.joined(separator: ", ")) is empty")
    }
    switch layout.kind {
    case .leads: try takeLead(row, layout, key, line)
    case .events: try takeEvents(row, layout, key, line)
    }
    for column in layout.ids {
      guard let other = try id(row, [column], layout) else { continue }
      rows.join(other, to: key, reason: name(column, row), line: line)
    }
    if layout.kind == .events, !TableConverter.addresses.contains(keyColumn) {
      for column in layout.address {
        guard let address = try PresetValue.key(present(row[column]), column) else { continue }
        rows.join(key, to: address, reason: "\(name(keyColumn, row)) beside \(name(column, row))", line: line)
      }
    }
  }

  private func takeLead(_ row: TableRow, _ layout: TableLayout, _ key: String, _ line: Int) throws {
    let left = Set(layout.createdAt + layout.skip + layout.unfold)
    let attributes = try fields(row, layout, without: left, type: nil)
    var createdAt: String?
    for column in layout.createdAt where createdAt == nil {
      createdAt = try PresetValue.instant(present(row[column]), name(column, row))
    }
    try rows.lead(key, createdAt: createdAt, attributes: attributes, line: line)
  }

  private func takeEvents(_ row: TableRow, _ layout: TableLayout, _ key: String, _ line: Int) throws {
    var left = Set(layout.key + layout.address + layout.id + layout.skip + layout.unfold)
    for extra in layout.extras { left.insert(extra.occurredAt) }
    let type: String
    switch layout.type {
    case .text(let text): type = text
    case .column(let column, let words, let other):
      left.insert(column)
      let word = present(row[column]).map(TableConverter.text) ?? ""
      let folded = TableLayout.folded(word)
      guard let known = words[folded] ?? (folded.isEmpty ? nil : other + folded) else {
        throw RowProblem("no type: '\(name(column, row))' is empty")
      }
      type = known
    }
    var occurredAt: String?
    for column in layout.occurredAt where occurredAt == nil {
      occurredAt = try PresetValue.instant(present(row[column]), name(column, row))
      if occurredAt != nil { left.insert(column) }
    }
    let id = try layout.id.lazy.compactMap { try PresetValue.key(present(row[$0]), $0) }.first
    let properties = try fields(row, layout, without: left, type: type)
    var extras: [(String, String)] = []
    for extra in layout.extras {
      if let flag = extra.flag, try self.flag(row[flag], name(flag, row)) != true { continue }
      if let at = try PresetValue.instant(present(row[extra.occurredAt]), name(extra.occurredAt, row)) {
        extras.append((extra.type, at))
      }
    }
    guard let occurredAt else {
      throw RowProblem("no instant: \(layout.occurredAt.map { "'\(name($0, row))'" }.joined(separator: ", ")) is empty")
    }
    try rows.event(key, type: type, occurredAt: occurredAt, id: id, properties: properties, line: line)
    for (type, at) in extras {
      try rows.event(
        key, type: type, occurredAt: at, id: id.map { "\($0):\(type)" }, properties: properties, line: line)
    }
  }

  // MARK: Fields

  private func fields(
    _ row: TableRow, _ layout: TableLayout, without left: Set<String>, type: String?
  ) throws -> PresetFields {
    let flags = Set(layout.flags)
    let renamed = type.flatMap { layout.namesByType[$0] } ?? [:]
    var fields = PresetFields()
    for cell in row.cells where !left.contains(cell.folded) {
      var name = layout.names[cell.folded] ?? cell.name
      name = renamed[name] ?? name
      guard fields[name] == nil else { continue }
      if flags.contains(cell.folded) {
        if let truth = try flag(cell.value, cell.name) { try fields.set(name, .bool(truth)) }
        continue
      }
      guard let value = present(cell.value) else { continue }
      switch value {
      case .string(let text):
        if let separator = layout.lists[cell.folded] {
          try fields.set(name, TableConverter.list(text, separator))
        } else if preset.splitsSemicolons, TableConverter.isList(text) {
          try fields.set(name, TableConverter.list(text, ";"))
        } else {
          try fields.set(name, value)
        }
      default: try PresetValue.flatten(value, name, into: &fields, rows)
      }
    }
    if type != nil { try addPath(&fields) }
    return fields
  }

  /// Rules look at paths; a page is often named by its whole address.
  private func addPath(_ fields: inout PresetFields) throws {
    if case .string(let text)? = fields["path"] {
      if let path = WebAddress.path(text) { try fields.set("path", .string(path)) }
    } else if case .string(let url)? = fields["url"], let path = WebAddress.path(url) {
      try fields.set("path", .string(path))
    }
  }

  /// Whether a text is one of several values that stand side by side, rather than prose or an address with a semicolon.
  static func isList(_ text: String) -> Bool {
    guard text.contains(";"), !text.contains("://"), !text.contains("{"), !text.contains(where: \.isNewline) else {
      return false
    }
    let parts = text.split(separator: ";", omittingEmptySubsequences: false)
    return parts.count <= 200
      && parts.allSatisfy { part in
        !part.isEmpty && part.utf8.count <= 80 && NormalizedText.trimmed(String(part)) == String(part)
      }
  }

  private static func list(_ text: String, _ separator: Character) -> JSONValue {
    .array(
      text.split(separator: separator).map { NormalizedText.trimmed(String($0)) }.filter { !$0.isEmpty }
        .map { .string($0) })
  }

  // MARK: Values

  private func isAbsent(_ text: String) -> Bool {
    let text = NormalizedText.trimmed(text)
    return text.isEmpty || absent.contains(text.lowercased())
  }

  /// The value; nil where there is none.
  private func present(_ value: JSONValue?) -> JSONValue? {
    switch value {
    case nil, .null: nil
    case .string(let text) where isAbsent(text): nil
    case let value?: value
    }
  }

  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .string(let text): text
    case .number(let number): number.text
    case .bool(let truth): truth ? "true" : "false"
    default: ""
    }
  }

  /// True or false; nil where the row has no such column.
  private func flag(_ value: JSONValue?, _ name: String) throws -> Bool? {
    guard let value else { return nil }
    if case .bool(let truth) = value { return truth }
    let text = NormalizedText.trimmed(present(value).map(TableConverter.text) ?? "").lowercased()
    if TableConverter.falseTexts.contains(text) { return false }
    if TableConverter.trueTexts.contains(text) { return true }
    throw RowProblem("'\(name)' is '\(text.prefix(40))', neither true nor false")
  }

  private func key(_ row: TableRow, _ layout: TableLayout) throws -> (column: String, key: String)? {
    for column in layout.key {
      if let key = try id(row, [column], layout) { return (column, key) }
    }
    return nil
  }

  /// The first of some columns that has an id or an address.
  private func id(_ row: TableRow, _ columns: [String], _ layout: TableLayout) throws -> String? {
    for column in columns {
      guard let text = try PresetValue.key(present(row[column]), name(column, row)) else { continue }
      if TableConverter.addresses.contains(column) { return text }
      return layout.idPrefix + (layout.completesIDs ? SalesforceID.completed(text) : text)
    }
    return nil
  }

  /// A column's name as the file has it.
  private func name(_ folded: String, _ row: TableRow) -> String {
    row.cells.first { $0.folded == folded }?.name ?? folded
  }
}

/// The ids of Salesforce records.
enum SalesforceID {
  /// An id of 15 characters, in which case counts, with the three characters that make case redundant; any other text as
  /// it is.
  static func completed(_ id: String) -> String {
    let trimmed = NormalizedText.trimmed(id)
    let bytes = Array(trimmed.utf8)
    let isID = bytes.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) }
    guard bytes.count == 15, isID else { return trimmed }
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345")
    var suffix = ""
    for start in stride(from: 0, to: 15, by: 5) {
      var bits = 0
      for offset in 0..<5 where (65...90).contains(bytes[start + offset]) { bits |= 1 << offset }
      suffix.append(letters[bits])
    }
    return trimmed + suffix
  }
}
