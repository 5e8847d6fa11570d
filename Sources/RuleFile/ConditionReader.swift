import ScoreEngine

/// Reads conditions and matchers.
struct ConditionReader {
  let sink: DiagnosticSink

  private static let connectives = ["all", "any", "not"]

  /// `{ field: matcher, all: […], any: […], not: {…} }`. What is at fault is reported and left out.
  func condition(_ node: SourceNode) -> Condition {
    guard case .map(let entries) = node.content else {
      var hint: String?
      if case .list = node.content { hint = "for several conditions write { all: […] } or { any: […] }" }
      sink.error(
        node.position, "a condition must be a map such as { title: { contains: vp } }; this is \(node.words)",
        hint: hint)
      return .always
    }
    let parts = entries.compactMap(part)
    return parts.count == 1 ? parts[0] : .all(parts)
  }

  private func part(_ entry: SourceEntry) -> Condition? {
    switch entry.name {
    case "all": return conditions(entry).map { .all($0) }
    case "any": return conditions(entry).map { .any($0) }
    case "not":
      if case .list = entry.value.content {
        sink.error(
          entry.value.position, "'not' must be one condition; this is a list", hint: "write { not: { any: […] } }")
        return nil
      }
      return .not(condition(entry.value))
    default: break
    }
    if KeyTable.matcher.key(entry.name) != nil {
      sink.warning(
        entry.position, "'\(entry.name)' is read as the name of a field here",
        hint: "an operator stands under its field: { field: { \(entry.name): … } }")
    }
    let matchers = matchers(entry)
    return matchers.isEmpty ? nil : .field(entry.name, matchers)
  }

  private func conditions(_ entry: SourceEntry) -> [Condition]? {
    guard case .list(let items) = entry.value.content else {
      sink.error(
        entry.value.position, "'\(entry.name)' must be a list of conditions; this is \(entry.value.words)",
        hint: "write \(entry.name): [ {…}, {…} ]")
      return nil
    }
    if items.isEmpty {
      sink.error(entry.value.position, "'\(entry.name)' has an empty list", hint: "name at least one condition")
      return nil
    }
    return items.map(condition)
  }

  private func matchers(_ entry: SourceEntry) -> [Matcher] {
    let node = entry.value
    switch node.content {
    case .scalar:
      return Scalars.operand(node, "the value of '\(entry.name)'", sink).map { [.equals($0)] } ?? []
    case .list:
      sink.error(
        node.position, "the matcher of '\(entry.name)' must be a value or a map of operators; this is a list",
        hint: "for one of several values write { in: […] }")
      return []
    case .map(let operators):
      if operators.isEmpty {
        sink.error(node.position, "the matcher of '\(entry.name)' has no operator", hint: "write { exists: true }")
      }
      let matchers = operators.compactMap(matcher)
      warnIfNothingFits(matchers, entry)
      return matchers
    }
  }

  private func matcher(_ entry: SourceEntry) -> Matcher? {
    let name = entry.name
    let node = entry.value
    switch name {
    case "is": return operand(name, node).map { .equals($0) }
    case "is_not": return operand(name, node).map { .notEquals($0) }
    case "in": return operands(name, node).map { .oneOf($0) }
    case "not_in": return operands(name, node).map { .noneOf($0) }
    case "contains": return text(name, node).map { .contains([$0]) }
    case "contains_any": return texts(name, node).map { .contains($0) }
    case "starts_with": return text(name, node).map { .startsWith($0) }
    case "ends_with": return text(name, node).map { .endsWith($0) }
    case "like": return text(name, node).map { .like($0) }
    case "lt": return Scalars.number(node, name, sink).map { .lessThan($0) }
    case "lte": return Scalars.number(node, name, sink).map { .lessOrEqual($0) }
    case "gt": return Scalars.number(node, name, sink).map { .greaterThan($0) }
    case "gte": return Scalars.number(node, name, sink).map { .greaterOrEqual($0) }
    case "before": return Scalars.instant(node, name, sink).map { .before($0) }
    case "after": return Scalars.instant(node, name, sink).map { .after($0) }
    case "newer_than": return Scalars.duration(node, name, sink).map { .newerThan($0) }
    case "older_than": return Scalars.duration(node, name, sink).map { .olderThan($0) }
    case "exists": return Scalars.flag(node, name, sink).map { .exists($0) }
    default:
      sink.error(entry.position, "unknown operator '\(name)'", hint: hint(forUnknown: name))
      return nil
    }
  }

  private func hint(forUnknown name: String) -> String {
    let synonyms = [
      "eq": "is", "equals": "is", "==": "is", "=": "is", "ne": "is_not", "neq": "is_not", "!=": "is_not",
      "not": "is_not", "one_of": "in", "none_of": "not_in", "any_of": "in", "<": "lt", "<=": "lte", ">": "gt",
      ">=": "gte", "le": "lte", "ge": "gte", "min": "gte", "max": "lte", "matches": "like", "glob": "like",
      "present": "exists", "includes": "contains", "begins_with": "starts_with", "prefix": "starts_with",
      "suffix": "ends_with", "within": "newer_than",
    ]
    let names = KeyTable.matcher.keyNames
    if let word = synonyms[name] ?? NearestWord.find(name, in: names) { return "did you mean '\(word)'?" }
    if ConditionReader.connectives.contains(name) { return "'\(name)' stands beside fields, not under one" }
    return "the operators are \(names.joined(separator: ", "))"
  }

  // MARK: - Operands

  private func operand(_ name: String, _ node: SourceNode) -> Operand? {
    if case .list = node.content {
      sink.error(
        node.position, "'\(name)' takes one value; this is a list", hint: "use '\(name == "is" ? "in" : "not_in")'")
      return nil
    }
    return Scalars.operand(node, name, sink)
  }

  private func operands(_ name: String, _ node: SourceNode) -> [Operand]? {
    guard let items = list(name, node, single: name == "in" ? "is" : "is_not") else { return nil }
    return items.compactMap { Scalars.operand($0, "an entry of \(name)", sink) }
  }

  private func text(_ name: String, _ node: SourceNode) -> String? {
    if case .list = node.content {
      sink.error(
        node.position, "'\(name)' takes one text; this is a list",
        hint: name == "contains" ? "use 'contains_any'" : "for one of several write any: [ {…}, {…} ]")
      return nil
    }
    return Scalars.text(node, name, sink)
  }

  private func texts(_ name: String, _ node: SourceNode) -> [String]? {
    list(name, node, single: "contains")?.compactMap { Scalars.text($0, "an entry of \(name)", sink) }
  }

  private func list(_ name: String, _ node: SourceNode, single: String) -> [SourceNode]? {
    guard case .list(let items) = node.content else {
      sink.error(
        node.position, "'\(name)' takes a list; this is \(node.words)",
        hint: "write [ … ], or use '\(single)' for one value")
      return nil
    }
    if items.isEmpty {
      sink.error(node.position, "'\(name)' has an empty list", hint: "name at least one value")
      return nil
    }
    return items
  }

  /// Bounds that no single value can meet are a slip; a list value could meet them with two elements.
  private func warnIfNothingFits(_ matchers: [Matcher], _ entry: SourceEntry) {
    var low = -Double.infinity
    var high = Double.infinity
    for matcher in matchers {
      switch matcher {
      case .greaterThan(let bound), .greaterOrEqual(let bound): low = max(low, bound)
      case .lessThan(let bound), .lessOrEqual(let bound): high = min(high, bound)
      default: break
      }
    }
    if low > high {
      sink.warning(entry.position, "no number is both above \(Value.text(of: low)) and below \(Value.text(of: high))")
    }
  }
}
