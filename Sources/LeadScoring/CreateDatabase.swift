internal import LeadStore

/// Makes lead databases.
public enum DatabaseCreation {
  /// The name of a database's first model.
  public static let mainModel = "main"

  /// Creates a database with a model and its first version, which is active.
  ///
  /// - Parameters:
  ///   - name: the model's.
  ///   - asOf: the instant from which the rules hold, in milliseconds since 1970.
  /// - Throws: ``ScoringError/badModelName(_:)``, `StoreError/exists`, `DatabaseError`. No file is left then.
  public static func create(
    path: String, model name: String = mainModel, rules: CheckedRules, asOf: Int64, clock: @escaping () -> Int64,
    program: String, by author: String?
  ) throws {
    try ScoringSession.checkModelName(name)
    try LeadDatabase.create(path: path, now: clock, program: program) { database in
      let model = try database.models.add(name, createdAt: clock())
      try ScoringSession.start(rules, model: model, in: database, asOf: asOf, now: clock(), author: author)
    }
  }
}

extension ScoringSession {
  /// Makes a document the first version of a model and the active one. Inside a write transaction.
  static func start(
    _ rules: CheckedRules, model: Int64, in database: LeadDatabase, asOf: Int64, now: Int64, author: String?
  ) throws {
    let (number, _) = try add(rules, to: database, model: model, now: now, author: author, note: nil)
    guard let version = try database.models.version(model: model, number: number) else { return }
    try database.models.activate(
      model: model, version: version.id, asOf: asOf, recordedAt: now, person: author, kind: "apply")
    if try database.models.all().count == 1 {
      _ = try SignalPack.add(SignalPack.union([compile(version)]), to: database)
    }
  }

  /// Sees that a model can have a name.
  ///
  /// - Throws: ``ScoringError/badModelName(_:)``
  static func checkModelName(_ name: String) throws {
    guard let first = name.utf8.first, (97...122).contains(first) || (48...57).contains(first),
      name.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 95 }),
      name.utf8.count <= 64
    else { throw ScoringError.badModelName(name) }
  }

  /// Adds a model; with rules, they become its first version and every lead is scored by them.
  ///
  /// - Throws: ``ScoringError/modelExists(_:)``, ``ScoringError/badModelName(_:)``, `DatabaseError`.
  public func addModel(_ name: String, rules: CheckedRules?, asOf: Int64, by author: String?) throws -> ApplyReport? {
    try ScoringSession.checkModelName(name)
    guard try !database.models.all().contains(where: { $0.name == name }) else { throw ScoringError.modelExists(name) }
    return try write {
      let id = try database.models.add(name, createdAt: clock())
      guard let rules else { return nil }
      let (number, _) = try ScoringSession.add(
        rules, to: database, model: id, now: clock(), author: author, note: nil)
      var options = ApplyOptions()
      options.person = author
      return try activate(number, model: name, asOf: asOf, kind: "apply", options: options)
    }
  }
}
