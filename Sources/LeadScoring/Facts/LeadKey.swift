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
  static func append(_ cell: UnsafeBufferPointer<UInt8>, to bytes: inout ByteBuffer) throws -> String? {
    let trimmed = NormalizedText.trimmed(cell)
    guard NormalizedText.isASCII(trimmed) else { return try appendUnicode(trimmed, to: &bytes) }
    guard !trimmed.isEmpty else { throw Problem.empty }
    guard trimmed.count <= longest else { throw Problem.tooLong }
    var isFolded = true
    var hasNUL = false
    bytes.append(addingCapacity: trimmed.count) { target in
      for index in 0..<trimmed.count {
        let byte = trimmed[index]
        let isUpper = byte &- 65 < 26
        if isUpper { isFolded = false }
        if byte == 0 { hasNUL = true }
        target[index] = isUpper ? byte | 0x20 : byte
      }
      return trimmed.count
    }
    if hasNUL { throw Problem.hasNUL }
    return isFolded ? nil : String(decoding: trimmed, as: UTF8.self)
  }

  private static func appendUnicode(
    _ trimmed: UnsafeBufferPointer<UInt8>, to bytes: inout ByteBuffer
  ) throws -> String? {
    let text = NormalizedText.trimmed(NormalizedText.nfc(String(decoding: trimmed, as: UTF8.self)))
    let folded = FoldedText(text).bytes
    guard !folded.isEmpty else { throw Problem.empty }
    guard folded.count <= longest else { throw Problem.tooLong }
    guard !folded.contains(0) else { throw Problem.hasNUL }
    folded.withUnsafeBufferPointer { bytes.append($0) }
    return folded.elementsEqual(text.utf8) ? nil : text
  }

  /// A key of a person's spelling, folded for a look-up.
  static func folded(_ key: String) -> String {
    FoldedText(NormalizedText.trimmed(NormalizedText.nfc(key))).text
  }
}
