import Foundation
import Testing

/// Rule files with faults: every one is named with file, line and column before the one error line.
struct WrongRulesTests {
  static let tenFaults = """
    name: ten faults
    score: { min: 0, max: lots }
    groups:
      fit: { minn: 0 }
    rules:
      - id: Bad Id
        points: 5
        if: { title: vp }
      - id: two
        points: 1.234
        if: { title: vp }
      - id: two
        points: 3
        if: { title: vp }
      - id: four
        points: 4
        every: { event: view, within: 5x }
      - id: five
        points: 5
        every: { event: view }
        when: { event: view }
      - id: six
        points: 6
        if: { title: { containz: vp } }
      - id: seven
        pionts: 7
        if: { title: vp }
    stages:
      - id: nurture
      - id: mql
        enter: { scoer: 40 }

    """

  /// The lines on which a fault must be named; where two places are as good, both.
  static let places: [Set<Int>] = [
    [2], [4], [6], [10], [9, 12], [17], [18, 19, 20, 21], [24], [25, 26], [31],
  ]

  private func refuses(_ work: Workspace, _ arguments: [String], _ file: String) throws -> ProgramRun {
    let run = try work.run(arguments)
    let message = work.expectRefusal(run, 65, remarks: true)
    #expect(message.contains(file))
    return run
  }

  private func lines(_ run: ProgramRun, _ file: String) -> Set<Int> {
    Set(
      run.errorLines.filter { $0.hasPrefix("\(file):") }.compactMap { line in
        let parts = line.split(separator: ":")
        return parts.count > 2 && Int(parts[2]) != nil ? Int(parts[1]) : nil
      })
  }

  @Test(arguments: [["rules", "check"], ["rules", "add"], ["init", "--db", "new.db", "--rules"]])
  func allFaultsAtOnce(command: [String]) throws {
    let work = try Workspace.prepared()
    try work.write("ten.yaml", WrongRulesTests.tenFaults)
    try work.unchanged {
      let run = try refuses(work, command + ["ten.yaml"], "ten.yaml")
      let found = lines(run, "ten.yaml")
      for place in WrongRulesTests.places { #expect(!place.isDisjoint(with: found), "no fault on lines \(place)") }
      #expect(run.errors.contains("did you mean 'contains'"))
      #expect(run.errors.contains("did you mean 'points'"))
    }
    #expect(!work.exists("new.db"))
  }

  @Test func faultsHaveAPlaceAndACaret() throws {
    let work = try Workspace.prepared()
    try work.write("n.yaml", "rules:\n  - id: a\n    points: 5\n    points: 6\n    if: {x: 1}\n")
    try work.unchanged {
      let run = try refuses(work, ["rules", "add", "n.yaml"], "n.yaml")
      #expect(run.errorLines.first?.hasPrefix("n.yaml:4:5: error: ") == true)
      #expect(run.errorLines.dropFirst().first == "    points: 6")
      #expect(run.errorLines.dropFirst(2).first == "    ^")
    }
  }

  @Test func hostileDocuments() throws {
    let work = try Workspace.prepared()
    let aliases = (1..<12).map { level in
      let letters = Array("abcdefghijkl")
      let repeated = [String](repeating: "*\(letters[level - 1])", count: 9).joined(separator: ",")
      return "\(letters[level]): &\(letters[level]) [\(repeated)]\n"
    }
    let documents = [
      "rules: [ {id: a, points: 5\n",
      "rules: " + String(repeating: "[", count: 50_000) + String(repeating: "]", count: 50_000) + "\n",
      "rules:\n  - id: a\n    points: 5\n    if: " + String(repeating: "{not: ", count: 20_000) + "{a: 1}"
        + String(repeating: "}", count: 20_000) + "\n",
      "a: &a [x,x,x,x,x,x,x,x,x]\n" + aliases.joined(),
      "", "\n\n", "just a text\n", "[]\n", "rules: 5\n",
    ]
    try work.unchanged {
      for document in documents {
        try work.write("n.yaml", document)
        let run = try refuses(work, ["rules", "add", "n.yaml"], "n.yaml")
        #expect(run.errors.utf8.count < 20_000)
      }
    }
  }

  @Test func warningsDoNotRefuse() throws {
    let work = try Workspace.prepared()
    let run = try work.done("rules", "check", "rules.yaml")
    #expect(run.errors.contains("2 rules"))
    #expect(run.output.isEmpty)
  }

  @Test func theSameDocumentTwiceIsOneVersion() throws {
    let work = try Workspace.prepared()
    try work.write("r2.yaml", Workspace.rules.replacingOccurrences(of: "points: 5", with: "points: 6"))
    #expect(try work.done("rules", "add", "r2.yaml", "--as-of", Workspace.t2).output == "2\n")
    try work.unchanged {
      let second = try work.done("rules", "add", "r2.yaml", "--as-of", Workspace.t2)
      let first = try work.done("rules", "add", "rules.yaml", "--as-of", Workspace.t2)
      #expect(second.output == "2\n" && first.output == "1\n")
    }
    let shown = try work.done("rules", "show", "2")
    #expect(try work.text("r2.yaml") == shown.output)
  }
}
