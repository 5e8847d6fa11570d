extension SignalRecord {
  /// Fills the record for a lead that had none: from the events that a matcher was given, and from its attributes.
  public mutating func fill(createdAt: Int64, events: EventMatcher, attributes: AttributeMatcher) {
    SignalRecord.fill(ownMemory(), createdAt, over: nil, events, attributes)
  }

  /// Fills the record with what a record before it held, and the events that a matcher was given.
  ///
  /// - Parameter attributes: the lead's attributes where they are new; nil keeps the timelines of `previous`.
  public mutating func fill(
    createdAt: Int64, over previous: borrowing SignalRecord, events: EventMatcher, attributes: AttributeMatcher?
  ) {
    let source = previous.memory
    withExtendedLifetime(source) { SignalRecord.fill(ownMemory(), createdAt, over: source.view, events, attributes) }
  }

  @inline(__always)
  private static func fill(
    _ memory: RecordMemory, _ createdAt: Int64, over previous: View?, _ events: EventMatcher,
    _ attributes: AttributeMatcher?
  ) {
    memory.reset(createdAt: createdAt)
    let kinds = memory.view.kinds
    let answers = attributes?.decide() ?? 0
    var question = 0
    for slot in 0..<memory.slotCount {
      switch kinds[slot] {
      case .timeline:
        if let attributes {
          attributes.append(question, from: answers, to: memory)
        } else if let previous {
          memory.appendSlot(previous.slot(slot), truth: previous.initials[slot])
        }
        question &+= 1
      case .instants:
        memory.beginSlot()
        if let previous {
          memory.append(merging: previous.slot(slot), events.instants(slot))
        } else {
          memory.append(events.instants(slot))
        }
        memory.finishSlot()
      case .datedInstants:
        memory.appendSlot(dated: merge(previous?.dated(slot) ?? [], events.dated(slot)))
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
