extension SignalRecord {
  /// Fills the record for a lead that had none: from the events that a matcher was given, and from its attributes.
  public mutating func fill(createdAt: Int64, events: EventMatcher, attributes: AttributeMatcher) {
    fill(createdAt: createdAt, over: nil, events, attributes)
  }

  /// Fills the record with what a record before it held, and the events that a matcher was given.
  ///
  /// - Parameter attributes: the lead's attributes where they are new; nil keeps the timelines of `previous`.
  public mutating func fill(
    createdAt: Int64, over previous: borrowing SignalRecord, events: EventMatcher, attributes: AttributeMatcher?
  ) {
    previous.withView { fill(createdAt: createdAt, over: $0, events, attributes) }
  }

  private mutating func fill(
    createdAt: Int64, over previous: View?, _ events: EventMatcher, _ attributes: AttributeMatcher?
  ) {
    reset(createdAt: createdAt)
    let answers = attributes?.decide() ?? 0
    var question = 0
    for slot in kinds.indices {
      switch kinds[slot] {
      case .timeline:
        if let attributes {
          attributes.append(question, from: answers, to: &self)
        } else if let previous {
          append(run: previous.slot(slot), truth: previous.initials[slot])
        }
        question &+= 1
      case .instants:
        if let previous {
          append(merging: previous.slot(slot), events.instants(slot))
        } else {
          append(instants: events.instants(slot))
        }
      case .datedInstants:
        append(dated: SignalRecord.merge(previous?.dated(slot) ?? [], events.dated(slot)))
      }
    }
  }

  private static func merge(_ left: [DatedEvent], _ right: [DatedEvent]) -> [DatedEvent] {
    guard !left.isEmpty, !right.isEmpty else { return left.isEmpty ? right : left }
    // Stable: events known before come first among equal instants, though scores do not depend on it.
    return (left + right).enumerated().sorted { ($0.element.instant, $0.offset) < ($1.element.instant, $1.offset) }
      .map(\.element)
  }
}

extension SignalRecord.View {
  @inline(__always)
  func slot(_ index: Int) -> UnsafeBufferPointer<Int64> {
    UnsafeBufferPointer(start: values + starts[index], count: starts[index &+ 1] &- starts[index])
  }

  /// The events of a dated slot.
  func dated(_ index: Int) -> [DatedEvent] {
    var events: [DatedEvent] = []
    var position = starts[index]
    while position < starts[index + 1] {
      let header = values[position + 1]
      let end = position + 2 + Int(header >> 1)
      events.append(
        DatedEvent(
          instant: values[position],
          matches: Timeline(
            initial: header & 1 == 1,
            toggles: Array(UnsafeBufferPointer(start: values + position + 2, count: end - position - 2)))))
      position = end
    }
    return events
  }
}
