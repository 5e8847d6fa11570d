internal import LeadStore

/// A map from the short texts of a file's cells to what is written for them: one place in memory for each, so that a
/// look-up mostly reads there alone.
final class CellTable {
  /// The text's bytes with zeros behind them; what is written; how long both are.
  struct Entry {
    fileprivate var first: UInt64
    fileprivate var last: UInt64
    /// The bytes to be written, in their order.
    fileprivate(set) var output: UInt64
    fileprivate var shape: UInt32
    fileprivate(set) var outputCount: UInt32
  }

  /// The longest text, in bytes.
  static let longest = 16
  /// The greatest number that is written in the bytes there are, behind a comma.
  private static let greatest: UInt32 = 9_999_999
  private static let mostEntries = 1 << 16

  @exclusivity(unchecked) private var entries: UnsafeMutablePointer<Entry>
  @exclusivity(unchecked) private var capacity = 256
  @exclusivity(unchecked) private var count = 0
  private let seed = UInt64.random(in: .min ... .max)
  private let otherSeed = UInt64.random(in: .min ... .max)

  init() {
    entries = CellTable.empty(capacity)
  }

  deinit { entries.deallocate() }

  private static func empty(_ capacity: Int) -> UnsafeMutablePointer<Entry> {
    let entries = UnsafeMutablePointer<Entry>.allocate(capacity: capacity)
    entries.initialize(
      repeating: Entry(first: 0, last: 0, output: 0, shape: 0, outputCount: 0), count: capacity)
    return entries
  }

  /// What is known of a text; nil where nothing is.
  ///
  /// - Parameters:
  ///   - cell: from whose beginning ``longest`` bytes can be read, whatever its length.
  ///   - tag: texts of different tags are different.
  @inline(__always)
  func find(_ cell: UnsafeBufferPointer<UInt8>, tag: UInt8) -> UnsafePointer<Entry>? {
    guard cell.count <= CellTable.longest, let base = cell.baseAddress else { return nil }
    let (first, last) = CellTable.words(base, cell.count)
    let shape = CellTable.shape(cell.count, tag)
    let entry = entries + place(first, last, shape)
    return entry.pointee.shape == 0 ? nil : UnsafePointer(entry)
  }

  /// Notes that a comma and the digits of a number stand for a text; false where the text or the number is long, or many
  /// are known.
  func insert(_ cell: UnsafeBufferPointer<UInt8>, tag: UInt8, number: UInt32) -> Bool {
    guard cell.count <= CellTable.longest, let base = cell.baseAddress, number <= CellTable.greatest,
      count < CellTable.mostEntries
    else { return false }
    // So few that most are found in the first place where they are looked for.
    if count * 2 >= capacity { grow() }
    let (first, last) = CellTable.words(base, cell.count)
    let shape = CellTable.shape(cell.count, tag)
    var (output, outputCount): (UInt64, Int) = (0, 0)
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: DecimalText.longest + 1) { text in
      guard let base = text.baseAddress else { return }
      base[0] = UInt8(ascii: ",")
      outputCount = DecimalText.write(Int64(number), to: base + 1) + 1
      withUnsafeMutableBytes(of: &output) {
        $0.copyMemory(from: UnsafeRawBufferPointer(start: base, count: outputCount))
      }
    }
    let entry = Entry(first: first, last: last, output: output, shape: shape, outputCount: UInt32(outputCount))
    let place = place(first, last, shape)
    if entries[place].shape == 0 { count += 1 }
    entries[place] = entry
    return true
  }

  /// Not 0.
  @inline(__always)
  private static func shape(_ count: Int, _ tag: UInt8) -> UInt32 {
    UInt32(tag) << 16 | UInt32(truncatingIfNeeded: count) | 0x100
  }

  /// The bytes of a text of up to ``longest``, and zeros behind them. Texts of all lengths go the same way, since which
  /// length comes next cannot be foreseen.
  @inline(__always)
  private static func words(_ base: UnsafePointer<UInt8>, _ count: Int) -> (UInt64, UInt64) {
    let raw = UnsafeRawPointer(base)
    let bits = UInt64(truncatingIfNeeded: count &* 8)
    // Shifts by all 64 bits or more leave nothing.
    let beyond = bits > 64 ? bits &- 64 : 0
    let first = UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self)) & ~(UInt64.max << bits)
    let last = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)) & ~(UInt64.max << beyond)
    return (first, last)
  }

  /// Where an entry stands, or can stand.
  @inline(__always)
  private func place(_ first: UInt64, _ last: UInt64, _ shape: UInt32) -> Int {
    // Texts that differ in their last bytes alone differ in the highest bits here: the whole product brings them down.
    let product = (first ^ seed).multipliedFullWidth(by: last ^ UInt64(shape) &* 0x9E37_79B9_7F4A_7C15 ^ otherSeed)
    var index = Int(truncatingIfNeeded: product.high ^ product.low) & (capacity &- 1)
    while entries[index].shape != 0 {
      if entries[index].first == first, entries[index].last == last, entries[index].shape == shape { break }
      index = (index &+ 1) & (capacity &- 1)
    }
    return index
  }

  private func grow() {
    let (old, oldCapacity) = (entries, capacity)
    capacity *= 2
    entries = CellTable.empty(capacity)
    for index in 0..<oldCapacity where old[index].shape != 0 {
      entries[place(old[index].first, old[index].last, old[index].shape)] = old[index]
    }
    old.deallocate()
  }
}
