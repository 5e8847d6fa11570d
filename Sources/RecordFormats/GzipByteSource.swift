import CZlib

/// The contents of gzip data, member after member.
public final class GzipByteSource: ByteSource {
  private let source: any ByteSource
  private let path: String
  /// zlib keeps the address of its stream, so the stream must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private let input: UnsafeMutableRawBufferPointer
  private var sourceEnded = false
  private var state = State.betweenMembers
  private var isFirstMember = true

  private enum State {
    case betweenMembers
    case inMember
    case ended
  }

  /// `path` names the data in errors. Throws `SourceError` where zlib cannot start.
  public init(_ source: any ByteSource, path: String) throws(SourceError) {
    self.source = source
    self.path = path
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    input = .allocate(byteCount: 1 << 16, alignment: 8)
    // 15 is the largest window, 16 asks for the gzip wrapper and its checksum.
    let code = czlib_inflate_init(stream, 15 + 16)
    // Every property is set by now, so a throw runs deinit.
    if code != Z_OK { throw SourceError.corruptGzip(path: path, reason: "zlib cannot start, code \(code)") }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
    input.deallocate()
  }

  /// How many compressed bytes were read.
  public var rawBytesConsumed: Int64 { source.rawBytesConsumed - Int64(stream.pointee.avail_in) }

  /// The size of the compressed file, where it is one.
  public var rawByteCount: Int64? { source.rawByteCount }

  /// Whether compressed bytes are there within so many milliseconds; they may still fall short of a byte of text.
  public func pollReadable(timeoutMilliseconds: Int) -> Bool {
    stream.pointee.avail_in > 0 || state == .ended || source.pollReadable(timeoutMilliseconds: timeoutMilliseconds)
  }

  /// Reads some of the contents. Throws `SourceError.truncatedGzip`, `.corruptGzip`, or what the source throws.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    guard let target = buffer.baseAddress, !buffer.isEmpty else { return 0 }
    let capacity = UInt32(clamping: buffer.count)
    while state != .ended {
      // Inflate before reading on: what zlib holds back from the last call needs no input.
      if state == .inMember {
        let written = try inflateMember(into: target, capacity: capacity)
        if written > 0 { return written }
        if state == .betweenMembers { continue }
      }
      if stream.pointee.avail_in == 0 { try readInput() }
      if state == .betweenMembers {
        try startMember()
      } else if sourceEnded {
        throw SourceError.truncatedGzip(path: path)
      }
    }
    return 0
  }

  private func readInput() throws {
    if sourceEnded { return }
    let count = try source.read(into: input)
    sourceEnded = count == 0
    stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_in = UInt32(count)
  }

  private func startMember() throws(SourceError) {
    if !isFirstMember {
      // Tapes and block devices pad with zeros after the last member.
      while stream.pointee.avail_in > 0, stream.pointee.next_in.pointee == 0 {
        stream.pointee.next_in += 1
        stream.pointee.avail_in -= 1
      }
    }
    if stream.pointee.avail_in == 0 {
      if !sourceEnded { return }
      if isFirstMember { throw SourceError.truncatedGzip(path: path) }
      state = .ended
      return
    }
    if !isFirstMember {
      guard stream.pointee.next_in.pointee == 0x1F else {
        throw SourceError.corruptGzip(path: path, reason: "other data follows the compressed data")
      }
      inflateReset(stream)
    }
    isFirstMember = false
    state = .inMember
  }

  private func inflateMember(into target: UnsafeMutableRawPointer, capacity: UInt32) throws(SourceError) -> Int {
    stream.pointee.next_out = target.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = capacity
    let code = inflate(stream, Z_NO_FLUSH)
    switch code {
    case Z_STREAM_END: state = .betweenMembers
    // Z_BUF_ERROR: nothing more without input.
    case Z_OK, Z_BUF_ERROR: break
    default:
      let reason = stream.pointee.msg.map { String(cString: $0) } ?? "code \(code)"
      throw SourceError.corruptGzip(path: path, reason: reason)
    }
    return Int(capacity - stream.pointee.avail_out)
  }
}
