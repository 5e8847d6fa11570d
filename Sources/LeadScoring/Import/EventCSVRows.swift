internal import LeadStore
internal import RecordFormats
internal import RuleFile
internal import ScoreEngine

/// Turns the rows of a CSV file of events into tails of events. On the reader's thread.
///
/// What a row takes mostly stands in numbers and plain memory, since each count of a reference costs as much as a cell.
final class EventCSVRows {
  /// Where a property comes from.
  private struct Source {
    let name: EventRows.PropertyName
    let label: String
    /// -1 for a constant.
    let column: Int
    let constant: [UInt8]
  }

  private let events: EventRows
  private let sink: RowSink
  private let columns: CSVColumns
  private let sources: [Source]
  /// By source.
  private let sourceColumns: UnsafeMutablePointer<Int>
  private let sourceCount: Int
  private let onlyKey: Int
  private let occurredAt: Int
  private let typeColumn: Int
  private let typeText: String
  private let id: Int
  private let hasAbsentTexts: Bool
  private let instants = InstantReader()
  // Numbers of event types by the bytes of their cells (tag 0), and of properties (tag: the source's place, from 1).
  private let cells = CellTable()
  private let longCells = ByteTable()
  @exclusivity(unchecked) private var typeCount = 0
  @exclusivity(unchecked) private var scratch: [UInt8] = []

  /// Nil where no column has the instant.
  init?(_ columns: CSVColumns, _ events: EventRows, _ sink: RowSink, _ dictionary: PropertyDictionary) throws {
    guard let occurredAt = columns.occurredAt else { return nil }
    var sources: [Source] = []
    for field in columns.fields {
      let name = EventRows.PropertyName(field.name, number: try dictionary.name(field.name))
      sources.append(Source(name: name, label: field.name, column: field.column, constant: []))
    }
    for constant in columns.constants {
      var writer = JSONWriter()
      constant.value.write(to: &writer)
      let name = EventRows.PropertyName(constant.name, number: try dictionary.name(constant.name))
      sources.append(Source(name: name, label: constant.name, column: -1, constant: writer.bytes))
    }
    // A tail lists its properties in the order of their names' numbers, so that equal ones have equal bytes.
    sources.sort { $0.name.number < $1.name.number }
    switch columns.type {
    case .text(let text): (typeColumn, typeText) = (-1, text)
    case .column(let column, let prefix): (typeColumn, typeText) = (column, prefix)
    }
    self.events = events
    self.sink = sink
    self.columns = columns
    self.sources = sources
    self.occurredAt = occurredAt
    onlyKey = columns.key.count == 1 ? columns.key[0] : -1
    id = columns.id ?? -1
    hasAbsentTexts = columns.hasAbsentTexts
    sourceCount = sources.count
    sourceColumns = .allocate(capacity: max(1, sourceCount))
    for (index, source) in sources.enumerated() { (sourceColumns + index).initialize(to: source.column) }
  }

  deinit { sourceColumns.deallocate() }

  /// Adds the reader's current row.
  ///
  /// - Throws: ``RowProblem``, ``LeadKey/Problem``.
  func take(_ reader: CSVReader) throws {
    let record = reader.record
    try sink.begin(key: onlyKey >= 0 ? record[onlyKey] : columns.keyCell(reader))
    let instant = try FactLimits.instant(record[occurredAt], "occurred_at", instants)
    if typeColumn < 0 {
      try events.append(type: typeText)
    } else if let entry = cells.find(record[typeColumn], tag: 0) {
      sink.append(entry)
    } else {
      try append(type: record[typeColumn])
    }
    if id >= 0 { try append(id: record[id]) }
    for index in 0..<sourceCount {
      let column = sourceColumns[index]
      guard column >= 0 else {
        try appendConstant(index)
        continue
      }
      let cell = record[column]
      if cell.isEmpty { continue }
      if hasAbsentTexts, isAbsent(cell) { continue }
      if index < 255, let entry = cells.find(cell, tag: UInt8(truncatingIfNeeded: index &+ 1)) {
        sink.append(entry)
      } else {
        try append(index, cell)
      }
    }
    sink.finish(order: instant)
  }

  @inline(never)
  private func isAbsent(_ cell: UnsafeBufferPointer<UInt8>) -> Bool { columns.isAbsent(cell) }

  @inline(never)
  private func append(id cell: UnsafeBufferPointer<UInt8>) throws {
    if columns.isAbsent(cell) { return }
    try FactLimits.check(cell, "the id")
    scratch.removeAll(keepingCapacity: true)
    EventRows.appendText(cell, to: &scratch)
    sink.append(UInt8(ascii: ","))
    sink.append(scratch)
  }

  @inline(never)
  private func append(type cell: UnsafeBufferPointer<UInt8>) throws {
    if let number = longCells.value(for: cell) {
      sink.append(comma: Int64(number))
      return
    }
    let trimmed = NormalizedText.trimmed(cell)
    guard !trimmed.isEmpty else { throw RowProblem("the type is empty") }
    let number = try events.append(type: typeText + String(decoding: trimmed, as: UTF8.self).nfc)
    // So many types are none that recur.
    if typeCount < 10_000, cell.count < ByteTable.longest {
      typeCount += 1
      remember(cell, tag: 0, UInt32(number))
    }
  }

  @inline(never)
  private func appendConstant(_ index: Int) throws { try events.append(sources[index].name, sources[index].constant) }

  /// Adds a property that ``cells`` does not have.
  @inline(never)
  private func append(_ index: Int, _ cell: UnsafeBufferPointer<UInt8>) throws {
    let tag = UInt8(truncatingIfNeeded: index + 1)
    if index < 255, let number = longCells.value(for: cell, tag: tag) {
      sink.append(comma: Int64(number))
      return
    }
    try FactLimits.check(cell, "column '\(sources[index].label)'")
    scratch.removeAll(keepingCapacity: true)
    EventRows.appendText(cell, to: &scratch)
    if let number = try events.append(sources[index].name, scratch), index < 255 {
      remember(cell, tag: tag, UInt32(number))
    }
  }

  /// Keeps the number of a text that neither table has.
  private func remember(_ cell: UnsafeBufferPointer<UInt8>, tag: UInt8, _ number: UInt32) {
    if !cells.insert(cell, tag: tag, number: number) { longCells.insert(cell, tag: tag, value: number) }
  }
}
