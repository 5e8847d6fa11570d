/// One field of a rule document: where it stands and what it says, both in the words of the document.
public struct OutlineField: Hashable, Sendable {
  /// From the outside in: `["rules", "pricing-page", "every", "limit"]`. Entries of a list are named by their id, by the
  /// group or the stages they are about, or by their place.
  public var components: [String]
  /// Durations as they were written: `28d`.
  public var value: String
  /// The same for every spelling: 28 days are `4w`.
  var canonical: String

  /// `rules/pricing-page/every/limit`.
  public var path: String { components.map(CanonicalWriter.word).joined(separator: "/") }
}

extension RuleDocument {
  /// Every field that the document sets, in the order of the document; maps by key.
  public var outline: [OutlineField] {
    var outline = OutlineBuilder()
    outline.add(self)
    return outline.fields
  }

  /// The document as one text that depends on what it says and not on how it was written: formatting, comments, the
  /// order of keys in maps, and spellings of the same duration leave it as it is. The order of rules, stages and other
  /// lists is part of it.
  public var canonicalText: String {
    "rule document 1\n" + outline.map { "\($0.path) = \($0.canonical)\n" }.joined()
  }
}

extension Condition {
  /// The condition on one line, in flow YAML. Two conditions with the same text mean the same; the order of parts,
  /// operators and listed values does not show.
  public var canonicalText: String { CanonicalWriter(keepsSpelling: false).text(self) }
}

extension EventFilter {
  /// The filter on one line, in flow YAML. Two filters with the same text match the same events.
  public var canonicalText: String { CanonicalWriter(keepsSpelling: false).text(self) }
}

/// Writes parts of a document so that what means the same has the same text. Texts are quoted as in JSON, so no two
/// different ones meet.
struct CanonicalWriter {
  /// Whether `28d` stays `28d`; otherwise durations get their largest unit.
  let keepsSpelling: Bool

  /// A name as it is where it is plainly a word, otherwise quoted.
  static func word(_ text: String) -> String {
    let bytes = Array(text.utf8)
    let isPlain = bytes.allSatisfy { byte in
      (97...122).contains(byte) || (65...90).contains(byte) || (48...57).contains(byte)
        || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
    return isPlain && !bytes.isEmpty ? text : quoted(text)
  }

  /// As JSON writes a string.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || [0x2028, 0x2029].contains(scalar.value) {
          let digits = String(scalar.value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }

  func text(_ span: TimeSpan) -> String {
    if keepsSpelling { return span.description }
    let units = TimeSpan.Unit.allCases.sorted { $0.milliseconds > $1.milliseconds }
    guard let unit = units.first(where: { span.milliseconds % $0.milliseconds == 0 }) else { return span.description }
    return String(span.milliseconds / unit.milliseconds) + unit.rawValue
  }

  func text(_ filter: EventFilter) -> String {
    var parts: [String] = []
    if let types = filter.types { parts.append("event: " + text(types: types)) }
    if filter.condition != .always { parts.append("where: " + text(filter.condition)) }
    return "{" + parts.joined(separator: ", ") + "}"
  }

  /// One type as a word, several as a list.
  func text(types: [String]) -> String {
    types.count == 1 ? CanonicalWriter.word(types[0]) : list(types.map(CanonicalWriter.word))
  }

  func text(_ condition: Condition) -> String {
    switch condition {
    case .all(let parts): conjunction(parts)
    case .any(let parts): "{any: " + list(parts.map(text)) + "}"
    case .not(let part): "{not: " + text(part) + "}"
    case .field(let name, let matchers): "{" + field(name, matchers) + "}"
    }
  }

  /// Fields of different names share a map, as people write them.
  private func conjunction(_ parts: [Condition]) -> String {
    if parts.isEmpty { return "{}" }
    var fields: [String] = []
    var names: Set<String> = []
    for case .field(let name, let matchers) in parts {
      fields.append(field(name, matchers))
      names.insert(name)
    }
    if fields.count == parts.count, names.count == parts.count, parts.count > 1 {
      return "{" + sortedUniquely(fields).joined(separator: ", ") + "}"
    }
    return "{all: " + list(parts.map(text)) + "}"
  }

  private func field(_ name: String, _ matchers: [Matcher]) -> String {
    let isReserved = ["all", "any", "not"].contains(name)
    let key = isReserved ? CanonicalWriter.quoted(name) : CanonicalWriter.word(name)
    if matchers.count == 1, case .equals(let operand) = matchers[0] { return key + ": " + text(operand) }
    return key + ": {" + sortedUniquely(matchers.map(text)).joined(separator: ", ") + "}"
  }

  private func text(_ matcher: Matcher) -> String {
    switch matcher {
    case .equals(let operand): "is: " + text(operand)
    case .notEquals(let operand): "is_not: " + text(operand)
    case .oneOf(let operands): "in: " + list(operands.map(text))
    case .noneOf(let operands): "not_in: " + list(operands.map(text))
    case .contains(let texts):
      texts.count == 1
        ? "contains: " + CanonicalWriter.quoted(texts[0])
        : "contains_any: " + list(texts.map(CanonicalWriter.quoted))
    case .startsWith(let text): "starts_with: " + CanonicalWriter.quoted(text)
    case .endsWith(let text): "ends_with: " + CanonicalWriter.quoted(text)
    case .like(let pattern): "like: " + CanonicalWriter.quoted(pattern)
    case .lessThan(let bound): "lt: " + text(number: bound)
    case .lessOrEqual(let bound): "lte: " + text(number: bound)
    case .greaterThan(let bound): "gt: " + text(number: bound)
    case .greaterOrEqual(let bound): "gte: " + text(number: bound)
    case .before(let instant): "before: " + instant.description
    case .after(let instant): "after: " + instant.description
    case .newerThan(let span): "newer_than: " + text(span)
    case .olderThan(let span): "older_than: " + text(span)
    case .exists(let isPresent): "exists: " + String(isPresent)
    }
  }

  private func text(_ operand: Operand) -> String {
    switch operand {
    case .text(let text): CanonicalWriter.quoted(text)
    case .number(let number): text(number: number)
    case .boolean(let boolean): String(boolean)
    }
  }

  /// Both zeros are the same number.
  private func text(number: Double) -> String {
    Value.text(of: number == 0 ? 0 : number)
  }

  private func list(_ items: [String]) -> String {
    "[" + sortedUniquely(items).joined(separator: ", ") + "]"
  }

  private func sortedUniquely(_ items: [String]) -> [String] {
    Array(Set(items)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

/// Collects the fields of a document.
private struct OutlineBuilder {
  private(set) var fields: [OutlineField] = []
  private let written = CanonicalWriter(keepsSpelling: true)
  private let canonical = CanonicalWriter(keepsSpelling: false)

  mutating func add(_ document: RuleDocument) {
    add(prose: document.name, ["name"])
    add(prose: document.note, ["note"])
    if let conversion = document.conversion {
      entry(["conversion"]) { $0.add(conversion, ["conversion"]) }
    }
    add(document.scoreLimits, ["score"])
    for group in document.groups.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) { add(group) }
    for (index, filter) in document.ignore.enumerated() {
      add(["ignore", String(index + 1)]) { $0.text(filter) }
    }
    for rule in document.rules { add(rule) }
    for stage in document.stages { add(stage) }
    for reason in document.disqualify {
      let path = ["disqualify", reason.id]
      add(prose: reason.name, path + ["name"])
      add(prose: reason.note, path + ["note"])
      add(path + ["if"]) { $0.text(reason.condition) }
    }
    for scale in document.grade {
      add(["grade", scale.group, "bands"], OutlineBuilder.text(scale.bands))
    }
    var counts: [String: Int] = [:]
    for expectation in document.expect {
      let name = "\(expectation.from)-to-\(expectation.to)"
      let number = counts[name, default: 0] + 1
      counts[name] = number
      add(expectation, ["expect", number == 1 ? name : "\(name)-\(number)"])
    }
  }

  // MARK: - Entries

  private mutating func add(_ group: Group) {
    let path = ["groups", group.name]
    entry(path) {
      if group.partOf != RuleDocument.rootGroup { $0.add(path + ["part_of"], CanonicalWriter.word(group.partOf)) }
      if group.take != .sum { $0.add(path + ["take"], group.take.rawValue) }
      $0.add(group.limits, path)
      $0.add(prose: group.note, path + ["note"])
    }
  }

  private mutating func add(_ rule: Rule) {
    let path = ["rules", rule.id]
    add(prose: rule.name, path + ["name"])
    add(prose: rule.note, path + ["note"])
    if rule.group != RuleDocument.rootGroup { add(path + ["group"], CanonicalWriter.word(rule.group)) }
    add(path + ["points"], rule.points.description)
    if let condition = rule.condition { add(path + ["if"]) { $0.text(condition) } }
    switch rule.clause {
    case .attributes: break
    case .every(let clause):
      entry(path + ["every"]) { $0.add(clause, path + ["every"]) }
    case .when(let clause):
      let path = path + ["when"]
      entry(path) {
        $0.add(clause.filter, path)
        if let oncePer = clause.oncePer { $0.add(path + ["once_per"], oncePer.rawValue) }
        $0.add(clause.within, path + ["within"])
        if clause.atLeast != 1 { $0.add(path + ["at_least"], String(clause.atLeast)) }
      }
    case .silence(let clause):
      let path = path + ["silence"]
      add(clause.filter, path)
      add(clause.span, path + ["for"])
      if clause.repeatCount != 1 { add(path + ["repeat"], String(clause.repeatCount)) }
    }
  }

  private mutating func add(_ clause: EveryClause, _ path: [String]) {
    add(clause.filter, path)
    if let oncePer = clause.oncePer { add(path + ["once_per"], oncePer.rawValue) }
    add(clause.within, path + ["within"])
    if let limit = clause.limit { add(path + ["limit"], String(limit)) }
    guard let decay = clause.decay else { return }
    add(path + ["decay", "percent"], String(decay.percent))
    add(decay.every, path + ["decay", "every"])
    if decay.isLinear { add(path + ["decay", "linear"], "true") }
  }

  private mutating func add(_ stage: Stage) {
    let path = ["stages", stage.id]
    entry(path) {
      $0.add(prose: stage.name, path + ["name"])
      $0.add(prose: stage.note, path + ["note"])
      $0.add(minimums: stage.enter, path + ["enter"])
      $0.add(minimums: stage.keep, path + ["keep"])
      if let condition = stage.condition { $0.add(path + ["if"]) { $0.text(condition) } }
      if stage.isHandoff { $0.add(path + ["handoff"], "true") }
    }
  }

  private mutating func add(minimums: [String: Points]?, _ path: [String]) {
    guard let minimums else { return }
    entry(path) {
      for (group, points) in minimums.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
        $0.add(path + [group], points.description)
      }
    }
  }

  private mutating func add(_ expectation: Expectation, _ path: [String]) {
    add(path + ["from"], CanonicalWriter.word(expectation.from))
    add(path + ["to"], CanonicalWriter.word(expectation.to))
    add(expectation.within, path + ["within"])
    if let min = expectation.min { add(path + ["min"], Value.text(of: min == 0 ? 0 : min)) }
    if let max = expectation.max { add(path + ["max"], Value.text(of: max == 0 ? 0 : max)) }
  }

  /// Highest first, whatever the order in the document: the order means nothing.
  private static func text(_ bands: [GradeScale.Band]) -> String {
    let sorted = bands.sorted {
      guard let left = $0.at else { return $1.at == nil && $0.label < $1.label }
      guard let right = $1.at else { return true }
      return (right, $0.label) < (left, $1.label)
    }
    let texts = sorted.map { band in
      let label = "label: " + CanonicalWriter.quoted(band.label)
      return "{" + (band.at.map { "at: \($0), " } ?? "") + label + "}"
    }
    return "[" + texts.joined(separator: ", ") + "]"
  }

  // MARK: - Fields

  private mutating func add(_ filter: EventFilter, _ path: [String]) {
    if let types = filter.types { add(path + ["event"]) { $0.text(types: types) } }
    if filter.condition != .always { add(path + ["where"]) { $0.text(filter.condition) } }
  }

  private mutating func add(_ limits: Limits, _ path: [String]) {
    if let min = limits.min { add(path + ["min"], min.description) }
    if let max = limits.max { add(path + ["max"], max.description) }
  }

  private mutating func add(_ span: TimeSpan?, _ path: [String]) {
    if let span { add(path) { $0.text(span) } }
  }

  private mutating func add(prose: String?, _ path: [String]) {
    if let prose { add(path, CanonicalWriter.quoted(prose)) }
  }

  private mutating func add(_ path: [String], _ text: (CanonicalWriter) -> String) {
    fields.append(OutlineField(components: path, value: text(written), canonical: text(canonical)))
  }

  private mutating func add(_ path: [String], _ value: String) {
    fields.append(OutlineField(components: path, value: value, canonical: value))
  }

  /// An entry that sets nothing is there all the same.
  private mutating func entry(_ path: [String], _ body: (inout OutlineBuilder) -> Void) {
    let count = fields.count
    body(&self)
    if fields.count == count { add(path, "{}") }
  }
}
