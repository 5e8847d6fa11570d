public import LeadStore
public import RuleFile
public import ScoreEngine

/// A rule document as it was read from a file, free of errors.
public struct CheckedRules: Sendable {
  /// The file, as it was named.
  public let file: String
  /// The document as it was written.
  public let text: String
  public let document: RuleDocument
  /// Warnings; there are no errors.
  public let warnings: [Diagnostic]

  /// Checks a document.
  ///
  /// - Throws: ``ScoringError/badRules(file:_:)`` with all diagnostics where any is an error.
  public init(text: String, file: String) throws {
    let result = RuleFile.parse(text, fileName: file)
    guard let document = result.document else { throw ScoringError.badRules(file: file, result.diagnostics) }
    self.file = file
    self.text = text
    self.document = document
    warnings = result.diagnostics
  }

  /// SHA-256 of the document's canonical form, in hexadecimal.
  public var digest: String { SHA256.hexDigest(document.canonicalText) }
}

extension ScoringSession {
  /// Adds a document as a model's next version; a version with an identical document stays the one.
  ///
  /// - Returns: the version's number, and whether it is new.
  public func addRules(
    _ rules: CheckedRules, model: String, author: String?, note: String?
  ) throws -> (number: Int, isNew: Bool) {
    try write {
      try ScoringSession.add(rules, to: database, model: modelRow(model).id, now: clock(), author: author, note: note)
    }
  }

  /// Adds a document inside a write transaction.
  static func add(
    _ rules: CheckedRules, to database: LeadDatabase, model: Int64, now: Int64, author: String?, note: String?
  ) throws -> (number: Int, isNew: Bool) {
    if let known = try database.models.version(model: model, digest: rules.digest) { return (known.number, false) }
    let number = try database.models.addVersion(
      model: model, name: rules.document.name, document: rules.text, digest: rules.digest,
      layout: ActiveModel.layout(of: CompiledRules(rules.document)), createdAt: now, author: author, note: note)
    return (number, true)
  }

  /// A version of a model's rules, with its document.
  ///
  /// - Throws: ``ScoringError/unknownVersion(_:model:greatest:)``
  public func version(_ number: Int, model: String) throws -> (row: RuleVersionRow, document: RuleDocument) {
    let id = try modelRow(model).id
    guard let row = try database.models.version(model: id, number: number) else {
      let greatest = try database.models.versions(model: id).last?.number ?? 0
      throw ScoringError.unknownVersion(number, model: model, greatest: greatest)
    }
    return (row, try ScoringSession.document(of: row))
  }
}
