internal import RecordFormats
internal import RuleFile
internal import ScoreEngine

/// What the columns of a CSV file are.
struct CSVColumns {
  /// A column that becomes an attribute or a property.
  struct Field {
    var column: Int
    var name: String
  }

  /// Where the type of an event comes from.
  enum TypeSource {
    case column(Int, prefix: String)
    case text(String)
  }

  /// The columns of the key; the first with a value counts.
  var key: [Int] = []
  var createdAt: Int?
  var occurredAt: Int?
  var id: Int?
  var type = TypeSource.text("")
  var fields: [Field] = []
  var constants: [ImportMapping.Constant] = []
  private var absent: Set<[UInt8]> = []
  /// What is not taken as somebody may expect, for people.
  private(set) var notes: [String] = []

  /// Reads the header of a file of leads or of events.
  ///
  /// - Throws: ``RowProblem`` where a column that is needed is missing.
  init(header: CSVHeader, kind: ImportMapping.Kind, options: ImportOptions) throws {
    let mapping = options.mapping
    let names = header.names.map { NormalizedText.trimmed($0).nfc }
    func index(_ name: String) -> Int? { names.firstIndex(of: NormalizedText.trimmed(name).nfc) }
    func needed(_ name: String, _ why: String) throws -> Int {
      if let found = index(name) { return found }
      let nearest = CSVColumns.nearest(name, names)
      throw RowProblem(
        "no column '\(name)'\(why)\(nearest.map { "; did you mean '\($0)'?" } ?? ""); the columns are "
          + CSVColumns.list(names))
    }

    let keyNames = options.key.map { [$0] } ?? mapping?.key ?? []
    if keyNames.isEmpty {
      guard let found = index("key") ?? index("email") else {
        throw RowProblem(
          "no column 'key' or 'email'; name the one with the leads' keys by --key COLUMN; the columns are "
            + CSVColumns.list(names))
      }
      key = [found]
    } else {
      key = try keyNames.map { try needed($0, ", which is to hold the key") }
    }
    // An e-mail address is worth having as an attribute too; any other single key column is not.
    var used: Set<Int> = []
    if kind == .events || (key.count == 1 && names[key[0]].lowercased() != "email") { used.formUnion(key) }

    switch kind {
    case .leads:
      createdAt = try mapping?.createdAt.map { try needed($0, ", which is to hold created_at") } ?? index("created_at")
      if let createdAt { used.insert(createdAt) }
    case .events:
      switch mapping?.type {
      case .text(let text): type = .text(text)
      case .column(let name, let prefix):
        let column = try needed(name, ", which is to hold the type")
        type = .column(column, prefix: prefix)
        used.insert(column)
      case nil:
        let column = try needed("type", "")
        type = .column(column, prefix: "")
        used.insert(column)
      }
      let column = try needed(mapping?.occurredAt ?? "occurred_at", "")
      occurredAt = column
      used.insert(column)
      id = try mapping?.id.map { try needed($0, ", which is to hold the id") } ?? (mapping == nil ? index("id") : nil)
      if let id { used.insert(id) }
    }

    for field in mapping?.fields ?? [] {
      let column = try needed(field.column, ", which is to hold '\(field.name)'")
      fields.append(Field(column: column, name: field.name))
      used.insert(column)
    }
    for name in mapping?.skip ?? [] { used.insert(try needed(name, ", which is to be left out")) }
    if mapping?.keepsOthers ?? true {
      for (column, name) in names.enumerated() where !used.contains(column) && !name.isEmpty {
        if fields.contains(where: { $0.name == name }) { continue }
        try FactLimits.checkName(name, "a column")
        fields.append(Field(column: column, name: name))
      }
      noteNearNames(kind, hasMapping: mapping != nil)
      let nameless = names.indices.filter { names[$0].isEmpty && !used.contains($0) }.map { String($0 + 1) }
      if !nameless.isEmpty {
        notes.append(
          "what stands in \(nameless.count == 1 ? "column" : "columns") \(nameless.prefix(5).joined(separator: ", "))"
            + (nameless.count > 5 ? " and \(nameless.count - 5) more" : "") + " is left out, for want of a name")
      }
    }
    constants = mapping?.set ?? []
    absent = Set((mapping?.absent ?? []).map { FoldedText(NormalizedText.trimmed($0)).bytes })
  }

  /// Notes columns that were likely meant to say more than they do under the names that they have.
  private mutating func noteNearNames(_ kind: ImportMapping.Kind, hasMapping: Bool) {
    guard !hasMapping, createdAt == nil, id == nil else { return }
    let (taken, known) = kind == .leads ? ("an attribute", ["created_at"]) : ("a property", ["id"])
    for field in fields {
      let name = field.name.lowercased().replacing(" ", with: "_")
      guard known.contains(name) else { continue }
      let meaning = kind == .leads ? "when leads were created" : "which event it is"
      notes.append("column '\(field.name)' is taken as \(taken); one called '\(name)' would say \(meaning)")
    }
  }

  /// Whether a cell says nothing: it is empty, or one of the texts that the mapping takes as no answer.
  func isAbsent(_ cell: UnsafeBufferPointer<UInt8>) -> Bool {
    if cell.isEmpty { return true }
    guard !absent.isEmpty else { return false }
    return absent.contains(FoldedText(String(decoding: NormalizedText.trimmed(cell), as: UTF8.self)).bytes)
  }

  /// Whether some texts say nothing, beside the empty one.
  var hasAbsentTexts: Bool { !absent.isEmpty }

  /// The cell that holds the key.
  func keyCell(_ reader: CSVReader) -> UnsafeBufferPointer<UInt8> {
    for column in key.dropLast() {
      let cell = reader.field(column)
      if !isAbsent(cell), !NormalizedText.trimmed(cell).isEmpty { return cell }
    }
    return key.last.map { reader.field($0) } ?? UnsafeBufferPointer(start: nil, count: 0)
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(12).map { "'\($0.prefix(40))'" }.joined(separator: ", ")
    return names.count > 12 ? shown + " and \(names.count - 12) more" : shown
  }

  private static func nearest(_ name: String, _ names: [String]) -> String? {
    let wanted = FoldedText(name).text.filter { $0.isLetter || $0.isNumber }
    return names.first { !$0.isEmpty && FoldedText($0).text.filter { $0.isLetter || $0.isNumber } == wanted }
  }
}
