internal import LeadStore

/// A temporary file that takes what memory has no room for: bytes are added to its end by a thread of its own, and read
/// once all are there.
final class SpillFile {
  private let folder: String
  private let file: Int32
  private let late = LateWrites()
  /// What is yet to be given to the thread.
  private var buffer: UnsafeMutableRawPointer?
  private var used = 0
  /// How many bytes were added.
  private(set) var end: Int64 = 0

  /// - Parameter folder: where the file may be made.
  /// - Throws: ``TemporaryFileFailure``
  init(folder: String) throws {
    self.folder = folder
    file = try TemporaryFile.open(in: folder)
    TemporaryFile.willReadParts(file)
  }

  deinit {
    // Before the file's number can be another one's.
    _ = late.finish()
    buffer?.deallocate()
    TemporaryFile.discard(file)
  }

  /// Adds bytes at the end.
  ///
  /// - Throws: ``TemporaryFileFailure``, perhaps for bytes that were added before.
  func append(_ bytes: UnsafeRawBufferPointer) throws {
    var done = 0
    while done < bytes.count {
      let target = buffer ?? late.newBuffer()
      buffer = target
      let count = min(bytes.count - done, LateWrites.bufferSize - used)
      UnsafeMutableRawBufferPointer(start: target + used, count: count)
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[done..<(done + count)]))
      used += count
      done += count
      end += Int64(count)
      if used == LateWrites.bufferSize { try giveAway() }
    }
  }

  private func giveAway() throws {
    guard let full = buffer else { return }
    let (count, offset) = (used, end - Int64(used))
    buffer = nil
    used = 0
    try check(
      late.add(full) { [file] in
        TemporaryFile.write(file, UnsafeRawBufferPointer(start: $0, count: count), at: offset)
      })
  }

  private func check(_ code: Int32) throws {
    guard code == 0 else { throw TemporaryFileFailure(folder: folder, code: code) }
  }

  /// Reads bytes that were added.
  ///
  /// - Throws: ``TemporaryFileFailure``, perhaps for bytes that were added before.
  func read(into target: UnsafeMutableRawBufferPointer, at offset: Int64) throws {
    if buffer != nil { try giveAway() }
    try check(late.finish())
    try TemporaryFile.read(file, into: target, at: offset, folder)
  }

  /// Gives back the room of bytes that are not read any more, and the memory in which the system keeps them.
  func release(_ bytes: Range<Int64>) { TemporaryFile.release(file, bytes) }
}
