/// Rows in the program's own form, each with the line of the file it came from, in order: in memory, and in an unnamed
/// temporary file where they outgrow it.
final class RowSpool {
  private let folder: String
  private let capacity: Int
  @exclusivity(unchecked) private var buffer: [UInt8] = []
  private var file: Int32 = -1
  private var length: Int64 = 0
  private(set) var count = 0

  private static let headerSize = 12

  init(folder: String, capacity: Int = 16 << 20) {
    self.folder = folder
    self.capacity = capacity
  }

  deinit {
    if file >= 0 { TemporaryFile.discard(file) }
  }

  /// Adds a row: a JSON object.
  func append(line: Int, _ row: [UInt8]) throws {
    withUnsafeBytes(of: Int64(line)) { buffer.append(contentsOf: $0) }
    withUnsafeBytes(of: UInt32(row.count)) { buffer.append(contentsOf: $0) }
    buffer.append(contentsOf: row)
    count += 1
    if buffer.count > capacity { try spill() }
  }

  private func spill() throws {
    if file < 0 { file = try TemporaryFile.open(in: folder) }
    try buffer.withUnsafeBytes { try TemporaryFile.write(file, $0, at: length, folder) }
    length += Int64(buffer.count)
    buffer.removeAll(keepingCapacity: true)
  }

  /// Calls `body` with each row, from the first.
  func forEachRow(_ body: (_ line: Int, _ row: UnsafeBufferPointer<UInt8>) throws -> Void) throws {
    var chunk: [UInt8] = []
    var position: Int64 = 0
    while position < length {
      let size = Int(min(Int64(1 << 20), length - position))
      let old = chunk.count
      chunk.append(contentsOf: repeatElement(0, count: size))
      try chunk.withUnsafeMutableBytes {
        try TemporaryFile.read(file, into: UnsafeMutableRawBufferPointer(rebasing: $0[old...]), at: position, folder)
      }
      position += Int64(size)
      chunk.removeFirst(try RowSpool.forEachWhole(in: chunk, body))
    }
    _ = try RowSpool.forEachWhole(in: chunk + buffer, body)
  }

  /// Calls `body` with each row that is there as a whole; returns how many bytes they take.
  private static func forEachWhole(
    in bytes: [UInt8], _ body: (_ line: Int, _ row: UnsafeBufferPointer<UInt8>) throws -> Void
  ) throws -> Int {
    var position = 0
    try bytes.withUnsafeBufferPointer { bytes in
      while position + headerSize <= bytes.count {
        let raw = UnsafeRawBufferPointer(bytes)
        let line = raw.loadUnaligned(fromByteOffset: position, as: Int64.self)
        let size = Int(raw.loadUnaligned(fromByteOffset: position + 8, as: UInt32.self))
        guard position + headerSize + size <= bytes.count else { return }
        let start = position + headerSize
        try body(Int(line), UnsafeBufferPointer(rebasing: bytes[start..<(start + size)]))
        position = start + size
      }
    }
    return position
  }
}
