internal import LeadStore
internal import ScoreEngine

/// The keys of leads as the database compares them: trimmed, in NFC, lower-cased.
enum LeadKey {
  /// Why a key is refused.
  enum Problem: Error {
    case empty
    case tooLong
    case hasNUL

    /// The fault in words.
    var reason: String {
      switch self {
      case .empty: "the key is empty"
      case .tooLong: "the key has more than \(LeadKey.longest) bytes"
      case .hasNUL: "the key has a NUL byte"
      }
    }
  }

  /// The longest key, in bytes.
  static let longest = 1024

  /// Appends the folded form of a key as it stands in a cell.
  ///
  /// - Returns: the key as it was given, where that differs.
  /// - Throws: ``Problem``
  @inline(__always)
  static func append(_ cell: UnsafeBufferPointer<UInt8>, to bytes: inout ByteBuffer) throws -> String? {
    let trimmed = NormalizedText.trimmed(cell)
    let count = trimmed.count
    guard let source = trimmed.baseAddress, count > 0, count <= longest else {
      return try appendUnusual(trimmed, to: &bytes)
    }
    var folding = ASCIIFolding()
    bytes.append(addingCapacity: count) { target in
      folding.copy(source, count, to: target)
      return folding.sawOthers ? 0 : count
    }
    if folding.sawOthers { return try appendUnicode(trimmed, to: &bytes) }
    if folding.sawNUL { throw Problem.hasNUL }
    return folding.sawUpper ? String(decoding: trimmed, as: UTF8.self) : nil
  }

  /// An empty key, or a very long one.
  @inline(never)
  private static func appendUnusual(
    _ trimmed: UnsafeBufferPointer<UInt8>, to bytes: inout ByteBuffer
  ) throws -> String? {
    guard NormalizedText.isASCII(trimmed) else { return try appendUnicode(trimmed, to: &bytes) }
    throw trimmed.isEmpty ? Problem.empty : Problem.tooLong
  }

  @inline(never)
  private static func appendUnicode(
    _ trimmed: UnsafeBufferPointer<UInt8>, to bytes: inout ByteBuffer
  ) throws -> String? {
    let text = NormalizedText.trimmed(String(decoding: trimmed, as: UTF8.self).nfc)
    let folded = FoldedText(text).bytes
    guard !folded.isEmpty else { throw Problem.empty }
    guard folded.count <= longest else { throw Problem.tooLong }
    guard !folded.contains(0) else { throw Problem.hasNUL }
    folded.withUnsafeBufferPointer { bytes.append($0) }
    return folded.elementsEqual(text.utf8) ? nil : text
  }

  /// A key of a person's spelling, folded for a look-up.
  static func folded(_ key: String) -> String {
    FoldedText(NormalizedText.trimmed(key.nfc)).text
  }
}

/// Lower-cases ASCII, eight bytes at a time, and notes what it met.
private struct ASCIIFolding {
  private static let highBits: UInt64 = 0x8080_8080_8080_8080
  private static let ones: UInt64 = 0x0101_0101_0101_0101

  private var high: UInt64 = 0
  private var zero: UInt64 = 0
  private var upper: UInt64 = 0

  /// Whether some bytes are not ASCII; all else is of no worth then.
  var sawOthers: Bool { high & ASCIIFolding.highBits != 0 }
  /// Whether some bytes are NUL.
  var sawNUL: Bool { zero & ASCIIFolding.highBits != 0 }
  /// Whether some letters were not lower-case.
  var sawUpper: Bool { upper != 0 }

  /// Writes as many bytes as there are.
  @inline(__always)
  mutating func copy(_ source: UnsafePointer<UInt8>, _ count: Int, to target: UnsafeMutablePointer<UInt8>) {
    let from = UnsafeRawPointer(source)
    let to = UnsafeMutableRawPointer(target)
    guard count >= 8 else {
      for index in 0..<count {
        // Ones in the places of bytes that are not there.
        to.storeBytes(
          of: UInt8(truncatingIfNeeded: folded(UInt64(source[index]) | ASCIIFolding.ones << 8)), toByteOffset: index,
          as: UInt8.self)
      }
      return
    }
    var index = 0
    while index &+ 8 < count {
      to.storeBytes(
        of: folded(from.loadUnaligned(fromByteOffset: index, as: UInt64.self)), toByteOffset: index, as: UInt64.self)
      index &+= 8
    }
    // The last eight, of which some may have been copied already.
    index = count &- 8
    to.storeBytes(
      of: folded(from.loadUnaligned(fromByteOffset: index, as: UInt64.self)), toByteOffset: index, as: UInt64.self)
  }

  @inline(__always)
  private mutating func folded(_ word: UInt64) -> UInt64 {
    high |= word
    zero |= (word &- ASCIIFolding.ones) & ~word
    // In bytes from "A" on, but not in those behind "Z".
    let letters =
      (word &+ 0x3F3F_3F3F_3F3F_3F3F) & ~(word &+ 0x2525_2525_2525_2525) & ASCIIFolding.highBits
    upper |= letters
    return word | letters >> 2
  }
}
