import TestSupport

/// 5 January 2026, a Monday, 00:00 UTC.
let monday: Int64 = 1_767_571_200_000
let hour = RefInstant.hour
let day = RefInstant.day

/// A world with the lead `a` (seen at `monday`) and the given rules.
func world(_ document: RefJSON, attributes: [String: RefValue] = [:]) throws -> ReferenceWorld {
  var world = ReferenceWorld()
  world.applyVersion(try ReferenceDocument(document), number: 1, at: monday)
  world.importLeads(at: monday, rows: [RefLeadRow(key: "a", attributes: attributes)])
  return world
}

/// Events of the lead `a` at hours after `monday`.
func views(_ hours: Int64..., type: String = "view", properties: [String: RefValue] = [:]) -> [RefEventRow] {
  hours.map { RefEventRow(key: "a", type: type, occurredAt: monday + $0 * hour, properties: properties) }
}

extension ReferenceWorld {
  /// The score of the lead `a` in hundredths.
  var score: Int? { result("a")?.score }

  /// Moves the clock to a number of hours after `monday`, less `early` milliseconds.
  mutating func advance(hours: Int64, early: Int64 = 0) { advance(to: monday + hours * hour - early) }
}

/// Whether a condition holds for the lead's attributes, as of `monday`.
func holds(_ condition: RefJSON, _ attributes: [String: RefValue]) throws -> Bool {
  let rules: RefJSON = ["rules": [["id": "r", "points": 1, "if": condition]]]
  return try world(rules, attributes: attributes).score == 100
}
