internal import LeadStore
internal import RecordFormats
internal import RuleFile
internal import ScoreEngine

/// Turns the rows of a CSV file of leads into bytes. On the reader's thread.
///
/// What a row takes mostly stands in numbers and plain memory, since each count of a reference costs as much as a cell.
final class LeadCSVRows {
  private let rows: LeadRows
  private let sink: RowSink
  private let columns: CSVColumns
  /// By field: its column, and where its name ends among ``names``.
  private let fields: UnsafeMutablePointer<(column: Int, nameEnd: Int)>
  private let fieldCount: Int
  /// A comma, the field's name as JSON and a colon, for one field after the other.
  private let names: UnsafeMutableBufferPointer<UInt8>
  /// The members that each lead gets, as JSON.
  private let constants: [UInt8]
  private let createdAt: Int
  private let onlyKey: Int
  private let hasAbsentTexts: Bool
  private let isClean: Bool

  init(_ columns: CSVColumns, _ rows: LeadRows, _ sink: RowSink) {
    self.rows = rows
    self.sink = sink
    self.columns = columns
    var names: [UInt8] = []
    fieldCount = columns.fields.count
    fields = .allocate(capacity: max(1, fieldCount))
    for (index, field) in columns.fields.enumerated() {
      LeadCSVRows.append(member: field.name, to: &names)
      (fields + index).initialize(to: (field.column, names.count))
    }
    self.names = .allocate(capacity: names.count)
    _ = self.names.initialize(from: names)
    var constants: [UInt8] = []
    for constant in columns.constants {
      LeadCSVRows.append(member: constant.name, to: &constants)
      var writer = JSONWriter()
      constant.value.write(to: &writer)
      constants.append(contentsOf: writer.bytes)
    }
    self.constants = constants
    createdAt = columns.createdAt ?? -1
    onlyKey = columns.key.count == 1 ? columns.key[0] : -1
    hasAbsentTexts = columns.hasAbsentTexts
    let allNames = columns.fields.map(\.name) + columns.constants.map(\.name)
    isClean = Set(allNames).count == allNames.count
  }

  deinit {
    fields.deallocate()
    names.deallocate()
  }

  private static func append(member name: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: ","))
    var name = name
    name.withUTF8 { NormalizedText.appendJSON($0, to: &bytes) }
    bytes.append(UInt8(ascii: ":"))
  }

  /// Adds the reader's current row.
  ///
  /// - Throws: ``RowProblem``, ``LeadKey/Problem``.
  func take(_ reader: CSVReader) throws {
    let record = reader.record
    var instant = LeadRowBytes.notGiven
    if createdAt >= 0 {
      let cell = record[createdAt]
      if !cell.isEmpty, !hasAbsentTexts || !isAbsent(cell) { instant = try FactLimits.instant(cell, "created_at") }
    }
    try rows.begin(onlyKey >= 0 ? record[onlyKey] : columns.keyCell(reader), instant, isClean: isClean)
    // The first member has no comma before it.
    var comma = 1
    var nameStart = 0
    for index in 0..<fieldCount {
      let (column, nameEnd) = fields[index]
      let name = UnsafeBufferPointer(rebasing: names[(nameStart &+ comma)..<nameEnd])
      nameStart = nameEnd
      let cell = record[column]
      if cell.isEmpty { continue }
      if hasAbsentTexts, isAbsent(cell) { continue }
      if cell.count <= FactLimits.longestText, NormalizedText.isPlain(cell) {
        sink.append(name)
        sink.append(quoted: cell)
      } else {
        try append(index, name, cell)
      }
      comma = 0
    }
    if !constants.isEmpty { appendConstants(comma) }
    rows.end()
  }

  @inline(never)
  private func isAbsent(_ cell: UnsafeBufferPointer<UInt8>) -> Bool { columns.isAbsent(cell) }

  /// Adds a member whose text cannot be taken as it stands.
  @inline(never)
  private func append(_ index: Int, _ name: UnsafeBufferPointer<UInt8>, _ cell: UnsafeBufferPointer<UInt8>) throws {
    try FactLimits.check(cell, "column '\(columns.fields[index].name)'")
    sink.append(name)
    rows.appendText(cell)
  }

  @inline(never)
  private func appendConstants(_ comma: Int) {
    constants.withUnsafeBufferPointer { sink.append(UnsafeBufferPointer(rebasing: $0[comma...])) }
  }
}
