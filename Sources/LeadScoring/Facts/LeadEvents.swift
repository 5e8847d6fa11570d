internal import LeadStore
internal import RecordFormats
internal import ScoreEngine

/// An event as people see it.
public struct LeadEvent: Sendable, Equatable {
  /// In milliseconds since 1970.
  public var occurredAt: Int64
  public var type: String
  /// The source's own identity of it.
  public var id: String?
  public var properties: AttributeSet
}

extension ScoringSession {
  /// All events of a lead, in order of instant and arrival. O(events)
  ///
  /// - Throws: ``ScoringError/unknownLead(_:similar:)``
  public func events(ofLead key: String) throws -> [LeadEvent] { try events(ofLead: leadRow(key).id) }

  /// All events of a lead by its number.
  func events(ofLead lead: Int64) throws -> [LeadEvent] {
    var events: [LeadEvent] = []
    try database.events.forEachEvent(leads: lead...lead) { _, instant, tail in
      events.append(try decode(instant, tail))
    }
    return events
  }

  func decode(_ instant: Int64, _ tail: UnsafeBufferPointer<UInt8>) throws -> LeadEvent {
    guard let parts = EventTail(tail) else { throw StoreError.damaged("an event") }
    var properties = AttributeSet()
    parts.forEachProperty(
      interned: { number in
        properties.set(dictionary.propertyName(Int(number)), dictionary.propertyValue(Int(number)))
      },
      literal: { json in
        if let parsed = try? JSONParser.parse(json), case .array(let pair) = parsed, pair.count == 2,
          let name = pair[0].stringValue, let value = Value(json: pair[1])
        {
          properties.set(name, value)
        }
      })
    if let failure = dictionary.failure { throw failure }
    let id = parts.id.flatMap { try? JSONParser.parse($0).stringValue }
    return LeadEvent(occurredAt: instant, type: dictionary.typeName(parts.type), id: id, properties: properties)
  }
}
