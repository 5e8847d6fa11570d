import ScoreEngine

/// Rules and their clauses.
extension DocumentReader {
  mutating func rules(_ fields: FieldReader) -> [Rule] {
    var ids = Identifiers("rule", reserved: RuleDocument.adjustmentRule)
    var rules: [Rule] = []
    for node in fields.items("rules") {
      guard let fields = FieldReader(node, KeyTable.rule, sink) else { continue }
      let id = ids.read(fields, sink)
      let points = fields.points("points")
      if points == .zero {
        sink.warning(fields.valuePosition("points"), "this rule never matters: it gives 0 points")
      }
      var rule = Rule(
        id: id, name: fields.prose("name"), note: fields.prose("note"), points: points ?? .zero,
        condition: fields.node("if").map(conditions.condition), clause: clause(fields))
      if let group = fields.text("group") {
        rule.group = group
        references.name(group: group, at: fields.valuePosition("group"))
      }
      rules.append(rule)
    }
    return rules
  }

  /// The only clause of a rule; reports further ones, and reads them for faults all the same.
  private func clause(_ fields: FieldReader) -> Rule.Clause {
    let found = ["every", "when", "silence"].filter(fields.has).sorted {
      fields.keyPosition($0) < fields.keyPosition($1)
    }
    var clauses: [Rule.Clause] = []
    for key in found {
      if key != found[0] {
        sink.error(
          fields.keyPosition(key), "a rule has at most one of 'every', 'when' and 'silence'",
          hint: "'\(found[0])' stands on line \(fields.keyPosition(found[0]).line); make two rules of this one")
      }
      guard let node = fields.node(key) else { continue }
      switch key {
      case "every": clauses.append(every(node) ?? .attributes)
      case "when": clauses.append(when(node) ?? .attributes)
      default: clauses.append(silence(node) ?? .attributes)
      }
    }
    return clauses.first ?? .attributes
  }

  private func every(_ node: SourceNode) -> Rule.Clause? {
    guard let fields = FieldReader(node, KeyTable.every, sink) else { return nil }
    return .every(
      EveryClause(
        filter: filter(fields), oncePer: oncePer(fields), within: fields.duration("within"),
        limit: fields.count("limit"), decay: fields.node("decay").flatMap(decay)))
  }

  private func decay(_ node: SourceNode) -> Decay? {
    guard let fields = FieldReader(node, KeyTable.decay, sink) else { return nil }
    let percent = fields.count("percent")
    let every = fields.duration("every")
    let isLinear = fields.flag("linear") ?? false
    guard let percent, let every else { return nil }
    return Decay(percent: percent, every: every, isLinear: isLinear)
  }

  private func when(_ node: SourceNode) -> Rule.Clause? {
    guard let fields = FieldReader(node, KeyTable.when, sink) else { return nil }
    return .when(
      WhenClause(
        filter: filter(fields), oncePer: oncePer(fields), within: fields.duration("within"),
        atLeast: fields.count("at_least") ?? 1))
  }

  private func silence(_ node: SourceNode) -> Rule.Clause? {
    guard let fields = FieldReader(node, KeyTable.silence, sink) else { return nil }
    let filter = filter(fields)
    let repeatCount = fields.count("repeat") ?? 1
    guard let span = fields.duration("for") else { return nil }
    return .silence(SilenceClause(filter: filter, span: span, repeatCount: repeatCount))
  }

  private func oncePer(_ fields: FieldReader) -> OncePer? {
    fields.choice("once_per").flatMap { OncePer(rawValue: $0) }
  }
}
