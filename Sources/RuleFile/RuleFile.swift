public import ScoreEngine

/// Rule documents as people write them: YAML (or JSON, which is YAML), with every fault named by its place.
public enum RuleFile {
  /// Reads a rule document.
  ///
  /// All faults are reported at once, by position, a thousand at most; a text that is not YAML has one diagnostic, where
  /// it breaks. The document is there only if there is no error; it is then valid as ``RuleDocument`` describes. All texts
  /// are in Unicode NFC. Takes time proportional to the text's length.
  ///
  /// - Parameters:
  ///   - text: the file's content; a byte order mark is accepted.
  ///   - fileName: how diagnostics call the file.
  public static func parse(_ text: String, fileName: String) -> RuleFileResult {
    let (document, diagnostics) = read(text, fileName: fileName) { root, sink in
      DocumentReader.read(root, sink)
    }
    return RuleFileResult(document: document, diagnostics: diagnostics)
  }

  /// What every kind of file has in common. The value is nil where there is an error.
  static func read<Result>(
    _ text: String, fileName: String, _ body: (SourceNode, DiagnosticSink) -> Result?
  ) -> (Result?, [Diagnostic]) {
    guard text.utf8.count <= YAMLReader.largestFile else {
      let megabytes = YAMLReader.largestFile / 1024 / 1024
      let diagnostic = Diagnostic(
        severity: .error, fileName: fileName, line: 1, column: 1,
        message: "the file has \(text.utf8.count) bytes; at most \(megabytes) MB are read", sourceLine: "")
      return (nil, [diagnostic])
    }
    let sink = DiagnosticSink(source: SourceText(text, fileName: fileName))
    let result = YAMLReader.read(sink).flatMap { body($0, sink) }
    return (sink.hasErrors ? nil : result, sink.sorted)
  }
}

/// What reading a rule document gave.
public struct RuleFileResult: Sendable {
  /// Nil when there is any error.
  public var document: RuleDocument?
  /// Errors and warnings, by position.
  public var diagnostics: [Diagnostic]

  /// A result.
  public init(document: RuleDocument?, diagnostics: [Diagnostic]) {
    self.document = document
    self.diagnostics = diagnostics
  }

  /// Those that keep the document from being used.
  public var errors: [Diagnostic] { diagnostics.filter { $0.severity == .error } }
  /// Those that do not.
  public var warnings: [Diagnostic] { diagnostics.filter { $0.severity == .warning } }
}
