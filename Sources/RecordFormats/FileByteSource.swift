internal import CSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file, a pipe or standard input.
public final class FileByteSource: ByteSource {
  private let path: String
  private let descriptor: Int32
  private let closesDescriptor: Bool
  private var consumed: Int64 = 0
  /// Whether the system is asked not to keep what is read, as long as it understands: to find memory for gigabytes that
  /// nobody asks for again takes longer than to read them.
  private var isPassing: Bool
  /// In bytes.
  private static let largeSize: Int64 = 8 << 20

  /// The file's size in bytes; nil for a pipe or a device.
  public let rawByteCount: Int64?

  /// How many bytes were read.
  public var rawBytesConsumed: Int64 { consumed }

  /// Opens the file; `-` is standard input. Throws `SourceError`.
  public convenience init(path: String) throws(SourceError) {
    if path == "-" {
      try self.init(descriptor: STDIN_FILENO, path: path, closesDescriptor: false)
      return
    }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { throw Self.failure(path: path, code: errno) }
    try self.init(descriptor: descriptor, path: path, closesDescriptor: true)
  }

  /// Reads from a descriptor that is open already; `path` names it in errors. Throws `SourceError` where it is a
  /// directory or not open, and then closes it if asked to.
  public init(descriptor: Int32, path: String, closesDescriptor: Bool) throws(SourceError) {
    self.path = path
    self.descriptor = descriptor
    self.closesDescriptor = closesDescriptor
    var status = stat()
    let code = fstat(descriptor, &status) == 0 ? 0 : errno
    let kind = status.st_mode & S_IFMT
    rawByteCount = code == 0 && kind == S_IFREG ? Int64(status.st_size) : nil
    isPassing = rawByteCount.map { $0 >= FileByteSource.largeSize } ?? false
    // Every property is set by now, so a throw runs deinit, which closes.
    if code != 0 { throw Self.failure(path: path, code: code) }
    if kind == S_IFDIR { throw SourceError.isDirectory(path: path) }
  }

  deinit {
    if closesDescriptor { close(descriptor) }
  }

  /// Reads what is there, waiting only while there is nothing. Throws `SourceError`.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    while true {
      var count = isPassing ? csystem_passing_read(descriptor, buffer.baseAddress, buffer.count) : -2
      if count == -2 || (count < 0 && isPassing && errno != EINTR) {
        isPassing = false
        count = platformRead(descriptor, buffer)
      }
      if count >= 0 {
        consumed += Int64(count)
        return count
      }
      switch errno {
      case EINTR: continue
      case EAGAIN: _ = pollReadable(timeoutMilliseconds: -1)
      case let code: throw Self.failure(path: path, code: code)
      }
    }
  }

  /// Whether bytes (or the end) are there within so many milliseconds; a negative number waits without limit.
  public func pollReadable(timeoutMilliseconds: Int) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let timeout = Int32(clamping: max(-1, timeoutMilliseconds))
    // An error counts as readable: the next read reports it.
    while true {
      let count = poll(&request, 1, timeout)
      if count >= 0 { return count > 0 }
      if errno != EINTR { return true }
    }
  }

  private static func failure(path: String, code: Int32) -> SourceError {
    switch code {
    case ENOENT, ENOTDIR: .missing(path: path)
    case EISDIR: .isDirectory(path: path)
    case EACCES, EPERM: .permissionDenied(path: path)
    default: .inputOutput(path: path, code: code, reason: String(cString: strerror(code)))
    }
  }
}

/// `read(2)`, out of the reach of the method of the same name.
private func platformRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
  read(descriptor, buffer.baseAddress, buffer.count)
}
