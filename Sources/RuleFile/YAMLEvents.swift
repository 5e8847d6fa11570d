internal import CYAML

/// A part of a YAML text: a scalar, an alias, or where a document, a list or a map begins or ends.
struct YAMLEvent {
  enum Kind {
    case documentStart
    /// Of the value with this anchor.
    case alias(String)
    case scalar(String, isPlain: Bool)
    case listStart
    case listEnd
    case mapStart
    case mapEnd
  }

  let kind: Kind
  /// Where it begins in the text that was read.
  let position: Position
  var anchor: String?
  /// Its beginning, where it is long.
  var tag: String?
}

/// The parts of a YAML text in their order, as libyaml finds them: https://pyyaml.org/wiki/LibYAML
enum YAMLEvents {
  enum Fault: Error {
    /// What is wrong, and where; and during what libyaml found it, which began elsewhere perhaps.
    case notYAML(problem: String, position: Position, context: (text: String, position: Position)?)
    case tooDeep(Position)
  }

  /// All parts of a text's first document, and the start of the second where there is one.
  ///
  /// - Parameters:
  ///   - text: UTF-8.
  ///   - deepest: how deep lists and maps may nest. libyaml takes time for each level at each of its steps.
  /// - Complexity: O(bytes), but for the square of the number of `%TAG` directives, which libyaml compares.
  static func read(_ text: [UInt8], deepest: Int) throws(Fault) -> [YAMLEvent] {
    // libyaml keeps the parser's address.
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    defer { parser.deallocate() }
    guard yaml_parser_initialize(parser) == 1 else { preconditionFailure("out of memory") }
    defer { yaml_parser_delete(parser) }
    return try text.withUnsafeBufferPointer { (bytes) throws(Fault) in
      yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
      yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
      return try read(parser, deepest: deepest)
    }
  }

  private static func read(
    _ parser: UnsafeMutablePointer<yaml_parser_t>, deepest: Int
  ) throws(Fault) -> [YAMLEvent] {
    var events: [YAMLEvent] = []
    var depth = 0
    var documents = 0
    while true {
      var event = yaml_event_t()
      guard yaml_parser_parse(parser, &event) == 1 else { throw fault(parser.pointee) }
      defer { yaml_event_delete(&event) }
      if event.type == YAML_STREAM_END_EVENT { return events }
      guard let part = YAMLEvent(event) else { continue }
      switch part.kind {
      case .listStart, .mapStart: depth += 1
      case .listEnd, .mapEnd: depth -= 1
      case .documentStart: documents += 1
      case .alias, .scalar: break
      }
      guard depth <= deepest else { throw .tooDeep(part.position) }
      events.append(part)
      if documents > 1 { return events }
    }
  }

  private static func fault(_ parser: yaml_parser_t) -> Fault {
    let position = Position(parser.problem_mark)
    let problem = parser.problem.map { String(cString: $0) } ?? "it cannot be read"
    // Newer versions of libyaml have a limit too, and look some hundred characters ahead.
    if problem.hasPrefix("Maximum nesting level") { return .tooDeep(position) }
    let context = parser.context.map { (String(cString: $0), Position(parser.context_mark)) }
    return .notYAML(problem: problem, position: position, context: context)
  }
}

extension YAMLEvent {
  /// Nil for those that nobody asks for.
  fileprivate init?(_ event: yaml_event_t) {
    position = Position(event.start_mark)
    switch event.type {
    case YAML_DOCUMENT_START_EVENT:
      kind = .documentStart
    case YAML_ALIAS_EVENT:
      kind = .alias(YAMLEvent.text(event.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      kind = .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
      (anchor, tag) = (YAMLEvent.text(scalar.anchor), YAMLEvent.tag(scalar.tag))
    case YAML_SEQUENCE_START_EVENT:
      kind = .listStart
      let list = event.data.sequence_start
      (anchor, tag) = (YAMLEvent.text(list.anchor), YAMLEvent.tag(list.tag))
    case YAML_MAPPING_START_EVENT:
      kind = .mapStart
      let map = event.data.mapping_start
      (anchor, tag) = (YAMLEvent.text(map.anchor), YAMLEvent.tag(map.tag))
    case YAML_SEQUENCE_END_EVENT:
      kind = .listEnd
    case YAML_MAPPING_END_EVENT:
      kind = .mapEnd
    default:
      return nil
    }
  }

  private static func text(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    bytes.map { String(cString: $0) }
  }

  /// A directive can make tags as long as a file, and each value can have one.
  private static let longestTag = 256

  private static func tag(_ bytes: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    guard let bytes else { return nil }
    var count = 0
    while count < longestTag, bytes[count] != 0 { count += 1 }
    return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
  }
}

extension Position {
  fileprivate init(_ mark: yaml_mark_t) {
    self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }
}
