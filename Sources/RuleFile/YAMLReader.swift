internal import ScoreEngine

/// Turns the text of a file into a ``SourceNode``, or into diagnostics that say why it is not YAML.
struct YAMLReader {
  /// The longest file, in bytes of UTF-8.
  static let largestFile = 4 * 1024 * 1024
  /// How many values a document may hold once its aliases are expanded.
  static let mostValues = 100_000
  /// How deep values may nest.
  static let deepestNesting = 100
  /// The longest key, in bytes of UTF-8.
  static let longestKey = 4096

  /// A value that aliases can repeat.
  private struct Anchored {
    let node: SourceNode
    /// It and all values in it.
    let values: Int
    /// How deep values nest in it; 0 for a scalar.
    let height: Int
    /// Whether it is a scalar without quotation marks.
    let isPlain: Bool
  }

  private let sink: DiagnosticSink
  private let text: YAMLText
  private let events: [YAMLEvent]
  private var next = 0
  private var anchors: [String: Anchored] = [:]
  private var valueCount = 0

  /// The root of the only document; nil when there is none or it has faults, which `sink` then knows.
  static func read(_ sink: DiagnosticSink) -> SourceNode? {
    do throws(Stopped) {
      var reader = try YAMLReader(sink)
      guard !reader.events.isEmpty else {
        sink.error(.start, "the file is empty")
        return nil
      }
      return try reader.readDocument()
    } catch {
      return nil
    }
  }

  /// Thrown after the diagnostic that says why is in the sink.
  private struct Stopped: Error {}

  private init(_ sink: DiagnosticSink) throws(Stopped) {
    self.sink = sink
    let source = sink.source
    if let offset = source.firstForbidden {
      let code = String(source.scalars[offset].value, radix: 16, uppercase: true)
      let padded = String(repeating: "0", count: max(0, 4 - code.count)) + code
      sink.error(source.position(of: offset), "the character U+\(padded) is not allowed in YAML", hint: "remove it")
      throw Stopped()
    }
    text = YAMLText(source)
    do {
      events = try YAMLEvents.read(text.bytes, deepest: YAMLReader.deepestNesting)
    } catch {
      YAMLReader.report(error, text, sink)
      throw Stopped()
    }
  }

  private static func report(_ fault: YAMLEvents.Fault, _ text: YAMLText, _ sink: DiagnosticSink) {
    switch fault {
    case .tooDeep(let position):
      reportDepth(text.original(position), sink)
    case .notYAML(let problem, let place, let context):
      // What is missing at the end of the file is missed behind its last word.
      let position = min(text.original(place), sink.source.endOfContent)
      var hint: String?
      if let offset = sink.source.offset(of: position), offset < sink.source.scalars.count,
        sink.source.scalars[offset] == "\t"
      {
        hint = "YAML does not allow tabs for indentation"
      }
      var message = "this is not YAML: \(problem)"
      if let context {
        message += " \(context.text)"
        if context.position.line != place.line { message += " from line \(context.position.line)" }
      }
      sink.error(position, message, hint: hint)
    }
  }

  private static func reportDepth(_ position: Position, _ sink: DiagnosticSink) {
    sink.error(position, "values nest deeper than \(deepestNesting) levels")
  }

  // MARK: - Values

  private mutating func readDocument() throws(Stopped) -> SourceNode {
    // The first event is the document's start.
    next = 1
    let root = try readValue(depth: 0).node
    if next < events.count {
      sink.error(
        text.original(events[next].position), "a second document begins here",
        hint: "put each document into a file of its own")
      throw Stopped()
    }
    return root
  }

  /// Reads the value that begins with the next event.
  private mutating func readValue(depth: Int) throws(Stopped) -> (node: SourceNode, height: Int) {
    let event = events[next]
    next += 1
    let position = text.original(event.position)
    if case .alias(let name) = event.kind { return try repeated(name, at: position, depth: depth) }
    let before = valueCount
    try count(1, depth: depth, at: position)
    var height = 0
    var isPlain = false
    let content: SourceNode.Content
    switch event.kind {
    case .listStart:
      refuse(tag: event.tag, except: "seq", at: position)
      var items: [SourceNode] = []
      while !isAtEnd {
        let item = try readValue(depth: depth + 1)
        items.append(item.node)
        height = max(height, item.height + 1)
      }
      next += 1
      content = .list(items)
    case .mapStart:
      refuse(tag: event.tag, except: "map", at: position)
      var entries = Entries()
      while !isAtEnd { height = max(height, try readEntry(into: &entries, depth: depth) + 1) }
      next += 1
      content = .map(entries.all)
    case .scalar(let words, isPlain: let isWordPlain):
      refuse(tag: event.tag, except: "str", at: position)
      isPlain = isWordPlain
      content = .scalar(scalar(words.nfc, isPlain: isPlain, tag: event.tag))
    case .alias, .listEnd, .mapEnd, .documentStart:
      sink.error(position, "this is not YAML: a value is missing")
      throw Stopped()
    }
    let node = SourceNode(position: position, content: content)
    if let anchor = event.anchor {
      anchors[anchor] = Anchored(node: node, values: valueCount - before, height: height, isPlain: isPlain)
    }
    return (node, height)
  }

  /// Whether the list or the map that is being read ends with the next event.
  private var isAtEnd: Bool {
    switch events[next].kind {
    case .listEnd, .mapEnd: true
    default: false
    }
  }

  /// Counts values of which the deepest is so deep.
  private mutating func count(_ values: Int, depth: Int, at position: Position) throws(Stopped) {
    valueCount += values
    guard valueCount <= YAMLReader.mostValues else {
      sink.error(position, "the document has more than \(YAMLReader.mostValues) values, counting what aliases repeat")
      throw Stopped()
    }
    guard depth < YAMLReader.deepestNesting else {
      YAMLReader.reportDepth(position, sink)
      throw Stopped()
    }
  }

  private mutating func repeated(
    _ name: String, at position: Position, depth: Int
  ) throws(Stopped) -> (node: SourceNode, height: Int) {
    let anchored = try anchored(name, at: position)
    try count(anchored.values, depth: depth + anchored.height, at: position)
    return (anchored.node, anchored.height)
  }

  private func anchored(_ name: String, at position: Position) throws(Stopped) -> Anchored {
    guard let anchored = anchors[name] else {
      sink.error(position, "this alias has no anchor before it")
      throw Stopped()
    }
    return anchored
  }

  // MARK: - Maps

  /// What a map has so far.
  private struct Entries {
    var all: [SourceEntry] = []
    /// Where each key stands.
    var lines: [String: Int] = [:]
  }

  /// Reads a key and its value. Returns how deep values nest in it.
  private mutating func readEntry(into entries: inout Entries, depth: Int) throws(Stopped) -> Int {
    let key = try readKey(depth: depth)
    let (value, height) = try readValue(depth: depth + 1)
    guard let name = key.name else { return height }
    if name.isEmpty {
      sink.error(key.position, "a key must not be empty")
    } else if name == "<<", key.isPlain {
      sink.error(
        key.position, "merge keys ('<<') are not part of YAML 1.2",
        hint: "write the entries out, or alias a whole value")
    } else if let first = entries.lines[name] {
      sink.error(key.position, "duplicate key '\(name)'", hint: "it stands on line \(first) already")
    } else {
      entries.lines[name] = key.position.line
      entries.all.append(SourceEntry(name: name, position: key.position, value: value))
    }
    return height
  }

  /// Reads a key, whose tag means nothing. It has no name where it is at fault, which the sink then knows.
  private mutating func readKey(depth: Int) throws(Stopped) -> (name: String?, position: Position, isPlain: Bool) {
    let event = events[next]
    let position = text.original(event.position)
    let (node, isPlain): (SourceNode, Bool)
    switch event.kind {
    case .scalar(let words, isPlain: let isWordPlain):
      next += 1
      let content = SourceNode.Content.scalar(scalar(words.nfc, isPlain: isWordPlain, tag: event.tag))
      (node, isPlain) = (SourceNode(position: position, content: content), isWordPlain)
      if let anchor = event.anchor { anchors[anchor] = Anchored(node: node, values: 1, height: 0, isPlain: isPlain) }
    case .alias(let name):
      next += 1
      let anchored = try anchored(name, at: position)
      (node, isPlain) = (anchored.node, anchored.isPlain)
    default:
      (node, isPlain) = (try readValue(depth: depth + 1).node, false)
    }
    guard let name = node.scalar?.text else {
      sink.error(position, "a key must be text; this is \(node.words)")
      return (nil, position, false)
    }
    guard name.utf8.count <= YAMLReader.longestKey else {
      sink.error(position, "a key has at most \(YAMLReader.longestKey) bytes; this one has \(name.utf8.count)")
      return (nil, position, false)
    }
    return (name, position, isPlain)
  }

  // MARK: - Scalars and tags

  /// - Parameter text: in NFC.
  private func scalar(_ text: String, isPlain: Bool, tag: String?) -> SourceScalar {
    // A refused tag is fault enough; its value is not blamed for its kind too.
    let isText = !isPlain || tag == "!" || tag == YAMLReader.standardTag + "str"
    return SourceScalar(text: text, kind: isText ? .text : CoreSchema.kind(ofPlain: text))
  }

  private static let standardTag = "tag:yaml.org,2002:"

  private func refuse(tag: String?, except accepted: String, at position: Position) {
    guard let tag, tag != "!", tag != YAMLReader.standardTag + accepted else { return }
    let isStandard = tag.hasPrefix(YAMLReader.standardTag)
    let shown = isStandard ? "!!" + tag.dropFirst(YAMLReader.standardTag.count) : tag
    sink.error(position, "the tag '\(shown)' is not accepted here", hint: "remove it, or quote a value that is text")
  }
}
