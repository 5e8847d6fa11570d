import Foundation
import Testing

extension Workspace {
  /// Rules in which everything takes something away from somebody.
  static let ledgerRules = """
    score: { max: 100 }
    groups:
      fit:        { max: 20 }
      level:      { part_of: fit, take: highest }
      engagement: { min: -10, max: 60 }
    ignore:
      - event: view
        where: { agent: { contains: bot } }
    rules:
      - { id: vp, group: level, points: 15, if: { title: { contains: vp } } }
      - { id: head, group: level, points: 25, if: { title: { contains: head } } }
      - { id: germany, group: fit, points: 10, if: { country: Germany } }
      - id: views
        group: engagement
        points: 10
        every:
          event: view
          where: { path: { starts_with: /p } }
          once_per: day
          within: 30d
          limit: 3
          decay: { percent: 50, every: 8d }
      - { id: burst, group: engagement, points: 20, when: { event: view, at_least: 3, within: 7d } }
      - { id: dark, group: engagement, points: -15, silence: { for: 20d, repeat: 2 } }
    stages:
      - id: nurture
      - { id: mql, enter: { score: 50 }, keep: { score: 40 } }
      - { id: sql, enter: { score: 80, fit: 20 }, if: { email: { exists: true } } }
    disqualify:
      - { id: gone, if: { unsubscribed: true } }

    """

  /// `leads.db`, last evaluated as of 2026-03-12, with ann, who reached mql and keeps it, and bob, who never did and
  /// whom a person put into sql on the 10th. Version 2 has other points; it is not active.
  static func ledger() throws -> Workspace {
    let work = try Workspace()
    try work.write("rules.yaml", ledgerRules)
    try work.write("rules-2.yaml", ledgerRules.replacingOccurrences(of: "points: 10\n", with: "points: 30\n"))
    try work.write(
      "leads.csv",
      "key,email,title,country,created_at\nann@x,ann@x,VP and Head,Germany,2026-01-20\nbob@x,,Head,Germany,2026-01-20\n"
    )
    let views = [
      ("ann@x", "2026-02-01T08", "/p"), ("ann@x", "2026-02-20T08", "/p/1"), ("ann@x", "2026-02-20T09", "/p/2"),
      ("ann@x", "2026-03-01T08", "/p"), ("ann@x", "2026-03-02T08", "/p"), ("ann@x", "2026-03-03T08", "/p"),
      ("bob@x", "2026-03-02T08", "/p"), ("bob@x", "2026-03-03T08", "/p"),
    ]
    try work.write(
      "views.csv",
      "key,type,occurred_at,path,agent\n"
        + views.map { "\($0.0),view,\($0.1):00:00Z,\($0.2),person\n" }.joined()
        + "ann@x,view,2026-03-03T09:00:00Z,/p,robot or bot\n")
    try work.done("init", "--rules", "rules.yaml", "--as-of", "2026-03-01")
    try work.done("import", "leads", "leads.csv", "--as-of", "2026-03-01")
    try work.done("import", "events", "views.csv", "--as-of", "2026-03-03T12:00:00Z")
    try work.done("rules", "add", "rules-2.yaml")
    try work.done("score", "--as-of", "2026-03-10")
    try work.done(
      "fast-track", "set", "bob@x", "--stage", "sql", "--by", "kim", "--reason", "asked", "--as-of",
      "2026-03-10T01:00:00Z")
    try work.done("score", "--as-of", "2026-03-12")
    return work
  }

  /// What a command prints as JSON.
  func json(_ arguments: String..., at location: SourceLocation = #_sourceLocation) throws -> [String: Any] {
    let run = try run(arguments + ["--format", "json"])
    #expect(run.status == 0, "\(run.errors)", sourceLocation: location)
    return try #require(
      try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any], sourceLocation: location)
  }
}
