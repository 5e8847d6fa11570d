public import LeadStore
internal import RuleFile
internal import ScoreEngine

/// An open database, the rules that are active in it, and a clock: what every use case works on.
public final class ScoringSession {
  /// The database.
  public let database: LeadDatabase
  /// Through which threads of an import share the connection.
  let gate = Gate()
  /// Whether the transaction has changed no lead, page, record or score yet, so that other connections read the same.
  var isUntouched = true
  /// So many blocks of leads must be due for a pass over all to be worth it; an eighth of all besides.
  var fewestForPass = 1024
  /// Milliseconds since 1970.
  public let clock: () -> Int64
  private(set) var models: [ActiveModel] = []
  /// The state of the file that the session knows, as far as other connections changed it.
  private var dataVersion: Int64 = 0
  private(set) var pack: SignalPack
  private(set) var dictionary: PropertyDictionary
  private(set) var finder: SignalFinder
  /// Called with the share of work done, for progress bars.
  public var onProgress: ((Progress) -> Void)?

  /// How far a piece of work has come.
  public struct Progress: Sendable {
    /// What is being done.
    public var label: String
    /// What is counted: rows, leads.
    public var unit: String
    /// Of `total`, in its unit (bytes of a file, or items).
    public var done: Int64
    /// Nil where it is not known.
    public var total: Int64?
    /// How many rows or leads.
    public var items: Int64
  }

  /// Opens a session on a database.
  ///
  /// - Throws: ``LeadStore/DatabaseError``, ``LeadStore/StoreError``, ``ScoringError``.
  public init(_ database: LeadDatabase, clock: @escaping () -> Int64) throws {
    self.database = database
    self.clock = clock
    dictionary = try PropertyDictionary(database, gate: gate)
    pack = SignalPack(id: 0, definitions: [])
    finder = SignalFinder(pack: pack, dictionary: dictionary)
    try load()
  }

  // MARK: Transactions

  /// Runs `body` in one write transaction, which is undone where it throws, or always where `undo` asks for it. Inside
  /// it the session knows the rules and the dictionary as they stand in the file, whatever other processes did since it
  /// was opened; after an undone one it forgets what was true inside alone.
  ///
  /// - Parameter bulk: whether rows are added and changed in great number and none deleted that others refer to.
  func write<Result>(undo: Bool = false, bulk: Bool = false, _ body: () throws -> Result) throws -> Result {
    func refreshed() throws -> Result {
      if try database.connection.dataVersion() != dataVersion { try load() }
      isUntouched = true
      return try body()
    }
    do {
      let connection = database.connection
      let result =
        if bulk {
          try connection.bulkWrite(undo: undo, refreshed)
        } else {
          try undo ? connection.writeAndUndo(refreshed) : connection.write(refreshed)
        }
      if undo { try load() }
      return result
    } catch {
      try? load()
      throw error
    }
  }

  /// Runs `body` on one state of the file, whose rules and dictionary the session knows.
  func read<Result>(_ body: () throws -> Result) throws -> Result {
    try database.connection.read {
      if try database.connection.dataVersion() != dataVersion { try load() }
      return try body()
    }
  }

  /// From now on the session reads one state of the file, whatever is written to it meanwhile, and cannot write.
  public func holdSnapshot() throws {
    try database.connection.execute("BEGIN")
    if try database.connection.dataVersion() != dataVersion { try load() }
  }

  /// Reads everything that the session keeps in memory from one state of the file.
  private func load() throws {
    try database.connection.read {
      dataVersion = try database.connection.dataVersion()
      dictionary = try PropertyDictionary(database, gate: gate)
      try reload()
    }
  }

  /// Reads models, active versions and pack again, after they changed.
  func reload() throws {
    var compiled: [(ModelRow, RuleVersionRow, CompiledRules)] = []
    for row in try database.models.all() {
      guard let version = try database.models.activeVersion(model: row.id) else { continue }
      compiled.append((row, version, try ScoringSession.compile(version)))
    }
    guard !compiled.isEmpty else {
      models = []
      finder = SignalFinder(pack: pack, dictionary: dictionary)
      return
    }
    let rules = compiled.map(\.2)
    // Signals are derived: where the stored pack does not fit, a full recomputation makes another one.
    let pack =
      try SignalPack.stored(in: database, for: rules) ?? SignalPack(id: 0, definitions: SignalPack.union(rules))
    self.pack = pack
    models = compiled.compactMap { ActiveModel(row: $0.0, version: $0.1, rules: $0.2, pack: pack.definitions) }
    finder = SignalFinder(pack: pack, dictionary: dictionary)
  }

  /// The rules of a stored version.
  static func compile(_ version: RuleVersionRow) throws -> CompiledRules {
    CompiledRules(try document(of: version))
  }

  /// The document of a stored version.
  static func document(of version: RuleVersionRow) throws -> RuleDocument {
    guard let document = RuleFile.parse(version.document, fileName: "version \(version.number)").document else {
      throw StoreError.damaged("the document of rule version \(version.number)")
    }
    return document
  }

  /// The model with a name.
  ///
  /// - Throws: ``ScoringError/unknownModel(_:known:)``
  public func modelRow(_ name: String) throws -> ModelRow {
    let all = try database.models.all()
    guard let row = all.first(where: { $0.name == name }) else {
      throw ScoringError.unknownModel(name, known: all.map(\.name))
    }
    return row
  }

  /// The model with a name and an active version.
  func activeModel(_ name: String) throws -> ActiveModel {
    let row = try modelRow(name)
    guard let model = models.first(where: { $0.row.id == row.id }) else { throw ScoringError.noActiveVersion(name) }
    return model
  }

  /// Sees that an instant is not before the last evaluation.
  ///
  /// - Throws: ``ScoringError/backInTime(asked:last:)``
  func checkClock(_ asOf: Int64) throws {
    if let last = try database.models.lastEvaluation(), asOf < last {
      throw ScoringError.backInTime(asked: asOf, last: last)
    }
  }
}
