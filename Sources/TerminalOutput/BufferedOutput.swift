#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Something that text and bytes are written to.
public protocol OutputSink: AnyObject {
  /// Appends the text as UTF-8.
  func write(_ text: String) throws
  /// Appends the bytes.
  func write(bytes: UnsafeRawBufferPointer) throws
}

/// Writes to a file descriptor through a buffer. Not for use by several threads at once.
///
/// Call `flush()` at the end: only that reports what went wrong with the last bytes. Bytes that are still in the buffer
/// when the object goes away are written if they can be.
public final class BufferedOutput: OutputSink {
  /// Bytes kept before they are written.
  public static let capacity = 64 * 1024

  public let fileDescriptor: Int32
  /// The name used in errors.
  public let name: String
  /// Whether the reader of the pipe has gone away. Every later write throws `OutputClosed`.
  public private(set) var isClosed = false

  private let buffer: UnsafeMutableRawBufferPointer
  private var used = 0
  private var failure: OutputError?

  /// - Parameter fileDescriptor: stays open; whoever opened it closes it.
  public init(fileDescriptor: Int32, name: String) {
    self.fileDescriptor = fileDescriptor
    self.name = name
    buffer = .allocate(byteCount: BufferedOutput.capacity, alignment: 16)
  }

  /// Standard output.
  public static func standardOutput() -> BufferedOutput {
    BufferedOutput(fileDescriptor: STDOUT_FILENO, name: "standard output")
  }

  deinit {
    try? flush()
    buffer.deallocate()
  }

  /// Makes a write to a closed pipe, or beyond a limit on the size of files, an error instead of the end of the process.
  /// Call it once, when the program starts.
  public static func ignoreWriteSignals() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }

  /// Appends the text as UTF-8.
  ///
  /// - Throws: `OutputClosed` or `OutputError`, the same again on every call after the first.
  public func write(_ text: String) throws {
    var text = text
    try text.withUTF8 { try write(bytes: UnsafeRawBufferPointer($0)) }
  }

  /// Appends the bytes.
  ///
  /// - Throws: `OutputClosed` or `OutputError`, the same again on every call after the first.
  public func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try write(bytes: $0) }
  }

  /// Appends the bytes. Those that exceed the buffer are written past it.
  ///
  /// - Throws: `OutputClosed` or `OutputError`, the same again on every call after the first.
  public func write(bytes: UnsafeRawBufferPointer) throws {
    try throwEarlierFailure()
    if bytes.count > buffer.count - used { try flush() }
    if bytes.count >= buffer.count {
      try writeOut(bytes)
    } else if let source = bytes.baseAddress, let target = buffer.baseAddress {
      (target + used).copyMemory(from: source, byteCount: bytes.count)
      used += bytes.count
    }
  }

  /// Writes what the buffer holds.
  ///
  /// - Throws: `OutputClosed` or `OutputError`, the same again on every call after the first.
  public func flush() throws {
    try throwEarlierFailure()
    let pending = UnsafeRawBufferPointer(rebasing: buffer[..<used])
    used = 0
    try writeOut(pending)
  }

  /// Forgets what the buffer holds.
  func discard() {
    used = 0
  }

  private func throwEarlierFailure() throws {
    if isClosed { throw OutputClosed() }
    if let failure { throw failure }
  }

  private func writeOut(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes
    while let start = rest.baseAddress, !rest.isEmpty {
      #if canImport(Darwin)
        let count = Darwin.write(fileDescriptor, start, rest.count)
      #elseif canImport(Musl)
        let count = Musl.write(fileDescriptor, start, rest.count)
      #else
        let count = Glibc.write(fileDescriptor, start, rest.count)
      #endif
      if count >= 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN: waitUntilWritable()
      case EPIPE:
        isClosed = true
        throw OutputClosed()
      case let code:
        let error = OutputError(action: "write to", target: name, code: code)
        failure = error
        throw error
      }
    }
  }

  /// A parent may have made the shared descriptor non-blocking; then a full pipe is not an error but a wait.
  private func waitUntilWritable() {
    var request = pollfd(fd: fileDescriptor, events: Int16(POLLOUT), revents: 0)
    _ = poll(&request, 1, -1)
  }
}
