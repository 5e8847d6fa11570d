#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

/// Rows of a file put into the order of leads: gathered in a bounded buffer, sorted, and where they outgrow it, written
/// to an unnamed temporary file in sorted runs that are merged at the end.
final class StagedRows {
  private struct Entry {
    var lead: Int64
    var order: Int64
    var offset: UInt32
    var length: UInt32
  }

  /// A row: its lead, what it is ordered by within the lead (equal ones keep the order of arrival), and its bytes.
  struct Row {
    var lead: Int64
    var order: Int64
    var bytes: UnsafeBufferPointer<UInt8>
  }

  private let folder: String
  private let capacity: Int
  @exclusivity(unchecked) private var entries: [Entry] = []
  @exclusivity(unchecked) private var arena: [UInt8] = []
  private var file: Int32 = -1
  private var runs: [(start: Int64, end: Int64)] = []
  /// How many rows there are.
  private(set) var count: Int64 = 0

  /// - Parameters:
  ///   - folder: where a temporary file may be made.
  ///   - capacity: the buffer's size in bytes.
  init(folder: String, capacity: Int = 64 << 20) {
    self.folder = folder
    self.capacity = min(capacity, Int(UInt32.max))
  }

  deinit {
    if file >= 0 { close(file) }
  }

  /// Adds a row after all others.
  func append(lead: Int64, order: Int64, _ bytes: UnsafeBufferPointer<UInt8>) throws {
    let size = arena.count + bytes.count + (entries.count + 1) * MemoryLayout<Entry>.stride
    if size > capacity, !entries.isEmpty { try spill() }
    entries.append(
      Entry(lead: lead, order: order, offset: UInt32(arena.count), length: UInt32(bytes.count)))
    arena.append(contentsOf: bytes)
    count += 1
  }

  /// Calls `body` for each row in order of lead, `order` and arrival.
  func forEachSorted(_ body: (Row) throws -> Void) throws {
    if runs.isEmpty {
      sort()
      try arena.withUnsafeBufferPointer { arena in
        for entry in entries { try body(StagedRows.row(entry, arena)) }
      }
      return
    }
    if !entries.isEmpty { try spill() }
    entries = []
    arena = []
    try merge(body)
  }

  private static func row(_ entry: Entry, _ arena: UnsafeBufferPointer<UInt8>) -> Row {
    let start = Int(entry.offset)
    return Row(
      lead: entry.lead, order: entry.order,
      bytes: UnsafeBufferPointer(rebasing: arena[start..<(start + Int(entry.length))]))
  }

  private func sort() {
    // Offsets rise with arrival, so they settle equal orders.
    entries.sort {
      if $0.lead != $1.lead { return $0.lead < $1.lead }
      if $0.order != $1.order { return $0.order < $1.order }
      return $0.offset < $1.offset
    }
  }

  // MARK: Runs

  private func spill() throws {
    if file < 0 { file = try TemporaryFile.open(in: folder) }
    sort()
    let start = runs.last?.end ?? 0
    var end = start
    var buffer: [UInt8] = []
    buffer.reserveCapacity(1 << 20)
    for entry in entries {
      withUnsafeBytes(of: entry.lead) { buffer.append(contentsOf: $0) }
      withUnsafeBytes(of: entry.order) { buffer.append(contentsOf: $0) }
      withUnsafeBytes(of: entry.length) { buffer.append(contentsOf: $0) }
      buffer.append(contentsOf: arena[Int(entry.offset)..<Int(entry.offset + entry.length)])
      if buffer.count >= 1 << 20 {
        try TemporaryFile.write(file, buffer, at: end, folder)
        end += Int64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
      }
    }
    try TemporaryFile.write(file, buffer, at: end, folder)
    end += Int64(buffer.count)
    runs.append((start, end))
    entries.removeAll(keepingCapacity: true)
    arena.removeAll(keepingCapacity: true)
  }

  private func merge(_ body: (Row) throws -> Void) throws {
    let readers = runs.map { RunReader(file: file, start: $0.start, end: $0.end, folder: folder) }
    var live: [RunReader] = []
    for reader in readers where try reader.next() { live.append(reader) }
    // Runs are in order of arrival, so among equals the earlier run goes first.
    while !live.isEmpty {
      var least = 0
      for index in live.indices.dropFirst() {
        let (a, b) = (live[index], live[least])
        if a.lead < b.lead || (a.lead == b.lead && a.order < b.order) { least = index }
      }
      let reader = live[least]
      try reader.withBytes { try body(Row(lead: reader.lead, order: reader.order, bytes: $0)) }
      if try !reader.next() { live.remove(at: least) }
    }
  }
}

/// Reads the rows of one run.
private final class RunReader {
  private let file: Int32
  private let folder: String
  @exclusivity(unchecked) private var position: Int64
  private let end: Int64
  @exclusivity(unchecked) private var buffer: [UInt8] = []
  @exclusivity(unchecked) private var cursor = 0
  @exclusivity(unchecked) private var length = 0
  private(set) var lead: Int64 = 0
  private(set) var order: Int64 = 0

  private static let headerSize = 20
  private static let blockSize = 256 << 10

  init(file: Int32, start: Int64, end: Int64, folder: String) {
    self.file = file
    self.folder = folder
    position = start
    self.end = end
  }

  func next() throws -> Bool {
    cursor += length
    length = 0
    guard try fill(RunReader.headerSize) else { return false }
    let size: UInt32 = buffer.withUnsafeBytes { raw in
      lead = raw.loadUnaligned(fromByteOffset: cursor, as: Int64.self)
      order = raw.loadUnaligned(fromByteOffset: cursor + 8, as: Int64.self)
      return raw.loadUnaligned(fromByteOffset: cursor + 16, as: UInt32.self)
    }
    cursor += RunReader.headerSize
    length = Int(size)
    guard try fill(length) else {
      throw ScoringError.badInput(file: folder, line: nil, reason: "a temporary file ended early")
    }
    return true
  }

  func withBytes(_ body: (UnsafeBufferPointer<UInt8>) throws -> Void) rethrows {
    try buffer.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[cursor..<(cursor + length)])) }
  }

  /// Sees that so many bytes are there from the cursor on.
  private func fill(_ count: Int) throws -> Bool {
    if buffer.count - cursor >= count { return true }
    buffer.removeFirst(cursor)
    cursor = 0
    while buffer.count < count, position < end {
      let size = min(max(RunReader.blockSize, count - buffer.count), Int(end - position))
      let old = buffer.count
      buffer.append(contentsOf: repeatElement(0, count: size))
      try buffer.withUnsafeMutableBytes {
        try TemporaryFile.read(file, into: UnsafeMutableRawBufferPointer(rebasing: $0[old...]), at: position, folder)
      }
      position += Int64(size)
    }
    return buffer.count >= count
  }
}

/// What went wrong with a temporary file.
public struct TemporaryFileFailure: Error, Sendable {
  /// Where it was to be.
  public let folder: String
  /// `errno`.
  let code: Int32

  /// The operating system's words.
  public var reason: String { String(cString: strerror(code)) }
}

/// A file without a name, gone when it is closed or the process dies.
enum TemporaryFile {

  static func open(in folder: String) throws -> Int32 {
    var template = Array("\(folder.isEmpty ? "." : folder)/.leadscore-XXXXXX".utf8CString)
    let file = mkstemp(&template)
    guard file >= 0 else { throw TemporaryFileFailure(folder: folder, code: errno) }
    unlink(template)
    return file
  }

  static func write(_ file: Int32, _ bytes: [UInt8], at offset: Int64, _ folder: String) throws {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { raw in
        pwrite(file, raw.baseAddress.map { $0 + written }, bytes.count - written, off_t(offset) + off_t(written))
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw TemporaryFileFailure(folder: folder, code: errno)
      }
      written += count
    }
  }

  static func read(_ file: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: Int64, _ folder: String) throws
  {
    var done = 0
    while done < buffer.count {
      let count = pread(file, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(offset) + off_t(done))
      if count < 0 {
        if errno == EINTR { continue }
        throw TemporaryFileFailure(folder: folder, code: errno)
      }
      guard count > 0 else { throw TemporaryFileFailure(folder: folder, code: EIO) }
      done += count
    }
  }
}
