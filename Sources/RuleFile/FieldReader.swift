import ScoreEngine

/// The fields of one map with fixed keys. Reading a field reports what is wrong with it and then gives nil, so that
/// reading goes on and finds every fault.
struct FieldReader {
  let section: Section
  let sink: DiagnosticSink
  /// Where the map begins.
  let position: Position
  private var entries: [String: SourceEntry] = [:]

  /// Nil, and reported, where the node is not a map. Reports unknown, missing and empty keys.
  init?(_ node: SourceNode, _ section: Section, _ sink: DiagnosticSink, hint: String? = nil) {
    guard case .map(let found) = node.content else {
      let keys = section.keys.prefix(3).map(\.name).joined(separator: ", ")
      sink.error(
        node.position, "\(section.title) must be a map; this is \(node.words)",
        hint: hint ?? "its keys begin with \(keys)")
      return nil
    }
    self.section = section
    self.sink = sink
    position = node.position
    // A required key that is only mistyped is not missing too.
    var meant: Set<String> = []
    for entry in found {
      guard let key = section.key(entry.name) else {
        let near = NearestWord.find(entry.name, in: section.keyNames)
        if let near { meant.insert(near) }
        sink.error(
          entry.position, "unknown key '\(entry.name)' in \(section.title)",
          hint: FieldReader.home(of: entry.name, besides: section) ?? near.map { "did you mean '\($0)'?" }
            ?? "there is \(section.keyNames.joined(separator: ", "))")
        continue
      }
      if entry.value.isNull {
        if !key.mayBeEmpty {
          sink.error(entry.position, "'\(entry.name)' has no value", hint: "give one or remove the key")
        }
        continue
      }
      entries[entry.name] = entry
    }
    for key in section.keys
    where key.isRequired && !meant.contains(key.name) && !found.contains(where: { $0.name == key.name }) {
      sink.error(node.position, "\(section.title) needs '\(key.name)'")
    }
  }

  /// Where a key that stands in the wrong place belongs; that is more likely than a slip of the fingers.
  private static func home(of name: String, besides section: Section) -> String? {
    // An import mapping has nothing to do with the sections of a rule document.
    guard KeyTable.allSections.contains(where: { $0.name == section.name }) else { return nil }
    let homes = KeyTable.allSections.filter { $0.name != section.name && $0.key(name) != nil }.map(\.title)
    return homes.isEmpty || homes.count > 3 ? nil : "it belongs in \(homes.joined(separator: " or "))"
  }

  func has(_ key: String) -> Bool { entries[key] != nil }

  /// The key's own place; the map's where the key is absent.
  func keyPosition(_ key: String) -> Position { entries[key]?.position ?? position }

  /// The value's place; the map's where the key is absent.
  func valuePosition(_ key: String) -> Position { entries[key]?.value.position ?? position }

  func node(_ key: String) -> SourceNode? { entries[key]?.value }

  // MARK: - Scalars

  func text(_ key: String) -> String? {
    node(key).flatMap { Scalars.text($0, key, sink) }
  }

  /// Free text, which may be empty.
  func prose(_ key: String) -> String? {
    node(key).flatMap { Scalars.text($0, key, sink, mayBeEmpty: true) }
  }

  func points(_ key: String) -> Points? {
    node(key).flatMap { Scalars.points($0, key, sink) }
  }

  func duration(_ key: String) -> TimeSpan? {
    node(key).flatMap { Scalars.duration($0, key, sink) }
  }

  func flag(_ key: String) -> Bool? {
    node(key).flatMap { Scalars.flag($0, key, sink) }
  }

  /// A whole number from 1 to the most that the key table allows.
  func count(_ key: String) -> Int64? {
    guard let node = node(key) else { return nil }
    var most = KeyTable.largestCount
    if case .count(let limit) = section.key(key)?.shape { most = limit }
    return Scalars.count(node, key, most: most, sink)
  }

  /// Percent, 0 to 100.
  func share(_ key: String) -> Double? {
    node(key).flatMap { Scalars.share($0, key, sink) }
  }

  /// One of the words that the key table lists.
  func choice(_ key: String) -> String? {
    guard let node = node(key), case .choice(let words) = section.key(key)?.shape else { return nil }
    return Scalars.choice(node, key, words, sink)
  }

  /// An `id`: `[a-z0-9][a-z0-9_-]*`.
  func identifier() -> String? {
    guard let node = node("id"), let text = Scalars.text(node, "id", sink) else { return nil }
    func isFirst(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }
    let bytes = Array(text.utf8)
    if let first = bytes.first, isFirst(first), bytes.allSatisfy({ isFirst($0) || $0 == 45 || $0 == 95 }) {
      return text
    }
    sink.error(
      node.position,
      "the id '\(text)' is not made of small letters, digits, '-' and '_', beginning with a letter or digit",
      hint: Self.identifier(like: text).map { "such as '\($0)'" })
    return nil
  }

  private static func identifier(like text: String) -> String? {
    var result = ""
    for scalar in text.lowercased().unicodeScalars {
      if ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "_" || scalar == "-" {
        result.unicodeScalars.append(scalar)
      } else if !result.isEmpty, result.last != "-" {
        result += "-"
      }
    }
    while let first = result.first, first == "-" || first == "_" { result.removeFirst() }
    while result.last == "-" { result.removeLast() }
    return result.isEmpty ? nil : result
  }

  // MARK: - Lists and maps

  /// A text or a list of texts; nil where absent, never empty.
  func texts(_ key: String) -> [String]? {
    guard let node = node(key) else { return nil }
    guard case .list(let items) = node.content else { return Scalars.text(node, key, sink).map { [$0] } }
    if items.isEmpty {
      sink.error(node.position, "'\(key)' has an empty list", hint: "name at least one or remove the key")
      return nil
    }
    return items.compactMap { Scalars.text($0, "an entry of \(key)", sink) }
  }

  /// The items of a list; none where absent.
  func items(_ key: String) -> [SourceNode] {
    guard let node = node(key) else { return [] }
    guard case .list(let items) = node.content else {
      sink.error(node.position, "'\(key)' must be a list; this is \(node.words)", hint: "begin each entry with '- '")
      return []
    }
    return items
  }

  /// The entries of a map with free keys; none where absent.
  func map(_ key: String, like example: String) -> [SourceEntry] {
    guard let node = node(key) else { return [] }
    guard case .map(let entries) = node.content else {
      sink.error(node.position, "'\(key)' must be a map such as \(example); this is \(node.words)")
      return []
    }
    return entries
  }
}
