extension RefJSON {
  /// The tree as YAML in random styles: block and flow, plain and quoted scalars, comments. By the 1.2 core schema it
  /// reads back as this tree.
  public func renderYAML(using random: inout SplitMix64) -> String {
    var writer = YAMLWriter(random: random)
    let text = writer.document(self)
    random = writer.random
    return text
  }
}

private struct YAMLWriter {
  var random: SplitMix64

  mutating func document(_ tree: RefJSON) -> String {
    if random.chance(5) { return tree.renderJSON() + "\n" }
    var lines = block(tree, indent: 0)
    if random.chance(10) { lines.insert("---", at: 0) }
    if random.chance(20) { lines.insert("# Generated rules", at: 0) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The lines of a container that is not empty.
  private mutating func block(_ tree: RefJSON, indent: Int) -> [String] {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    if case .array(let items) = tree {
      for item in items {
        if isFlow(item) {
          lines.append(margin + "- " + value(item, inFlow: false) + comment())
        } else {
          var inner = block(item, indent: indent + 2)
          inner[0] = margin + "- " + inner[0].drop { $0 == " " }
          lines += inner
        }
      }
      return lines
    }
    for entry in tree.entries {
      let start = margin + scalar(entry.key, inFlow: false) + ":"
      if case .string(let text) = entry.value, random.chance(10), Self.fitsLiteral(text) {
        lines.append(start + " |-")
        lines += text.split(separator: "\n").map { margin + "  " + $0 }
      } else if isFlow(entry.value) {
        lines.append(start + " " + value(entry.value, inFlow: false) + comment())
      } else {
        var inner = indent + random.pick([2, 2, 4])
        if case .array = entry.value, random.chance(40) { inner = indent }
        lines.append(start + comment())
        lines += block(entry.value, indent: inner)
      }
    }
    return lines
  }

  private mutating func comment() -> String { random.chance(4) ? "  # a: comment, with [signs]" : "" }

  private static func fitsLiteral(_ text: String) -> Bool {
    let letters = text.unicodeScalars
    return !text.isEmpty && !text.hasPrefix(" ") && !text.hasSuffix(" ") && !text.contains("\n")
      && letters.allSatisfy { $0.properties.isAlphabetic || $0 == " " }
  }

  /// Scalars and empty containers always stand on one line, others sometimes.
  private mutating func isFlow(_ tree: RefJSON) -> Bool {
    switch tree {
    case .array(let items):
      // A list in a list would need a compact form that few people write.
      if items.contains(where: { if case .array = $0 { true } else { false } }) { return true }
      return items.isEmpty || random.chance(Self.weight(tree) <= 12 ? 55 : 3)
    case .object(let entries): return entries.isEmpty || random.chance(Self.weight(tree) <= 12 ? 55 : 3)
    default: return true
    }
  }

  private static func weight(_ tree: RefJSON) -> Int {
    switch tree {
    case .array(let items): return items.reduce(1) { $0 + weight($1) }
    case .object(let entries): return entries.reduce(1) { $0 + 1 + weight($1.value) }
    default: return 1
    }
  }

  private mutating func value(_ tree: RefJSON, inFlow: Bool) -> String {
    switch tree {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .number(let text): return text
    case .string(let text): return scalar(text, inFlow: inFlow)
    case .array(let items):
      let pad = random.chance(30) ? " " : ""
      return "[" + pad + items.map { value($0, inFlow: true) }.joined(separator: ", ") + pad + "]"
    case .object(let entries):
      let pad = random.chance(50) ? " " : ""
      let parts = entries.map { scalar($0.key, inFlow: true) + ": " + value($0.value, inFlow: true) }
      return "{" + pad + parts.joined(separator: ", ") + pad + "}"
    }
  }

  private mutating func scalar(_ text: String, inFlow: Bool) -> String {
    if Self.mayBePlain(text, inFlow: inFlow), random.chance(75) { return text }
    let hasControls = text.unicodeScalars.contains { $0.value < 0x20 }
    if !hasControls, random.chance(40) {
      return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
    // A character outside the basic plane would need YAML's own \U form.
    let ascii = random.chance(15) && text.unicodeScalars.allSatisfy { $0.value <= 0xffff }
    return RefJSON.quoted(text, ascii: ascii)
  }

  /// Whether `text` without quotes is text by the core schema, and stands safely in any parser.
  private static func mayBePlain(_ text: String, inFlow: Bool) -> Bool {
    func isWord(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal
    }
    guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last else { return false }
    guard isWord(first) || first == "/", isWord(last) else { return false }
    let signs = inFlow ? " _-./@+" : " _-./@+:"
    guard text.unicodeScalars.allSatisfy({ isWord($0) || signs.unicodeScalars.contains($0) }) else { return false }
    guard !text.contains(": ") else { return false }
    let lower = text.lowercased()
    if ["true", "false", "null"].contains(lower) { return false }
    return RefText.number(text) == nil && !lower.hasPrefix("0x") && !lower.hasPrefix("0o") && !lower.hasSuffix(".")
  }
}
