import ScoreEngine

/// The names that one part of a document uses and another declares, checked when all of it has been read.
struct References {
  private struct Use {
    let name: String
    let position: Position
  }

  private struct Part {
    let child: String
    let parent: String
    let position: Position
  }

  private var declaredGroups: [Use] = []
  private var namedGroups: [Use] = []
  private var usedGroups: [Use] = []
  private var parts: [Part] = []
  private var stages: [String: Int] = [:]
  private var stageNames: [String] = []
  private var usedStages: [Use] = []
  private var paths: [Part] = []

  // MARK: - Collecting

  /// An entry of `groups`.
  mutating func declare(group name: String, at position: Position) {
    declaredGroups.append(Use(name: name, position: position))
  }

  /// A rule's `group`, which needs no entry.
  mutating func name(group name: String, at position: Position) {
    namedGroups.append(Use(name: name, position: position))
  }

  /// A group's `part_of`, which needs no entry either.
  mutating func part(_ child: String, of parent: String, at position: Position) {
    parts.append(Part(child: child, parent: parent, position: position))
    name(group: parent, at: position)
  }

  /// A place where a group must exist.
  mutating func use(group name: String, at position: Position) {
    usedGroups.append(Use(name: name, position: position))
  }

  /// A stage and its place, lowest first.
  mutating func declare(stage name: String, at index: Int) {
    if stages[name] == nil {
      stages[name] = index
      stageNames.append(name)
    }
  }

  /// A place where a stage must exist.
  mutating func use(stage name: String, at position: Position) {
    usedStages.append(Use(name: name, position: position))
  }

  /// A conversion from one stage to another.
  mutating func path(from: String, to: String, at position: Position) {
    paths.append(Part(child: from, parent: to, position: position))
  }

  // MARK: - Checking

  func check(_ sink: DiagnosticSink) {
    checkGroups(sink)
    checkTree(sink)
    checkStages(sink)
  }

  private func checkGroups(_ sink: DiagnosticSink) {
    var known = [RuleDocument.rootGroup]
    var knownSet = Set(known)
    for use in declaredGroups + namedGroups where knownSet.insert(use.name).inserted { known.append(use.name) }
    for use in usedGroups where !knownSet.contains(use.name) {
      let near = NearestWord.find(use.name, in: known).map { "did you mean '\($0)'?" }
      sink.error(
        use.position, "unknown group '\(use.name)'", hint: near ?? "no rule counts for it and 'groups' lacks it")
    }
    guard !declaredGroups.isEmpty else { return }
    let declared = [RuleDocument.rootGroup] + declaredGroups.map(\.name)
    var asked = Set(declared)
    for use in namedGroups where asked.insert(use.name).inserted {
      guard let near = NearestWord.find(use.name, in: declared),
        NearestWord.distance(Array(near), Array(use.name)) <= 2
      else { continue }
      sink.warning(use.position, "the group '\(use.name)' has no entry in 'groups'", hint: "did you mean '\(near)'?")
    }
  }

  /// Follows every group to the root; a circle is reported once, at the `part_of` that stands first in the file.
  private func checkTree(_ sink: DiagnosticSink) {
    var parents: [String: Part] = [:]
    for part in parts where parents[part.child] == nil { parents[part.child] = part }
    var settled: Set<String> = [RuleDocument.rootGroup]
    for part in parts {
      var trail: [String] = []
      var onTrail: Set<String> = []
      var current = part.child
      while !settled.contains(current), !onTrail.contains(current), let next = parents[current] {
        trail.append(current)
        onTrail.insert(current)
        current = next.parent
      }
      if let start = trail.firstIndex(of: current), !settled.contains(current) {
        let circle = Array(trail[start...])
        let places = circle.compactMap { parents[$0] }
        if let first = places.min(by: { $0.position < $1.position }),
          let offset = circle.firstIndex(of: first.child)
        {
          let turned = circle[offset...] + circle[..<offset] + [first.child]
          sink.error(first.position, "groups are part of each other in a circle: \(turned.joined(separator: " → "))")
        }
      }
      settled.formUnion(trail)
    }
  }

  private func checkStages(_ sink: DiagnosticSink) {
    for use in usedStages where stages[use.name] == nil {
      let near = NearestWord.find(use.name, in: stageNames).map { "did you mean '\($0)'?" }
      let known =
        stageNames.isEmpty ? "the document has no stages" : "the stages are \(stageNames.joined(separator: ", "))"
      sink.error(use.position, "unknown stage '\(use.name)'", hint: near ?? known)
    }
    for path in paths {
      guard let from = stages[path.child], let to = stages[path.parent] else { continue }
      if from == to {
        sink.error(path.position, "'from' and 'to' are the same stage")
      } else if from > to {
        sink.warning(path.position, "'\(path.parent)' comes before '\(path.child)'", hint: "are they swapped?")
      }
    }
  }
}
