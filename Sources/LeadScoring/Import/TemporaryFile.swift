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
    let code = write(file, bytes, at: offset)
    guard code == 0 else { throw TemporaryFileFailure(folder: folder, code: code) }
  }

  /// The same; returns `errno` where it cannot be done, otherwise 0.
  static func write(_ file: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int64) -> Int32 {
    var done = 0
    while done < bytes.count {
      let count = pwrite(file, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset) + off_t(done))
      if count < 0 {
        if errno == EINTR { continue }
        return errno
      }
      done += count
    }
    return 0
  }

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
