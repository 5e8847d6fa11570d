internal import LeadStore
internal import ScoreEngine

/// What sales says of a lead that it was given: an event of one of these types, imported like any.
public enum Outcome: String, CaseIterable, Sendable {
  case accepted = "sales_accepted"
  /// With the property `reason`.
  case rejected = "sales_rejected"
  case won = "deal_won"
  case lost = "deal_lost"

  /// The property of a rejection that says why.
  public static let reasonProperty = "reason"
  /// The property that names the consumer that answers; without it the answer counts for all that have the lead.
  public static let consumerProperty = "consumer"
}

/// An outcome of a lead.
struct OutcomeEvent {
  var outcome: Outcome
  /// In milliseconds since 1970.
  var at: Int64
  var reason: String?
  var consumer: String?
}

extension ScoringSession {
  /// The outcomes of a lead up to an instant, in order. O(events of the lead)
  func outcomes(ofLead lead: Int64, until instant: Int64) throws -> [OutcomeEvent] {
    var found: [OutcomeEvent] = []
    try database.events.forEachEvent(leads: lead...lead) { _, at, tail in
      guard at <= instant, let parts = EventTail(tail),
        let outcome = Outcome(rawValue: dictionary.typeName(parts.type))
      else { return }
      let properties = try decode(at, tail).properties
      found.append(
        OutcomeEvent(
          outcome: outcome, at: at, reason: properties[Outcome.reasonProperty]?.cellText,
          consumer: properties[Outcome.consumerProperty]?.cellText))
    }
    return found
  }

  /// The instants, in order, at which leads converted, by the number of the lead.
  ///
  /// Unlike rules, a conversion sees events that the document ignores.
  ///
  /// - Complexity: O(events).
  func conversions(_ filter: EventFilter, until instant: Int64) throws -> [Int64: [Int64]] {
    let types = filter.types.map(Set.init)
    let condition = CompiledCondition(filter.condition)
    var matching: [Int: Bool] = [:]
    var found: [Int64: [Int64]] = [:]
    try database.events.forEachEvent(leads: 0...max(0, database.leads.greatestID())) { lead, at, tail in
      guard at <= instant else { return }
      guard let parts = EventTail(tail) else { throw StoreError.damaged("an event") }
      if matching[parts.type] == nil {
        matching[parts.type] = types?.contains(dictionary.typeName(parts.type)) ?? true
      }
      guard matching[parts.type] == true else { return }
      if filter.condition != .always {
        let properties = try decode(at, tail).properties
        guard condition.holds(at: Instant(milliseconds: instant), { properties[$0] }) else { return }
      }
      found[lead, default: []].append(at)
    }
    if let failure = dictionary.failure { throw failure }
    return found
  }
}
