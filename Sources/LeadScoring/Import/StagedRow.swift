/// What stands before a row's bytes while it waits for the rows of its range of leads: eight bytes, and twelve more where
/// its bytes are many or its order is far from 0.
struct StagedRow {
  /// Among those of the range.
  let lead: Int
  /// What the row is ordered by within its lead.
  let order: Int64
  /// How many bytes the row has.
  let count: Int
  /// Bytes before those of the row.
  let size: Int

  // In the eight bytes, from the lowest bit: the lead, the count, the order.
  static let leadBits = 10
  private static let countBits = 6
  /// In the place of a count: it follows, and the order behind it.
  private static let follows = 1 << countBits - 1

  @inline(__always)
  init(lead: Int, order: Int64, count: Int) {
    self.lead = lead
    self.order = order
    self.count = count
    let bits = Int64(StagedRow.leadBits + StagedRow.countBits)
    size = count < StagedRow.follows && (order &<< bits) &>> bits == order ? 8 : 20
  }

  /// Writes as many bytes as ``size`` says.
  @inline(__always)
  func write(to target: UnsafeMutableRawPointer) {
    let isShort = size == 8
    let head =
      UInt64(lead) | UInt64(isShort ? count : StagedRow.follows) << UInt64(StagedRow.leadBits)
      | UInt64(bitPattern: isShort ? order : 0) << UInt64(StagedRow.leadBits + StagedRow.countBits)
    target.storeBytes(of: head, as: UInt64.self)
    if isShort { return }
    target.storeBytes(of: UInt32(truncatingIfNeeded: count), toByteOffset: 8, as: UInt32.self)
    target.storeBytes(of: order, toByteOffset: 12, as: Int64.self)
  }

  /// Calls `body` with each row of memory that holds nothing but whole ones, and where its bytes begin there.
  @inline(__always)
  static func forEach(in piece: UnsafeRawBufferPointer, _ body: (_ row: StagedRow, _ start: Int) -> Void) {
    var place = 0
    while place < piece.count {
      let head = piece.loadUnaligned(fromByteOffset: place, as: UInt64.self)
      let lead = Int(truncatingIfNeeded: head & (1 << UInt64(leadBits) - 1))
      var count = Int(truncatingIfNeeded: head >> UInt64(leadBits) & (1 << UInt64(countBits) - 1))
      var order = Int64(bitPattern: head) >> Int64(leadBits + countBits)
      if count == follows {
        count = Int(piece.loadUnaligned(fromByteOffset: place + 8, as: UInt32.self))
        order = piece.loadUnaligned(fromByteOffset: place + 12, as: Int64.self)
      }
      let row = StagedRow(lead: lead, order: order, count: count)
      body(row, place + row.size)
      place += row.size + row.count
    }
  }
}
