#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

/// Which frames of a write-ahead log are yet to be copied into the database by a checkpoint.
///
/// A checkpoint reads each page's last frame and never again; the system would keep all of them in memory, and find
/// other memory for the pages that they are copied to. What was copied is let go of, so that the same memory serves.
/// The format: https://sqlite.org/fileformat2.html#the_write_ahead_log
final class LogFrames {
  private static let logHeader = 32
  private static let frameHeader = 24
  private static let chunkSize: Int64 = 256 << 10

  /// A page with its header, in bytes.
  let frameSize: Int
  /// Whether the log can be lost from memory.
  var isSynced = false
  private let descriptor: Int32
  /// By page: the number of its last frame, plus 1; 0 for none.
  private var lastFrames: [UInt32] = []
  /// By chunk of the log: how many last frames reach into it that were not read since they were written.
  private var waiting: [Int32] = []

  /// - Parameter path: the log's.
  init(path: String, pageSize: Int) {
    frameSize = pageSize + LogFrames.frameHeader
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Whether bytes at an offset of the log are a frame's header, or its page; the frame's number then.
  private func frame(_ size: Int, at offset: Int64, header: Bool) -> Int? {
    guard size == (header ? LogFrames.frameHeader : frameSize - LogFrames.frameHeader) else { return nil }
    let place = Int(offset) - LogFrames.logHeader - (header ? 0 : LogFrames.frameHeader)
    return place >= 0 && place % frameSize == 0 ? place / frameSize : nil
  }

  private func chunks(_ frame: Int) -> ClosedRange<Int> {
    let start = Int64(LogFrames.logHeader) + Int64(frame) * Int64(frameSize)
    return Int(start / LogFrames.chunkSize)...Int((start + Int64(frameSize) - 1) / LogFrames.chunkSize)
  }

  /// Notes what is written to the log.
  func note(_ bytes: UnsafeRawPointer, _ size: Int, at offset: Int64) {
    isSynced = false
    guard let frame = frame(size, at: offset, header: true) else { return }
    let page = Int(UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
    if page >= lastFrames.count {
      lastFrames.append(contentsOf: repeatElement(0, count: max(page + 1, lastFrames.count * 2) - lastFrames.count))
    }
    let before = Int(lastFrames[page]) - 1
    guard before != frame else { return }
    if before >= 0 { for chunk in chunks(before) { waiting[chunk] -= 1 } }
    lastFrames[page] = UInt32(truncatingIfNeeded: frame + 1)
    for chunk in chunks(frame) {
      while waiting.count <= chunk { waiting.append(0) }
      waiting[chunk] += 1
    }
  }

  /// Notes that a page was read from the log, and lets go of what no page waits for any more.
  func noteRead(_ size: Int, at offset: Int64) {
    #if os(Linux)
      guard isSynced, descriptor >= 0, let frame = frame(size, at: offset, header: false) else { return }
      for chunk in chunks(frame) where chunk < waiting.count {
        waiting[chunk] -= 1
        if waiting[chunk] == 0 {
          _ = posix_fadvise(
            descriptor, off_t(chunk) * off_t(LogFrames.chunkSize), off_t(LogFrames.chunkSize), POSIX_FADV_DONTNEED)
        }
      }
    #endif
  }
}
