import LeadStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A new folder in the temporary folder, removed with all files in it when the test lets go of it.
final class TestFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/lead-store-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw TestFault(what: "mkdtemp: \(errno)") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in fileNames(in: path) { unlink(path + "/" + name) }
    rmdir(path)
  }

  func file(_ name: String) -> String { path + "/" + name }

  /// The names of the files in it, sorted.
  var files: [String] { fileNames(in: path) }
}

struct TestFault: Error, Equatable {
  var what = "thrown by the test"
}

func fileNames(in folder: String) -> [String] {
  guard let directory = opendir(folder) else { return [] }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    if name != ".", name != ".." { names.append(name) }
  }
  return names.sorted()
}

func fileBytes(_ path: String) throws -> [UInt8] {
  guard let file = fopen(path, "rb") else { throw TestFault(what: "cannot read \(path)") }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = fread(&chunk, 1, chunk.count, file)
    if count == 0 { return bytes }
    bytes += chunk[..<count]
  }
}

func writeFile(_ bytes: [UInt8], to path: String) throws {
  guard let file = fopen(path, "wb") else { throw TestFault(what: "cannot write \(path)") }
  defer { fclose(file) }
  guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw TestFault(what: "cannot write \(path)") }
}

/// The checkout's folder, with symbolic links resolved.
func checkout(file: String = #filePath) throws -> String {
  guard let resolved = realpath(file, nil) else { throw TestFault(what: "no \(file)") }
  defer { free(resolved) }
  return "/" + String(cString: resolved).split(separator: "/").dropLast(3).joined(separator: "/")
}

extension LeadDatabase {
  /// A new database `name` in a folder, open for writing.
  static func make(in folder: TestFolder, name: String = "leads.db") throws -> LeadDatabase {
    try create(at: folder.file(name)) { _ in }
    return try open(path: folder.file(name))
  }

  /// Creates a database at a standing clock.
  static func create(at path: String, _ body: (LeadDatabase) throws -> Void) throws {
    try create(path: path, now: { 1000 }, program: "1.0", body)
  }

  /// Adds a lead under its key, folded and given alike.
  func addLead(_ id: Int64, _ key: String, given: String? = nil, createdAt: Int64 = 0, attributes: String = "{}") throws
  {
    var key = key
    var attributes = attributes
    try key.withUTF8 { key in
      try attributes.withUTF8 { attributes in
        try leads.insert(
          id: id, folded: key, given: given, createdAt: createdAt, isGiven: true, attributes: attributes)
      }
    }
  }

  /// A model with one version, which is active. The layout has groups `fit` and `"en\"gagement"`, rules `a` to `c`.
  func addModel(_ name: String = "main") throws -> (model: Int64, version: RuleVersionRow) {
    let model = try models.add(name, createdAt: 500)
    let number = try models.addVersion(
      model: model, name: "first", document: "rules: []\n# a 'quoted' remark\n", digest: "d-\(name)",
      layout: #"{"groups":["fit","en\"gagement"],"rules":["a","b","c"],"stages":["new","mql"]}"#, createdAt: 600,
      author: "Ann", note: nil)
    guard let version = try models.version(model: model, number: number) else { throw TestFault(what: "no version") }
    try models.activate(
      model: model, version: version.id, asOf: 700, recordedAt: 701, person: "Ann", kind: "apply")
    return (model, version)
  }
}

extension HistoryRow {
  /// A row with one field or two of interest.
  static func sample(
    model: Int64, lead: Int64, at: Int64, before: Int64?, after: Int64, stageBefore: String? = "new",
    stageAfter: String? = "new", cause: Cause = .event
  ) -> HistoryRow {
    HistoryRow(
      model: model, lead: lead, at: at, recordedAt: at + 1, before: before, after: after, stageBefore: stageBefore,
      stageAfter: stageAfter, gradeAfter: "A1", cause: cause, causeReference: "7", version: 1)
  }
}

extension Connection {
  func integer(_ sql: String, _ values: any BindableValue...) throws -> Int64? {
    try firstRow(sql, values) { $0.optionalInteger(0) } ?? nil
  }

  func text(_ sql: String, _ values: any BindableValue...) throws -> String? {
    try firstRow(sql, values) { $0.optionalText(0) } ?? nil
  }

  /// All rows, each with its columns as text.
  func rows(_ sql: String, columns: Int32) throws -> [[String?]] {
    var rows: [[String?]] = []
    try forEachRow(sql) { row in rows.append((0..<columns).map { row.optionalText($0) }) }
    return rows
  }

  /// Everything the database says: its layout and all rows of all tables.
  func contents() throws -> [String: [String]] {
    var contents = ["": try rows("SELECT sql FROM sqlite_schema ORDER BY name", columns: 1).map { $0[0] ?? "" }]
    for table in try rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name", columns: 1) {
      let name = table[0] ?? ""
      var columns: [String] = []
      try forEachRow("SELECT name FROM pragma_table_info(?1)", [name]) { columns.append($0.text(0)) }
      let quoted = columns.map { "quote(\"\($0)\")" }.joined(separator: " || ',' || ")
      contents[name] = try rows("SELECT \(quoted) FROM \"\(name)\" ORDER BY 1", columns: 1).map { $0[0] ?? "" }
    }
    return contents
  }
}

/// A small seeded generator (SplitMix64): the same seed gives the same numbers on every machine.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 1...100, using: &self) <= percent }
}

/// The database error that `body` throws; nil for none.
func databaseError(_ body: () throws -> Void) throws -> DatabaseError? {
  do {
    try body()
    return nil
  } catch let error as DatabaseError {
    return error
  }
}
