internal import LeadStore
internal import RecordFormats
internal import ScoreEngine

/// Finds what the signals of a pack say about leads. Used by one thread at a time.
final class SignalFinder {
  let pack: SignalPack
  private let matcher: EventMatcher
  private let reader: AttributeReader
  private let dictionary: PropertyDictionary
  private let pageReader = EventPageReader()
  @exclusivity(unchecked) private var properties: [Int32] = []
  @exclusivity(unchecked) private var hasReadAttributes = false
  @exclusivity(unchecked) private var literals: [(name: String, value: Value)] = []
  /// The names of the properties that conditions ask for, as the JSON texts that begin a literal with one: `["name",`.
  /// Nil where a name is not ASCII, since equal names may then differ in their bytes.
  private let literalOpenings: [[UInt8]]?

  init(pack: SignalPack, dictionary: PropertyDictionary) {
    self.pack = pack
    self.dictionary = dictionary
    matcher = EventMatcher(definitions: pack.definitions)
    reader = AttributeReader(definitions: pack.definitions)
    let isASCII = matcher.fields.allSatisfy { $0.utf8.allSatisfy { $0 < 0x80 } }
    literalOpenings =
      !isASCII
      ? nil
      : matcher.fields.map { name in
        var opening: [UInt8] = [UInt8(ascii: "[")]
        var name = name
        name.withUTF8 { NormalizedText.appendJSON($0, to: &opening) }
        opening.append(UInt8(ascii: ","))
        return opening
      }
  }

  /// Whether any signal looks at events.
  var asksForEvents: Bool { !matcher.isEmpty }

  /// Whether any signal looks at attributes.
  var asksForAttributes: Bool { !reader.matcher.isEmpty }

  // MARK: Events

  /// Forgets the events added so far.
  func reset() {
    matcher.forgetEvents()
  }

  /// Adds events in their order, none of which is earlier than those added since the last reset.
  ///
  /// - Parameter places: of those that are to be added; nil for all.
  func add(_ events: UnsafeBufferPointer<EventRef>, at places: [Int]?) throws {
    let matcher = self.matcher
    guard !matcher.isEmpty else { return }
    guard let places else {
      for event in events where !matcher.addKnown(at: event.instant, numbers: event.tail) {
        try add(at: event.instant, tail: event.tail)
      }
      return
    }
    for place in places where !matcher.addKnown(at: events[place].instant, numbers: events[place].tail) {
      try add(at: events[place].instant, tail: events[place].tail)
    }
  }

  /// Adds an event that is not earlier than those added since the last reset.
  func add(at instant: Int64, tail: UnsafeBufferPointer<UInt8>) throws {
    guard !matcher.isEmpty else { return }
    guard let parts = EventTail(tail) else { throw StoreError.damaged("an event") }
    properties.removeAll(keepingCapacity: true)
    literals.removeAll(keepingCapacity: true)
    parts.forEachProperty(interned: { properties.append($0) }, literal: { takeLiteral($0) })
    properties.withUnsafeBufferPointer { properties in
      matcher.add(
        at: instant, type: parts.type, properties: properties, literals: literals, source: dictionary)
    }
    if let failure = dictionary.failure { throw failure }
  }

  /// Adds the events of a page, none of which is earlier than those added since the last reset.
  ///
  /// - Parameter oldest: events that occurred at this instant or earlier may be passed over.
  /// - Throws: `StoreError.damaged`, `DatabaseError`.
  func add(page: UnsafeBufferPointer<UInt8>, firstAt: Int64, after oldest: Int64 = Int64.min) throws {
    guard !matcher.isEmpty else { return }
    let pageReader = self.pageReader
    let matcher = self.matcher
    try pageReader.begin(page, firstAt: firstAt, after: oldest)
    while true {
      let run = try pageReader.nextRun()
      var (event, part) = matcher.addKnown(run.count, instants: run.instants, parts: run.parts)
      while event < run.count {
        learn(at: run.instants[event], run.parts + part)
        part &+= 2 &+ Int(run.parts[part &+ 1])
        event &+= 1
        let more = matcher.addKnown(
          run.count &- event, instants: run.instants + event, parts: run.parts + part)
        event &+= more.events
        part &+= more.parts
      }
      if run.hasOther { addOther() }
      if run.isLast { break }
    }
    if let failure = dictionary.failure { throw failure }
  }

  /// Adds an event of which not all is known.
  @inline(never)
  private func learn(at instant: Int64, _ parts: UnsafePointer<Int32>) {
    matcher.add(
      at: instant, type: Int(parts[0]), properties: UnsafeBufferPointer(start: parts + 2, count: Int(parts[1])),
      literals: [], source: dictionary)
  }

  /// Adds the event at hand of the page's reader.
  @inline(never)
  private func addOther() {
    literals.removeAll(keepingCapacity: true)
    takeLiterals()
    matcher.add(
      at: pageReader.instant, type: pageReader.type, properties: pageReader.properties, literals: literals,
      source: dictionary)
    literals.removeAll(keepingCapacity: true)
  }

  private func takeLiterals() {
    for range in pageReader.literals { takeLiteral(pageReader.literal(range)) }
  }

  /// Takes `["name", value]` where a condition asks for the name.
  private func takeLiteral(_ json: UnsafeBufferPointer<UInt8>) {
    if let literalOpenings, !literalOpenings.contains(where: { json.starts(with: $0) }) { return }
    if let parsed = try? JSONParser.parse(json), case .array(let pair) = parsed, pair.count == 2,
      let name = pair[0].stringValue, let value = Value(json: pair[1])
    {
      literals.append((name, value))
    }
  }

  // MARK: Records

  /// Fills a record from what was added since the last reset, on top of what a record before it held.
  ///
  /// - Parameters:
  ///   - previous: the lead's record before; nil to start from the added events alone.
  ///   - attributes: the lead's attributes where they are new; nil keeps the timelines of `previous`.
  func fill(
    _ record: inout SignalRecord, createdAt: Int64, previous: SignalRecord?, attributes: AttributeSet?
  ) {
    if let attributes { reader.read(attributes) }
    let hasAttributes = attributes != nil || hasReadAttributes
    hasReadAttributes = false
    fill(&record, createdAt, previous, hasAttributes: hasAttributes)
  }

  /// Takes attributes as they are stored for the next record that is filled without any.
  ///
  /// - Parameter onName: called with the name of each attribute that was not met in an earlier object.
  func read(attributesJSON json: UnsafeBufferPointer<UInt8>, onName: (String) -> Void) {
    if reader.names == nil { reader.names = [] }
    reader.read(json)
    if reader.names?.isEmpty == false {
      for name in reader.names ?? [] { onName(name) }
      reader.names = []
    }
    hasReadAttributes = true
  }

  /// Fills a record of a lead that had one before.
  ///
  /// - Parameter attributes: nil keeps the timelines of `previous`.
  func fill(
    _ record: inout SignalRecord, createdAt: Int64, over previous: borrowing SignalRecord, attributes: AttributeSet?
  ) {
    if let attributes { reader.read(attributes) }
    record.fill(
      createdAt: createdAt, over: previous, events: matcher, attributes: attributes == nil ? nil : reader.matcher)
  }

  /// Fills a record as ``fill(_:createdAt:previous:attributes:)`` does, from attributes as they are stored.
  ///
  /// - Parameter attributesJSON: the JSON object.
  func fill(
    _ record: inout SignalRecord, createdAt: Int64, previous: SignalRecord?,
    attributesJSON: UnsafeBufferPointer<UInt8>?
  ) {
    if let attributesJSON { reader.read(attributesJSON) }
    fill(&record, createdAt, previous, hasAttributes: attributesJSON != nil)
  }

  private func fill(
    _ record: inout SignalRecord, _ createdAt: Int64, _ previous: SignalRecord?, hasAttributes: Bool
  ) {
    guard let previous else {
      if !hasAttributes { reader.readNothing() }
      record.fill(createdAt: createdAt, events: matcher, attributes: reader.matcher)
      return
    }
    record.fill(
      createdAt: createdAt, over: previous, events: matcher, attributes: hasAttributes ? reader.matcher : nil)
  }
}
