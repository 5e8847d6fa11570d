import ScoreEngine

/// Reads the sections of a rule document and hands them to the checks that look at several at once.
struct DocumentReader {
  let sink: DiagnosticSink
  let conditions: ConditionReader
  var references = References()

  /// Nil where the root is not a map.
  static func read(_ root: SourceNode, _ sink: DiagnosticSink) -> RuleDocument? {
    if root.isNull {
      sink.error(.start, "the file is empty", hint: "a rule document has keys such as rules and stages")
      return nil
    }
    guard let fields = FieldReader(root, KeyTable.document, sink) else { return nil }
    if case .map(let entries) = root.content, entries.isEmpty {
      sink.error(root.position, "the rule document is empty", hint: "it has keys such as rules and stages")
      return nil
    }
    var reader = DocumentReader(sink: sink, conditions: ConditionReader(sink: sink))
    var document = RuleDocument()
    document.name = fields.prose("name")
    document.note = fields.prose("note")
    document.conversion = fields.node("conversion").flatMap { reader.narrowFilter($0, "conversion") }
    if let score = fields.node("score").flatMap({ FieldReader($0, KeyTable.score, sink) }) {
      document.scoreLimits = reader.limits(score)
    }
    document.groups = reader.groups(fields)
    document.ignore = fields.items("ignore").compactMap { reader.narrowFilter($0, "an ignore entry") }
    document.rules = reader.rules(fields)
    document.stages = reader.stages(fields)
    document.disqualify = reader.disqualifications(fields)
    document.grade = reader.scales(fields)
    document.expect = reader.expectations(fields)
    reader.references.check(sink)
    return document
  }

  private init(sink: DiagnosticSink, conditions: ConditionReader) {
    self.sink = sink
    self.conditions = conditions
  }

  // MARK: - Shared parts

  func limits(_ fields: FieldReader) -> Limits {
    let limits = Limits(min: fields.points("min"), max: fields.points("max"))
    if let min = limits.min, let max = limits.max, min > max {
      sink.error(fields.valuePosition("min"), "min \(min) is above max \(max)")
    }
    return limits
  }

  /// The `event` and `where` of a clause.
  func filter(_ fields: FieldReader) -> EventFilter {
    EventFilter(
      types: fields.texts("event"), condition: fields.node("where").map(conditions.condition) ?? .always)
  }

  /// A filter that would be senseless for every event.
  private func narrowFilter(_ node: SourceNode, _ title: String) -> EventFilter? {
    guard let fields = FieldReader(node, KeyTable.filter, sink, hint: "write { event: … }") else { return nil }
    if !fields.has("event"), !fields.has("where") {
      sink.error(node.position, "\(title) would match every event", hint: "give it 'event', 'where' or both")
    }
    return filter(fields)
  }

  /// The ids of one section: each once, none reserved.
  struct Identifiers {
    let what: String
    var reserved: String?
    private var lines: [String: Int] = [:]

    init(_ what: String, reserved: String? = nil) {
      self.what = what
      self.reserved = reserved
    }

    mutating func read(_ fields: FieldReader, _ sink: DiagnosticSink) -> String {
      guard let id = fields.identifier() else { return "" }
      let position = fields.valuePosition("id")
      if id == reserved {
        sink.error(position, "the id '\(id)' is reserved", hint: "choose another one")
      } else if let line = lines[id] {
        sink.error(position, "duplicate \(what) id '\(id)'", hint: "line \(line) has it already")
      } else {
        lines[id] = position.line
      }
      return id
    }
  }

  // MARK: - Groups

  private mutating func groups(_ fields: FieldReader) -> [Group] {
    fields.map("groups", like: "fit: { min: 0, max: 100 }").compactMap { group($0) }
  }

  private mutating func group(_ entry: SourceEntry) -> Group? {
    var group = Group(name: entry.name)
    if entry.name == RuleDocument.rootGroup {
      sink.error(
        entry.position, "'\(entry.name)' is the root of all groups",
        hint: "its limits stand in the top-level key 'score'")
      return nil
    }
    references.declare(group: entry.name, at: entry.position)
    if entry.value.isNull { return group }
    guard let fields = FieldReader(entry.value, KeyTable.group, sink) else { return nil }
    group.limits = limits(fields)
    group.note = fields.prose("note")
    group.take = fields.choice("take").flatMap { Group.Take(rawValue: $0) } ?? .sum
    if let parent = fields.text("part_of") {
      group.partOf = parent
      references.part(entry.name, of: parent, at: fields.valuePosition("part_of"))
    }
    return group
  }

  // MARK: - Stages and what belongs to them

  private mutating func stages(_ fields: FieldReader) -> [Stage] {
    var ids = Identifiers("stage", reserved: RuleDocument.disqualifiedStage)
    var stages: [Stage] = []
    for (index, node) in fields.items("stages").enumerated() {
      guard let fields = FieldReader(node, KeyTable.stage, sink) else { continue }
      var stage = Stage(id: ids.read(fields, sink), name: fields.prose("name"), note: fields.prose("note"))
      if !stage.id.isEmpty { references.declare(stage: stage.id, at: index) }
      stage.enter = minimums("enter", fields)
      stage.keep = minimums("keep", fields)
      stage.condition = fields.node("if").map(conditions.condition)
      stage.isHandoff = fields.flag("handoff") ?? false
      checkPlace(of: stage, isFirst: index == 0, fields)
      stages.append(stage)
    }
    if stages.count > 1, !stages.contains(where: \.isHandoff) {
      sink.warning(
        fields.keyPosition("stages"), "no stage has 'handoff: true'", hint: "so there is nothing to hand over to sales")
    }
    return stages
  }

  private func checkPlace(of stage: Stage, isFirst: Bool, _ fields: FieldReader) {
    if isFirst {
      for key in ["enter", "keep", "if"] where fields.has(key) {
        sink.error(
          fields.keyPosition(key), "the first stage always holds and has no '\(key)'",
          hint: "put a stage that always holds before it, or remove the key")
      }
      return
    }
    guard fields.has("enter") else {
      sink.error(fields.position, "every stage but the first needs 'enter'", hint: "such as enter: { score: 40 }")
      return
    }
    if stage.enter?.isEmpty == true, stage.condition == nil {
      sink.error(fields.valuePosition("enter"), "'enter' demands nothing, so every lead would enter this stage")
    }
    for (group, minimum) in (stage.keep ?? [:]).sorted(by: { $0.key < $1.key }) {
      guard let entry = stage.enter?[group], minimum > entry else { continue }
      sink.warning(
        fields.valuePosition("keep"), "keep demands \(group) \(minimum), more than the \(entry) to enter",
        hint: "a lead may enter and not stay")
    }
  }

  private mutating func minimums(_ key: String, _ fields: FieldReader) -> [String: Points]? {
    guard fields.has(key) else { return nil }
    var minimums: [String: Points] = [:]
    for entry in fields.map(key, like: "{ score: 40 }") {
      references.use(group: entry.name, at: entry.position)
      if let points = Scalars.points(entry.value, "the minimum of '\(entry.name)'", sink) {
        minimums[entry.name] = points
      }
    }
    return minimums
  }

  private func disqualifications(_ fields: FieldReader) -> [Disqualification] {
    var ids = Identifiers("disqualify")
    return fields.items("disqualify").compactMap { node in
      guard let fields = FieldReader(node, KeyTable.disqualification, sink) else { return nil }
      let condition = fields.node("if").map(conditions.condition) ?? .always
      if case .map(let entries)? = fields.node("if")?.content, entries.isEmpty {
        sink.warning(fields.valuePosition("if"), "an empty condition holds for every lead")
      }
      return Disqualification(
        id: ids.read(fields, sink), name: fields.prose("name"), note: fields.prose("note"), condition: condition)
    }
  }

  private mutating func expectations(_ fields: FieldReader) -> [Expectation] {
    fields.items("expect").compactMap { node in
      guard let fields = FieldReader(node, KeyTable.expectation, sink) else { return nil }
      let from = fields.text("from")
      let to = fields.text("to")
      if let from { references.use(stage: from, at: fields.valuePosition("from")) }
      if let to { references.use(stage: to, at: fields.valuePosition("to")) }
      if let from, let to { references.path(from: from, to: to, at: fields.valuePosition("to")) }
      let expectation = Expectation(
        from: from ?? "", to: to ?? "", within: fields.duration("within"), min: fields.share("min"),
        max: fields.share("max"))
      if let min = expectation.min, let max = expectation.max, min > max {
        sink.error(
          fields.valuePosition("min"), "min \(Value.text(of: min)) is above max \(Value.text(of: max))")
      }
      if !fields.has("min"), !fields.has("max") {
        sink.warning(node.position, "an expect entry without 'min' and 'max' never warns")
      }
      return expectation
    }
  }

  // MARK: - Grade

  private mutating func scales(_ fields: FieldReader) -> [GradeScale] {
    var scales: [GradeScale] = []
    for node in fields.items("grade") {
      guard let fields = FieldReader(node, KeyTable.scale, sink) else { continue }
      let group = fields.text("group")
      if let group {
        references.use(group: group, at: fields.valuePosition("group"))
      }
      scales.append(GradeScale(group: group ?? "", bands: bands(fields)))
    }
    return scales
  }

  private func bands(_ fields: FieldReader) -> [GradeScale.Band] {
    let nodes = fields.items("bands")
    if fields.has("bands"), nodes.isEmpty, case .list? = fields.node("bands")?.content {
      sink.error(fields.valuePosition("bands"), "'bands' has an empty list", hint: "name at least one band")
    }
    var lines: [Points?: Int] = [:]
    return nodes.compactMap { node in
      guard let fields = FieldReader(node, KeyTable.band, sink) else { return nil }
      let at = fields.points("at")
      if at != nil || !fields.has("at") {
        let position = fields.valuePosition("at")
        if let line = lines[at] {
          let what = at.map { "'at: \($0)'" } ?? "no 'at'"
          sink.error(position, "two bands have \(what)", hint: "the other one is on line \(line)")
        } else {
          lines[at] = position.line
        }
      }
      return GradeScale.Band(at: at, label: fields.text("label") ?? "")
    }
  }
}
