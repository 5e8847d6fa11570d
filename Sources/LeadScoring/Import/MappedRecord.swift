internal import LeadStore
internal import RecordFormats
internal import RuleFile
internal import ScoreEngine

/// Records of JSON Lines in a form of somebody's own, by a mapping of columns: the members of a record are its columns,
/// those of an object in it have names with dots.
struct MappedRecord {
  private let mapping: ImportMapping
  private let keys: [String]
  private let isAbsent: (String) -> Bool

  /// Nil where neither a mapping nor a key is given: then records have the program's own form.
  init?(_ options: ImportOptions, kind: ImportMapping.Kind) {
    guard options.mapping != nil || options.key != nil else { return nil }
    let mapping = options.mapping ?? ImportMapping(kind: kind)
    self.mapping = mapping
    let named = options.key.map { [$0] } ?? mapping.key
    keys = named.isEmpty ? ["key", "email"] : named.map(MappedRecord.normalized)
    let absent = Set(mapping.absent.map { FoldedText(NormalizedText.trimmed($0)).bytes })
    isAbsent = { text in
      let trimmed = NormalizedText.trimmed(text)
      return trimmed.isEmpty || (!absent.isEmpty && absent.contains(FoldedText(trimmed).bytes))
    }
  }

  /// The record in the program's own form.
  ///
  /// - Throws: ``RowProblem`` where something that is needed is missing.
  func record(_ object: JSONObject) throws -> JSONObject {
    var columns = PresetFields()
    for member in object.members { try flatten(member.value, member.key, into: &columns) }
    var used = Set(mapping.skip.map(MappedRecord.normalized))
    func value(_ column: String) -> JSONValue? {
      guard let value = columns[MappedRecord.normalized(column)], !value.isNull else { return nil }
      if case .string(let text) = value, isAbsent(text) { return nil }
      return value
    }
    func taken(_ column: String) -> JSONValue? {
      used.insert(MappedRecord.normalized(column))
      return value(column)
    }

    guard let key = keys.lazy.compactMap({ value($0) }).first else {
      throw RowProblem("no key: \(keys.map { "\"\($0)\"" }.joined(separator: ", ")) is missing or empty")
    }
    // As in CSV: an address is worth having as an attribute too; any other single key is not.
    if mapping.kind == .events || (keys.count == 1 && keys[0].lowercased() != "email") { used.formUnion(keys) }
    var record = JSONObject([JSONObject.Member(key: "key", value: key)])
    switch mapping.kind {
    case .leads:
      let column = mapping.createdAt ?? "created_at"
      record["created_at"] = try PresetValue.instant(taken(column), column).map { .string($0) }
    case .events:
      record["type"] = .string(try type(taken))
      let column = mapping.occurredAt ?? "occurred_at"
      guard let occurredAt = try PresetValue.instant(taken(column), column) else {
        throw RowProblem("no \"\(column)\", which is to hold the instant")
      }
      record["occurred_at"] = .string(occurredAt)
      if let column = mapping.id ?? (mapping.fields.isEmpty && mapping.keepsOthers ? "id" : nil) {
        record["id"] = taken(column)
      }
    }
    var fields = PresetFields()
    for field in mapping.fields {
      if let value = taken(field.column) { try fields.set(field.name, value) }
    }
    if mapping.keepsOthers {
      for member in columns.members where !used.contains(member.name) && fields[member.name] == nil {
        if let value = value(member.name) { try fields.set(member.name, value) }
      }
    }
    for constant in mapping.set {
      var writer = JSONWriter()
      constant.value.write(to: &writer)
      if let value = try? JSONParser.parse(writer.bytes) { try fields.set(constant.name, value) }
    }
    record[mapping.kind == .leads ? "attributes" : "properties"] = .object(
      JSONObject(fields.members.map { JSONObject.Member(key: $0.name, value: $0.value) }))
    return record
  }

  private func type(_ taken: (String) -> JSONValue?) throws -> String {
    switch mapping.type {
    case .text(let text): return text
    case .column(let column, let prefix):
      guard let value = taken(column) else { throw RowProblem("no \"\(column)\", which is to hold the type") }
      return prefix + (value.stringValue ?? value.numberValue?.text ?? "")
    case nil:
      guard let text = taken("type")?.stringValue else { throw RowProblem("no \"type\"") }
      return text
    }
  }

  private func flatten(_ value: JSONValue, _ name: String, into columns: inout PresetFields) throws {
    guard case .object(let object) = value else { return try columns.set(name, value) }
    for member in object.members { try flatten(member.value, "\(name).\(member.key)", into: &columns) }
  }

  private static func normalized(_ name: String) -> String { NormalizedText.trimmed(name).nfc }
}
