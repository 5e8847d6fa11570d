/// Opens a text file (`-` is standard input) as a source of UTF-8 bytes, without a byte order mark.
///
/// Gzip is recognised by its first bytes, whatever the file is called. UTF-8 is passed on as it stands: the readers
/// validate it, for they know the line. Throws `SourceError`.
public func openText(path: String, encoding: TextEncoding = .auto) throws -> any ByteSource {
  try textSource(from: FileByteSource(path: path), path: path, encoding: encoding)
}

/// The same for bytes from elsewhere; `path` names them in errors. Reads the first block at once. Throws `SourceError`.
public func textSource(
  from source: any ByteSource, path: String, encoding: TextEncoding = .auto
) throws -> any ByteSource {
  var source = source
  var prefix = try readPrefix(of: source, until: TextSniff.isEnough)
  if prefix.starts(with: TextSniff.gzipMagic) {
    source = try GzipByteSource(PrefixedByteSource(prefix: prefix, rest: source), path: path)
    prefix = try readPrefix(of: source, until: TextSniff.isEnough)
  }
  let sniff = try TextSniff(prefix: prefix, encoding: encoding, path: path)
  let text = PrefixedByteSource(prefix: prefix, skipping: sniff.markLength, rest: source)
  guard let decoder = TextDecoder(sniff.encoding) else { return text }
  return TranscodingByteSource(text, decoder: decoder, path: path, markLength: sniff.markLength)
}

/// Text in another encoding, as UTF-8.
final class TranscodingByteSource: ByteSource {
  private let source: any ByteSource
  private let path: String
  private var decoder: TextDecoder
  private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 14, alignment: 8)
  /// Decoded bytes that are not handed out yet, from `position` on.
  private var output: [UInt8] = []
  private var position = 0
  private var decodedBytes: Int64
  private var ended = false

  init(_ source: any ByteSource, decoder: TextDecoder, path: String, markLength: Int) {
    self.source = source
    self.decoder = decoder
    self.path = path
    decodedBytes = Int64(markLength)
  }

  deinit { input.deallocate() }

  var rawBytesConsumed: Int64 { source.rawBytesConsumed }
  var rawByteCount: Int64? { source.rawByteCount }

  func pollReadable(timeoutMilliseconds: Int) -> Bool {
    position < output.count || source.pollReadable(timeoutMilliseconds: timeoutMilliseconds)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    if buffer.isEmpty { return 0 }
    while position == output.count {
      if ended { return 0 }
      try decodeMore()
    }
    let count = min(buffer.count, output.count - position)
    output.withUnsafeBytes {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + count]))
    }
    position += count
    return count
  }

  private func decodeMore() throws {
    output.removeAll(keepingCapacity: true)
    position = 0
    let count = try source.read(into: input)
    ended = count == 0
    let block = UnsafeRawBufferPointer(rebasing: input[..<count])
    let fault = ended ? decoder.finish() : decoder.decode(block, into: &output)
    if let fault {
      throw SourceError.malformedText(
        path: path, encoding: decoder.encodingName, byteOffset: decodedBytes + Int64(fault))
    }
    decodedBytes += Int64(count)
  }
}

/// Turns bytes of one encoding into UTF-8, block by block.
struct TextDecoder {
  private let encoding: TextEncoding
  /// The first byte of a pair whose second has not come yet.
  private var halfUnit: UInt8?
  /// The first half of a surrogate pair, and how many bytes ago it began.
  private var highSurrogate: UInt16?

  /// nil for UTF-8, which needs no decoding.
  init?(_ encoding: TextEncoding) {
    if encoding == .utf8 || encoding == .auto { return nil }
    self.encoding = encoding == .utf16 ? .utf16le : encoding
  }

  var encodingName: String { encoding == .utf16le || encoding == .utf16be ? "UTF-16" : encoding.name }

  /// Appends the text; returns the offset in the block (negative: before it) of a fault.
  mutating func decode(_ block: UnsafeRawBufferPointer, into output: inout [UInt8]) -> Int? {
    switch encoding {
    case .latin1:
      for byte in block { append(UInt32(byte), to: &output) }
      return nil
    case .windows1252:
      for byte in block {
        append(0x80..<0xA0 ~= byte ? UInt32(Self.windows1252[Int(byte) - 0x80]) : UInt32(byte), to: &output)
      }
      return nil
    default:
      return decodeUTF16(block, into: &output)
    }
  }

  /// The end of the text: a fault where a character is unfinished, as an offset before the end.
  func finish() -> Int? {
    let pending = (halfUnit == nil ? 0 : 1) + (highSurrogate == nil ? 0 : 2)
    return pending == 0 ? nil : -pending
  }

  private mutating func decodeUTF16(_ block: UnsafeRawBufferPointer, into output: inout [UInt8]) -> Int? {
    for (offset, byte) in block.enumerated() {
      guard let first = halfUnit else {
        halfUnit = byte
        continue
      }
      halfUnit = nil
      let unit = encoding == .utf16be ? UInt16(first) << 8 | UInt16(byte) : UInt16(byte) << 8 | UInt16(first)
      if let high = highSurrogate {
        guard 0xDC00..<0xE000 ~= unit else { return offset - 3 }
        highSurrogate = nil
        append(0x10000 + (UInt32(high) - 0xD800) << 10 + (UInt32(unit) - 0xDC00), to: &output)
      } else if 0xD800..<0xDC00 ~= unit {
        highSurrogate = unit
      } else if 0xDC00..<0xE000 ~= unit {
        return offset - 1
      } else {
        append(UInt32(unit), to: &output)
      }
    }
    return nil
  }

  /// The bytes 0x80 to 0x9F; the five that stand for nothing are the C1 controls, as in the WHATWG encoding standard.
  private static let windows1252: [UInt16] = [
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D,
    0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
    0x0153, 0x009D, 0x017E, 0x0178,
  ]

  @inline(__always)
  private func append(_ scalar: UInt32, to output: inout [UInt8]) {
    appendUTF8(scalar, to: &output)
  }
}

/// Appends a Unicode scalar as one to four bytes; the caller keeps surrogates out.
@inline(__always)
func appendUTF8(_ scalar: UInt32, to output: inout [UInt8]) {
  switch scalar {
  case ..<0x80: output.append(UInt8(scalar))
  case ..<0x800:
    output.append(UInt8(0xC0 | scalar >> 6))
    output.append(UInt8(0x80 | scalar & 0x3F))
  case ..<0x10000:
    output.append(UInt8(0xE0 | scalar >> 12))
    output.append(UInt8(0x80 | scalar >> 6 & 0x3F))
    output.append(UInt8(0x80 | scalar & 0x3F))
  default:
    output.append(UInt8(0xF0 | scalar >> 18 & 0x07))
    output.append(UInt8(0x80 | scalar >> 12 & 0x3F))
    output.append(UInt8(0x80 | scalar >> 6 & 0x3F))
    output.append(UInt8(0x80 | scalar & 0x3F))
  }
}
