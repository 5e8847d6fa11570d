internal import CSystem

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

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

  static func discard(_ file: Int32) { close(file) }

  /// Says that parts are read from here and there: reading on behind one would bring nothing.
  static func willReadParts(_ file: Int32) {
    #if os(Linux)
      posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM)
    #endif
  }

  static func write(_ file: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int64, _ folder: String) throws {
    try write(file, [bytes], at: offset, folder)
  }

  /// Writes pieces one behind the other.
  static func write(
    _ file: Int32, _ pieces: [UnsafeRawBufferPointer], at offset: Int64, _ folder: String
  ) throws {
    var offset = offset
    var parts = pieces.filter { !$0.isEmpty }
      .map { iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count) }[...]
    while !parts.isEmpty {
      let written = parts.prefix(mostParts).withUnsafeBufferPointer {
        pwritev(file, $0.baseAddress, Int32($0.count), off_t(offset))
      }
      if written < 0 {
        if errno == EINTR { continue }
        throw TemporaryFileFailure(folder: folder, code: errno)
      }
      offset += Int64(written)
      var left = written
      while let first = parts.first, first.iov_len <= left {
        left -= first.iov_len
        parts.removeFirst()
      }
      if left > 0 {
        parts[parts.startIndex].iov_base += left
        parts[parts.startIndex].iov_len -= left
      }
    }
  }

  /// No system takes fewer at a time.
  private static let mostParts = 1024

  /// Gives back the room of bytes that are not read any more, and the memory in which the system keeps them.
  static func release(_ file: Int32, _ bytes: Range<Int64>) {
    csystem_release(file, Int(bytes.lowerBound), Int(bytes.count))
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
