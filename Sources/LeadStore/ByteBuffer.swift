/// Bytes that grow at the end, in memory of their own: without the checks that each append to an array costs.
public struct ByteBuffer: ~Copyable, @unchecked Sendable {
  // Nobody else has the memory, so it may go from thread to thread with the buffer.
  @usableFromInline var base: UnsafeMutablePointer<UInt8>
  @usableFromInline var capacity: Int
  @usableFromInline var used = 0

  /// How many there are.
  @inlinable
  public var count: Int { used }

  /// No bytes.
  public init() {
    capacity = 256
    base = .allocate(capacity: capacity)
  }

  deinit { base.deallocate() }

  /// Forgets the bytes and keeps the room.
  @inlinable
  public mutating func removeAll() { used = 0 }

  /// Forgets all bytes from `count` on.
  @inlinable
  public mutating func truncate(to count: Int) { used = max(0, min(count, used)) }

  /// Lets `body` write up to `size` bytes at the end; it returns how many it wrote.
  @inlinable
  @inline(__always)
  public mutating func append(addingCapacity size: Int, _ body: (UnsafeMutablePointer<UInt8>) throws -> Int) rethrows {
    if size > capacity &- used { grow(by: size) }
    used &+= try body(base + used)
  }

  /// Adds a byte.
  @inlinable
  @inline(__always)
  public mutating func append(_ byte: UInt8) {
    if used == capacity { grow(by: 1) }
    base[used] = byte
    used &+= 1
  }

  /// Adds bytes.
  @inlinable
  @inline(__always)
  public mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let source = bytes.baseAddress else { return }
    append(addingCapacity: bytes.count) {
      $0.update(from: source, count: bytes.count)
      return bytes.count
    }
  }

  /// Makes room for so many bytes more.
  public mutating func reserve(_ size: Int) {
    if size > capacity - used { resize(to: used + size) }
  }

  @inline(never)
  @usableFromInline
  mutating func grow(by size: Int) { resize(to: (used + size) * 2) }

  private mutating func resize(to newCapacity: Int) {
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity)
    larger.update(from: base, count: used)
    base.deallocate()
    base = larger
    capacity = newCapacity
  }

  /// Calls `body` with all bytes.
  @inlinable
  @inline(__always)
  public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try body(UnsafeRawBufferPointer(start: base, count: used))
  }
}
