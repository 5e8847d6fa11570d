/// The records of a block's leads while some of them are changed, in buffers that are used again.
struct SignalBlock {
  /// Where the records stand in a block's body.
  struct Layout {
    private var present: Int64
    private var ends: [Int]

    /// Reads the columns of a row.
    ///
    /// - Throws: ``StoreError/damaged(_:)``
    init(_ row: borrowing Statement, _ present: Int32, _ ends: Int32, _ body: Int32) throws {
      self.present = row.integer(present)
      self.ends = []
      self.ends.reserveCapacity(LeadBlocks.size)
      let count = row.withBytes(body) { $0.count }
      let isSound = row.withBytes(ends) { digits in
        guard let base = digits.baseAddress, digits.count == LeadBlocks.size * SignalBlock.digits else { return false }
        var last = 0
        for index in 0..<LeadBlocks.size {
          let place = base + index * SignalBlock.digits
          let low = DecimalWord.values(DecimalWord.load(place + 2))
          let (tens, ones) = (place[0] &- 48, place[1] &- 48)
          guard DecimalWord.others(low) == 0, tens < 10, ones < 10 else { return false }
          let end = (Int(tens) &* 10 &+ Int(ones)) &* 100_000_000 &+ Int(DecimalWord.combined(low))
          guard end >= last, end <= count else { return false }
          self.ends.append(end)
          last = end
        }
        return true
      }
      guard isSound else { throw StoreError.damaged("the signals of a block of leads") }
    }

    /// Where the record of the lead at a place stands; nil where it has none.
    func record(_ place: Int) -> Range<Int>? {
      present >> Int64(place) & 1 == 0 ? nil : (place == 0 ? 0 : ends[place - 1])..<ends[place]
    }
  }

  /// Of each end.
  private static let digits = 10

  private var old: [UInt8] = []
  private var new: [UInt8] = []
  /// Where each lead's record stands: in what was stored, or in what is new.
  private var places = [Range<Int>?](repeating: nil, count: LeadBlocks.size)
  private var isNew = [Bool](repeating: false, count: LeadBlocks.size)
  private var ends: [UInt8] = []
  private var body: [UInt8] = []

  /// Begins with no records.
  mutating func removeAll() {
    old.removeAll(keepingCapacity: true)
    new.removeAll(keepingCapacity: true)
    for index in places.indices {
      places[index] = nil
      isNew[index] = false
    }
  }

  /// Begins with stored records.
  mutating func load(_ bytes: UnsafeBufferPointer<UInt8>, _ layout: Layout) {
    old.append(contentsOf: bytes)
    for index in places.indices { places[index] = layout.record(index) }
  }

  /// Puts a record in the place of the one before.
  mutating func replace(_ place: Int, with bytes: UnsafeRawBufferPointer) {
    places[place] = new.count..<(new.count + bytes.count)
    isNew[place] = true
    new.append(contentsOf: bytes)
  }

  /// Takes a record away.
  mutating func remove(_ place: Int) { places[place] = nil }

  /// Calls `write` with the columns of a row.
  mutating func withParts(
    _ write: (_ present: Int64, _ ends: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) throws -> Void
  ) throws {
    body.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    var present: Int64 = 0
    for index in places.indices {
      if let place = places[index] {
        present |= 1 << Int64(index)
        if isNew[index] { body.append(contentsOf: new[place]) } else { body.append(contentsOf: old[place]) }
      }
      SignalBlock.append(end: body.count, to: &ends)
    }
    try ends.withUnsafeBytes { ends in try body.withUnsafeBytes { try write(present, ends, $0) } }
  }

  private static func append(end: Int, to bytes: inout [UInt8]) {
    let start = bytes.count
    bytes.append(contentsOf: repeatElement(48, count: digits))
    var rest = end
    var place = start + digits - 1
    while rest > 0, place >= start {
      bytes[place] = UInt8(truncatingIfNeeded: rest % 10) + 48
      rest /= 10
      place -= 1
    }
  }
}
