import TestSupport
import Testing

@Suite struct RandomCaseTests {
  @Test func theSameSeedGivesTheSameCase() throws {
    for seed in UInt64(0)..<40 {
      #expect(try RandomCase(seed: seed).steps == RandomCase(seed: seed).steps)
    }
    #expect(try RandomCase(seed: 1).steps != RandomCase(seed: 2).steps)
    var random = SplitMix64(seed: 0)
    #expect(random.next() == 0xe220_a839_7b1d_cdaf)
  }

  @Test func theClockNeverGoesBack() throws {
    for seed in UInt64(0)..<100 {
      let instants = try RandomCase(seed: seed).steps.map(\.instant)
      #expect(zip(instants, instants.dropFirst()).allSatisfy { $0 <= $1 })
    }
  }

  @Test func documentsUseEveryKey() throws {
    var counts: [String: Int] = [:]
    for seed in UInt64(0)..<300 {
      for case .applyVersion(let document, _, _) in try RandomCase(seed: seed).steps {
        var keys: Set<String> = []
        collect(document, into: &keys)
        for key in keys { counts[key, default: 0] += 1 }
      }
    }
    let expected = [
      "name", "conversion", "event", "score", "min", "max", "groups", "part_of", "take", "ignore", "where", "rules",
      "id", "group", "points", "if", "every", "once_per", "within", "limit", "decay", "percent", "linear", "when",
      "at_least", "silence", "for", "repeat", "note", "stages", "enter", "keep", "handoff", "disqualify", "grade",
      "bands", "at", "label", "expect", "from", "to", "all", "any", "not", "is", "is_not", "in", "not_in", "contains",
      "contains_any", "starts_with", "ends_with", "like", "lt", "lte", "gt", "gte", "before", "after", "newer_than",
      "older_than", "exists",
    ]
    for key in expected { #expect(counts[key, default: 0] >= 20, "\(key): \(counts[key, default: 0])") }
  }

  private func collect(_ tree: RefJSON, into keys: inout Set<String>) {
    for entry in tree.entries {
      keys.insert(entry.key)
      collect(entry.value, into: &keys)
    }
    for item in tree.elements { collect(item, into: &keys) }
  }

  /// Conditions and stages that never hold, or causes that never come, would judge nothing.
  @Test func casesAreLively() throws {
    var causes: [String: Int] = [:]
    var stages: Set<String> = []
    var scores: Set<Int> = []
    for seed in UInt64(0)..<100 {
      var world = ReferenceWorld()
      for step in try RandomCase(seed: seed).steps { try world.perform(step) }
      for row in world.history {
        causes[row.cause, default: 0] += 1
        scores.insert(row.after)
        if let stage = row.stageAfter { stages.insert(stage) }
      }
    }
    for cause in ["import", "event", "attributes", "time", "rules", "fast-track"] {
      #expect(causes[cause, default: 0] >= 20, "\(cause): \(causes)")
    }
    #expect(stages.contains("disqualified"))
    #expect(scores.count > 200)
  }

  @Test func renderedInstantsReadBack() {
    var random = SplitMix64(seed: 7)
    for step in 0..<2000 {
      let instant = monday + Int64(step - 1000) * RefInstant.hour * 6 + random.pick([0, 0, 0, 1, 999, 60_000])
      #expect(RefInstant.parse(RandomText.instant(instant, using: &random)) == instant)
    }
  }

  @Test func yamlQuotesWhatWouldReadAsAnotherKind() {
    let words = [
      "true", "Null", "12", "1e3", "-1", "0x1f", "~", "", "a: b", "a #b", "*x", "- x", "'", "[x", "12:", "T",
    ]
    let tree: RefJSON = .object([RefEntry("list", .array(words.map { .string($0) })), RefEntry("n", .number("1.50"))])
    for seed in UInt64(0)..<50 {
      var random = SplitMix64(seed: seed)
      let yaml = tree.renderYAML(using: &random)
      #expect(yaml.contains("1.50"))
      for word in words.dropLast() {
        let single = "'" + (word == "'" ? "''" : word) + "'"
        #expect(
          yaml.contains(single) || yaml.contains(RefJSON.quoted(word)) || yaml.contains("\\u"), "\(word) in \(yaml)")
      }
    }
  }

  @Test func rowsRenderAsJSONLines() {
    var random = SplitMix64(seed: 3)
    let event = RefEventRow(id: "1", key: "a", type: "view", occurredAt: monday, properties: ["x": .number(3)])
    let text = RandomText.jsonLines([event, event], using: &random)
    #expect(text.split(separator: "\n").count == 2)
    #expect(text.contains("\"properties\":{\"x\":3}"))
    let lead = RandomText.jsonLines(
      [RefLeadRow(key: "a", attributes: ["x": .null, "y": .list(["é"])])], using: &random)
    #expect(lead.contains("\"attributes\":{\"x\":null,\"y\":[\"é\"]}"))
  }
}
