/// Changes of rules, as people make them from one version to the next.
enum RandomMutation {
  /// A valid document that differs from `document`, and that has every stage of `keeping` if `document` has it.
  static func changed(_ document: RefJSON, keeping: Set<String>, using random: inout SplitMix64) -> RefJSON {
    let needed = keeping.intersection(RandomDocument.stageIDs(document))
    while true {
      var candidate = document
      for _ in 0..<random.pick([1, 1, 2, 3]) { candidate = step(candidate, using: &random) }
      if candidate != document, RandomDocument.isValid(candidate),
        needed.isSubset(of: RandomDocument.stageIDs(candidate))
      {
        return candidate
      }
    }
  }

  private static func step(_ document: RefJSON, using random: inout SplitMix64) -> RefJSON {
    var result = document
    switch random.int(0...13) {
    case 0...2:
      edit("rules", of: &result, using: &random) { rule, random in
        rule["points"] = .number(random.pick(RandomDocument.points))
      }
    case 3...5:
      edit("rules", of: &result, using: &random) { rule, random in
        for name in ["every", "when", "silence"] where rule[name] != nil {
          let fresh = RandomDocument.clause(name, using: &random)
          guard random.chance(60), let old = rule[name] else {
            rule[name] = fresh
            continue
          }
          // Numbers only: the question to the events stays the same.
          var clause = fresh
          for key in ["event", "where"] { clause[key] = old[key] }
          if clause != [:] { rule[name] = clause }
        }
      }
    case 6:
      var rules = document["rules"]?.elements ?? []
      if rules.count > 1 { rules.remove(at: random.int(0...(rules.count - 1))) }
      result["rules"] = .array(rules)
    case 7:
      let id = "new-\(random.int(0...999))"
      let rules = document["rules"]?.elements ?? []
      if !rules.contains(where: { $0["id"]?.text == id }) {
        let groups = RandomDocument.knownGroups(document)
        result["rules"] = .array(rules + [RandomDocument.rule(id, groups, using: &random)])
      }
    case 8:
      edit("rules", of: &result, using: &random) { rule, random in
        rule["if"] = RandomCondition.condition(RandomField.attributes, using: &random)
      }
    case 9:
      renameStage(of: &result, using: &random)
    case 10:
      edit("stages", of: &result, using: &random) { stage, random in
        guard var enter = stage["enter"] else { return }
        let key = random.pick(enter.entries).key
        enter[key] = .number(random.pick(["1", "5", "12.5", "20"]))
        stage["enter"] = enter
        stage["keep"] = random.chance(50) ? [key: .number(random.pick(["-5", "0.5"]))] : nil
      }
    case 11:
      guard var groups = document["groups"], !groups.entries.isEmpty else { break }
      let name = random.pick(groups.entries).key
      let bounds = RandomDocument.bounds(using: &random)
      for side in ["min", "max"] { groups[name]?[side] = bounds[side] }
      result["groups"] = groups
    case 12:
      result["score"] = random.chance(70) ? RandomDocument.bounds(using: &random) : nil
    default:
      replaceSection(of: &result, using: &random)
    }
    return result
  }

  private static func replaceSection(of document: inout RefJSON, using random: inout SplitMix64) {
    let known = ["score"] + RandomDocument.knownGroups(document)
    switch random.int(0...3) {
    case 0: document["ignore"] = random.chance(75) ? RandomDocument.ignore(using: &random) : nil
    case 1: document["disqualify"] = random.chance(75) ? RandomDocument.disqualify(using: &random) : nil
    case 2: document["grade"] = random.chance(75) ? RandomDocument.grade(known, using: &random) : nil
    default:
      document["stages"] = random.chance(80) ? RandomDocument.stages(known, using: &random) : nil
      document["expect"] = nil
    }
  }

  private static func renameStage(of document: inout RefJSON, using random: inout SplitMix64) {
    var stages = document["stages"]?.elements ?? []
    guard !stages.isEmpty else { return }
    let index = random.int(0...(stages.count - 1))
    let id: RefJSON = .string("stage-\(random.int(0...999))")
    guard let old = stages[index]["id"], !stages.contains(where: { $0["id"] == id }) else { return }
    stages[index]["id"] = id
    document["stages"] = .array(stages)
    guard let expect = document["expect"] else { return }
    document["expect"] = .array(
      expect.elements.map { entry in
        .object(entry.entries.map { RefEntry($0.key, $0.value == old && $0.key != "within" ? id : $0.value) })
      })
  }

  private static func edit(
    _ section: String, of document: inout RefJSON, using random: inout SplitMix64,
    _ change: (inout RefJSON, inout SplitMix64) -> Void
  ) {
    var items = document[section]?.elements ?? []
    guard !items.isEmpty else { return }
    change(&items[random.int(0...(items.count - 1))], &random)
    document[section] = .array(items)
  }
}
