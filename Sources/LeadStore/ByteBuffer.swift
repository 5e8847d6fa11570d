/// Bytes that grow at the end, without the checks that each append to an array costs.
public struct ByteBuffer: Sendable {
  // Bytes beyond `count` are room.
  private var storage: [UInt8] = []
  /// How many there are.
  public private(set) var count = 0

  /// No bytes.
  public init() {}

  /// Forgets the bytes and keeps the room.
  public mutating func removeAll() { count = 0 }

  /// Forgets all bytes from `count` on.
  public mutating func truncate(to count: Int) { self.count = min(count, self.count) }

  /// Lets `body` write up to `size` bytes at the end; it returns how many it wrote.
  @inline(__always)
  public mutating func append(addingCapacity size: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int) {
    if count + size > storage.count { grow(by: size) }
    let start = count
    count += storage.withUnsafeMutableBufferPointer { room in
      guard let base = room.baseAddress else { return 0 }
      return body(base + start)
    }
  }

  /// Adds a byte.
  @inline(__always)
  public mutating func append(_ byte: UInt8) {
    append(addingCapacity: 1) {
      $0[0] = byte
      return 1
    }
  }

  /// Adds bytes.
  @inline(__always)
  public mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let source = bytes.baseAddress else { return }
    append(addingCapacity: bytes.count) {
      $0.update(from: source, count: bytes.count)
      return bytes.count
    }
  }

  @inline(never)
  private mutating func grow(by size: Int) {
    let larger = max(256, (count + size) * 2)
    storage.append(contentsOf: repeatElement(0, count: larger - storage.count))
  }

  /// Calls `body` with all bytes.
  @inline(__always)
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try storage.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
  }
}
