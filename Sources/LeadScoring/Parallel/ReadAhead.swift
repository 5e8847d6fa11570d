internal import LeadStore
internal import RecordFormats

/// Reads a source on a thread of its own, a few blocks ahead of who takes them.
final class ReadAhead: ByteSource {
  /// A block on its way from thread to thread.
  private final class Block: @unchecked Sendable {
    // One thread's at a time.
    var bytes = [UInt8](repeating: 0, count: ReadAhead.blockSize)
    var count = 0
    var consumed: Int64 = 0
  }

  private static let blockSize = 1 << 20

  let rawByteCount: Int64?
  private(set) var rawBytesConsumed: Int64 = 0
  private let full = Channel<Result<Block, any Error>>(capacity: 3)
  private let spare = Channel<Block>()
  private let thread: WorkerThread
  private var block: Block?
  private var position = 0

  /// - Throws: ``ThreadFailure``
  init(_ source: any ByteSource) throws {
    rawByteCount = source.rawByteCount
    let (full, spare) = (self.full, self.spare)
    thread = try WorkerThread {
      do {
        while true {
          let block = spare.takeIfAny() ?? Block()
          block.count = try block.bytes.withUnsafeMutableBytes { try source.read(into: $0) }
          block.consumed = source.rawBytesConsumed
          guard block.count > 0, full.put(.success(block)) else { break }
        }
      } catch {
        full.put(.failure(error))
      }
      full.close()
    }
  }

  deinit {
    full.close()
    thread.join()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if block == nil {
      guard let next = full.take() else { return 0 }
      let taken = try next.get()
      block = taken
      rawBytesConsumed = taken.consumed
      position = 0
    }
    guard let block else { return 0 }
    let count = min(buffer.count, block.count - position)
    block.bytes.withUnsafeBytes { bytes in
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[position..<(position + count)]))
    }
    position += count
    if position == block.count {
      spare.put(block)
      self.block = nil
    }
    return count
  }
}
