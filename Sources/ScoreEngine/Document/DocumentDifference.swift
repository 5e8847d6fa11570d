/// One entry in which two rule documents differ.
public struct DocumentChange: Hashable, Sendable {
  /// The part of the document.
  public enum Section: String, CaseIterable, Hashable, Sendable {
    /// The document's own `name` and `note`.
    case document
    case conversion
    case score
    case groups
    case ignore
    case rules
    case stages
    case disqualify
    case grade
    case expect
  }

  /// What happened to the entry.
  public enum Kind: String, Hashable, Sendable {
    case added
    case removed
    case changed
    /// The section's entries that both documents have stand in another order.
    case reordered
  }

  /// One field before and after; nil where it is not set.
  public struct Field: Hashable, Sendable {
    /// The path within the entry, such as `every/limit`; empty where the entry is a single value.
    public var path: String
    public var before: String?
    public var after: String?

    /// A field's change.
    public init(path: String, before: String?, after: String?) {
      self.path = path
      self.before = before
      self.after = after
    }
  }

  public var section: Section
  /// The id, the group's name, the ignored filter, or the stages of an expectation; nil for sections that are one
  /// entry and for a new order.
  public var id: String?
  public var kind: Kind
  /// What an added entry sets, what a removed one set, or what changed. A new order is one field with the ids.
  public var fields: [Field]

  /// A change.
  public init(section: Section, id: String?, kind: Kind, fields: [Field]) {
    self.section = section
    self.id = id
    self.kind = kind
    self.fields = fields
  }
}

extension RuleDocument {
  /// The entries in which two documents differ, section by section, removed ones before added ones. Empty exactly when
  /// both have the same ``canonicalText``.
  public static func differences(from old: RuleDocument, to new: RuleDocument) -> [DocumentChange] {
    let before = old.entriesBySection
    let after = new.entriesBySection
    return DocumentChange.Section.allCases.flatMap { section in
      differences(in: section, from: before[section] ?? [], to: after[section] ?? [])
    }
  }

  /// One entry of a section with its fields.
  private struct Entry {
    let id: String?
    var fields: [OutlineField]
  }

  private var entriesBySection: [DocumentChange.Section: [Entry]] {
    var sections: [DocumentChange.Section: [Entry]] = [:]
    for field in outline {
      let section = DocumentChange.Section(rawValue: field.components[0]) ?? .document
      let id: String?
      switch section {
      case .document, .conversion, .score: id = nil
      // A filter has no name but what it says.
      case .ignore: id = field.value
      default: id = field.components.count > 1 ? field.components[1] : nil
      }
      // An ignored filter is one field, so a second one with the same text is a second entry.
      if section != .ignore, let last = sections[section]?.indices.last, sections[section]?[last].id == id {
        sections[section]?[last].fields.append(field)
      } else {
        sections[section, default: []].append(Entry(id: id, fields: [field]))
      }
    }
    return sections
  }

  private static func differences(
    in section: DocumentChange.Section, from old: [Entry], to new: [Entry]
  ) -> [DocumentChange] {
    let oldByKey = keyed(old, section)
    let newByKey = keyed(new, section)
    let oldKeys = Dictionary(uniqueKeysWithValues: oldByKey.map { ($0.key, $0.entry) })
    let newKeys = Dictionary(uniqueKeysWithValues: newByKey.map { ($0.key, $0.entry) })
    var changes: [DocumentChange] = []
    // The document itself is neither added nor removed.
    let added = section == .document ? DocumentChange.Kind.changed : .added
    let removed = section == .document ? DocumentChange.Kind.changed : .removed
    for (key, entry) in oldByKey where newKeys[key] == nil {
      let fields = shown(entry, section).map { DocumentChange.Field(path: $0.path, before: $0.value, after: nil) }
      changes.append(DocumentChange(section: section, id: entry.id, kind: removed, fields: fields))
    }
    for (key, entry) in newByKey {
      guard let earlier = oldKeys[key] else {
        let fields = shown(entry, section).map { DocumentChange.Field(path: $0.path, before: nil, after: $0.value) }
        changes.append(DocumentChange(section: section, id: entry.id, kind: added, fields: fields))
        continue
      }
      let fields = changedFields(from: shown(earlier, section), to: shown(entry, section))
      if !fields.isEmpty {
        changes.append(DocumentChange(section: section, id: entry.id, kind: .changed, fields: fields))
      }
    }
    let keptBefore = oldByKey.filter { newKeys[$0.key] != nil }
    let keptAfter = newByKey.filter { oldKeys[$0.key] != nil }
    if keptBefore.map(\.key) != keptAfter.map(\.key) {
      let order = DocumentChange.Field(
        path: "", before: keptBefore.map { $0.entry.id ?? "" }.joined(separator: ", "),
        after: keptAfter.map { $0.entry.id ?? "" }.joined(separator: ", "))
      changes.append(DocumentChange(section: section, id: nil, kind: .reordered, fields: [order]))
    }
    return changes
  }

  /// Entries under the key that pairs them: their id, or what an ignored filter means, numbered where it repeats.
  private static func keyed(_ entries: [Entry], _ section: DocumentChange.Section) -> [(key: String, entry: Entry)] {
    var counts: [String: Int] = [:]
    return entries.map { entry in
      let name = section == .ignore ? entry.fields[0].canonical : entry.id ?? ""
      let number = counts[name, default: 0]
      counts[name] = number + 1
      return ("\(name)#\(number)", entry)
    }
  }

  private struct ShownField {
    let path: String
    let value: String
    let canonical: String
  }

  /// The fields of an entry under their paths within it.
  private static func shown(_ entry: Entry, _ section: DocumentChange.Section) -> [ShownField] {
    if section == .ignore { return [] }
    let depth =
      switch section {
      case .document: 0
      case .conversion, .score: 1
      default: 2
      }
    return entry.fields.compactMap { field in
      let rest = field.components.dropFirst(depth)
      // `{}` stands for an entry without fields.
      if rest.isEmpty, field.value == "{}", depth == 2 { return nil }
      return ShownField(
        path: rest.map(CanonicalWriter.word).joined(separator: "/"), value: field.value, canonical: field.canonical)
    }
  }

  private static func changedFields(from old: [ShownField], to new: [ShownField]) -> [DocumentChange.Field] {
    var fields: [DocumentChange.Field] = []
    for field in old {
      let later = new.first { $0.path == field.path }
      if later?.canonical != field.canonical {
        fields.append(DocumentChange.Field(path: field.path, before: field.value, after: later?.value))
      }
    }
    for field in new where !old.contains(where: { $0.path == field.path }) {
      fields.append(DocumentChange.Field(path: field.path, before: nil, after: field.value))
    }
    return fields
  }
}
