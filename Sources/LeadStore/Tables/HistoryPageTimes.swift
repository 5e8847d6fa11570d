extension HistoryPage {
  /// Reads the rows at some instants, of all leads; of the others nothing but when they were. Otherwise as
  /// ``forEachRow(ofLead:_:)``.
  ///
  /// - Throws: ``StoreError/damaged(_:)``, what `body` throws.
  func forEachRow(at times: ClosedRange<Int64>, _ body: (HistoryEntry) throws -> Void) throws {
    guard let base = self.body.baseAddress, self.body.count >= 4 else { throw damaged }
    let end = base + self.body.count
    let (comma, bracket) = (UInt8(ascii: ","), UInt8(ascii: "["))
    var place = base + 2
    while end - place > 2, place[0] == UInt8(ascii: "\n"), place[1] == comma, place[2] == bracket {
      place += 2
      let line = place
      guard HistoryPage.pass(&place, bracket, end) else { throw damaged }
      repeat {
        let row = place
        guard HistoryPage.pass(&place, comma, end), let at = HistoryPage.number(&place, end),
          HistoryPage.pass(&place, comma, end), HistoryPage.pass(&place, comma, end),
          HistoryPage.pass(&place, comma, end), HistoryPage.pass(&place, comma, end)
        else { throw damaged }
        let instant = firstAt &+ at
        guard instant >= times.lowerBound, instant <= times.upperBound else { continue }
        try body(entry(line, row, end))
      } while place < end && place.pointee == comma
      guard place < end, place.pointee == UInt8(ascii: "]") else { throw damaged }
      place += 1
    }
    guard end - place == 2, place[0] == UInt8(ascii: "\n"), place[1] == UInt8(ascii: "]") else { throw damaged }
  }

  /// Goes over a mark and the number or the null behind it, up to the next comma or bracket.
  @inline(__always)
  private static func pass(
    _ place: inout UnsafePointer<UInt8>, _ mark: UInt8, _ end: UnsafePointer<UInt8>
  ) -> Bool {
    guard place < end, place.pointee == mark else { return false }
    place += 1
    while end - place >= 8 {
      let others = DecimalWord.others(DecimalWord.values(DecimalWord.load(place)))
      if others == 0 {
        place += 8
        continue
      }
      place += others.trailingZeroBitCount &>> 3
      if place.pointee == UInt8(ascii: ",") || place.pointee == UInt8(ascii: "]") { return true }
      place += 1
    }
    while place < end, place.pointee != UInt8(ascii: ","), place.pointee != UInt8(ascii: "]") { place += 1 }
    return place < end
  }

  /// The number behind a comma; nil where there is none.
  @inline(__always)
  private static func number(_ place: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Int64? {
    guard end - place > 1, place.pointee == UInt8(ascii: ",") else { return nil }
    let isNegative = place[1] == UInt8(ascii: "-")
    place += isNegative ? 2 : 1
    let start = place
    let value = DecimalWord.number(&place, end)
    guard place > start else { return nil }
    return isNegative ? 0 &- value : value
  }

  /// The row at a place of a line.
  @inline(never)
  private func entry(
    _ line: UnsafePointer<UInt8>, _ row: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
  ) throws -> HistoryEntry {
    guard var head = LineReader(bytes: UnsafeBufferPointer(start: line, count: end - line)),
      var values = LineReader(bytes: UnsafeBufferPointer(start: row, count: end - row))
    else { throw damaged }
    let lead = firstLead &+ head.integer(after: UInt8(ascii: "["))
    let entry = HistoryEntry(
      id: firstID &+ values.integer(), lead: lead, at: firstAt &+ values.integer(),
      recordedAt: firstRecordedAt &+ values.integer(), before: values.optionalInteger(), after: values.integer(),
      head: Int32(truncatingIfNeeded: values.integer()))
    guard head.isSound, values.isSound else { throw damaged }
    return entry
  }
}
