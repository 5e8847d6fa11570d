/// The part of a source that is in memory: the current record from `start`, and what was read beyond it.
///
/// Its memory moves only in `fill`, so pointers into it stay valid between two fills.
struct InputBuffer: ~Copyable {
  private let source: any ByteSource
  private var memory: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private(set) var end = 0
  /// Whether the source has said that there is no more.
  private(set) var sourceEnded = false
  /// The first byte that is still needed.
  var start = 0

  /// Readers load up to this many bytes at a time, so as many beyond `end` must be there; they are masked.
  static let padding = 16
  private static let initialCapacity = 1 << 18

  init(_ source: any ByteSource) {
    self.source = source
    capacity = Self.initialCapacity
    memory = Self.allocate(capacity)
  }

  deinit { memory.deallocate() }

  /// The bytes from `start` on.
  var record: UnsafePointer<UInt8> { UnsafePointer(memory + start) }

  /// How many there are.
  var available: Int { end - start }

  /// Reads once more; false at the end. Drops what lies before `start`, and grows when the record fills the memory.
  mutating func fill() throws -> Bool {
    if sourceEnded { return false }
    if start == end {
      start = 0
      end = 0
    } else if capacity - end < capacity / 8 {
      makeRoom()
    }
    let count = try source.read(into: UnsafeMutableRawBufferPointer(start: memory + end, count: capacity - end))
    end += count
    (memory + end).initialize(repeating: 0, count: Self.padding)
    sourceEnded = count == 0
    return !sourceEnded
  }

  /// Whether `fill` would return without waiting, within so many milliseconds; a negative number waits without limit.
  func pollReadable(timeoutMilliseconds: Int) -> Bool {
    sourceEnded || source.pollReadable(timeoutMilliseconds: timeoutMilliseconds)
  }

  private mutating func makeRoom() {
    let kept = end - start
    if kept <= capacity / 2 {
      memory.update(from: memory + start, count: kept)
    } else {
      let larger = Self.allocate(capacity * 2)
      larger.update(from: memory + start, count: kept)
      memory.deallocate()
      memory = larger
      capacity *= 2
    }
    start = 0
    end = kept
  }

  private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<UInt8> {
    UnsafeMutablePointer<UInt8>.allocate(capacity: capacity + padding)
  }
}
