/// Something that bytes are read from, front to back, once.
public protocol ByteSource: AnyObject {
  /// Reads some bytes into the buffer and returns how many; 0 means the end (or an empty buffer).
  ///
  /// Returns as soon as there is at least one byte: it never waits to fill the buffer, so a line that arrived on a pipe
  /// can be handed out at once. Throws `SourceError`.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int

  /// How many bytes of the underlying file have been read so far (before decompression), for progress.
  var rawBytesConsumed: Int64 { get }

  /// The size in bytes of the underlying file, where it is a regular file.
  var rawByteCount: Int64? { get }

  /// Whether `read` would return without waiting (with bytes, the end, or an error), within so many milliseconds;
  /// a negative number waits without limit.
  func pollReadable(timeoutMilliseconds: Int) -> Bool
}

extension ByteSource {
  /// Sources that are not a file descriptor never make a reader wait.
  public func pollReadable(timeoutMilliseconds: Int) -> Bool { true }
}

/// Bytes that are in memory already.
public final class MemoryByteSource: ByteSource {
  private let bytes: [UInt8]
  private let chunk: Int
  private var position = 0

  /// `chunk` is the most that one `read` returns; small values imitate a slow pipe.
  public init(_ bytes: [UInt8], chunk: Int = .max) {
    self.bytes = bytes
    self.chunk = max(1, chunk)
  }

  /// The text's UTF-8 bytes.
  public convenience init(_ text: String, chunk: Int = .max) {
    self.init(Array(text.utf8), chunk: chunk)
  }

  /// How many bytes were read.
  public var rawBytesConsumed: Int64 { Int64(position) }

  /// How many bytes there are.
  public var rawByteCount: Int64? { Int64(bytes.count) }

  /// Copies the next bytes; never throws.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = min(buffer.count, bytes.count - position, chunk)
    guard count > 0 else { return 0 }
    bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + count])) }
    position += count
    return count
  }
}

/// Bytes that were read ahead to recognise a format, then the rest of their source.
final class PrefixedByteSource: ByteSource {
  private let prefix: [UInt8]
  private var position: Int
  private let rest: any ByteSource

  /// Starts at the byte `skipping` of the prefix.
  init(prefix: [UInt8], skipping: Int = 0, rest: any ByteSource) {
    self.prefix = prefix
    self.position = min(skipping, prefix.count)
    self.rest = rest
  }

  var rawBytesConsumed: Int64 { rest.rawBytesConsumed }
  var rawByteCount: Int64? { rest.rawByteCount }

  func pollReadable(timeoutMilliseconds: Int) -> Bool {
    position < prefix.count || rest.pollReadable(timeoutMilliseconds: timeoutMilliseconds)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard position < prefix.count else { return try rest.read(into: buffer) }
    let count = min(buffer.count, prefix.count - position)
    guard count > 0 else { return 0 }
    prefix.withUnsafeBytes {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + count]))
    }
    position += count
    return count
  }
}

/// Reads ahead until `isEnough` says so of the bytes read, or the source ends.
func readPrefix(of source: any ByteSource, until isEnough: ([UInt8]) -> Bool) throws -> [UInt8] {
  let blockSize = 1 << 16
  var prefix: [UInt8] = []
  let block = UnsafeMutableRawBufferPointer.allocate(byteCount: blockSize, alignment: 8)
  defer { block.deallocate() }
  while !isEnough(prefix) {
    let count = try source.read(into: block)
    if count == 0 { break }
    prefix.append(contentsOf: block[..<count])
  }
  return prefix
}
