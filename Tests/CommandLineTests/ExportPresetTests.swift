import Foundation
import RecordFormats
import Testing

/// Exports of CRM and marketing systems go in as they are.
struct ExportPresetTests {
  private static let rules = """
    rules:
      - id: prices
        points: 10
        every: { event: page_view, where: { path: { starts_with: /pricing } } }
      - id: opened
        points: 1
        every: { event: email_open }
      - id: form
        points: 5
        every: { event: form_submit }
      - id: met
        points: 2
        every: { event: [task, call, campaign_member, campaign_response] }
      - id: title
        points: 20
        if: { title: { contains_any: [vp, director] } }
    stages:
      - id: nurture
      - id: mql
        enter: { score: 30 }
    disqualify:
      - id: unsubscribed
        if: { unsubscribed: true }

    """

  private func prepared(_ asOf: String = Workspace.t0) throws -> Workspace {
    let work = try Workspace()
    try work.write("rules.yaml", Self.rules)
    try work.done("init", "--rules", "rules.yaml", "--as-of", asOf)
    return work
  }

  private func leads(_ work: Workspace, at asOf: String = Workspace.t0) throws -> [String: JSONValue] {
    let lines = try work.lines(work.done("leads", "list", "--format", "jsonl", "--breakdown", "--as-of", asOf))
    return Dictionary(uniqueKeysWithValues: lines.map { ($0["key"]?.stringValue ?? "", $0) })
  }

  private func events(_ work: Workspace) throws -> [[String?]] {
    try PlainConnection(work.path("leads.db")).rows(
      "SELECT key, type, occurred_at, id FROM v_events ORDER BY occurred_at, key, type")
  }

  private func load(_ work: Workspace, _ kind: String, _ preset: String, _ file: String, _ text: String) throws {
    try work.write(file, text)
    let run = try work.done("import", kind, "--preset", preset, file, "--as-of", Workspace.t0)
    #expect(!run.errors.contains("rejected"), "\(run.errors)")
    // Once more, it changes nothing.
    let again = try work.done("import", kind, "--preset", preset, file, "--as-of", Workspace.t0, "--format", "json")
    let report = try JSONParser.parse(again.output).arrayValue?.first
    for name in ["created", "updated", "leads_rescored", "joined"] {
      #expect(report?[name]?.numberValue?.text == "0", "\(file): \(name)")
    }
  }

  @Test func hubspot() throws {
    let work = try prepared()
    try load(
      work, "leads", "hubspot", "contacts.csv",
      """
      \u{FEFF}Record ID,First Name,Last Name,Email,Job Title,Create Date,Unsubscribed from all email,Interests,Number of Employees
      901,Ann,Lee,ann@acme.test,VP Sales,2024-03-12 09:14,,Prices;Support,250
      902,Bob,Day,,Director; all of it,2024-03-13 10:00,true,Prices,

      """)
    try load(
      work, "events", "hubspot", "email.json",
      """
      {"hasMore":false,"events":[{"type":"OPEN","recipient":"Ann@acme.test","created":1771581600000,"id":"e1","userAgent":"Mozilla","browser":{"name":"X"}},{"type":"NEWKIND","recipient":"ann@acme.test","created":1771581601000,"id":"e2"}]}
      """)
    try load(
      work, "events", "hubspot", "form.json",
      """
      {"results":[{"submittedAt":1771581700000,"values":[{"name":"email","value":"ann@acme.test"},{"name":"budget","value":"5"}],"pageUrl":"https://acme.test/pricing"}]}
      """)
    try load(
      work, "leads", "hubspot", "api.json",
      """
      {"results":[{"id":"903","properties":{"hs_object_id":"903","email":"cy@acme.test","jobtitle":"Director","createdate":"1705955807000"},"createdAt":"2024-01-22T20:36:47.000Z","archived":false}]}
      """)
    let leads = try leads(work)
    #expect(Set(leads.keys) == ["ann@acme.test", "hubspot:902", "cy@acme.test"])
    let ann = leads["ann@acme.test"]
    #expect(ann?["created_at"]?.stringValue == "2024-03-12T09:14:00Z")
    #expect(ann?["attributes"]?["Interests"]?.arrayValue?.count == 2)
    #expect(ann?["attributes"]?["employees"]?.stringValue == "250")
    #expect(ann?["attributes"]?["unsubscribed"]?.boolValue == false)
    #expect(ann?["score"]?.numberValue?.double == 26)
    #expect(leads["hubspot:902"]?["stage"]?.stringValue == "disqualified")
    // A semicolon in a sentence makes no list.
    #expect(leads["hubspot:902"]?["attributes"]?["title"]?.stringValue == "Director; all of it")
    #expect(leads["cy@acme.test"]?["created_at"]?.stringValue == "2024-01-22T20:36:47Z")
    #expect(
      try events(work) == [
        ["ann@acme.test", "email_open", "2026-02-20T10:00:00.000Z", "e1"],
        ["ann@acme.test", "email_newkind", "2026-02-20T10:00:01.000Z", "e2"],
        ["ann@acme.test", "form_submit", "2026-02-20T10:01:40.000Z", nil],
      ])
  }

  @Test func marketo() throws {
    let work = try prepared()
    // Activities may come before the people: they wait under the id.
    try load(
      work, "events", "marketo", "activities.csv",
      """
      marketoGUID,leadId,activityDate,activityTypeId,campaignId,primaryAttributeValueId,primaryAttributeValue,attributes
      783957693,5414087,2026-02-13T14:06:20Z,1,null,17,acme.test/pricing.html,"{""Webpage URL"":""/pricing.html"",""User Agent"":""Mozilla""}"
      783957694,5414087,2026-02-14T14:06:20+0000,2,8497,1670,Demo request,"[{""name"":""Referrer URL"",""value"":""https://acme.test/""}]"
      783957695,5414087,2026-02-14T15:00:00Z,100017,null,null,null,{}

      """)
    #expect(try Set(leads(work).keys) == ["marketo:5414087"])
    try load(
      work, "leads", "marketo", "leads.csv",
      """
      id,email,firstName,lastName,title,createdAt,unsubscribed,company
      5414087,ann@acme.test,Ann,Lee,VP Sales,2025-12-01T10:00:00Z,0,null
      5414088,null,Bob,Day,null,2025-12-02T10:00:00Z,1,Acme

      """)
    let leads = try leads(work)
    #expect(Set(leads.keys) == ["ann@acme.test", "marketo:5414088"])
    #expect(leads["ann@acme.test"]?["score"]?.numberValue?.double == 35)
    #expect(leads["ann@acme.test"]?["attributes"]?["company"] == nil)
    #expect(leads["marketo:5414088"]?["stage"]?.stringValue == "disqualified")
    #expect(
      try events(work) == [
        ["ann@acme.test", "page_view", "2026-02-13T14:06:20.000Z", "783957693"],
        ["ann@acme.test", "form_submit", "2026-02-14T14:06:20.000Z", "783957694"],
        ["ann@acme.test", "marketo_activity_100017", "2026-02-14T15:00:00.000Z", "783957695"],
      ])
    let connection = try PlainConnection(work.path("leads.db"))
    #expect(
      try connection.rows(
        "SELECT properties ->> 'form', properties ->> 'referrer' FROM v_events WHERE type = 'form_submit'")
        == [["Demo request", "https://acme.test/"]])
  }

  @Test func mautic() throws {
    let work = try prepared()
    try load(
      work, "leads", "mautic", "contacts.csv",
      """
      id,title,firstname,lastname,email,position,points,date_added,tags
      12,Mrs,Ann,Lee,ann@acme.test,VP Sales,40,2025-12-01 10:00:00,a|b
      13,,Visitor,,NULL,,0,2025-12-02 10:00:00,

      """)
    try load(
      work, "events", "mautic", "page_hits.csv",
      """
      id,lead_id,date_hit,url,url_title,user_agent,ip_id
      1,12,2026-02-20 10:00:00,https://acme.test/pricing/teams,Prices,Mozilla,3
      2,13,2026-02-20 11:00:00,https://acme.test/,Home,\\N,3

      """)
    try load(
      work, "events", "mautic", "email_stats.csv",
      """
      id,email_id,lead_id,email_address,date_sent,date_read,is_read,is_failed
      7,3,12,ann@acme.test,2026-02-21 10:00:00,2026-02-21 12:00:00,1,0
      8,3,13,visitor@acme.test,2026-02-21 10:00:00,NULL,0,0

      """)
    let leads = try leads(work)
    #expect(Set(leads.keys) == ["ann@acme.test", "visitor@acme.test"])
    #expect(leads["ann@acme.test"]?["score"]?.numberValue?.double == 31)
    #expect(leads["ann@acme.test"]?["attributes"]?["salutation"]?.stringValue == "Mrs")
    #expect(leads["ann@acme.test"]?["attributes"]?["tags"]?.arrayValue?.count == 2)
    #expect(
      try events(work).map { $0[1] } == ["page_view", "page_view", "email_sent", "email_sent", "email_open"])
  }

  @Test func salesforceQuirks() throws {
    let work = try prepared()
    // Ids of 15 characters tell small letters from capitals; keys do not.
    try load(
      work, "leads", "salesforce", "Contact.csv",
      """
      \u{FEFF}Id,IsDeleted,MasterRecordId,LastName,FirstName,Email,Title,HasOptedOutOfEmail,CreatedDate,MailingAddress,Topics__c
      003Ec00000CyOT7,,,Lee,Ann,ann@acme.test,VP Sales,,2024-01-22T20:36:47.000+0000,"{""city"":""Rome""}",a;b
      003Ec00000CyOt7,0,,Day,Bob,,--None--,1,2024-01-22T20:36:47.000+0000,,
      003Ec00000CyOT9IAN,1,003Ec00000CyOT7IAN,Lee,Anne,anne@acme.test,,,2024-01-22T20:36:47.000+0000,,

      """)
    try work.write(
      "Task.csv",
      """
      Id,WhoId,Subject,ActivityDate,TaskSubtype,IsDeleted,CreatedDate,IsClosed
      00T1,003Ec00000CyOT7IAN,Call,2026-02-20,Call,,2026-02-19T10:00:00.000+0000,1
      00T2,003Ec00000CyOT9IAN,Chat,,Task,,2026-02-19T10:00:00.000+0000,
      00T3,,Nobody,2026-02-20,Task,,2026-02-19T10:00:00.000+0000,
      00T4,003Ec00000CyOT7IAN,Gone,2026-02-20,Task,1,2026-02-19T10:00:00.000+0000,
      00T5,003Ec00000CyOT7IAN,Odd,2026-02-20,Task,maybe,2026-02-19T10:00:00.000+0000,

      """)
    let run = try work.done("import", "events", "--preset", "salesforce", "Task.csv", "--as-of", Workspace.t0)
    #expect(run.errors.contains("Task.csv:4: no key: 'WhoId' is empty"))
    #expect(run.errors.contains("Task.csv:5: it was deleted there"))
    #expect(run.errors.contains("Task.csv:6: 'IsDeleted' is 'maybe', neither true nor false"))
    let leads = try leads(work)
    #expect(Set(leads.keys) == ["ann@acme.test", "003Ec00000CyOt7IAF"])
    #expect(leads["ann@acme.test"]?["score"]?.numberValue?.double == 24)
    #expect(leads["ann@acme.test"]?["attributes"]?["Topics__c"]?.arrayValue?.count == 2)
    #expect(
      try events(work).map { [$0[0], $0[1], $0[2]] } == [
        ["ann@acme.test", "task", "2026-02-19T10:00:00.000Z"], ["ann@acme.test", "call", "2026-02-20T00:00:00.000Z"],
      ])
  }

  @Test func wrongFiles() throws {
    let work = try prepared()
    try work.write("Task.csv", "Id,WhoId,ActivityDate\n1,2,2026-01-01\n")
    try work.write("odd.csv", "a,b\n1,2\n")
    try work.unchanged {
      let kind = try work.refused(65, "import", "leads", "--preset", "salesforce", "Task.csv")
      #expect(kind.contains("these are events (Task); import them by `leadscore import events`"))
      let odd = try work.refused(65, "import", "leads", "--preset", "marketo", "odd.csv")
      #expect(odd.contains("no export of marketo that is known"))
      try work.refused(64, "import", "leads", "--preset", "marketo", "--key", "a", "odd.csv")
    }
  }

  // MARK: Genuine exports

  private static let files = ["Lead.csv", "Contact.csv", "Task.csv", "CampaignMember.csv"]

  @Test(
    .enabled(
      if: files.allSatisfy { Location.hasData("salesforce/\($0)") },
      "the shared data is not beside this checkout; LEADSCORE_SHARED_DATA may name its folder"),
    arguments: [true, false])
  func salesforceInEitherOrder(leadsFirst: Bool) throws {
    let asOf = "2024-03-01T00:00:00Z"
    let work = try prepared(asOf)
    let folder = "\(Location.sharedData ?? "")/salesforce/"
    func load(_ kind: String) throws -> [JSONValue] {
      let files = kind == "leads" ? Self.files.prefix(2) : Self.files.suffix(2)
      let run = try work.run(
        ["import", kind, "--preset", "salesforce"] + files.map { folder + $0 }
          + ["--as-of", asOf, "--format", "jsonl"])
      #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
      return try work.lines(run)
    }
    let order = leadsFirst ? ["leads", "events"] : ["events", "leads"]
    let reports = try order.flatMap(load)
    let read = reports.compactMap { $0["read"]?.numberValue?.text }
    #expect(read == (leadsFirst ? ["60", "102", "75", "68"] : ["75", "68", "60", "102"]))
    #expect(reports.allSatisfy { $0["rejected"]?.numberValue?.text == "0" })

    // Counted in the files themselves: 162 people with as many addresses, 143 things done by 84 of them.
    let leads = try leads(work, at: asOf)
    #expect(leads.count == 162)
    #expect(leads.keys.allSatisfy { $0.contains("@") })
    let connection = try PlainConnection(work.path("leads.db"))
    #expect(
      try connection.rows("SELECT type, count(*) FROM v_events GROUP BY type ORDER BY type") == [
        ["campaign_member", "68"], ["task", "75"],
      ])
    let points = leads.values.compactMap { $0["rules"]?["met"]?.numberValue?.double }.reduce(0, +)
    #expect(points == 286)
    #expect(leads.values.allSatisfy { $0["created_at"]?.stringValue?.hasPrefix("2024-01-2") == true })

    for report in try order.flatMap(load) {
      for name in ["created", "updated", "leads_rescored", "joined"] {
        #expect(report[name]?.numberValue?.text == "0", "\(report)")
      }
    }
    #expect(try work.done("score", "--all", "--as-of", asOf).output.isEmpty)
  }
}
