extension ReferenceDocument {
  /// Reads a document that is known to be valid: unknown keys and duplicate ids go unnoticed.
  ///
  /// - Throws: `ReferenceError` where the tree cannot be understood at all.
  public init(_ tree: RefJSON) throws {
    if let score = tree["score"] { root = try Self.group(score) }
    for entry in tree["groups"]?.entries ?? [] { groups[entry.key] = try Self.group(entry.value) }
    ignore = try (tree["ignore"]?.elements ?? []).map(Self.filter)
    rules = try (tree["rules"]?.elements ?? []).map(Self.rule)
    for name in rules.compactMap(\.group) + groups.values.compactMap(\.partOf) where groups[name] == nil {
      groups[name] = Group()
    }
    for stage in tree["stages"]?.elements ?? [] {
      let enter = try Self.minimums(stage["enter"]) ?? [:]
      stages.append(
        Stage(
          id: try Self.string(stage["id"]), enter: enter, keep: try Self.minimums(stage["keep"]) ?? enter,
          condition: try Self.condition(stage["if"])))
    }
    disqualify = try (tree["disqualify"]?.elements ?? []).map { try Self.condition($0["if"]) }
    if let parts = tree["grade"]?.elements {
      grade = try parts.map { part in
        let bands = try (part["bands"]?.elements ?? []).map {
          Band(minimum: try $0["at"].map(Self.points), label: try Self.label($0["label"]))
        }
        return (try Self.string(part["group"]), bands)
      }
    }
  }

  /// Whole hundredths of a decimal with at most two places.
  static func points(_ tree: RefJSON) throws -> Int {
    guard case .number(let text) = tree else { throw ReferenceError("points are a number: \(tree)") }
    let negative = text.hasPrefix("-")
    let parts = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, let whole = Int(parts[0]) else { throw ReferenceError("points \(text)") }
    let places = parts.count == 2 ? parts[1] : "0"
    guard let fraction = Int(places), places.count <= 2 else { throw ReferenceError("points \(text)") }
    let hundredths = whole * 100 + (places.count == 1 ? fraction * 10 : fraction)
    return negative ? -hundredths : hundredths
  }

  /// Milliseconds of `90s`, `15m`, `12h`, `28d`, `4w`.
  static func duration(_ tree: RefJSON?) throws -> Int64 {
    let text = try string(tree)
    let units: [Character: Int64] = [
      "s": RefInstant.second, "m": RefInstant.minute, "h": RefInstant.hour, "d": RefInstant.day, "w": RefInstant.week,
    ]
    guard let last = text.last, let unit = units[last], let count = Int64(text.dropLast()), count > 0 else {
      throw ReferenceError("duration \(text)")
    }
    return count * unit
  }

  private static func string(_ tree: RefJSON?) throws -> String {
    guard case .string(let text)? = tree else { throw ReferenceError("text: \(String(describing: tree))") }
    return text
  }

  private static func label(_ tree: RefJSON?) throws -> String {
    if case .number(let text)? = tree { return text }
    return try string(tree)
  }

  private static func integer(_ tree: RefJSON) throws -> Int {
    guard case .number(let text) = tree, let value = Int(text) else { throw ReferenceError("whole number: \(tree)") }
    return value
  }

  private static func group(_ tree: RefJSON) throws -> Group {
    Group(
      minimum: try tree["min"].map(points), maximum: try tree["max"].map(points),
      partOf: try groupName(tree["part_of"]), takesHighest: tree["take"] == "highest")
  }

  /// The root's name stands for the default.
  private static func groupName(_ tree: RefJSON?) throws -> String? {
    guard let tree else { return nil }
    let name = try string(tree)
    return name == "score" ? nil : name
  }

  private static func minimums(_ tree: RefJSON?) throws -> [String: Int]? {
    guard let tree else { return nil }
    return try Dictionary(tree.entries.map { ($0.key, try points($0.value)) }) { $1 }
  }

  private static func filter(_ tree: RefJSON) throws -> EventFilter {
    let condition = try condition(tree["where"])
    switch tree["event"] {
    case nil: return EventFilter(types: nil, condition: condition)
    case .array(let names)?: return EventFilter(types: try names.map { try string($0) }, condition: condition)
    case let name?: return EventFilter(types: [try string(name)], condition: condition)
    }
  }

  private static func rule(_ tree: RefJSON) throws -> Rule {
    guard let points = tree["points"] else { throw ReferenceError("a rule without points") }
    return Rule(
      id: try string(tree["id"]), group: try groupName(tree["group"]), points: try Self.points(points),
      condition: try condition(tree["if"]), clause: try clause(tree, points: Self.points(points)))
  }

  private static func clause(_ rule: RefJSON, points: Int) throws -> Clause {
    if let tree = rule["every"] {
      return .every(
        try filter(tree), oncePer: try period(tree["once_per"]), within: try tree["within"].map(duration),
        limit: try tree["limit"].map(integer), decay: try tree["decay"].map { try decay($0, of: points) })
    }
    if let tree = rule["when"] {
      return .when(
        try filter(tree), oncePer: try period(tree["once_per"]), within: try tree["within"].map(duration),
        atLeast: try tree["at_least"].map(integer) ?? 1)
    }
    if let tree = rule["silence"] {
      return .silence(
        try filter(tree), length: try duration(tree["for"]), repeats: try tree["repeat"].map(integer) ?? 1)
    }
    return .none
  }

  private static func decay(_ tree: RefJSON, of points: Int) throws -> Decay {
    var decay = Decay(
      percent: try integer(tree["percent"] ?? .null), every: try duration(tree["every"]),
      linear: tree["linear"] == true)
    while decay.value(of: points, after: decay.lifetime) != 0 { decay.lifetime += 1 }
    return decay
  }

  private static func period(_ tree: RefJSON?) throws -> Period? {
    switch tree {
    case nil: return nil
    case "hour"?: return .hour
    case "day"?: return .day
    case "week"?: return .week
    default: throw ReferenceError("once_per \(String(describing: tree))")
    }
  }

  /// An absent condition holds, as an empty one does.
  static func condition(_ tree: RefJSON?) throws -> RefCondition {
    guard let tree else { return .all([]) }
    guard case .object(let entries) = tree else { throw ReferenceError("a condition is a map: \(tree)") }
    return .all(
      try entries.map { entry in
        switch entry.key {
        case "all": return .all(try entry.value.elements.map { try condition($0) })
        case "any": return .any(try entry.value.elements.map { try condition($0) })
        case "not": return .not(try condition(entry.value))
        default: return .field(nfc(entry.key), try matcher(entry.value))
        }
      })
  }

  private static func matcher(_ tree: RefJSON) throws -> [RefOperator] {
    guard case .object(let entries) = tree else { return [.equal(try operand(tree))] }
    return try entries.map { try matcher($0.key, $0.value) }
  }

  private static func matcher(_ name: String, _ tree: RefJSON) throws -> RefOperator {
    switch name {
    case "is": return .equal(try operand(tree))
    case "is_not": return .notEqual(try operand(tree))
    case "in": return .oneOf(try tree.elements.map(operand))
    case "not_in": return .noneOf(try tree.elements.map(operand))
    case "contains": return .containsAny([try lowered(tree)])
    case "contains_any": return .containsAny(try tree.elements.map(lowered))
    case "starts_with": return .startsWith(try lowered(tree))
    case "ends_with": return .endsWith(try lowered(tree))
    case "like": return .like(try lowered(tree))
    case "lt": return .less(try number(tree))
    case "lte": return .lessOrEqual(try number(tree))
    case "gt": return .greater(try number(tree))
    case "gte": return .greaterOrEqual(try number(tree))
    case "before": return .before(try instant(tree))
    case "after": return .after(try instant(tree))
    case "newer_than": return .newerThan(try duration(tree))
    case "older_than": return .olderThan(try duration(tree))
    case "exists": return .exists(tree == true)
    default: throw ReferenceError("operator \(name)")
    }
  }

  private static func operand(_ tree: RefJSON) throws -> RefOperand {
    switch tree {
    case .string: return .text(try lowered(tree))
    case .number: return .number(try number(tree))
    case .bool(let value): return .boolean(value)
    default: throw ReferenceError("operand \(tree)")
    }
  }

  private static func lowered(_ tree: RefJSON) throws -> [Unicode.Scalar] {
    RefText.lowered(nfc(try string(tree)))
  }

  private static func number(_ tree: RefJSON) throws -> Double {
    guard case .number(let text) = tree, let value = Double(text) else { throw ReferenceError("number \(tree)") }
    return value
  }

  private static func instant(_ tree: RefJSON) throws -> Int64 {
    guard let instant = RefInstant.parse(try string(tree)) else { throw ReferenceError("instant \(tree)") }
    return instant
  }
}
