/// Valid rule documents that use every key of the specification.
struct RandomDocument {
  static let points = [
    "-20", "-15", "-5", "-2.5", "-0.75", "-0.01", "0.01", "0.25", "1", "2.50", "3", "5", "7.77", "10", "15", "20.0",
    "33.33", "40",
  ]
  private static let groupNames = ["fit", "job-level", "engagement", "product_use", "no", "7g"]
  private static let stageNames = ["nurture", "mql", "sql", "on", "customer_1"]
  private static let ruleNames = [
    "senior-title", "pricing-page", "hot-week", "gone-dark", "yes", "0x1f", "1e3", "true", "a_b", "r-9", "12", "n",
  ]

  static func make(using random: inout SplitMix64) -> RefJSON {
    while true {
      let document = attempt(using: &random)
      if isValid(document) { return document }
    }
  }

  private static func attempt(using random: inout SplitMix64) -> RefJSON {
    var document: RefJSON = [:]
    let names = random.sample(groupNames, random.int(0...4))
    if random.chance(50) { document["name"] = .string(random.pick(["B2B software", "Größe: \"A\" # 1", "yes"])) }
    if random.chance(30) { document["conversion"] = ["event": "deal_won"] }
    if random.chance(40) { document["score"] = bounds(using: &random) }
    if let groups = groups(names, using: &random) { document["groups"] = groups }
    if random.chance(35) { document["ignore"] = ignore(using: &random) }
    var rules: [RefJSON] = []
    for id in random.sample(ruleNames, random.int(2...9)) { rules.append(rule(id, names, using: &random)) }
    document["rules"] = .array(random.shuffled(rules))
    let known = ["score"] + knownGroups(document)
    if random.chance(75) { document["stages"] = stages(known, using: &random) }
    if random.chance(35) { document["disqualify"] = disqualify(using: &random) }
    if random.chance(50) { document["grade"] = grade(known, using: &random) }
    let ids = stageIDs(document)
    if ids.count > 1, random.chance(30) {
      document["expect"] = [
        [
          "from": .string(ids[0]), "to": .string(ids[1]), "within": .string(random.pick(RandomCondition.durations)),
          "min": 10, "max": .number(random.pick(["50", "62.5"])),
        ]
      ]
    }
    return random.chance(20) ? .object(random.shuffled(document.entries)) : document
  }

  /// Every group that is declared, or named by a rule or a `part_of`, in the order of the document.
  static func knownGroups(_ document: RefJSON) -> [String] {
    var names: [String] = []
    let groups = document["groups"]?.entries ?? []
    let named =
      groups.map(\.key) + groups.compactMap { $0.value["part_of"]?.text }
      + (document["rules"]?.elements ?? []).compactMap { $0["group"]?.text }
    for name in named where name != "score" && !names.contains(name) { names.append(name) }
    return names
  }

  static func stageIDs(_ document: RefJSON) -> [String] {
    (document["stages"]?.elements ?? []).compactMap { $0["id"]?.text }
  }

  /// Whether every name that the document uses is known.
  static func isValid(_ document: RefJSON) -> Bool {
    let known = Set(["score"] + knownGroups(document))
    let stages = document["stages"]?.elements ?? []
    let used =
      stages.flatMap { ($0["enter"]?.entries ?? []) + ($0["keep"]?.entries ?? []) }.map(\.key)
      + (document["grade"]?.elements ?? []).compactMap { $0["group"]?.text }
    let expected = (document["expect"]?.elements ?? []).flatMap { [$0["from"]?.text, $0["to"]?.text] }
    let ids = stageIDs(document)
    return used.allSatisfy(known.contains) && expected.allSatisfy { $0.map(ids.contains) ?? false }
      && document["rules"]?.elements.isEmpty == false
  }

  static func bounds(using random: inout SplitMix64) -> RefJSON {
    var tree: RefJSON = [:]
    let shape = random.int(0...2)
    if shape != 0 { tree["min"] = .number(random.pick(["-50", "-10", "0", "0", "-2.5", "5"])) }
    if shape != 1 { tree["max"] = .number(random.pick(["10", "20.25", "40", "100"])) }
    return tree
  }

  private static func groups(_ names: [String], using random: inout SplitMix64) -> RefJSON? {
    var entries: [RefEntry] = []
    for (index, name) in names.enumerated() where random.chance(70) {
      var tree = random.chance(60) ? bounds(using: &random) : [:]
      // Only earlier names, so that the groups form a tree.
      if index > 0, random.chance(50) { tree["part_of"] = .string(random.pick(Array(names[..<index]))) }
      if tree["part_of"] == nil, random.chance(8) { tree["part_of"] = "score" }
      if tree == [:] || random.chance(35) { tree["take"] = "highest" }
      entries.append(RefEntry(name, .object(random.shuffled(tree.entries))))
    }
    return entries.isEmpty ? nil : .object(random.shuffled(entries))
  }

  static func ignore(using random: inout SplitMix64) -> RefJSON {
    .array(
      (0...random.int(0...1)).map { _ in
        var tree: RefJSON = [:]
        if random.chance(70) { tree["event"] = event(using: &random) }
        if tree == [:] || random.chance(85) {
          tree["where"] = RandomCondition.condition(RandomField.properties, using: &random, depth: 1)
        }
        // An empty `where` alone would hide every event.
        if tree["where"] == [:] { tree["event"] = "demo" }
        return tree
      })
  }

  private static func event(using random: inout SplitMix64) -> RefJSON {
    if random.chance(65) { return .string(RandomField.eventType(using: &random)) }
    return .array(random.sample(RandomField.eventTypes, random.int(1...3)).map { .string($0) })
  }

  static func rule(_ id: String, _ groups: [String], using random: inout SplitMix64) -> RefJSON {
    var tree: RefJSON = ["id": .string(id)]
    if !groups.isEmpty, random.chance(75) { tree["group"] = .string(random.pick(groups)) }
    if tree["group"] == nil, random.chance(10) { tree["group"] = "score" }
    if random.chance(20) { tree["name"] = .string(random.pick(["Visited pricing", "Größe", "10"])) }
    if random.chance(15) {
      tree["note"] = .string(random.pick(["Agreed with sales", "line one\nline two", "why: # not"]))
    }
    tree["points"] = .number(random.pick(points))
    let clause = random.pick(["every", "every", "every", "when", "when", "silence", ""])
    if clause.isEmpty || random.chance(20) {
      tree["if"] = RandomCondition.condition(RandomField.attributes, using: &random)
    }
    if !clause.isEmpty { tree[clause] = Self.clause(clause, using: &random) }
    return tree
  }

  static func clause(_ name: String, using random: inout SplitMix64) -> RefJSON {
    var tree: RefJSON = [:]
    let isSilence = name == "silence"
    if random.chance(80) { tree["event"] = event(using: &random) }
    if random.chance(33) || (tree == [:] && !isSilence) {
      tree["where"] = RandomCondition.condition(RandomField.properties, using: &random, depth: 1)
    }
    if isSilence {
      tree["for"] = .string(random.pick(RandomCondition.durations))
      if random.chance(60) { tree["repeat"] = .number("\(random.int(1...5))") }
      return tree
    }
    if random.chance(35) { tree["once_per"] = .string(random.pick(["hour", "day", "week", "week"])) }
    if random.chance(60) { tree["within"] = .string(random.pick(RandomCondition.durations)) }
    if name == "when" {
      if random.chance(75) { tree["at_least"] = .number("\(random.int(1...4))") }
      return tree
    }
    if random.chance(40) { tree["limit"] = .number("\(random.int(1...5))") }
    if random.chance(50) {
      var decay: RefJSON = [
        "percent": .number(random.pick(["1", "10", "25", "33", "50", "99", "100"])),
        "every": .string(random.pick(["1h", "12h", "1d", "1d", "3d", "7d", "1w", "30d"])),
      ]
      if random.chance(45) { decay["linear"] = .bool(random.chance(85)) }
      tree["decay"] = decay
    }
    return tree
  }

  static func stages(_ known: [String], using random: inout SplitMix64) -> RefJSON {
    var score = 0
    let ids = random.shuffled(stageNames).prefix(random.int(1...4))
    return .array(
      ids.enumerated().map { index, id in
        var tree: RefJSON = ["id": .string(id)]
        if index > 0 {
          score += random.pick([1, 3, 5, 10, 20])
          var enter: RefJSON = random.chance(80) ? ["score": .number("\(score)")] : [:]
          let other = random.pick(known)
          if enter == [:] || random.chance(40) { enter[other] = .number(random.pick(["-5", "1", "5", "7.5", "20"])) }
          tree["enter"] = enter
          if random.chance(65) {
            // No higher than `enter`, or keeping would be harder than entering.
            var keep: RefJSON = [:]
            for entry in enter.entries {
              keep[entry.key] = random.chance(50) ? .number(random.pick(["-20", "-7.5"])) : entry.value
            }
            if keep.entries.count > 1, random.chance(30) { keep[enter.entries[1].key] = nil }
            tree["keep"] = keep
          }
          if random.chance(25) {
            tree["if"] = RandomCondition.condition(RandomField.attributes, using: &random, depth: 1)
          }
        }
        if random.chance(30) { tree["handoff"] = .bool(random.chance(80)) }
        return tree
      })
  }

  static func disqualify(using random: inout SplitMix64) -> RefJSON {
    .array(
      random.sample(["unsubscribed", "competitor", "d-0"], random.int(1...2)).map { id in
        var condition = RandomCondition.condition(RandomField.attributes, using: &random, depth: 1)
        if condition == [:] || random.chance(50) { condition = ["unsubscribed": true] }
        return ["id": .string(id), "if": condition]
      })
  }

  static func grade(_ known: [String], using random: inout SplitMix64) -> RefJSON {
    .array(
      random.shuffled(random.sample(known, random.int(1...2))).map { group in
        let bounds = random.sample(["60", "30.5", "20", "10", "2.5", "0"], random.int(1...3))
        let labels: [RefJSON] = random.chance(50) ? ["A", "B", "C", "D"] : [1, 2, 3, 4]
        var bands = zip(bounds, labels).map { bound, label -> RefJSON in ["at": .number(bound), "label": label] }
        if random.chance(70) { bands.append(["label": labels[bands.count]]) }
        return ["group": .string(group), "bands": .array(bands)]
      })
  }
}
