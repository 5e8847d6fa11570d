import Foundation
import Yams

/// Turns the text of a file into a ``SourceNode``, or into diagnostics that say why it is not YAML.
struct YAMLReader {
  /// The longest file, in bytes of UTF-8.
  static let largestFile = 4 * 1024 * 1024
  /// How many values a document may hold once its aliases are expanded.
  static let mostValues = 100_000
  /// How deep values may nest.
  static let deepestNesting = 100

  private let sink: DiagnosticSink
  private var text: YAMLText
  private var valueCount = 0

  /// The root of the only document; nil when there is none or it has faults, which `sink` then knows.
  static func read(_ sink: DiagnosticSink) -> SourceNode? {
    var reader = YAMLReader(sink: sink, text: YAMLText(sink.source))
    do {
      guard let node = try reader.compose() else {
        sink.error(.start, "the file is empty")
        return nil
      }
      return try reader.convert(node, depth: 0)
    } catch {
      return nil
    }
  }

  /// Thrown after the diagnostic that says why is in the sink.
  private struct Stopped: Error {}

  private init(sink: DiagnosticSink, text: YAMLText) {
    self.sink = sink
    self.text = text
  }

  // MARK: - Composing

  /// Yams stops at the first map that has a key twice and keeps nothing. Giving the first of the two another name of the
  /// same length lets it go on; `convert` then sees both keys, each in its place.
  private mutating func compose() throws -> Node? {
    let source = sink.source
    if let offset = source.firstForbidden {
      let code = String(source.scalars[offset].value, radix: 16, uppercase: true)
      let padded = String(repeating: "0", count: max(0, 4 - code.count)) + code
      sink.error(source.position(of: offset), "the character U+\(padded) is not allowed in YAML", hint: "remove it")
      throw Stopped()
    }
    if text.mayHashAliasBomb {
      sink.error(.start, "lists, maps or aliases as keys are not possible in a file with many aliases")
      throw Stopped()
    }
    // Each attempt reads all of the text again.
    var attemptsLeft = max(2, min(100, 2_000_000 / (source.scalars.count + 1)))
    while true {
      do {
        return try Yams.compose(yaml: text.string, .basic, .default, .utf8)
      } catch YamlError.duplicatedKeysInMapping(let names, let context) {
        let position = Position(line: context.mark.line, column: context.mark.column)
        attemptsLeft -= 1
        let name = names.first ?? ""
        guard attemptsLeft > 0, text.renameKey(name, at: position) else {
          sink.error(text.original(position), "duplicate key '\(name)'", hint: "it stands more than once in this map")
          throw Stopped()
        }
      } catch let error as YamlError {
        report(error)
        throw Stopped()
      }
    }
  }

  private func report(_ error: YamlError) {
    switch error {
    case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
      // What is missing at the end of the file is missed behind its last word.
      let position = min(text.original(Position(line: mark.line, column: mark.column)), sink.source.endOfContent)
      let offset = sink.source.offset(of: position)
      if problem.hasPrefix("Maximum nesting level") {
        sink.error(position, "values nest deeper than \(YAMLReader.deepestNesting) levels")
        return
      }
      var hint: String?
      if let offset, offset < sink.source.scalars.count, sink.source.scalars[offset] == "\t" {
        hint = "YAML does not allow tabs for indentation"
      }
      var message = "this is not YAML: \(problem)"
      if let context {
        message += " \(context.text)"
        if context.mark.line != mark.line { message += " from line \(context.mark.line)" }
      }
      sink.error(position, message, hint: hint)
    case .composer(_, let problem, let mark, _):
      let position = text.original(Position(line: mark.line, column: mark.column))
      if problem.contains("another document") {
        sink.error(position, "a second document begins here", hint: "put each document into a file of its own")
      } else if problem.contains("alias") {
        sink.error(position, "this alias has no anchor before it")
      } else {
        sink.error(position, "this is not YAML: \(problem)")
      }
    case .reader(let problem, _, _, _):
      sink.error(.start, "this is not YAML: \(problem)")
    default:
      sink.error(.start, "this is not YAML")
    }
  }

  // MARK: - Converting

  private mutating func convert(_ node: Node, depth: Int) throws -> SourceNode {
    let mark = node.mark
    let place = Position(line: mark?.line ?? 1, column: mark?.column ?? 1)
    let position = text.original(place)
    valueCount += 1
    guard valueCount <= YAMLReader.mostValues else {
      sink.error(position, "the document has more than \(YAMLReader.mostValues) values, counting what aliases repeat")
      throw Stopped()
    }
    guard depth < YAMLReader.deepestNesting else {
      sink.error(position, "values nest deeper than \(YAMLReader.deepestNesting) levels")
      throw Stopped()
    }
    switch node {
    case .scalar(let scalar):
      return SourceNode(position: position, content: .scalar(convert(scalar, at: position)))
    case .sequence(let sequence):
      refuse(tag: sequence.tag, except: .seq, at: position)
      var items: [SourceNode] = []
      for item in sequence { items.append(try convert(item, depth: depth + 1)) }
      return SourceNode(position: position, content: .list(items))
    case .mapping(let mapping):
      refuse(tag: mapping.tag, except: .map, at: position)
      return SourceNode(position: position, content: .map(try entries(of: mapping, depth: depth)))
    case .alias:
      // Composing replaces every alias by what it stands for.
      sink.error(position, "an alias cannot stand here")
      throw Stopped()
    }
  }

  private mutating func entries(of mapping: Node.Mapping, depth: Int) throws -> [SourceEntry] {
    var entries: [SourceEntry] = []
    var firstLines: [String: Int] = [:]
    for (key, value) in mapping {
      let mark = key.mark
      let place = Position(line: mark?.line ?? 1, column: mark?.column ?? 1)
      let position = text.original(place)
      let converted = try convert(value, depth: depth + 1)
      guard case .scalar(let scalar) = key else {
        sink.error(position, "a key must be text; this is \(try convert(key, depth: depth + 1).words)")
        continue
      }
      let name = (text.renamedKeys[place] ?? scalar.string).normalized
      if name.isEmpty {
        sink.error(position, "a key must not be empty")
      } else if name == "<<", scalar.style == .plain {
        sink.error(
          position, "merge keys ('<<') are not part of YAML 1.2", hint: "write the entries out, or alias a whole value")
      } else if let first = firstLines[name] {
        sink.error(position, "duplicate key '\(name)'", hint: "it stands on line \(first) already")
      } else {
        firstLines[name] = position.line
        entries.append(SourceEntry(name: name, position: position, value: converted))
      }
    }
    return entries
  }

  private func convert(_ scalar: Node.Scalar, at position: Position) -> SourceScalar {
    let content = scalar.string.normalized
    if scalar.style == .plain, scalar.tag.rawValue.isEmpty {
      return SourceScalar(text: content, kind: CoreSchema.kind(ofPlain: content))
    }
    let isText = scalar.style != .plain || scalar.tag.rawValue == Tag.Name.str.rawValue || scalar.tag.rawValue == "!"
    refuse(tag: scalar.tag, except: .str, at: position)
    // A refused tag is fault enough; its value is not blamed for its kind too.
    return SourceScalar(text: content, kind: isText ? .text : CoreSchema.kind(ofPlain: content))
  }

  private func refuse(tag: Tag, except accepted: Tag.Name, at position: Position) {
    let name = tag.rawValue
    guard !name.isEmpty, name != "!", name != accepted.rawValue else { return }
    let standard = "tag:yaml.org,2002:"
    let shown = name.hasPrefix(standard) ? "!!" + name.dropFirst(standard.count) : name
    sink.error(position, "the tag '\(shown)' is not accepted here", hint: "remove it, or quote a value that is text")
  }
}

extension String {
  /// In Unicode NFC, as facts are stored.
  var normalized: String {
    utf8.allSatisfy { $0 < 0x80 } ? self : precomposedStringWithCanonicalMapping
  }
}
