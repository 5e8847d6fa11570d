/// A lead's points at one instant, in hundredths.
struct ReferenceScore {
  var score = 0
  /// Every group, after its clamps.
  var groups: [String: Int] = [:]
  /// Rules that give other than 0, before clamps; all adjustments together as `adjustment`.
  var rules: [String: Int] = [:]
  var grade: String?

  init(_ lead: ReferenceLead, at now: Int64) {
    let document = lead.document
    var ofGroup: [String: [Int]] = [:]
    var ofRoot: [Int] = []
    for (index, rule) in document.rules.enumerated() {
      let points = lead.points(of: index, at: now)
      if points != 0 { rules[rule.id] = points }
      if let group = rule.group { ofGroup[group, default: []].append(points) } else { ofRoot.append(points) }
    }
    let adjustment = lead.facts.adjustments.filter { $0.isWorth(at: now) }.reduce(0) { $0 + $1.points }
    if adjustment != 0 { rules["adjustment"] = adjustment }
    ofRoot.append(adjustment)

    var results: [String: Int] = [:]
    func result(_ name: String, _ group: ReferenceDocument.Group) -> Int {
      if let known = results[name] { return known }
      let parts = document.groups.filter { $0.value.partOf == name }.map { result($0.key, $0.value) }
      let value = Self.combined((ofGroup[name] ?? []) + parts, group)
      results[name] = value
      return value
    }
    for (name, group) in document.groups { groups[name] = result(name, group) }
    let top = document.groups.filter { $0.value.partOf == nil }.map { result($0.key, $0.value) }
    score = Self.combined(ofRoot + top, document.root)

    grade = document.grade?.map { part in
      part.bands.first { band in band.minimum.map { self[part.group] >= $0 } ?? true }?.label ?? ""
    }.joined()
  }

  /// The points of a group, or of the root by the name `score`.
  subscript(name: String) -> Int { name == "score" ? score : groups[name] ?? 0 }

  private static func combined(_ parts: [Int], _ group: ReferenceDocument.Group) -> Int {
    var value = group.takesHighest ? parts.filter { $0 != 0 }.max() ?? 0 : parts.reduce(0, +)
    if let minimum = group.minimum { value = max(value, minimum) }
    if let maximum = group.maximum { value = min(value, maximum) }
    return value
  }

  func reaches(_ minimums: [String: Int]) -> Bool { minimums.allSatisfy { self[$0.key] >= $0.value } }
}
