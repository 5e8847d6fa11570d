import Foundation
import RecordFormats
import Testing

/// What an export writes: columns, formulas, and the files of other systems.
struct ExportTests {
  private static let rules = """
    rules:
      - { id: gold, points: 50.25, if: { tier: gold } }
    stages:
      - { id: nurture }
      - { id: hot, enter: { score: 10 }, handoff: true }
      - { id: sql, enter: { score: 90 }, handoff: true }
    grade:
      - group: score
        bands: [ { at: 50, label: A }, { label: B } ]

    """

  private func prepared(_ leads: String) throws -> Workspace {
    let work = try Workspace()
    try work.write("rules.yaml", ExportTests.rules)
    try work.write("l.jsonl", leads)
    try work.done("init", "--rules", "rules.yaml", "--as-of", Workspace.t0)
    try work.done("import", "leads", "l.jsonl", "--as-of", Workspace.t1)
    return work
  }

  private func export(_ work: Workspace, _ more: String...) throws -> ProgramRun {
    let run = try work.run(["export", "--as-of", Workspace.t2] + more)
    #expect(run.status == 0, "\(run.errors)")
    return run
  }

  @Test func attributesThatAreCalledLikeColumns() throws {
    let work = try prepared(
      """
      {"key":"ann@x","attributes":{"tier":"gold","score":"high","stage":7,"created_at":"once","attribute.score":"x"}}

      """)
    let all = try export(work)
    #expect(
      all.outputLines == [
        "key,score,stage,grade,entered_stage_at,version,tier,attribute.score,attribute.stage,attribute.created_at,"
          + "attribute.attribute.score",
        "ann@x,50.25,hot,A,2026-03-02T00:00:00Z,1,gold,high,7,once,x",
      ])
    let some = try export(
      work, "--columns", "attribute.score,score,created_at,attribute.created_at,attribute.tier,current_stage")
    #expect(some.outputLines.last == "high,50.25,2026-03-02T00:00:00Z,once,gold,hot")
    let json = try export(work, "--format", "json")
    let lead = try #require(try JSONParser.parse(json.output).arrayValue?.first)
    #expect(lead["score"]?.numberValue?.text == "50.25")
    #expect(lead["attribute.score"] == .string("high"))
    #expect(lead["attribute.stage"] == .integer(7))
  }

  @Test(arguments: ["=1+2", "+1+2", "-1+2", "@SUM(1)", "＝1", "＋1", "－1", "＠a"])
  func formulas(text: String) throws {
    let work = try prepared(#"{"key":"a@x","attributes":{"tier":"gold","company":"\#(text)"}}"# + "\n")
    #expect(try export(work, "--columns", "company").outputLines == ["company", "'" + text])
    // People open the files of other systems too.
    let hubspot = try export(work, "--preset", "hubspot").outputLines
    #expect(hubspot[1].split(separator: ",", omittingEmptySubsequences: false)[1] == "'" + text)
    // JSON is no spreadsheet.
    #expect(try export(work, "--columns", "company", "--format", "jsonl").output == #"{"company":"\#(text)"}"# + "\n")
  }

  @Test(arguments: ["-5", "+5", "-12.5", "-1e5", "a=b", "5-3", "é"])
  func plainCells(text: String) throws {
    let work = try prepared(#"{"key":"a@x","attributes":{"tier":"gold","company":"\#(text)"}}"# + "\n")
    #expect(try export(work, "--columns", "company").outputLines == ["company", text])
  }

  @Test func theHighestScoresFirstThenByKey() throws {
    let work = try prepared(
      """
      {"key":"c@x","attributes":{"tier":"gold"}}
      {"key":"B@x","attributes":{"tier":"gold"}}
      {"key":"a@x","attributes":{"tier":"gold"}}

      """)
    try work.done(
      "adjust", "add", "c@x", "--points", "1", "--by", "kim", "--reason", "x", "--as-of", Workspace.t2)
    #expect(try export(work, "--columns", "key").outputLines == ["key", "c@x", "a@x", "B@x"])
  }

  // MARK: Presets

  private static let people = """
    {"key":"crm-17","attributes":{"tier":"gold","email":"Ann@Example.com","First Name":"Ann","last_name":"Lee, \\"A\\"",\
    "company":"=Acme","jobTitle":"CEO","Phone Number":"+49 (30) 12-34","vip":true,"topics":["a","b"],"size":-5}}
    {"key":"bob@example.com","attributes":{"tier":"gold","last_name":"Dañez"}}

    """

  @Test func salesforce() throws {
    let work = try prepared(ExportTests.people)
    let run = try export(
      work, "--preset", "salesforce", "--field", "Ext__c=key", "--field", "Copy__c=key", "--field", "VIP__c=vip",
      "--field", "Topics__c=topics",
      "--field", "Lead_Rules_Version__c=", "--field", "Title=tier", "--field", "NumberOfEmployees=size",
      "--field", "Lead_Created__c=created_at")
    #expect(!run.errors.contains("warning"))
    #expect(
      run.outputLines == [
        "Ext__c,Email,FirstName,LastName,Company,Title,Phone,Lead_Score__c,Lead_Stage__c,Lead_Grade__c,"
          + "Lead_Stage_Entered__c,Copy__c,VIP__c,Topics__c,NumberOfEmployees,Lead_Created__c",
        "bob@example.com,bob@example.com,,Dañez,,gold,,50.25,hot,A,2026-03-02T00:00:00.000Z,bob@example.com,,,,"
          + "2026-03-02T00:00:00.000Z",
        #"crm-17,Ann@Example.com,Ann,"Lee, ""A""",'=Acme,gold,+49 (30) 12-34,50.25,hot,A,2026-03-02T00:00:00.000Z,"#
          + "crm-17,true,a;b,-5,2026-03-02T00:00:00.000Z",
      ])
    let without = try export(work, "--preset", "salesforce", "--field", "Company=")
    #expect(without.errors.contains("no attribute fills Company"))
  }

  @Test func hubspot() throws {
    let work = try prepared(ExportTests.people + #"{"key":"17","attributes":{"tier":"gold"}}"# + "\n")
    let run = try export(work, "--preset", "hubspot", "--field", "VIP=vip", "--lifecycle", "hot=opportunity")
    #expect(
      run.outputLines == [
        "Email,First Name,Last Name,Company Name,Job Title,Phone Number,Lifecycle Stage,Lead Key,Lead Score,Lead Stage,"
          + "Lead Grade,Lead Stage Entered,Lead Rules Version,VIP",
        ",,,,,,opportunity,17,50.25,hot,A,2026-03-02,1,",
        "bob@example.com,,Dañez,,,,opportunity,bob@example.com,50.25,hot,A,2026-03-02,1,",
        #"Ann@Example.com,Ann,"Lee, ""A""",'=Acme,CEO,+49 (30) 12-34,opportunity,crm-17,50.25,hot,A,2026-03-02,1,true"#,
      ])
    #expect(run.errors.contains("warning: 1 of the leads have no e-mail address"))
    func lifecycle(_ stage: String) throws -> Substring? {
      try export(work, "--preset", "hubspot", "--stage", stage).outputLines.dropFirst().first?
        .split(separator: ",", omittingEmptySubsequences: false)[6]
    }
    #expect(try lifecycle("hot") == "salesqualifiedlead")
    try work.done(
      "import", "leads", "-", "--input", "jsonl", "--as-of", Workspace.t2,
      input: #"{"key":"n@x","attributes":{"tier":"none"}}"# + "\n")
    #expect(try lifecycle("nurture") == "lead")
  }

  /// A loader refuses a file in which a lead stands twice.
  @Test func aPresetsBatchHasEachLeadOnce() throws {
    let work = try prepared(#"{"key":"a@x","attributes":{"tier":"gold"}}"# + "\n")
    for (tier, instant) in [("none", "2026-03-03T00:00:00Z"), ("gold", "2026-03-04T00:00:00Z")] {
      try work.done(
        "import", "leads", "-", "--input", "csv", "--as-of", instant, input: "key,tier\na@x,\(tier)\n")
    }
    let run = try work.done(
      "export", "--for", "crm", "--new", "--preset", "salesforce", "--as-of", "2026-03-05T00:00:00Z")
    #expect(run.errors.contains("1 lead, 2 entries"))
    #expect(run.outputLines.count == 2)
    #expect(run.output.contains("2026-03-04T00:00:00.000Z"))
    #expect(try work.done("export", "--for", "crm", "--batch", "1").output == run.output)
    let plain = try work.done("export", "--for", "x", "--new", "--as-of", "2026-03-05T00:00:00Z")
    #expect(plain.outputLines.count == 3)
  }
}
