import Foundation
import Testing

/// `explain`: a ledger that adds up, of now, of the past, of what is to come, and under any version.
struct ExplainTests {
  /// What a rule or a group of an explanation lost: `once_per 1 10` is a count and points.
  private func taken(_ part: [String: Any]) throws -> [String] {
    try #require(part["taken"] as? [[String: Any]]).map {
      "\($0["by"] ?? "") \($0["count"] ?? "") \($0["points"] ?? "")"
    }
  }

  private func part(_ explanation: [String: Any], _ list: String, _ name: String) throws -> [String: Any] {
    let parts = try #require(explanation[list] as? [[String: Any]])
    return try #require(parts.first { $0["id"] as? String == name || $0["name"] as? String == name })
  }

  @Test func whatEachPartTookIsSaidInCountsAndPoints() throws {
    let work = try Workspace.ledger()
    let found = try work.json("explain", "ann@x", "--as-of", "2026-03-10")
    let views = try part(found, "rules", "views")
    // Six days would be 60: one view is the second of its day, one too old, one before the last three, one has decayed.
    #expect(views["full_points"] as? Int == 60 && views["points"] as? Int == 25)
    #expect(try taken(views) == ["once_per 1 10", "within 1 10", "limit 1 10", "decay 1 5"])
    let events = try #require(views["events"] as? [[String: Any]])
    #expect(events.map { $0["points"] as? Int } == [0, 0, 0, 5, 10, 10])
    #expect(events.map { $0["lost"] as? String } == ["too-old", "over-limit", "not-first", nil, nil, nil])
    #expect(views["properties"] as? [String] == ["path"])
    let burst = try part(found, "rules", "burst")
    #expect(burst["full_points"] as? Int == 20 && burst["points"] as? Int == 0)
    #expect(try taken(burst) == ["within 5 20"])
    #expect(try taken(part(found, "rules", "dark")).isEmpty)

    let level = try part(found, "groups", "level")
    #expect(level["sum"] as? Int == 40 && level["points"] as? Int == 25)
    #expect(try taken(level) == ["highest 1 15"])
    let fit = try part(found, "groups", "fit")
    #expect(fit["sum"] as? Int == 35 && fit["points"] as? Int == 20)
    #expect(try taken(fit) == ["max 0 15"])
    #expect(found["sum"] as? Int == 45 && found["score"] as? Int == 45)

    // Later, of a silence no more than what counts, and no less than the group's least.
    let later = try work.json("explain", "ann@x", "--as-of", "2026-09-01")
    let dark = try part(later, "rules", "dark")
    #expect(dark["full_points"] as? Int == -135 && dark["points"] as? Int == -30)
    #expect(try taken(dark) == ["repeat 7 -105"])
    #expect(try taken(part(later, "groups", "engagement")) == ["min 0 -20"])
  }

  @Test func theTableSaysTheSame() throws {
    let work = try Workspace.ledger()
    let text = try work.done("explain", "ann@x", "--as-of", "2026-03-12").output
    for line in [
      "ann@x  35 points, stage nurture", "fit                               20  35 before its limits, max 20 takes 15",
      "  level                           25  the highest of its parts; 1 other with 15 left out",
      "2026-03-03 08:00  view  path=/p  +5",
      """
      of 60: 1 event not the first of its day -10, 1 event 30d old or older -10, 1 event before the last 3 -10, \
      decay of 3 events -15
      """, "not mql: score 35 of 50, 15 short", "not sql: score 35 of 80, 45 short",
    ] { #expect(text.contains(line), "\(line) is not in:\n\(text)") }
    #expect(!text.contains("agent="), "properties that no rule asks for")
    let all = try work.done("explain", "ann@x", "--as-of", "2026-03-12", "--all").output
    #expect(all.contains("path=/p agent=person") && all.contains("too old") && !all.contains("robot"))
    let kept = try work.done("explain", "ann@x", "--as-of", "2026-03-10").output
    #expect(kept.contains("keeps mql (score 45 of 40), would not enter it: score 45 of 50, 5 short"), "\(kept)")
    let entered = try work.done("explain", "ann@x", "--as-of", "2026-03-11", "--version", "2").output
    #expect(entered.contains("enters sql (fit 20 of 20, score 80 of 80; email = ann@x)"), "\(entered)")
    #expect(kept.contains("score 45 → 40") && kept.contains("views 25 → 20"), "\(kept)")
  }

  @Test func thePastIsAsItWasThen() throws {
    let work = try Workspace.ledger()
    try work.unchanged {
      let then = try work.json("explain", "ann@x", "--as-of", "2026-03-03T12:00:00Z")
      #expect(then["score"] as? Int == 70 && then["stage"] as? String == "mql" && then["is_past"] as? Bool == true)
      #expect((then["notes"] as? [String])?.contains { $0.contains("attributes are as they are now") } == true)
      // Two of the three views had not happened when the first one had.
      let early = try work.json("explain", "ann@x", "--as-of", "2026-03-01T12:00:00Z")
      #expect(try (part(early, "rules", "views")["events"] as? [[String: Any]])?.count == 4)
      #expect((early["recorded"] as? [String: Any])?["score"] as? Int == 10)
      #expect(
        (early["notes"] as? [String])?.contains {
          $0 == "history recorded 10 points then; facts that came later or changed since make the difference"
        } == true)
      // Kept since it was entered; the score alone would not do.
      let kept = try work.json("explain", "ann@x", "--as-of", "2026-03-09T12:00:00Z")
      #expect(kept["stage"] as? String == "mql" && kept["stage_before_from"] as? String == "history")
      #expect(try part(kept, "stages", "mql")["enters"] as? Bool == false)
      #expect(try part(kept, "stages", "mql")["keeps"] as? Bool == true)
      // A person's stage hides the rules' own, which is found all the same.
      let tracked = try work.json("explain", "bob@x", "--as-of", "2026-03-10T02:00:00Z")
      #expect(tracked["stage"] as? String == "sql" && tracked["rule_stage"] as? String == "nurture")
      #expect((tracked["fast_track"] as? [String: Any])?["by"] as? String == "kim")
      let before = try work.json("explain", "bob@x", "--as-of", "2026-03-10T00:30:00Z")
      #expect(before["stage"] as? String == "nurture" && before["fast_track"] is NSNull)
      #expect((before["next_change"] as? [String: Any])?["at"] as? String == "2026-03-10T01:00:00Z")
      // Before there were rules, and before there was the lead.
      let first = try work.done("explain", "ann@x", "--as-of", "2026-01-01").output
      #expect(first.contains("no rules were active then; version 1 was the first"))
      #expect(first.contains("the lead was created later, on 2026-01-20 00:00"))
    }
  }

  @Test func anyVersionCanBeAsked() throws {
    let work = try Workspace.ledger()
    // The database is ahead of what is asked first, and then not.
    let past = try work.json("explain", "ann@x", "--as-of", "2026-03-11", "--version", "2")
    #expect(past["version"] as? Int == 2 && past["is_active"] as? Bool == false)
    #expect(past["score"] as? Int == 80 && past["stage"] as? String == "sql")
    #expect(past["stage_before_from"] as? String == "reconstructed")
    let now = try work.json("explain", "ann@x", "--as-of", "2026-03-12", "--version", "2")
    let preview = try work.json("rules", "preview", "2", "--lead", "ann@x", "--as-of", "2026-03-12")
    #expect(
      now["score"] as? Int == preview["after"] as? Int && now["stage"] as? String == preview["stage_after"] as? String)
    #expect(now["stage_before_from"] as? String == "carried-over" && now["reconstructed_stage"] as? String == "mql")
    let later = try work.json("explain", "ann@x", "--as-of", "2026-04-20", "--version", "2")
    #expect(later["score"] as? Int == 20 - 10)
    try work.refused(66, "explain", "ann@x", "--version", "3")
    try work.refused(64, "explain", "ann@x", "--version", "two")
    try work.refused(66, "explain", "nobody@x", "--as-of", "2026-03-03")
    try work.refused(66, "explain", "ann@x", "--as-of", "2026-03-03", "--model", "other")
  }

  @Test func disqualificationAndMissingConditions() throws {
    let work = try Workspace.ledger()
    try work.write("gone.csv", "key,unsubscribed,email\nann@x,yes,\n")
    try work.done("import", "leads", "gone.csv", "--as-of", "2026-03-13")
    let text = try work.done("explain", "ann@x", "--as-of", "2026-03-13").output
    #expect(text.contains("disqualified by gone: unsubscribed = yes"), "\(text)")
    let bob = try work.done("explain", "bob@x", "--as-of", "2026-03-13").output
    #expect(bob.contains("its `if` does not hold (email = absent)"), "\(bob)")
    #expect(
      bob.contains("stage sql by fast-track of kim: asked") && bob.contains("by the rules alone: nurture"), "\(bob)")
  }

  /// Another model has another past; a file that cannot be written to is enough for all of it.
  @Test func everyModelAndReadOnlyFiles() throws {
    let work = try Workspace.ledger()
    try work.done("models", "add", "other", "--rules", "rules-2.yaml", "--as-of", "2026-03-12")
    let other = try work.json("explain", "ann@x", "--as-of", "2026-03-11", "--model", "other")
    #expect(other["score"] as? Int == 80 && other["version"] as? Int == 1)
    #expect((other["notes"] as? [String])?.contains("no rules were active then; version 1 was the first") == true)
    let commands = [
      "explain ann@x --as-of 2026-03-10 --format json", "explain ann@x --as-of 2026-06-01 --version 2 --format json",
      "explain ann@x --as-of 2026-03-11 --model other --format json",
      "history ann@x --reconstruct --version 2 --as-of 2026-04-01 --format json",
      "leads list --at 2026-03-05 --as-of 2026-03-12 --format json",
    ]
    let expected = try commands.map { try work.shell("leadscore \($0)").output }
    #expect(expected.allSatisfy { $0.count > 20 })
    // In a folder on which nobody may write; root may all the same, so it runs as somebody else where that is possible.
    let script = """
      sqlite3 leads.db 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
      chmod 444 leads.db; chmod 555 .
      """
    let nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups "
    let prefix = try work.shell("\(nobody) leadscore --version && \(nobody) test -r leads.db").status == 0 ? nobody : ""
    guard Location.tool("sqlite3") != nil else { return }
    _ = try work.shell(script)
    defer { _ = try? work.shell("chmod 755 .; chmod 644 leads.db") }
    for (command, output) in zip(commands, expected) {
      let run = try work.shell("\(prefix)leadscore \(command)")
      #expect(run.status == 0, "\(command): \(run.errors)")
      #expect(run.output == output, "\(command)")
    }
  }
}
