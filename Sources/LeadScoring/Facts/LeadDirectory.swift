internal import LeadStore

/// Finds leads by their keys during an import, and numbers the new ones. Each key is asked of the database once at most.
struct LeadDirectory {
  private let table: LeadTable
  private let gate: Gate
  private let greatestStored: Int64
  private var next: Int64
  private var numbers = ByteTable()
  // By number, from the first new one on: where the folded key stands. A lead is few bytes here, since a file may
  // bring millions.
  private var keyOffsets: [UInt32] = []
  /// Keys as they were given, where that differs.
  private var givenKeys: [Int64: String] = [:]
  private var lookups: Int64 = 0
  /// So many look-ups cost more than one pass over all keys does.
  private let mostLookups: Int64
  private var isLoaded = false
  /// Numbers may have gaps, so that there are fewer keys.
  private static let mostReserved: Int64 = 1 << 24

  /// - Parameters:
  ///   - gate: through which the database is asked.
  ///   - rows: how many rows come, as far as is known.
  init(_ database: LeadDatabase, gate: Gate, rows: Int64 = 0) throws {
    table = database.leads
    self.gate = gate
    greatestStored = try table.greatestID()
    next = greatestStored + 1
    isLoaded = greatestStored == 0
    let most = max(2000, greatestStored / 16)
    // With more rows than leads, most keys will be asked for.
    mostLookups = rows > max(most, greatestStored) ? 0 : most
  }

  /// A hash of a folded key, for ``lead(_:hash:place:given:)``. May be asked for on any thread.
  var hash: ByteHash { numbers.hash }

  /// Begins to look for the leads of rows: what the look-ups will read is fetched for all of them at once.
  ///
  /// - Parameter places: room for one for each row.
  @inline(__always)
  func begin(_ rows: UnsafeBufferPointer<RowBatch.Row>, _ places: UnsafeMutablePointer<UInt32>) {
    for row in rows { numbers.fetchSlot(hash: row.hash) }
    for index in 0..<rows.count {
      places[index] = numbers.fetchEntry(hash: rows[index].hash, keyCount: rows[index].keyCount)
    }
  }

  /// The number of the lead with a folded key; a new one where there is no such lead.
  ///
  /// - Parameters:
  ///   - place: what ``begin(_:_:)`` gave for the row.
  ///   - given: the key as it was given, where that differs.
  @inline(__always)
  mutating func lead(
    _ folded: UnsafeBufferPointer<UInt8>, hash: UInt32, place: UInt32, given: @autoclosure () -> String?
  ) throws -> Int64 {
    if let number = numbers.value(for: folded, at: place) { return Int64(number) }
    // One that another row of the batch brought, or one of two with the same hash.
    if let number = numbers.value(for: folded, hash: hash) { return Int64(number) }
    return try ask(folded, hash, given())
  }

  @inline(never)
  private mutating func ask(
    _ folded: UnsafeBufferPointer<UInt8>, _ hash: UInt32, _ given: String?
  ) throws -> Int64 {
    try checkRoom(folded)
    if !isLoaded {
      lookups += 1
      if lookups > mostLookups {
        try load()
        if let number = numbers.value(for: folded, hash: hash) { return Int64(number) }
      } else if let stored = try gate.pass({ try table.id(key: folded) }) {
        numbers.insert(folded, hash: hash, value: UInt32(truncatingIfNeeded: stored))
        return stored
      }
    }
    let number = next
    guard number <= LeadTable.greatestNumber else { throw StoreError.noLeadNumber }
    numbers.insert(folded, hash: hash, value: UInt32(truncatingIfNeeded: number))
    keyOffsets.append(UInt32(truncatingIfNeeded: numbers.lastKeyOffset))
    if let given { givenKeys[number] = given }
    next += 1
    return number
  }

  private mutating func load() throws {
    isLoaded = true
    numbers.reserve(Int(min(greatestStored, LeadDirectory.mostReserved)))
    let hasSome = numbers.count > 0
    try gate.pass {
      try table.forEachKey { id, key in
        if hasSome, numbers.value(for: key) != nil { return }
        try checkRoom(key)
        numbers.insertSoon(key, value: UInt32(truncatingIfNeeded: id))
      }
    }
    numbers.settle()
  }

  private func checkRoom(_ key: UnsafeBufferPointer<UInt8>) throws {
    guard !numbers.hasRoom(for: key) else { return }
    throw ScoringError.badInput(
      file: "the import", line: nil, reason: "more than four billion bytes of keys of leads; import a part at a time")
  }

  /// Says that no lead is looked for any more: what only look-ups need is let go of.
  mutating func endLookups() {
    if keyOffsets.isEmpty { numbers = ByteTable() } else { numbers.endLookups() }
  }

  /// Whether the database lacks a lead. May be asked for on any thread.
  var isNew: @Sendable (Int64) -> Bool { { [greatestStored] in $0 > greatestStored } }

  /// A new lead's key: folded, until another lead is looked for, and as it was given where that differs.
  func newKey(_ id: Int64) -> (folded: UnsafeBufferPointer<UInt8>, given: String?) {
    let index = Int(id - greatestStored - 1)
    return (numbers.key(at: Int(keyOffsets[index])), givenKeys.isEmpty ? nil : givenKeys[id])
  }
}
