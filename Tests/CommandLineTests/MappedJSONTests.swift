import Foundation
import RecordFormats
import Testing

/// A map of columns reads JSON Lines as it reads CSV.
struct MappedJSONTests {
  @Test func leads() throws {
    let work = try Workspace.prepared()
    try work.write(
      "m.yaml",
      """
      kind: leads
      key: [contact.mail, id]
      created_at: made
      absent: [n/a]
      attributes: { title: job }
      set: { system: crm }
      skip: [secret]

      """)
    try work.write(
      "m.jsonl",
      """
      {"id":7,"contact":{"mail":"A@x.test","tel":"12"},"made":1700000000,"job":"VP","secret":"s","country":"n/a","tags":["a","b"]}
      {"id":8,"contact":{},"made":"2023-01-01","job":"Clerk"}
      {"contact":{}}
      {"id":9,"made":"soon"}

      """)
    let run = try work.done("import", "leads", "m.jsonl", "--map", "m.yaml", "--as-of", Workspace.t1)
    #expect(run.errors.contains(#"m.jsonl:3: no key: "contact.mail", "id" is missing or empty"#))
    #expect(run.errors.contains("m.jsonl:4: made 'soon' is not an instant"))
    let connection = try PlainConnection(work.path("leads.db"))
    #expect(
      try connection.rows("SELECT key, created_at, attributes FROM v_leads WHERE attributes ->> 'system' = 'crm'") == [
        [
          "A@x.test", "2023-11-14T22:13:20.000Z",
          #"{"title":"VP","id":7,"contact.mail":"A@x.test","contact.tel":"12","tags":["a","b"],"system":"crm"}"#,
        ],
        ["8", "2023-01-01T00:00:00.000Z", #"{"title":"Clerk","id":8,"system":"crm"}"#],
      ])
    try work.unchanged { try work.refused(64, "import", "events", "m.jsonl", "--map", "m.yaml") }
  }

  @Test func events() throws {
    let work = try Workspace.prepared()
    try work.write(
      "e.yaml",
      "kind: events\nkey: who\ntype: { column: what, prefix: web_ }\noccurred_at: when\nid: no\nothers: drop\n"
        + "properties: { path: page.path }\n")
    try work.write(
      "e.jsonl",
      """
      {"who":"ann@x","what":"view","when":1771581600000,"no":4,"page":{"path":"/a","x":1}}
      {"who":"ann@x","what":"view"}
      {"who":"ann@x","when":"2026-02-20"}

      """)
    let run = try work.done("import", "events", "e.jsonl", "--map", "e.yaml", "--as-of", Workspace.t1)
    #expect(run.errors.contains(#"e.jsonl:2: no "when""#) && run.errors.contains(#"e.jsonl:3: no "what""#))
    let connection = try PlainConnection(work.path("leads.db"))
    #expect(
      try connection.rows("SELECT occurred_at, id, properties FROM v_events WHERE type = 'web_view'") == [
        ["2026-02-20T10:00:00.000Z", "4", #"{"path":"/a"}"#]
      ])
  }

  @Test func aKeyAlone() throws {
    let work = try Workspace.prepared()
    try work.write("k.jsonl", #"{"mail":"z@x.test","title":"VP","created_at":"2023-05-05"}"# + "\n")
    try work.done("import", "leads", "k.jsonl", "--key", "mail", "--as-of", Workspace.t1)
    let connection = try PlainConnection(work.path("leads.db"))
    #expect(
      try connection.rows("SELECT created_at, attributes FROM v_leads WHERE key = 'z@x.test'") == [
        ["2023-05-05T00:00:00.000Z", #"{"title":"VP"}"#]
      ])
  }
}
