import ScoreEngine

/// Reads single values; each reports what is wrong and then gives nil. `name` is what messages call the value.
enum Scalars {
  /// The scalar's own text, whatever it would mean unquoted: `404` is the text 404.
  static func text(_ node: SourceNode, _ name: String, _ sink: DiagnosticSink, mayBeEmpty: Bool = false) -> String? {
    guard let scalar = node.scalar, scalar.kind != .null else {
      sink.error(node.position, "\(name) must be text; this is \(node.words)")
      return nil
    }
    if scalar.text.isEmpty, !mayBeEmpty {
      sink.error(node.position, "\(name) must not be an empty text")
      return nil
    }
    return scalar.text
  }

  static func points(_ node: SourceNode, _ name: String, _ sink: DiagnosticSink) -> Points? {
    guard case .number(let value)? = node.scalar?.kind, let text = node.scalar?.text else {
      sink.error(
        node.position, "\(name) must be a number with at most two decimals, such as 15 or -2.5; this is \(node.words)",
        hint: node.scalar.flatMap { Points($0.text) } == nil ? nil : "remove the quotes")
      return nil
    }
    if let points = Points(text) { return points }
    let largest = Points(hundredths: Points.largestHundredths)
    if value.magnitude * 100 > Double(Points.largestHundredths) {
      sink.error(node.position, "\(name) must be between -\(largest) and \(largest); this is \(text)")
    } else {
      sink.error(
        node.position, "\(name) must be a number with at most two decimals, such as 15 or -2.5; this is \(text)")
    }
    return nil
  }

  static func duration(_ node: SourceNode, _ name: String, _ sink: DiagnosticSink) -> TimeSpan? {
    if let text = node.scalar?.text, let span = TimeSpan(text) { return span }
    let example = "a duration such as 90s, 15m, 12h, 28d or 4w"
    guard let scalar = node.scalar, scalar.kind != .null else {
      sink.error(node.position, "\(name) must be \(example); this is \(node.words)")
      return nil
    }
    let digits = scalar.text.prefix { ("0"..."9").contains($0) }
    var hint: String?
    if !digits.isEmpty, digits.count == scalar.text.count {
      hint = "add a unit: \(digits)d"
    } else if !digits.isEmpty {
      let unit = scalar.text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
      let units = ["mo": "\((Int(digits) ?? 1) &* 30)d", "y": "\((Int(digits) ?? 1) &* 365)d"]
      if unit.hasPrefix("month") || unit == "mo" {
        hint = units["mo"].map { "a month has no fixed length; write \($0)" }
      } else if unit.hasPrefix("y") {
        hint = units["y"].map { "write \($0)" }
      } else if let letter = unit.first, "smhdw".contains(letter), TimeSpan(digits + String(letter)) != nil {
        hint = "write \(digits)\(letter)"
      }
    }
    sink.error(node.position, "\(name) must be \(example); '\(scalar.text)' is none", hint: hint)
    return nil
  }

  static func count(_ node: SourceNode, _ name: String, most: Int64, _ sink: DiagnosticSink) -> Int64? {
    let range = most == KeyTable.largestCount ? "a whole number of 1 or more" : "a whole number from 1 to \(most)"
    guard case .number(let value)? = node.scalar?.kind, let text = node.scalar?.text else {
      sink.error(node.position, "\(name) must be \(range); this is \(node.words)")
      return nil
    }
    guard value >= 1, value <= Double(most), value == value.rounded(.down) else {
      let shown = value > Double(most) ? "a whole number from 1 to \(most)" : range
      sink.error(node.position, "\(name) must be \(shown); this is \(text)")
      return nil
    }
    return Int64(value)
  }

  static func share(_ node: SourceNode, _ name: String, _ sink: DiagnosticSink) -> Double? {
    guard case .number(let value)? = node.scalar?.kind, value >= 0, value <= 100 else {
      let shown = node.scalar.map { $0.kind == .text ? node.words : $0.text } ?? node.words
      sink.error(node.position, "\(name) must be a number of percent from 0 to 100; this is \(shown)")
      return nil
    }
    return value
  }

  static func flag(_ node: SourceNode, _ name: String, _ sink: DiagnosticSink) -> Bool? {
    guard case .boolean(let value)? = node.scalar?.kind else {
      let meaning = ["yes": "true", "on": "true", "no": "false", "off": "false", "true": "true", "false": "false"]
      let word = node.scalar.flatMap { meaning[$0.text.lowercased()] }
      sink.error(
        node.position, "\(name) must be true or false; this is \(node.words)",
        hint: word.map { "write \($0), unquoted" })
      return nil
    }
    return value
  }

  /// A finite number for a comparison.
  static func number(_ node: SourceNode, _ name: String, _ sink: DiagnosticSink) -> Double? {
    guard case .number(let value)? = node.scalar?.kind else {
      let quoted = node.scalar.map { $0.kind == .text && CoreSchema.kind(ofPlain: $0.text) != .text } ?? false
      sink.error(
        node.position, "\(name) must be a number; this is \(node.words)", hint: quoted ? "remove the quotes" : nil)
      return nil
    }
    guard value.isFinite else {
      sink.error(node.position, "\(name) must be a finite number; this is \(node.scalar?.text ?? "")")
      return nil
    }
    return value
  }

  static func instant(_ node: SourceNode, _ name: String, _ sink: DiagnosticSink) -> Instant? {
    if let text = node.scalar?.text, let instant = Instant(text) { return instant }
    let shown = node.scalar.map { $0.kind == .null ? node.words : "'\($0.text)'" } ?? node.words
    let isSpan = node.scalar.flatMap { TimeSpan($0.text) } != nil
    let hint =
      isSpan ? "for a duration use \(name == "after" ? "newer_than" : "older_than")" : nil
    sink.error(
      node.position, "\(name) must be an instant such as 2026-01-31 or 2026-01-31T09:00:00Z; this is \(shown)",
      hint: hint)
    return nil
  }

  static func choice(
    _ node: SourceNode, _ name: String, _ words: [String], _ sink: DiagnosticSink
  ) -> String? {
    if let text = node.scalar?.text, words.contains(text) { return text }
    let shown = node.scalar.map { $0.kind == .null ? node.words : "'\($0.text)'" } ?? node.words
    let near = node.scalar.flatMap { NearestWord.find($0.text, in: words) }
    sink.error(
      node.position, "\(name) must be \(words.quotedChoice); this is \(shown)",
      hint: near.map { "did you mean '\($0)'?" })
    return nil
  }

  /// The right side of an equality; its kind is kept.
  static func operand(_ node: SourceNode, _ name: String, _ sink: DiagnosticSink) -> Operand? {
    switch node.scalar?.kind {
    case nil:
      sink.error(node.position, "\(name) must be text, a number, or true or false; this is \(node.words)")
      return nil
    case .null:
      sink.error(node.position, "no value equals null", hint: "for an absent value write { exists: false }")
      return nil
    case .boolean(let value): return .boolean(value)
    case .number: return number(node, name, sink).map { .number($0) }
    case .text:
      let text = node.scalar?.text ?? ""
      if text.isEmpty {
        sink.warning(
          node.position, "no value equals an empty text, which counts as absent",
          hint: "for an absent value write { exists: false }")
      }
      return .text(text)
    }
  }
}
